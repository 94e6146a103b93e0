"""Weights files to read: small good ones, and those that somebody hostile might send."""

import io
import os
import zipfile

import numpy as np
import torch
from torch import nn


def small_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


def torch_bytes(value, *, zipped=True, protocol=2):
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    return stream.getvalue()


def equal(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def one_sentence(error):
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith("expected ")
    assert "got" in text
    assert ": " in text
    assert len(text) < 600
    return text


class Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch '{self.target}'",)


def bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("archive/data/0", bytes(3_000_000))
    return stream.getvalue()


def zipped_again():
    """What a browser or a mail program makes of a folder of weights files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("birds.pt", torch_bytes({"w": torch.ones(2)}))
    return stream.getvalue()


def torchscript():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("net/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("net/constants.pkl", b"\x80\x02)q\x00.")
    return stream.getvalue()


def npz():
    stream = io.BytesIO()
    np.savez(stream, w=np.ones(3))
    return stream.getvalue()


def npy_of_objects():
    stream = io.BytesIO()
    np.save(stream, np.array([object()], dtype=object), allow_pickle=True)
    return stream.getvalue()


def cyclic():
    tree = {}
    tree["model"] = tree
    return torch_bytes(tree)


def cyclic_and_wide():
    tree = {}
    tree.update({f"a{i}": tree for i in range(40)} | {f"b{i}": {"a": tree, "b": tree} for i in range(40)})
    return torch_bytes(tree)


def safetensors_header(text, length=None):
    return (len(text) if length is None else length).to_bytes(8, "little") + text.encode()
