"""The attack: it stays in its ball, is no weaker for more work, finds closed forms, and goes through the solver."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core import networks
from core.compute.attacks import NEVER, NORMS, ON_THE_PICTURE, project
from core.data.split import Split
from core.figures import theme
from core.models.sdnet import SDNet
from core.pictures.preprocess import seen
from core.studies.sparse import attack as study
from core.studies.sparse import attack_figures as figures
from core.studies.sparse.attack import Params, attack, curve, look
from tests.helpers.networks_by_hand import by_hand

few = settings(max_examples=6, deadline=None)


class Linear(nn.Module):
    """(B, 3, H, W) -> (B, 2): the logits are minus and plus half of w·x + bias."""

    def __init__(self, weight, bias=0.0):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(torch.tensor(bias))

    def forward(self, x):
        value = (x * self.weight).sum((1, 2, 3)) + self.bias
        return torch.stack([-value, value], 1) / 2


class Around(nn.Module):
    """An SDNet whose gradient goes around the solver: the codes are used, but their gradient is that of D^T x alone."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        layer = self.net.dictionary
        straight = layer.analyse(x, layer.atoms)
        return self.net.tail(straight + (layer(x) - straight).detach())


def sdnet(seed=0, **options):
    """A small SDNet whose batch norms have seen pictures, so that its answers differ from one to the next."""
    torch.manual_seed(seed)
    net = SDNet(width=4, num_classes=5, **options)
    if net.is_coded:
        net.fit_steps((8, 8), 1e-3)
    with torch.no_grad():
        for _ in range(20):
            net.train()(torch.rand(32, 3, 8, 8) * 2 - 1)
        net.linear.weight.mul_(4)
    return net


@pytest.fixture(scope="module")
def coded():
    return by_hand(sdnet(), size=8, name="sdnet")


@pytest.fixture(scope="module")
def twin():
    return by_hand(sdnet(1, coded="none"), size=8, name="twin")


def pictures(network):
    """Pictures with the network's own answers, two of them wrong."""
    pixels = np.random.default_rng(2).integers(0, 256, (12, 8, 8, 3), np.uint8)
    with torch.inference_mode():
        x = torch.from_numpy(pixels / np.float32(255)).movedim(-1, 1)
        labels = study.answers(network, x, None).argmax(1).numpy().copy()
    labels[:2] = (labels[:2] + 1) % 5
    return Split(pixels, labels, network.labels)


@pytest.fixture(scope="module")
def split(coded):
    return pictures(coded)


def floats(split):
    return split.pixels.astype(np.float32) / 255


def distances(result, clean, norm):
    far = (result.pictures.astype(np.float64) - clean.astype(np.float64)).reshape(len(clean), -1)
    return np.abs(far).max(1) if norm == "linf" else np.linalg.norm(far, axis=1)


# ---- ball and box --------------------------------------------------------------------------------

norms = st.sampled_from(study.NORMS)
radii = st.floats(0, 3) | st.floats(1e-9, 1e-3) | st.sampled_from([1 / 255, 8 / 255, 0.25])


@given(norms, radii, st.integers(1, 4), st.integers(1, 2), st.integers(0, 9), st.sampled_from([None, 0.3]))
@few
def test_pictures_stay_in_the_ball_and_in_the_box_exactly(coded, split, norm, eps, steps, restarts, seed, lam):
    clean = floats(split)
    clean[3:5] = clean[3:5].round()  # at the box's own corners
    found = attack(coded, clean, split.labels, Params(norm, eps, steps, restarts, seed), lam)
    assert found.pictures.shape == clean.shape
    assert found.pictures.dtype == np.float32
    assert distances(found, clean, norm).max() <= eps
    assert found.pictures.min() >= 0
    assert found.pictures.max() <= 1


@given(norms, st.floats(1e-7, 4), st.integers(0, 99))
@few
def test_the_projection_moves_nothing_inside_and_lands_on_the_rim_from_outside(norm, eps, seed):
    dice = torch.Generator().manual_seed(seed)
    clean = 0.5 + 0 * torch.rand(4, 3, 5, 5, generator=dice)
    step = torch.randn(4, 3, 5, 5, generator=dice, dtype=torch.float64)
    length = step.abs().amax((1, 2, 3)) if norm == "linf" else step.flatten(1).norm(dim=1)
    step *= (min(eps, 0.4) / length)[:, None, None, None]
    ball = NORMS[norm], min(eps, 0.4)
    inside = (clean.double() + 0.9 * step).float()
    torch.testing.assert_close(project(clean, inside, *ball), inside, rtol=0, atol=1e-7)
    if norm == "l2":
        rim = project(clean, (clean.double() + 3 * step).float(), *ball)
        torch.testing.assert_close(rim.double() - clean, step, rtol=1e-4, atol=2e-7)


@pytest.mark.parametrize("norm", study.NORMS)
def test_eps_0_changes_nothing(coded, split, norm):
    found = attack(coded, floats(split), split.labels, Params(norm, 0.0, 5, 3))
    np.testing.assert_array_equal(found.pictures, floats(split))
    np.testing.assert_array_equal(found.fooled, [True, True, *[False] * 10])
    np.testing.assert_array_equal(found.restart[:3], [ON_THE_PICTURE, ON_THE_PICTURE, NEVER])


# ---- what it finds -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("norm", study.NORMS)
def test_on_a_linear_network_it_finds_the_closed_form(norm, seed):
    torch.manual_seed(seed)
    weight = torch.randn(3, 4, 4)
    sure = 24.0  # never fooled, and so sure of it that float32's loss is 0
    network = by_hand(Linear(weight, sure), size=4, classes=2)
    clean = np.full((2, 4, 4, 3), 0.5, np.float32)
    eps = 0.2
    found = attack(network, clean, np.array([1, 1]), Params(norm, eps, 60, 1, seed))
    w = weight.movedim(0, -1).numpy()
    best = -eps * (np.sign(w) if norm == "linf" else w / np.linalg.norm(w))
    np.testing.assert_allclose(found.pictures - clean, np.broadcast_to(best, clean.shape), atol=2e-3 * eps)
    assert not found.fooled.any()


@pytest.mark.parametrize("norm", study.NORMS)
@pytest.mark.parametrize("share", [0.97, 1.03])
def test_a_linear_network_is_fooled_from_its_margin_on(norm, share):
    weight = torch.linspace(-1, 1, 48).view(3, 4, 4)
    dual = weight.abs().sum() if norm == "linf" else weight.norm()
    eps = 0.1
    margin = float(2 * eps * dual / share)  # pixels in [0, 1] are seen in [-1, 1]
    network = by_hand(Linear(weight, margin), size=4, classes=2)
    found = attack(network, np.full((1, 4, 4, 3), 0.5, np.float32), np.array([1]), Params(norm, eps, 200, 1))
    assert bool(found.fooled[0]) is (share > 1)
    assert (found.loss[0] > np.log(2)) == (share > 1)


def test_the_kept_picture_is_what_the_result_says(coded, split):
    found = attack(coded, floats(split), split.labels, Params("linf", 4 / 255, 6, 2), 0.3)
    with torch.inference_mode():
        logits = study.answers(coded, torch.from_numpy(found.pictures).movedim(-1, 1), 0.3)
        losses = nn.functional.cross_entropy(logits, torch.from_numpy(split.labels), reduction="none")
    np.testing.assert_array_equal(logits.argmax(1).numpy() != split.labels, found.fooled)
    np.testing.assert_allclose(losses.numpy(), found.loss, atol=1e-4)
    np.testing.assert_array_equal(found.restart == NEVER, ~found.fooled)
    np.testing.assert_array_equal(found.step == NEVER, ~found.fooled)
    assert 2 < found.fooled.sum() < 12


# ---- more work is never worse --------------------------------------------------------------------


@given(norms, st.integers(1, 6), st.integers(1, 6), st.integers(1, 2), st.integers(1, 2), st.integers(0, 9))
@few
def test_more_steps_and_restarts_fool_no_fewer(coded, split, norm, steps, more, restarts, again, seed):
    eps = {"linf": 3 / 255, "l2": 0.15}[norm]
    little = attack(coded, floats(split), split.labels, Params(norm, eps, steps, 1, seed))
    longer = attack(coded, floats(split), split.labels, Params(norm, eps, steps + more, 1, seed))
    assert (longer.fooled >= little.fooled).all()
    np.testing.assert_array_equal(longer.step <= steps, little.fooled)  # more steps continue fewer
    never = ~longer.fooled
    assert (longer.loss[never] >= little.loss[never] - 1e-4).all()
    once = attack(coded, floats(split), split.labels, Params(norm, eps, steps, restarts, seed))
    often = attack(coded, floats(split), split.labels, Params(norm, eps, steps, restarts + again, seed))
    assert (often.fooled >= once.fooled).all()
    np.testing.assert_array_equal(often.restart < restarts, once.fooled)


@pytest.mark.parametrize("norm", study.NORMS)
def test_larger_balls_fool_no_fewer_and_the_smallest_is_the_attack(coded, split, norm):
    eps = {"linf": (1 / 255, 3 / 255, 9 / 255), "l2": (0.05, 0.15, 0.6)}[norm]
    params = Params(norm, 1.0, 5, 2, 3)
    fooled = curve(coded, floats(split), split.labels, params, eps, 0.2)
    assert (np.diff(fooled.astype(int), axis=0) >= 0).all()
    alone = [attack(coded, floats(split), split.labels, dataclasses.replace(params, eps=e), 0.2).fooled for e in eps]
    np.testing.assert_array_equal(fooled, np.logical_or.accumulate(alone))
    assert fooled[0].sum() < fooled[-1].sum()


def test_a_picture_is_attacked_the_same_in_any_company(coded, split):
    params = Params("l2", 0.1, 4, 2, 5)
    together = attack(coded, floats(split), split.labels, params)
    alone = attack(coded, floats(split)[7:8], split.labels[7:8], params)
    np.testing.assert_allclose(together.pictures[7], alone.pictures[0], atol=1e-5)
    other = attack(coded, floats(split)[7:8], split.labels[7:8], dataclasses.replace(params, seed=6))
    assert np.abs(other.pictures - alone.pictures).max() > 1e-3


# ---- through the solver --------------------------------------------------------------------------


def test_the_gradient_goes_through_the_solver(coded, split):
    around = by_hand(Around(coded.engine.plain), size=8, name="around")
    x = torch.from_numpy(floats(split)).movedim(-1, 1)
    params = Params("l2", 0.1, 8, 1)
    through, past = (attack(n, floats(split), split.labels, params) for n in (coded, around))
    with torch.inference_mode():
        torch.testing.assert_close(study.answers(coded, x, None), study.answers(around, x, None), atol=1e-4, rtol=1e-4)
    left = ~(through.fooled | past.fooled)
    assert np.abs(through.pictures - past.pictures).max() > 1e-3
    assert through.fooled.sum() >= past.fooled.sum()
    assert through.loss[left].mean() > past.loss[left].mean()


def test_the_attack_knows_lambda(coded, split):
    params = Params("linf", 2 / 255, 4, 1)
    for lam in (0.1, 0.6):
        by_call = attack(coded, floats(split), split.labels, params, lam)
        other = SDNet(width=4, num_classes=5, lam=lam)
        other.load_state_dict(coded.engine.plain.state_dict())
        own = attack(by_hand(other, size=8), floats(split), split.labels, params)
        np.testing.assert_array_equal(by_call.pictures, own.pictures)
    zero = attack(coded, floats(split), split.labels, params, 1e4)  # no code is left: nothing to follow
    assert (zero.loss[~zero.fooled] == zero.loss[~zero.fooled][:1]).all() or np.ptp(zero.loss[~zero.fooled]) < 5
    assert set(np.unique(zero.restart)) <= {ON_THE_PICTURE, NEVER}


def test_nothing_is_left_behind(coded, split):
    net = coded.engine.plain
    before = {k: v.clone() for k, v in net.state_dict().items()}
    pictures = floats(split)
    attack(coded, pictures, split.labels, Params(steps=3))
    np.testing.assert_array_equal(pictures, floats(split))
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())


# ---- one picture, live ---------------------------------------------------------------------------


@pytest.mark.parametrize("norm", study.NORMS)
def test_one_picture_before_and_after(coded, split, norm):
    params = Params(norm, 0.5, 10)
    seen = look(coded, split.pixels[5], params, 0.2)
    assert seen.before.sum() == pytest.approx(1, abs=1e-5)
    assert seen.before.argmax() != seen.after.argmax()
    assert 0 < seen.distance(norm) <= 0.5
    np.testing.assert_allclose(seen.clean + seen.difference, seen.adversarial, atol=1e-7)
    said = study.verdict(seen, "SDNet", params)
    assert f"said {coded.labels[seen.before.argmax()]}" in said
    assert f"says {coded.labels[seen.after.argmax()]}" in said
    still = look(coded, split.pixels[5], Params(norm, 0.0), 0.2)
    assert "goes on saying" in study.verdict(still, "SDNet", params)
    for page in theme.THEMES:
        with theme.drawn(page):
            assert len(figures.before_and_after(seen).figure.data) == 3
    table = figures.look_table(seen)
    assert coded.labels[seen.after.argmax()] in table["class"]
    assert len({len(column) for column in table.values()}) == 1


# ---- refused -------------------------------------------------------------------------------------


def test_pictures_labels_and_lambdas_that_do_not_fit_are_refused(coded, twin, split):
    clean, labels = floats(split), split.labels
    cases = [
        (coded, clean * 255, labels, None, r"expected pictures .* of \[0, 1\]"),
        (coded, clean[0], labels[:1], None, "expected pictures"),
        (coded, clean[:0], labels[:0], None, "expected pictures"),
        (coded, clean * np.float32("nan"), labels, None, "expected pictures"),
        (coded, clean, labels[:5], None, "expected 12 labels of 0 to 4"),
        (coded, clean, labels + 5, None, "expected 12 labels of 0 to 4"),
        (twin, clean, labels, 0.1, "expected an SDNet, got twin"),
    ]
    for network, pictures, classes, lam, message in cases:
        with pytest.raises(ValueError, match=message):
            attack(network, pictures, classes, Params(), lam)
    with pytest.raises(ValueError, match="expected radii that rise"):
        curve(coded, clean, labels, Params(), (0.2, 0.1))


def test_lite0s_coded_copy_is_attacked_at_the_lambda_asked_for(cat):
    network = networks.load(networks.find("lite0_sparse"))
    pixels = seen(cat, network.preprocessing)[None].astype(np.float32) / 255
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    with torch.no_grad():
        low, high, own = (study.answers(network, x, lam) for lam in (0.1, 0.7, None))
    torch.testing.assert_close(low, own)
    assert not torch.allclose(low, high)
    found = attack(network, pixels, own.argmax(1).numpy(), Params(eps=0.01, steps=2), 0.7)
    assert np.abs(found.pictures - pixels).max() <= 0.01 + 1e-6
