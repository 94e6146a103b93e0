"""Which pixels made the network say so? BagNet's own evidence, Captum's answers, and chance, as signed maps.

Every map explains the logit of one class (before the softmax) for one picture. Where a method needs a picture without
content, that is the mean colour: zeros in normalised space. Captum hooks and writes to the module that it explains,
so every call works on its own deep copy: the shared network is never touched, and sessions cannot clash.
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from core.base.heavy import F, captum_attr, nn, nn_utils, overrides, torch
from core.base.worker import Progress, ignore
from core.compute import patches, placing
from core.compute.placing import last_map, private
from core.models.receptive_field import seen_of
from core.networks.card import Network, inside

Relu = Callable[["torch.Tensor"], "torch.Tensor"]
EVIDENCE, OCCLUSION, RANDOM = "BagNet evidence", "occlusion", "random"
GRAD_CAM = "Grad-CAM"
CAPTUM = ("saliency", "integrated gradients", GRAD_CAM, "occlusion", "DeepLIFT")
METHODS = (EVIDENCE, *CAPTUM, RANDOM)
IG_STEPS = 64  # Gauss-Legendre points on the straight line from the mean colour to the picture
PIXELS_PER_BATCH = 2**16  # gradients keep every activation, so fewer pictures at once than when only answering
WINDOW = 8  # px, side of the square that occlusion masks
INCOMPLETE = 1e-6  # of the sum of |attributions|: how far DeepLIFT may miss the difference of the logits


def attribution(
    network: Network, x: torch.Tensor, target: int, method: str, progress: Progress = ignore, *, seed: int = 0
) -> np.ndarray:
    """x (3, H, W) normalised -> float32 (H, W): each pixel's support for the logit of class `target`, summed over
    colour channels; negative where it speaks against the class.

    saliency: |d logit / dx|, absolute by definition (Simonyan et al. 2014), so it knows no sign.
    integrated gradients, DeepLIFT (Rescale rule): from the mean colour; the map sums to the difference of the logits.
    Grad-CAM: of the last map, without its final ReLU (so signed), each position at its place (core.compute.placing)
    and straight lines between; of a BagNet, lite0 and its copies that is each position's own logit less the bias.
    occlusion: what the logit loses when the pixel's WINDOW x WINDOW square takes the mean colour, one at a time.
    BagNet evidence: see `bagnet_evidence`. random: uniform noise of `seed`.
    `progress` may raise to stop. Raises ValueError for an unknown method or class, for evidence of a network that is
    no BagNet, for Grad-CAM without maps, for DeepLIFT of a network with a layer that Captum's rules do not cover, and
    for all but occlusion and chance of a network that only answers.
    """
    if method not in METHODS:
        raise ValueError(f"expected a method of {list(METHODS)}, got {method!r}: choose one of them")
    if not 0 <= target < len(network.labels):
        raise ValueError(f"expected a class of 0 to {len(network.labels) - 1}, got {target}: choose one of them")
    if method == RANDOM:
        progress(1, 1)
        return np.random.default_rng(seed).random(x.shape[1:], np.float32)
    if method != OCCLUSION:
        inside(network)
    if method == EVIDENCE:
        return bagnet_evidence(network, x, target, progress)
    # autograd refuses tensors made under inference_mode, which callers may be in
    with torch.inference_mode(False), torch.enable_grad():
        found = _BY_CAPTUM[method](private(network), x.clone()[None], target, progress)
    summed = found.detach().float().sum(1)[0].numpy()
    if method == GRAD_CAM:
        height, width = x.shape[1:]
        return placing.spread(summed, placing.of(network, height, width), height, width)
    return summed


def bagnet_evidence(network: Network, x: torch.Tensor, target: int, progress: Progress = ignore) -> np.ndarray:
    """x (3, H, W) -> float32 (H, W): every patch's evidence for the class, spread evenly over its q x q pixels.

    From the exact map of a patch around every pixel (Brendel & Bethge 2019, §2). The network says what a whole patch
    is worth and not where in it: so a pixel gets 1 / q² of each that holds it. Near the border they are fewer, as no
    patch is centred outside the picture. The logit is the mean over the network's own grid alone, every 8 px, so a
    masked pixel changes only those patches of it that hold it: none in the blind rim at the right and the bottom,
    where every pixel gets 0. Raises ValueError for a network that is no BagNet.
    """
    net = patches.bagnet_of(network)
    centred = torch.from_numpy(patches.full(net, x, [target], progress))
    if net.finest > 1:  # a pixel between two patches has the nearest one's
        centred = F.interpolate(centred[None], size=x.shape[1:], mode="nearest")[0]
    found = F.avg_pool2d(centred, net.patch, stride=1, padding=net.patch // 2)[0].numpy()
    found[seen_of(net.patch, x.shape[1]) :] = found[:, seen_of(net.patch, x.shape[2]) :] = 0
    return found


def _watched(net: nn.Module, progress: Progress, total: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """The network as a plain function that reports how many of `total` inputs it has answered."""
    done = 0

    def forward(x: torch.Tensor) -> torch.Tensor:
        nonlocal done
        done += len(x)
        progress(min(done, total), total)
        return net(x)  # type: ignore[no-any-return]

    return forward


def _batch(x: torch.Tensor) -> int:
    return int(max(1, min(IG_STEPS, PIXELS_PER_BATCH // (x.shape[2] * x.shape[3]))))


def _saliency(net: nn.Module, x: torch.Tensor, target: int, progress: Progress) -> torch.Tensor:
    return captum_attr.Saliency(_watched(net, progress, 1)).attribute(x.requires_grad_(), target)  # type: ignore[no-any-return]


def _integrated_gradients(net: nn.Module, x: torch.Tensor, target: int, progress: Progress) -> torch.Tensor:
    method = captum_attr.IntegratedGradients(_watched(net, progress, IG_STEPS))
    return method.attribute(  # type: ignore[no-any-return]
        x.requires_grad_(), target=target, n_steps=IG_STEPS, internal_batch_size=_batch(x)
    )


def _occlusion(net: nn.Module, x: torch.Tensor, target: int, progress: Progress) -> torch.Tensor:
    # captum masks all windows of a row, then of the next; the last ones may reach beyond the picture
    sides = [min(WINDOW, length) for length in x.shape[2:]]
    count = int(np.prod([-(-length // side) for length, side in zip(x.shape[2:], sides, strict=True)]))
    window = (x.shape[1], *sides)
    method = captum_attr.Occlusion(_watched(net, progress, count + 1))
    losses = method.attribute(x, window, strides=window, target=target, perturbations_per_eval=_batch(x))
    return losses / x.shape[1]  # type: ignore[no-any-return]  # captum gives every colour the whole loss


def _grad_cam(net: nn.Module, x: torch.Tensor, target: int, progress: Progress) -> torch.Tensor:
    from core.models.evident import Evident

    if isinstance(net, Evident):  # in closed form, as the map of patches is no module's
        own = net.evidence(x)[:, target : target + 1] - net.linear.bias[target]
        cam = own / own[0, 0].numel()
    else:
        method = captum_attr.LayerGradCam(net, last_map(net, x))
        cam = method.attribute(x.requires_grad_(), target, relu_attributions=False)
    progress(1, 1)
    return cam


def _deep_lift(net: nn.Module, x: torch.Tensor, target: int, progress: Progress) -> torch.Tensor:
    # captum warns at every call that it hooks the module; it is a copy of our own
    warnings.filterwarnings("ignore", message=r"\s*Setting forward, backward hooks")
    # double: the Rescale rule divides differences, which lose float32's digits where they are small
    x = x.double()
    lift = captum_attr.DeepLift(each_call_its_own(net.double(), x))
    found, off = lift.attribute(x.requires_grad_(), target=target, return_convergence_delta=True)
    if abs(off.item()) > INCOMPLETE * found.abs().sum().item():
        raise ValueError(
            f"expected DeepLIFT's map to sum to the difference of the logits, got one that is {off.item():.2g} off: "
            "the network has a layer that Captum's rules do not cover, so choose another method"
        )
    progress(1, 1)
    return found  # type: ignore[no-any-return]


def each_call_its_own(net: nn.Module, x: torch.Tensor) -> nn.Module:
    """The same function as `net`, a private copy, with a ReLU module of its own at every call that answering x makes,
    and with maxima written as sums of ReLUs.

    DeepLIFT keeps what a module saw on that module, so none may be called twice. Captum's rule for max-pooling is
    complete only where the reference is constant over the window; max(a, b) = a + ReLU(b - a) gives the same map there,
    and is complete everywhere.
    """

    class Rectifier(nn.ReLU):
        """Of another type than captum hooks, as Pool."""

    class Pool(nn.MaxPool2d): ...

    class Rewritten(overrides.TorchFunctionMode):  # not torch.fx: while it traces, every other thread's forward fails
        def __init__(self, relu: Relu) -> None:
            super().__init__()
            self.relu = relu

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func in (F.relu, torch.relu, torch.Tensor.relu):
                return self.relu(args[0])
            if func is torch.maximum:
                return larger(self.relu, *args)
            if func is F.max_pool2d and not kwargs["ceil_mode"] and kwargs["dilation"] in (1, (1, 1)):
                return max_pool(self.relu, args[0], args[1], kwargs["stride"], kwargs["padding"])
            return func(*args, **(kwargs or {}))

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.relus = net, nn.ModuleList()

        def forward(self, x: torch.Tensor) -> Any:
            calls = itertools.count()

            def relu(y: torch.Tensor) -> torch.Tensor:
                i = next(calls)
                if i == len(self.relus):
                    self.relus.append(nn.ReLU())
                return self.relus[i](y)  # type: ignore[no-any-return]

            with Rewritten(relu):
                return self.net(x)

    for module in net.modules():
        if type(module) in (nn.ReLU, nn.MaxPool2d):
            module.__class__ = Rectifier if type(module) is nn.ReLU else Pool
    own = Own().eval()
    with torch.no_grad():
        own(x)  # makes the ReLUs
    return own


def larger(relu: Relu, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The larger of a and b of the same shape, by the ReLU that DeepLIFT has a rule for: a + relu(b - a)."""
    return a + relu(b - a)  # of equals the first, as max-pooling has it


def max_pool(relu: Relu, x: torch.Tensor, kernel: Any, stride: Any = None, padding: Any = 0) -> torch.Tensor:
    """(B, C, H, W) -> what F.max_pool2d (undilated, rounding down) gives, by pairwise maxima."""
    (kh, kw), (sh, sw), (ph, pw) = nn_utils._pair(kernel), nn_utils._pair(stride or kernel), nn_utils._pair(padding)
    if ph or pw:  # a window that meets the border holds the pixel repeated there anyway
        x = F.pad(x, (pw, pw, ph, ph), mode="replicate")
    pairwise = functools.partial(larger, relu)
    x = functools.reduce(pairwise, [x[:, :, i : i + 1 - kh or None : sh] for i in range(kh)])
    return functools.reduce(pairwise, [x[:, :, :, i : i + 1 - kw or None : sw] for i in range(kw)])


_BY_CAPTUM: dict[str, Callable[[nn.Module, torch.Tensor, int, Progress], torch.Tensor]] = {
    "saliency": _saliency,
    "integrated gradients": _integrated_gradients,
    GRAD_CAM: _grad_cam,
    "occlusion": _occlusion,
    "DeepLIFT": _deep_lift,
}
