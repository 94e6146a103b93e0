"""The picture, what the code keeps of it, and what the network answers: redrawn with every move of a slider."""

from __future__ import annotations

import math

import streamlit as st

from core.base.prose import section
from core.studies.sparse import codes, figures
from core.studies.sparse.codes import LAMBDA_LIMITS, LAMBDA_STEP, Result
from pages.parts.common import charts
from pages.parts.common.words import plain
from pages.parts.sparse.choose import LAMBDA


def coded(result: Result, titles: list[str], key: str = "sparse-pictures") -> None:
    """Finding, pictures and answers."""
    finding = codes.finding(result, titles)
    st.markdown(f"#### {plain(finding)}")
    charts.show(figures.pictures(result, titles), key)
    answers(result, titles)


def show(result: Result, titles: list[str]) -> None:
    """Finding, pictures, answers, and the curves over lambda and steps."""
    coded(result, titles)
    use_estimate(result)
    left, right = st.columns([3, 2], gap="large")
    with left:
        charts.show(figures.along_lambda(result), "sparse-along")
    with right:
        charts.show(figures.objective(result), "sparse-objective")
        st.caption(section("sparse_codes", "solvers"))


def answers(result: Result, titles: list[str]) -> None:
    """One card an answer: the network, its lambda and how that was come by, the class and its probability."""
    found = codes.answers(result, titles)
    for place, answer in zip(st.columns(len(found)), found, strict=True):
        at = f"λ = {answer.lam:.2f}, {answer.rule}" if answer.lam is not None else "the plain twin, no λ"
        place.metric(plain(at), plain(f"{answer.label} ({answer.probability:.2f})"), border=True)


def use_estimate(result: Result) -> None:
    if not math.isnan(result.estimated_lam):
        st.button(
            f"Use the λ that the residual asks for ({result.estimated_lam:.2f})",
            icon=":material/auto_fix_high:",
            key="sparse use estimate",
            on_click=use,
            args=(result.estimated_lam,),
        )


def use(lam: float) -> None:
    low, high = LAMBDA_LIMITS
    st.session_state[LAMBDA] = round(min(max(round(lam / LAMBDA_STEP) * LAMBDA_STEP, low), high), 2)
