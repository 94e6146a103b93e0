"""What a computation is remembered under: the function and all that its answer depends on."""

import dataclasses
import functools
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import cache
from core.base.worker import ignore
from core.cache import Aside, Call, digest
from core.data.split import Split
from core.pictures.image import from_pixels
from core.pictures.preprocess import Preprocessing
from core.studies.patch.masking import Params as MaskingParams
from core.studies.shift.sweep import Params as SweepParams
from tests.helpers.networks_by_hand import Torus, by_hand

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


@dataclass(frozen=True)
class Options:
    count: int
    share: float
    name: str
    names: tuple[str, ...]
    other: bool | None = None


OPTIONS = st.builds(
    Options,
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.lists(st.text(), max_size=3).map(tuple),
    st.none() | st.booleans(),
)


def double(value, progress=ignore):
    return 2 * value


def half(value, progress=ignore):
    return value / 2


def changed(array, index):
    other = array.copy()
    other[index] += 1
    return other


@given(OPTIONS, OPTIONS)
def test_dataclasses_are_told_apart_by_their_fields(one, two):
    same = all(repr(getattr(one, f.name)) == repr(getattr(two, f.name)) for f in dataclasses.fields(Options))
    assert (digest(one) == digest(two)) == same
    assert digest(one) == digest(replace(one))


@given(st.data())
def test_every_field_of_a_dataclass_counts(data):
    one, two = data.draw(OPTIONS), data.draw(OPTIONS)
    for field in dataclasses.fields(Options):
        other = replace(one, **{field.name: getattr(two, field.name)})
        assert (digest(other) == digest(one)) == (repr(getattr(other, field.name)) == repr(getattr(one, field.name)))


def values():
    """Pairs that differ in one thing."""
    network, prep = by_hand(Torus()), Preprocessing(16, (0.5,) * 3, (0.4,) * 3)
    labels = np.array([0, 1, 0, 1])
    split = Split(PIXELS[..., None], labels, ("a", "b"))
    return {
        "a pixel": (from_pixels(PIXELS), from_pixels(changed(PIXELS, (0, 0, 0)))),
        "an element": (PIXELS, changed(PIXELS, (3, 3, 2))),
        "an array's kind": (PIXELS, PIXELS.view(np.int8)),
        "an array's shape": (PIXELS, PIXELS.reshape(3, 4, 4)),
        "an array's order": (PIXELS, PIXELS.transpose(1, 0, 2)),
        "a number's kind": (1, 1.0),
        "a weight": (network, replace(network, digest="0" * 64)),
        "a label": (network, replace(network, labels=("b", *network.labels[1:]))),
        "the preprocessing": (network, replace(network, preprocessing=prep)),
        "a split's pixel": (split, Split(changed(split.pixels, 0), labels, split.classes)),
        "a split's label": (split, Split(split.pixels, labels[::-1], split.classes)),
        "a split's classes": (split, Split(split.pixels, labels, ("a", "c"))),
        "an option": (SweepParams(), SweepParams(max_shift=SweepParams().max_shift + 1)),
        "a choice": (MaskingParams(mode="deletion"), MaskingParams(mode="insertion")),
        "a dataclass of the same fields": (Options(1, 1.0, "", ()), SimpleOptions(1, 1.0, "", ())),
        "where a list ends": (("a", ("b",)), ("a", "b")),
        "how words are cut": (("ab", "c"), ("a", "bc")),
        "an order": (["a", "b"], ["b", "a"]),
        "a value of a dict": ({"a": 1}, {"a": 2}),
        "an element of a set": ({1, 2, 3}, {1, 2}),
        "bytes": (b"a", b"b"),
        "a path": (Path("a"), Path("b")),
        "a path and its words": (Path("a"), "a"),
        "a function": (double, half),
        "a part of a partial": (functools.partial(double, 1), functools.partial(double, 2)),
        "a name in a partial": (functools.partial(double, value=1), functools.partial(double, 1)),
    }


@dataclass(frozen=True)
class SimpleOptions(Options):
    """Another class with the fields of `Options`."""


PAIRS, AGAIN = values(), values()


@pytest.mark.parametrize("what", PAIRS)
def test_what_differs_is_remembered_apart(what):
    one, two = PAIRS[what]
    assert [digest(one), digest(two)] == [digest(value) for value in AGAIN[what]]
    assert digest(one) != digest(two)
    assert Call(double, one).key != Call(double, two).key
    assert Call(double, 0, [one]).key != Call(double, 0, [two]).key


def test_a_call_is_told_by_its_function_and_its_arguments():
    assert Call(double, 1).key == Call(double, 1).key
    calls = Call(double, 1), Call(half, 1), Call(double, value=1), Call(double, Call(double, 1))
    assert len({call.key for call in calls}) == 4
    assert len({Call(double, Call(double, 1)).key, Call(double, Call(half, 1)).key}) == 2


def test_a_set_has_no_order():
    assert digest({"a", "b", "c"}) == digest({"c", "b", "a"})


def test_what_is_said_aside_is_no_part_of_it():
    assert Call(double, 1, Aside("a")).key == Call(double, 1, Aside(object())).key != Call(double, 1).key


class Told:
    digest = "of this"


class Opaque:
    def __repr__(self):
        return "always the same"


def test_an_object_with_a_digest_is_told_by_it():
    assert digest(Told()) == digest(Told())


@pytest.mark.parametrize(
    "value",
    [Opaque(), SimpleNamespace(a=1), lambda: 0, Told().__init__, np.array([object()]), iter([]), open, double.__code__],
)
def test_what_cannot_be_told_from_others_is_refused(value):
    with pytest.raises(TypeError, match="expected an argument that can be told from others, got a"):
        digest(value)
    with pytest.raises(TypeError):
        Call(double, (1, [value])).key  # noqa: B018


def test_a_closure_is_refused_as_what_it_holds_is_not_seen():
    def closure(progress):
        return PIXELS

    with pytest.raises(TypeError, match="function of a module"):
        digest(closure)


def test_a_splits_pixels_are_hashed_once():
    split = Split(np.zeros((2, 1, 1, 1), np.uint8), np.array([0, 1]), ("a", "b"))
    told = split.digest
    split.pixels[:] = 1  # nobody does; the digest that is kept shows it
    assert split.digest == told


def test_an_answer_is_found_by_an_equal_call_and_computed_once():
    asked = []

    def counted(value, progress):
        asked.append(value)
        return value

    counted.__qualname__ = "counted"
    call, again = Call(counted, PIXELS), Call(counted, PIXELS.copy())
    assert cache.finished(call) is None
    assert cache.job(call).future.result(10) is PIXELS
    assert cache.job(again).future.result(10) is cache.finished(again) is cache.known(again, ignore) is PIXELS
    assert len(asked) == 1
    cache.forget([again.key])
    assert cache.finished(call) is None
    assert cache.known(call, ignore) is PIXELS
    assert len(asked) == 2
