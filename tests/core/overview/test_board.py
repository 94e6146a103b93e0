"""The claims as code: the rule, the numbers behind it, the packaged board, the exact facts and the terminal."""

import ast
import json
import math
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import spearmanr
from typer.testing import CliRunner

from core.base.records import raw
from core.claims import claim as claims_claim
from core.claims import fact as claims_fact
from core.claims import numbers
from core.claims.claim import VERDICTS, Claim, Ours, verdict
from core.claims.numbers import Estimate
from core.figures import theme
from core.overview import board as claims
from core.overview import board_figures
from core.overview.board import CLAIMS, RESULTS, board
from core.reproduce import facts
from core.reproduce import facts as reproduce_facts
from core.studies import STUDIES
from core.studies.shift import pairs
from core.studies.sparse import dataset as sparse_dataset
from core.studies.spinal import dataset as spinal_dataset
from core.studies.spinal import heads
from core.terminal import app

ROOT = Path(__file__).parents[3]
SLOW = ("bagnet-shifted-passes", "random-similarity-ratio", "random-sign-means")  # the last two compile kernels
QUICK = [name for name in reproduce_facts.FACTS if name not in SLOW]


def claim(holds=(0.0, math.inf)):
    return Claim("x", "shift_sweep", "It holds.", "", "nobody", "points", holds, lambda _: None, ("exact",), {})


def ours(low, high):
    return Ours((low + high) / 2, low, high, "", "", "")


def row(name, rows=None):
    return next(r for r in rows or board() if r[0].name == name)


# ---- the rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holds", "low", "high", "said"),
    [
        ((0, math.inf), 0.1, 5, "reproduced in miniature"),
        ((0, math.inf), 0, 5, "reproduced in miniature"),
        ((0, math.inf), -0.1, 5, "not reproduced"),
        ((0, math.inf), -5, -0.1, "contradicted"),
        ((-1, 1), -0.9, 0.9, "reproduced in miniature"),
        ((-1, 1), -2, 2, "not reproduced"),
        ((-1, 1), 1.1, 2, "contradicted"),
        ((7, 7), 7, 7, "reproduced in miniature"),
        ((7, 7), 6, 6, "contradicted"),
    ],
)
def test_the_verdict_follows_the_rule(holds, low, high, said):
    assert verdict(claim(holds), ours(low, high)) == said


def test_falling_short_with_less_does_not_contradict_but_overshooting_does():
    weaker = replace(claim((0, 1)), less="fewer pictures")
    assert verdict(weaker, ours(-5, -1)) == "not reproduced"
    assert verdict(weaker, ours(2, 5)) == "contradicted"
    assert verdict(weaker, ours(0.2, 0.5)) == "reproduced in miniature"


def test_a_row_keeps_what_the_first_rule_said(tmp_path):
    weaker, found = replace(claim((0, 1)), less="fewer pictures"), ours(-5, -1)
    [told] = claims_claim.former(weaker, found, tmp_path)
    assert (told.verdict, told.until) == ("contradicted", claims_claim.RULE_DATE)
    assert told.told == f"by {claims_claim.FIRST_RULE} (given up on 2026-11-22): {found.shown}, contradicted"
    assert not claims_claim.former(weaker, ours(0.2, 0.5), tmp_path)
    assert not claims_claim.former(weaker, None, tmp_path)
    assert not claims_claim.former(claim((0, 1)), found, tmp_path)


def test_a_row_keeps_what_it_was_measured_by_before(tmp_path):
    before = claims_claim.Earlier("2026-11-20", "fewer pictures", lambda results: ours(-1, 3))
    gone = claims_claim.Earlier("2026-11-25", "a record that is not there", lambda results: None)
    [told] = claims_claim.former(replace(claim(), earlier=(before, gone)), ours(1, 2), tmp_path)
    assert (told.until, told.how, told.verdict) == ("2026-11-20", "fewer pictures", "not reproduced")


def test_nothing_measured_is_not_tested():
    assert verdict(claim(), None) == "not tested here"


edges = st.floats(-100, 100)


@given(edges, edges, edges, edges)
def test_exactly_one_verdict_and_a_wider_interval_never_says_more(a, b, c, d):
    holds, (low, high) = (min(a, b), max(a, b)), (min(c, d), max(c, d))
    inside, outside = holds[0] <= low and high <= holds[1], high < holds[0] or low > holds[1]
    said = verdict(claim(holds), Ours(low, low, high, "", "", ""))
    want = "reproduced in miniature" if inside else "contradicted" if outside else "not reproduced"
    assert said == want
    wider = verdict(claim(holds), Ours(low, low - 1e9, high + 1e9, "", "", ""))
    assert wider == "not reproduced"


def test_what_cannot_be_a_claim_is_refused():
    stray = SimpleNamespace(slug="shift_sweep", claims=(replace(claim(), study="shapes"),))
    with pytest.raises(ValueError, match=r"^expected claims of shift_sweep, got shapes: "):
        claims.gathered([stray])
    with pytest.raises(ValueError, match=r"^expected a measurement or a reason why there is none: see the claim x$"):
        Claim("x", "shift_sweep", "", "", "", "", (0, 1), None, (), {})
    with pytest.raises(ValueError, match=r"^expected a value within its interval, got 3 in \[0, 1\]: "):
        Ours(3, 0, 1, "", "", "")


def test_ranges_are_said_in_words():
    said = {(0, math.inf): "above 0", (-7.1, math.inf): "above −7.1", (8480, 8480): "exactly 8,480"}
    said |= {(-1, 1): "from −1 to 1", (0, 1e-6): "from 0 to 0.000001"}
    assert {holds: claim(holds).true_where for holds in said} == said


# ---- the numbers ---------------------------------------------------------------------------------


def test_newcombes_example():
    """Newcombe (1998), table II: 56/70 against 48/80 gives 0.0524 to 0.3339 by method 10."""
    found = numbers.minus(numbers.share(56 / 70, 70), numbers.share(48 / 80, 80))
    assert found.value == pytest.approx(20)
    assert (found.low, found.high) == (pytest.approx(5.24, abs=0.01), pytest.approx(33.39, abs=0.01))


def test_student_over_three_seeds_and_none_over_two():
    found = numbers.over_seeds([1.0, 2.0, 3.0])
    assert found.value == 2
    assert found.high - 2 == pytest.approx(4.3027 / math.sqrt(3), abs=1e-3)
    assert numbers.over_seeds([1.0, 2.0]) is None
    assert numbers.over_seeds([0.9, 1.0, 0.8], -1, 1).high == 1


def test_an_interval_over_seeds_and_pictures_holds_both():
    points = np.arange(3.0)[:, None] + np.zeros((3, 50))  # every picture the same: seeds alone
    assert numbers.crossed(points) == pytest.approx(numbers.over_seeds([0, 1, 2]))
    points = np.zeros((3, 1)) + np.linspace(-1, 1, 50)  # every seed the same: pictures alone
    half = stats.t.ppf(0.975, 49) * points[0].std(ddof=1) / math.sqrt(50)
    assert numbers.crossed(points) == pytest.approx((0, -half, half), abs=1e-12)
    seeds, pictures = numbers.crossed(np.arange(3.0)[:, None] + np.zeros((3, 50))), numbers.crossed(points)
    both = numbers.crossed(np.arange(3.0)[:, None] + points)
    assert both.high - both.value == pytest.approx(math.hypot(seeds.high - seeds.value, pictures.high))


def test_an_interval_over_seeds_and_pictures_covers_the_truth():
    dice, covered = np.random.default_rng(0), 0
    for _ in range(300):
        seeds, pictures = dice.normal(0, 1, (3, 1)), dice.normal(0, 8, 200)
        found = numbers.crossed(seeds + pictures + dice.normal(0, 8, (3, 200)))
        covered += found.low <= 0 <= found.high
    assert covered >= 0.95 * 300


def test_rank_correlation_is_spearmans_and_widens_with_the_errors():
    taps, values = [1, 2, 3, 5, 7], [70.0, 75.0, 74.0, 76.0, 77.0]
    sharp = numbers.rank_correlation(taps, [Estimate(v, v - 1e-6, v + 1e-6) for v in values])
    assert sharp.value == pytest.approx(spearmanr(taps, values).statistic)
    assert (sharp.low, sharp.high) == (pytest.approx(sharp.value), pytest.approx(sharp.value))
    blurred = numbers.rank_correlation(taps, [Estimate(v, v - 50, v + 50) for v in values])
    assert blurred.low < 0 < blurred.high
    again = numbers.rank_correlation(taps, [Estimate(v, v - 50, v + 50) for v in values])
    assert blurred == again


# ---- the board -----------------------------------------------------------------------------------


def test_there_are_claims_enough_of_every_paper_and_most_are_measured():
    rows = board()
    assert len({c.name for c in CLAIMS}) == len(CLAIMS) >= 25
    measured = [r for r in rows if r[1] is not None]
    assert len(measured) >= 18
    for study in STUDIES:
        assert sum(c.study == study.slug for c, ours, _ in measured if ours) >= 3
    for c, ours, said in rows:
        assert c.sentence.endswith(".")
        assert c.source
        assert (ours is None) == (said == "not tested here")
        if c.measurement:
            assert c.quantity
            assert c.command == f"receptive reproduce {c.name}"
            assert c.holds[0] <= c.holds[1]


def test_numbers_of_the_board_are_those_of_the_records():
    rows = board()
    gains = {r["plain"][0]: r["gains"] for r in raw(RESULTS / pairs.PAIRS)["rows"]}
    for kind in pairs.QUANTITIES:
        values = [gains["cifar_vgg"][kind][name] for name in ("plain", "blurred")]
        assert row(f"blur-{kind}-vgg", rows)[1].value == pytest.approx(100 * (np.mean(values[1]) - np.mean(values[0])))
    race = spinal_dataset.measured(RESULTS / "spinal_heads")["mnist_vgg5"].result
    mean, half = heads.difference(race, "spinal", "fc")
    found = row("spinal-beats-fc-mnist-vgg5", rows)[1]
    assert (found.value, found.high) == (pytest.approx(mean), pytest.approx(mean + half))
    sparse = sparse_dataset.measured(RESULTS / "sparse_codes")
    names = [name for name in sparse if "sdnet" in name]
    values = [sparse_dataset.spearman(sparse[name].results["gaussian"]) for name in names]
    assert row("lambda-rises-gaussian", rows)[1].value == pytest.approx(np.mean(values))


def test_another_record_gives_another_verdict(tmp_path):
    """The verdicts are computed: were the blurred network less consistent, the claim would be contradicted."""
    path = tmp_path / "claims" / "shift_pairs.json"
    shutil.copytree(RESULTS / "claims", path.parent)
    assert row("blur-consistency-vgg", board(tmp_path))[2] == "reproduced in miniature"
    record = json.loads(path.read_text())
    for found in record["rows"]:
        for gain in found["gains"].values():
            gain["difference"] = -gain["difference"]
    path.write_text(json.dumps(record))
    assert row("blur-consistency-vgg", board(tmp_path))[2] == "contradicted"
    path.unlink()
    claimed, found, said = row("blur-consistency-vgg", board(tmp_path))
    assert (found, said) == (None, "not tested here")
    assert claimed.measurement == ("shift-pairs",)


def test_without_records_only_what_the_weights_themselves_tell_is_measured(tmp_path):
    told = [c.name for c, ours, _ in board(tmp_path / "nowhere") if ours is not None]
    assert told == [c.name for c in CLAIMS if any(key.startswith("weights:") for key in c.measurement)]


def test_the_board_wakes_nothing_heavy():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\nfrom core.overview import board as claims\nclaims.board()\n"
            "print([n for n in ('torch', 'torchvision', 'captum', 'sklearn', 'skimage') if n in sys.modules])",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def patterns(path):
    """Every key= of a page's widgets, and every constant that may be one, as regular expressions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search("[- ]", node.value):
            yield re.escape(node.value).replace(r"\{\}", "[a-z0-9-]+")
        if isinstance(node, ast.JoinedStr):
            parts = [re.escape(p.value) if isinstance(p, ast.Constant) else "[a-z0-9-]+" for p in node.values]
            if any(isinstance(p, ast.Constant) and "-" in p.value for p in node.values):
                yield "".join(parts)


def test_every_setting_is_a_widget_of_its_study():
    known = {
        study.room: {p for path in (ROOT / "pages" / "parts" / study.room).glob("*.py") for p in patterns(path)}
        for study in STUDIES
    }
    for c in CLAIMS:
        prefix = next(study.room for study in STUDIES if study.slug == c.study)
        for name in c.settings:
            assert name.startswith((f"{prefix}-", f"{prefix} "))
            assert any(re.fullmatch(p, name) for p in known[prefix]), (c.name, name)


# ---- exact facts ---------------------------------------------------------------------------------


def test_every_exact_claim_has_its_fact_and_is_packaged():
    names = [c.name for c in CLAIMS if c.measurement == ("exact",)]
    assert sorted(names) == sorted(reproduce_facts.FACTS)
    assert set(claims_fact.exact(RESULTS)["facts"]) == set(reproduce_facts.FACTS)


def test_the_facts_computed_now_agree_with_those_packaged(tmp_path):
    path = facts.measure(tmp_path / claims_fact.EXACT, QUICK)
    assert [p.name for p in path.parent.iterdir()] == ["exact.json"]
    now, packaged = claims_fact.exact(tmp_path)["facts"], claims_fact.exact(RESULTS)["facts"]
    assert list(now) == QUICK
    for name in QUICK:
        assert now[name]["value"] == pytest.approx(packaged[name]["value"], rel=0.02, abs=1e-5), name
        assert row(name, board(tmp_path))[2] == "reproduced in miniature"


def test_an_unknown_fact_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^expected facts of .*blur-energy.*, got beauty: "):
        facts.measure(tmp_path / "exact.json", ["beauty"])
    assert not list(tmp_path.iterdir())


# ---- words and picture ---------------------------------------------------------------------------


def test_the_finding_and_the_bars_count_every_claim():
    rows = board()
    counted = Counter(said for _, _, said in rows)
    said = board_figures.finding(rows)
    for number in (len(rows), len(rows) - counted["not tested here"], counted["contradicted"]):
        assert re.search(rf"\b{number}\b", said)
    with theme.drawn("dark"):
        fig = board_figures.bars(rows).figure
    assert {trace.name.split(" ", 1)[1]: sum(trace.x) for trace in fig.data} == {v: counted[v] for v in VERDICTS}
    assert sum(map(sum, board_figures.counts(rows).values())) == len(rows)
    nothing = [(c, None, "not tested here") for c, _, _ in rows]
    assert board_figures.finding(nothing) == f"Of {len(rows)} claims of 5 papers, none is measured on this machine yet."


def test_the_terminal_prints_the_board_and_writes_it(tmp_path):
    out = tmp_path / "board.json"
    done = CliRunner().invoke(app, ["claims", "--study", "shift-sweep", "--json", str(out)])
    assert done.exit_code == 0
    mine = [r for r in board() if r[0].study == "shift_sweep"]
    written = json.loads(out.read_text())
    assert [(c["name"], c["verdict"]) for c in written["claims"]] == [(c.name, said) for c, _, said in mine]
    assert written["rule"] == {"version": 2, "date": "2026-11-22", "words": claims_claim.RULE}
    for one, (c, found, _) in zip(written["claims"], mine, strict=True):
        told = [f.told.split(":")[0] for f in claims_claim.former(c, found, RESULTS)]
        assert all(f["until"] in words and f["how"] in words for f, words in zip(one["earlier"], told, strict=True))
        assert all(" ".join(words.split()) in " ".join(done.stdout.split()) for words in told)
    for c, _, said in mine:
        assert f"{c.name} · {said}" in done.stdout
    assert f"{len(mine)} claims: " in done.stdout
    few = CliRunner().invoke(app, ["claims", "--verdict", "contradicted"])
    assert few.stdout.count(" · ") == few.stdout.count(" · contradicted") > 0


@pytest.mark.parametrize("words", [("--study", "shapes"), ("--verdict", "true")])
def test_the_terminal_says_what_it_knows(words):
    done = CliRunner().invoke(app, ["claims", *words])
    assert done.exit_code == 2
    assert done.stderr.startswith("expected a ")
    assert len(done.stderr.splitlines()) == 1


def test_pictures_that_all_say_the_same_still_leave_something_open():
    """None of 63 was another: up to 5.7 % of all may be (Wilson)."""
    value, low, high = numbers.paired([1] * 63, [1] * 63)
    assert (value, low) == (0, -high)
    assert high == pytest.approx(100 * 1.96**2 / (63 + 1.96**2))
    assert numbers.paired([1] * 9999, [1] * 9999).high < high / 100
