"""What the records of this room hold, as tables: assets/results/README.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.networks.families import SDNETS, TWINS
from core.pictures import noise
from core.studies.sparse import arrived, attack_figures, dataset_figures
from core.studies.sparse.claims import sparse_attack_record, sparse_record

HEADLINE = "coded-beats-twin-under-noise"  # the claim that stands for this study on the first page


def tables(results: Path) -> dict[str, Mapping[str, Sequence[object]]]:
    """What was measured -> its table, of the records below a results folder."""
    found: dict[str, Mapping[str, Sequence[object]]] = {}
    records = sparse_record(results)
    for kind in noise.KINDS:
        coded, twins = (
            [records[name].results[kind] for name in names if name in records and kind in records[name].results]
            for names in (SDNETS, TWINS)
        )
        if coded:
            found[
                f"Right under {kind} noise by who chooses λ, mean of {len(coded)} seeds (lowest to highest), "
                f"{coded[0].images:,} pictures"
            ] = dataset_figures.curve_table(coded, twins)
    if (came := arrived.measured(results / "sparse_codes")) is not None:
        found |= {
            f"What arrives of {kind} noise at {came.images} photographs": arrived.table(came, kind)
            for kind in came.kinds
        }
    attacked = sparse_attack_record(results)
    if attacked is not None:
        found["Right under PGD through the unrolled solver, by an attack that knows λ"] = attack_figures.curve_table(
            attacked
        )
    return found
