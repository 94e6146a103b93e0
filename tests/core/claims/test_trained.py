"""A row says where the networks that it compares were not trained alike."""

from core.claims.trained import unlike
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
    assert unlike("photo_resnet", "a network that is not here").endswith("and ? epochs, in this order")


def test_every_row_that_compares_such_networks_says_so():
    told = {claim.name for claim, ours, _ in board() if ours is not None and "not trained alike" in ours.shown}
    assert {"patch-33-near-resnet", "bagnet-same-hard-classes", "blur-size-consistency"} <= told
    assert not {"patch-17-near-33", "blur-consistency-resnet"} & told
