"""What was measured on photographs that no network has seen: how right and how steady (Zhang, ICML 2019, §4.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.base.heavy import go
from core.base.intervals import with_interval
from core.figures.blocks import Plot
from core.figures.palette import network_colours, style, verbatim
from core.networks.card import blur_of, title_of
from core.studies.shift.figures import add_network
from core.studies.shift.photographs import Answered, Share, blurs_own, shares

RIGHT, STEADY, STILL = "top-1", "consistency", "under one pixel"


def scatter(records: Sequence[Answered]) -> Plot:
    """Top-1 against consistency, one point a network with 95 % intervals; up and to the right is better."""
    every = records
    records = [record for record in records if record.pairs]
    found = shares(records)
    fig = go.Figure()
    colours = network_colours([blur_of(record.network) for record in records])
    for record, colour in zip(records, colours, strict=True):
        said = "pairs that agree %{x:.2f} %<br>right %{y:.2f} %"
        both = (found[quantity][record.network] for quantity in (STEADY, RIGHT))
        x, y = ((share.value, share.low, share.high) for share in both)
        add_network(fig, verbatim(title_of(record.network)), colour, x, y, said)
    style(fig)
    fig.update_layout(title="Right: steadier · up: more accurate", height=400)
    fig.update_xaxes(title_text="pairs of crops that agree, %")
    fig.update_yaxes(title_text="first answer right, %")
    return Plot(fig, f"Accuracy against consistency. {finding(records)}", lambda: table(every))


def table(records: Sequence[Answered]) -> dict[str, list[object]]:
    """A row a network: every share in % with its interval, and the difference from the first, picture by picture."""
    columns: dict[str, list[object]] = {
        "network": [record.network for record in records],
        "photographs": [f"{record.images:,}" for record in records],
    }
    for name, row in shares(records).items():
        rows = [row.get(record.network) for record in records]
        columns[f"{name}, %"] = [f"{s.value:.1f} [{s.low:.1f}, {s.high:.1f}]" if s else "" for s in rows]
        columns[f"{name}, minus {records[0].network}'s, points"] = [more(s, sign=False) if s else "" for s in rows]
    return columns


def more(share: Share, sign: bool = True) -> str:
    """'+1.20 ± 0.80', an en dash for the first network itself."""
    return "–" if math.isnan(share.more) else with_interval(share.more, share.half, sign=sign)


def finding(records: Sequence[Answered]) -> str:
    """How right the first network is, and how much righter and steadier each other one, on the same photographs."""
    records = [record for record in records if record.pairs]
    found = shares(records)
    first, *others = [record.network for record in records]
    told = [f"{title_of(name)} {more(found[RIGHT][name])} and {more(found[STEADY][name])}" for name in others]
    said = (
        f"Of {records[0].images:,} photographs {title_of(first)} gets {found[RIGHT][first].value:.1f} % right, and of "
        f"pairs of crops {found[STEADY][first].value:.1f} % agree"
    )
    said = f"{said}. The same photographs, in points of both: {'; '.join(told)}." if told else f"{said}."
    right, steady, still = (blurs_own(records, quantity) for quantity in (RIGHT, STEADY, STILL))
    own = [
        f"{title_of(name)} {more(right[name])} and {more(steady[name])}, and under one pixel {more(still[name])}"
        for name in right
    ]
    return f"{said} What a blur adds to the plain copy, taught alike: {'; '.join(own)}." if own else said
