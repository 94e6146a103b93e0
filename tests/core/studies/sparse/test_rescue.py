"""What is said of the opening example's choice: counted by hand, from the record, and asked again."""

from __future__ import annotations

import pytest

from core import networks
from core.pictures import noise
from core.pictures.samples import DEFAULT_SAMPLE, SAMPLES
from core.studies.sparse import measure_rescue, rescue
from core.studies.sparse.codes import FOLDER, OPENING
from core.studies.sparse.rescue import Case, Counts, counts
from tests.core.studies.sparse.test_codes import sdnet


def case(wanted, noisy, *right, seed=OPENING.seed, picture="coffee"):
    return Case(picture, "impulse", 0.24, seed, wanted, noisy, right)


def test_cases_are_counted_at_one_lambda_for_all():
    cases = [case("a", "b", 0.9, 1.1), case("a", "b", 1.1), case("a", "a", 0.9), case("a", "a"), case("a", "a", 1.1)]
    assert counts(cases, 0.9) == Counts(5, 2, 1, 2)
    assert counts(cases, 1.1) == Counts(5, 2, 2, 2)
    with pytest.raises(ValueError, match="expected a lambda of"):
        counts(cases, 0.95)


def test_the_plan_holds_the_opening_every_sample_and_every_noise():
    plan = rescue.planned()
    assert len(plan) == len(set(plan)) == len(noise.KINDS) * (rescue.SEEDS + len(SAMPLES) - 1)
    assert (DEFAULT_SAMPLE, OPENING.noise, OPENING.seed) in plan
    assert noise.KINDS[OPENING.noise].levels[rescue.STRENGTH] == OPENING.level
    assert OPENING.lam in rescue.LAMS


def test_the_record_is_whole_and_holds_the_opening_as_a_rescue():
    found = rescue.measured(FOLDER, measure_rescue.NAME)
    assert [(c.picture, c.noise, c.seed) for c in found.cases] == rescue.planned()
    assert len(found.seeds) == len(noise.KINDS) * rescue.SEEDS
    assert len(found.samples) == len(noise.KINDS) * len(SAMPLES)
    wanted = (DEFAULT_SAMPLE, OPENING.noise, OPENING.seed)
    [opening] = [c for c in found.cases if (c.picture, c.noise, c.seed) == wanted]
    assert opening.noisy != opening.wanted
    assert OPENING.lam in opening.right
    for some in (found.seeds, found.samples):
        told = counts(some)
        assert told.rescued <= told.fooled <= told.tried
        assert told.ruined <= told.tried - told.fooled
    assert found.digest == networks.load(networks.find(measure_rescue.NAME)).digest
    assert rescue.measured(FOLDER, "nobody") is None


def test_a_case_is_asked_as_it_is_told():
    plan = [("coffee", "impulse", 0), ("cat", "shot", 1)]
    heard = []
    found = rescue.run(sdnet(), plan, lambda done, total: heard.append((done, total)))
    assert heard == [(1, 2), (2, 2)]
    assert [(c.picture, c.noise, c.seed) for c in found] == plan
    assert all(set(c.right) <= set(rescue.LAMS) for c in found)
