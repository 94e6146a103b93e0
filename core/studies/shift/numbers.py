"""What the records of this room hold, as tables: of the page's measured part and of assets/results/README.md."""

from __future__ import annotations

from pathlib import Path

from core.networks.card import title_of
from core.studies.shift.claims import shift_record
from core.studies.shift.figures import table

HEADLINE = "blur-consistency-resnet"  # the claim that stands for this study on the first page


def tables(results: Path) -> dict[str, dict[str, list[object]]]:
    """What was measured -> its table, of the records below a results folder."""
    found = {title_of(name): record for name, record in shift_record(results).items()}
    summaries = [record.summary for record in found.values()]
    if not found:
        return {}
    return {
        "Accuracy, and consistency: the share of pictures for which two random circular shifts, up to a quarter of the "
        "side, get the same answer": {
            **table(summaries, list(found)),
            "test set": [record.data.partition(" (")[0] for record in found.values()],
        },
    }
