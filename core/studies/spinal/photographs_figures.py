"""Figure of what the heads say to one photograph. The heads are those of Kabir et al. (arXiv 2007.03347)."""

from __future__ import annotations

import numpy as np

from core.base.heavy import subplots
from core.figures.blocks import Plot
from core.figures.palette import style, text_colour, verbatim
from core.studies.spinal.photographs import Answers, finding
from core.studies.spinal.transfer import HEADS
from core.studies.spinal.transfer_figures import colours

BEST, ROW, TOP = 3, 26, 96  # classes of each head that are shown, px a class, px above the bars


def shown(answers: Answers) -> list[int]:
    """The classes that are among the best of any head, the likeliest first."""
    best = {int(k) for row in answers.probability for k in row.argsort()[::-1][:BEST]}
    return sorted(best, key=lambda k: -float(answers.probability[:, k].mean()))


def bars(answers: Answers) -> Plot:
    """A column of bars a head, the same classes in each; probabilities end at 1."""
    classes, paint = shown(answers), colours()
    names = [verbatim(answers.classes[k]) for k in classes]
    heads = [
        f"<b>{HEADS[head]}</b><br>{p.max():.2f}" for head, p in zip(answers.heads, answers.probability, strict=True)
    ]
    fig = subplots.make_subplots(1, len(heads), shared_yaxes=True, horizontal_spacing=0.03, subplot_titles=heads)
    for i, (head, row) in enumerate(zip(answers.heads, answers.probability, strict=True), 1):
        fig.add_bar(
            x=[float(row[k]) for k in classes],
            y=names,
            orientation="h",
            marker={"color": paint[head]},
            hovertemplate=f"{HEADS[head]}: P(%{{y}}) = %{{x:.4f}}<extra></extra>",
            row=1,
            col=i,
        )
    style(fig)
    fig.update_layout(showlegend=False, bargap=0.3, height=ROW * len(classes) + TOP + 40, margin={"t": TOP, "b": 40})
    fig.update_layout(title="Probability of the likeliest categories")
    fig.update_annotations(font={"size": 13, "color": text_colour()})
    fig.update_xaxes(range=[0, 1], tickvals=[0, 0.5, 1])
    fig.update_yaxes(autorange="reversed", automargin=True, dtick=1)
    return Plot(fig, f"Probability of the likeliest categories by head. {finding(answers)}", lambda: table(answers))


def table(answers: Answers) -> dict[str, list[object]]:
    """A row a category, a column a head."""
    order = np.argsort(-answers.probability.mean(0), kind="stable")
    columns: dict[str, list[object]] = {"category": [answers.classes[k] for k in order]}
    for head, row in zip(answers.heads, answers.probability, strict=True):
        columns[HEADS[head]] = [round(float(row[k]), 4) for k in order]
    return columns
