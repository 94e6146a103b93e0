"""OpenVINO, the extra `fast`: asked for here it tells nobody, and where it is missing a sentence says so."""

import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core import networks
from core.base import memory
from core.compute import lambda_sweep, patches
from core.networks import engine, swift
from core.networks.engine import prepare
from core.pictures.samples import load_sample
from core.studies.shift import sweep
from core.studies.shift.sweep import Params

SILENT = """
import sys
asked = []
sys.addaudithook(lambda event, told: asked.append((event, told[:2])) if event.startswith("socket.") else None)
from core.networks import swift
swift.runtime()
import openvino
print([one for one in asked if one[0] in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname")])
"""


def test_openvino_tells_nobody_that_it_was_imported(tmp_path):
    """openvino 2026.4.1 sends an event to its makers when it is imported, and keeps a client's number in the home."""
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", SILENT], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert not list(tmp_path.rglob("openvino*"))


def test_without_openvino_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(swift, "find_spec", lambda name: None)
    assert not swift.installed()
    with pytest.raises(swift.SwiftError, match=r"pip install \"receptive\[fast\]\""):
        swift.runtime()


class Depthwise(nn.Module):
    """(B, 3, 16, 16) -> (B, 4), as small as a network of depthwise convolutions can be."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.open = nn.Conv2d(3, 8, 3, padding=1)
        self.each = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.close = nn.Linear(8, 4)

    def forward(self, x):
        return self.close(torch.relu(self.each(torch.relu(self.open(x)))).mean((2, 3)))


class Restless(Depthwise):
    """Answers otherwise each time."""

    def forward(self, x):
        return super().forward(x) + torch.rand(1, 4)


class Opaque(Depthwise):
    """Looks at its numbers before it decides, which no translator follows."""

    def forward(self, x):
        return super().forward(x if float(x.sum()) > 0 else -x)


@pytest.fixture
def at_once(monkeypatch, tmp_path):
    """Compiled at the first question, and kept in a folder of its own."""
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    monkeypatch.setattr(swift, "PAYS_ANEW", 0)
    monkeypatch.setattr(swift, "PAYS_KEPT", 0)
    return tmp_path / "compiled"


def inputs(count=40, side=16):
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))


def logits(net, x):
    return engine.logits(net, lambda which: x[which], len(x))


def without(network):
    """The network as torch alone answers it."""
    return replace(network, engine=replace(network.engine, swift=None, swift_tail=None))


@pytest.mark.parametrize(("name", "photo"), [("lite0", "cat"), ("lite0_blur3", "rocket")])
def test_both_engines_answer_the_shifts_of_a_photograph_as_float32_does(at_once, name, photo):
    network, params = networks.load(networks.find(name)), Params(max_shift=5)
    ours = sweep.answer(network, load_sample(photo), params)
    theirs = sweep.answer(without(network), load_sample(photo), params)
    assert list(at_once.glob("*.xml"))
    assert all(network.engine.swift.made.values())
    assert (ours.top1 == theirs.top1).all()
    both = ours.exact & theirs.exact
    assert both.sum() >= 24
    largest = np.abs(theirs.logits).max()
    assert np.abs(ours.logits - theirs.logits)[both].max() <= 1e-4 * largest
    assert np.abs(ours.logits - theirs.logits).max() <= 0.2 * largest  # bfloat16's own


@pytest.mark.usefixtures("at_once")
def test_both_engines_answer_codes_as_float32_does():
    network = networks.load(networks.find("lite0_sparse"))
    pixels, lams = load_sample("cat").pixels[None, :224, :224] / 255, [0.02, 0.1, 0.4]
    ours, theirs = (lambda_sweep.logits(one, pixels, lams) for one in (network, without(network)))
    assert all(network.engine.swift_tail.made.values())
    assert np.abs(ours - theirs).max() <= 1e-4 * np.abs(theirs).max()
    assert np.ptp(ours, axis=0).max() > 0.5  # the lambdas differ


@pytest.mark.usefixtures("at_once")
def test_both_engines_see_patches_alike():
    ours, theirs = (networks.load(networks.find("lite0_local")).engine.exact for _ in range(2))
    assert ours.sooner
    theirs.sooner = None
    x = torch.rand(3, 65, 57, generator=torch.Generator().manual_seed(0))
    got, expected = patches.evidence(ours, x), patches.evidence(theirs, x)
    assert got.shape == (1000, 5, 4)
    assert np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max()


def test_a_network_is_compiled_once_it_has_been_asked_enough(monkeypatch, tmp_path):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    net = prepare(Depthwise())
    logits(net, inputs(swift.PAYS_ANEW - 1))
    assert not net.swift.made
    logits(net, inputs(1))
    assert all(net.swift.made.values())
    again = prepare(Depthwise())  # what was translated is kept: less pays
    logits(again, inputs(swift.PAYS_KEPT))
    assert all(again.swift.made.values())


def test_a_translation_is_kept_and_a_damaged_one_made_anew(at_once, caplog):
    logits(prepare(Depthwise()), inputs())
    [path] = at_once.glob("*.xml")
    born, x = path.stat().st_mtime_ns, inputs(1)
    logits(prepare(Depthwise()), x)
    assert path.stat().st_mtime_ns == born
    path.write_text("<net>")
    net = prepare(Depthwise())
    with torch.inference_mode():
        assert np.allclose(logits(net, x).logits, net.plain(x), atol=1e-5)
    assert path.stat().st_mtime_ns != born
    assert all(net.swift.made.values())
    assert "expected OpenVINO to answer as torch does" in caplog.text


def test_what_it_holds_is_given_up_while_others_ask_and_changes_no_answer(at_once):
    net, x = prepare(Depthwise()), inputs(200)
    expected = logits(net, x).logits
    [rungs] = net.swift.made.values()
    assert {rungs.exact, rungs.fast} - {None} <= set(memory.HOLDING)
    found = []
    asking = threading.Thread(target=lambda: found.extend(logits(net, x).logits for _ in range(20)))
    asking.start()
    while asking.is_alive():
        memory.hand_back()
    asking.join()
    assert len(found) == 20
    assert all(np.array_equal(one, expected) for one in found)


@pytest.mark.parametrize("kind", [Restless, Opaque])
def test_torch_answers_where_openvino_cannot_and_a_sentence_says_so(at_once, caplog, kind):
    net = prepare(kind(), fast=None)
    found = logits(net, inputs(8))
    assert net.swift.made
    assert not any(net.swift.made.values())
    assert "expected OpenVINO to answer as torch does" in caplog.text
    if kind is Opaque:
        with torch.inference_mode():
            assert np.allclose(found.logits, net.plain(inputs(8)), atol=1e-5)


def test_ordinary_networks_and_those_that_want_torch_alone_are_not_compiled():
    assert prepare(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(784, 2))).swift is None
    assert prepare(Depthwise(), fast=False).swift is None


def test_the_oldest_translations_go(monkeypatch, at_once):
    monkeypatch.setattr(swift, "KEPT", 2)
    for side in (8, 9, 10):
        logits(prepare(Depthwise()), inputs(2, side))
    assert sorted(path.name.split("-")[1] for path in at_once.iterdir()) == [
        f"3x{side}x{side}.{kind}" for side in (10, 9) for kind in ("bin", "xml")
    ]
