"""Every claim's settings open its page: each is a setting of that page, with a value that it offers."""

import re

import pytest

from core.overview import board
from core.studies import STUDIES
from pages.parts.common import waiting
from tests.helpers.pages import ROOT, in_the_address, visit
from tests.helpers.studies import room

SETTINGS = {}  # claims that open the same are tried once
for claim in board.CLAIMS:
    SETTINGS.setdefault((claim.study, repr(sorted(claim.settings.items()))), claim)
ROOMS = {study.slug: room(study) for study in STUDIES}


@pytest.fixture(autouse=True)
def nothing_is_computed(monkeypatch):
    """As if the reader had stopped all work."""
    monkeypatch.setattr(waiting, "ask_all", lambda calls, what, at, then=(): [None for _ in calls])
    monkeypatch.setattr(waiting, "later", lambda call, what, draw: None)


def named(slug):
    """The strings in a room's pages, with a pattern where one is filled in."""
    folder = ROOT / "pages" / "parts" / ROOMS[slug]
    text = "\n".join(path.read_text() for path in [ROOT / "pages" / f"{slug}.py", *folder.glob("*.py")])
    return [re.escape(one) for one in re.findall(r'"([^"\n]+)"', text)] + [
        re.sub(r"\\\{[^}]*\\\}", "[^ ]+", re.escape(one)) for one in re.findall(r'f"([^"\n]+)"', text)
    ]


def is_restored(value, text):
    if isinstance(value, list | tuple):
        return list(value) == list([text] if isinstance(text, str) else text)
    if isinstance(value, bool):
        return str(value).lower() == text
    return float(value) == float(text) if isinstance(value, int | float) else value == text


@pytest.mark.parametrize("claim", SETTINGS.values(), ids=lambda claim: claim.name)
def test_a_claim_s_settings_are_those_of_its_page(claim):
    app = visit(claim.study, **{k: v if isinstance(v, str) else list(v) for k, v in claim.settings.items()})
    assert not app.exception
    assert not app.error
    shown = in_the_address(app)
    for name, text in claim.settings.items():
        if name in shown:
            value = app.session_state[name] if shown[name] is None else shown[name]  # None: of a folded part
            assert is_restored(value, text), (name, value)
        else:  # in a part that is drawn when there is an answer
            assert any(re.fullmatch(pattern, name) for pattern in named(claim.study)), name
