"""The recipes that make every shipped weight again: `receptive train RECIPE`."""

from __future__ import annotations

from dataclasses import dataclass

from core.compute.fitting import Augmentation
from core.data.sets import DATASETS, DataSet
from core.networks.card import blur_of

SEEDS = (0, 1, 2)  # of what is compared over seeds


@dataclass(frozen=True)
class Stage:
    """Epochs `first` up to `last` under one learning rate cycle, on the architecture with these options."""

    first: int
    last: int
    peak_rate: float
    options: dict[str, str]


@dataclass(frozen=True)
class Recipe(Augmentation):
    """One network's training. Learning rate follows one cycle: up over the first fifth, then linearly to zero."""

    name: str
    arch: str
    dataset: str
    epochs: int
    reflect_epochs: int = 0  # epochs before these, with a mirrored border in the pooling, at four times their rate
    batch: int = 256
    peak_rate: float = 0.2
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    seed: int = 0

    @property
    def stages(self) -> tuple[Stage, ...]:
        """One stage, or two where the border in the pooling changes."""
        if not self.reflect_epochs:
            return (Stage(0, self.epochs, self.peak_rate, {}),)
        first = Stage(0, self.reflect_epochs, self.peak_rate, {"padding": "reflect"})
        return first, Stage(first.last, self.total_epochs, self.peak_rate / 4, {})

    @property
    def total_epochs(self) -> int:
        return self.reflect_epochs + self.epochs

    @property
    def data(self) -> DataSet:
        return DATASETS[self.dataset]

    def augmentation(self) -> str:
        """What is done to the training pictures, in words."""
        parts = ["left-right flips"] if self.flips else []
        if self.shifts:
            parts.append(f"shifts of up to {self.shifts} px")
        if self.zoom < 1:
            parts.append(f"random crops from {self.zoom:.0%} of the side up")
        if self.erase:
            parts.append(f"a blanked square of {self.erase} px")
        if self.colour:
            parts.append("brightness and contrast")
        if self.reflect_epochs:  # a plain pooling has no border that could be mirrored
            how = "with mirrored pooling" if blur_of(self.arch) else "at four times the rate of the others"
            parts.append(f"the first {self.reflect_epochs} epochs {how}")
        return ", ".join(parts) or "none"


def cifar(arch: str = "cifar_vgg", *, shifts: int = 0, seed: int = 0, suffix: str = "") -> Recipe:
    """The one recipe of every CIFAR VGG, plain or blurred; `shifts`: how far its pictures are moved."""
    name = seeded(arch, seed) + suffix
    return Recipe(name, arch, "cifar10", epochs=2, reflect_epochs=10, erase=7, shifts=shifts, seed=seed)


def photo(arch: str, epochs: int = 18, seed: int = 0) -> Recipe:
    """The recipe of a network of 64 px photographs: plain, blurred or of local features."""
    name = seeded(arch, seed)
    return Recipe(
        name, arch, "tiny-imagenet-20", epochs=epochs, batch=128, peak_rate=0.1, zoom=0.6, colour=0.3, seed=seed
    )


def seeded(arch: str, seed: int) -> str:
    """The packaged name of an architecture's network by its seed; the first has none in its name."""
    return f"{arch}_seed{seed}" if seed else arch


def coded(arch: str, seed: int = 0, epochs: int = 12) -> Recipe:
    """A network of the sparse codes study, or its plain twin: the paper's shifts and flips, batch and peak rate."""
    return Recipe(seeded(arch, seed), arch, "cifar10", epochs=epochs, batch=128, peak_rate=0.1, shifts=4, seed=seed)


def grey(arch: str, dataset: str, epochs: int, batch: int, *, flips: bool, shifts: int) -> Recipe:
    """What little training reaches on grey pictures: the ceiling of the random features."""
    return Recipe(arch, arch, dataset, epochs=epochs, batch=batch, peak_rate=0.1, flips=flips, shifts=shifts)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        *(cifar("cifar_vgg" + blur) for blur in ("", "_blur2", "_blur3", "_blur5", "_blur7")),
        cifar(shifts=4, suffix="_shifted"),
        *(photo("photo_resnet" + blur) for blur in ("", "_blur3", "_blur5")),
        *(photo(f"photo_bagnet{patch}", epochs=24) for patch in (9, 17, 33)),
        *(photo(arch, seed=seed) for seed in SEEDS[1:] for arch in ("photo_resnet", "photo_resnet_blur5")),
        *(coded(arch, seed) for arch in ("cifar_sdnet18", "cifar_resnet18") for seed in SEEDS),
        coded("cifar_sdnet18_all", epochs=8),
        grey("digits_cnn", "digits", epochs=40, batch=32, flips=False, shifts=1),  # a mirrored digit is another sign
        grey("fashion_cnn", "fashion-mnist", epochs=9, batch=128, flips=True, shifts=2),
        *(  # to be asked about the reader's own digits
            Recipe(f"mnist_{arch}", arch, "mnist", epochs=10, batch=64, peak_rate=0.05, flips=False, shifts=2)
            for arch in ("small_cnn", "spinal_small_cnn", "matched_small_cnn")
        ),
    )
}
