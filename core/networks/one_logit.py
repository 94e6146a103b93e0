"""Networks of one logit: yes or no by the sigmoid. Wherever one is opened it becomes a network of two answers.

The sigmoid of a logit z is the softmax of (-z/2, z/2). Both answers then move with the network, so that every study
which compares classes, or asks for a class's gradient, has one for the no as well as for the yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.base.heavy import torch
from core.networks.download import WeightsError

SAID = "one logit, read by the sigmoid"


def two_labels(labels: Sequence[str]) -> tuple[str, str]:
    """The names of the answers below and above 0: two as given, "not L" and L for one, numbers for none.

    Raises WeightsError for more.
    """
    if len(labels) > 2:
        raise WeightsError(
            f"expected 2 labels at most, for one logit is yes or no, got {len(labels)}: name no and yes, or yes alone"
        )
    no, yes = (f"not {labels[0]}", labels[0]) if len(labels) == 1 else labels or ("class 0", "class 1")
    return no, yes


def widened(state: dict[str, torch.Tensor], heads: Iterable[str]) -> dict[str, torch.Tensor]:
    """A state whose classifier's tensors `heads`, (1, …), give both answers' halves of the logit, (2, …)."""
    return state | {name: torch.cat([-state[name], state[name]]) / 2 for name in heads}
