"""The tour and the class's questions: every stop opens its page with its settings, in both languages."""

import pytest

from core.base.prose import LANGUAGES, sections
from core.compute import gallery
from core.pictures.samples import SAMPLES
from core.studies import STUDIES
from core.studies.random import dataset
from core.studies.random.features import FOLDER
from core.studies.random.nearby import give_or_take
from pages.parts.common.exercises import EXERCISES
from pages.parts.common.tour import STOPS
from tests.helpers.pages import in_the_address, visit

SLUGS = {study.slug for study in STUDIES}


def test_the_tour_visits_home_and_the_five_studies_in_eight_stops():
    assert len(STOPS) == 8
    assert {stop.page for stop in STOPS} == SLUGS | {"home"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stop_says_a_sentence_a_thing_to_do_and_what_to_see(language):
    for number in range(1, len(STOPS) + 1):
        said = sections("tour", language)[f"stop {number}"].split("\n\n")
        assert len(said) == 3, number
        assert all(len(line) < 260 for line in said), number
    for number in range(1, len(EXERCISES) + 1):
        question, answer = sections("class", language)[f"question {number}"].split("\n\n")
        assert question
        assert answer


@pytest.mark.parametrize("number", range(1, len(STOPS) + 1))
def test_a_stop_opens_its_page_with_its_settings(number):
    stop = STOPS[number - 1]
    app = visit(
        "" if stop.page == "home" else stop.page,
        tour=str(number),
        picture="cat",
        **{name: str(value) for name, value in stop.settings.items()},
    )
    assert not app.exception
    assert any(f"Stop {number} of {len(STOPS)}." in block.value for block in app.markdown)
    values = in_the_address(app)
    for name, value in stop.settings.items():
        assert str(values[name]).lower() == str(value), name


def test_the_end_asks_for_the_readers_own_picture_and_leaving_takes_the_tour_away():
    app = visit("", tour=str(len(STOPS) + 1))
    assert any(block.value.startswith("Now yours") for block in app.markdown)
    assert not [button for button in app.button if button.key == "tour next"]
    app.button(key="tour leave").click().run()
    assert not any(block.value.startswith("Now yours") for block in app.markdown)


@pytest.mark.parametrize("asked", ["0", "10", "-1", "x", "1e0", "²", "1" * 50])
def test_a_stop_that_does_not_exist_is_no_tour(asked):
    app = visit("in_class", tour=asked)
    assert not app.exception
    assert not [button for button in app.button if button.key in ("tour next", "tour back")]


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.page in SLUGS], ids=lambda e: f"{e.page}-{e.settings}")
def test_a_question_opens_its_page_with_its_settings(exercise):
    quick = {"patch-masking-methods": "saliency"} if exercise.page == "patch_evidence" else {}
    app = visit(exercise.page, **exercise.address, **quick)
    assert not app.exception
    values = in_the_address(app)
    for name, value in exercise.address.items():
        kept = app.query_params[name] if values[name] is None else values[name]  # a folded part has no value here
        assert value in (str(kept).lower(), *kept) if isinstance(kept, list) else str(kept).lower() == value, name


def test_the_class_page_asks_ten_questions_with_answers_and_a_link_each():
    app = visit("in_class")
    assert not app.exception
    assert len(EXERCISES) == 10
    assert len(app.expander) == len(EXERCISES) == len(app.get("page_link"))
    told = [caption.value for caption in app.caption if "from age" in caption.value]
    assert told == [f"Takes about {one.minutes} minutes · from age {one.age}" for one in EXERCISES]
    titles = {sample.name: sample.title for sample in SAMPLES}
    shown = [node.proto.body for node in app.get("html") if "<img" in node.proto.body]
    assert [titles[one.picture] in body for one, body in zip((e for e in EXERCISES if e.picture), shown, strict=True)]


def test_what_the_tour_and_the_class_say_of_random_features_is_what_the_records_say():
    """About as often as pixels and far less often than a trained network; better than pixels to learn from."""
    found = gallery.there()
    apart = 100 * (found.agreement["random"] - found.agreement["pixels"])
    assert abs(apart) < 2 * 100 * give_or_take(list(found.agreement.values()), len(found))
    assert found.agreement["trained"] > 3 * max(found.agreement["random"], found.agreement["pixels"])
    for record in dataset.measured(FOLDER).values():
        right = {row.name: row.hits["svm"][0] for row in record.baselines}
        assert right["random"] > right["pixels"]
