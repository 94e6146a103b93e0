"""What was measured on photographs that no network has seen: how right and how steady (Zhang, ICML 2019, §4.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.base.intervals import with_interval
from core.base.prose import section
from core.figures.blocks import Plot
from core.networks.card import blur_of, title_of
from core.studies.shift.figures import Row, dots, looks
from core.studies.shift.photographs import STEADY, STILL, Answered, Kept, Share, blurs_own, shares

RIGHT = "top-1"


def scatter(records: Sequence[Answered]) -> Plot:
    """Consistency and top-1, a row a network with 95 % intervals, the steadiest above."""
    every = records
    records = [record for record in records if record.pairs]
    found = shares(records)
    rows: list[Row] = []
    for record, look in zip(records, looks([blur_of(record.network) for record in records]), strict=True):
        steady, right = (found[quantity][record.network] for quantity in (STEADY, RIGHT))
        rows.append((title_of(record.network), look, [(s.value, s.low, s.high) for s in (steady, right)]))
    fig = dots(rows, (section("shift_sweep", "pairs agree"), section("shift_sweep", "right answers")))
    return Plot(fig, f"Consistency and accuracy. {finding(records)}", lambda: table(every))


def both_measures(records: Sequence[Kept]) -> Plot:
    """The two measures of steadiness side by side, a row a network with 95 % intervals, the steadiest under one pixel
    of the photograph above."""
    found = shares(records)
    listed = zip(records, looks([blur_of(record.network) for record in records]), strict=True)
    by_name = [(record.network, look) for record, look in listed]
    rows: list[Row] = [
        (title_of(name), look, [(s.value, s.low, s.high) for s in (found[STILL][name], found[STEADY][name])])
        for name, look in by_name
    ]
    heads = section("shift_sweep", "one pixel agrees"), section("shift_sweep", "crops agree")
    columns: dict[str, list[object]] = {"network": [title_of(name) for name, _ in by_name]}
    for quantity in (STILL, STEADY):
        told = [found[quantity][name] for name, _ in by_name]
        columns[f"{quantity}, %"] = [f"{s.value:.1f} [{s.low:.1f}, {s.high:.1f}]" for s in told]
    return Plot(dots(rows, heads), "Two measures of steadiness, network by network", lambda: columns)


def table(records: Sequence[Answered]) -> dict[str, list[object]]:
    """A row a network: every share in % with its interval, and the difference from the first, picture by picture."""
    columns: dict[str, list[object]] = {
        "network": [title_of(record.network) for record in records],
        "photographs": [f"{record.images:,}" for record in records],
    }
    first = title_of(records[0].network)
    for name, row in shares(records).items():
        rows = [row.get(record.network) for record in records]
        columns[f"{name}, %"] = [f"{s.value:.1f} [{s.low:.1f}, {s.high:.1f}]" if s else "" for s in rows]
        columns[f"{name}, minus {first}'s, points"] = [more(s, sign=False) if s else "" for s in rows]
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
