"""Over many pictures: whose order of cells makes the answer fall soonest? The areas of `patch_masking`, averaged.

After Brendel & Bethge (ICLR 2019), who mask the 100 most attributed 8 x 8 patches.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.base.worker import Progress, ignore
from core.studies.patch import masking
from core.studies.patch.masking import MODES, Params

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.data.named import Split
    from core.networks.packaged import Network


@dataclass(frozen=True, eq=False)
class Summary:
    """Mean area under the curve of N networks (the BagNet, then the baseline) by M methods over `images` pictures, for
    the pictures' true classes: `deletion`, `insertion` (N, M); `deletion_error`, `insertion_error` (N, M): standard
    errors over pictures."""

    networks: tuple[str, ...]
    methods: tuple[str, ...]
    images: int
    cell: int
    draws: int
    seed: int
    deletion: np.ndarray
    deletion_error: np.ndarray
    insertion: np.ndarray
    insertion_error: np.ndarray

    def of(self, mode: str) -> tuple[np.ndarray, np.ndarray]:
        """(N, M) mean and (N, M) half width of the 95 % interval."""
        if mode == "deletion":
            return self.deletion, 1.96 * self.deletion_error
        return self.insertion, 1.96 * self.insertion_error


def run(bagnet: Network, baseline: Network, split: Split, params: Params, progress: Progress = ignore) -> Summary:
    """Every picture of a split masked in every method's order, towards its true class. Raises ValueError for fewer than
    two pictures: one has no standard error."""
    count = len(split)
    if count < 2:
        raise ValueError(f"expected two pictures or more, got {count}: give a larger set")
    areas = np.empty((len(MODES), count, 2, len(params.methods)))
    for i in range(count):
        traces = [
            [masking.trace(n, bagnet, split.pixels[i], int(split.labels[i]), m, params) for m in params.methods]
            for n in (bagnet, baseline)
        ]
        for row, mode in enumerate(MODES):
            found = masking.assemble((bagnet, baseline), traces, int(split.labels[i]), replace(params, mode=mode))
            areas[row, i] = found.auc
        progress(i + 1, count)
    means, errors = areas.mean(1), areas.std(1, ddof=1) / np.sqrt(count)
    return Summary(
        networks=(bagnet.card.name, baseline.card.name),
        methods=params.methods,
        images=count,
        cell=params.cell,
        draws=params.draws,
        seed=params.seed,
        deletion=means[0],
        deletion_error=errors[0],
        insertion=means[1],
        insertion_error=errors[1],
    )


def as_record(found: Summary) -> dict[str, Any]:
    """The Summary as JSON can hold it, numbers to five digits."""
    fields = {f.name: getattr(found, f.name) for f in dataclasses.fields(found)}
    return {k: v.round(5).tolist() if isinstance(v, np.ndarray) else v for k, v in fields.items()}


def from_record(record: dict[str, Any]) -> Summary:
    """The Summary that `as_record` wrote."""
    values: dict[str, Any] = {k: np.asarray(v) if isinstance(v, list) else v for k, v in record.items()}
    return Summary(**{**values, "networks": tuple(record["networks"]), "methods": tuple(record["methods"])})


def figure(found: Summary, titles: tuple[str, str], *, dark: bool = False) -> go.Figure:
    """Both areas by method with 95 % intervals, the baseline grey: left is better for deletion, right for insertion."""
    from plotly.subplots import make_subplots

    from core.figures.palette import ACCENT, network_colours, style, verbatim

    heads = ("deletion: further left is better", "insertion: further right is better")
    fig = make_subplots(1, 2, shared_yaxes=True, subplot_titles=heads, horizontal_spacing=0.04)
    looks = ((ACCENT, "circle"), (network_colours([None], dark)[0], "square"))
    for column, mode in enumerate(MODES):
        means, halves = found.of(mode)
        for n, (title, (colour, symbol)) in enumerate(zip(map(verbatim, titles), looks, strict=True)):
            fig.add_scatter(
                x=means[n],
                y=found.methods,
                mode="markers",
                name=title,
                legendgroup=title,
                showlegend=column == 0,
                marker={"size": 10, "color": colour, "symbol": symbol},
                error_x={"type": "data", "array": halves[n], "color": colour, "thickness": 1.5, "width": 0},
                hovertemplate=f"{title}, %{{y}}: %{{x:.3f}}<extra></extra>",
                row=1,
                col=column + 1,
            )
    style(fig, dark)
    fig.update_layout(title="Whose order finds what matters?", height=430, margin={"l": 150, "b": 92})
    fig.update_xaxes(title_text="mean area under the curve")
    fig.update_yaxes(autorange="reversed", nticks=0, showgrid=True)
    return fig


def table(found: Summary, titles: tuple[str, str]) -> dict[str, list[Any]]:
    """A row a network and method: both mean areas with their intervals."""
    columns: dict[str, list[Any]] = {"network": [], "method": [], **{f"{mode}, mean area ± 95 %": [] for mode in MODES}}
    for n, title in enumerate(titles):
        for m, method in enumerate(found.methods):
            columns["network"].append(title)
            columns["method"].append(method)
            for mode in MODES:
                mean, half = (values[n, m] for values in found.of(mode))
                columns[f"{mode}, mean area ± 95 %"].append(f"{mean:.3f} ± {half:.3f}")
    return columns
