"""Retrieval against second sources: SciPy's distances, scikit-learn's average precision, orders known beforehand."""

import json

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import average_precision_score

from core.base.records import save
from core.base.worker import Stopped
from core.compute import spaces
from core.compute.sign_counts import Spec
from core.figures import theme
from core.pictures.files import find_pictures
from core.pictures.image import from_pixels, png_bytes
from core.studies.random import retrieval as study
from core.studies.random import retrieval_dataset as dataset
from core.studies.random import retrieval_figures as figures
from tests.helpers.networks_by_hand import Torus, by_hand

RNG = np.random.default_rng(0)
NETWORK = by_hand(Torus())
GROUPS = ("red", "green", "blue")
SPECS = tuple(Spec(20, 3, 1, 3, seed) for seed in (0, 1))
PARAMS = study.Params(features=16, depth=1, size=16, count=4)


def coloured(each=5, noise=30):
    """Pictures in three groups, each around a colour of its own, in mixed order; and their groups."""
    labels = RNG.permutation(np.repeat(np.arange(3), each))
    pictures = 60 + 120 * np.eye(3)[labels][:, None, None] + RNG.normal(0, noise, (len(labels), 16, 16, 3))
    return pictures.clip(0, 255).astype(np.uint8), labels


PICTURES, LABELS = coloured()


@pytest.fixture(scope="module")
def found():
    names = [f"{GROUPS[g]}/{i}.png" for i, g in enumerate(LABELS)]
    return dataset.measure(PICTURES, LABELS, GROUPS, SPECS, NETWORK, names=names, about={"data": "made up"})


@pytest.fixture
def folder(tmp_path):
    for i, (picture, g) in enumerate(zip(PICTURES, LABELS, strict=True)):
        (tmp_path / GROUPS[g]).mkdir(exist_ok=True)
        (tmp_path / GROUPS[g] / f"{i:02}.png").write_bytes(png_bytes(from_pixels(picture)))
    return tmp_path


@pytest.mark.parametrize("metric", spaces.METRICS)
def test_distances_are_scipys(metric):
    a, b = RNG.normal(size=(4, 9)), RNG.normal(size=(7, 9))
    np.testing.assert_allclose(spaces.distances(a, b, metric), cdist(a, b, metric), rtol=1e-9)


def test_equal_vectors_are_nothing_apart():
    a = RNG.random((1, 3000), dtype=np.float32)
    gallery = np.concatenate([a + np.float32(1e-3), a, a * 0, a])
    apart = spaces.distances(a, gallery)
    assert apart[0, [1, 3]].tolist() == [0, 0]
    assert apart[0, 0] == pytest.approx(cdist(a, gallery)[0, 0], rel=1e-9)


def test_a_black_picture_has_no_direction():
    apart = spaces.distances(np.zeros((1, 3)), np.array([[1.0, 0, 0], [0, 0, 0]]), "cosine")
    np.testing.assert_array_equal(apart, 1)


def test_no_picture_finds_itself():
    vectors = np.repeat(RNG.random((3, 5)), 2, 0)
    order = dataset.leave_one_out(vectors)
    assert order.shape == (6, 5)
    assert order[:, 0].tolist() == [1, 0, 3, 2, 5, 4]
    for row in order[:2, 1:]:
        assert abs(row[0] - row[1]) == abs(row[2] - row[3]) == 1
        assert row[0] < row[1]  # ties keep their order
    for i, row in enumerate(order):
        assert sorted([*row, i]) == list(range(6))
    with pytest.raises(ValueError, match="two pictures"):
        dataset.leave_one_out(vectors[:1])


def test_precision_by_hand_and_average_precision_by_scikit_learn():
    hits = np.array([[True, False, True, False], [False, False, False, True], [False] * 4])
    np.testing.assert_allclose(dataset.precisions(hits), [[1, 1 / 2, 2 / 3, 2 / 4], [0, 0, 0, 1 / 4], [0, 0, 0, 0]])
    many = RNG.random((20, 30)) < 0.3
    expected = [average_precision_score(row, -np.arange(30)) for row in many]
    np.testing.assert_allclose(dataset.average_precision(many), expected)
    assert dataset.average_precision(hits)[2] == 0


def test_perfect_groups_are_found_and_the_curve_ends_at_chance():
    labels = np.repeat([0, 1], 4)
    order = dataset.leave_one_out(labels[:, None] + RNG.normal(0, 0.01, (8, 1)))
    precision, error, average, _ = dataset.precision_curve(order, labels)
    np.testing.assert_allclose(precision, [1, 1, 1, 3 / 4, 3 / 5, 3 / 6, 3 / 7])
    np.testing.assert_allclose(error, 0, atol=1e-12)
    assert average == 1


def test_measured_over_three_spaces_metrics_and_seeds(found):
    assert len(found.rankings) == (len(SPECS) + 2) * 2
    assert [r.seed for r in found.of("random")] == [0, 1]
    for ranking in found.rankings:
        assert ranking.precision.shape == ranking.error.shape == (14,)
        assert ranking.precision[-1] == pytest.approx(found.chance) == pytest.approx(4 / 14)
    assert found.of("pixels")[0].precision[:4].min() == 1  # the colours are far apart
    assert found.contradictory == ()
    with pytest.raises(ValueError, match="measured"):
        found.of("thoughts")


def test_the_seed_is_that_of_the_random_features_alone():
    hard = np.random.default_rng(1).permutation(LABELS)  # groups that no space can know
    both = dataset.measure(PICTURES, hard, GROUPS, SPECS, NETWORK)
    first, second = both.of("random")
    assert (first.precision != second.precision).any()
    other = dataset.measure(PICTURES, hard, GROUPS, SPECS[1:], NETWORK)
    np.testing.assert_array_equal(other.of("random")[0].precision, second.precision)
    for space in ("pixels", "trained"):
        np.testing.assert_array_equal(other.of(space)[0].precision, both.of(space)[0].precision)


def test_a_picture_in_two_groups_is_told():
    twice = np.concatenate([PICTURES, PICTURES[:1], PICTURES[1:2]])
    labels = np.r_[LABELS, (LABELS[0] + 1) % 3, LABELS[1]]
    names = [str(i) for i in range(len(twice))]
    assert dataset.contradictions(twice, labels, names) == (("0", "15"),)


def test_the_record_is_read_back(found, tmp_path):
    save(tmp_path / dataset.RECORD, found, digits=dataset.DIGITS)
    again = dataset.measured(tmp_path)
    assert dataset.finding(again) == dataset.finding(found)
    assert figures.table(again) == figures.table(found)
    assert (again.groups, again.about, again.contradictory) == (GROUPS, {"data": "made up"}, ())
    np.testing.assert_allclose(again.rankings[0].precision, found.rankings[0].precision, atol=1e-5)


def test_specs_differ_in_their_seed_only():
    for specs in ((), (Spec(8, 3, 1), Spec(9, 3, 1))):
        with pytest.raises(ValueError, match="specs"):
            dataset.measure(PICTURES, LABELS, GROUPS, specs, NETWORK)


# ---- a query -------------------------------------------------------------------------------------


def test_the_query_itself_is_nearest_in_every_space(folder):
    files = find_pictures(folder)
    result = study.run(from_pixels(PICTURES[3]), files, PARAMS, NETWORK)
    own = f"{GROUPS[LABELS[3]]}/03.png"
    assert [result.names[row[0]] for row in result.indices] == [own] * 3
    np.testing.assert_allclose(result.distances[:, 0], 0, atol=1e-6)
    assert (np.diff(result.distances) >= 0).all()
    assert (result.seen, result.total, result.broken) == (15, 15, ())
    assert result.thumbnails.shape == (3, 4, 16, 16, 3)
    np.testing.assert_array_equal(result.thumbnails[0, 0], result.query)
    assert {result.folders[i] for i in result.indices[0]} == {GROUPS[LABELS[3]]}


def test_chunks_do_not_matter(folder, monkeypatch):
    query = from_pixels(PICTURES[0])
    once = study.run(query, find_pictures(folder), PARAMS, NETWORK)
    monkeypatch.setattr(study, "CHUNK", 4)
    again = study.run(query, find_pictures(folder), PARAMS, NETWORK)
    np.testing.assert_array_equal(again.indices[:2], once.indices[:2])
    np.testing.assert_allclose(again.distances, once.distances, atol=1e-5)


def test_broken_files_are_listed_and_nothing_else_is_lost(folder):
    (folder / "red" / "broken.jpg").write_bytes(b"no picture")
    (folder / "short.png").write_bytes(b"\0")
    result = study.run(from_pixels(PICTURES[0]), find_pictures(folder), PARAMS, NETWORK)
    assert (len(result.names), result.seen, result.total) == (15, 17, 17)
    assert sorted(line.split(":")[0] for line in result.broken) == ["red/broken.jpg", "short.png"]
    for file in folder.rglob("*.png"):
        file.unlink()
    with pytest.raises(ValueError, match="choose another folder"):
        study.run(from_pixels(PICTURES[0]), find_pictures(folder), PARAMS, NETWORK)


def test_stopped_half_way_holds_what_was_seen(folder, monkeypatch):
    monkeypatch.setattr(study, "CHUNK", 5)

    def stop(done, total):
        if done >= 10:
            raise Stopped

    result = study.run(from_pixels(PICTURES[0]), find_pictures(folder), PARAMS, NETWORK, stop)
    assert (len(result.names), result.seen, result.total) == (10, 10, 15)


def test_what_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="metric"):
        spaces.distances(np.zeros((1, 2)), np.zeros((1, 2)), "manhattan")
    with pytest.raises(ValueError, match="vectors"):
        spaces.distances(np.zeros((1, 2)), np.zeros((1, 3)))


# ---- figures and words ---------------------------------------------------------------------------


def test_the_curves_hold_the_measured_numbers(found, dark):
    fig = figures.curves(found).figure
    lines = {trace.name: trace for trace in fig.data if trace.name}
    np.testing.assert_array_equal(lines["pixels"].y, found.of("pixels")[0].precision)
    mean = np.mean([r.precision for r in found.of("random")], axis=0)
    np.testing.assert_allclose(lines["random features"].y, mean)
    assert fig.layout.xaxis.type == "log"
    assert len({(t.line.color, t.line.dash) for t in lines.values()}) == 3
    fig.to_json()


def test_tables_hold_the_measured_numbers(found):
    table, curve = figures.table(found), figures.curve_table(found)
    assert table["precision at 1, %"][0].startswith("100.0 ±")
    assert table["space"][1] == "random features, 2 seeds"
    assert curve["k"] == list(range(1, 15))
    np.testing.assert_allclose(curve["pixels, %"], 100 * found.of("pixels")[0].precision, atol=0.01)
    assert f"{found.chance:.0%}" in dataset.finding(found)


def test_the_rows_show_the_nearest_pictures_and_frame_what_all_have_found(folder):
    result = study.run(from_pixels(PICTURES[3]), find_pictures(folder), PARAMS, NETWORK)
    with theme.drawn("dark"):
        fig = figures.neighbours(result).figure
    assert [image.source for image in fig.layout.images[:4]] == [figures.uri(t) for t in result.thumbnails[0]]
    assert fig.layout.images[-1].source == figures.uri(result.query)
    everywhere = set.intersection(*[set(row.tolist()) for row in result.indices])
    assert len(fig.layout.shapes) == 3 * len(everywhere) > 0
    table = figures.neighbour_table(result)
    assert table["pixels"] == [result.names[i] for i in result.indices[0]]
    assert result.names[result.indices[1, 0]] in study.answer(result)


def test_the_command_says_every_setting(folder):
    words = study.command(PARAMS, "a b.jpg", "my pictures")
    assert words.startswith("receptive retrieve 'a b.jpg' --gallery 'my pictures' --features 16 --kernel 3 --depth 1")
    text = json.dumps(study.as_dict(study.run(from_pixels(PICTURES[3]), find_pictures(folder), PARAMS, NETWORK)))
    assert json.loads(text)["nearest"]["pixels"][0]["distance"] == 0
