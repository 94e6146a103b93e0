"""What holds for the settings of every study, one that is written tomorrow too.

How its work tells progress and is stopped: test_progress.py; its records: test_records.py; its page:
tests/pages/test_every_study.py; its report: tests/core/report/test_page.py.
"""

import dataclasses
import pkgutil
from importlib import import_module
from math import inf, nan

import pytest

from core import studies

WRONG = {  # settings -> values that do not exist, a field
    "shift.sweep": {"max_shift": (0, 25, 99, -1, nan), "boundary": ("zero",), "resizer": ("box",)},
    "patch.evidence": {"short": (20, 10**13, nan), "resolution": ("huge",)},
    "patch.interaction": {"side": (1, 65), "pairs": (0, 5001), "seed": (-1,)},
    "patch.masking": {
        "cell": (1, nan), "cells": (0,), "methods": (("LRP",), ("random", "random"), ()),
        "mode": ("erase",), "draws": (0, nan),
    },
    "patch.scramble": {"tiles": ((2, 4), (1, 4, 4), ()), "shuffles": (0, 51), "seed": (-1,)},
    "patch.wall": {"target": (-1,), "short": (0,), "count": (0, 100_000), "per_picture": (0,)},
    "sparse.attack": {
        "norm": ("l1",), "eps": (-0.1, nan, inf), "steps": (0,), "restarts": (0,), "seed": (-1,),
    },
    "sparse.codes": {
        "noise": ("rain",), "level": (-1.0, nan), "lam": (-0.1, nan, inf), "steps": (0, 51), "solver": ("newton",),
        "resolution": ("huge",), "seed": (-1,),
    },
    "sparse.dataset": {"kind": ("rain",), "levels": ((-1.0,), ()), "lams": ((), (0.2, 0.1), (0.0, 0.1)), "seed": (-1,)},
    "random.answers": {"best": (0, 5)},
    "random.attack": {
        "seed_pictures": (0,), "rounds": (-1,), "epochs": (0,), "width": (0,), "seed": (-1,), "step": (0, nan),
        "epsilons": ((), (0.0625,), (0.0, 0.2, 0.1), (0.0, 0.0625, 2.0), (0.0, 0.1)), "shown": (0.3,),
    },
    "random.background": {"features": (0,), "size": (0,), "near": (0,), "seeds": ((),), "depth": (-1,)},
    "random.features": {
        "features": (0, 10**6), "depth": (-1,), "kernel": (4,), "classifier": ("forest",), "seed": (-1,),
    },
    "random.maps": {"points": (0, 50_001), "perplexity": (0.5, nan)},
    "random.retrieval": {
        "features": (0,), "size": (0,), "count": (0,), "depth": (-1,), "seed": (-1,), "kernel": (4,),
        "metric": ("manhattan",),
    },
    "spinal.ablation": {
        "seeds": (0, 21), "epochs": (0,), "layers": ((), (1,), (25,)), "width": ((0,), (4, 4)), "split": ((7,),),
        "order": (("backwards",),),
    },
    "spinal.answers": {"heads": ((), ("fc", "fc"), ("fc", "other"))},
    "spinal.heads": {
        "backbone": ("resnet",), "heads": ((), ("fc", "fc"), ("ft",)), "seeds": (0,), "epochs": (1000,),
        "width": (513,), "layers": (-1,), "split": (9,), "order": ("random",),
    },
    "spinal.regression": {
        "targets": ((), ("sum", "sum"), ("cosine",)), "networks": (("fc", "mlp"),), "seeds": (0, 10**9),
        "epochs": (0, 2.5), "train": (10**9,), "test": (1,), "batch": (0, 2_001), "every": (0,),
        "sigma": (-0.1, nan, inf),
    },
    "spinal.transfer": {
        "seeds": (0, 21), "epochs": (0,), "width": (0,), "layers": (1,), "split": (9,), "hidden": (0,),
        "dropout": (1.0, nan), "head_rate": (0.0,), "all_rate": (inf, nan),
    },
}  # fmt: skip
NEEDED = {"patch.wall": {"target": 0, "short": 48}}  # settings without a default
ELSEWHERE = {  # settings that are looked at by what takes them: a class by its network, a kernel by its layer
    "shift.sweep": {"target"},
    "shift.dataset": {"pairs", "boundary", "worst_reach", "corruptions", "seed"},
    "patch.evidence": {"target", "other"},
    "patch.masking": {"seed", "by_cell", "seen"},
    "random.background": {"box", "whole_box", "kernel"},
    "random.maps": {"data", "learning_rate", "seed"},
}


def settings():
    """{room.module: its Params}, of every module of every room that has some."""
    for found in pkgutil.walk_packages(studies.__path__, "core.studies."):
        params = getattr(import_module(found.name), "Params", None)
        if not found.ispkg and params is not None and params.__module__ == found.name:
            yield found.name.removeprefix("core.studies."), params


PARAMS = dict(settings())


def test_every_setting_of_every_study_is_tried():
    fields = {name: {field.name for field in dataclasses.fields(params)} for name, params in PARAMS.items()}
    assert {name: {*WRONG.get(name, ()), *ELSEWHERE.get(name, ())} for name in {*WRONG, *ELSEWHERE}} == fields


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [(name, field, value) for name, fields in WRONG.items() for field, values in fields.items() for value in values],
)
def test_a_setting_that_does_not_exist_is_refused_in_one_sentence(name, field, value):
    with pytest.raises(ValueError, match=r"^expected .*, got [^\n]*$") as caught:
        PARAMS[name](**NEEDED.get(name, {}) | {field: value})
    got = str(caught.value).partition(", got ")[2]
    assert got
    assert not isinstance(value, int) or str(value) in got.replace(",", "")


@pytest.mark.parametrize("name", PARAMS)
def test_the_settings_that_are_there_at_first_exist_and_never_change(name):
    first = PARAMS[name](**NEEDED.get(name, {}))
    assert first == PARAMS[name](**NEEDED.get(name, {}))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(first, dataclasses.fields(first)[0].name, None)
