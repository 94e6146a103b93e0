"""ONNX files to open: exported from networks, and made by hand, good and bad."""

import io
import warnings

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

CLASSES = 5


def exported(net, *shape, any_batch=False, any_side=False, dynamo=False):
    """The bytes of a network in eval mode that is shown pictures of a shape, as torch.onnx.export writes them; the
    older exporter is the quicker."""
    named = ({0: "n"} if any_batch else {}) | ({2: "h", 3: "w"} if any_side else {})
    axes = {"dynamic_axes": {"x": named}, "input_names": ["x"]} if named else {}
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its age, and of what it traces
        torch.onnx.export(net.eval(), (torch.zeros(shape),), stream, dynamo=dynamo, verbose=False, **axes)
    return stream.getvalue()


def small(classes=CLASSES, *after):
    """A network (B, 3, H, W) -> (B, classes) whose answers differ, and what comes after it."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes), *after
    ).eval()


def constant(name, values):
    return numpy_helper.from_array(np.asarray(values), name)


def picture(shape=(1, 3, 8, 8), kind=TensorProto.FLOAT, name="x"):
    return helper.make_tensor_value_info(name, kind, shape)


def answer(name="y", kind=TensorProto.FLOAT, shape=None):
    return helper.make_tensor_value_info(name, kind, shape)


def graph(nodes, numbers=(), inputs=None, outputs=None, metadata=None):
    """A model of nodes (operator, inputs, outputs, attributes) and constants by name."""
    made = [helper.make_node(kind, list(ins), list(outs), **more) for kind, ins, outs, more in nodes]
    body = helper.make_graph(made, "g", inputs or [picture()], outputs or [answer()], list(numbers))
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, metadata or {})
    return model


def read_out(before="x", features=192, after="y", classes=CLASSES):
    """Nodes and constants of a linear layer on all that comes in."""
    weight = np.random.default_rng(0).normal(size=(features, classes)).astype(np.float32)
    nodes = [("Flatten", [before], ["flat"], {}), ("MatMul", ["flat", "w"], [after], {})]
    return nodes, [constant("w", weight)]


def linear(*, inputs=None, outputs=None, metadata=None, classes=CLASSES, features=192):
    """The smallest file that opens."""
    nodes, numbers = read_out(classes=classes, features=features)
    return graph(nodes, numbers, inputs, outputs, metadata)


def ending(*nodes, numbers=(), outputs=None):
    """A linear layer, "z" (1, CLASSES), and nodes after it that make "y" of it."""
    before, own = read_out(after="z")
    return graph([*before, *nodes], [*own, *numbers], outputs=outputs)


def beginning(*nodes, numbers=(), inputs=None):
    """Nodes that make "p" of "x", and a linear layer on that."""
    after, own = read_out("p")
    return graph([*nodes, *after], [*own, *numbers], inputs)


def external(model, place):
    """The same with the numbers of its constants said to lie in another file."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    for tensor in model.graph.initializer:
        raw = tensor.raw_data
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", place), ("offset", "0"), ("length", str(len(raw)))):
            tensor.external_data.add(key=key, value=value)
    return model


def within(tensor):
    """A tensor as the value of an operator in a branch of an operator, as deep as it may lie in a file."""
    deep = helper.make_graph(
        [helper.make_node("Constant", [], ["k"], value=tensor), helper.make_node("Add", ["z", "k"], ["a"])],
        "then", [], [answer("a")],
    )  # fmt: skip
    other = helper.make_graph([helper.make_node("Neg", ["z"], ["b"])], "else", [], [answer("b")])
    branch = ("If", ["t"], ["y"], {"then_branch": deep, "else_branch": other})
    return ending(branch, numbers=[constant("t", True)])
