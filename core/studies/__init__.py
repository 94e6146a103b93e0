"""What readers ask: one file a study, always with Params, Result, run and figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Study:
    """One room of the house: `slug` names its file here, its page and its terminal command."""

    slug: str
    title: str
    question: str
    paper: str
    link: str
    icon: str


STUDIES = (
    Study(
        "shift_sweep",
        "Shift sweep",
        "Does a one-pixel shift change the answer?",
        "R. Zhang, Making Convolutional Networks Shift-Invariant Again, ICML 2019",
        "https://arxiv.org/abs/1904.11486",
        ":material/open_with:",
    ),
)
