"""What holds for the page of every study: first visit, permalinks, networks, closer looks, odd pictures."""

import subprocess
import sys
import time

import numpy as np
import pytest

from core import networks
from core.networks.card import KIND_WORDS
from core.networks.families import DEFAULT_MAPS, DEFAULT_NETWORKS, DEFAULT_SDNETS, HEADED
from core.pictures.image import from_pixels, png_bytes
from core.studies import STUDIES
from tests.helpers.pages import ROOT, finding, first_visit, in_the_address, said, spelt, upload, visit

SLUGS = [study.slug for study in STUDIES]
QUICK = {  # what keeps a page's work small
    "shift_sweep": {"shift_R": "2", "shift_family": "photographs"},
    "patch_evidence": {"patch_resolution": "coarse", "patch_family": "photographs"},
    "sparse_codes": {"sparse_network": "cifar_sdnet18"},
}
SHOWN = {  # networks that stand on a page at first
    "shift_sweep": DEFAULT_NETWORKS,
    "patch_evidence": DEFAULT_MAPS,
    "sparse_codes": DEFAULT_SDNETS,
    "random_features": ("lite0",),
    "spinal_heads": ("lite0", *HEADED.values()),
}
FOLDED = {  # what is computed when it is opened
    "shift_sweep": ("shift inside", "shift live"),
    "patch_evidence": ("patch masking", "patch scramble", "patch interaction", "patch wall"),
    "sparse_codes": ("sparse depths", "sparse attack", "sparse live"),
    "random_features": ("random retrieval own", "random background", "random attack", "random map table"),
    "spinal_heads": (
        *("spinal ablation", "spinal transfer", "spinal regression"),
        *("spinal-curves table", "spinal-differences table"),
    ),
}
SHIFT = {
    "shift_family": "CIFAR-10", "shift_networks_cifar10": ["cifar_vgg", "cifar_vgg_blur5"], "shift_R": "3",
    "shift_class_cifar10": "cat", "shift_slice": "vertical", "shift_dy": "-2", "picture": "coffee",
}  # fmt: skip
PERMALINKS = [  # page, what its address holds, and what the page says then
    *(
        ("shift_sweep", SHIFT | {"shift_boundary": boundary}, [f"--boundary {boundary} --target 3", "sample:coffee"])
        for boundary in ("crop", "circular", "reflect")
    ),
    (
        "patch_evidence",
        {
            "picture": "coffee", "patch_family": "photographs", "patch_class_tiny_imagenet_20": "teapot",
            "patch_opacity": "0.4",
            "patch_resolution": "coarse", "patch_of": "photo BagNet-17", "patch_y": "30", "patch_x": "41",
        },
        ["Why teapot?", "--resolution coarse", "sample:coffee"],
    ),
    (
        "sparse_codes",
        {
            "picture": "coffee", "sparse_network": "cifar_sdnet18", "sparse_noise": "speckle",
            "sparse_level_speckle": "0.25", "sparse_lambda": "0.65",
            "sparse_steps": "5", "sparse_solver": "paper", "sparse_seed": "7", "sparse_at": "own",
        },
        ["At λ = 0.65", "sample:coffee", "--lambda 0.65", "--steps 5", "--solver paper", "--noise speckle:0.25",
         "--seed 7", "--resolution own"],
    ),
    (
        "random_features",
        {
            "random_data": "digits", "random_digits_features": "500", "random_digits_depth": "2",
            "random_digits_kernel": "5",
            "random_digits_seed": "7", "random_digits_classifier": "5 nearest neighbours", "random_perplexity": "12",
        },
        ["--features 500", "--depth 2", "--kernel 5", "--seed 7", "--classifier knn"],
    ),
    (
        "spinal_heads",
        {"spinal_heads": ["FC", "spinal"], "spinal_seeds": "3", "spinal_epochs": "7", "spinal-small_cnn-layers": "4"},
        ["4 layers of 8"],  # the command and the lines are the packaged race's
    ),
]  # fmt: skip
PATIENCE = 120  # seconds that a curve may take to fill in
ODD = [(1, 1), (4000, 40), (40, 4000), (3000, 3000)]  # height and width in pixels


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))


def test_home_opens_with_a_finding_and_the_looks_that_come_along():
    app = first_visit("")
    assert not app.exception
    assert app.title[0].value == "Your picture, five ways"
    assert "tiger cat" in finding(app)
    assert any("changes its answer at" in m.value for m in app.markdown)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.slug)
def test_the_first_visit_is_finished_and_asks_nothing(study):
    app = first_visit(study.slug)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == study.question
    assert finding(app)
    assert f"receptive {study.slug.replace('_', '-')} " in said(app)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_network_wears_its_provenance(slug):
    lines = [block.value for block in first_visit(slug).markdown]
    for name in SHOWN[slug]:
        title = networks.find(name).title
        whose = KIND_WORDS[networks.find(name).kind]
        assert any(title in line and whose in line.replace("&#39;", "'") for line in lines), name


def is_restored(value, text):
    """Whether a widget has the value that stands in the address."""
    if isinstance(value, list | tuple):
        return list(value) == text
    return float(value) == float(text) if isinstance(value, int | float) else value == text


@pytest.mark.parametrize(("slug", "query", "words"), PERMALINKS)
def test_a_permalink_restores_every_setting(slug, query, words):
    app = visit(slug, **query)
    assert not app.exception
    values = in_the_address(app)
    wrong = {name: values.get(spelt(name)) for name in query}
    wrong = {name: value for name, value in wrong.items() if value is None or not is_restored(value, query[name])}
    assert wrong == {}
    end = time.monotonic() + PATIENCE
    while [word for word in words if word not in said(app)]:
        assert time.monotonic() < end, said(app)
        time.sleep(0.5)
        app.run()  # the fragment that watches a long work does not run by itself in AppTest
        assert not app.exception


def test_every_page_has_a_permalink():
    assert {slug for slug, *_ in PERMALINKS} == set(SLUGS) == set(SHOWN) == set(FOLDED)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_closer_look_opens(slug):
    app = visit(slug, **QUICK.get(slug, {}))
    for key in FOLDED[slug]:
        app.session_state[key] = True
    before = len(said(app))
    app.run()
    assert not app.exception
    assert not app.error
    assert len(said(app)) > before


@pytest.mark.parametrize(
    ("slug", "query"),
    [*((slug, QUICK.get(slug, {})) for slug in SLUGS), ("sparse_codes", QUICK["sparse_codes"] | {"sparse_at": "own"})],
)
def test_odd_pictures_give_an_answer(slug, query):
    app = visit(slug, **query)
    for shape in ODD:
        picture = png_bytes(from_pixels(np.full((*shape, 3), 90, np.uint8)))
        upload(app, (f"odd {shape}.png", picture))
        assert not app.exception, shape
        assert app.sidebar.selectbox(key="picture").value == f"odd {shape}.png"
        assert finding(app)


def test_the_first_paint_does_not_wait_for_torch():
    """Home, the networks and the shift sweep are first drawn before torch, captum or scikit-learn are imported."""
    code = """
import sys, threading
from core import cache
cache.warm_up = lambda: threading.Thread()  # as if it had not got anywhere yet
from streamlit.runtime.pages_manager import PagesManager
from tests.helpers import pages
PagesManager.uses_pages_directory = property(lambda self: False, lambda self, value: None)
for slug in ("", "networks", "claims", "shift_sweep"):
    app = pages.visit(slug)
    assert app.title and not app.exception, app.exception
    assert not [name for name in ("torch", "torchvision", "captum", "sklearn") if name in sys.modules], slug
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
