"""What a blur did to one picture, and to a data set: counted anew from the answers."""

from dataclasses import replace

import numpy as np
import pytest

from core.base import records
from core.networks import find
from core.studies.shift import beyond, claims
from core.studies.shift.beyond import RESULTS, here
from core.studies.shift.photographs import Answered
from tests.core.studies.shift.test_sweep import made_up


def cards(*names):
    return [find(name) for name in names]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("lite0", "lite0_blur3", "lite0_blur5"), (0, 2)),
        (("lite0_blur5", "lite0_same"), (1, 0)),
        (("photo_bagnet9", "photo_resnet", "photo_resnet_blur3"), (1, 2)),
        (("photo_bagnet9", "photo_resnet"), None),
        (("lite0_blur3", "lite0_blur5"), None),
        (("lite0",), None),
        (("cifar_vgg", "untrained:cifar_vgg_blur3"), None),  # else training would be taken for the blur
    ],
)
def test_a_blur_is_compared_with_the_plain_network_of_its_kind(names, expected):
    assert beyond.pair(cards(*names)) == expected


@pytest.mark.parametrize(
    ("changes", "kind"),
    [((0, 0), "never"), ((40, 10), "steadier"), ((10, 40), "less steady"), ((10, 11), "alike"), ((9, 9), "alike")],
)
def test_what_one_picture_shows(changes, kind):
    result = made_up(models=2, reach=5)
    top1 = np.zeros_like(result.top1)
    for row, n in zip(top1, changes, strict=True):
        row[:n] = 1
    found = here(replace(result, top1=top1), cards("lite0", "lite0_blur5"))
    assert (found.kind, found.changes, found.shifts, found.pair) == (kind, changes, 121, (0, 1))


def test_the_answer_that_sinks_most_is_told_with_how_far():
    result = made_up(models=3, reach=3)
    m, rest, least = here(result, cards("lite0", "lite0_blur3", "lite0_blur5")).sank
    sunk = [float(row[24] - min(row)) for row in result.top1_probability]
    assert (m, rest - least) == (sunk.index(max(sunk)), pytest.approx(max(sunk)))
    assert rest == pytest.approx(float(result.top1_probability[m][24]))


def test_networks_that_no_blur_tells_apart_are_counted():
    result = made_up(models=2, reach=2)
    assert here(result, cards("photo_bagnet9", "photo_resnet")).kind == "several"
    one = replace(result, top1=result.top1[:1], models=result.models[:1])
    assert here(one, cards("lite0")).kind == "one"


def record(name, agree):
    n = len(agree)
    still = np.zeros(n, int)
    return Answered(name, still, still, np.array(agree), still, 10, 1, "noise", "receptive", "2026-11-29", "0")


def test_photographs_are_compared_picture_by_picture(tmp_path):
    for one in (record("lite0", [10, 8, 6, 10]), record("lite0_blur5", [10, 10, 8, 9])):
        records.save(tmp_path / "imagenet" / f"{one.network}.json", one)
    found = beyond.beyond("lite0", "lite0_blur5", tmp_path)
    assert (found.images, found.pairs) == (4, 10)
    assert found.more == pytest.approx(7.5)
    assert found.low < 0 < found.high
    assert beyond.beyond("lite0", "lite0_blur3", tmp_path) is None


def test_our_records_say_what_the_claims_say():
    ours = claims.fair("consistency", claims.PHOTOS, RESULTS)
    found = beyond.beyond(*claims.PHOTOS)
    assert (found.more, found.low, found.high) == pytest.approx((ours.value, ours.low, ours.high))
    own = claims.on_lite0("consistency", RESULTS)
    copy = beyond.beyond(*claims.LITES)
    assert copy.more == pytest.approx(own.value)
    wide = beyond.beyond("cifar_vgg", "cifar_vgg_blur3")
    assert wide.low < wide.more < wide.high
