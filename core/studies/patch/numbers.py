"""What the records of this room hold, as tables: assets/results/README.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.studies.patch import dataset_figures, exact, masking_figures
from core.studies.patch.claims import patches_record

HEADLINE = "patch-33-near-resnet"  # the claim that stands for this study on the first page


def tables(results: Path) -> dict[str, Mapping[str, Sequence[object]]]:
    """What was measured -> its table, of the records below a results folder."""
    record = patches_record(results)
    if record is None:
        return {}
    found: dict[str, Mapping[str, Sequence[object]]] = {
        f"Accuracy by patch size, {record.data}": dataset_figures.accuracy_table(record.summary),
        "Who errs alike: r over the error rates of the classes, κ over pictures": dataset_figures.pair_table(
            record.summary
        ),
    }
    if record.scramble is not None:
        found["Right on pictures whose tiles are shuffled"] = dataset_figures.scramble_table(
            record.scramble, record.summary
        )
    if record.masking is not None:
        masked = record.masking
        found[
            f"Area under the true class's probability while cells of {masked.cell} px are masked (deletion) or shown "
            f"(insertion) in a method's order, {masked.images} pictures"
        ] = masking_figures.table(masked)
    if record.maps is not None:
        found["The exact map, of a patch around every pixel, is not the logit's, each network for its own answer"] = (
            exact.table(record.maps)
        )
    return found
