"""Teach a changed copy of lite0 to answer as lite0 does, on photographs without labels (Hinton et al. 2015).

The loss is KL(lite0(x) || copy(x')), x and x' two windows of one crop up to `shifts` px apart: over many steps the
copy learns the mean of the original's answers under such shifts. The original stays as it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from core.base.files import commit
from core.base.records import read_back
from core.base.refuse import DataError
from core.models import create_model
from core.models.binomial import taps
from core.models.lite import Lite0, LocalLite0, SameBlurPool2d, begin_as
from core.models.sparse import SparseConv2d
from core.networks import lite
from core.networks.download import WeightsError
from core.networks.engine import fold
from core.pictures.image import SUFFIXES, decode
from core.training import checkpoint as checkpoints

SEED, SAVE_EVERY, WARM = 16, 20, 0.03
WORKERS = 3  # processes that cut crops for a graphics card
KEPT_SIDE = 288  # px: photographs wait in memory with a short side of at most this many
PHOTOGRAPHS = (  # never imagenet-like-1000, which the copies are tested with
    *("caltech101-60/train", "caltech101-60/unlabelled"),
    *("cats-dogs/train", "corel/train", "imagenet-samples-public"),
)
Report = Callable[[int, int, float], None]  # (step, steps, its loss); may raise to stop


@dataclass(frozen=True)
class Copying:
    """How a copy is taught. `side` of the crops in px; `whole`: where 1x1 layers learn too; everywhere else only
    norms and k x k filters do; `anneal`: the share of the steps over which a blur grows from a single tap; `lambdas`:
    between which a sparse stem's penalty is drawn for each picture; `features`: the weight of the distance between
    mean features; `patches`: from how many of a picture's the local copy answers while it learns.
    """

    name: str
    arch: str
    steps: int
    batch: int = 64
    side: int = 224
    rate: float = 7e-4
    shifts: int = 32
    whole: tuple[str, ...] = ("blocks.0.", "blocks.1.", "blocks.2.", "blocks.3.", "blocks.5.0.")
    anneal: float = 0.0
    lambdas: tuple[float, float] | None = None
    features: float = 0.0
    patches: int = 0


def photographs(root: Path) -> list[Path]:
    """The pictures under PHOTOGRAPHS of `root`, in one order everywhere. Raises DataError where a set is absent."""
    found: list[Path] = []
    for name in PHOTOGRAPHS:
        files = sorted(path for path in (root / name).rglob("*") if path.suffix.lower() in SUFFIXES)
        if not files:
            raise DataError(f"expected photographs in {root / name}, got none: put that data set there")
        found += files
    return found


def read(path: Path) -> np.ndarray:
    """A photograph with a short side of at most KEPT_SIDE px, uint8 (H, W, 3). Raises ImageError, OSError."""
    image = Image.fromarray(decode(path.read_bytes()).pixels)
    share = KEPT_SIDE / min(image.size)
    if share < 1:
        image = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.BICUBIC)
    return np.asarray(image)


def crop(pixels: np.ndarray, side: int, dice: np.random.Generator) -> np.ndarray:
    """A random square of a photograph (H, W, 3), 1 to 2/3 of its short side, scaled to (side, side, 3); half
    of them are mirrored."""
    height, width = pixels.shape[:2]
    edge = min(height, width) / dice.uniform(1, 1.5)
    left, top = dice.uniform(0, width - edge), dice.uniform(0, height - edge)
    box = (left, top, left + edge, top + edge)
    square = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC, box))
    return square[:, ::-1] if dice.random() < 0.5 else square


def windows(squares: np.ndarray, side: int, dice: np.random.Generator) -> Tensor:
    """Of each square (B, S, S, 3) a random window as lite0 sees it: (B, 3, side, side), channels-last."""
    spare = squares.shape[1] - side
    offsets = dice.integers(0, spare + 1, (len(squares), 2))
    cut = np.stack([s[y : y + side, x : x + side] for s, (y, x) in zip(squares, offsets, strict=True)])
    x = torch.from_numpy(cut).permute(0, 3, 1, 2).float() / 127.5 - 1
    return x.contiguous(memory_format=torch.channels_last)


class Steps(Dataset[tuple[Tensor, Tensor]]):
    """What the original and the copy see in each step, each (B, 3, side, side): the same whenever a run goes on."""

    def __init__(self, pictures: Sequence[np.ndarray], how: Copying) -> None:
        self.pictures, self.how = pictures, how

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        """Two batches (B, 3, side, side)."""
        how, dice = self.how, np.random.default_rng((SEED, step))
        chosen = dice.integers(0, len(self.pictures), how.batch)
        squares = np.stack([crop(self.pictures[i], how.side + how.shifts, dice) for i in chosen])
        return windows(squares, how.side, dice), windows(squares, how.side, dice)


def batches(steps: Steps, first: int, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """Those of step `first` and on, each (B, 3, side, side) on `device`; for a card one process is too slow."""
    fast = device.type != "cpu"
    loader = DataLoader(
        steps, None, sampler=range(first, steps.how.steps), num_workers=WORKERS if fast else 0, pin_memory=fast
    )
    for theirs, ours in loader:
        yield theirs.to(device, non_blocking=True), ours.to(device, non_blocking=True)


def rate(how: Copying, step: int) -> float:
    """Up over the first steps, then down to zero along a cosine."""
    warm = WARM * how.steps
    if step < warm:
        return how.rate * (step + 1) / warm
    return how.rate * (1 + math.cos(math.pi * (step - warm) / (how.steps - warm))) / 2


def grow_blurs(net: nn.Module, share: float) -> None:
    """Set every blur's kernel between a single tap (`share` 0) and the binomial one (1)."""
    for module in net.modules():
        if isinstance(module, SameBlurPool2d):
            line = torch.from_numpy(taps(module.size)).float()
            kernel = share * torch.outer(line, line)
            kernel[module.size // 2, module.size // 2] += 1 - share
            module.filt.copy_(kernel.expand_as(module.filt))


def copy_of(original: Lite0, how: Copying, pictures: Sequence[np.ndarray]) -> Lite0:
    """The copy before its first step; `pictures` are (H, W, 3)."""
    torch.manual_seed(SEED)
    net = create_model(how.arch)
    assert isinstance(net, Lite0)
    begin_as(net, original)
    if isinstance(net.conv_stem, SparseConv2d):
        fit_stem(net, original, Steps(pictures, how)[0][1], how.side)
    return net.to(memory_format=torch.channels_last)


@torch.no_grad()
def fit_stem(net: Lite0, original: Lite0, x: Tensor, side: int) -> None:
    """Begin a sparse stem with atoms that are the original's filters, each twice with both signs, and what follows with
    the linear map (least squares on `x` (B, 3, H, W)) from codes to what the original's stem gives."""
    stem, after = net.conv_stem, net.bn1
    assert isinstance(stem, SparseConv2d)
    assert isinstance(after, nn.Sequential)
    filters = original.state_dict()["conv_stem.weight"]
    stem.weight.mul_(0.02 / stem.weight.std())
    both = torch.cat([filters, -filters]) / filters.flatten(1).norm(dim=1).repeat(2)[:, None, None, None]
    stem.weight[:, :, 3:6, 3:6] += both  # the original's output i looks at 2i + 1, a centred 7x7's at 2i
    stem.fit_step((side, side))
    codes = stem.codes(x)
    normed, linear = after
    assert isinstance(normed, nn.BatchNorm2d)
    assert isinstance(linear, nn.Conv2d)
    assert linear.bias is not None
    assert isinstance(normed.running_mean, Tensor)
    assert isinstance(normed.running_var, Tensor)
    normed.running_mean.copy_(codes.mean((0, 2, 3)))
    normed.running_var.copy_(codes.var((0, 2, 3)))
    wanted = original.stem(x).permute(0, 2, 3, 1).flatten(0, 2)[::7]
    given = normed.eval().forward(codes).permute(0, 2, 3, 1).flatten(0, 2)[::7]
    solved = torch.linalg.lstsq(F.pad(given, (0, 1), value=1.0), wanted).solution  # (K + 1, 32)
    linear.weight.copy_(solved[:-1].T[:, :, None, None])
    linear.bias.copy_(solved[-1])


def taught(net: nn.Module, how: Copying) -> set[str]:
    """The names of the parameters that learn; all others stay the original's, and need not be shipped."""
    named = dict(net.named_parameters())
    filters = {name for name, value in named.items() if value.ndim == 1 or value.shape[2:].numel() > 1}
    return filters - {"classifier.bias"} | {name for name in named if name.startswith(how.whole)}


def local_loss(net: LocalLite0, original: Lite0, how: Copying, step: int, seen: tuple[Tensor, Tensor]) -> Tensor:
    """How far the mean answer of some patches of each picture, and their mean features, are from the original's of the
    whole picture; a scalar. `seen` as in `loss_of`."""
    theirs, ours = seen
    dice = np.random.default_rng((SEED, step, 1))
    y, x = torch.from_numpy(dice.integers(0, how.side - net.patch + 1, (2, len(ours) * how.patches))).to(ours.device)
    of = torch.arange(len(ours), device=ours.device).repeat_interleave(how.patches)
    cut = ours.unfold(2, net.patch, 1).unfold(3, net.patch, 1)[of, :, y, x]  # (n, 3, q, q)
    got = halved(net.seen, cut).view(len(ours), how.patches, -1).mean(1)
    return distance(net, original, how, theirs, got)


def loss_of(net: Lite0, original: Lite0, how: Copying, step: int, seen: tuple[Tensor, Tensor]) -> Tensor:
    """KL to the original's answers, and the distance between mean features where the recipe weighs it; a scalar.
    `seen`: two batches (B, 3, side, side), the original's and the copy's."""
    if isinstance(net, LocalLite0):
        return local_loss(net, original, how, step, seen)
    theirs, ours = seen
    if how.lambdas:
        low, high = (math.log(value) for value in how.lambdas)
        dice = torch.Generator().manual_seed(step)
        lam = torch.exp(low + (high - low) * torch.rand(len(ours), generator=dice)).to(ours.device)
        assert isinstance(net.conv_stem, SparseConv2d)
        net.conv_stem.lam = lam  # type: ignore[assignment]  # one a picture, for this step
    return distance(net, original, how, theirs, halved(net.features, ours).mean((2, 3)))


def halved(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What `function` gives for `x` (B, 3, H, W), as float32, but computed in half precision on a graphics card."""
    with torch.autocast(x.device.type, torch.float16, enabled=x.is_cuda):
        return function(x).float()


def distance(net: Lite0, original: Lite0, how: Copying, theirs: Tensor, got: Tensor) -> Tensor:
    """KL from the original's answers to pictures (B, 3, H, W) to the copy's, whose mean features are `got` (B, 1280),
    and the distance between these where the recipe weighs it; a scalar."""
    with torch.no_grad():
        target = halved(original.features, theirs).mean((2, 3))
        wanted = F.log_softmax(original.classifier.forward(target), 1)
    loss = F.kl_div(F.log_softmax(net.classifier.forward(got), 1), wanted, log_target=True, reduction="batchmean")
    return loss + how.features * F.mse_loss(got, target) if how.features else loss


def train(how: Copying, files: Sequence[Path], checkpoint: Path, report: Report = lambda *step: None) -> Lite0:
    """The copy after its last step, in eval mode; on a graphics card where there is one. Goes on from `checkpoint` if
    that file is there.

    Raises WeightsError without lite0's package, or with a checkpoint that is damaged or of another recipe; ImageError,
    OSError.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pictures = [read(path) for path in files]
    original = lite.original()
    net = copy_of(original, how, pictures).to(device)
    teacher = fold(original).to(memory_format=torch.channels_last).to(device)
    assert isinstance(teacher, Lite0)
    learn = taught(net, how)
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name in learn)
    adam = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=how.rate, weight_decay=0)
    scaler = torch.amp.GradScaler(device.type, enabled=device.type != "cpu")
    first = 0
    if saved := checkpoints.read(checkpoint, how, "step", "net", "adam"):
        with read_back(checkpoint, WeightsError):
            net.load_state_dict(saved["net"])
            adam.load_state_dict(saved["adam"])
            first = int(saved["step"])
    net.eval()  # its norms stay the original's: with a batch's statistics even that would be another network
    for step, seen in enumerate(batches(Steps(pictures, how), first, device), first):
        for group in adam.param_groups:
            group["lr"] = rate(how, step)
        if how.anneal:
            grow_blurs(net, min(1.0, step / (how.anneal * how.steps)))
        loss = loss_of(net, teacher, how, step, seen)
        adam.zero_grad()
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(adam)
        scaler.update()
        report(step + 1, how.steps, loss.item())
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == how.steps:
            now = {"step": step + 1, "net": net.state_dict(), "adam": adam.state_dict()}
            checkpoints.save(checkpoint, how, now)
    grow_blurs(net, 1.0)
    return net.cpu().eval()


def learn(how: Copying, files: Sequence[Path], checkpoint: Path, report: Report = lambda *step: None) -> Path:
    """Teach a copy and write what it learned, with how, into lite.COPIES. Raises as `train`."""
    net = train(how, files, checkpoint, report)
    about = {
        "arch": how.arch,
        "recipe": how.name,
        "steps": str(how.steps),
        "how": json.dumps(asdict(how)),
        "photographs": str(len(files)),
        "original": f"{lite.PACKAGE} {lite.SHA256}",
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "commit": commit(),
    }
    path = lite.COPIES / f"{how.name}.safetensors"
    lite.write_copy(path, net, about)
    return path


COPIES = {
    how.name: how
    for how in (
        Copying("lite0_blur3", "lite0_blur3", 3000, anneal=0.4, features=10.0),
        Copying("lite0_blur5", "lite0_blur5", 3000, anneal=0.4, features=10.0),
        Copying("lite0_same", "lite0", 3000, features=10.0),
        Copying(
            "lite0_sparse",
            "lite0_sparse",
            1500,
            shifts=0,
            whole=("bn1.", "blocks.0.", "blocks.1.", "blocks.2."),
            lambdas=(0.05, 1.4),
            features=10.0,
        ),
        Copying("lite0_local", "lite0_local", 1500, shifts=0, features=3.0, patches=16),
    )
}
