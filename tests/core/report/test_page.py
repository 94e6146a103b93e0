"""The report: one page of five studies that says what was computed, holds everything itself, and lets nothing in."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image
from typer.testing import CliRunner

from core import networks
from core.base.files import write_text
from core.base.worker import Stopped, ignore
from core.figures.blocks import MOST_CSV, WIDTH, csv_address
from core.networks import families, weights
from core.networks.download import WeightsError
from core.pictures.image import from_pixels
from core.report import page as report
from core.studies import STUDIES
from core.studies import first_look as studies_first_look
from core.studies.asked import Asked, side_by_side
from core.studies.shift import sweep
from core.terminal import app
from core.terminal import report as command

SHIFT, PATCH, SPARSE, RANDOM, SPINAL = STUDIES
HOSTILE = "<script>alert(1)</script>.png"
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Tree(HTMLParser):
    """The elements of a page as (tag, attributes, text), whether all are closed, and its text outside of scripts."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append([tag, dict(attrs), ""])
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for element in self.open:
            element[2] += data

    def all(self, tag):
        return [(attrs, text) for name, attrs, text in self.elements if name == tag]

    def text(self, tag):
        return [" ".join(text.split()) for _, text in self.all(tag)]


def run(*words):
    return CliRunner().invoke(app, ["report", *map(str, words)])


def refused(*words):
    """The one line on stderr of a command that must fail."""
    done = run(*words)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


def picture(height, width, seed=0):
    return from_pixels(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def section(study, image, *names, source="photo.png"):
    return report.section(study, Asked(image, source, source, tuple(map(networks.find, names))), ignore)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The report of the cat, from the terminal: what it said, and the file."""
    out = tmp_path_factory.mktemp("report") / "new folder" / "cat.html"
    done = run("sample:cat", "--out", out)
    assert done.exit_code == 0, done.output
    return done, out


@pytest.fixture(scope="module")
def html(made):
    return made[1].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tree(html):
    return Tree(html)


# ---- the page ------------------------------------------------------------------------------------


def test_the_command_names_the_studies_and_says_the_size(made):
    done, out = made
    assert done.stdout == f"{out}: {out.stat().st_size / 1e6:.1f} MB\n"
    assert done.stderr.splitlines() == [study.title for study in STUDIES]
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_every_study_has_its_question_paper_command_and_networks(tree, html):
    assert tree.text("h1") == [report.QUESTION]
    assert tree.text("h2") == [study.question for study in STUDIES]
    links = [attrs["href"] for attrs, _ in tree.all("a")]
    for study in STUDIES:
        assert study.link in links
        assert sum(study.paper in text for text in tree.text("p")) == 1
    printed = [code for code in tree.text("code") if code.startswith("receptive ")]
    assert [code.split()[1] for code in printed] == ["report", "shift-sweep", "patch-evidence", "sparse-codes"] + 2 * [
        "report"
    ]
    assert "receptive report sample:cat --out report.html" in printed
    for name in (*families.DEFAULT_NETWORKS, *families.DEFAULT_MAPS, *families.DEFAULT_SDNETS):
        card = networks.find(name)
        assert f"{card.title}: {card.provenance}." in tree.text("li")


def test_the_page_says_what_the_picture_is(tree, cat):
    said = dict(zip(tree.text("dt"), tree.text("dd"), strict=True))
    assert said["Picture"] == "Chelsea the cat (Stéfan van der Walt, CC0)"
    assert said["Size"] == "451 × 300 px"
    assert cat.digest in said["SHA-256"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", said["Made"])


def test_findings_and_tables_hold_the_studies_own_numbers(tree, cat):
    cards = [networks.find(name) for name in families.DEFAULT_NETWORKS]
    result = studies_first_look.find("shift_sweep", sweep.Result, cards, cat.digest, sweep.Params())
    finding = sweep.finding(result, [card.title for card in cards])
    assert sum(finding in text for text in tree.text("p")) == 1
    assert any(finding in text for text in tree.text("li"))  # the summary
    for card, flips, share in zip(cards, sweep.flips(result), sweep.consistency(result), strict=True):
        [row] = [text for text in tree.text("tr") if text.startswith(f"{card.title} {result.labels[result.target]}")]
        assert f" {flips:,} {100 * share:.1f} %" in row


def test_figures_fit_the_page_and_are_light(tree):
    plots = [json.loads(text) for attrs, text in tree.all("script") if attrs.get("type") == "application/json"]
    assert len(plots) == 8  # shifts, patches, two of codes, three maps, one of heads
    for fields in plots:
        fig = go.Figure(fields)
        assert 200 <= fig.layout.width <= WIDTH
        assert fig.layout.height < 1000
        assert fig.layout.font.color == "#31333f"
        assert {trace.type for trace in fig.data} <= {"heatmap", "contour", "scatter", "bar"}  # WebGL is not printed


def test_the_page_can_be_read_by_everyone(tree):
    assert not tree.open
    assert tree.all("html")[0][0] == {"lang": "en"}
    headings = [int(tag[1]) for tag, _, _ in tree.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(headings))
    assert all(attrs.get("alt") is not None for attrs, _ in tree.all("img"))
    plots = [attrs for attrs, _ in tree.all("div") if attrs.get("class") == "plot"]
    assert len(plots) == 8
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 20 for attrs in plots)
    assert len({attrs["aria-label"] for attrs in plots}) == 8
    assert all(attrs.get("scope") for attrs, _ in tree.all("th"))
    assert len(tree.all("caption")) == len(tree.all("table"))
    ids = [attrs["id"] for _, attrs, _ in tree.elements if "id" in attrs]
    assert len(set(ids)) == len(ids)


def test_without_scripts_the_maps_are_pictures(tree):
    stills = [text for text in tree.text("noscript") if not text.startswith(".plot")]
    assert len(stills) == 8
    inside = [text for text in stills if text]
    assert len(inside) == 5  # three are pictures
    assert all("numbers are below" in text for text in inside)


def test_nothing_is_asked_for_outside(tree, html):
    for _, attrs, _ in tree.elements:
        for name in ("src", "href", "srcset", "action", "data"):
            value = attrs.get(name, "")
            assert value == "" or value[0] == "#" or value.startswith("data:") or value in [s.link for s in STUDIES]
    policy = next(attrs["content"] for attrs, _ in tree.all("meta") if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none';")
    assert html.count("plotly.js v") == 1
    assert "url(" not in tree.all("style")[0][1]


# ---- what is hostile, odd or broken --------------------------------------------------------------


def test_a_hostile_name_stays_text(tmp_path):
    image = picture(30, 40)
    section_ = section(SPINAL, image, source=HOSTILE)
    page = report.page(Asked(image, HOSTILE + '"><img src=x onerror=alert(1)>', HOSTILE), [section_])
    tree = Tree(page)
    assert not tree.open
    assert len(tree.all("script")) == 1 + 2  # one figure, and what draws it
    assert all(attrs["src"].startswith("data:") for attrs, _ in tree.all("img"))
    assert tree.text("title")[0].startswith(HOSTILE)
    assert any(HOSTILE in text for text in tree.text("code"))
    assert "onerror" not in {name for _, attrs, _ in tree.elements for name in attrs}


def test_figures_cannot_end_their_script():
    fig = go.Figure(layout={"title": "</script><script>alert(1)</script>"})
    text = report.figure_json(fig)
    assert "<" not in text
    assert json.loads(text)["layout"]["title"]["text"] == "</script><script>alert(1)</script>"


def test_names_that_are_no_text_are_written_all_the_same():
    asked = Asked(picture(3, 3), "\udcff.png", "\udcff.png")
    assert "?.png" in Tree(report.page(asked, [])).text("title")[0]


WIDE = picture(2, 3000)


@pytest.fixture(scope="module")
def sparse_of_wide():
    """The packaged SDNets' section of a wide picture: cifar_vgg is none that the study takes."""
    return section(SPARSE, WIDE, "cifar_vgg")


@pytest.mark.parametrize("image", [picture(1, 1), WIDE, picture(500, 7)], ids=["a pixel", "wide", "narrow"])
def test_odd_pictures_make_a_report(image, request):
    sections = [
        section(SHIFT, image, "cifar_vgg"),
        section(PATCH, image, "untrained:photo_bagnet9"),
        request.getfixturevalue("sparse_of_wide") if image is WIDE else section(SPARSE, image, "cifar_sdnet18"),
        section(RANDOM, image),
        section(SPINAL, image),
    ]
    assert [s.failures for s in sections] == [()] * 5
    tree = Tree(report.page(Asked(image, "odd", "odd"), sections))
    assert not tree.open
    shown = next(attrs for attrs, _ in tree.all("img"))
    assert max(int(shown["width"]), int(shown["height"])) <= report.HEADER
    assert min(int(shown["width"]), int(shown["height"])) >= 1


@pytest.mark.parametrize("mode", ["L", "RGBA", "I;16", "1"])
def test_grey_and_see_through_files_are_read(tmp_path, mode):
    path = tmp_path / "a picture.png"
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8)).convert(mode).save(path)
    image, title = command.picture(str(path))
    assert (image.width, image.height, title) == (8, 6, "a picture.png")


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "empty file"), (b"%PDF-1.7\n", "PDF"), ("huge", "at most 25 megapixels")],
    ids=["missing", "empty", "pdf", "huge"],
)
def test_pictures_that_cannot_be_read(tmp_path, content, said):
    path = tmp_path / "photo.png"
    if content == "huge":
        Image.new("1", (6000, 5000)).save(path)
    elif content is not None:
        path.write_bytes(content)
    assert said in refused(path, "--out", tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sample:catt",), "expected the name of a sample"),
        (("sample:cat", "--model", "cifar_vg"), "did you mean cifar_vgg"),
        (("sample:cat", "--out", "."), "expected a file to write"),
    ],
)
def test_bad_options(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said in refused(*words)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    out = tmp_path / "out.html"
    out.write_text("before")

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_text(out, "after")
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]
    assert out.read_text() == "before"


def drawn():
    """A one, in white on black."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[14:50, 28:36] = 255
    return from_pixels(pixels)


# ---- networks, failures, progress ----------------------------------------------------------------


def test_a_study_that_cannot_run_says_why_and_the_others_stand(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    image = picture(40, 40)
    failed = section(SHIFT, image, "resnet50", "cifar_vgg")
    assert [p.cards[0].name for p in failed.parts] == ["cifar_vgg"]
    monkeypatch.setattr(families, "HEADED", {head: f"no_{name}" for head, name in families.HEADED.items()})
    heads = section(SPINAL, drawn())
    tree = Tree(report.page(Asked(image, "x", "x"), [failed, heads]))
    why = [text for text in tree.text("p") if text.startswith("This could not be asked:")]
    assert ["receptive download resnet50" in why[0], "receptive train no_" in why[1]] == [True, True]
    assert tree.text("h2") == [SHIFT.question, SPINAL.question]


def test_networks_asked_for_take_the_place_of_the_default_ones(sparse_of_wide):
    image = picture(40, 40)
    names = ("untrained:photo_bagnet9", "cifar_vgg")
    shift, patch = section(SHIFT, image, *names), section(PATCH, image, *names)
    assert [[card.name for card in part.cards] for part in shift.parts] == [[name] for name in names]
    assert shift.note == ""
    assert [card.name for card in patch.cards] == ["untrained:photo_bagnet9"]
    assert patch.note == "This study does not take cifar_vgg."
    assert tuple(card.name for card in sparse_of_wide.cards) == families.DEFAULT_SDNETS
    assert sparse_of_wide.note.endswith("does not take cifar_vgg; its packaged networks are shown instead.")


def test_the_readers_own_weights_file_is_asked(tmp_path):
    path = tmp_path / "my net.safetensors"
    path.write_bytes(weights.packaged()["cifar_vgg"].read_bytes())
    asked = report.ask(picture(40, 40), "x", [str(path)], "x.png")
    [part] = report.section(SHIFT, asked, ignore).parts
    assert [card.kind for card in part.cards] == ["user"]
    assert f"--model '{path}' --max-shift" in part.command
    assert f"--model '{path}' --out" in asked.again
    (tmp_path / "other").mkdir()
    twice = tmp_path / "other" / path.name
    twice.write_bytes(path.read_bytes())
    with pytest.raises(WeightsError, match="twice"):
        report.ask(asked.image, "x", [str(path), str(twice)], "x.png")


def test_networks_of_one_family_are_compared_as_far_as_they_fit():
    names = ["cifar_vgg", "photo_resnet", "cifar_vgg_blur2", "cifar_vgg_blur3", "cifar_vgg_blur5", "cifar_vgg_blur7"]
    groups = side_by_side([networks.find(name) for name in names])
    assert [[card.name for card in group] for group in groups] == [
        ["cifar_vgg", "cifar_vgg_blur2", "cifar_vgg_blur3", "cifar_vgg_blur5"],
        ["cifar_vgg_blur7"],
        ["photo_resnet"],
    ]


def test_an_sdnet_brings_its_twin(tmp_path):
    [part] = section(SPARSE, picture(40, 40), "cifar_sdnet18_seed1").parts
    assert [card.name for card in part.cards] == ["cifar_sdnet18_seed1", "cifar_resnet18_seed1"]


def test_a_digit_is_found_among_the_digits():
    from core.data.named import load

    digits = load("digits", split="test")
    which = next(i for i, p in enumerate(digits.pixels) if (p.min(), p.max()) == (0, 255))
    [part] = section(RANDOM, from_pixels(digits.pixels[which].repeat(3, 2))).parts
    columns = part.tables[0].columns
    assert {cell.shown[0][1] for cell in columns["nearest digits"]} == {digits.classes[digits.labels[which]]}
    assert list(columns["distance"]) == ["0.00"] * 3  # it is one of them


def test_progress_is_of_five_studies_and_may_stop():
    told = []

    def watch(done, total):
        told.append((done / total, report.study_at(done, total)))
        if report.study_at(done, total) is PATCH:
            raise Stopped

    with pytest.raises(Stopped):
        report.make(picture(20, 20), "x", ["untrained:cifar_vgg"], watch)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert [told[0], told[-1]] == [(0.0, SHIFT), (0.2, PATCH)]
    assert len(told) > 3
    assert report.study_at(1, 1) is SPINAL
    assert report.study_at(0, 0) is SHIFT


def test_large_tables_are_left_to_the_commands():
    assert csv_address({"a": [1, 2], "b": ["x", 'y"']}).startswith("data:text/csv;charset=utf-8;base64,")
    assert csv_address({"a": ["x" * MOST_CSV]}) == ""


def test_cells_are_words_and_numbers():
    assert [report.cell(v) for v in (0.12345, 1234, "a", np.float64(2))] == ["0.123", "1,234", "a", "2.000"]
