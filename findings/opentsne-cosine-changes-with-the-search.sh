#!/usr/bin/env bash
# Guess before running: openTSNE with metric="cosine" means one distance, whichever way it looks for neighbours: exact or
# approximate search may miss a neighbour, but finds the same distances.
# What happens, with openTSNE 1.0.4: the exact search gives 1 - cos, Annoy the angular distance sqrt(2 (1 - cos)), its
# square root but for a factor. A perplexity takes up a factor and no root: 6 % of the affinities' mass lies on
# other pairs, though the neighbours are the same. The default (neighbors="auto") takes the exact search below
# 1000 rows and Annoy from there: a map of 1000 rows is of another distance than one of 999, and the two do not compare.
# Instead: rows of length 1 and metric="euclidean", which is sqrt(2 (1 - cos)) either way.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q openTSNE==1.0.4 numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1 2>/dev/null
"$venv/bin/python" - <<'PY'
import numpy as np, openTSNE
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.nearest_neighbors import Annoy, Sklearn

rng = np.random.default_rng(0)
centres = rng.normal(size=(10, 20))
rows = np.repeat(centres, 100, axis=0) + rng.normal(size=(1000, 20)) * 0.5
unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
print(f"openTSNE {openTSNE.__version__}")


def found(search, table, metric):
    return search(table, 5, metric=metric, random_state=0, n_jobs=1).build()[1][0]


def affinities(table, method, metric):
    return PerplexityBasedNN(table, perplexity=30, metric=metric, method=method, random_state=0, n_jobs=1)


def apart(one, other):
    """Half the sum of the absolute differences of two distributions over pairs: 0 if equal, 1 if disjoint."""
    return abs(one.P - other.P).sum() / 2


exact, annoy = found(Sklearn, rows, "cosine"), found(Annoy, rows, "cosine")
print("distances of row 0, cosine: exact", exact.round(4), "Annoy", annoy.round(4))
assert np.allclose(annoy, np.sqrt(2 * exact), rtol=1e-3), "both give the same distances now"
assert np.allclose(found(Sklearn, unit, "euclidean"), found(Annoy, unit, "euclidean"), rtol=1e-3)
gap = {name: apart(affinities(table, "exact", metric), affinities(table, "annoy", metric))
       for name, table, metric in (("cosine", rows, "cosine"), ("unit rows, euclidean", unit, "euclidean"))}
print("affinities, exact against Annoy, apart by", {name: round(float(value), 3) for name, value in gap.items()})
assert gap["cosine"] > 0.03 and gap["unit rows, euclidean"] < 0.005, "the affinities agree now"
kinds = {size: type(affinities(rows[:size], "auto", "cosine").knn_index).__name__ for size in (999, 1000)}
print("searched by default:", kinds)
assert kinds == {999: "Sklearn", 1000: "Annoy"}, "the default search is another now"
PY
# Seen: openTSNE 1.0.4: exact [0.1022 0.1138 ...], Annoy [0.4522 0.477 ...]; affinities apart by 0.059, of unit rows by 0.0;
# searched by default: {999: 'Sklearn', 1000: 'Annoy'}
