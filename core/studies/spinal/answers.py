"""What do the three heads answer to one digit, and which spinal layer says what?

A spinal head's read-out sees the outputs of all of its layers (Kabir et al., arXiv 2007.03347, §II), so its logits are
a sum: what each layer adds, and the read-out's bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.base.heavy import torch
from core.base.worker import Progress, ignore
from core.data import named
from core.models.heads import HEADS, SHORT, Head
from core.networks import engine
from core.networks.card import Network, inside
from core.networks.families import HEADED
from core.networks.packaged import check_comparable
from core.pictures.digit_form import as_mnist
from core.pictures.image import RGBImage, from_pixels
from core.pictures.preprocess import to_tensor
from core.studies.spinal import so_far
from core.studies.spinal.heads import different
from core.studies.spinal.so_far import SoFar

if TYPE_CHECKING:
    from core.models.spinal import Headed, SpinalHead

EXAMPLE = 3  # among scikit-learn's digits (training half): a three


@dataclass(frozen=True)
class Params:
    """The `heads` of the networks that are asked, in their order. Raises ValueError for none, or one asked twice."""

    heads: tuple[Head, ...] = ("fc", "spinal", "fc-matched")

    def __post_init__(self) -> None:
        different("heads", self.heads, HEADS)


@dataclass(frozen=True, eq=False)
class Result:
    """What H heads say to one picture: `shown` uint8 (28, 28), as the networks see it, of the picture of that digest.

    `probability` and `logits` (before log-softmax) are (H, K). Of the spinal head: `contributions` (L, K) to its
    logits, `bias` (K,), and `parts` (L,), the part of the features that each layer sees; without it L is 0.
    """

    heads: tuple[Head, ...]
    labels: tuple[str, ...]
    picture: str
    shown: np.ndarray
    probability: np.ndarray
    logits: np.ndarray
    contributions: np.ndarray
    bias: np.ndarray
    parts: np.ndarray

    @property
    def top1(self) -> np.ndarray:
        """(H,) class index."""
        return np.asarray(self.probability.argmax(1))

    @property
    def total(self) -> np.ndarray:
        """(K,) the spinal head's logits."""
        return np.asarray(self.contributions.sum(0) + self.bias)


def example() -> RGBImage:
    """The built-in digit: one of scikit-learn's, 8 x 8 px, bright on dark."""
    return from_pixels(named.load("digits", split="train").pixels[EXAMPLE].repeat(3, -1))


def run(
    networks: Sequence[Network], picture: RGBImage, params: Params | None = None, progress: Progress = ignore
) -> Result:
    """Ask every network about the picture in MNIST's form. Each must be core.models.spinal.Headed.

    Raises ValueError: not a network for each head, other labels, a network of another kind.
    """
    params = params or Params()
    check_comparable(networks)
    if len(networks) != len(params.heads):
        raise ValueError(f"expected a network for each of {', '.join(params.heads)}, got {len(networks)}: ask one each")
    shown, classes = as_mnist(picture), len(networks[0].labels)
    probability, logits = [], []
    contributions, bias, parts = np.zeros((0, classes), np.float32), np.zeros(classes, np.float32), np.zeros(0, int)
    for i, (network, head) in enumerate(zip(networks, params.heads, strict=True)):
        x = to_tensor(shown, network.preprocessing)
        answer = engine.logits(network.engine, x.__getitem__, 1, exact=True)
        probability.append(answer.probability[0])
        logits.append(before_softmax(network, x))
        if head == "spinal":
            contributions, bias, parts = layers(network, x)
        progress(i + 1, len(networks))
    return Result(
        heads=params.heads,
        labels=networks[0].labels,
        picture=picture.digest,
        shown=shown[0, :, :, 0],
        probability=np.stack(probability),
        logits=np.stack(logits),
        contributions=contributions,
        bias=bias,
        parts=parts,
    )


def headed(network: Network) -> Headed:
    """The network in float32. Raises ValueError if it is not a backbone under a head."""
    from core.models.spinal import Headed

    net = inside(network).exact
    if not isinstance(net, Headed):
        names = ", ".join(HEADED.values())
        raise ValueError(f"expected a backbone under a head, got {network.card.name}: choose one of {names}")
    return net


def before_softmax(network: Network, x: torch.Tensor) -> np.ndarray:
    """(1, C, S, S) -> (K,): the head's logits."""
    net = headed(network)
    with torch.inference_mode():
        return np.asarray(net.head(net.backbone(x))[0].numpy())


def layers(network: Network, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(1, C, S, S) -> what each spinal layer adds to the logits (L, K), the read-out's bias (K,), and the part of the
    features that each layer sees (L,). Raises ValueError for another head."""
    head = spinal_head(network)
    with torch.inference_mode():
        added = head.contributions(headed(network).backbone(x))[0].numpy()
        return added, head.out.linear.bias.numpy().copy(), np.array(head.order)


def spinal_head(network: Network) -> SpinalHead:
    """Raises ValueError for a network under another head, or under none."""
    from core.models.spinal import SpinalHead

    head = headed(network).head
    if not isinstance(head, SpinalHead):
        raise ValueError(f"expected a spinal head, got {network.card.name}: name its head as it is")
    return head


def building_up(network: Network, picture: RGBImage) -> SoFar:
    """How the network's spinal head comes to its answer to the picture in MNIST's form. Raises as `layers`."""
    head = spinal_head(network)
    with torch.inference_mode():
        features = headed(network).backbone(to_tensor(as_mnist(picture), network.preprocessing))
    return so_far.read(head, features)


def finding(result: Result) -> str:
    """Which digit each head says, with which probability, and whether they agree."""
    said = [result.labels[i] for i in result.top1]
    sure = result.probability.max(1)
    if len(said) > 1 and len(set(said)) == 1:
        listed = ", ".join(f"{SHORT[head]} {p:.2f}" for head, p in zip(result.heads, sure, strict=True))
        return f"All heads say {said[0]}: {listed}."
    each = [f"{SHORT[head]} says {word} ({p:.2f})" for head, word, p in zip(result.heads, said, sure, strict=True)]
    return f"{'The heads disagree: ' if len(each) > 1 else ''}{', '.join(each)}."


def layers_finding(result: Result) -> str:
    """Which spinal layer adds most to the lead of the head's answer over the next class."""
    best, second = (int(k) for k in result.total.argsort()[::-1][:2])
    lead = result.contributions[:, best] - result.contributions[:, second]
    strongest, total = int(lead.argmax()), float(result.total[best] - result.total[second])
    against = [str(i + 1) for i in np.flatnonzero(lead < 0)]
    bias = float(result.bias[best] - result.bias[second])
    opposed = "no layer takes from it"
    if against:
        one = len(against) == 1
        listed = ", ".join(against[:-1]) + f" and {against[-1]}" if not one else against[0]
        opposed = f"layer{'' if one else 's'} {listed} take{'s' if one else ''} {-lead[lead < 0].sum():.2f} from it"
    return (
        f"The spinal head's logit for {result.labels[best]} leads that for {result.labels[second]} by {total:.2f}: "
        f"layer {strongest + 1} of {len(lead)} adds most to the lead, {lead[strongest]:+.2f}; {opposed}; "
        f"the bias adds {bias:+.2f}."
    )


def table(result: Result) -> dict[str, list[object]]:
    """One row a class: every head's probability and logit."""
    columns: dict[str, list[object]] = {"class": list(result.labels)}
    for head, p, logit in zip(result.heads, result.probability, result.logits, strict=True):
        columns[f"{SHORT[head]}, probability"] = p.round(4).tolist()
        columns[f"{SHORT[head]}, logit"] = logit.round(3).tolist()
    return columns


def layer_table(result: Result) -> dict[str, list[object]]:
    """One row a spinal layer, then the bias and the logit; one column a class."""
    rows = np.concatenate([result.contributions, result.bias[None], result.total[None]])
    columns: dict[str, list[object]] = {"row": row_names(result)}
    return columns | {label: rows[:, k].round(3).tolist() for k, label in enumerate(result.labels)}


def row_names(result: Result) -> list[object]:
    """The layers, with the part that each sees; the read-out's bias; the logit."""
    return [*(f"layer {i + 1}, sees {chr(ord('A') + part)}" for i, part in enumerate(result.parts)), "bias", "logit"]
