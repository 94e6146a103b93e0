"""A row says where the networks that it compares were not trained alike."""

import pytest

from core.claims.trained import unlike
from core.networks import packaged, weights
from core.overview.board import board
from core.training.recipes import RECIPES


def test_networks_of_one_schedule_are_alike():
    assert unlike("photo_resnet", "photo_resnet_blur5") == ""
    assert unlike("photo_bagnet9", "photo_bagnet17", "photo_bagnet33") == ""


def test_others_are_told_in_their_order():
    epochs = [RECIPES[name].total_epochs for name in ("photo_bagnet33", "photo_resnet")]
    assert unlike("photo_bagnet33", "photo_resnet") == (
        f"; not trained alike: for {epochs[0]} and {epochs[1]} epochs, in this order"
    )
    assert unlike("photo_resnet", "a network that is not here").endswith(
        "and ? epochs, in bfloat16 and ?, in this order"
    )


@pytest.mark.parametrize("precisions", [("bfloat16", "float32"), ("float32", None, "float32")])
def test_another_precision_is_told(precisions, monkeypatch):
    files = {f"net{i}": {"epochs": "12"} | ({"precision": p} if p else {}) for i, p in enumerate(precisions)}
    monkeypatch.setattr(packaged, "cards", lambda: files)
    monkeypatch.setattr(weights, "packaged", lambda: {name: name for name in files})
    monkeypatch.setattr(weights, "read_metadata", files.get)
    *before, last = (p or "bfloat16" for p in precisions)
    assert unlike(*files) == f"; not trained alike: in {', '.join(before)} and {last}, in this order"


def test_every_row_that_compares_such_networks_says_so():
    told = {claim.name for claim, ours, _ in board() if ours is not None and "not trained alike" in ours.shown}
    assert {"patch-33-near-resnet", "bagnet-same-hard-classes", "blur-size-consistency"} <= told
    assert not {"patch-17-near-33", "blur-consistency-resnet"} & told
