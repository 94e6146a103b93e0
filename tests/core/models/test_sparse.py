"""The sparse coding layer: what it minimises, what it reaches, and that lambda is nothing but an argument."""

from __future__ import annotations

import math
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet
from torch import nn

from core.models.sparse import SOLVERS, SparseConv2d

quick = settings(max_examples=15, deadline=None)


def layer(inputs=3, outputs=8, kernel=3, stride=1, padding=1, *, size=(9, 10), seed=0, double=True, **options):
    """A layer of random atoms with its step fitted to pictures of `size`."""
    torch.manual_seed(seed)
    made = SparseConv2d(inputs, outputs, kernel, stride, padding, **options)
    made = made.double() if double else made
    made.fit_step(size)
    return made


def picture(*shape, seed=0, double=True):
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x if double else x.float()


def minimised(made, x, codes, lam):
    """(B,) what the layer's steps minimise (§3) written out: with n dictionaries, over all n copies of the input."""
    misfit = made.repeated(x) - made.reconstruct(codes, x)
    return (misfit.square().sum((1, 2, 3)) + made.mu * codes.square().sum((1, 2, 3))) / 2 + lam * codes.abs().sum(
        (1, 2, 3)
    )


def largest(made, x):
    """max |D^T x| of each picture, one-sided where codes are non-negative: the least lambda whose codes are all 0."""
    answer = made.analyse(made.repeated(x), made.atoms)
    return (answer if made.non_negative else answer.abs()).amax((1, 2, 3))


# ---- what it minimises ---------------------------------------------------------------------------

options = st.fixed_dictionaries(
    {
        "stride": st.sampled_from([1, 2]),
        "dictionaries": st.sampled_from([1, 2]),
        "non_negative": st.booleans(),
        "mu": st.sampled_from([0.0, 0.3]),
        "kernel": st.sampled_from([1, 3, 5]),
        "seed": st.integers(0, 999),
    }
)


@given(options, st.sampled_from([0.0, 0.05, 0.4, 2.0]), st.tuples(st.integers(5, 12), st.integers(5, 12)))
@quick
def test_the_objective_never_rises_over_ista_steps(chosen, lam, size):
    made = layer(size=size, padding=chosen["kernel"] // 2, solver="ista", **chosen)
    x = picture(2, 3, *size, seed=chosen["seed"])
    with torch.inference_mode():
        codes = [torch.zeros_like(made.codes(x, lam)), *islice(made.iterates(x, lam), 12)]
        values = torch.stack([minimised(made, x, z, lam) for z in codes])
    assert (values.diff(dim=0) <= 1e-12 * values[0]).all()
    assert torch.equal(values[-1] < values[0], (codes[-1] != 0).flatten(1).any(1))  # falls unless zero is best


@given(options)
@quick
def test_the_reported_objective_is_what_is_minimised(chosen):
    made = layer(size=(9, 10), padding=chosen["kernel"] // 2, **chosen)
    x = picture(2, 3, 9, 10, seed=chosen["seed"])
    with torch.inference_mode():
        for steps in (1, 2, 7):
            codes = made.codes(x, 0.2, steps)
            torch.testing.assert_close(made.objective(x, codes, 0.2), minimised(made, x, codes, 0.2))


def test_the_fitted_step_leaves_room_and_one_beyond_two_over_l_does_not():
    made = layer(padding=1, solver="ista")
    x = picture(1, 3, 9, 10)

    def rises(share):
        made.step_size.fill_(share / made.operator_norm((9, 10)))
        with torch.inference_mode():
            values = [float(minimised(made, x, z, 0.01)) for z in islice(made.iterates(x, 0.01), 40)]
        return any(b > a * (1 + 1e-12) for a, b in pairwise(values))

    assert not rises(0.9)
    assert rises(3.0)


# ---- what it reaches -----------------------------------------------------------------------------


@pytest.mark.parametrize("non_negative", [True, False], ids=["positive", "signed"])
@pytest.mark.parametrize("mu", [0.0, 0.2], ids=["lasso", "elastic net"])
@pytest.mark.parametrize("lam", [0.1, 0.4])
@pytest.mark.parametrize("kernel", [1, 4], ids=["every pixel by itself", "a kernel as large as the picture"])
def test_textbook_fista_reaches_scikit_learns_solution(non_negative, mu, lam, kernel):
    inputs, side = (12, 2) if kernel == 1 else (2, 4)
    made = layer(
        inputs, 24, kernel, padding=0, size=(side, side), seed=1, mu=mu, non_negative=non_negative, solver="textbook"
    )
    x = picture(2, inputs, side, side, seed=2)
    with torch.inference_mode():
        codes = made.codes(x, lam, 6000)
    atoms = made.atoms.detach().flatten(1).numpy().T  # (C k k, K)
    windows = x.movedim(1, -1).reshape(-1, inputs) if kernel == 1 else x.flatten(1)
    n = len(atoms)
    model = ElasticNet(
        alpha=(lam + mu) / n,
        l1_ratio=lam / (lam + mu),
        fit_intercept=False,
        positive=non_negative,
        tol=1e-13,
        max_iter=200_000,
    )
    wanted = np.stack([model.fit(atoms, window).coef_ for window in windows.numpy()])
    got = codes.movedim(1, -1).reshape(-1, 24).numpy()
    np.testing.assert_allclose(got, wanted, atol=1e-6)
    assert ((np.abs(wanted) > 1e-5) == (got != 0)).all()  # the same support, and exact zeros elsewhere
    assert 0 < (got != 0).mean() < 1
    assert non_negative == (got.min() >= 0)


@pytest.mark.parametrize("non_negative", [True, False])
@pytest.mark.parametrize("steps", [1, 5])
def test_an_orthonormal_dictionary_gives_the_soft_threshold_at_once(non_negative, steps):
    made = SparseConv2d(4, 4, 1, non_negative=non_negative).double()
    turn = torch.linalg.qr(picture(4, 4)).Q
    with torch.no_grad():
        made.weight.copy_(3 * turn[:, :, None, None])  # the length of rows does not count
    made.step_size.fill_(1.0)
    x = picture(2, 4, 5, 5)
    answer = torch.einsum("kc,bchw->bkhw", turn, x)
    shrunk = (answer.abs() - 0.3).clamp(min=0) * answer.sign()
    wanted = shrunk.clamp(min=0) if non_negative else shrunk
    with torch.inference_mode():
        torch.testing.assert_close(made.codes(x, 0.3, steps), wanted)
    assert made.operator_norm((5, 5)) == pytest.approx(1)


# ---- sparsity ------------------------------------------------------------------------------------


@given(options, st.sampled_from(SOLVERS), st.integers(1, 6))
@quick
def test_lambda_decides_between_exact_zeros_and_none(chosen, solver, steps):
    made = layer(size=(8, 8), padding=chosen["kernel"] // 2, solver=solver, **chosen)
    x = picture(2, 3, 8, 8, seed=chosen["seed"])
    with torch.inference_mode():
        bound = largest(made, x)
        assert (made.codes(x, 1.0001 * bound, steps) == 0).all()
        below = made.codes(x, 0.999 * bound, 1) != 0
        assert below.flatten(1).any(1).all()
        shares = [float((made.codes(x, lam * bound, steps) != 0).double().mean()) for lam in (0.0, 0.3, 0.7, 1.001)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == 0 < shares[0]


def test_codes_are_exactly_sparse_in_float32():
    made = layer(double=False)
    codes = made.codes(picture(4, 3, 9, 10, double=False), 0.5).detach()
    assert 0.2 < (codes == 0).float().mean() < 1
    assert codes[codes != 0].min() > 0


# ---- the solvers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("non_negative", [True, False])
def test_the_solvers_agree_for_two_steps_and_part_at_the_third(non_negative):
    made = layer(non_negative=non_negative)
    x = picture(2, 3, 9, 10)
    with torch.no_grad():
        paths = {s: list(islice(made.iterates(x, 0.1, s), 12)) for s in SOLVERS}
    for other in ("paper", "ista"):
        for step in (0, 1):
            torch.testing.assert_close(paths["textbook"][step], paths[other][step], rtol=1e-12, atol=1e-12)
        apart = (paths["textbook"][2] - paths[other][2]).norm() / paths["textbook"][2].norm()
        assert apart > 1e-3
    with torch.no_grad():
        ends = {s: float(minimised(made, x, paths[s][-1], 0.1).sum()) for s in SOLVERS}
    assert ends["textbook"] < ends["ista"]  # what the extrapolation is for


def test_textbook_is_the_default_and_iterates_are_the_codes():
    made = layer()
    x = picture(1, 3, 9, 10)
    with torch.inference_mode():
        path = list(islice(made.iterates(x), 5))
        for steps, codes in enumerate(path, 1):
            assert torch.equal(made.codes(x, steps=steps, solver="textbook"), codes)
        assert torch.equal(made(x), path[1])  # two steps by default


# ---- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("non_negative", "mu", "stride"), [(True, 0.0, 1), (False, 0.2, 2)])
def test_gradients_through_the_solver_are_the_analytic_ones(solver, non_negative, mu, stride):
    made = layer(2, 4, 3, stride, size=(4, 5), seed=3, non_negative=non_negative, mu=mu, solver=solver)
    x, lam = picture(2, 2, 4, 5, seed=4), torch.tensor([0.07, 0.31], dtype=torch.float64)

    def rebuilt(x, weight, lam):
        coding = torch.func.functional_call(made, {"weight": weight}, (x, lam))
        return coding, made.objective(x, coding, lam)

    inputs = (x, made.weight.detach().clone(), lam)
    assert torch.autograd.gradcheck(rebuilt, tuple(t.requires_grad_() for t in inputs))


@pytest.mark.parametrize("steps", [1, 2, 6])
def test_every_step_contributes_to_the_gradient(steps):
    made = layer()
    x, lam = picture(1, 3, 9, 10).requires_grad_(), torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    by_x, by_weight, by_lam = torch.autograd.grad(made.codes(x, lam, steps).sum(), (x, made.weight, lam))
    assert by_x.abs().sum() > 0
    assert by_weight.abs().sum() > 0
    assert by_lam < 0  # more lambda, smaller codes
    # a unit atom does not change with the length of its row
    assert (by_weight * made.weight).flatten(1).sum(1).abs().max() < 1e-9


# ---- lambda is an argument, and nothing is kept --------------------------------------------------


def snapshot(made):
    held = {k: v for k, v in vars(made).items() if not k.startswith("_")}
    return held, {k: v.clone() for k, v in made.state_dict().items()}, [n for n, _ in made.named_buffers()]


def test_lambda_has_an_immediate_effect():
    made, other = layer(), layer(seed=5)
    x = picture(2, 3, 9, 10)
    with torch.no_grad():
        small, large = made(x, 0.1), made(x, 0.7)
        assert not torch.equal(small, large)
        assert torch.equal(made(x), small)  # lam = 0.1 by default
        made.lam = 0.7
        assert torch.equal(made(x), large)
        assert torch.equal(made(x, 0.1), small)
        assert torch.equal(made(x), large)  # a call's lambda is that call's alone
        made.load_state_dict(other.state_dict())
        other.lam = 0.7
        assert torch.equal(made(x), other(x))
        made.weight.mul_(5)
        torch.testing.assert_close(made(x), other(x))
        made.weight.copy_(layer().weight)
        made.step_size.copy_(layer().step_size)
        assert torch.equal(made(x), large)


def test_nothing_is_kept_on_the_module():
    made = layer()
    x = picture(2, 3, 9, 10)
    before = snapshot(made)
    first, again = (made.codes(x, 0.3, 4) for _ in range(2))
    costs = [made.objective(x, codes, 0.3) for codes in (first, again)]
    after = snapshot(made)
    assert before[0] == after[0]
    assert before[2] == after[2] == ["step_size"]
    assert before[1].keys() == after[1].keys() == {"weight", "step_size"}
    for name, value in before[1].items():
        assert torch.equal(value, after[1][name])
    assert torch.equal(first, again)
    assert torch.equal(*costs)
    assert not made._forward_hooks


@pytest.mark.parametrize("non_negative", [True, False])
def test_one_lambda_a_picture_equals_one_call_a_picture(non_negative):
    made = layer(non_negative=non_negative, mu=0.1)
    x, lam = picture(4, 3, 9, 10), torch.tensor([0.0, 0.1, 0.5, 9.0], dtype=torch.float64)
    with torch.inference_mode():
        together = made.codes(x, lam, 5)
        rebuilt, costs = made.reconstruct(together, x), made.objective(x, together, lam)
        for i, value in enumerate(lam.tolist()):
            one = x[i : i + 1]
            alone = made.codes(one, value, 5)
            torch.testing.assert_close(together[i], alone[0])
            torch.testing.assert_close(rebuilt[i], made.reconstruct(alone, one)[0])
            torch.testing.assert_close(costs[i], made.objective(one, alone, value)[0])
    assert (together[3] == 0).all()


# ---- in place of a convolution -------------------------------------------------------------------


@given(
    *(st.integers(1, 7), st.integers(1, 3), st.integers(0, 3), st.integers(7, 14), st.integers(7, 14)),
    *(st.integers(1, 2), st.booleans()),
)
@settings(max_examples=40, deadline=None)
def test_shapes_are_those_of_a_convolution_and_of_the_input(kernel, stride, padding, height, width, n, signed):
    torch.manual_seed(0)
    made = SparseConv2d(2, 5, kernel, stride, padding, dictionaries=n, non_negative=not signed)
    plain = nn.Conv2d(2, 5, kernel, stride, padding, bias=False)
    x = picture(2, 2, height, width, double=False)
    with torch.inference_mode():
        codes = made(x)
        assert codes.shape == plain(x).shape
        assert made.reconstruct(codes, x).shape == (2, 2 * n, height, width)
        assert made.objective(x, codes).shape == (2,)


# ---- the operator norm ---------------------------------------------------------------------------


def dense(made, size):
    """D^T as a matrix (codes, pixels), from unit pictures."""
    count = made.weight.shape[1] * math.prod(size)
    units = torch.eye(count, dtype=torch.float64).view(count, -1, *size)
    with torch.inference_mode():
        return made.analyse(units, made.atoms).flatten(1).T.numpy()


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dictionaries", [1, 2])
@pytest.mark.parametrize(("kernel", "padding"), [(1, 0), (3, 1), (4, 0), (5, 2)])
def test_the_operator_norm_is_the_dense_matrixs(stride, dictionaries, kernel, padding):
    made = layer(2, 5, kernel, stride, padding, size=(6, 7), dictionaries=dictionaries)
    wanted = np.linalg.norm(dense(made, (6, 7)), 2) ** 2
    assert made.operator_norm((6, 7)) == pytest.approx(wanted, rel=1e-6)
    assert made.operator_norm((6, 7), 1e-3) == pytest.approx(wanted, rel=1e-3)
    assert float(made.step_size) == pytest.approx(0.9 / wanted, rel=1e-6)


def test_the_operator_norm_does_not_depend_on_the_rows_lengths():
    made = layer()
    before = made.operator_norm((9, 10))
    with torch.no_grad():
        made.weight.mul_(torch.linspace(0.1, 30, len(made.weight))[:, None, None, None])
    after = made.operator_norm((9, 10))
    assert after == pytest.approx(before, rel=1e-9)
    assert made.operator_norm((9, 10)) == after  # no random start: the same number every time


def smooth_atoms(seed):
    """Colour blobs, edges and gratings, as trained first layers have them: (16, 3, 3, 3)."""
    dice = np.random.default_rng(seed)
    y, x = np.mgrid[-1:2, -1:2]
    turns = dice.uniform(0, np.pi, 16)[:, None, None]
    wave = np.cos(dice.uniform(0, 2.5, 16)[:, None, None] * (x * np.cos(turns) + y * np.sin(turns)) + 3 * turns)
    colours = dice.normal(1, 0.4, (16, 3))[:, :, None, None] * dice.choice([-1, 1], 16)[:, None, None, None]
    return torch.from_numpy(colours * wave[:, None])


@pytest.mark.parametrize("seed", range(3))
def test_a_step_fitted_at_32_px_holds_at_larger_sizes(seed):
    made = SparseConv2d(3, 16, 3, 1, 1).double()
    with torch.no_grad():
        made.weight.copy_(smooth_atoms(seed))
    made.fit_step((32, 32))
    norms = [made.operator_norm(size, 1e-4) for size in ((32, 32), (48, 64), (96, 96))]
    assert norms == sorted(norms)  # D^T D of a smaller picture lies inside that of a larger one
    assert norms[-1] < norms[0] * 1.02
    assert all(float(made.step_size) * norm < 1 for norm in norms)


# ---- refused -------------------------------------------------------------------------------------


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"^expected at least one step, got 0: "):
        SparseConv2d(3, 4, 3, steps=0)
    with pytest.raises(ValueError, match=r"^expected a solver of .*'paper'.*, got 'newton': "):
        SparseConv2d(3, 4, 3, solver="newton")
    made = layer()
    x = picture(1, 3, 9, 10)
    with pytest.raises(ValueError, match="at least one step, got -1"):
        made.codes(x, steps=-1)
    with pytest.raises(ValueError, match="got 'newton'"):
        made.codes(x, solver="newton")
