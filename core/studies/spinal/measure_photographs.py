"""Measure the heads on lite0's features of photographs, and keep the heads that answer on the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.files import today
from core.base.heavy import torch
from core.base.records import save
from core.base.worker import part
from core.compute import gallery
from core.networks import weights
from core.studies.spinal import photographs, transfer
from core.studies.spinal.heads import FOLDER
from core.studies.spinal.transfer import HEADS, Params
from core.training.measurement import POINT, Asked, Measurement, Part, Quick, command, one_thread, there

KEY = "spinal:photographs"


@one_thread()
def run(asked: Asked, params: Params = photographs.PLAN) -> Path:
    """Train every head from every seed; write the record and, beside it, the first seed's heads."""
    found = there(gallery.read(asked.packaged / "random_features" / gallery.PATH.name))
    told, seeds = photographs.features_of(found), range(params.seeds)
    rows = [transfer.scores_on(told, params, s, part(asked.progress, s, params.seeds + 1)) for s in seeds]
    state: dict[str, torch.Tensor] = {}
    for head in HEADS:
        net = transfer.trained_on(told, params, head, photographs.SHIPPED_SEED)
        state |= {f"{head}.{name}": value for name, value in net.state_dict().items()}
    folder = asked.results / FOLDER.name
    folder.mkdir(parents=True, exist_ok=True)
    about = {"data": found.about["data"], "command": command(KEY), **today()}
    weights.write_state(folder / photographs.HEADS_FILE.name, state, {**about, "seed": str(photographs.SHIPPED_SEED)})
    result = photographs.Result(params, tuple(HEADS), len(told.train), len(told.test), np.array(rows).T)
    save(path := folder / photographs.RECORD.name, result, {**about, "network": gallery.NETWORK})
    asked.progress(1, 1)
    return path


@one_thread()
def check(asked: Asked) -> list[Part]:
    """One head from one seed again."""
    old, _ = there(photographs.measured(asked.packaged / FOLDER.name / photographs.RECORD.name))
    found = there(gallery.read(asked.packaged / "random_features" / gallery.PATH.name))
    seed = asked.seed % old.params.seeds
    head, told = old.heads[asked.seed // old.params.seeds % len(old.heads)], photographs.features_of(found)
    net = transfer.trained_on(told, old.params, head, seed)
    with torch.inference_mode():
        now = float((net(torch.from_numpy(told.test)).argmax(1).numpy() == told.test_labels).mean())
    before = float(old.accuracy[old.heads.index(head), seed])
    return [Part(f"{HEADS[head]}, seed {seed}", before, now, 2 * POINT)]


PHOTOGRAPHS = Measurement(
    KEY,
    f"{FOLDER.name}/{photographs.RECORD.name}",
    (),
    (gallery.NETWORK,),
    3,
    run,
    Quick("one head from one seed again", 2, check),
)
