"""The patch evidence page through AppTest: settings, clicks, stopped and bad states."""

import json
import re
import time
from functools import partial, wraps

from streamlit.components.v2.bidi_component.main import _make_trigger_id

from core import networks
from core.base.worker import Stopped
from core.networks import download, published
from core.studies.patch import evidence
from tests.helpers.pages import finding, first_visit, settled, visit

PATIENCE = 120  # seconds that an object may take on a busy machine
FAMILY = "tiny-imagenet-20"
page = partial(visit, "patch_evidence", patch_family="photographs")


def captions(app):
    return [block.value for block in app.main.caption]


def component(app):
    """The hero's: the page's first."""
    return app.get("bidi_component")[0].proto


def hero(app):
    """What the hero is drawn from."""
    return json.loads(component(app).json)


def click(app, at):
    """Send a click on the hero to the script, as the browser does: AppTest has no hand for such a component."""
    states = app._tree.get_widget_states()
    events = [{"event": "pick", "value": at}]
    states.widgets.add(id=_make_trigger_id(component(app).id, "events"), json_trigger_value=json.dumps(events))
    return app._run(states)


def said(app):
    """What the page says of the chosen patch."""
    return next(m.value for m in app.markdown if m.value.startswith("Alone, the patch says"))


def test_the_first_visit_says_the_evidence_and_what_a_patch_says_alone():
    app = first_visit("patch_evidence")
    # the page does not wait for the object, whose box is in the verdict once it is found
    assert re.match(r"#### Why Egyptian cat\? .*\d+% of the evidence", finding(app))
    for _ in range(PATIENCE):
        if "in its box" in finding(app):
            break
        time.sleep(1)
        app.run()
    assert re.search(r"\d+% of the evidence (lies|is) in its box, .*\d+% of the patches", finding(app))
    assert re.match(r"The strongest tenth of them holds \d+% of the evidence. Over", captions(app)[0])
    assert len(finding(app)) <= len("#### ") + 110
    assert re.match(r"Alone, the patch says \*\*.+\*\* \(-?\d+\.\d\d points\)", said(app))


def test_a_network_that_is_unsure_says_so_first_and_the_records_are_told_under_the_verdict():
    app = first_visit("patch_evidence")
    words = [block.value for block in app.main.markdown]
    at = words.index(finding(app))
    doubt, verdict = words[at - 1 : at + 1]
    assert "lite0 local does not know this picture well: its best answer, Egyptian cat" in doubt
    assert verdict.startswith("#### Why")
    assert re.search(r"Over \d+ photographs, 33 px patches alone .* among five for\s\d+%, whole", captions(app)[0])
    assert re.search(r"Over 1,000 test pictures, 33 px patches alone are right for \d+%", captions(page())[0])


def test_where_the_network_of_patches_itself_would_say_otherwise_that_is_said_first():
    app = page()
    app.selectbox(key=f"patch-class-{FAMILY}").set_value("tabby cat").run()
    words = [block.value for block in app.main.markdown]
    doubt = words[words.index(finding(app)) - 1]
    assert re.search(r"No network here answers tabby cat; photo BagNet-33 itself says golden retriever \(\d+%\)", doubt)
    assert "Take what follows with care" not in doubt


def test_which_class_the_maps_explain_and_why_is_said():
    assert "The maps explain Egyptian cat: every network here answers so." in captions(first_visit("patch_evidence"))
    app = page()
    app.selectbox(key=f"patch-class-{FAMILY}").set_value("tabby cat").run()
    assert "The maps explain tabby cat, which you chose; 0 of 3 networks answer so." in captions(app)


def test_the_hero_holds_every_map_the_object_and_the_strongest_patches_inside_the_picture():
    drawn = hero(first_visit("patch_evidence"))
    assert [pane["title"] for pane in drawn["panes"]] == ["lite0 local", "lite0"]
    assert len(drawn["five"]) == 5
    assert sum(one["chosen"] for one in drawn["five"]) == 1
    local, whole = drawn["panes"]
    places = [*local["spots"], local["frame"], *([drawn["object"]] if drawn["object"] else [])]
    assert all(left >= 0 and top >= 0 and left + w <= 100.01 and top + h <= 100.01 for left, top, w, h in places)
    assert (whole["frame"], whole["spots"]) == (None, [])
    for address in (drawn["photo"], drawn["outline"], local["map"], drawn["five"][0]["source"]):
        assert address.startswith("data:image/")


def test_what_no_patch_reaches_is_hatched_and_said_and_a_network_that_sees_all_has_nothing_hatched():
    app = first_visit("patch_evidence")
    local, whole = hero(app)["panes"]
    assert local["rim"] == [[0, 96.875, 100, 3.125]]  # the 337 columns end with a patch
    assert whole["rim"] == []
    assert hero(app)["words"]["rim"] == "seen by no patch: moves no answer"
    said = next(words for words in captions(app) if words.startswith("Hatched"))
    assert re.match(r"Hatched: the last 7 rows, 3\.1% of the picture. No patch of lite0 local reaches", said)
    assert any(words.startswith("Hatched: the last 7 rows and the last 7 columns, 17.4%") for words in captions(page()))


def test_the_exact_map_says_how_far_it_is_from_the_answer_and_the_coarse_one_is_the_answer():
    app = page()
    for _ in range(PATIENCE):
        told = [words for words in captions(app) if words.startswith("A map around every pixel")]
        if told:
            break
        time.sleep(1)
        app.run()
    [said] = told
    assert re.search(r"for\sgolden retriever: photo BagNet-9 [+-]\d+\.\d\d against [+-]\d+\.\d\d \(off by \d+%;", said)
    assert re.search(r"Over 24 test photographs, photo BagNet-9, .*: off by \d+%, \d+% and \d+% \(medians\)", said)
    assert not any("A map around every pixel" in words for words in captions(page(patch_resolution="coarse")))


def test_a_patch_between_those_that_make_the_answer_has_no_share_and_names_the_nearest_that_has():
    app = page(patch_y="17", patch_x="25", patch_of="photo BagNet-33")
    assert "It is none of the 32 patches that make the answer" in said(app)
    assert "The nearest of them, around row 16, column 24, adds" in said(app)
    assert "It is one of the 32 and adds" in said(page(patch_y="16", patch_x="24", patch_of="photo BagNet-33"))


def test_a_click_on_the_hero_chooses_the_patch_and_junk_chooses_none():
    app = page()
    assert click(app, {"of": 1, "y": 20, "x": 70}).segmented_control(key="patch-of").value == "photo BagNet-17"
    assert (app.number_input(key="patch-y").value, app.number_input(key="patch-x").value) == (20, 70)
    assert "20" in app.query_params["patch-y"]
    for junk in (
        {"of": 1, "y": 20},
        {"of": 7, "y": 1, "x": 1},
        {"of": 0, "y": -1, "x": 1},
        {"of": 0, "y": 1.5, "x": 1},
        3,
    ):
        click(app, junk)
        assert not app.exception
        assert (app.number_input(key="patch-y").value, app.number_input(key="patch-x").value) == (20, 70)


def test_a_click_on_the_map_of_a_network_that_sees_all_chooses_the_patch_there():
    app = visit("patch_evidence", patch_resolution="coarse")
    click(app, {"of": 1, "y": 40, "x": 60})
    assert not app.exception
    assert app.segmented_control(key="patch-of").value == "lite0 local"
    assert app.number_input(key="patch-y").value == 40


def test_an_old_address_still_chooses_networks_by_name():
    app = page(patch_networks_tiny_imagenet_20=["photo_bagnet9"])
    assert not app.exception
    assert [pane["title"] for pane in hero(app)["panes"]] == ["photo BagNet-9"]
    assert "The map explains" in "".join(captions(app))


def test_the_page_speaks_japanese_to_the_last_word_of_its_hero():
    app = page(lang="ja")
    assert not app.exception
    assert finding(app).startswith("#### なぜ「")
    drawn = hero(app)
    assert (drawn["words"]["photo"], drawn["words"]["evidence"]) == ("写真", "証拠")
    assert any(header.value == "くわしく見る" for header in app.header)


def test_the_class_chooser_offers_the_five_best_first():
    app = page()
    options = app.selectbox(key=f"patch-class-{FAMILY}").options
    assert options[0] == "what most networks say"
    assert len(options) == 21
    assert options[1] in finding(app)


def test_another_class_and_a_comparison_change_the_finding():
    app = page()
    app.selectbox(key=f"patch-class-{FAMILY}").set_value("tabby cat").run()
    assert "Why tabby cat?" in finding(app)
    app.selectbox(key=f"patch-against-{FAMILY}").set_value("lion").run()
    assert not app.exception
    assert "Why tabby cat rather than lion?" in finding(app)


def test_a_class_against_itself_is_refused_in_one_sentence_and_the_map_stays():
    app = page()
    app.selectbox(key=f"patch-class-{FAMILY}").set_value("lion").run()
    app.selectbox(key=f"patch-against-{FAMILY}").set_value("lion").run()
    assert not app.exception
    assert [w.value for w in app.warning] == ["lion against itself leaves nothing to see: choose another second class."]
    assert "Why lion?" in finding(app)


def test_a_patch_can_be_chosen_by_keyboard():
    app = page()
    before = said(app)
    app.number_input(key="patch-y").set_value(20)
    app.number_input(key="patch-x").set_value(70).run()
    assert not app.exception
    assert said(app) != before


def test_the_strongest_patch_is_one_button_away():
    app = page()
    before = said(app)
    app.number_input(key="patch-y").set_value(5)
    app.number_input(key="patch-x").set_value(90).run()
    app.button(key="patch strongest").click().run()
    assert said(app) == before


def test_a_patch_chosen_in_a_wide_picture_stays_inside_a_narrow_one():
    app = page(patch_y="10", patch_x="95")
    assert not app.exception
    app.sidebar.selectbox(key="picture").set_value("brick").run()
    assert not app.exception
    assert app.number_input(key="patch-x").value == 63


def test_offline_the_authors_networks_are_one_sentence_and_the_page_goes_on(monkeypatch, tmp_path):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    monkeypatch.setattr(
        published, "published", lambda name: download.Published(name, "http://127.0.0.1:9/x.pth", "0" * 8, "authors")
    )
    app = page(patch_family="ImageNet", patch_networks_imagenet=["bagnet9", "bagnet17", "bagnet33"])
    assert not app.exception
    assert any("Not on this machine yet: BagNet-9, BagNet-17, BagNet-33" in i.value for i in app.info)
    next(b for b in app.button if b.key.startswith("download ")).click().run()
    assert not app.exception
    assert len(app.error) == 3
    assert all("127.0.0.1" in e.value for e in app.error)
    app.selectbox(key="patch-family").set_value("photographs").run()
    assert "% of the evidence" in finding(app)


def test_a_stopped_map_says_how_fine_it_is_and_goes_on(monkeypatch):
    exact = evidence.phases

    @wraps(exact)  # the same call to those who ask
    def too_slow(*args, step, after, **kwargs):
        if step < 4:
            raise Stopped
        return exact(*args, step=step, after=after, **kwargs)

    monkeypatch.setattr(evidence, "phases", too_slow)
    app = page(picture="rocket")
    assert not app.exception
    assert "% of the evidence" in finding(app)
    app.button(key="patch stop").click().run()
    assert any("Stopped at a patch around every 4 px" in m.value for m in app.markdown)
    monkeypatch.setattr(evidence, "phases", exact)
    app.button(key="patch go on").click().run()
    assert not app.exception
    assert not any("Stopped" in m.value for m in app.markdown)


def test_your_own_bagnet_stands_beside_ours_and_its_patches_can_be_chosen(tmp_path):
    ours = networks.find("photo_bagnet33")
    app = page()
    app.file_uploader(key="patch own weights").set_value([("mine.safetensors", ours.file.read_bytes(), "")]).run()
    app.button(key="patch own open").click().run()
    assert not app.exception
    assert any("mine.safetensors" in m.value and "your own weights" in m.value for m in app.markdown)
    assert "user:mine.safetensors" in [pane["title"] for pane in hero(app)["panes"]]
    before = said(app)
    app.segmented_control(key="patch-of").set_value("photo BagNet-9").run()
    assert not app.exception
    assert said(app) != before


def test_where_grad_cams_cells_lie_and_which_cells_have_no_turn_is_said_under_the_curves():
    app = settled(
        visit("patch_evidence", patch_family="photographs", patch_resolution="coarse", **{"patch masking": "true"})
    )
    said = captions(app)
    [places] = [words for words in said if words.startswith("The cells of Grad-CAM")]
    assert "those of photo BagNet-33, 4 × 8, have their middles at rows 16 to 40, 8 px apart" in places
    assert "those of photo resnet, 4 × 6, have their middles at rows 7.5 to 55.5, 16 px apart" in places
    assert "19 cells at the border have no turn: photo BagNet-33 sees less than half of each." in said
    assert any("n = 1 picture of 77 cells" in words for words in said)
