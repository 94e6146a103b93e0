"""What the records of this room hold, as tables: assets/results/README.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.data.sets import DATASETS
from core.studies.random import attack_dataset, background_figures, dataset, dataset_figures, retrieval_figures
from core.studies.random.claims import background_record, random_attacks_record, retrieval_record

HEADLINE = "random-above-pixels"  # the claim that stands for this study on the first page


def tables(results: Path) -> dict[str, Mapping[str, Sequence[object]]]:
    """What was measured -> its table, none where it is told in words, of the records below a results folder."""
    found: dict[str, Mapping[str, Sequence[object]]] = {}
    for name, record in dataset.measured(results / "random_features").items():
        title, seeds = DATASETS[name].title, len(record.plan.seeds)
        found[f"{title}: right by how many features, mean of {seeds} seeds (lowest to highest)"] = (
            dataset_figures.curve_table(record)
        )
        few = min(record.plan.part, record.train_images)
        found[f"{title}: the same classifiers on other features, {few:,} training pictures"] = (
            dataset_figures.baseline_table(record)
        )
        found[f"{title}: similarity of pictures by mean cosine; ratio: between over within classes"] = (
            dataset_figures.similarity_table(record)
        )
    if (retrieved := retrieval_record(results)) is not None:
        found["Retrieval, each picture of the Corel pack left out in turn"] = retrieval_figures.table(retrieved)
    if (swapped := background_record(results)) is not None:
        found["Answers after backgrounds and objects are blurred or swapped"] = background_figures.share_table(swapped)
    for attacked in random_attacks_record(results):
        found[f"Through a substitute that sees only answers: {attack_dataset.finding(attacked)}"] = {}
    return found
