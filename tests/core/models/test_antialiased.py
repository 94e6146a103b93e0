"""The anti-aliased networks against recorded numbers, closed forms, and what the paper says they are for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch import Tensor, nn

from core.models import ARCHITECTURES, UnknownModelError, create_model, list_models
from core.models.binomial import SIZES
from core.models.blurpool import BlurPool1d, BlurPool2d, binomial_taps
from tests.helpers.parity import (
    GOLDEN,
    fill_module,
    load_case,
    make_input,
    output_problems,
    state_problems,
    state_shapes,
)

OURS = ("cifar_vgg", "photo_resnet")
IMAGENET = [arch for arch, builders in ARCHITECTURES.items() if builders.blurred and arch not in OURS]
CASES = sorted(path.stem for path in GOLDEN.glob("aa_*.json"))
BLURS = load_case("blurpool_sizes_1_to_5")
NUMPY_PAD = {"reflect": "reflect", "replicate": "edge", "zero": "constant"}


def names_of(case_name: str) -> tuple[str, int]:
    """("resnet18_blur3", classes) of the case "aa_resnet18_f3"."""
    shapes = list(load_case(case_name)["state_dict"].values())
    return re.sub(r"^aa_(.*)_f(\d)$", r"\1_blur\2", case_name), shapes[-1][0]


# ---------------------------------------------------------------- golden numbers


@pytest.mark.parametrize("case_name", CASES)
def test_network_matches_the_recorded_outputs(case_name: str) -> None:
    case = load_case(case_name)
    name, classes = names_of(case_name)
    net = create_model(name, num_classes=classes).eval()
    assert state_problems(net, case) == []
    assert sum(p.numel() for p in net.parameters()) == case["n_parameters"]
    fill_module(net, case["fill"]["gain"])
    for output, spec in (("logits", "x"), ("logits_blocks", "xb")):
        with torch.inference_mode():
            got = net(make_input(case["input"][spec]))
        assert output_problems(got, case["outputs"][output], case["rtol"]) == [], output


def test_the_comparison_notices_a_wrong_blur() -> None:
    case = load_case("aa_resnet18_f3")
    net = create_model("resnet18_blur3", padding="zero").eval()
    fill_module(net, case["fill"]["gain"])
    with torch.inference_mode():
        got = net(make_input(case["input"]["x"]))
    assert output_problems(got, case["outputs"]["logits"], case["rtol"])


@pytest.mark.parametrize("output", BLURS["outputs"])
def test_blur_matches_the_recorded_outputs(output: str) -> None:
    x = make_input(BLURS["input"]["x"])
    if match := re.fullmatch(r"filt_f(\d)", output):
        got = BlurPool2d(6, int(match[1])).filt
    elif match := re.fullmatch(r"1d_(\w+)_f(\d)_s(\d)", output):
        got = BlurPool1d(6, int(match[2]), int(match[3]), padding=match[1])(x[:, :, 0])
    else:
        match = re.fullmatch(r"(\w+)_f(\d)_s(\d)_o(-?\d)", output)
        assert match
        padding, size, stride, offset = match[1], *map(int, match.groups()[1:])
        got = BlurPool2d(6, size, stride, padding=padding, offset=offset)(x)
    assert output_problems(got, BLURS["outputs"][output], BLURS["rtol"]) == []


@pytest.mark.parametrize("case_name", CASES)
def test_published_key_form_loads_strictly(case_name: str) -> None:
    name, classes = names_of(case_name)
    with torch.device("meta"):
        net = create_model(name, num_classes=classes)
        state = {key: torch.empty(shape) for key, shape in load_case(case_name)["state_dict"].items()}
    net.load_state_dict(state, strict=True, assign=True)
    blur = next(key for key in state if key.endswith(".filt"))
    with pytest.raises(RuntimeError, match=re.escape(blur)):
        net.load_state_dict({key: value for key, value in state.items() if key != blur}, strict=True)


# ---------------------------------------------------------------- the blur against a second source


@pytest.mark.parametrize("padding", NUMPY_PAD)
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", SIZES)
def test_blur_is_scipys_correlation_with_a_power_of_the_rectangle(size: int, stride: int, padding: str) -> None:
    taps = (np.poly1d([0.5, 0.5]) ** (size - 1)).coeffs
    x = np.random.default_rng(size).standard_normal((11, 14)).astype(np.float32)
    around = ((size - 1) // 2, size // 2)  # floor before, ceil after
    want = correlate2d(np.pad(x, around, NUMPY_PAD[padding]), np.outer(taps, taps), "valid")
    blur = BlurPool2d(1, size, stride, padding=padding)
    assert blur(torch.from_numpy(x)[None, None])[0, 0].numpy() == pytest.approx(want[::stride, ::stride], abs=1e-6)


@pytest.mark.parametrize("padding", NUMPY_PAD)
@pytest.mark.parametrize("offset", [-1, 0, 1])
@pytest.mark.parametrize("size", SIZES)
def test_as_matrices_is_the_convolution(size: int, offset: int, padding: str) -> None:
    x = torch.randn(2, 3, 11, 14, generator=torch.Generator().manual_seed(0))
    for stride in (1, 2, 3):
        blur = BlurPool2d(3, size, stride, padding=padding, offset=offset)
        convolved = blur(x)
        blur.as_matrices = True
        torch.testing.assert_close(blur(x), convolved, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("size", "share"), [(1, 0.50), (2, 0.18), (3, 0.076), (4, 0.033), (5, 0.015), (6, 0.007), (7, 0.003)]
)
def test_energy_above_the_new_nyquist_frequency(size: int, share: float) -> None:
    omega = (np.arange(4096) + 0.5) * np.pi / 4096
    power = np.abs(np.exp(-1j * np.outer(omega, np.arange(size))) @ binomial_taps(size).numpy()) ** 2
    half_a_digit = 5e-3 if share > 0.1 else 5e-4
    assert power[2048:].sum() / power.sum() == pytest.approx(share, abs=half_a_digit)


@pytest.mark.parametrize("size", [0, 8])
def test_blur_refuses_other_sizes(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 7"):
        BlurPool2d(3, size)


# ---------------------------------------------------------------- the registry


def test_registry_lists_each_architecture_plain_and_seven_times_blurred() -> None:
    names = list_models()
    blurred = [arch for arch, builders in ARCHITECTURES.items() if builders.blurred]
    assert len(names) == len(set(names)) == len(ARCHITECTURES) + 7 * len(blurred)
    plain_only = "bagnet|sdnet|cifar_resnet|_cifar$|_cnn|vgg5|random|resnet(blur|aa)|lite0_"
    assert [arch for arch in ARCHITECTURES if arch not in blurred] == [
        arch for arch in ARCHITECTURES if re.search(plain_only, arch)
    ]
    for name in ("resnet18", "vgg11_bn_blur7", "wide_resnet101_2_blur1", "cifar_vgg_blur2", "photo_resnet"):
        assert name in names


def test_importing_the_registry_does_not_import_torch() -> None:
    code = (
        "import sys, core.models as m; assert m.list_models(); "
        "sys.exit(bool({'torch', 'torchvision'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)


@pytest.mark.parametrize(
    ("wrong", "meant"), [("resnet18_blur8", "resnet18_blur"), ("desnet121", "densenet121"), ("vgg", "vgg11")]
)
def test_unknown_name_lists_the_nearest(wrong: str, meant: str) -> None:
    with pytest.raises(UnknownModelError, match=meant):
        create_model(wrong)
    assert issubclass(UnknownModelError, ValueError)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(TypeError, match=r"resnet18_blur3 has the options pool_only, padding, got pad\b"):
        create_model("resnet18_blur3", pad="zero")
    with pytest.raises(TypeError, match="resnet18 has no options"):
        create_model("resnet18", pool_only=True)
    with pytest.raises(TypeError, match="vgg11_blur3 has the options padding"):
        create_model("vgg11_blur3", pool_only=True)
    with pytest.raises(ValueError, match="reflect"), torch.device("meta"):
        create_model("resnet18_blur3", padding="wrap")


@pytest.mark.parametrize("arch", ["cifar_vgg", "photo_resnet"])
def test_own_networks(arch: str) -> None:
    for name in (arch, f"{arch}_blur5"):
        net = create_model(name, num_classes=7).eval()
        blurs = [module.size for module in net.modules() if isinstance(module, BlurPool2d)]
        assert set(blurs) == ({5} if "blur" in name else set())
        with torch.inference_mode():
            assert net(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


# ---------------------------------------------------------------- the architectures


def learned(net: nn.Module) -> dict[str, tuple[int, ...]]:
    return {key: shape for key, shape in state_shapes(net).items() if not key.endswith("filt")}


@pytest.mark.parametrize("arch", IMAGENET)
def test_blurred_network_has_the_plain_networks_parameters(arch: str) -> None:
    with torch.device("meta"):
        plain, blurred = create_model(arch), create_model(f"{arch}_blur6")
    assert list(learned(blurred).values()) == list(learned(plain).values())
    assert sum(p.numel() for p in blurred.parameters()) == sum(p.numel() for p in plain.parameters())
    kernels = [shape for key, shape in state_shapes(blurred).items() if key.endswith("filt")]
    assert kernels
    assert all(shape[1:] == (1, 6, 6) for shape in kernels)
    blurs = [module for module in blurred.modules() if isinstance(module, BlurPool2d)]
    assert {blur.mode for blur in blurs} == {"reflect"}
    with torch.device("meta"):
        assert blurred(torch.empty(1, 3, 224, 224)).shape == (1, 1000)


def leave_out_the_pooled_stem(net: nn.Module, arch: str) -> None:
    """ResNet's pools differ by kernel (2, not 3) and DenseNet's by the blur: compare what follows them."""
    if arch.startswith("res"):
        net.maxpool = nn.Identity()
    if arch.startswith("dense"):
        net.features.pool0 = net.features.maxpool0 = nn.Identity()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("alexnet_blur1", {"pool_only": True}),
        ("resnet18_blur1", {}),
        ("resnext50_32x4d_blur1", {}),
        ("densenet121_blur2", {}),  # the two-tap blur is the 2x2 mean that its transitions had
        ("mobilenet_v2_blur1", {}),
    ],
)
def test_one_tap_gives_back_the_plain_network(name: str, options: dict[str, bool]) -> None:
    torch.manual_seed(0)
    arch = name.rpartition("_")[0]
    plain = create_model(arch, num_classes=10).eval()
    blurred = create_model(name, num_classes=10, **options).eval()
    for conv in plain.modules():
        if isinstance(conv, nn.Conv2d):
            nn.init.kaiming_normal_(conv.weight)
    values = plain.state_dict().values()
    missing, extra = blurred.load_state_dict(dict(zip(learned(blurred), values, strict=True)), strict=False)
    assert all(key.endswith("filt") for key in missing)
    assert extra == []
    for net in (plain, blurred):
        leave_out_the_pooled_stem(net, arch)
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        want = plain(x)
        scale = want.square().mean().sqrt()
        torch.testing.assert_close(blurred(x) / scale, want / scale, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "pool_only", "strides"),
    [
        ("alexnet_blur3", False, [2, 2, 1, 2, 1, 2, 1, 2]),
        ("alexnet_blur3", True, [4, 1, 2, 1, 2, 1, 2]),
        ("resnet18_blur3", False, [1, 2, 1, 2]),
        ("resnet18_blur3", True, [2, 1, 2]),
        ("densenet121_blur3", False, [1, 2, 1, 2]),
        ("densenet121_blur3", True, [2, 1, 2]),
    ],
)
def test_stem_strides_with_and_without_pool_only(name: str, pool_only: bool, strides: list[int]) -> None:
    with torch.device("meta"):
        net = create_model(name, pool_only=pool_only)
        default = create_model(name)
    assert (state_shapes(net) == state_shapes(default)) == (pool_only is not name.startswith("alexnet"))
    if name.startswith("resnet"):
        stem = [net.conv1, *net.maxpool]
    else:
        kinds = nn.Conv2d | nn.MaxPool2d | BlurPool2d
        stem = [layer for layer in net.features if isinstance(layer, kinds)]
        stem = [layer for layer in stem if not isinstance(layer, nn.Conv2d) or layer.in_channels == 3]
    found = [s[0] if isinstance(s, tuple) else s for s in (layer.stride for layer in stem)]
    assert found == strides


@pytest.mark.parametrize(("padding", "mode"), [("replicate", "replicate"), ("zero", "constant")])
@pytest.mark.parametrize("arch", ["alexnet", "vgg11_bn", "resnet50", "densenet121", "mobilenet_v2"])
def test_padding_reaches_every_blur(arch: str, padding: str, mode: str) -> None:
    with torch.device("meta"):
        net = create_model(f"{arch}_blur4", padding=padding)
    assert {module.mode for module in net.modules() if isinstance(module, BlurPool2d)} == {mode}


# ---------------------------------------------------------------- what it is for


def circular_stack(blur: int | None) -> nn.Sequential:
    """Two convolutions and two (blurred) max-pools on a torus: total stride 4."""
    layers: list[nn.Module] = []
    for inputs in (3, 8):
        layers += [nn.Conv2d(inputs, 8, 3, padding=1, padding_mode="circular"), nn.ReLU()]
        if blur is None:
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.CircularPad2d((0, 1, 0, 1)), nn.MaxPool2d(2, stride=1), BlurPool2d(8, blur)]
            layers[-1].mode = "circular"
    net = nn.Sequential(*layers)
    fill_module(net)
    return net


def internal_distance(net: nn.Module, x: Tensor, shift: tuple[int, int]) -> float:
    """Mean cosine distance between F(Shift(x)) and Shift(F(x)), the latter in whole strides of 4."""
    with torch.inference_mode():
        moved = net(x.roll(shift, (2, 3)))
        expected = net(x).roll((shift[0] // 4, shift[1] // 4), (2, 3))
    return float(1 - nn.functional.cosine_similarity(moved.double(), expected.double(), dim=1).mean())


@pytest.mark.parametrize("blur", [None, 1, 2, 3, 4, 5, 6, 7])
def test_internal_distance_vanishes_at_the_total_stride(blur: int | None) -> None:
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    net = circular_stack(blur)
    for shift in ((4, 0), (0, -8), (4, 12)):
        assert internal_distance(net, x, shift) == pytest.approx(0, abs=1e-6)
    assert internal_distance(net, x, (1, 1)) > 1e-4


def test_longer_blurs_bring_odd_shifts_closer() -> None:
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    distances = [internal_distance(circular_stack(blur), x, (1, 1)) for blur in (None, 2, 3, 5, 7)]
    assert distances == sorted(distances, reverse=True)
