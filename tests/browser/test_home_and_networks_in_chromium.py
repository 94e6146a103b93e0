"""A teacher's way from a claim to the live picture of it, and a researcher's with a network of her own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from safetensors.torch import save_file

from core.base.prose import section
from core.claims.live import lives
from core.models import create_model
from core.overview import board
from core.studies import STUDIES
from tests.browser.conftest import PATIENCE, Watched, choose, settle

pytestmark = pytest.mark.browser


def test_from_a_claim_to_the_live_picture_of_it(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{address}/?study=claims&claims-study=Patch+evidence")
    settle(page)
    measured = sum(ours is not None for _, ours, _ in board.board())
    expect(page.get_by_text(f"{measured} were measured by this project")).to_be_visible()
    claim = next(claim for claim in board.CLAIMS if claim.name == "resnet-fails-on-scrambled")
    row = page.locator("[data-testid=stHorizontalBlock]", has_text=claim.sentence)
    row.get_by_text(section("claims", "how")).click()
    expect(row.get_by_text("receptive reproduce resnet-fails-on-scrambled")).to_be_visible()
    row.get_by_role("link", name="See it live").click()
    settle(page)
    expect(page.get_by_role("heading", name="Which little patches made the network say so?")).to_be_visible()
    expect(page.get_by_role("slider", name=re.compile("Tiles per side"))).to_be_visible()  # the folded part is open
    settle(page)
    live = lives(board.RESULTS)[claim.name]
    name, _ = live.shows(next(verdict for one, _, verdict in board.board() if one.name == claim.name))
    assert page.evaluate("new URLSearchParams(location.search).get('picture') ?? 'cat'") == name
    expect(page.get_by_text("On one picture it may be otherwise")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^On this picture"))).to_be_visible()
    assert watched.complaints == []
    assert watched.outside == []


LEGENDS = """() => [...document.querySelectorAll('.js-plotly-plot')].filter(p => p.querySelector('.legend')).map(p => {
  const box = e => e.getBoundingClientRect(), legend = box(p.querySelector('.legend'));
  const over = [...p.querySelectorAll('.barlayer path, .ytick text, .xtick text, .xtitle, .modebar-btn')].map(box)
    .filter(b => b.width && b.left < legend.right && b.right > legend.left
                 && b.top < legend.bottom && b.bottom > legend.top);
  return [over.length, legend.top >= box(p).top - 1 && legend.bottom <= box(p).bottom + 1]; })"""


@pytest.mark.parametrize(("study", "least"), [("claims", 1), ("random_features", 3)])
def test_no_legend_lies_over_its_figure_however_wide_the_window_was(
    address: str, watched: Watched, study: str, least: int
) -> None:
    """Plotly left one that stands on the plot where it was when the window was narrower."""
    page = watched.page
    page.goto(f"{address}/?study={study}")
    settle(page)
    for width in (1440, 1024, 800, 1440, 800, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_function(f"({LEGENDS})().length >= {least}")  # what is computed beside may still be on its way
        settle(page)
        found = page.evaluate(LEGENDS)
        assert len(found) >= least, (width, found)
        assert all(one == [0, True] for one in found), (width, found)


def test_a_sample_that_is_clicked_is_looked_at_five_ways(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(address)
    settle(page)
    expect(page.locator(".rx-look:not(.rx-old):not(.rx-empty)")).to_have_count(5)
    expect(page.get_by_role("img", name="The picture: Chelsea the cat")).to_be_in_viewport()
    expect(page.get_by_role("link", name="Open Shift sweep")).to_be_in_viewport()
    page.get_by_role("group", name="Try another picture").get_by_role("button", name="Cup of coffee").click()
    expect(page.get_by_role("img", name="The picture: Cup of coffee")).to_be_visible()
    expect(page.locator(".rx-look")).to_have_count(5)  # the cat's, dimmed, and what is ready
    expect(page.get_by_text(re.compile("^A network takes this for “espresso”"))).to_be_visible()
    expect(page.locator(".rx-look:not(.rx-old):not(.rx-empty)")).to_have_count(5, timeout=3 * PATIENCE)
    page.get_by_role("link", name="Open Sparse codes").click()
    settle(page)
    expect(page.get_by_role("heading", name="Can a network see through noise?")).to_be_visible()
    assert "picture=coffee" in page.url
    assert watched.complaints == []
    assert watched.outside == []


@pytest.mark.parametrize(("width", "height", "cards"), [(1440, 900, 5), (1024, 768, 1)])
def test_the_looks_stand_on_the_first_screen(
    address: str, watched: Watched, width: int, height: int, cards: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    settle(page)
    expect(page.locator(".rx-look:not(.rx-old):not(.rx-empty)")).to_have_count(5)
    settle(page)
    for study in STUDIES[:cards]:
        expect(page.get_by_role("link", name=f"Open {study.title}")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("img", name="The picture: Chelsea the cat")).to_be_in_viewport(ratio=1)
    assert watched.complaints == []


def moving(page: Page) -> list[str]:
    """What the animations on the page are doing."""
    return page.evaluate("document.getAnimations().filter(a => a.animationName === 'rx-wipe').map(a => a.playState)")


def test_noise_comes_and_goes_until_a_hand_is_on_it_and_never_for_who_wants_no_motion(
    address: str, watched: Watched
) -> None:
    page = watched.page
    page.goto(address)
    settle(page)
    expect(page.locator(".rx-look:not(.rx-old):not(.rx-empty)")).to_have_count(5)
    assert moving(page) == ["running"]
    page.get_by_role("link", name="Open Sparse codes").focus()
    assert moving(page) == ["paused"]
    page.get_by_role("link", name="Open Shift sweep").focus()
    page.locator(".st-key-home-look-sparse_codes").hover()
    assert moving(page) == ["paused"]
    page.emulate_media(reduced_motion="reduce")
    assert moving(page) == []


def test_a_network_of_your_own_in_the_matrix_and_in_a_study(address: str, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    file = tmp_path / "birds.safetensors"
    save_file(create_model("cifar_vgg_blur3", num_classes=3).state_dict(), file)
    page.goto(f"{address}/?study=networks")
    settle(page)
    expect(page.get_by_text(re.compile(r"\d of 6 networks say tiger cat"))).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".rx-cards article img")).to_have_count(6)
    page.get_by_text("Every network by every study").click()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ pairs of \d+ networks"))).to_be_visible()
    page.locator("[data-testid=stMain] input[type=file]").set_input_files(file)
    expect(page.get_by_role("textbox", name="Labels, one a line: 3 classes")).to_be_visible()
    page.get_by_role("button", name="Open it").click()
    settle(page)
    expect(page.get_by_text("user:birds.safetensors: your own weights").first).to_be_visible()
    button, answer = page.get_by_role("button", name="Open it"), page.get_by_text("user:birds.safetensors is open")
    expect(answer).to_be_visible()
    expect(page.get_by_text("user:birds.safetensors, of Chelsea the cat")).to_be_visible()
    here, there = button.bounding_box(), answer.bounding_box()
    assert here is not None
    assert there is not None
    assert abs(there["y"] - here["y"]) < 200  # both are on one screen
    page.get_by_role("link", name="Open Shift sweep with it").first.click()
    settle(page)
    expect(page.get_by_text(re.compile(r"user:birds.safetensors says class \d")).first).to_be_visible()
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []


def test_a_file_as_large_as_a_resnet_18_is_let_in(address: str, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    file = tmp_path / "photographs.safetensors"
    save_file(create_model("resnet18").state_dict(), file)
    assert file.stat().st_size > 46_000_000
    page.goto(f"{address}/?study=networks")
    settle(page)
    page.locator("[data-testid=stMain] input[type=file]").set_input_files(file)
    expect(page.get_by_text("it may as well be resnetblur18, with the same tensors")).to_be_visible()
    page.get_by_role("button", name="Open it").click()
    settle(page)
    expect(page.get_by_text("user:photographs.safetensors: your own weights").first).to_be_visible()
    assert watched.complaints == []
    assert watched.outside == []


def test_a_second_picture_is_held_beside_the_first(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{address}/?study=sparse_codes")
    settle(page)
    page.get_by_role("button", name="Hold this picture").click()
    settle(page)
    choose(page, re.compile("Choose from the tray"), "coffee")
    settle(page)
    expect(page.get_by_text("Held beside it: Chelsea the cat")).to_be_visible()
    page.get_by_role("button", name="Swap").click()
    settle(page)
    expect(page.get_by_text("Held beside it: Cup of coffee")).to_be_visible()
    page.get_by_role("button", name="Let go").click()
    settle(page)
    expect(page.get_by_text(re.compile("Held beside it:"))).to_have_count(0)
    assert watched.complaints == []
    assert watched.outside == []


def test_the_report_of_a_picture_is_written_and_downloaded(address: str, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    page.goto(address)
    settle(page)
    page.get_by_role("button", name="Write the report").click()
    button = page.get_by_role("button", name=re.compile("Download the report"))
    expect(button).to_be_visible(timeout=180_000)
    settle(page)
    with page.expect_download() as waiting:
        button.click()
    waiting.value.save_as(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<h1>What do five papers see in this picture?</h1>" in text
    assert "Chelsea the cat" in text
    assert watched.complaints == []
    assert watched.outside == []
