"""Where trained numbers come from: packaged with the project, published by others, or the user's own file.

A state is a plain dict of tensor names to CPU tensors. Files are told apart by their content, and no pickle is
ever executed. torch is imported only by the functions that handle tensors.
"""

import json
import os
import re
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from pickletools import genops
from typing import TYPE_CHECKING, Any, BinaryIO

from core.download import (
    MAX_BYTES,
    Offline,
    Published,
    WeightsError,
    cache_folder,
    download,
    ignore,
)
from core.files import whole
from core.published import PUBLISHED, published, published_names, published_torchvision

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = [
    "ASSETS",
    "PUBLISHED",
    "Offline",
    "Published",
    "WeightsError",
    "cache_folder",
    "download",
    "ignore",
    "load_into",
    "packaged",
    "published",
    "published_names",
    "published_torchvision",
    "read_metadata",
    "read_state",
    "state_digest",
    "write_state",
]

ASSETS = Path(__file__).parents[1] / "assets"
MAX_HEADER_BYTES = 100_000_000  # the safetensors format's own limit
TENSOR_FILE = "a safetensors file or a torch state dict"
OLD_TORCH_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the pickled number that older files begin with
REMEDY = "save it with safetensors.torch.save_file(net.state_dict(), path) or torch.save(net.state_dict(), path)"


def packaged() -> dict[str, Path]:
    """The networks trained by this project: name -> safetensors file, sorted by name."""
    return {path.stem: path for path in sorted((ASSETS / "weights").glob("*.safetensors"))}


def read_metadata(source: Path | bytes) -> dict[str, str]:
    """The provenance in a safetensors file's header ({} where there is none), without importing torch.

    Raises:
        WeightsError: not a readable safetensors file.
    """
    try:
        with _stream(source) as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = stream.read(length) if length <= MAX_HEADER_BYTES else b""
        # Deep nesting ends in a RecursionError, which is not a ValueError.
        metadata = json.loads(header).get("__metadata__", {}) if len(header) == length else None
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise _unreadable(source, "a safetensors file", error) from error
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _unreadable(source, "a safetensors file", "a header that is cut off or not made of strings")
    return metadata


def read_state(source: Path | bytes) -> "dict[str, Tensor]":
    """The named tensors of a safetensors file or a torch state dict (zip or older), floating ones as float32.

    {"state_dict": ...}, {"model": ...} and {"net": ...} are unwrapped, so are DataParallel's "module." and the names in
    torchvision's published DenseNets.

    Raises:
        WeightsError: unreadable, over 2 GB, a pickle that wants to run code (it is not run), something in it
            that is not a dense tensor, or numbers that are not finite.
    """
    try:
        with _stream(source) as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            if not 0 < size <= MAX_BYTES:
                raise WeightsError(f"expected a file of 1 to {MAX_BYTES:,} bytes, got {size:,}: choose another file")
            return _plain_state(_parse(stream, size), size)
    except WeightsError:
        raise
    except UnpicklingError as error:
        wanted = re.search(r"GLOBAL (\S+)", str(error))
        if wanted:
            raise _refused(f"{wanted[1]:.80}") from error
        raise _unreadable(source, TENSOR_FILE, "its pickle is damaged or not one of tensors") from error
    # Hostile bytes make the parsers raise nearly anything: KeyError, struct.error, MemoryError ...
    except Exception as error:
        raise _unreadable(source, TENSOR_FILE, error) from error


def write_state(path: Path, state: "Mapping[str, Tensor]", metadata: dict[str, str], *, half: bool = True) -> None:
    """Write safetensors at `path`, whole or not at all; floating tensors as float16 unless `half` is False.

    float16 keeps a number to within 2**-11 of itself, and those below 6e-5 to within 3e-8; a tensor that leaves
    its range (65504) is kept in float32.

    Raises:
        WeightsError: no tensors, or numbers that are not finite.
    """
    import torch
    from safetensors.torch import save

    if not state:
        raise WeightsError("expected at least one tensor to write, got none: pass net.state_dict()")
    tensors = {}
    for name, tensor in state.items():
        kept = tensor.detach().cpu()
        if kept.is_floating_point():
            _check_finite(name, kept)
            narrow = kept.half() if half else kept.float()
            kept = narrow if torch.isfinite(narrow).all() else kept.float()
        tensors[name] = kept.clone(memory_format=torch.contiguous_format)  # safetensors refuses shared memory
    whole(path, lambda fresh: fresh.write_bytes(save(tensors, metadata)))


def state_digest(state: "Mapping[str, Tensor]") -> str:
    """SHA-256 over every tensor's name, dtype, shape and bytes, in the order of the names."""
    import torch

    digest = sha256()
    for name, tensor in sorted(state.items()):
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode() + b"\n")
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def load_into(net: "nn.Module", state: "Mapping[str, Tensor]") -> None:
    """Give `net` the numbers in `state`: every name and shape must agree, else `net` stays as it was.

    Only batch norm's `num_batches_tracked` may be missing: older files lack it; evaluation never reads it.

    Raises:
        WeightsError: the names or the shapes that differ.
    """
    expected = net.state_dict()
    missing = [n for n in expected if n not in state and n.rpartition(".")[2] != "num_batches_tracked"]
    unexpected = [n for n in state if n not in expected]
    if missing or unexpected:
        parts = (("without", missing), ("with the unexpected", unexpected))
        got = " and ".join(f"{said} {_few(names)}" for said, names in parts if names)
        raise WeightsError(
            f"expected the {len(expected)} tensors of this network, got a file {got}: "
            "choose the architecture and the filter size that the file was trained with"
        )
    differ = [
        f"{name} {tuple(tensor.shape)} {tensor.dtype} for {tuple(own.shape)} {own.dtype}"
        for name, tensor in state.items()
        for own in [expected[name]]
        # Integers would be cast without a word: a quantised file is not this network.
        if tensor.shape != own.shape or (own.is_floating_point() and not tensor.is_floating_point())
    ]
    if differ:
        raise WeightsError(
            f"expected the shapes of this network, got {_few(differ)}: "
            "create it with the file's own num_classes, width and filter size"
        )
    net.load_state_dict({**expected, **state}, strict=True)


def _stream(source: Path | bytes) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _parse(stream: BinaryIO, size: int) -> Any:
    head = stream.read(len(OLD_TORCH_MAGIC))
    stream.seek(0)
    if head[8:9] == b"{":
        from safetensors.torch import load

        return load(stream.read())
    if head.startswith(b"PK"):
        _check_archive(stream, size)
    elif head != OLD_TORCH_MAGIC:
        if _is_program(stream):
            raise _refused("Python objects")
        raise ValueError("it begins like neither")
    import torch

    return torch.load(stream, map_location="cpu", weights_only=True)


def _check_archive(stream: BinaryIO, size: int) -> None:
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        pickles = [archive.open(member).read(2) for member in members if member.filename.endswith("/data.pkl")]
    stream.seek(0)
    if any(member.filename.endswith("/constants.pkl") for member in members):
        raise WeightsError(f"expected plain tensors, got a TorchScript program: {REMEDY}")
    if any(start != b"\x80\x02" for start in pickles):
        raise WeightsError(f"expected torch's own pickle protocol 2, got another one: {REMEDY}")
    # torch stores without compression, so members that add up to more than the file are a bomb.
    if sum(member.file_size for member in members) > size:
        raise WeightsError(f"expected an uncompressed torch file, got one that unpacks beyond its size: {REMEDY}")


def _is_program(stream: BinaryIO) -> bool:
    """Whether this is a whole pickle that names classes or functions; it is read, not run."""
    try:
        names = {code.name for code, _, _ in genops(stream)}
    except Exception:  # not a pickle: any byte may break its reader in its own way
        return False
    return not names.isdisjoint({"GLOBAL", "INST", "STACK_GLOBAL"})


def _refused(wanted: str) -> WeightsError:
    return WeightsError(
        f"expected plain tensors, got a pickle that asks for {wanted}, which could run code on this computer, "
        f"so it was refused and nothing of it was run: {REMEDY}"
    )


def _plain_state(tree: Any, size: int) -> "dict[str, Tensor]":
    import torch

    for key in ("state_dict", "model", "net"):
        if isinstance(tree, dict) and isinstance(tree.get(key), dict):
            tree = tree[key]
    if not isinstance(tree, dict) or not any(isinstance(value, torch.Tensor) for value in tree.values()):
        raise WeightsError(f"expected a dict of named tensors, got a {type(tree).__name__} without any: {REMEDY}")
    state = {}
    for name, value in tree.items():
        if not isinstance(name, str) or not name.isprintable():
            raise WeightsError(f"expected printable tensor names, got {name!r:.60}: {REMEDY}")
        if not isinstance(value, torch.Tensor) or not _is_dense(value):
            raise WeightsError(f"expected only dense tensors, got {name!r:.60} of another kind: {REMEDY}")
        # A few bytes can claim any shape (strides of 0, storages that grow), yet none outgrows its file.
        if value.numel() * value.element_size() > size:
            raise WeightsError(f"expected {name!r:.60} to fit in its file, got shape {tuple(value.shape)}: {REMEDY}")
        state[name] = value.detach()
    if sum(value.numel() for value in state.values()) * 4 > MAX_BYTES:
        raise WeightsError(f"expected at most {MAX_BYTES:,} bytes of numbers, got more: choose a smaller network")
    for name, value in state.items():
        if value.is_floating_point():
            state[name] = value.float().contiguous()
            _check_finite(name, state[name])
    return _own_names(state)


def _is_dense(tensor: "Tensor") -> bool:
    import torch

    dense = tensor.layout is torch.strided and tensor.device.type == "cpu"
    return dense and not (tensor.is_quantized or tensor.is_nested or tensor.is_complex())


def _check_finite(name: str, tensor: "Tensor") -> None:
    import torch

    if not torch.isfinite(tensor).all():
        raise WeightsError(
            f"expected finite numbers, got NaN or infinity in {name!r:.60}: "
            "use a checkpoint from before training diverged"
        )


def _own_names(state: "dict[str, Tensor]") -> "dict[str, Tensor]":
    # DataParallel around the network, or around its features alone, as AlexNet and VGG are often trained.
    state = {re.sub(r"(^|\.)module\.", r"\1", name): tensor for name, tensor in state.items()}
    # Modules may no longer be called "norm.1", but torchvision's DenseNet files still say so.
    return {
        re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)", r"\1\2", name): tensor
        for name, tensor in state.items()
    }


def _unreadable(source: Path | bytes, expected: str, reason: object) -> WeightsError:
    name = "the uploaded bytes" if isinstance(source, bytes) else source.name
    said = " ".join(str(reason).split())[:160] or type(reason).__name__
    return WeightsError(f"expected {expected}, got {name} that cannot be read as one ({said}): {REMEDY}")


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(name[:120] for name in names[:3]) + more
