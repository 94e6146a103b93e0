"""BagNet against recorded numbers, its closed forms, and what the paper says it is for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.models import create_model
from core.models.bagnet import WIDE_STAGES, BagNet
from core.models.receptive_field import KEPT_STAGES, growth
from core.networks.engine import fold
from tests.helpers.parity import fill_module, load_case, make_input, output_problems, state_problems

PATCHES = tuple(WIDE_STAGES)
PARAMETERS = {9: 15.7e6, 17: 16.2e6, 33: 18.3e6}  # the independent re-evaluation's, PAPERS.md §2


def settled(patch: int, classes: int = 5, seed: int = 0) -> BagNet:
    """A narrow network whose batch norms have seen some noise, so that no layer is trivial."""
    torch.manual_seed(seed)
    net = BagNet(patch, classes, width=8, blocks=(2, 2, 2, 2))
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(4, 3, 57, 65))
    return net.eval()


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# ---------------------------------------------------------------- golden numbers


@pytest.fixture(scope="module")
def golden() -> tuple[nn.Module, dict]:
    case = load_case("bagnet17")
    net = create_model("bagnet17").eval()
    assert state_problems(net, case) == []
    assert sum(p.numel() for p in net.parameters()) == case["n_parameters"]
    fill_module(net, case["fill"]["gain"])
    return net, case


@pytest.mark.parametrize(
    ("spec", "logits", "dense"), [("x", "logits", "dense"), ("xb", "logits_blocks", "dense_blocks")]
)
def test_logits_and_dense_evidence_match_the_recorded_outputs(golden, spec, logits, dense):
    net, case = golden
    x = make_input(case["input"][spec])
    with torch.inference_mode():
        assert output_problems(net(x), case["outputs"][logits], case["rtol"]) == []
        assert output_problems(net.evidence(x).permute(0, 2, 3, 1), case["outputs"][dense], case["rtol"]) == []


@pytest.mark.parametrize("stage", ["layer1", "layer2", "layer3", "layer4"])
def test_every_stage_matches_the_recorded_maps(golden, stage):
    net, case = golden
    stages = ["layer1", "layer2", "layer3", "layer4"]
    with torch.inference_mode():
        maps = net.stem(make_input(case["input"]["x"]))
        for name in stages[: stages.index(stage) + 1]:
            maps = getattr(net, name)(maps)
    assert output_problems(maps, case["intermediate"][stage], case["rtol"]) == []


def test_folding_the_norms_changes_nothing(golden):
    net, case = golden
    x = make_input(case["input"]["x"])
    folded = fold(net)
    assert isinstance(folded, BagNet)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in net.modules())
    with torch.inference_mode():
        assert output_problems(folded(x), case["outputs"]["logits"], case["rtol"]) == []


@pytest.mark.parametrize("patch", PATCHES)
def test_the_paper_sized_networks_have_the_published_number_of_parameters(patch):
    with torch.device("meta"):
        net = create_model(f"bagnet{patch}")
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(PARAMETERS[patch], abs=0.05e6)


# ---------------------------------------------------------------- exact facts


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize("shape", [(64, 64), (41, 96), (33, 33)])
def test_the_mean_of_the_evidence_is_the_logit(patch, shape):
    net, x = settled(patch), noise(2, 3, *shape)
    with torch.inference_mode():
        logits, evidence = net(x), net.evidence(x)
    assert evidence.shape == (2, 5, *((side - patch) // 8 + 1 for side in shape))
    np.testing.assert_allclose(evidence.mean((2, 3)), logits, rtol=1e-4, atol=1e-4 * float(logits.abs().max()))


@pytest.mark.parametrize("patch", PATCHES)
def test_a_pixel_outside_a_patch_does_not_change_its_evidence_at_all(patch):
    net, x = settled(patch), noise(1, 3, 65, 73)
    row, column = 30, 41
    changed = x.clone()
    changed[:, :, row, column] += 5
    with torch.inference_mode():
        before, after = net.evidence(x)[0], net.evidence(changed)[0]
    starts = [8 * np.arange(n) for n in before.shape[1:]]
    meets = [(s <= at) & (at < s + patch) for s, at in zip(starts, (row, column), strict=True)]
    inside = torch.from_numpy(meets[0][:, None] & meets[1][None, :])
    differs = (before != after).any(0)
    assert inside.any()
    assert not differs[~inside].any()
    assert differs[inside].all()


@pytest.mark.parametrize("patch", PATCHES)
def test_every_pixel_of_a_patch_counts(patch):
    net = settled(patch)
    x = noise(1, 3, patch, patch).requires_grad_()
    net(x)[0].square().sum().backward()
    assert (x.grad.abs().sum((0, 1)) > 0).all()


@pytest.mark.parametrize("patch", PATCHES)
def test_dense_evidence_is_every_patch_cut_out_and_run_alone(patch):
    net, x = settled(patch), noise(1, 3, 57, 49)
    with torch.inference_mode():
        evidence = net.evidence(x)[0]
        for i in range(evidence.shape[1]):
            for j in range(evidence.shape[2]):
                alone = net(x[:, :, 8 * i : 8 * i + patch, 8 * j : 8 * j + patch])[0]
                np.testing.assert_allclose(alone, evidence[:, i, j], rtol=1e-4, atol=1e-5)


def test_in_training_mode_patches_are_not_independent():
    """The users' trap that the page warns of."""
    net, x = settled(17), noise(1, 3, 64, 64)
    changed = x.clone()
    changed[:, :, 0, 0] += 5
    with torch.no_grad():
        net.train()
        before, after = net.evidence(x), net.evidence(changed)
    assert (before[..., -1, -1] != after[..., -1, -1]).any()


@pytest.mark.parametrize(("kept", "side"), [(0, 3), (1, 5), (2, 9), (3, 17), (4, 33)])
def test_the_receptive_field_is_what_the_convolutions_add_up_to(kept, side):
    assert growth(kept)[-1].side == side
    assert growth(kept)[-1].jump == 8
    assert [layer.jump for layer in growth(kept)] == [1, 2, 4, 8, 8]


# ---------------------------------------------------------------- refusals


def test_refusals_say_what_to_do():
    with pytest.raises(ValueError, match=r"^expected a patch of \[9, 17, 33\] pixels, got 12: choose"):
        BagNet(12)
    with pytest.raises(ValueError, match=r"^expected a picture of at least 17x17 pixels, got 16x40: enlarge"):
        settled(17).evidence(noise(1, 3, 16, 40))
    with pytest.raises(ValueError, match=r"^expected a picture of at least 33x33 pixels, got 40x32: enlarge"):
        settled(33)(noise(1, 3, 40, 32))
    with pytest.raises(ValueError, match=r"^expected 0 to 4 stages, got 5"):
        growth(KEPT_STAGES[-1] + 1)
