"""Where trained numbers come from: packaged with the project, published by others, or the user's own file.

A state is a plain dict of tensor names to CPU tensors. Files are told apart by their content, and no pickle is
ever executed. torch is imported only by the functions that handle tensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from core.base.files import ASSETS, whole
from core.base.heavy import nn, safetensors_torch, torch
from core.networks.checkpoints import check_finite, opened, plain, read_parts, unreadable
from core.networks.download import WeightsError

MAX_HEADER_BYTES = 100_000_000  # the safetensors format's own limit


def packaged() -> dict[str, Path]:
    """The networks trained by this project: name -> safetensors file, sorted by name."""
    return {path.stem: path for path in sorted((ASSETS / "weights").glob("*.safetensors"))}


def read_metadata(source: Path | bytes) -> dict[str, str]:
    """The provenance in a safetensors file's header ({} where there is none), without importing torch.

    Raises WeightsError for what is not a readable safetensors file.
    """
    try:
        with opened(source) as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = stream.read(length) if length <= MAX_HEADER_BYTES else b""
        # Deep nesting ends in a RecursionError, which is not a ValueError.
        metadata = json.loads(header).get("__metadata__", {}) if len(header) == length else None
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise unreadable(source, "a safetensors file", error) from error
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise unreadable(source, "a safetensors file", "a header that is cut off or not made of strings")
    return metadata


def read_state(source: Path | bytes, part: str = "") -> dict[str, torch.Tensor]:
    """The named tensors of a safetensors file or a torch state dict (zip or older), floating ones as float32.

    Of a file with several dicts of tensors `part` names one by its keys ("model", "ema.state_dict"); without it the
    one with the most numbers is read. Names come without DataParallel's "module." and the like
    (core.networks.checkpoints). Raises WeightsError: unreadable, over 2 GB, a pickle that wants to run code (it is not
    run), something in it that is not a dense tensor, numbers that are not finite, or two dicts of as many numbers.
    """
    parts = read_parts(source)
    named = [found for found in parts if part in ("", found.path)]
    largest = [found for found in named if found.size == max(other.size for other in named)]
    if len(largest) != 1:
        raise WeightsError(
            f"expected one dict of tensors, got {', '.join(found.path for found in (largest or parts)[:9])}: "
            f"name one of them as the part to read"
        )
    return plain(largest[0].tensors)


def write_state(path: Path, state: Mapping[str, torch.Tensor], metadata: dict[str, str], *, half: bool = True) -> None:
    """Write safetensors at `path`, whole or not at all; floating tensors as float16 unless `half` is False.

    float16 keeps a number to within 2**-11 of itself, and those below 6e-5 to within 3e-8; a tensor that leaves
    its range (65504) is kept in float32. Raises WeightsError: no tensors, or numbers that are not finite.
    """
    if not state:
        raise WeightsError("expected at least one tensor to write, got none: pass net.state_dict()")
    tensors = {}
    for name, tensor in state.items():
        kept = tensor.detach().cpu()
        if kept.is_floating_point():
            check_finite(name, kept)
            narrow = kept.half() if half else kept.float()
            kept = narrow if torch.isfinite(narrow).all() else kept.float()
        tensors[name] = kept.clone(memory_format=torch.contiguous_format)  # safetensors refuses shared memory
    whole(path, lambda fresh: fresh.write_bytes(safetensors_torch.save(tensors, metadata)))


def state_digest(state: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over every tensor's name, dtype, shape and bytes, in the order of the names."""
    digest = sha256()
    for name, tensor in sorted(state.items()):
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode() + b"\n")
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def load_into(net: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Give `net` the numbers in `state`: every name and shape must agree, else `net` stays as it was.

    Only batch norm's `num_batches_tracked` may be missing: older files lack it; evaluation never reads it.
    Raises WeightsError that tells the names or the shapes that differ.
    """
    expected = net.state_dict()
    missing = [n for n in expected if n not in state and n.rpartition(".")[2] != "num_batches_tracked"]
    unexpected = [n for n in state if n not in expected]
    if missing or unexpected:
        parts = (("without", missing), ("with the unexpected", unexpected))
        got = " and ".join(f"{said} {few(names)}" for said, names in parts if names)
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
            f"expected the shapes of this network, got {few(differ)}: "
            "create it with the file's own num_classes, width and filter size"
        )
    net.load_state_dict({**expected, **state}, strict=True)


def few(names: list[str], between: str = ", ") -> str:
    """The first three of some names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return between.join(name[:120] for name in names[:3]) + more
