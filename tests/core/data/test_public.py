"""Public data sets by torchvision's names: read from tiny copies in the form on disk, refused, downloaded, offline."""

import bz2
import csv
import json
import pickle
import socket
import urllib.request
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torchvision.datasets
from PIL import Image

from core.base.refuse import DataError
from core.data import named, open_data, public
from core.data.public import OWN_READER, SETS, download, load, on_this_machine
from core.data.sets import DATASETS
from tests.core.terminal.test_terminal import refused, run

COLOURS = {"alder": (200, 40, 40), "birch": (40, 40, 200)}
EACH = 8  # pictures of a class in a half


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder in which nothing has been downloaded, and no connection to download with."""
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))

    def offline(*args, **options):
        raise URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    home = tmp_path / "cache" / "datasets"
    home.mkdir(parents=True)
    return home


def paint(path, colour, side=20):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side + 4), colour).save(path)


def classes_below(folder, suffix="jpg", names=tuple(COLOURS)):
    for name, colour in zip(names, COLOURS.values(), strict=True):
        for i in range(EACH):
            paint(folder / name / f"image_{i + 1:04d}.{suffix}", colour)


# ---- tiny copies, each as torchvision unpacks the real one ---------------------------------------


def eurosat(root):
    classes_below(root / "eurosat" / "2750")


def country211(root):
    for half in ("train", "test"):
        classes_below(root / "country211" / half)


def imagenette(root):
    for half in ("train", "val"):
        classes_below(root / "imagenette2-160" / half, "jpeg", ("n01440764", "n02102040"))


def caltech101(root):
    classes_below(root / "caltech101" / "101_ObjectCategories")
    paint(root / "caltech101" / "101_ObjectCategories" / "BACKGROUND_Google" / "image_0001.jpg", (0, 0, 0))


def dtd(root):
    classes_below(root / "dtd" / "dtd" / "images")
    (root / "dtd" / "dtd" / "labels").mkdir()
    names = [f"{name}/image_{i + 1:04d}.jpg" for name in COLOURS for i in range(EACH)]
    for half, part in (("train", names[::2]), ("test", names[1::2])):
        (root / "dtd" / "dtd" / "labels" / f"{half}1.txt").write_text("\n".join(part))


def food101(root):
    classes_below(root / "food-101" / "images")
    (root / "food-101" / "meta").mkdir()
    for half, numbers in (("train", range(6)), ("test", range(6, EACH))):
        files = {name: [f"{name}/image_{i + 1:04d}" for i in numbers] for name in COLOURS}
        (root / "food-101" / "meta" / f"{half}.json").write_text(json.dumps(files))


def pets(root):
    base = root / "oxford-iiit-pet"
    (base / "annotations").mkdir(parents=True)
    for half in ("trainval", "test"):
        lines = [f"{name}_{half}_{i} {k + 1} 1 1" for k, name in enumerate(COLOURS) for i in range(EACH)]
        (base / "annotations" / f"{half}.txt").write_text("\n".join(lines))
        for line, colour in zip(lines, np.repeat(list(COLOURS.values()), EACH, axis=0).tolist(), strict=True):
            paint(base / "images" / f"{line.split()[0]}.jpg", tuple(colour))


def aircraft(root):
    base = root / "fgvc-aircraft-2013b" / "data"
    (base / "images").mkdir(parents=True)
    (base / "variants.txt").write_text("\n".join(COLOURS))
    for half in ("trainval", "test"):
        files = [(f"{half}{name}{i}", name) for name in COLOURS for i in range(EACH)]
        (base / f"images_variant_{half}.txt").write_text("\n".join(f"{file} {name}" for file, name in files))
        for file, name in files:
            paint(base / "images" / f"{file}.jpg", COLOURS[name])


def gtsrb(root):
    base = root / "gtsrb"
    classes_below(base / "GTSRB" / "Training", "ppm", ("00000", "00001"))
    rows = [(f"{k}{i}.ppm", k) for k in range(2) for i in range(EACH)]
    for file, k in rows:
        paint(base / "GTSRB" / "Final_Test" / "Images" / file, list(COLOURS.values())[k])
    with (base / "GT-final_test.csv").open("w", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([("Filename", "ClassId"), *rows])


def usps(root):
    for name in ("usps.bz2", "usps.t.bz2"):
        lines = [f"{k + 1} " + " ".join(f"{i}:{2 * k - 1}" for i in range(1, 257)) for k in (0, 1) for _ in range(EACH)]
        (root / name).write_bytes(bz2.compress("\n".join(lines).encode()))


MADE = {
    "EuroSAT": (eurosat, tuple(COLOURS)),
    "Country211": (country211, tuple(COLOURS)),
    "Imagenette": (imagenette, ("tench", "English springer")),
    "Caltech101": (caltech101, tuple(COLOURS)),
    "DTD": (dtd, tuple(COLOURS)),
    "Food101": (food101, tuple(COLOURS)),
    "OxfordIIITPet": (pets, tuple(COLOURS)),
    "FGVCAircraft": (aircraft, tuple(COLOURS)),
    "GTSRB": (gtsrb, tuple(map(str, range(43)))),
    "USPS": (usps, tuple("0123456789")),
}
VERIFIED = sorted(set(SETS) - set(MADE))  # torchvision compares these files' MD5: no tiny copy passes


@pytest.mark.parametrize("name", MADE)
def test_a_copy_in_the_cache_folder_is_read(cache, name):
    make, classes = MADE[name]
    assert not on_this_machine(name)
    make(cache)
    assert on_this_machine(name)
    seen = []
    data = load(name, 12, progress=lambda done, total: seen.append((done, total)))
    if name == "OxfordIIITPet":
        assert tuple(c.lower().split()[0] for c in data.train.classes) == classes
    else:
        assert data.train.classes == classes
    assert data.title == SETS[name].title
    for split in (data.train, data.test):
        assert split.pixels.shape[1:] == (12, 12, 3)
        assert split.pixels.dtype == np.uint8
        assert set(split.labels) == {0, 1}
        reds = split.pixels[..., 0].reshape(len(split), -1).mean(1)
        top = (reds < 60) if name == "USPS" else (reds > 150)
        np.testing.assert_array_equal(top, split.labels == 0)
    if len(SETS[name].asked) == 1:
        assert len(data.train) + len(data.test) == 2 * EACH
    assert data.summary == f"{len(data.train) + len(data.test)} pictures in {len(classes)} classes."
    assert seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("name", VERIFIED)
def test_files_that_are_not_the_published_ones_are_refused_unread(cache, tmp_path, name):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    for path in SETS[name].here:
        (cache / path).parent.mkdir(parents=True, exist_ok=True)
        (cache / path).write_bytes(pickle.dumps(Trap())) if not path.endswith("jpg") else (cache / path).mkdir()
    assert on_this_machine(name)
    with pytest.raises(DataError, match=r"^expected a whole copy of .*, got one that torchvision refuses .*: remove"):
        load(name, 12)
    assert not (tmp_path / "sprung").exists()


def test_a_broken_picture_is_left_out_and_counted(cache):
    eurosat(cache)
    (cache / "eurosat" / "2750" / "birch" / "image_0003.jpg").write_bytes(b"\xff\xd8\xff torn")
    data = load("EuroSAT", 8)
    assert len(data.train) + len(data.test) == 2 * EACH - 1
    assert data.summary == "15 pictures in 2 classes; 1 broken."
    assert len(data.left_out["file"]) == len(data.lines) == 1


def test_more_than_fit_are_drawn_and_said(cache, monkeypatch):
    eurosat(cache)
    monkeypatch.setattr(public, "MAX_PICTURES", 10)
    data, again = load("EuroSAT", 8), load("EuroSAT", 8)
    assert len(data.train) + len(data.test) == 10
    assert data.summary == "10 pictures in 2 classes; 6 more are left out by a draw with seed 0."
    np.testing.assert_array_equal(data.train.labels, again.train.labels)


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["torchvision:EuroSAT", "Torchvision:eurosat", "EUROSAT", "euro-sat"])
def test_upper_and_lower_case_are_the_same(cache, name):
    eurosat(cache)
    assert public.named(name) == "EuroSAT"
    assert open_data(f"torchvision:{name.rpartition(':')[2]}", None, 8).title == "EuroSAT"


@pytest.mark.parametrize(("typo", "near"), [("CIFAR1OO", "CIFAR100"), ("stl-1", "STL10"), ("flowers", "Flowers102")])
def test_a_typo_gets_the_nearest_names(typo, near):
    with pytest.raises(DataError, match=rf"^expected the name of a torchvision .*did you mean .*{near}.*\?$"):
        load(typo, 8)
    with pytest.raises(DataError, match="choose one of CIFAR10, CIFAR100"):
        load("zzz", 8)


def test_the_table_is_torchvisions():
    for name, about in SETS.items():
        assert about.name == name
        assert isinstance(getattr(torchvision.datasets, name), type)
        assert about.here
        assert about.megabytes > 0
    assert not set(SETS) & set(OWN_READER)
    assert set(OWN_READER.values()) <= set(DATASETS)
    assert not {"LSUN", "ImageNet", "PCAM"} & set(SETS)  # unpickled unverified, no download, another package


def test_sets_with_a_reader_of_ours_are_read_by_it(cache, monkeypatch):
    seen = []
    monkeypatch.setattr(named, "load", lambda name, root, split, progress: seen.append((name, root, split)) or "split")
    data = load("torchvision:kmnist", 64, Path("/copy"))
    assert (data.title, data.train, data.test) == ("KMNIST", "split", "split")
    assert seen == [("kmnist", Path("/copy"), "train"), ("kmnist", Path("/copy"), "test")]


# ---- downloads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_no_connection_is_one_sentence_with_a_remedy(cache, name):
    with pytest.raises(DataError) as caught:
        load(name, 8)
    said, about = str(caught.value), SETS[name]
    assert said.startswith(f"expected {about.title} from {about.owner}, got ")
    assert "no route to host" in said
    assert "check the connection and try again, or put a copy (" in said
    assert said.endswith(f"into {cache}")
    assert not on_this_machine(name)
    assert socket.getdefaulttimeout() is None


def test_a_download_is_used_once_it_is_whole(cache, monkeypatch):
    """The archive's fetcher breaks off once, then gives a whole set, in the place of the owner's server."""
    calls = []

    def fetch(url, download_root, **options):
        calls.append(url)
        paint(Path(download_root) / "2750" / "alder" / "image_0001.jpg", COLOURS["alder"])
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        eurosat(Path(download_root).parent)

    monkeypatch.setattr(torchvision.datasets.eurosat, "download_and_extract_archive", fetch)
    with pytest.raises(DataError, match="No space left on device"):
        download("eurosat")
    assert not on_this_machine("EuroSAT")
    # a process that was killed leaves what it had unpacked, which torchvision would take for the whole
    paint(public.unfinished("EuroSAT") / "eurosat" / "2750" / "alder" / "image_0001.jpg", (0, 0, 0))
    assert not on_this_machine("EuroSAT")
    assert len(load("EuroSAT", 8).train) == 12
    assert len(load("EuroSAT", 8).test) == 4
    assert len(calls) == 2
    assert not public.unfinished("EuroSAT").exists()
    assert download("EuroSAT") == cache


def test_a_folder_of_ones_own_is_never_downloaded_into(cache, tmp_path):
    eurosat(tmp_path / "copy")
    assert len(load("EuroSAT", 8, tmp_path / "copy").train) == 12
    with pytest.raises(DataError, match=r"^expected EuroSAT as torchvision keeps it in .*, found no eurosat/2750: "):
        load("EuroSAT", 8, tmp_path)
    assert list(cache.iterdir()) == []


# ---- the terminal --------------------------------------------------------------------------------


def test_the_commands_read_it_and_say_what_they_download(cache, monkeypatch):
    eurosat(cache)
    done = run("random-features", "torchvision:eurosat", "--features", "20", "--size", "12", "--classifier", "knn")
    assert done.exit_code == 0, done.output
    assert "4 test pictures of EuroSAT right" in done.stdout
    assert done.stderr == ""
    assert f"torchvision:EuroSAT{'':6} 27,000" in run("download-data", "list").stdout
    assert "on this machine" in run("download-data", "list").stdout
    offline = run("spinal-heads", "--data", "torchvision:CIFAR100", "--heads", "fc", "--seeds", "1", "--epochs", "1")
    assert offline.exit_code == 2
    said, why = offline.stderr.splitlines()
    assert said == f"downloading CIFAR-100 ({SETS['CIFAR100'].about}) into {cache}"
    assert why.startswith("expected CIFAR-100 from www.cs.toronto.edu, got")


def test_what_cannot_be_downloaded_is_one_line(cache, tmp_path):
    assert "did you mean STL10" in refused("download-data", "stl1O")
    eurosat(cache)
    done = run("download-data", "EuroSAT", "--json", tmp_path / "out.json")
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "out.json").read_text()) == {"name": "EuroSAT", "folder": str(cache)}
