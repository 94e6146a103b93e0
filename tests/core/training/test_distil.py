"""Copies of lite0 that learn from its answers: the crops, what learns, and runs that go on where they were killed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from core.base.refuse import DataError
from core.models import create_model
from core.models.lite import Lite0, SameBlurPool2d, begin_as
from core.networks import lite, weights
from core.networks.download import WeightsError
from core.training import checkpoint, distil
from core.training.distil import COPIES, Copying, train

SMALL = Copying("lite0_blur3", "lite0_blur3", 3, batch=2, side=64, rate=5e-4, shifts=8, anneal=0.5)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, dice = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    for i in range(3):
        coarse = Image.fromarray(dice.integers(0, 255, (5, 6, 3), np.uint8))
        coarse.resize((96 + 8 * i, 90), Image.Resampling.BICUBIC).save(folder / f"{i}.png")
    return sorted(folder.iterdir())


@pytest.fixture
def saves_each_step(monkeypatch):
    monkeypatch.setattr(distil, "SAVE_EVERY", 1)


def stop_at(last):
    def report(step, steps, loss):
        if step == last:
            raise KeyboardInterrupt

    return report


@pytest.mark.parametrize("how", [SMALL, replace(SMALL, arch="lite0_sparse", lambdas=(0.1, 1.0), anneal=0)])
def test_a_killed_run_goes_on_to_the_same_network(files, tmp_path, saves_each_step, how):
    losses = []
    whole = distil.train(how, files, tmp_path / "whole.pt", lambda *step: losses.append(step))
    assert [step[:2] for step in losses] == [(1, 3), (2, 3), (3, 3)]
    assert all(np.isfinite(step[2]) for step in losses)
    with pytest.raises(KeyboardInterrupt):
        distil.train(how, files, tmp_path / "part.pt", stop_at(2))
    again = distil.train(how, files, tmp_path / "part.pt")
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], tensor, rtol=1e-4, atol=1e-6)
    assert not whole.training


def test_a_checkpoint_of_another_recipe_or_a_torn_one_is_refused(files, tmp_path):
    path = tmp_path / "run.pt"
    state = {"step": 3, "net": nn.Linear(1, 1).state_dict(), "adam": {}}
    checkpoint.save(path, SMALL, state)
    with pytest.raises(WeightsError, match=r"^expected a checkpoint of .* got one of .*: delete .*run\.pt"):
        checkpoint.read(path, replace(SMALL, rate=1.0), *state)
    path.write_bytes(path.read_bytes()[:99])
    with pytest.raises(WeightsError, match="damaged"):
        checkpoint.read(path, SMALL, *state)


@pytest.mark.parametrize("name", COPIES)
def test_what_is_not_taught_stays_the_originals(name):
    how, net = COPIES[name], create_model(COPIES[name].arch)
    learn = distil.taught(net, how)
    share = sum(p.numel() for n, p in net.named_parameters() if n in learn) / sum(p.numel() for p in net.parameters())
    assert share < 0.15
    assert not {"conv_head.weight", "classifier.weight", "classifier.bias", "blocks.6.0.conv_pw.weight"} & learn
    assert {"blocks.6.0.conv_dw.weight", "blocks.4.1.bn3.bias", "bn2.weight", "conv_stem.weight"} <= learn


def test_what_is_compared_is_taught_alike():
    blurs, same = [COPIES[f"lite0_blur{k}"] for k in (3, 5)], COPIES["lite0_same"]
    for how in blurs:
        assert replace(how, name=same.name, arch=same.arch, anneal=same.anneal) == same


def test_the_photographs_are_never_those_of_the_test(tmp_path):
    for name in (*distil.PHOTOGRAPHS, "imagenet-like-1000/images"):
        (tmp_path / name).mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name / "a.png")
    (tmp_path / "corel/train/labels.csv").write_text("")
    found = distil.photographs(tmp_path)
    assert [path.parent.relative_to(tmp_path).as_posix() for path in found] == list(distil.PHOTOGRAPHS)
    (tmp_path / "corel/train/a.png").unlink()
    with pytest.raises(DataError, match=r"^expected photographs in .*corel/train, got none: put that data set there$"):
        distil.photographs(tmp_path)


def test_windows_of_one_crop_lie_up_to_the_shift_apart():
    dice = np.random.default_rng(0)
    ramp = np.broadcast_to(np.arange(80, dtype=np.uint8)[None, :, None], (80, 80, 3))
    lefts = [(distil.windows(ramp[None], 64, dice)[0, 0, 0, 0] + 1) * 127.5 for _ in range(200)]
    assert {round(float(left)) for left in lefts} == set(range(17))


def test_crops_are_mirrored_and_scaled():
    dice = np.random.default_rng(0)
    ramp = np.broadcast_to(np.linspace(0, 255, 150)[None, :, None], (100, 150, 3)).astype(np.uint8)
    slopes = [float(np.diff(distil.crop(ramp, 64, dice)[10, 8:-8, 0].astype(float)).mean()) for _ in range(100)]
    assert 30 < sum(slope > 0 for slope in slopes) < 70
    one = 255 / 149 * 100 / 64  # grey levels a pixel of the whole short side
    assert one / 1.5 * 0.95 < min(map(abs, slopes)) < one * 0.75
    assert one * 0.9 < max(map(abs, slopes)) < one * 1.05


def test_a_large_photograph_waits_small(tmp_path):
    Image.new("L", (900, 600), 128).save(tmp_path / "grey.png")
    assert distil.read(tmp_path / "grey.png").shape == (288, 432, 3)


def test_the_rate_goes_up_and_down_to_nothing():
    how = replace(SMALL, steps=1000)
    rates = [distil.rate(how, step) for step in range(1000)]
    assert max(rates) == pytest.approx(how.rate)
    assert rates.index(max(rates)) == pytest.approx(30, abs=1)
    assert rates[-1] < how.rate / 1000


def test_a_blur_grows_from_a_single_tap():
    net = Lite0(blur=5)
    pool = next(m for m in net.modules() if isinstance(m, SameBlurPool2d))
    binomial = pool.filt.clone()
    distil.grow_blurs(net, 0.0)
    assert pool.filt[0, 0].flatten().tolist() == [0.0] * 12 + [1.0] + [0.0] * 12
    distil.grow_blurs(net, 0.5)
    assert torch.allclose(pool.filt.sum((2, 3)), torch.ones(len(pool.filt), 1))
    distil.grow_blurs(net, 1.0)
    assert torch.allclose(pool.filt, binomial)


def test_an_unchanged_copy_has_nothing_to_learn_without_shifts():
    original = lite.original()
    copy = create_model("lite0").eval()
    begin_as(copy, original)
    how = replace(COPIES["lite0_same"], shifts=0)
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        loss = distil.loss_of(copy, original, how, 0, (x, x))
    assert float(loss) == pytest.approx(0, abs=1e-6)


def test_a_sparse_stem_begins_near_the_original(files):
    original = lite.original()
    how = replace(COPIES["lite0_sparse"], side=96, batch=3)
    pictures = [distil.read(path) for path in files]
    net = distil.copy_of(original, how, pictures).eval()
    x = distil.Steps(pictures, how)[1][1]
    with torch.no_grad():
        wanted, got = original.stem(x), net.stem(x)
    assert float((got - wanted).square().mean() / wanted.var()) < 0.1


def test_what_was_learned_is_written_and_read_again(files, tmp_path, monkeypatch):
    monkeypatch.setattr(lite, "COPIES", tmp_path / "lite0")
    taught = []
    monkeypatch.setattr(distil, "train", lambda *asked: taught.append(train(*asked)) or taught[0])
    path = distil.learn(SMALL, files, tmp_path / "run.pt")
    assert path.stat().st_size < 1_600_000
    about = weights.read_metadata(path)
    assert (about["arch"], about["steps"], about["photographs"]) == ("lite0_blur3", "3", "3")
    again = lite.fill_copy(create_model("lite0_blur3"), path)
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(again(x), taught[0](x), rtol=0, atol=0.02)  # the file is float16
        assert float((lite.original()(x) - taught[0](x)).abs().max()) > 0.1
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="damaged"):
        lite.fill_copy(create_model("lite0_blur3"), path)
