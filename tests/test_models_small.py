"""The networks that this project trains: shapes, names, and the shift-equivariance that their padding allows."""

import pytest
import torch

from core.models import create_model
from core.models.circular import circular_twin

BLURS = ["", "_blur2", "_blur3", "_blur5", "_blur7"]
TOTAL_STRIDE = 8


def seeded(name, **options):
    torch.manual_seed(0)
    return create_model(name, num_classes=5, **options).eval()


@pytest.mark.parametrize("blur", BLURS)
@pytest.mark.parametrize(("arch", "side"), [("cifar_vgg", 32), ("cifar_vgg", 48), ("photo_resnet", 64)])
def test_logits_have_one_number_a_class(arch, side, blur):
    with torch.inference_mode():
        assert seeded(arch + blur)(torch.randn(2, 3, side, side)).shape == (2, 5)


@pytest.mark.parametrize("arch", ["cifar_vgg", "photo_resnet"])
@pytest.mark.parametrize("blur", BLURS[1:])
def test_a_blur_adds_no_parameter(arch, blur):
    plain, blurred = ([p.shape for p in seeded(arch + b).parameters()] for b in ("", blur))
    assert plain == blurred


@pytest.mark.parametrize("blur", BLURS)
def test_both_paddings_share_their_names(blur):
    wrapped, zero = seeded("cifar_vgg" + blur), seeded("cifar_vgg" + blur, padding="zero")
    assert {k: v.shape for k, v in wrapped.state_dict().items()} == {k: v.shape for k, v in zero.state_dict().items()}


@pytest.mark.parametrize("blur", BLURS)
def test_moving_by_the_total_stride_changes_nothing_only_where_all_padding_wraps_round(blur):
    x = torch.randn(1, 3, 32, 32)
    moved = x.roll((TOTAL_STRIDE, -TOTAL_STRIDE), (2, 3))
    with torch.inference_mode():
        wrapped, zero = seeded("cifar_vgg" + blur), seeded("cifar_vgg" + blur, padding="zero")
        assert (wrapped(x) - wrapped(moved)).abs().max() < 1e-6
        assert (zero(x) - zero(moved)).abs().max() > 1e-5


@pytest.mark.parametrize("blur", BLURS)
def test_the_circular_twin_of_a_wrapped_network_is_itself(blur):
    net, x = seeded("cifar_vgg" + blur), torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        assert torch.equal(circular_twin(net)(x), net(x))
        zero = seeded("cifar_vgg" + blur, padding="zero")
        assert (circular_twin(zero)(x) - net(x)).abs().max() < 1e-5


def test_a_wider_blur_moves_less_when_the_picture_moves_by_a_pixel():
    x = torch.randn(8, 3, 32, 32)
    distances = []
    with torch.inference_mode():
        for blur in ("_blur1", "_blur3", "_blur5", "_blur7"):
            net = seeded("cifar_vgg" + blur)
            distances.append(float((net(x) - net(x.roll(1, 3))).norm() / net(x).norm()))
    assert distances == sorted(distances, reverse=True)


def test_an_unknown_padding_is_refused():
    with pytest.raises(ValueError, match="'circular' or 'zero'"):
        create_model("cifar_vgg", num_classes=10, padding="reflect")
