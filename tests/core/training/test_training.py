"""Training: it learns, a killed run goes on as if nothing had happened, and what is shipped is what was measured."""

import io
import json
import pickle
from dataclasses import asdict, replace
from hashlib import sha256

import numpy as np
import pytest
import torch

from core import networks
from core.base.files import commit
from core.compute import spaces
from core.compute.fitting import augment, pixel_statistics
from core.data.sets import DATASETS
from core.data.split import Split
from core.models import create_model
from core.models.blurpool import BlurPool2d
from core.networks import intact, lite, packaged, weights
from core.networks.download import WeightsError
from core.networks.engine import logits
from core.networks.families import DEFAULT_NETWORKS
from core.pictures.preprocess import to_tensor
from core.studies.shift import dataset, measure
from core.training import distil, ship, svm
from core.training.loop import train
from core.training.recipes import RECIPES, Recipe
from tests.helpers.networks_by_hand import PACKAGED, SIGNS, by_hand

COLOURS = ((220, 40, 40), (40, 220, 40), (40, 40, 220), (200, 200, 40))
PROVENANCE = (
    *("arch", "num_classes", "labels", "input_size", "mean", "std", "dataset", "dataset_form", "recipe"),
    *("augmentation", "seed", "epochs", "precision", "train_images", "test_images", "test_accuracy", "commit"),
)


def patches(n, seed):
    """32-pixel pictures of four classes: noise with a square of the class's colour at a random place."""
    dice = np.random.default_rng(seed)
    labels = dice.integers(0, len(COLOURS), n)
    pixels = dice.integers(90, 160, (n, 32, 32, 3)).astype(np.uint8)
    for picture, label in zip(pixels, labels, strict=True):
        y, x = dice.integers(0, 16, 2)
        picture[y : y + 16, x : x + 16] = COLOURS[label]
    return Split(pixels, labels, ("red", "green", "blue", "yellow"))


TRAIN, TEST = patches(160, 0), patches(60, 1)
TINY = Recipe(
    "tiny", "cifar_vgg", "cifar10", epochs=2, batch=32, peak_rate=0.05, erase=5, shifts=2, zoom=0.9, colour=0.1
)


def states_equal(one, other):
    left, right = one.state_dict(), other.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(network, losses) of the whole tiny recipe."""
    losses = []
    net = train(TINY, TRAIN, tmp_path_factory.mktemp("runs") / "tiny.pt", lambda *step: losses.append(step[-1]))
    return net, losses


@pytest.fixture(scope="module")
def shipped(trained, tmp_path_factory):
    return ship.ship(TINY, trained[0], TRAIN, TEST, tmp_path_factory.mktemp("weights") / "new")


# ---- the loop ------------------------------------------------------------------------------------


def test_the_loss_falls(trained):
    net, losses = trained
    assert len(losses) == 2 * 5
    assert not net.training
    assert np.mean(losses[-2:]) < 0.8 * np.mean(losses[:2])


def test_grey_pictures_train_and_ship_as_well(tmp_path):
    dice = np.random.default_rng(0)
    labels = dice.integers(0, 2, 96)
    pixels = (dice.integers(0, 60, (96, 8, 8, 1)) + 150 * labels[:, None, None, None]).astype(np.uint8)
    data = Split(pixels, labels, ("dark", "bright"))
    recipe = Recipe("tiny_grey", "digits_cnn", "digits", epochs=3, batch=16, peak_rate=0.05, flips=False)
    path = ship.ship(recipe, train(recipe, data, tmp_path / "grey.pt"), data, data, tmp_path)
    about = weights.read_metadata(path)
    assert float(about["test_accuracy"]) > 0.95
    assert about["augmentation"] == "none"
    assert [len(json.loads(about[key])) for key in ("mean", "std")] == [1, 1]
    network = networks.load(packaged.packaged_card("tiny_grey", path))
    seen = spaces.trained(pixels, network)
    assert seen.shape == (96, 48)
    head = network.engine.exact.classifier
    guess = (torch.from_numpy(seen) @ head.weight.T + head.bias).argmax(1).numpy()
    assert (guess == labels).mean() == pytest.approx(float(about["test_accuracy"]), abs=0.011)


@pytest.mark.parametrize(("blur", "reflect_epochs"), [("", 0), ("_blur3", 0), ("_blur3", 1)])
def test_a_killed_run_goes_on_as_if_nothing_had_happened(tmp_path, blur, reflect_epochs):
    class Killed(Exception):
        pass

    def kill(epoch, batch, *more):
        if (epoch, batch) == (1, 2):
            raise Killed

    recipe = replace(TINY, arch=f"cifar_vgg{blur}", epochs=2 - reflect_epochs, reflect_epochs=reflect_epochs)
    few = Split(TRAIN.pixels[:96], TRAIN.labels[:96], TRAIN.classes)
    whole = train(recipe, few, tmp_path / "whole.pt")
    with pytest.raises(Killed):
        train(recipe, few, tmp_path / "killed.pt", kill)
    steps = []
    note = lambda epoch, batch, *more: steps.append((epoch, batch))  # noqa: E731
    resumed = train(recipe, few, tmp_path / "killed.pt", note)
    assert steps == [(1, 1), (1, 2), (1, 3)]
    assert states_equal(resumed, whole)
    assert not any(layer.as_matrices for layer in resumed.modules() if isinstance(layer, BlurPool2d))
    again = train(recipe, few, tmp_path / "killed.pt", note)  # nothing left to do
    assert len(steps) == 3
    assert states_equal(again, whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["killed.pt", "whole.pt"]


def test_another_seed_gives_another_network(tmp_path):
    short = replace(TINY, epochs=1)
    few = Split(TRAIN.pixels[:64], TRAIN.labels[:64], TRAIN.classes)
    one, same, other = (train(replace(short, seed=seed), few, tmp_path / f"{i}.pt") for i, seed in enumerate((0, 0, 1)))
    assert states_equal(one, same)
    assert not states_equal(one, other)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path):
    few = Split(TRAIN.pixels[:32], TRAIN.labels[:32], TRAIN.classes)
    path = tmp_path / "run.pt"
    train(replace(TINY, epochs=1), few, path)
    before = path.read_bytes()
    with pytest.raises(WeightsError, match=r"^expected a checkpoint of .*seed=1.*delete .* to start anew$"):
        train(replace(TINY, epochs=1, seed=1), few, path)
    assert path.read_bytes() == before


def changed(**fields):
    """A checkpoint of TINY with other fields in place of its own."""
    fresh = {"recipe": asdict(TINY), "epoch": 1, "net": {}, "sgd": {}, "cycle": {}} | fields
    data = io.BytesIO()
    torch.save({name: value for name, value in fresh.items() if value is not None}, data)
    return data.getvalue()


@pytest.mark.parametrize(
    "harm",
    [
        lambda whole: b"",
        lambda whole: b"text",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-200],
        lambda whole: pickle.dumps({"recipe": print}),
        lambda whole: changed(),
        lambda whole: changed(net=None),
        lambda whole: changed(epoch=1.5),
        lambda whole: changed(epoch=-1),
        lambda whole: changed(epoch=10**6),
        lambda whole: changed(epoch="1"),
    ],
    ids=["empty", "text", "half", "cut", "pickle", "no tensors", "no net", "1.5", "-1", "a million", "a word"],
)
def test_a_torn_checkpoint_says_which_one_to_delete(tmp_path, harm):
    few = Split(TRAIN.pixels[:32], TRAIN.labels[:32], TRAIN.classes)
    path = tmp_path / "run.pt"
    with pytest.raises(ZeroDivisionError):
        train(TINY, few, path, lambda epoch, *more: 1 // (1 - epoch))  # stops in the second epoch
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(WeightsError, match=r"^expected .*run\.pt as it was written, .*: delete it to start anew$"):
        train(TINY, few, path)
    path.unlink()
    train(TINY, few, path)


def test_blurring_as_matrices_changes_nothing_but_speed():
    torch.manual_seed(0)
    net = create_model("cifar_vgg_blur3", num_classes=4).eval()
    x = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        plain = net(x)
        for layer in net.modules():
            if isinstance(layer, BlurPool2d):
                layer.as_matrices = True
        assert (net(x) - plain).abs().max() < 1e-5


# ---- augmentation --------------------------------------------------------------------------------

STILL = Recipe("still", "cifar_vgg", "cifar10", epochs=1)


def batch(n=16, side=32):
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("options", [{}, {"shifts": 4}, {"zoom": 0.6}, {"erase": 7}, {"zoom": 0.6, "shifts": 3}])
def test_augmentations_keep_shape_and_range(options):
    x = batch()
    y = augment(x, replace(STILL, **options), torch.Generator().manual_seed(1))
    assert y.shape == x.shape
    assert y.dtype == torch.float32
    assert y.min() >= -1e-6
    assert y.max() <= 1 + 1e-6
    assert not torch.equal(x, y)
    assert torch.equal(y, augment(batch(), replace(STILL, **options), torch.Generator().manual_seed(1)))
    assert torch.equal(x, batch())


def test_colour_keeps_shape_and_stays_within_its_strength():
    x = batch()
    y = augment(x, replace(STILL, colour=0.3), torch.Generator().manual_seed(1))
    assert y.shape == x.shape
    gain = y.std(dim=(1, 2, 3)) / x.std(dim=(1, 2, 3))
    assert ((gain > 0.7 - 1e-4) & (gain < 1.3 + 1e-4)).all()
    assert ((y.mean(dim=(1, 2, 3)) - x.mean(dim=(1, 2, 3))).abs() <= 0.15 + 1e-4).all()


def test_flips_turn_about_half_of_the_pictures():
    x = batch(200, 8)
    y = augment(x, STILL, torch.Generator().manual_seed(2))
    turned = (y == x.flip(3)).all(dim=(1, 2, 3))
    assert (turned | (y == x).all(dim=(1, 2, 3))).all()
    assert 70 < int(turned.sum()) < 130


@pytest.mark.parametrize("options", [{"shifts": 1}, {"zoom": 0.8}, {"erase": 3}, {"colour": 0.2}])
def test_without_flips_nothing_is_mirrored_and_the_words_say_so(options):
    still = replace(STILL, flips=False)
    x = batch(50, 8)[:, :1]
    assert torch.equal(augment(x, still, torch.Generator().manual_seed(2)), x)
    assert augment(x, replace(still, **options), torch.Generator().manual_seed(2)).shape == x.shape
    assert still.augmentation() == "none"
    assert "flips" not in replace(still, **options).augmentation()
    assert STILL.augmentation() == "left-right flips"


def test_shifts_are_whole_pixels_of_every_length():
    x = batch(300, 12)
    y = augment(x, replace(STILL, shifts=2), torch.Generator().manual_seed(3))
    seen = set()
    wide = torch.nn.functional.pad(x, (2,) * 4, mode="reflect")
    for dy in range(5):
        for dx in range(5):
            for flipped in (False, True):
                moved = (wide.flip(3) if flipped else wide)[:, :, dy : dy + 12, dx : dx + 12]
                seen |= {(dy, dx, int(i)) for i in (y == moved).all(dim=(1, 2, 3)).nonzero()}
    assert {i for _, _, i in seen} == set(range(300))
    assert {(dy, dx) for dy, dx, _ in seen} == {(dy, dx) for dy in range(5) for dx in range(5)}


def test_the_blanked_square_has_its_side_at_most():
    y = augment(torch.ones(100, 3, 32, 32), replace(STILL, erase=7), torch.Generator().manual_seed(4))
    blank = (y[:, 0] == 0.5).sum(dim=(1, 2))
    assert int(blank.max()) == 49
    assert int(blank.min()) >= 1
    assert set(y.unique().tolist()) == {0.5, 1.0}


def test_pixel_statistics():
    mean, std = pixel_statistics(TRAIN)
    scaled = TRAIN.pixels.reshape(-1, 3) / 255
    assert mean == pytest.approx(scaled.mean(0), abs=1e-4)
    assert std == pytest.approx(scaled.std(0, ddof=1), abs=1e-4)


# ---- shipping ------------------------------------------------------------------------------------


def test_the_file_carries_its_whole_provenance(shipped):
    assert shipped.name == "tiny.safetensors"
    about = weights.read_metadata(shipped)
    assert sorted(about) == sorted(PROVENANCE)
    assert all(about.values())
    assert (about["arch"], about["recipe"], about["dataset"]) == ("cifar_vgg", "tiny", "cifar10")
    assert (about["seed"], about["epochs"], about["train_images"], about["test_images"]) == ("0", "2", "160", "60")
    assert json.loads(about["labels"]) == list(TRAIN.classes)
    assert (tuple(json.loads(about["mean"])), tuple(json.loads(about["std"]))) == pixel_statistics(TRAIN)
    assert about["commit"] == commit()
    assert sorted(path.name for path in shipped.parent.iterdir()) == [intact.DIGESTS, "tiny.safetensors"]
    assert intact.digests(shipped.parent) == {shipped.name: sha256(shipped.read_bytes()).hexdigest()}


def test_the_stated_accuracy_is_that_of_the_file(shipped):
    card = packaged.packaged_card("tiny", shipped)
    network = networks.load(card)
    x = to_tensor(TEST.pixels, network.preprocessing)
    with torch.inference_mode():
        right = (network.engine.plain(x).argmax(1).numpy() == TEST.labels).mean()
    assert weights.read_metadata(shipped)["test_accuracy"] == f"{right:.4f}"
    assert card.test_accuracy == pytest.approx(right, abs=5e-5)
    assert right > 0.5  # it learned, so the numbers mean something
    assert network.labels == TRAIN.classes
    assert card.kind == "trained here"
    answers = logits(network.engine, lambda which: x[which], len(x))
    assert (answers.top1 == TEST.labels).mean() == pytest.approx(right)


def test_measuring_writes_what_the_study_reads(shipped, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "ASSETS", shipped.parents[1])
    (shipped.parents[1] / "weights").mkdir(exist_ok=True)
    for path in shipped.parent.iterdir():
        (shipped.parents[1] / "weights" / path.name).write_bytes(path.read_bytes())
    few = Split(TEST.pixels[:20], TEST.labels[:20], TEST.classes)
    seen = []
    path = measure.measure("tiny", few, tmp_path, lambda done, total: seen.append((done, total)))
    assert path == tmp_path / "tiny.json"
    assert seen[-1] == (40, 40)  # once plainly, once shifted and spoiled
    got = dataset.measured(tmp_path)["tiny"]
    assert got.summary.images == 20
    assert got.arch == "cifar_vgg"
    assert got.reach == 8
    assert got.command == "receptive measure shift:tiny --data FOLDER"
    network = networks.load(packaged.packaged_card("tiny", shipped))
    with torch.inference_mode():
        right = network.engine.plain(to_tensor(few.pixels, network.preprocessing)).argmax(1).numpy() == few.labels
    assert got.summary.accuracy == pytest.approx(right.mean())


# ---- recipes and what was shipped by them --------------------------------------------------------


def test_every_recipe_names_a_network_and_a_data_set():
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert recipe.data is DATASETS[recipe.dataset]
        net = create_model(recipe.arch, num_classes=len(recipe.data.classes))
        side = recipe.data.size
        with torch.inference_mode():
            assert net.eval()(torch.zeros(1, recipe.data.channels, side, side)).shape == (1, len(recipe.data.classes))


@pytest.mark.parametrize("name", [name for name in PACKAGED if name not in SIGNS])
def test_what_is_packaged_was_made_by_its_recipe(name):
    about, recipe = weights.read_metadata(weights.packaged()[name]), RECIPES[name]
    assert sorted({*about, "precision"}) == sorted(PROVENANCE)  # the first, all in bfloat16, do not tell it
    assert (about["recipe"], about["arch"], about["dataset"]) == (recipe.name, recipe.arch, recipe.dataset)
    assert (int(about["epochs"]), int(about["seed"])) == (recipe.total_epochs, recipe.seed)
    assert about["augmentation"] == recipe.augmentation()
    assert about["dataset_form"] == recipe.data.form
    assert tuple(json.loads(about["labels"])) == recipe.data.classes
    assert int(about["num_classes"]) == len(recipe.data.classes)
    assert int(about["input_size"]) == recipe.data.size
    assert 0.5 < float(about["test_accuracy"]) < 1


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_networks_load_and_know_themselves(name):
    network = networks.load(networks.find(name))
    data = DATASETS[svm.PLANS[name]] if name in SIGNS else RECIPES[name].data
    assert network.labels == data.classes
    assert network.digest == networks.load(networks.find(name)).digest
    assert "trained by this project" in network.card.provenance
    assert by_hand(network.engine.plain).digest == network.digest


def test_the_default_networks_are_packaged():
    copies = {path.stem for path in lite.COPIES.glob("*.safetensors")}
    assert copies == set(distil.COPIES)
    assert set(DEFAULT_NETWORKS) <= {lite.NAME, *copies}
