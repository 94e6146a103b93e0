"""A report of a network whose file and classes are called like markup."""

import json
import shlex

from safetensors.torch import save

from core.base.worker import ignore
from core.networks import quoting
from core.report import page
from tests.core.report.test_page import SHIFT, Tree, picture
from tests.helpers.hostile import FLAT, NAME, RAW_HTML
from tests.pages.test_hostile import state


def test_a_hostile_network_stays_text_in_words_and_figures(tmp_path):
    """Its file and its classes are called like markup: nothing of it is in the page, or in a figure's texts."""
    about = {"labels": json.dumps([f"{FLAT} {i}" for i in range(3)]), "mean": "[0.5, 0.5, 0.5]",
             "std": "[0.2, 0.2, 0.2]", "input_size": "32"}  # fmt: skip
    path = tmp_path / f"{FLAT}.safetensors"
    path.write_bytes(save(state("cifar_vgg", 3), about))
    asked = page.ask(picture(40, 40), NAME, [str(path)], "photo.png")
    html = page.page(asked, [page.section(SHIFT, asked, ignore)])
    tree = Tree(html)
    assert any(FLAT in text for text in tree.text("strong"))
    assert [text for text in tree.text("p") if FLAT in text]
    assert all(attrs["src"].startswith("data:") for attrs, _ in tree.all("img"))
    assert [attrs["href"] for attrs, _ in tree.all("a") if not attrs["href"].startswith(("#", "data:"))] == [SHIFT.link]
    assert "BOO" not in " ".join(tree.text("b"))
    drawn = [text for attrs, text in tree.all("script") if attrs.get("type") == "application/json"]
    assert any("&lt;b>BOO" in text for text in map(str, map(json.loads, drawn)))
    assert not [raw for raw in RAW_HTML for text in map(str, map(json.loads, drawn)) if raw in text]
    assert quoting.file(str(path)) in shlex.split(tree.text("code")[0])


def test_a_name_turns_no_word_of_the_report_and_its_command_stays_exact():
    name = "\u202egpj.\u2067exe\u200f.png"
    asked = page.ask(picture(40, 40), name, ["cifar_vgg"], name)
    html = page.page(asked, [page.section(SHIFT, asked, ignore)])
    tree = Tree(html)
    said = r"\u202egpj.\u2067exe\u200f.png"
    assert said in tree.text("dd")
    assert tree.text("title") == [f"{said}: {page.QUESTION}"]
    assert name in shlex.split(tree.text("code")[0])
    assert page.page(page.ask(picture(40, 40), "חתול.png", ["cifar_vgg"], "a.png"), []).count("חתול.png") == 3
