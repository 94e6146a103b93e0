"""What the records of this room hold, as tables: assets/results/README.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from core.studies.spinal import ablation, ablation_figures, dataset, regression_figures, transfer_figures
from core.studies.spinal.claims import regression_record, transfer_record

HEADLINE = "spinal-beats-fc-mnist-vgg5"  # the claim that stands for this study on the first page
SEED = "seed "  # how the columns begin that hold one seed's numbers, of which the mean is enough here


def tables(results: Path) -> dict[str, Mapping[str, Sequence[object]]]:
    """What was measured -> its table, of the records below a results folder."""
    found: dict[str, Mapping[str, Sequence[object]]] = {}
    folder = results / "spinal_heads"
    if races := dataset.measured(folder):
        found[
            "The same backbone, recipe and pictures under three heads; FC matched has as many parameters and the same "
            "dropout as the spinal one; last epoch, 95 % over seeds, in brackets spinal minus the other, in points"
        ] = dataset.claims(races)
    if (transferred := transfer_record(results)) is not None:
        found["New heads on photo_resnet for cats and dogs"] = without_seeds(transfer_figures.table(transferred[0]))
    if (fitted := regression_record(results)) is not None:
        found["Regression: mean squared errors, 10 seeds"] = regression_figures.table(fitted[0])
    if (varied := ablation.measured(folder / ablation.RECORD.name)) is not None:
        for vary in get_args(ablation.Vary):
            table = without_seeds(ablation_figures.table(varied[0], vary))
            found[f"Ablation of the spinal head on digits: {next(iter(table))}"] = table
    return found


def without_seeds(table: Mapping[str, Sequence[object]]) -> dict[str, Sequence[object]]:
    return {name: column for name, column in table.items() if not name.startswith(SEED)}
