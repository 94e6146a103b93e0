"""What a batch's rows say is what the study says of the picture, and settings are read as the study's fields are."""

import json
import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import networks
from core.batch import columns as batch_rows
from core.batch import run
from core.batch.work import in_this_process
from core.networks import families
from core.networks.packaged import cards
from core.pictures.image import decode
from core.studies import STUDIES
from core.studies.patch import evidence
from core.studies.random import row as random_row
from core.studies.shift import sweep
from core.studies.sparse import codes
from core.studies.spinal import answers
from tests.helpers.batch_folder import make_folder, planned, rows

BAGNET = "untrained:photo_bagnet9"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("pictures"))


def float32(name):
    """A network that answers in float32 alone, as those of a batch do."""
    network = networks.load(networks.find(name))
    return replace(network, engine=replace(network.engine, fast=None))


def result(folder, tmp_path, study, models, words=()):
    out = tmp_path / f"{study}.parquet"
    run.run(planned(folder, study, models, words), out, in_this_process)
    found, columns = rows(out)
    assert columns.names == [name for name, _ in batch_rows.columns(study)]
    assert [row["picture"] for row in found] == sorted(row["picture"] for row in found)
    assert len({(row["picture"], row["network"]) for row in found}) == len(found) == 12 * len(models)
    for row in found:
        image = decode((folder / row["picture"]).read_bytes())
        assert (row["folder"], row["digest"]) == (Path(row["picture"]).parent.name, image.digest)
        yield row, image


# ---- the rows are the study's --------------------------------------------------------------------


def test_a_row_is_the_shift_sweeps(folder, tmp_path):
    net = float32("cifar_vgg")
    for row, image in result(folder, tmp_path, "shift-sweep", ("cifar_vgg",), ("max_shift=2", "boundary=circular")):
        want = sweep.run([net], image, sweep.Params(2, "circular"))
        assert row["label"] == row["target"] == want.labels[want.target]
        assert row["probability"] == pytest.approx(want.probability[0, want.centre], abs=1e-5)
        assert row["flips"] == sweep.flips(want)[0]
        assert row["consistency"] == pytest.approx(sweep.consistency(want)[0])
        assert row["lowest"] == pytest.approx(want.probability.min(), abs=1e-5)
        at = want.index(row["lowest_dy"], row["lowest_dx"])
        assert want.probability[0, at] == pytest.approx(row["lowest"], abs=1e-5)
        assert row["right"] == (None if row["folder"] == "something" else row["label"] == row["folder"])
        assert row["network_digest"] == net.digest


def test_a_row_is_the_patch_evidences(folder, tmp_path):
    net = float32(BAGNET)
    for row, image in result(folder, tmp_path, "patch-evidence", (BAGNET,), ("target=6",)):
        want = evidence.run([net], image, evidence.Params(target=6, resolution="coarse"))
        assert (row["target"], row["patches"]) == ("lion", want.evidence[0].size)
        assert row["logit"] == pytest.approx(want.evidence[0].mean(), abs=1e-5)
        assert row["patch_logit"] == pytest.approx(want.evidence[0].max(), abs=1e-5)
        spot = want.evidence[0][want.y[0] == row["patch_row"], want.x[0] == row["patch_column"]]
        assert spot == pytest.approx(row["patch_logit"], abs=1e-5)


def test_a_row_is_the_sparse_codes(folder, tmp_path):
    net = float32("untrained:cifar_sdnet18")
    words = ("lam=0.3", "noise=gaussian", "level=0.1")
    for i, (row, image) in enumerate(result(folder, tmp_path, "sparse-codes", ("untrained:cifar_sdnet18",), words)):
        if i:
            continue  # the study's own run takes its time
        want = codes.run([net], image, codes.Params("gaussian", 0.1, 0.3))
        at = want.at(0.3)
        assert row["nonzero"] == pytest.approx(want.nonzero[at]) == pytest.approx(want.shown_nonzero)
        assert row["psnr"] == pytest.approx(want.psnr[at], abs=1e-3)
        assert row["probability"] == pytest.approx(want.probability[at].max(), abs=1e-4)
        assert (row["noise_deviation"], row["noise_shift"]) == (want.arrived.deviation, want.arrived.shift)
        assert row["residual"] == pytest.approx(math.sqrt((want.residual**2).mean()), abs=1e-6)


def test_a_row_is_the_random_features(folder, tmp_path):
    words = ("features=20", "seed=5", "size=16")
    found = list(result(folder, tmp_path, "random-features", (random_row.RANDOM, "digits_cnn"), words))
    net = random_row.FeatureParams(features=20, seed=5).build()
    for row, image in found:
        kind = (row["k"], row["kernel"], row["depth"], row["seed"], row["size"])
        if row["network"] == random_row.RANDOM:
            import torch

            from core.pictures.preprocess import square

            assert kind == (20, 3, 1, 5, 16)
            x = torch.from_numpy(square(image, 16).copy()).movedim(-1, 0)[None].float() / 255
            want = net(x)[0].detach().numpy()
        else:
            assert kind[1:] == (None, None, None, 8)
            want = np.array(row["features"], np.float32)
        np.testing.assert_array_equal(np.array(row["features"], np.float32), want)
        assert len(row["features"]) == row["k"]


def test_a_row_is_a_heads_answer(folder, tmp_path):
    names = tuple(families.HEADED.values())
    nets = {name: float32(name) for name in names}
    for row, image in result(folder, tmp_path, "spinal-heads", names):
        want = answers.run([nets[row["network"]]], image, answers.Params((row["head"],)))
        assert families.HEADED[row["head"]] == row["network"]
        assert row["label"] == want.labels[want.top1[0]]
        assert row["probability"] == pytest.approx(want.probability.max(), abs=1e-5)
        assert row["right"] is None


# ---- --set ---------------------------------------------------------------------------------------


@given(st.integers(1, 24), st.sampled_from(["crop", "circular", "reflect"]), st.none() | st.integers(0, 999))
def test_settings_are_typed(reach, boundary, target):
    words = [f"max_shift={reach}", f"boundary={boundary}", f"target={target}"]
    assert batch_rows.settings("shift-sweep", words) == sweep.Params(reach, boundary, target)


@given(st.floats(0, 1e6), st.integers(0, 2**31))
def test_settings_keep_every_bit_of_a_number(lam, seed):
    found = batch_rows.settings("sparse-codes", [f"lam={lam!r}", f"seed={seed}"])
    assert (found.lam, found.seed, found.noise) == (lam, seed, "none")


@given(st.sampled_from([study.word for study in STUDIES]), st.text(max_size=20))
def test_any_words_are_settings_or_one_sentence(study, text):
    names = [field.name for field in fields(batch_rows.table(study).params)]
    for word in (text, *(f"{name}={text}" for name in names)):
        try:
            found = batch_rows.settings(study, [word])
        except ValueError as error:
            assert str(error).startswith("expected")  # noqa: PT017
        else:
            assert type(found) is type(batch_rows.table(study).params)
            json.dumps(vars(found))


def test_the_tables_columns_are_what_rows_hold(folder):
    for study in STUDIES:
        names = [name for name, _ in batch_rows.columns(study.word)]
        assert len(set(names)) == len(names)
        assert set(study.table.models) <= {*cards(), random_row.RANDOM}


def test_an_answer_is_right_in_any_normal_form_and_case():
    composed, decomposed = "K\u00e4fer", "KA\u0308FER"
    for label, folder in ((composed, decomposed), (decomposed, composed)):
        assert batch_rows.is_right(label, folder, (label, "cat")) is True
        assert batch_rows.is_right("cat", folder, (label, "cat")) is False
        assert batch_rows.is_right("cat", folder, ("cat",)) is None


def test_rows_of_a_set_in_halves_have_its_classes(folder, tmp_path):
    """As Tiny ImageNet is published: CLASS/images/ in one half, no classes in the other; `truck` is a class too."""
    files = [file.read_bytes() for file in sorted(folder.rglob("*.png"))]
    where = ("train/cat/images", "train/ship/images", "val/images", "test", "train/truck/images")
    for i, name in enumerate(where):
        (tmp_path / "set" / name).mkdir(parents=True)
        (tmp_path / "set" / name / f"{i}.png").write_bytes(files[i])
    out = tmp_path / "set.parquet"
    run.run(planned(tmp_path / "set"), out, in_this_process)
    found, _ = rows(out)
    assert [(row["picture"], row["folder"]) for row in found] == [
        ("test/3.png", ""),
        ("train/cat/images/0.png", "cat"),
        ("train/ship/images/1.png", "ship"),
        ("train/truck/images/4.png", "truck"),
        ("val/images/2.png", ""),
    ]
    assert [row["right"] is None for row in found] == [row["folder"] == "" for row in found]
