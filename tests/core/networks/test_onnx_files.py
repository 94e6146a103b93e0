"""ONNX files: what one takes and gives is read off its shapes, and its answers are PyTorch's."""

import json

import numpy as np
import pytest
import torch
from onnx import TensorProto
from torch import nn
from torchvision.models import mobilenet_v2, resnet18

from core import networks
from core.networks import brought, engine, onnx_networks, swift
from core.networks.families import IMAGENET_MEAN, IMAGENET_STD, family_labels
from core.networks.own_options import FileOptions
from core.pictures.preprocess import to_tensor
from tests.helpers.onnx_files import CLASSES, answer, beginning, constant, ending, exported, linear, picture, small


def opened(model, title="mine.onnx", **said):
    """The network in bytes, or in an onnx.ModelProto."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return brought.open_file(data, title, FileOptions(**said))


def guess(model):
    data = model if isinstance(model, bytes) else model.SerializeToString()
    [found] = brought.guesses(data, "mine.onnx")
    return found


def noise(count, channels, side):
    return torch.rand((count, channels, side, side), generator=torch.Generator().manual_seed(1))


def agree(network, net, rows=5):
    """Whether its answers are those of the module that it was exported from."""
    x = noise(rows, len(network.preprocessing.mean), network.preprocessing.size)
    with torch.inference_mode():
        wanted = net(x)
    assert wanted.std() > 0
    torch.testing.assert_close(network.engine.exact(x), wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


def own(name):
    return networks.open_network(name).engine.plain


def fresh(build):
    torch.manual_seed(0)
    return build(weights=None).eval()


CASES = {
    "photo_resnet": (lambda: own("photo_resnet"), 3, 64),
    "cifar_vgg": (lambda: own("cifar_vgg"), 3, 32),
    "digits_cnn": (lambda: own("digits_cnn"), 1, 28),
    "lite0": (lambda: own("lite0"), 3, 224),
    "resnet18": (lambda: fresh(resnet18), 3, 64),
    "mobilenet_v2": (lambda: fresh(mobilenet_v2), 3, 64),
}


@pytest.mark.parametrize("name", CASES)
def test_its_answers_are_those_of_pytorch(name):
    build, channels, side = CASES[name]
    net = build()
    network = opened(exported(net, 1, channels, side, side), f"{name}.onnx")
    assert (network.preprocessing.size, len(network.preprocessing.mean)) == (side, channels)
    assert network.card.answers_only
    assert network.card.name == f"user:{name}.onnx"
    agree(network, net)


def test_the_newer_exporter_writes_such_files_too():
    net = small()
    network = opened(exported(net, 1, 3, 16, 16, dynamo=True))
    assert "from pytorch 2" in network.card.provenance
    agree(network, net)


def test_the_reported_answers_are_those_of_float32_one_at_a_time():
    shipped = networks.open_network("photo_resnet")
    network = opened(exported(shipped.engine.plain, 1, 3, 64, 64), like="photographs")
    assert (network.labels, network.preprocessing) == (shipped.labels, shipped.preprocessing)
    pixels = np.random.default_rng(0).integers(0, 256, (150, 64, 64, 3), np.uint8)
    x = to_tensor(pixels, shipped.preprocessing)
    found = engine.logits(network.engine, lambda which: x[which], len(x))
    with torch.inference_mode():
        wanted = torch.cat([shipped.engine.plain(one[None]) for one in x]).argmax(1).numpy()
    assert len(set(wanted)) > 2
    assert np.array_equal(found.top1, wanted)


# ---- how pictures go in --------------------------------------------------------------------------


class Turned(nn.Module):
    """A network that takes pictures with their channels last."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x.permute(0, 3, 1, 2))


def test_channels_may_come_last():
    net = small()
    data = exported(Turned(net), 1, 16, 16, 3)
    assert guess(data).layouts == ("NHWC",)
    network = opened(data)
    assert network.card.arch == "onnx-nhwc"
    agree(network, net)


def test_where_the_file_leaves_the_layout_open_it_can_be_said():
    last = linear(inputs=[picture(("n", "a", "b", "c"))], features=48)
    assert guess(last).layouts == ("NCHW", "NHWC")
    first, other = (opened(last, size=4, layout=layout) for layout in ("", "NHWC"))
    assert first.identity != other.identity
    x = noise(2, 3, 4)
    torch.testing.assert_close(first.engine.plain(x.permute(0, 2, 3, 1).reshape(2, 3, 4, 4)), other.engine.plain(x))


@pytest.mark.parametrize("many", [1, 4])
def test_a_file_for_so_many_pictures_takes_any_number(many):
    net = small()
    network = opened(exported(net, many, 3, 16, 16))
    assert "at a time" not in network.card.provenance
    agree(network, net, rows=7)


@pytest.mark.parametrize("many", [1, 4])
def test_a_file_that_cannot_take_more_is_asked_so_many_at_a_time(many):
    fold = ("Reshape", ["x", "s"], ["p"], {})
    network = opened(beginning(fold, numbers=[constant("s", np.int64([many, 192]))], inputs=[picture((many, 3, 8, 8))]))
    said = "one picture at a time" if many == 1 else "4 pictures at a time"
    assert said in network.card.provenance
    plain = opened(linear())
    x = noise(7, 3, 8)
    torch.testing.assert_close(network.engine.plain(x), plain.engine.plain(x))
    assert network.engine.plain(x).shape == (7, CLASSES)


def test_answers_that_a_batch_changes_are_asked_one_at_a_time():
    """A mean over the batch: the same file gives a picture another answer beside others."""
    mean = ("ReduceMean", ["x"], ["m"], {"axes": [0], "keepdims": 1})
    network = opened(beginning(mean, ("Sub", ["x", "m"], ["d"], {}), ("Add", ["d", "m"], ["e"], {}),
                               ("Add", ["e", "m"], ["p"], {})))  # fmt: skip
    assert "one picture at a time" in network.card.provenance
    x = noise(3, 3, 8)
    alone = torch.cat([network.engine.plain(x[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(network.engine.plain(x), alone)


def test_a_file_for_any_size_asks_for_one():
    net = small()
    data = exported(net, 1, 3, 16, 16, any_batch=True, any_side=True)
    assert guess(data).any_size
    network = opened(data, size=20)
    assert network.preprocessing.size == 20
    agree(network, net)
    assert opened(data, like="CIFAR-10").preprocessing.size == 32


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_other_floating_point_numbers_are_taken(kind):
    nodes = [("Cast", ["x"], ["p"], {"to": TensorProto.FLOAT})]
    model = beginning(*nodes, inputs=[picture(kind=kind)])
    x = noise(2, 3, 8)
    torch.testing.assert_close(opened(model).engine.plain(x), opened(linear()).engine.plain(x), rtol=0, atol=0.02)


# ---- what comes out ------------------------------------------------------------------------------


def logits(network, x):
    return network.engine.plain(x)


@pytest.mark.parametrize("after", [[], [("Flatten", ["q"], ["y"], {})]], ids=["last", "and then flattened"])
def test_the_logits_before_a_softmax_are_read(after):
    name = "q" if after else "y"
    network = opened(ending(("Softmax", ["z"], [name], {}), *after))
    assert "its softmax left out" in network.card.provenance
    x = noise(3, 3, 8)
    torch.testing.assert_close(logits(network, x), logits(opened(linear()), x))


def test_of_probabilities_made_in_another_way_the_logarithm_is_taken():
    by_hand = [("Exp", ["z"], ["e"], {}), ("ReduceSum", ["e", "one"], ["s"], {}), ("Div", ["e", "s"], ["y"], {})]
    network = opened(ending(*by_hand, numbers=[constant("one", np.int64([1]))]))
    assert "the logarithm of its probabilities" in network.card.provenance
    x = noise(3, 3, 8)
    torch.testing.assert_close(logits(network, x), logits(opened(linear()), x).log_softmax(1))


@pytest.mark.parametrize("end", ["", "Sigmoid"])
def test_one_logit_is_yes_or_no(end):
    nodes = [("Gemm", ["z", "v"], ["u" if end else "y"], {}), *([("Sigmoid", ["u"], ["y"], {})] if end else [])]
    column = np.float32([[0.3], [-0.2], [0.1], [0.4], [-0.1]])
    model = ending(*nodes, numbers=[constant("v", column)])
    network = opened(model, labels=("cat",))
    assert network.labels == ("not cat", "cat")
    assert "one logit, read by the sigmoid" in network.card.provenance
    x = noise(3, 3, 8)
    wanted = (logits(opened(linear()), x) @ torch.from_numpy(column)).sigmoid()
    found = logits(network, x).softmax(1)
    torch.testing.assert_close(found, torch.cat([1 - wanted, wanted], 1))
    assert wanted.std() > 0


def test_answers_may_be_maps_of_one_position():
    network = opened(ending(("Reshape", ["z", "s"], ["y"], {}), numbers=[constant("s", np.int64([-1, CLASSES, 1, 1]))]))
    x = noise(3, 3, 8)
    torch.testing.assert_close(logits(network, x), logits(opened(linear()), x))


def test_the_one_output_of_answers_is_taken():
    model = ending(("Identity", ["z"], ["y"], {}), ("Relu", ["x"], ["maps"], {}), outputs=[answer("maps"), answer("y")])
    x = noise(3, 3, 8)
    torch.testing.assert_close(logits(opened(model), x), logits(opened(linear()), x))


# ---- what is guessed -----------------------------------------------------------------------------

MEAN, SPREAD = (np.float32(v).reshape(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
HEADS = {
    "mean and deviation": ([("Sub", ["x", "a"], ["q"], {}), ("Div", ["q", "b"], ["p"], {})], MEAN, SPREAD, 1.0),
    "of 0..255": ([("Sub", ["x", "a"], ["q"], {}), ("Mul", ["q", "b"], ["p"], {})], np.float32(127.5),
                  np.float32(1 / 127.5), 1 / 255),
    "to [-1, 1]": ([("Mul", ["x", "b"], ["q"], {}), ("Sub", ["q", "a"], ["p"], {})], np.float32(1), np.float32(2), 1.0),
}  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_a_file_that_normalises_by_itself_is_given_plain_pixels(head):
    nodes, a, b, wide = HEADS[head]
    network = opened(beginning(*nodes, numbers=[constant("a", a), constant("b", b)]))
    assert network.preprocessing.mean == (0.0,) * 3
    assert network.preprocessing.std == pytest.approx((wide,) * 3)
    assert "it scales pixels itself" in network.card.provenance
    white = np.full((1, 8, 8, 3), 255, np.uint8)
    assert float(to_tensor(white, network.preprocessing).max()) == pytest.approx(1 / wide)


def test_a_layer_that_learned_is_not_taken_for_a_mean():
    assert opened(linear()).preprocessing.mean == IMAGENET_MEAN
    halves = ("Mul", ["x", "x"], ["p"], {})
    assert opened(beginning(halves)).preprocessing.mean == IMAGENET_MEAN


def test_the_packaged_data_of_such_pictures_tells_mean_and_deviation():
    for name in ("cifar_vgg", "digits_cnn"):
        shipped = networks.open_network(name)
        side, channels = shipped.preprocessing.size, len(shipped.preprocessing.mean)
        found = guess(linear(inputs=[picture((1, channels, side, side))], features=channels * side**2, classes=10))
        assert found.preprocessing.bright_on_dark == shipped.preprocessing.bright_on_dark
        assert found.preprocessing.size == side
        assert len(found.preprocessing.mean) == channels
        assert found.labels == tuple(f"class {i}" for i in range(10))  # ten classes may be any


def test_a_thousand_classes_are_imagenets():
    network = opened(linear(classes=1000))
    assert network.labels == family_labels("imagenet")
    assert network.card.family == "user:mine.onnx"  # of another size


NAMES = ["ant", "bee", "cat", "dog", "eel"]
TOLD = {
    "a list": {"labels": json.dumps(NAMES)},
    "by number": {"id2label": json.dumps(dict(enumerate(NAMES)))},
    "as Python writes them": {"names": repr(dict(enumerate(NAMES)))},
}


@pytest.mark.parametrize("how", TOLD)
def test_its_own_labels_are_used(how):
    model = linear(metadata=TOLD[how])
    assert opened(model).labels == guess(model).labels == tuple(NAMES)
    assert opened(model, labels=("a", "b", "c", "d", "e")).labels == ("a", "b", "c", "d", "e")


def test_labels_that_do_not_fit_are_left_out_and_said():
    model = linear(metadata={"labels": '["ant", "bee"]'})
    said = "the file's own 2 labels are left out, for it tells apart 5 classes"
    assert guess(model).unfit == said
    assert said in opened(model).card.provenance
    assert opened(model).labels[4] == "class 4"


@pytest.mark.parametrize("text", ["", "{", "[" * 5000, "{1: 2}", "9" * 5000, '["a", 1]', "__import__('os')", "null"])
def test_metadata_that_is_no_list_of_names_is_passed_over(text):
    assert opened(linear(metadata=dict.fromkeys(onnx_networks.LABELS, text))).labels[0] == "class 0"


def test_metadata_as_our_weights_files_have_them_are_used():
    about = {"labels": json.dumps(NAMES), "input_size": "8", "mean": "[0.1, 0.2, 0.3]", "std": "[0.4, 0.5, 0.6]"}
    network = opened(linear(metadata=about, inputs=[picture((1, 3, "h", "w"))]))
    assert (network.preprocessing.size, network.preprocessing.mean) == (8, (0.1, 0.2, 0.3))


def test_the_file_is_known_again_by_its_bytes_and_by_what_was_said():
    data = linear().SerializeToString()
    assert opened(data).identity == opened(data).identity
    assert len({opened(data, **said).identity for said in ({}, {"mean": (0.5,)}, {"labels": tuple("abcde")})}) == 3


def test_without_openvino_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(swift, "find_spec", lambda name: None)
    with pytest.raises(networks.WeightsError, match=r"pip install \"receptive\[fast\]\""):
        opened(linear())
