"""The patch evidence page through AppTest: settings, clicks, stopped and bad states."""

import re
from functools import partial, wraps

from core import networks
from core.base.worker import Stopped
from core.networks import download, published
from core.studies.patch import evidence
from tests.helpers.pages import finding, first_visit, visit

FAMILY = "tiny-imagenet-20"
page = partial(visit, "patch_evidence", patch_family="photographs")


def said(app):
    """What the page says of the chosen patch."""
    return next(m.value for m in app.markdown if m.value.startswith("Alone, the patch says"))


def test_the_first_visit_says_the_evidence_and_what_a_patch_says_alone():
    app = first_visit("patch_evidence")
    assert re.search(r"Half of the evidence for .+ comes from \d+ % of the patches", finding(app))
    assert re.match(r"Alone, the patch says&#32;\*\*.+\*\*&#32;\(logit", said(app))


def test_the_class_chooser_offers_the_five_best_first():
    app = page()
    options = app.selectbox(key=f"patch-class-{FAMILY}").options
    assert options[0] == "its answer"
    assert len(options) == 21
    assert options[1] in finding(app)


def test_another_class_and_a_comparison_change_the_finding():
    app = page()
    app.selectbox(key=f"patch-class-{FAMILY}").set_value("tabby cat").run()
    assert "evidence for tabby cat comes" in finding(app)
    app.selectbox(key=f"patch-against-{FAMILY}").set_value("lion").run()
    assert not app.exception
    assert "evidence for tabby cat rather than lion comes" in finding(app)


def test_a_patch_can_be_chosen_by_keyboard():
    app = page()
    before = said(app)
    app.number_input(key="patch-y").set_value(20)
    app.number_input(key="patch-x").set_value(70).run()
    assert not app.exception
    assert said(app) != before


def test_the_strongest_patch_is_one_button_away():
    app = page()
    before = said(app)
    app.number_input(key="patch-y").set_value(5)
    app.number_input(key="patch-x").set_value(90).run()
    app.button(key="patch strongest").click().run()
    assert said(app) == before


def test_a_patch_chosen_in_a_wide_picture_stays_inside_a_narrow_one():
    app = page(patch_y="10", patch_x="95")
    assert not app.exception
    app.sidebar.selectbox(key="picture").set_value("brick").run()
    assert not app.exception
    assert app.number_input(key="patch-x").value == 63


def test_offline_the_authors_networks_are_one_sentence_and_the_page_goes_on(monkeypatch, tmp_path):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    monkeypatch.setattr(
        published, "published", lambda name: download.Published(name, "http://127.0.0.1:9/x.pth", "0" * 8, "authors")
    )
    app = page(patch_family="ImageNet", patch_networks_imagenet=["bagnet9", "bagnet17", "bagnet33"])
    assert not app.exception
    assert any("Not on this machine yet: BagNet-9, BagNet-17, BagNet-33" in i.value for i in app.info)
    next(b for b in app.button if b.key.startswith("download ")).click().run()
    assert not app.exception
    assert len(app.error) == 3
    assert all("127.0.0.1" in e.value for e in app.error)
    app.selectbox(key="patch-family").set_value("photographs").run()
    assert "Half of the evidence" in finding(app)


def test_a_stopped_map_says_how_fine_it_is_and_goes_on(monkeypatch):
    exact = evidence.phases

    @wraps(exact)  # the same call to those who ask
    def too_slow(*args, step, after, **kwargs):
        if step < 4:
            raise Stopped
        return exact(*args, step=step, after=after, **kwargs)

    monkeypatch.setattr(evidence, "phases", too_slow)
    app = page(picture="rocket")
    assert not app.exception
    assert "Half of the evidence" in finding(app)
    app.button(key="patch stop").click().run()
    assert any("Stopped at a patch around every 4th pixel" in m.value for m in app.markdown)
    monkeypatch.setattr(evidence, "phases", exact)
    app.button(key="patch go on").click().run()
    assert not app.exception
    assert not any("Stopped" in m.value for m in app.markdown)


def test_your_own_bagnet_stands_beside_ours_and_its_patches_can_be_chosen(tmp_path):
    ours = networks.find("photo_bagnet33")
    app = page()
    app.file_uploader(key="patch own weights").set_value([("mine.safetensors", ours.file.read_bytes(), "")]).run()
    app.button(key="patch own open").click().run()
    assert not app.exception
    assert any("mine.safetensors" in m.value and "your own weights" in m.value for m in app.markdown)
    assert "mine.safetensors" in finding(app)
    before = said(app)
    app.segmented_control(key="patch-of").set_value("photo BagNet-9").run()
    assert not app.exception
    assert said(app) != before
