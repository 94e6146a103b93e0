"""Exact nearest neighbours: one matrix product finds the candidates, double precision decides among them."""

from __future__ import annotations

import numpy as np

from core.base.heavy import torch
from core.base.worker import Progress, ignore
from core.compute.linear_svm import read

SPARE = 8  # candidates beyond those asked for: float32 may mistake the order of near ones
QUERIES_AT_ONCE = 512
ROWS_AT_ONCE = 8192
VOTERS = 5


def nearest(
    queries: np.ndarray, gallery: np.ndarray, count: int, progress: Progress = ignore
) -> tuple[np.ndarray, np.ndarray]:
    """Indices int64 (Q, count) and Euclidean distances float64 (Q, count), nearest first.

    `queries` (Q, D) and `gallery` (N, D) are of any number type and may be memory maps; `count` is at most N.
    Raises ValueError otherwise. `progress(done, total)` counts pairs of blocks and may raise to stop.
    """
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        raise ValueError(f"expected queries (Q, D) and a gallery (N, D), got {queries.shape} and {gallery.shape}")
    if not 1 <= count <= len(gallery):
        raise ValueError(
            f"expected 1 to {len(gallery)} neighbours, got {count}: ask for fewer or give a larger gallery"
        )
    kept = min(count + SPARE, len(gallery))
    values = torch.full((len(queries), kept), torch.inf)
    indices = torch.zeros(len(queries), kept, dtype=torch.int64)
    total = -(-len(gallery) // ROWS_AT_ONCE) * -(-len(queries) // QUERIES_AT_ONCE)
    done = 0
    with torch.inference_mode():
        for rows, g in read(gallery, ROWS_AT_ONCE):
            norms = g.square().sum(1)
            for some, q in read(queries, QUERIES_AT_ONCE):
                near = torch.addmm(norms, q, g.T, alpha=-2)  # less |q|^2, which changes no order
                _merge(values, indices, some, near, rows.start)
                done += 1
                progress(done, total)
    return _decide(queries, gallery, indices.numpy(), count)


def _merge(values: torch.Tensor, indices: torch.Tensor, some: slice, near: torch.Tensor, start: int) -> None:
    """Keep the smallest of what is known and of `near` (q, n), whose columns are the gallery's from `start` on."""
    best = near.topk(min(values.shape[1], near.shape[1]), largest=False)
    joined = torch.cat([values[some], best.values], 1)
    names = torch.cat([indices[some], best.indices + start], 1)
    order = joined.topk(values.shape[1], largest=False)
    values[some], indices[some] = order.values, names.gather(1, order.indices)


def _decide(
    queries: np.ndarray, gallery: np.ndarray, candidates: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The `count` nearest of each query's candidates (Q, M), their distances in double precision; ties by index."""
    found = np.empty((len(queries), count), np.int64)
    distances = np.empty((len(queries), count))
    for i, names in enumerate(np.sort(candidates, 1)):
        difference = gallery[names].astype(np.float64) - queries[i].astype(np.float64)
        distance = np.sqrt((difference**2).sum(1))
        order = distance.argsort(kind="stable")[:count]
        found[i], distances[i] = names[order], distance[order]
    return found, distances


def votes(indices: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Neighbours (Q, count), nearest first, and the gallery's labels (N,) -> scores float32 (Q, classes).

    One vote a neighbour; a nearer one breaks a tie.
    """
    count = indices.shape[1]
    scores = np.zeros((len(indices), classes), np.float32)
    for place in range(count):
        np.add.at(scores, (np.arange(len(indices)), labels[indices[:, place]]), 1 + (count - place) / (4 * count**2))
    return scores
