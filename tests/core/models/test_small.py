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
    wrapped, mirrored = seeded("cifar_vgg" + blur), seeded("cifar_vgg" + blur, padding="reflect")
    shapes = [{k: v.shape for k, v in net.state_dict().items()} for net in (wrapped, mirrored)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("blur", BLURS)
def test_moving_by_the_total_stride_changes_nothing_only_where_all_padding_wraps_round(blur):
    x = torch.randn(1, 3, 32, 32)
    moved = x.roll((TOTAL_STRIDE, -TOTAL_STRIDE), (2, 3))
    with torch.inference_mode():
        net = seeded("cifar_vgg" + blur)
        twin = circular_twin(net)
        assert (twin(x) - twin(moved)).abs().max() < 1e-6
        assert (net(x) - net(moved)).abs().max() > 1e-5  # its convolutions pad with zeros


@pytest.mark.parametrize("blur", BLURS[1:])
def test_the_pooling_alone_is_already_its_circular_twin(blur):
    pool, x = seeded("cifar_vgg" + blur).features[2], torch.randn(1, 32, 32, 32)
    mirrored = seeded("cifar_vgg" + blur, padding="reflect").features[2]
    with torch.inference_mode():
        assert torch.equal(circular_twin(pool)(x), pool(x))
        assert (pool(x) - pool(x.roll(2, 3)).roll(-1, 3)).abs().max() < 1e-6
        inside = (slice(None), slice(None), slice(4, -4), slice(4, -4))
        assert torch.allclose(mirrored(x)[inside], pool(x)[inside], atol=1e-6)


def test_a_wider_blur_moves_less_when_the_picture_moves_by_a_pixel():
    x = torch.randn(8, 3, 32, 32)
    distances = []
    with torch.inference_mode():
        for blur in ("_blur1", "_blur3", "_blur5", "_blur7"):
            net = seeded("cifar_vgg" + blur)
            distances.append(float((net(x) - net(x.roll(1, 3))).norm() / net(x).norm()))
    assert distances == sorted(distances, reverse=True)


@pytest.mark.parametrize("arch", ["digits_cnn", "fashion_cnn"])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (9, 31)])
def test_grey_networks_take_one_channel_of_any_size(arch, height, width):
    net = seeded(arch)
    with torch.inference_mode():
        assert net(torch.randn(2, 1, height, width)).shape == (2, 5)
    assert len(create_model(arch).classifier.weight) == 10


@pytest.mark.parametrize(("arch", "limit"), [("digits_cnn", 100_000), ("fashion_cnn", 450_000)])
def test_grey_networks_are_small_in_float16(arch, limit):
    assert 2 * sum(p.numel() for p in seeded(arch).parameters()) < 0.95 * limit  # the header and the statistics too


def test_a_grey_networks_features_are_means_of_its_last_maps():
    net, x = seeded("digits_cnn"), torch.randn(3, 1, 8, 8)
    with torch.inference_mode():
        maps = net.features(x)
        assert maps.shape == (3, 48, 4, 4)
        assert torch.allclose(net(x), net.classifier(maps.mean((2, 3))))


def test_an_unknown_padding_is_refused():
    with pytest.raises(ValueError, match="'circular' or 'reflect'"):
        create_model("cifar_vgg", num_classes=10, padding="zero")
