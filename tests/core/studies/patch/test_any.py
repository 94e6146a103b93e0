"""Masking for any network: which methods apply and why not, occlusion against Captum's, and the part of the page."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import nn

from core import networks
from core.compute import attributions
from core.compute.attributions import EVIDENCE, METHODS, RANDOM
from core.pictures.preprocess import Preprocessing, seen, to_tensor
from core.studies.patch import interaction, masking, masking_figures, methods, scramble
from core.studies.patch.masking import MODES, Params
from core.studies.patch.methods import DEEP_LIFT, GRAD_CAM, GRADIENTS, OCCLUSION
from tests.helpers.networks_by_hand import Torus, by_hand, trained, untrained

QUICK = ("saliency", OCCLUSION, RANDOM)
PART = """
from core.pictures.samples import load_sample
from pages.parts.common import tray
from pages.parts.patch import any as patch_any
patch_any.show(tray.Picture("cat", "", load_sample("cat"), "cat"), "digits_cnn")
"""


def load(name):
    return networks.load(networks.find(name))


def ask(network, image, target=None, of=METHODS, **settings):
    """Both modes' results of a network alone, by the methods that apply, and why the others do not."""
    pixels = seen(image, network.preprocessing)
    target = int(methods.answer(network, pixels).argmax()) if target is None else target
    why = methods.applicable(network, pixels, target, of)
    params = Params(masking.cell_of(len(pixels)), methods=methods.fitting(network, why), by_cell=True, **settings)
    traces = masking.traces([network], pixels, target, params)
    return {mode: masking.assemble([network], traces, target, replace(params, mode=mode)) for mode in MODES}, why


class Signs(nn.Module):
    """(B, 3, H, W) -> (B, 5): signs of a convolution under a linear layer, so no gradient comes through."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(8, 5)

    def forward(self, x):
        return self.fc(torch.sign(self.conv(x)).mean((2, 3)))


class Flat(nn.Module):
    """(B, 3, 16, 16) -> (B, 5): a linear layer on the pixels, without a map."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3 * 16 * 16, 5)

    def forward(self, x):
        return self.fc(x.flatten(1))


@pytest.fixture(scope="module")
def signs():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return by_hand(Signs(), name="signs")


# ---- every kind of network -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("digits_cnn", 2),
        ("cifar_vgg", 4),
        ("photo_bagnet9", 8),
        ("mnist_spinal_small_cnn", 4),
        ("untrained:cifar_sdnet18", 4),
        ("digits_random_svm", 2),
        ("untrained:resnet18", 16),
    ],
)
def test_every_kind_of_network_is_asked_at_its_own_size(cat, name, cell):
    network = load(name)
    size, channels = network.preprocessing.size, len(network.preprocessing.mean)
    asked = (RANDOM,) if size > 64 else QUICK
    results, why = ask(network, cat, of=asked, cells=3, draws=1)
    pixels, deletion = seen(cat, network.preprocessing), results["deletion"]
    assert pixels.shape == (size, size, 3)
    assert deletion.cell == cell
    assert deletion.maps.shape == (1, len(asked) - len(methods.omissions(why)), size, size)
    own = network.engine.plain(to_tensor(pixels[None], network.preprocessing))
    assert to_tensor(pixels, network.preprocessing).shape[0] == channels
    assert deletion.target == own.argmax().item()
    assert deletion.labels == network.labels
    assert deletion.untouched[0] == pytest.approx(own.softmax(1).max().item(), abs=1e-5)
    for result in results.values():
        assert result.probability.shape[2] == 4
        assert network.card.title in masking.finding_alone(result, network.card.title)


def test_cells_are_an_eighth_of_the_input_within_bounds():
    sizes = {8: 2, 16: 2, 28: 4, 32: 4, 64: 8, 96: 12, 224: 16, 299: 16}
    assert {size: masking.cell_of(size) for size in sizes} == sizes


def test_bright_things_on_black_are_what_such_a_network_is_shown():
    from core.pictures.image import from_pixels

    paper = np.full((40, 40, 3), 250, np.uint8)
    paper[10:30, 15:25] = 20
    network = load("mnist_small_cnn")
    assert network.preprocessing.bright_on_dark
    view = seen(from_pixels(paper), network.preprocessing)
    assert view[0].max() == 5
    assert view[14, 14].min() == 235
    photo = replace(network, preprocessing=replace(network.preprocessing, bright_on_dark=False))
    assert seen(from_pixels(paper), photo.preprocessing)[0].min() == 250


# ---- which methods apply -------------------------------------------------------------------------


def why(network, **options):
    side = network.preprocessing.size
    pixels = np.random.default_rng(2).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return methods.applicable(network, pixels, 1, **options)


def test_signs_leave_no_gradient_and_each_method_says_so(signs):
    reasons = why(signs)
    assert list(reasons) == list(METHODS)
    assert [m for m, reason in reasons.items() if reason is None] == [OCCLUSION, RANDOM]
    for method in ("saliency", GRADIENTS, GRAD_CAM):
        assert reasons[method].startswith("the gradient of the answer is zero at this picture")
    assert "on the way to it from the mean colour" in reasons[GRADIENTS]
    assert "Captum's rules do not cover" in reasons[DEEP_LIFT]
    svm = why(load("digits_random_svm"))
    assert {m for m, reason in svm.items() if reason is None} == {OCCLUSION, RANDOM}


def test_signs_over_a_smooth_network_are_told_apart_from_signs_under_it():
    class Above(Signs):
        def forward(self, x):
            return self.fc(self.conv(torch.sign(x)).mean((2, 3)))

    with torch.random.fork_rng():
        torch.manual_seed(0)
        reasons = why(by_hand(Above(), name="above"))
    assert reasons["saliency"] is not None
    assert reasons[GRAD_CAM] is None  # its map lies after the signs, and gradients reach it


def test_what_a_method_needs_is_said(signs):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        flat, smooth = why(by_hand(Flat())), why(by_hand(Torus()))
    assert flat[GRAD_CAM] == "it needs maps, such as convolutions give, and the network has none"
    assert {m for m, reason in flat.items() if reason} == {EVIDENCE, GRAD_CAM}
    assert smooth[EVIDENCE] == "only a BagNet's logits are sums over patches"
    assert [m for m, reason in smooth.items() if reason] == [EVIDENCE]
    assert not any(why(untrained("photo_bagnet9"), methods=(EVIDENCE, "saliency", GRADIENTS)).values())


def test_a_network_that_cannot_be_differentiated_is_asked_without_gradients(cat):
    class Numpy(Flat):
        def forward(self, x):
            return torch.from_numpy(x.numpy().reshape(len(x), -1) @ self.fc.weight.detach().numpy().T)

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = by_hand(Numpy(), name="numpy")
    results, why = ask(network, cat, cells=2, draws=1)
    assert results["deletion"].methods == (OCCLUSION, RANDOM)
    assert why["saliency"].startswith("it could not be computed (")
    assert len(methods.omissions(why)) == len(METHODS) - 2
    assert all(sentence.endswith(".") for sentence in methods.omissions(why))


def test_without_a_method_that_applies_it_is_said_what_to_add(signs, cat):
    with pytest.raises(ValueError, match=r"expected a method that applies to signs, got saliency: add occlusion"):
        ask(signs, cat, of=("saliency",))


def test_a_class_that_does_not_exist_is_refused(signs, cat):
    with pytest.raises(ValueError, match="expected a class of 0 to 4, got 5"):
        masking.run([signs], seen(cat, signs.preprocessing), 5, Params(methods=QUICK, by_cell=True))


# ---- occlusion -----------------------------------------------------------------------------------


def test_occlusion_of_eight_pixels_is_captums():
    network = untrained("photo_resnet")
    pixels = np.random.default_rng(1).integers(0, 256, (40, 43, 3), dtype=np.uint8)
    own = masking.occlusion(network, pixels, 4, attributions.WINDOW)
    theirs = attributions.attribution(network, to_tensor(pixels, network.preprocessing), 4, OCCLUSION)
    np.testing.assert_allclose(own, theirs, atol=1e-4 * np.abs(theirs).max())


def test_masking_what_occlusion_ranks_first_costs_the_logit_most(cat):
    network = trained()
    results, _ = ask(network, cat, of=(OCCLUSION, RANDOM), draws=2)
    deletion, x = results["deletion"], to_tensor(seen(cat, network.preprocessing), network.preprocessing)
    losses, first = deletion.maps[0, 0], deletion.order[0, 0, 0]
    hidden = torch.from_numpy(masking.grid(32, 32, 4) == first)
    assert losses.max() == losses[hidden.numpy()].min()
    with torch.no_grad():
        whole, masked = (network.engine.plain(v[None])[0, deletion.target] for v in (x, x * ~hidden))
    assert losses.max() == pytest.approx((whole - masked).item(), abs=1e-4)
    p = deletion.probability[0, 0]
    assert results["insertion"].probability[0, 0, -1] == pytest.approx(p[0], abs=1e-5)


# ---- tiles and pairs -----------------------------------------------------------------------------


def test_tiles_and_pairs_take_any_network(cat):
    for name, most in (("digits_cnn", 4), ("mnist_spinal_small_cnn", 12), ("cifar_vgg", 16)):
        network = load(name)
        pixels = seen(cat, network.preprocessing)
        tiles = scramble.run([network], pixels, 3, scramble.Params(scramble.tiles_of(len(pixels))))
        assert tiles.tiles[-1] == most
        assert "probability of" in scramble.finding(tiles, [name], most)
        assert tiles.probability[0, 0, 0] == pytest.approx(methods.answer(network, pixels)[3], abs=1e-5)
        pairs = interaction.run([network], pixels, 3, interaction.Params(masking.cell_of(len(pixels)), pairs=10))
        assert pairs.side == masking.cell_of(len(pixels))
        assert pairs.both.shape == (1, 10)


def test_a_network_without_layers_between_adds_up_exactly():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = by_hand(Flat())
    pixels = np.random.default_rng(2).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    found = interaction.run([network], pixels, 0, interaction.Params(2, pairs=20))
    assert np.abs(found.departure).max() < 1e-5


# ---- words, figures, page ------------------------------------------------------------------------


def test_the_finding_says_which_order_tells_soonest(cat):
    network = trained()
    results, _ = ask(network, cat, of=QUICK, draws=2)
    for mode, curves in results.items():
        known = dict(zip(curves.methods, curves.auc[0], strict=True))
        best = (min if mode == "deletion" else max)(("saliency", OCCLUSION), key=known.get)
        words = masking.finding_alone(curves, "the net")
        label = curves.labels[curves.target]
        assert f"the net sees {label} in the picture with P = {curves.untouched[0]:.2f}." in words
        assert f"in the order of {best}, " in words
        assert f"area under the curve {known[best]:.3f}, in random order {known[RANDOM]:.3f}." in words
        drawn = masking_figures.curves(curves, ["the net"])
        assert len({trace.name for trace in drawn.figure.data if trace.name}) == 3
        np.testing.assert_array_equal(drawn.table()["the net, saliency"], curves.probability[0, 0].round(5))
    assert masking.when(-1, 64, "deletion") == "P never falls to half of that"
    assert masking.when(7, 64, "insertion") == "P reaches half of that after 7 of 64 cells"
    assert masking.when(0, 64, "insertion") == "P is beyond half of that before a cell is shown"


def opened(**settings):
    app = AppTest.from_string(PART, default_timeout=120)
    app.session_state["patch any"] = True
    for name, value in settings.items():
        app.session_state[name.replace("_", "-")] = value
    return app.run()


def test_the_part_is_folded_and_opens_on_its_first_network():
    folded = AppTest.from_string(PART, default_timeout=60).run()
    assert not folded.exception
    assert not folded.selectbox
    app = opened(patch_any_tiles=True, patch_any_two=True)
    assert not app.exception
    assert any("digits cnn sees" in m.value for m in app.markdown)
    assert any("BagNet evidence is left out" in m.value for m in app.markdown)
    assert any("8 × 8 px, grey; 16 cells of 2 × 2 px" in c.value for c in app.caption)
    assert sum("probability of" in m.value or "pairs of masks" in m.value for m in app.markdown) == 2


def test_the_part_takes_another_network_class_and_order():
    app = opened(patch_any_network="digits_random_svm", patch_any_mode="insertion")
    assert not app.exception
    assert sum("is left out" in m.value for m in app.markdown) == 5
    app.selectbox(key="patch-any-class-digits").set_value("3").run()
    assert not app.exception
    assert any("digits random svm sees 3" in m.value for m in app.markdown)
    app.selectbox(key="patch-any-order").set_value(RANDOM).run()
    app.selectbox(key="patch-any-network").set_value("mnist_small_cnn").run()
    assert not app.exception
    assert any("mnist small cnn sees" in m.value for m in app.markdown)


def test_preprocessing_of_the_readers_own_is_used(cat):
    network = replace(by_hand(Torus()), preprocessing=Preprocessing(16, (0.2, 0.5, 0.7), (1.0,) * 3))
    x = to_tensor(seen(cat, network.preprocessing), network.preprocessing)
    own = network.engine.plain(x[None]).softmax(1)[0].detach().numpy()
    np.testing.assert_allclose(methods.answer(network, seen(cat, network.preprocessing)), own, atol=1e-5)
