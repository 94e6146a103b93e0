"""Transfer: what is frozen stays, what is compared is paired, and the packaged numbers say what they are said to."""

import dataclasses
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import stats
from streamlit.testing.v1 import AppTest

from core import networks
from core.base.intervals import verdict
from core.base.records import as_json, from_json
from core.base.refuse import DataError
from core.base.renamed import today
from core.compute import fitting
from core.data.split import Split
from core.figures import theme
from core.models.counting import parameters
from core.models.spinal import freeze
from core.pictures.preprocess import Preprocessing
from core.studies.spinal import measure_transfer, transfer, transfer_figures
from core.studies.spinal.transfer import HEADS, MODES, Params, fine_tune, scores, shown, under_head
from pages.parts.common.words import stressed

SIDE = 16  # px: a sixteenth of the packaged network's work
TINY = Params(seeds=3, epochs=2, width=6, layers=3, hidden=9)
PART = "from pages.parts.spinal import measured\nmeasured.show()"


@pytest.fixture(scope="module")
def network():
    found = networks.load(networks.find("untrained:photo_resnet"))
    return dataclasses.replace(found, preprocessing=Preprocessing(SIDE, (0.5,) * 3, (0.25,) * 3))


def pictures(count, seed=0, side=SIDE):
    """Two classes that their colour tells apart."""
    dice = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pixels = dice.integers(0, 120, (count, side, side, 3), dtype=np.uint8)
    pixels[labels == 1, :, :, 0] += 120
    return Split(pixels, labels.astype(np.int64), ("blue", "red"))


TRAIN, TEST = pictures(64), pictures(40, seed=1)


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.values(), other.values(), strict=True))


def flat(epochs):
    """The batches of all epochs, one after another."""
    return [batch for epoch in epochs for batch in epoch]


def below(net):
    """Weights and batch statistics of everything under the head."""
    return net.backbone.state_dict()


def test_training_the_head_alone_leaves_the_network_as_it_was_bit_by_bit(network):
    net = fine_tune(TRAIN, network, TINY, "head", "spinal", 0)
    fresh = under_head(network, TINY, "spinal", 0, 2)
    assert same(below(net), below(fresh))
    assert not same(net.head.state_dict(), fresh.head.state_dict())


def test_training_everything_changes_the_copy_and_never_the_network_itself(network):
    before = {name: tensor.clone() for name, tensor in network.engine.plain.state_dict().items()}
    net = fine_tune(TRAIN, network, TINY, "all", "spinal", 0)
    fresh = under_head(network, TINY, "spinal", 0, 2)
    changed = [name for name, tensor in below(net).items() if not torch.equal(tensor, below(fresh)[name])]
    assert set(changed) == set(below(net))
    assert same(network.engine.plain.state_dict(), before)


def test_every_head_stands_on_the_same_numbers_and_sees_the_same_batches(network):
    nets = [under_head(network, TINY, head, 0, 2) for head in HEADS]
    assert all(same(below(net), below(nets[0])) for net in nets)
    one, two = (list(shown(TRAIN, network, TINY, 0)) for _ in range(2))
    other = list(shown(TRAIN, network, TINY, 1))
    assert [len(epoch) for epoch in one] == [2, 2]
    for (x, y), (again, labels) in zip(flat(one), flat(two), strict=True):
        assert torch.equal(x, again)
        assert torch.equal(y, labels)
    assert not torch.equal(one[0][0][0], one[1][0][0])  # another epoch
    assert not torch.equal(one[0][0][0], other[0][0][0])  # another seed


def test_shared_features_are_those_that_any_head_would_have_read(network):
    features = transfer.frozen(TRAIN, network, TINY, 0)
    body = freeze(under_head(network, TINY, "spinal", 0, 2)).backbone
    batches = flat(shown(TRAIN, network, TINY, 0))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for (x, y), (seen, labels) in zip(batches, flat(features), strict=True):
            assert torch.equal(body(x).float(), seen)
            assert torch.equal(y, labels)
    shared = fine_tune(TRAIN, network, TINY, "head", "matched", 0, features)
    alone = fine_tune(TRAIN, network, TINY, "head", "matched", 0)
    assert same(shared.state_dict(), alone.state_dict())


@pytest.mark.parametrize("mode", MODES)
def test_the_seed_decides_alone(network, mode):
    state = torch.random.get_rng_state()
    nets = [fine_tune(TRAIN, network, TINY, mode, "hidden", seed) for seed in (0, 0, 1)]
    assert same(nets[0].state_dict(), nets[1].state_dict())
    assert not same(nets[0].head.state_dict(), nets[2].head.state_dict())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_what_colour_tells_apart_is_learned_and_tested_as_it_was_learned(network):
    params = dataclasses.replace(TINY, epochs=12, head_rate=0.5)
    [share] = scores(TRAIN, TEST, network, params, "head", ("linear",), 0)
    assert share > 0.9
    net = fine_tune(TRAIN, network, params, "head", "linear", 0)
    x = (torch.from_numpy(TEST.pixels).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25
    with torch.no_grad():
        assert share == pytest.approx(float((net(x).argmax(1).numpy() == TEST.labels).mean()))


def test_a_result_survives_json(network):
    blank = transfer.blank(TRAIN, TEST, network, dataclasses.replace(TINY, seeds=1))
    assert blank.accuracy.shape == (2, 4, 1)
    result = dataclasses.replace(blank, accuracy=np.linspace(0, 1, 8).reshape(2, 4, 1))
    for one in (blank, result):
        again = from_json(transfer.Result, json.loads(json.dumps(as_json(one))))
        for name, value in vars(one).items():
            arrays = {"equal_nan": True} if name == "accuracy" else {}
            assert np.array_equal(getattr(again, name), value, **arrays)
    assert "too few seeds to tell" in transfer.finding(result, "head")


def test_heads_are_counted_and_the_matched_one_is_nearest(network):
    sizes = dict(zip(HEADS, transfer.blank(TRAIN, TEST, network, Params()).parameters, strict=True))
    assert sizes["linear"] == 193 * 2
    assert sizes["hidden"] == 193 * 128 + 129 * 2
    assert sizes["spinal"] == 97 * 20 + 3 * 117 * 20 + 81 * 2
    assert abs(sizes["matched"] - sizes["spinal"]) <= 195 / 2  # a hidden unit more has 195
    whole = parameters(network.engine.plain)
    assert transfer.blank(TRAIN, TEST, network, Params()).below == whole - 193 * len(network.labels)


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (pictures(64, side=20), TEST, "got 20x20 with 3 channels"),
        (TRAIN, dataclasses.replace(TEST, pixels=TEST.pixels[..., :1]), "with 1 channels"),
        (TRAIN, dataclasses.replace(TEST, classes=("red", "blue")), "the same classes"),
        (pictures(31), TEST, "got 31 and 40"),
        (TRAIN, pictures(0), "got 64 and 0"),
    ],
)
def test_pictures_that_do_not_fit_are_refused_in_one_sentence(network, train, test, words):
    with pytest.raises(ValueError, match=rf"^expected .*{words}"):
        transfer.blank(train, test, network, TINY)


# ---- measuring -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Photographs in class folders, of no particular shape."""
    root = tmp_path_factory.mktemp("photographs")
    for half, split in (("train", pictures(40, side=24)), ("test", pictures(12, seed=1, side=24))):
        for i, (pixels, label) in enumerate(zip(split.pixels, split.labels, strict=True)):
            path = root / half / split.classes[label] / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[:20]).save(path)
    return root


def test_measuring_goes_on_from_its_parts_and_refuses_others(folder, tmp_path, monkeypatch):
    params = dataclasses.replace(TINY, seeds=1, epochs=1)
    seen = []
    path = measure_transfer.measure(
        folder, tmp_path / "work", lambda *told: seen.append(told), params, tmp_path / "transfer.json"
    )
    assert seen == [(i, 5) for i in range(6)]  # all heads alone, and four times everything
    record = json.loads(path.read_text())
    assert record["command"] == "receptive measure spinal-transfer --data FOLDER"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", record["date"])
    result, about = transfer.measured(path)
    assert (result.train, result.test, result.classes) == (40, 12, ("blue", "red"))
    assert "40 photographs to learn from and 12 to test with" in about["data"]
    train, test = measure_transfer.photographs(folder, 64)
    own = networks.load(networks.find(transfer.NETWORK))
    assert not np.isnan(result.accuracy).any()
    one = transfer.scores(train, test, own, params, "head", result.heads, 0)
    assert result.accuracy[0, :, 0].tolist() == one

    def fail(*args):
        raise AssertionError("trained again")

    monkeypatch.setattr(transfer, "scores", fail)
    again = measure_transfer.measure(folder, tmp_path / "work", params=params, path=tmp_path / "again.json")
    assert json.loads(again.read_text())["result"] == record["result"]
    other = dataclasses.replace(params, dropout=0.4)
    with pytest.raises(ValueError, match=r"expected a part of .* delete"):
        measure_transfer.measure(folder, tmp_path / "work", params=other, path=tmp_path / "other.json")


def test_a_broken_photograph_is_named(folder, tmp_path):
    for half in ("train", "test"):
        (tmp_path / half).symlink_to(folder / half)
    (tmp_path / "test").unlink()
    for name in ("blue", "red"):
        (tmp_path / "test" / name).mkdir(parents=True)
        for i in range(6):
            Image.fromarray(TEST.pixels[i]).save(tmp_path / "test" / name / f"{i}.png")
    (tmp_path / "test" / "red" / "torn.png").write_bytes(b"\x89PNG\r\n torn")
    with pytest.raises(DataError, match=r"got red.torn\.png"):
        measure_transfer.photographs(tmp_path, SIDE)


# ---- what is packaged ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packaged():
    return transfer.measured()


def test_the_packaged_record_is_whole_and_says_where_it_came_from(packaged):
    result, about = packaged
    assert (result.train, result.test, result.classes) == (800, 400, ("cats", "dogs"))
    assert result.params.seeds >= 5
    assert result.accuracy.shape == (2, 4, result.params.seeds)
    hits = result.accuracy * result.test
    assert np.allclose(hits, hits.round())
    assert about["digest"] == networks.load(networks.find(transfer.NETWORK)).digest
    assert today(about["command"]) == measure_transfer.TRANSFER.command


@pytest.mark.parametrize("mode", MODES)
def test_means_and_verdicts_follow_from_the_seeds(packaged, mode):
    result, _ = packaged
    rows = dict(zip(result.heads, 100 * result.accuracy[result.modes.index(mode)], strict=True))
    said, cells = transfer.finding(result, mode), transfer_figures.table(result)
    for head, values in rows.items():
        at = cells["head"].index(HEADS[head]) + len(HEADS) * result.modes.index(mode)
        own = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
        assert cells["right, %"][at] == f"{values.mean():.2f} ± {own[1] - values.mean():.2f}"
        if head != "spinal":
            low, high = stats.ttest_rel(rows["spinal"], values).confidence_interval(0.95)
            words = f"{(low + high) / 2:+.2f} ± {(high - low) / 2:.2f}".replace("-", "−")
            expected = "better" if low > 0 else "worse" if high < 0 else "no difference shown"
            assert verdict((low + high) / 2, (high - low) / 2) == expected
            assert cells["spinal minus it"][at] == f"{words}: {expected}"
            assert f"{HEADS[head]}: {words}, {expected}" in said


def test_the_figure_shows_every_seed_and_the_means(packaged):
    result, _ = packaged
    for look in theme.THEMES:
        with theme.drawn(look):
            traces = transfer_figures.races(result).figure.data
            assert len(traces) == 2 * 2 * len(HEADS)
            drawn = np.array([trace.y for trace in traces[::2]]).reshape(result.accuracy.shape)
            assert np.allclose(drawn, 100 * result.accuracy)
            means = np.array([trace.y[0] for trace in traces[1::2]]).reshape(2, len(HEADS))
            assert np.allclose(means, 100 * result.accuracy.mean(2))


def opened(monkeypatch):
    app = AppTest.from_string(PART, default_timeout=60)
    app.session_state["spinal transfer"] = True
    return app.run()


def test_the_part_is_folded_and_opens(packaged, monkeypatch):
    folded = AppTest.from_string(PART, default_timeout=60).run()
    assert not folded.exception
    assert not folded.dataframe
    app = opened(monkeypatch)
    assert not app.exception
    findings = [transfer.finding(packaged[0], mode) for mode in MODES]
    shown = [stressed(said, f"{said.partition(':')[0]}:") for said in findings]
    assert all(any(said in m.value for m in app.markdown) for said in shown)
    assert any("not measured here" in m.value for m in app.markdown)
    assert any("receptive measure spinal-transfer --data FOLDER" in c.value for c in app.caption)
    assert app.dataframe[0].value["spinal minus plain"].tolist() == ["−0.10", "+0.76", "+0.35"]


def test_without_a_record_the_part_says_what_to_run(monkeypatch):
    monkeypatch.setattr(transfer, "measured", lambda: None)
    app = opened(monkeypatch)
    assert not app.exception
    assert any("Not measured on this machine yet" in m.value for m in app.markdown)
    assert len(app.dataframe) == 1


def test_statistics_are_the_networks_own(network):
    x, _ = next(shown(TRAIN, network, TINY, 0))[0]
    dice = torch.Generator().manual_seed(0)
    order = torch.randperm(len(TRAIN), generator=dice)[: transfer.BATCH]
    raw = torch.from_numpy(TRAIN.pixels)[order].permute(0, 3, 1, 2).float() / 255
    how = fitting.Augmentation(flips=True, zoom=transfer.ZOOM)
    assert torch.allclose(x, (fitting.augment(raw, how, dice) - 0.5) / 0.25)
