"""Random features under a linear classifier, as one network (Xue & Roshan, arXiv 1806.05789): only the last learns."""

from __future__ import annotations

from torch import Tensor, nn

from core.models.random_depthwise import RandomDepthwise

SHAPES = {  # features, kernel size, depth, input channels
    "digits_random_svm": (1000, 3, 1, 1),
    "cifar_random_svm": (2000, 5, 1, 3),
}


class RandomSvm(nn.Module):
    """(B, C, H, W) in [0, 1] -> decision values (B, num_classes) of a linear SVM on random depthwise features.

    The state dict holds the classifier alone: the seed, 0, tells all the rest on every machine.
    """

    exact_only = True  # signs: a value rounded to bfloat16 may be on the other side of zero

    def __init__(self, arch: str, num_classes: int = 10) -> None:
        super().__init__()
        features, kernel_size, depth, channels = SHAPES[arch]
        self.body = RandomDepthwise(features, kernel_size, depth, channels)
        for module in self.body.modules():
            for name, drawn in list(module.named_parameters(recurse=False)):
                delattr(module, name)
                module.register_buffer(name, drawn.detach(), persistent=False)
        self.classifier = nn.Linear(features, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> decision values (B, num_classes)."""
        return self.classifier(self.body(x))  # type: ignore[no-any-return]
