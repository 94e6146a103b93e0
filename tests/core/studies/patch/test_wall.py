"""The wall of patches: against every patch cut out and run alone, in any chunks, with little memory kept."""

import heapq
import io
import zipfile

import numpy as np
import pytest
import torch

from core.base.worker import Stopped
from core.models.bagnet import BagNet
from core.models.receptive_field import seen_of
from core.pictures.files import find_pictures
from core.pictures.image import from_pixels, png_bytes
from core.pictures.preprocess import to_tensor, whole
from core.pictures.samples import SAMPLES
from core.studies.patch import wall as patch_wall
from core.studies.patch.closer import apart
from core.studies.patch.wall import Params, finding, outlined, own_pictures, run, table
from tests.helpers.networks_by_hand import Torus, by_hand

LABELS = 5


def small(patch):
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return by_hand(BagNet(patch, LABELS, width=4, blocks=(1, 1, 1, 1)), size=48, classes=LABELS)


@pytest.fixture(scope="module", params=[9, 17, 33])
def network(request):
    return small(request.param)


def noise(seed, height=48, width=48):
    return from_pixels(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


PICTURES = [noise(0), noise(1, 48, 70), noise(2, 60, 48), noise(3), noise(4, 96, 96)]
TRUTH = [2, 0, -1, 2, -1]


def chunks(size=2, pictures=PICTURES, truth=TRUTH):
    for i in range(0, len(pictures), size):
        part = pictures[i : i + size]
        yield [f"picture {i + j}" for j in range(len(part))], part, truth[i : i + size]


def ask(network, params, size=2, **options):
    return run(network, chunks(size), len(PICTURES), params, **options)


def every(result):
    return [*result.right, *result.wrong]


def same(a, b):
    """Asserts that two results hold the same walls."""
    assert (len(a.right), len(a.wrong)) == (len(b.right), len(b.wrong))
    for one, other in zip(every(a), every(b), strict=True):
        assert vars(one) | {"crop": None} == vars(other) | {"crop": None}
        np.testing.assert_array_equal(one.crop, other.crop)


@torch.inference_mode()
def brute_force(network, params):
    """Both walls from every patch cut out of the picture and run alone: [(evidence, picture, y, x, top1)]."""
    net = network.engine.exact
    q, walls = net.patch, {True: [], False: []}
    for number, (image, truth) in enumerate(zip(PICTURES, TRUTH, strict=True)):
        x = to_tensor(whole(image, params.short), network.preprocessing)
        rows, columns = range(0, x.shape[1] - q + 1, 8), range(0, x.shape[2] - q + 1, 8)
        alone = {(i, j): net(x[None, :, i : i + q, j : j + q])[0].numpy() for i in rows for j in columns}
        said = int(np.mean(list(alone.values()), axis=0).argmax())
        kept = []
        for y, x0 in sorted(alone, key=lambda at: -alone[at][params.target]):
            if len(kept) < params.per_picture and all(abs(y - a) >= q or abs(x0 - b) >= q for a, b in kept):
                kept.append((y, x0))
        right = (truth if truth >= 0 else said) == params.target
        walls[right] += [(alone[at][params.target], number, *at, int(alone[at].argmax())) for at in kept]
    return {right: sorted(wall, key=lambda row: -row[0])[: params.count] for right, wall in walls.items()}


@pytest.mark.parametrize("target", [0, 2])
def test_the_ranking_is_that_of_every_patch_run_alone(network, target):
    params = Params(target, 48, count=3, per_picture=2)
    result, expected = ask(network, params), brute_force(network, params)
    assert any(expected.values())
    for right, wall in expected.items():
        patches = result.right if right else result.wrong
        assert [(p.picture, p.y, p.x, p.top1) for p in patches] == [row[1:] for row in wall]
        found = [p.evidence for p in patches]
        np.testing.assert_allclose(found, [row[0] for row in wall], rtol=1e-4, atol=1e-5)


def test_crops_are_the_pixels_seen_at_the_place_named(network):
    result = ask(network, Params(2, 48, count=6))
    for patch in every(result):
        assert patch.name == f"picture {patch.picture}"
        seen = whole(PICTURES[patch.picture], 48)
        y, x = patch.y, patch.x
        assert patch.crop.shape == (result.side, result.side, 3)
        np.testing.assert_array_equal(patch.crop, seen[y : y + result.side, x : x + result.side])


def test_patches_of_a_picture_do_not_overlap():
    network = small(9)
    result = ask(network, Params(2, 48, count=200, per_picture=20))
    for picture in range(len(PICTURES)):
        places = [(p.y, p.x) for p in every(result) if p.picture == picture]
        assert 4 <= len(places) <= 20
        for i, (a, b) in enumerate(places):
            assert all(abs(a - c) >= 9 or abs(b - d) >= 9 for c, d in places[:i])


def test_at_most_per_picture_and_count_patches(network):
    one = ask(network, Params(2, 48, count=200, per_picture=1))
    assert sorted(p.picture for p in every(one)) == list(range(len(PICTURES)))
    few = ask(network, Params(2, 48, count=1, per_picture=3))
    assert (len(few.right), len(few.wrong)) == (1, 1)


def test_known_classes_decide_and_answers_where_unknown(network):
    result = ask(network, Params(2, 48, count=50))
    for patch in every(result):
        known = TRUTH[patch.picture]
        assert patch.truth == known
        assert (patch in result.right) == ((known if known >= 0 else patch.answer) == 2)
    assert (result.pictures, result.known_pictures) == (5, 3)
    answers = {p.picture: p.answer for p in every(result)}
    assert result.right_pictures == 2 + sum(answers[p] == 2 for p in (2, 4))
    # the unknown pictures' own answer puts them on the right wall
    other = ask(network, Params(answers[2], 48, count=50))
    assert 2 in {p.picture for p in other.right}
    assert 2 not in {p.picture for p in other.wrong}


def test_chunks_do_not_matter(network):
    params = Params(1, 48, count=4)
    a, b = ask(network, params, 1), ask(network, params, 5)
    same(a, b)


def test_of_equals_the_first_stays():
    network = small(17)
    grey = [from_pixels(np.full((48, 48, 3), 90, np.uint8))] * 4
    result = run(network, chunks(3, grey, [1] * 4), 4, Params(1, 48, count=3, per_picture=2))
    assert len({p.evidence for p in result.right}) == 1
    assert [(p.picture, p.y, p.x) for p in result.right] == [(0, 0, 0), (0, 0, 24), (1, 0, 0)]


def test_memory_does_not_grow_with_the_pictures(monkeypatch):
    network, kept = small(33), []
    nlargest = heapq.nlargest

    def watched(count, patches, key):
        kept.append(nlargest(count, patches, key=key))
        return kept[-1]

    monkeypatch.setattr(heapq, "nlargest", watched)
    many = (([str(i)], [noise(i % 7)], [-1]) for i in range(60))
    result = run(network, many, 60, Params(0, 48, count=4))
    assert result.pictures == 60
    assert max(map(len, kept)) == 4
    assert all(patch.crop.base is None for patches in kept for patch in patches)  # a view would hold its whole picture


# ---- stop, and nothing to show -------------------------------------------------------------------


def test_stop_keeps_what_was_done(network):
    seen = []

    def stop_at_four(done, total):
        seen.append((done, total))
        if done >= 4:
            raise Stopped

    params = Params(2, 48, count=50)
    stopped = ask(network, params, 2, progress=stop_at_four)
    assert seen == [(2, 5), (4, 5)]
    assert stopped.pictures == 4
    first = run(network, chunks(4, PICTURES[:4], TRUTH[:4]), 4, params)
    same(stopped, first)


def test_no_picture_gives_empty_walls(network):
    empty = run(network, [], 0, Params(2, 48))
    assert empty.right == empty.wrong == ()
    assert "No picture" in finding(empty, "class 2", "BagNet", {})


def test_what_has_no_patches_is_refused():
    with pytest.raises(ValueError, match=r"^expected a BagNet, got by hand"):
        ask(by_hand(Torus()), Params(0, 48))
    with pytest.raises(ValueError, match=r"^expected a class below 5, got 5"):
        ask(small(9), Params(5, 48))
    with pytest.raises(ValueError, match="at least 33x33 pixels"):
        ask(small(33), Params(0, 32))


# ---- helpers -------------------------------------------------------------------------------------


def test_apart_by_hand():
    values = np.array([[5.0, 4.0, 3.0], [1.0, 5.0, 2.0]])
    assert apart(values, 1, 3) == [(0, 0), (1, 1), (0, 1)]
    assert apart(values, 2, 3) == [(0, 0), (0, 2)]
    assert apart(values, 3, 9) == [(0, 0)]


def test_words_and_table():
    network = small(9)
    result = ask(network, Params(2, 48, count=3))
    said = finding(result, "class 2", "BagNet-9", {result.wrong[0].name: "the sea"})
    assert said.startswith(f"BagNet-9's loudest patch for class 2 lies in {result.right[0].name} (")
    assert said.endswith(f" in the sea ({result.wrong[0].evidence:+.3g}).")
    none = run(network, chunks(2, PICTURES, [0] * 5), 5, Params(2, 48))
    assert finding(none, "class 2", "BagNet-9", {}).startswith("None of the 5 pictures counts as class 2; ")
    columns = table(result, network.labels)
    assert {len(column) for column in columns.values()} == {len(every(result))}
    assert columns["wall"] == ["right"] * 3 + ["wrong"] * 3


def test_a_patch_is_framed_and_nothing_of_it_hidden():
    seen = whole(PICTURES[1], 48)
    for corner in ((0, 0), (15, 8), (48 - 33, seen.shape[1] - 33)):
        framed = outlined(PICTURES[1], 48, corner, 33, (1, 2, 3))
        factor = (framed.shape[0] - 6) // 48
        y, x = corner
        inside = framed[3 + factor * y : 3 + factor * (y + 33), 3 + factor * x : 3 + factor * (x + 33)]
        np.testing.assert_array_equal(inside[::factor, ::factor], seen[y : y + 33, x : x + 33])
        frame = (framed == (1, 2, 3)).all(-1).sum()
        assert frame >= (factor * 33 + 6) ** 2 - (factor * 33) ** 2


def test_the_samples_come_one_by_one():
    found = list(patch_wall.sample_pictures())
    assert [names for names, _, _ in found] == [[s.name] for s in SAMPLES]
    assert all(truth == [-1] and len(images) == 1 for _, images, truth in found)


def test_broken_files_are_left_out_and_names_stay_right(network):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("class 2/a.png", png_bytes(PICTURES[0]))
        archive.writestr("class 2/b.png", b"no picture")
        archive.writestr("else/c.png", png_bytes(PICTURES[3]))
    broken = []
    found = find_pictures(data.getvalue())
    result = run(network, own_pictures(found, network.labels, broken), len(found), Params(2, 48))
    assert [line.split(":")[0] for line in broken] == ["class 2/b.png"]
    assert result.pictures == 2
    truths = {p.name: p.truth for p in every(result)}
    assert truths == {"class 2/a.png": 2, "else/c.png": -1}
    assert {p.name for p in every(result) if p.picture == 1} == {"else/c.png"}


def test_no_patch_of_a_wall_reaches_into_the_blind_rim(network):
    found = ask(network, Params(2, 48, count=200, per_picture=20))
    for patch in every(found):
        height, width = whole(PICTURES[patch.picture], 48).shape[:2]
        assert patch.y + found.side <= seen_of(found.side, height) <= height
        assert patch.x + found.side <= seen_of(found.side, width) <= width
