"""What was measured of the attack over seeds: its record, its words and its figures.

Of `random_attack` (after Xue & Roshan, arXiv 1806.05789, and Papernot et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.heavy import go, subplots
from core.base.prose import section
from core.figures import kit
from core.figures.blocks import Plot, enlarged
from core.figures.palette import accent, network_colours, paint, style, text_colour, translucent
from core.studies.random.attack import Examples
from core.studies.random.attack_dataset import Measured, address, band, finding

Table = dict[str, Sequence[object]]
SIDE = 96  # px of a picture on the screen
APART = 0.055  # of accuracy: between two labels at the ends of lines


def colours() -> tuple[str, str]:
    """Of the random features and of the trained network."""
    return accent(), network_colours([None])[0]


def curves(found: Measured) -> Plot:
    """Accuracy against epsilon: solid under attack, dashed under random signs, bands their 95 % intervals."""
    fig = go.Figure()
    x = np.array(found.params.epsilons)
    ends: list[tuple[float, str, str]] = []
    for t, (name, colour) in enumerate(zip(found.targets, colours(), strict=True)):
        for kind, values in (("attack", found.accuracy[t]), ("noise", found.noise[t])):
            words, interval = f"{name}, {kind}", band(found, values)
            kit.band(fig, x, interval[:, 0], interval[:, 1], translucent(colour, 0.16))
            fig.add_scatter(
                x=x,
                y=values.mean(0),
                mode="lines+markers",
                name=words,
                line={"color": colour, "width": 2.5, "dash": "solid" if kind == "attack" else "dash"},
                marker={"size": 8, "symbol": "circle" if kind == "attack" else "diamond-open", "color": colour},
                customdata=interval,
                hovertemplate=f"{words}, ε = %{{x:.3g}}: %{{y:.1%}} (%{{customdata[0]:.1%}} to %{{customdata[1]:.1%}})"
                "<extra></extra>",
            )
            ends.append((float(values.mean(0)[-1]), words, colour))
    style(fig)
    kit.end_labels(fig, sorted(ends), APART, x=x[-1], xshift=8)
    fig.add_vline(x=found.params.shown, line={"color": text_colour(), "width": 1, "dash": "dot"}, opacity=0.6)
    fig.add_annotation(x=found.params.shown, y=1, yref="paper", text="the paper's ε", yanchor="bottom", showarrow=False)
    fig.update_layout(
        title=section("random_features", "figure attack"),
        height=430,
        margin={"r": 230, "t": 84},
        showlegend=False,
    )
    fig.update_xaxes(title_text="ε, pixels in [0, 1]", tickvals=x, ticktext=[f"{e:.3g}" for e in x], tickangle=0)
    fig.update_xaxes(range=[-0.03 * x[-1], 1.03 * x[-1]])
    fig.update_yaxes(title_text="accuracy", tickformat=".0%", range=[-0.02, 1.04])
    return Plot(
        fig,
        f"Accuracy against epsilon under attack and under noise of the same size, both targets. {finding(found)}",
        lambda: curve_table(found),
    )


def curve_table(found: Measured) -> Table:
    """A row a target and epsilon: accuracies with their 95 % intervals."""
    epsilons = found.params.epsilons
    table: Table = {"target": [name for name in found.targets for _ in epsilons]}
    table["ε"] = [round(e, 4) for e in epsilons] * len(found.targets)
    kinds = {"attacked": found.accuracy, "noise of the same size": found.noise}
    for words, targets in (kinds | {"the substitute itself": found.substitute}).items():
        table[words] = [
            f"{middle:.1%} ({low:.1%} to {high:.1%})"
            for seeds in targets
            for middle, (low, high) in zip(seeds.mean(0), band(found, seeds), strict=True)
        ]
    return table


def pictures(found: Measured, t: int) -> Plot:
    """A row a picture of target t: as it was, the attack's change (mean of the channels, full colour at epsilon),
    attacked, and under random signs; above each what the target said."""
    one, labels, shown = found.examples[t], found.about["labels"], found.params.shown
    heads = ("<b>Picture</b>", "<b>Change</b>", "<b>Attacked</b>", "<b>Noise</b>")
    titles = []
    for i, truth in enumerate(one.truth):
        said = (labels[truth], "&nbsp;", *(mark(labels, a[i], truth) for a in (one.after, one.after_noise)))
        titles += [f"{head}<br>{words}" if i == 0 else words for head, words in zip(heads, said, strict=True)]
    rows = len(one.truth)
    fig = subplots.make_subplots(
        max(rows, 1), 4, subplot_titles=titles, horizontal_spacing=0.03, vertical_spacing=min(0.07, 0.5 / max(rows, 1))
    )
    change = np.array([paint(d, shown) / 255 for d in (one.attacked - one.clean).mean(-1)])
    for row in range(rows):
        for column, views in enumerate((one.clean, change, one.attacked, one.noisy), 1):
            fig.add_image(source=address(enlarged(views[row], SIDE)), hoverinfo="skip", row=row + 1, col=column)
    style(fig)
    fig.update_xaxes(visible=False, constrain="domain")
    fig.update_yaxes(visible=False, constrain="domain")
    fig.update_annotations(font={"size": 12, "color": text_colour()})
    fig.update_layout(height=56 + rows * (SIDE + 30), margin={"l": 8, "r": 8, "t": 48, "b": 8})
    return Plot(
        fig,
        f"Pictures before and after the attack on {found.targets[t]}, the change enlarged, and under noise, at "
        f"ε = {shown:g}",
        lambda: picture_table(one, labels),
    )


def mark(labels: Sequence[str], answer: int, truth: int) -> str:
    """An answer, right or wrong by a mark and not by colour."""
    return f"{labels[answer]} {'✓' if answer == truth else '✗'}"


def picture_table(one: Examples, labels: Sequence[str]) -> Table:
    """A row a picture: its class and the target's answers."""
    return {
        "picture": [labels[t] for t in one.truth],
        "attacked": [labels[a] for a in one.after],
        "noise": [labels[a] for a in one.after_noise],
    }
