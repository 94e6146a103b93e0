"""Networks that end in a mean over positions and a linear layer: their logit is the mean of every position's own.

Of a BagNet (Brendel & Bethge, ICLR 2019, §2) each position saw one patch; of an ordinary network nearly everything, and
its map is known as the class activation map (Zhou et al., CVPR 2016).
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

Step = Callable[[Tensor], Tensor]


class Evident(nn.Module):
    """(B, 3, H, W) -> logits (B, K). `patch`: side in px of what a position has seen, 0 where it pads; `finest`: px
    between neighbouring patches at best, 8 where a map around every pixel would take minutes."""

    patch: int = 0
    finest: int = 1

    @property
    def linear(self) -> nn.Linear:
        """The last layer, which each network names itself. Raises NotImplementedError here."""
        raise NotImplementedError

    @property
    def steps(self) -> tuple[Step, Step, Step, Step]:
        """What `features` goes through: a part without stride, then three; where there are patches, each of these
        begins with a stride of 2. Raises NotImplementedError here."""
        raise NotImplementedError

    def features(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, C, H', W'), one vector a position. Raises ValueError for a picture smaller than a patch.

        Position (i, j) of a network of patches covers rows 8i to 8i + q - 1 and columns 8j to 8j + q - 1.
        """
        self.check(x)
        for step in self.steps:
            x = step(x)
        return x

    def check(self, x: Tensor) -> None:
        """Raises ValueError for a picture (B, 3, H, W) smaller than a patch."""
        if min(x.shape[2:]) < self.patch:
            raise ValueError(
                f"expected a picture of at least {self.patch}x{self.patch} pixels, "
                f"got {x.shape[2]}x{x.shape[3]}: enlarge it or choose a smaller patch"
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> logits (B, K): the linear layer of the mean features, which is the mean of `evidence`."""
        return self.linear(self.features(x).mean(dim=(2, 3)))  # type: ignore[no-any-return]

    def evidence(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, K, H', W'): every position's own logits, whose mean over space is the image's."""
        return self.linear(self.features(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)  # type: ignore[no-any-return]
