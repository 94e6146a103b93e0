"""SDNet and its layer against recorded numbers."""

from __future__ import annotations

import pytest
import torch

from core.models.sdnet import SDNet
from core.models.sparse import SparseConv2d
from tests.helpers.parity import fill_module, load_case, make_input, output_problems, state_problems

LAYERS = {
    "fista_layer_k3s1": {"in_channels": 3, "out_channels": 64},
    "fista_layer_k3s1_signed": {"in_channels": 3, "out_channels": 16, "non_negative": False},
    "fista_layer_k3s2_ndict2": {"in_channels": 8, "out_channels": 32, "stride": 2, "dictionaries": 2},
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_layer_matches_the_recorded_codes_and_reconstructions(name):
    case = load_case(name)
    layer = SparseConv2d(kernel_size=3, padding=1, solver="paper", **LAYERS[name])
    assert state_problems(layer, case) == []
    fill_module(layer, case["fill"]["gain"])
    x = make_input(case["input"]["x"])
    assert output_problems(layer.atoms, case["outputs"]["weight_normalized"], case["rtol"]) == []
    step = case["power_iteration"]["step_size_used"]
    for output, want in case["outputs"].items():
        if output == "weight_normalized":
            continue
        kind, setting = output.split("_", 1)
        steps = int(setting.rpartition("_n")[2])
        layer.step_size.fill_(0.1 if setting.startswith("ctor") else step)
        lam = 0.1 if setting.startswith("ctor") else float(setting.split("_")[0].removeprefix("lam"))
        with torch.inference_mode():
            codes = layer.codes(x, lam, steps)
            got = codes if kind == "code" else layer.reconstruct(codes, x)
        assert output_problems(got, want, case["rtol"]) == [], output


@pytest.mark.parametrize("name", LAYERS)
def test_the_operator_norm_is_the_recorded_one(name):
    case = load_case(name)
    layer = SparseConv2d(kernel_size=3, padding=1, **LAYERS[name])
    fill_module(layer, case["fill"]["gain"])
    want = case["power_iteration"]["lambda_max_lanczos_float64"]
    assert layer.operator_norm(tuple(case["input"]["x"]["shape"][2:])) == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sdnet18_cifar", {"depth": 18}),
        ("sdnet18_cifar_n8", {"depth": 18, "num_classes": 100, "steps": 8, "solver": "paper"}),
        ("sdnet18_all_cifar_shortcut", {"depth": 18, "coded": "all"}),
        ("sdnet_resnet18_cifar", {"depth": 18, "coded": "none"}),
        ("sdnet_resnet34_cifar", {"depth": 34, "coded": "none"}),
    ],
)
def test_logits_match_the_recorded_ones(name, options):
    case = load_case(name)
    net = SDNet(**options).eval()
    assert state_problems(net, case) == []
    assert sum(p.numel() for p in net.parameters()) == case["n_parameters"]
    fill_module(net, case["fill"]["gain"])
    x, blocks = (make_input(case["input"][k]) for k in ("x", "xb"))
    with torch.inference_mode():
        assert output_problems(net(x), case["outputs"]["logits_ctor"], case["rtol"]) == []
        assert output_problems(net(blocks), case["outputs"]["logits_ctor_blocks"], case["rtol"]) == []
        if options.get("coded") == "none":
            return
        for layer, step in case["step_sizes"].items():
            net.get_submodule(layer).step_size.fill_(step)
        for lam in (0.1, 0.3, 0.5, 1, 1.4):
            codes = net.dictionary(x, lam)
            assert output_problems(net.tail(codes), case["outputs"][f"logits_lam{lam}"], case["rtol"]) == []
            assert output_problems(net(blocks, lam), case["outputs"][f"logits_blocks_lam{lam}"], case["rtol"]) == []
            assert output_problems(codes, case["outputs"][f"code0_lam{lam}"], case["rtol"]) == []


@pytest.mark.parametrize("name", ["sdnet18_cifar", "sdnet18_all_cifar_shortcut"])
def test_steps_fit_the_maps_that_each_layer_sees(name):
    case = load_case(name)
    net = SDNet(coded="all" if "_all" in name else "first")
    fill_module(net, case["fill"]["gain"])
    net.fit_steps(tuple(case["input"]["x"]["shape"][2:]))
    found = {name: float(m.step_size) for name, m in net.named_modules() if isinstance(m, SparseConv2d)}
    assert found == pytest.approx(case["step_sizes"], rel=1e-6)
