"""ONNX files that cannot be asked: each is one sentence, and nothing outside of the file is read."""

import random

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from core.networks import brought, onnx_bytes, onnx_files
from core.networks.download import WeightsError
from core.networks.own_options import FileOptions
from tests.helpers import weight_files
from tests.helpers.onnx_files import (
    answer,
    beginning,
    constant,
    ending,
    exported,
    external,
    graph,
    linear,
    picture,
    small,
    within,
)
from tests.helpers.weight_files import one_sentence

NUMBERS = np.arange(3, dtype=np.int64)


def refused(model, title="mine.onnx", **said):
    data = model if isinstance(model, bytes) else model.SerializeToString()
    with pytest.raises(WeightsError) as error:
        brought.open_file(data, title, FileOptions(**said))
    return one_sentence(error)


def loop():
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["v"], ["w2"])],
        "body",
        [answer("i", TensorProto.INT64, []), answer("go", TensorProto.BOOL, []), answer("v", shape=[1, 5])],
        [answer("on", TensorProto.BOOL, []), answer("w2", shape=[1, 5])],
    )
    given = [constant("once", np.int64(1)), constant("t", True)]
    return ending(("Loop", ["once", "t", "z"], ["y"], {"body": body}), numbers=given)


def summed(*nodes, **numbers):
    """A file that makes maps by some operators and sums them up."""
    total = ("ReduceSum", ["c"], ["r"], {"keepdims": 0})
    given = [constant(name, value) for name, value in numbers.items()]
    return ending(*nodes, total, ("Add", ["z", "r"], ["y"], {}), numbers=given)


WIDE = np.int64([8, 8, 16])
LARGE = {
    "a constant": summed(("ConstantOfShape", ["s"], ["c"], {}), s=WIDE),
    "a number spread": summed(("Expand", ["one", "s"], ["c"], {}), s=WIDE, one=np.ones(1, np.float32)),
    "numbers counted": summed(
        ("Range", ["a", "b", "d"], ["c"], {}), a=np.float32(0), b=np.float32(1024), d=np.float32(1)
    ),
}


@pytest.mark.parametrize("what", LARGE)
def test_maps_beyond_the_bound_are_refused_before_they_are_made(what, monkeypatch):
    monkeypatch.setattr(onnx_files, "LARGEST", 1024)
    brought.open_file(LARGE[what].SerializeToString(), "mine.onnx")
    monkeypatch.setattr(onnx_files, "LARGEST", 1023)
    assert "expected maps of at most 1,023 numbers" in refused(LARGE[what])


BAD = {
    "an operator that nobody knows": (ending(("Wizard", ["z"], ["y"], {})), "got Wizard-17"),
    "an operator of another house": (ending(("Spell", ["z"], ["y"], {"domain": "com.magic"})), "got com.magic.Spell"),
    "numbers in another file": (external(linear(), "numbers.bin"), "got one that names another file for them"),
    "a loop": (loop(), "got the operator Loop"),
    "two inputs": (
        graph([("Add", ["x", "x2"], ["p"], {}), ("Flatten", ["p"], ["y"], {})], inputs=[picture(), picture(name="x2")]),
        "expected one input, the pictures, got 2",
    ),
    "no input": (graph([("Identity", ["k"], ["y"], {})], [constant("k", np.ones((1, 5), np.float32))], inputs=[
        picture(name="unused")]), "expected"),
    "whole numbers": (
        beginning(("Cast", ["x"], ["p"], {"to": TensorProto.FLOAT}), inputs=[picture(kind=TensorProto.UINT8)]),
        "expected an input of floating-point numbers, got u8",
    ),
    "vectors": (linear(inputs=[picture((1, 192))]), r"got (1, 192)"),
    "a film": (linear(inputs=[picture((1, 3, 4, 4, 4))]), "got (1, 3, 4, 4, 4)"),
    "oblong pictures": (linear(inputs=[picture((1, 3, 4, 16))]), "got (1, 3, 4, 16)"),
    "four channels": (linear(inputs=[picture((1, 4, 8, 8))], features=256), "got (1, 4, 8, 8)"),
    "pictures too large": (
        graph(
            [("GlobalAveragePool", ["x"], ["p"], {}), ("Flatten", ["p"], ["y"], {})],
            inputs=[picture((1, 3, 2000, 2000))],
        ),
        "got (1, 3, 2000, 2000)",
    ),
    "pictures of 2 px": (linear(inputs=[picture((1, 3, 2, 2))], features=12), "got (1, 3, 2, 2)"),
    "maps": (graph([("Relu", ["x"], ["y"], {})]), "expected one output of answers, (B, K), got (1, 3, 8, 8)"),
    "a number": (ending(("ReduceSum", ["z"], ["y"], {"keepdims": 0})), "expected one output of answers, (B, K)"),
    "two rows of answers": (
        ending(("Relu", ["z"], ["y"], {}), ("Neg", ["z"], ["y2"], {}), outputs=[answer(), answer("y2")]),
        "expected one output of answers, (B, K), got (1, 5), (1, 5)",
    ),
    "rows that are not pictures": (
        ending(("Reshape", ["z", "s"], ["y"], {}), numbers=[constant("s", np.int64([5, 1]))]),
        "expected a row of answers for each picture, (B, K), got (5, 1)",
    ),
    "answers that are no numbers": (
        ending(("Sub", ["z", "z"], ["o"], {}), ("Div", ["o", "o"], ["y"], {})), "expected numbers as answers",
    ),
    "shapes that do not fit": (linear(features=191), "one that it refuses"),
    "no graph": (helper.make_model(helper.make_graph([], "g", [], [])), "expected"),
    "text": (b"not a network", "expected an ONNX file, got one that is damaged or none"),
    "nothing": (b"", "expected a file of 1 to"),
    "OpenVINO's own format": (b'<?xml version="1.0"?><net name="a" version="11"></net>', "damaged or none"),
    "weights under a wrong name": (weight_files.torch_bytes(small().state_dict()), "damaged or none"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_cannot_be_asked_is_one_sentence(what):
    model, said = BAD[what]
    assert said in refused(model)


SAID = {
    "no size where the file takes any": ({}, "say --input-size, such as 224"),
    "a size that it cannot be": ({"size": 2000}, "expected an input of 1 to 1,024 px, got 2000"),
    "a size at which it breaks": ({"size": 1}, "expected"),
    "an architecture": (
        {"size": 16, "arch": "resnet18"},
        "expected the one network that an ONNX file holds, got --arch",
    ),
    "a part": ({"size": 16, "part": "model"}, "expected the one network that an ONNX file holds, got --part"),
    "another layout": ({"size": 16, "layout": "NHWC"}, "expected the layout NCHW for this ONNX file, got 'NHWC'"),
    "no layout": ({"size": 16, "layout": "CHWN"}, "expected the layout NCHW for this ONNX file, got 'CHWN'"),
    "labels too few": ({"size": 16, "labels": ("a", "b")}, "expected 5 labels, as many as the file tells apart, got 2"),
    "means too few": ({"size": 16, "mean": (0.1, 0.2)}, "expected 1 or 3 numbers for each of --mean and --std"),
    "a family of grey pictures": ({"size": 16, "like": "MNIST"}, "expected a mean for each of its 3 channels, got 1"),
}


@pytest.fixture(scope="module")
def any_side():
    return exported(small(), 1, 3, 16, 16, any_batch=True, any_side=True)


@pytest.mark.parametrize("what", SAID)
def test_what_is_said_of_a_file_and_does_not_fit_is_one_sentence(what, any_side):
    said, words = SAID[what]
    with pytest.raises(WeightsError) as error:
        brought.open_file(any_side, "mine.onnx", FileOptions(**said))
    assert words in one_sentence(error)


def test_a_file_of_one_size_is_asked_at_no_other():
    assert "expected pictures of 8 px, as this ONNX file takes, got 32" in refused(linear(), size=32)


def test_a_layout_is_said_of_onnx_alone():
    data = weight_files.torch_bytes(small().state_dict())
    assert "expected an ONNX file for --layout" in refused(data, "mine.pt", layout="NHWC")


# ---- nothing outside the file --------------------------------------------------------------------


def places():
    """Every place in a file where a tensor may lie."""
    [tensor] = external(linear(), "numbers.bin").graph.initializer
    plain = linear()
    yield "among the constants", external(linear(), "numbers.bin")
    yield "in an operator", ending(("Constant", [], ["k"], {"value": tensor}), ("MatMul", ["x", "k"], ["y"], {}))
    yield "in a branch of an operator", within(tensor)
    listed = helper.make_attribute("many", [tensor])
    several = linear()
    several.graph.node[0].attribute.append(listed)
    yield "in a list of an operator's", several
    sparse = linear()
    sparse.graph.sparse_initializer.add().values.CopyFrom(tensor)
    yield "in a sparse constant", sparse
    places = linear()
    places.graph.sparse_initializer.add().indices.CopyFrom(tensor)
    yield "in a sparse constant's places", places
    function = linear()
    made = function.functions.add(name="f", domain="d")
    made.node.add(op_type="Constant").attribute.append(helper.make_attribute("value", tensor))
    yield "in a function", function
    training = linear()
    training.training_info.add().algorithm.initializer.append(tensor)
    yield "in what trains it", training
    twice = (
        plain.SerializeToString() + onnx.ModelProto(graph=external(linear(), "numbers.bin").graph).SerializeToString()
    )
    yield "in a second graph, which protobuf adds to the first", twice
    silent = external(linear(), "numbers.bin")
    silent.graph.initializer[0].ClearField("data_location")
    yield "without a word where it lies", silent


@pytest.mark.parametrize(("where", "model"), list(places()), ids=[where for where, _ in places()])
def test_a_file_that_names_another_is_refused_before_openvino_sees_it(where, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numbers.bin").write_bytes(np.random.default_rng(0).normal(size=(192, 5)).astype(np.float32).tobytes())
    assert "got one that names another file for them" in refused(model)
    with pytest.raises(WeightsError, match="names another file"):
        brought.guesses(model if isinstance(model, bytes) else model.SerializeToString(), "mine.onnx")


def test_the_walk_knows_every_message_in_which_a_tensor_may_lie():
    """onnx's own description of its format, against the table by which files are walked."""
    kinds = {
        "model": onnx.ModelProto, "training": onnx.TrainingInfoProto, "function": onnx.FunctionProto,
        "graph": onnx.GraphProto, "node": onnx.NodeProto, "attribute": onnx.AttributeProto,
        "sparse": onnx.SparseTensorProto, "tensor": onnx.TensorProto, "entry": onnx.StringStringEntryProto,
    }  # fmt: skip
    names = {made.DESCRIPTOR.name: name for name, made in kinds.items()}
    holds = set(names) - {"StringStringEntryProto"}
    for name, made in kinds.items():
        wanted = {f.number: names[f.message_type.name] for f in made.DESCRIPTOR.fields
                  if f.message_type and f.message_type.name in holds}  # fmt: skip
        found = {number: kind for number, kind in onnx_bytes.MESSAGES[name].items() if kind != "entry"}
        assert found == wanted
    fields = onnx.TensorProto.DESCRIPTOR.fields_by_name
    assert (fields["external_data"].number, fields["data_location"].number) == (onnx_bytes.EXTERNAL, onnx_bytes.WHERE)


def test_damaged_files_are_a_sentence_or_a_network():
    data, said = ending(("Softmax", ["z"], ["y"], {})).SerializeToString(), []
    for seed in range(40):
        dice, bytes_ = random.Random(seed), bytearray(data)
        for _ in range(dice.choice([1, 1, 2, 4])):
            bytes_[dice.choice([dice.randrange(120), -1 - dice.randrange(120)])] = dice.randrange(256)
        if seed % 10 == 0:
            del bytes_[dice.randrange(len(bytes_)) :]
        try:
            brought.open_file(bytes(bytes_), "mine.onnx")
        except WeightsError as error:
            said.append(str(error))
    assert 0 < len(said) < 40
    assert all(one.startswith("expected ") and "\n" not in one for one in said)


def test_a_name_in_the_file_stays_text():
    hostile = linear(metadata={"labels": '["<b>a</b>", "$x$", "[l](http://e)", "\\u001b[31m", "e"]'})
    hostile.producer_name = "<script>\x1b[31m\n" * 40
    network = brought.open_file(hostile.SerializeToString(), "mine.onnx")
    assert network.labels[0] == "<b>a</b>"
    assert "\x1b" not in network.card.provenance
    assert len(network.card.provenance) < 400
