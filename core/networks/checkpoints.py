"""Weights files of any kind, read without running anything in them: which dicts of tensors lie in a file, and where.

Files are told apart by their content. A pickle is read by torch's own reader of tensors, to which a few classes that
training scripts leave beside the tensors are known as `Unread`: they are passed over, and none of their code is run.
torch is imported only by the functions that handle tensors.
"""

from __future__ import annotations

import os
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from pickletools import genops
from typing import Any, BinaryIO

from core.base.heavy import safetensors_torch, serialization, torch
from core.networks.download import MAX_BYTES, WeightsError

TENSOR_FILE = "a safetensors file or a torch state dict"
OLD_TORCH_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the pickled number that older files begin with
REMEDY = "save it with safetensors.torch.save_file(net.state_dict(), path) or torch.save(net.state_dict(), path)"
WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")  # DataParallel's, compile's …
NOT_WEIGHTS = re.compile(r"optims?|optimi[sz]ers?|sched|schedulers?|callbacks?|loops")  # words in keys of what is none
BESIDE_WEIGHTS = re.compile(r"opt|lr|amp|scalers?|grads?|gradients?|history|momentum|exp")  # unless a network is named
NETWORK_WORDS = {"model", "net", "network", "encoder", "backbone"}
DEEPEST = 8  # dicts within dicts
ITSELF = "."  # the path of a file that is a dict of tensors
PASSED_OVER = (  # what lies beside the tensors in training scripts' files
    "argparse.Namespace",
    "types.SimpleNamespace",
    *(f"pathlib.{kind}" for kind in ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath")),
    *(f"pathlib._local.{kind}" for kind in ("Path", "PosixPath", "WindowsPath", "PurePosixPath")),
    *(f"datetime.{kind}" for kind in ("datetime", "date", "time", "timedelta", "timezone")),
    *(f"numpy.{core}.multiarray.{made}" for core in ("core", "_core") for made in ("scalar", "_reconstruct")),
    "numpy.dtype",
    "numpy.ndarray",
)
_allowing = threading.Lock()  # torch's list of known classes is one for all threads


class Unread:
    """Stands for an object of a class in PASSED_OVER: whatever it was made from is dropped."""

    def __new__(cls, *args: object) -> Unread:
        return super().__new__(cls)

    def __init__(self, *args: object) -> None: ...

    def __setstate__(self, state: object) -> None: ...


@dataclass(frozen=True, eq=False)
class Part:
    """A dict of tensors in a file: `path` of the keys that lead to it, joined by dots, ITSELF where there are none.

    `tensors` are as the file has them, under their names without WRAPPERS; `others`: names of what is none.
    """

    path: str
    tensors: dict[str, torch.Tensor]
    others: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return sum(tensor.numel() for tensor in self.tensors.values())


def read_parts(source: Path | bytes) -> tuple[Part, ...]:
    """Every dict of named tensors in a safetensors file or a torch file (zip or older), those of optimizers left aside.

    Raises WeightsError: unreadable, over 2 GB, a pickle that wants to run code (it is not run), or none in it.
    """
    try:
        with opened(source) as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            if not 0 < size <= MAX_BYTES:
                raise WeightsError(f"expected a file of 1 to {MAX_BYTES:,} bytes, got {size:,}: choose another file")
            tree = _parse(stream, size)
            parts = tuple(_parts(tree, size)) if isinstance(tree, dict | list | tuple) else ()
    except WeightsError:
        raise
    except UnpicklingError as error:
        wanted = re.search(r"GLOBAL (\S+)", str(error))
        if wanted:
            raise _refused(f"{wanted[1]:.80}") from error
        raise unreadable(source, TENSOR_FILE, "its pickle is damaged or not one of tensors") from error
    # Hostile bytes make the parsers raise nearly anything: KeyError, struct.error, MemoryError ...
    except Exception as error:
        raise unreadable(source, TENSOR_FILE, error) from error
    if not parts:
        raise WeightsError(f"expected a dict of named tensors, got a {type(tree).__name__} without any: {REMEDY}")
    return parts


def plain(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same by name, floating ones as float32 and finite.

    Raises WeightsError: one that is not dense, more than 2 GB of them, or numbers that are not finite.
    """
    for name, value in tensors.items():
        dense = value.layout is torch.strided and value.device.type == "cpu"
        if not dense or value.is_quantized or value.is_nested or value.is_complex():
            raise WeightsError(f"expected only dense tensors, got {name!r:.60} of another kind: {REMEDY}")
    if sum(value.numel() for value in tensors.values()) * 4 > MAX_BYTES:
        raise WeightsError(f"expected at most {MAX_BYTES:,} bytes of numbers, got more: choose a smaller network")
    state = {}
    for name, value in tensors.items():
        state[name] = value.detach()
        if value.is_floating_point():
            state[name] = value.detach().float().contiguous()
            check_finite(name, state[name])
    return state


def check_finite(name: str, tensor: torch.Tensor) -> None:
    """Raises WeightsError for NaN or infinity in a tensor of any shape."""
    if not torch.isfinite(tensor).all():
        raise WeightsError(
            f"expected finite numbers, got NaN or infinity in {name!r:.60}: "
            "use a checkpoint from before training diverged"
        )


def opened(source: Path | bytes) -> BinaryIO:
    """The bytes of a file, or those given, to be read and closed."""
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def unreadable(source: Path | bytes, expected: str, reason: object) -> WeightsError:
    """The error of a file that is not what was expected, with the reason."""
    name = "the uploaded bytes" if isinstance(source, bytes) else source.name
    said = " ".join(str(reason).split())[:160] or type(reason).__name__
    return WeightsError(f"expected {expected}, got {name} that cannot be read as one ({said}): {REMEDY}")


def _parse(stream: BinaryIO, size: int) -> Any:
    head = stream.read(len(OLD_TORCH_MAGIC))
    stream.seek(0)
    if head[8:9] == b"{":
        return dict(sorted(safetensors_torch.load(stream.read()).items()))  # its own order is another each time
    if head.startswith(b"PK"):
        _check_archive(stream, size)
    elif head != OLD_TORCH_MAGIC:
        if _is_program(stream):
            raise _refused("Python objects")
        raise ValueError("it begins like neither")
    with _allowing, serialization.safe_globals([(Unread, name) for name in PASSED_OVER]):
        return torch.load(stream, map_location="cpu", weights_only=True)


def _check_archive(stream: BinaryIO, size: int) -> None:
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        found = [member for member in members if member.filename.endswith("/data.pkl")]
        if not found:
            names = ", ".join(f"{member.filename!r:.60}" for member in members[:3]) or "nothing"
            raise WeightsError(f"expected a torch file, got a zip that holds {names}: unpack it, give the file inside")
        if any(member.filename.endswith("/constants.pkl") for member in members):
            raise WeightsError(f"expected plain tensors, got a TorchScript program: {REMEDY}")
        # torch stores without compression, so members that add up to more than the file are a bomb.
        if sum(member.file_size for member in members) > size:
            raise WeightsError(f"expected an uncompressed torch file, got one that unpacks beyond its size: {REMEDY}")
        pickles = [archive.read(member) for member in found]
    stream.seek(0)
    if any(not pickle.startswith(b"\x80\x02") for pickle in pickles):
        raise WeightsError(f"expected torch's own pickle protocol 2, got another one: {REMEDY}")
    if any(b"_rebuild_qtensor" in pickle for pickle in pickles):
        raise WeightsError(f"expected only dense tensors, got quantised ones: before they were quantised, {REMEDY}")


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


def _parts(tree: Any, size: int, path: tuple[str, ...] = (), seen: set[int] | None = None) -> Iterator[Part]:
    """The dicts of tensors in what was read of a file of `size` bytes, outer ones first, each once."""
    seen = set() if seen is None else seen
    if id(tree) in seen or len(path) > DEEPEST:
        return
    seen.add(id(tree))
    if isinstance(tree, dict):
        named = {key: value for key, value in tree.items() if isinstance(key, str) and key.isprintable()}
        tensors = _tensors(named, size)
        if any(value.ndim for value in tensors.values()):
            others = [key for key, value in tree.items() if key not in named or not isinstance(value, torch.Tensor)]
            yield Part(".".join(path) or ITSELF, tensors, tuple(f"{key!r:.60}" for key in others))
        named |= {str(key): value for key, value in tree.items() if type(key) is int}  # networks of folds or seeds
    else:
        named = {str(i): value for i, value in enumerate(tree)}
    for key, value in named.items():
        if isinstance(value, dict | list | tuple) and not _is_no_network(key):
            yield from _parts(value, size, (*path, key), seen)


def _is_no_network(key: str) -> bool:
    """Whether a key is an optimizer's or the like; what is optimal or upgraded, or moved by momentum, is a network."""
    words = re.findall("[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower())
    if any(map(NOT_WEIGHTS.fullmatch, words)):
        return True
    return NETWORK_WORDS.isdisjoint(words) and any(map(BESIDE_WEIGHTS.fullmatch, words))


def _tensors(named: dict[str, Any], size: int) -> dict[str, torch.Tensor]:
    """The tensors among what is named, without WRAPPERS in their names unless two names would be one."""
    found = {name: value for name, value in named.items() if isinstance(value, torch.Tensor)}
    for name, value in found.items():
        # A few bytes can claim any shape (strides of 0, storages that grow), yet none outgrows its file.
        if value.numel() * value.element_size() > size:
            raise WeightsError(f"expected {name!r:.60} to fit in its file, got shape {tuple(value.shape)}: {REMEDY}")
    short = {_unwrapped(name): value for name, value in found.items()}
    return short if len(short) == len(found) else found


def _unwrapped(name: str) -> str:
    # Around the network, or around its features alone, as AlexNet and VGG are often trained.
    name = ".".join(word for word in name.split(".") if word not in WRAPPERS) or name
    # Modules may no longer be called "norm.1", but torchvision's DenseNet files still say so.
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)", r"\1\2", name)
