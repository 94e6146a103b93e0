"""Retrieval: measured over a gallery in groups, and a search of the reader's own folder for the tray's picture."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.base.prose import section
from core.base.worker import Progress
from core.compute.spaces import METRICS, Metric
from core.networks.card import Network, title_of
from core.pictures.image import RGBImage
from core.studies.random import retrieval, retrieval_dataset, retrieval_figures
from core.studies.random.retrieval import Params, Result
from core.studies.random.retrieval_dataset import Measured
from pages.parts.common import charts, own_pictures, provenance, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.own_pictures import Chosen
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain

FEATURES_OFFERED = (250, 500, 1000, 2000, 4000)
LARGEST_SEED = 9999
SHOWN = 6  # nearest pictures a row: what a small window holds


def show(picture: Picture, network: Network) -> None:
    """`network` is the trained one."""
    st.subheader(section("random_features", "retrieval title"), anchor="retrieval")
    found = retrieval_dataset.measured()
    if found is None:
        provenance.missing("measure retrieval --data FOLDER")
    else:
        packaged(found)
    folded(section("random_features", "search title"), "random retrieval own", told=False)(search)(picture, network)


def distance(where: Any, key: str) -> Metric:
    return bound(
        where.segmented_control,
        section("random_features", "distance label"),
        list(METRICS),
        default=METRICS[0],
        required=True,
        key=key,
        help=section("random_features", "metric"),
    )


def packaged(found: Measured) -> None:
    """What `receptive measure retrieval` found."""
    metric = distance(st, "random-retrieval-metric")
    st.markdown(f"**{plain(retrieval_dataset.finding(found, metric))}**")
    charts.show(retrieval_figures.curves(found, metric), "random-retrieval-curves")
    charts.numbers_table(
        retrieval_figures.table(found, metric),
        alt="Precision at 1, 5 and 10 and mean average precision of each space, with 95 % intervals",
    )
    about = found.about
    st.caption(
        section("random_features", "precision at k")
        + " "
        + plain(
            f"{about['data']}; n = {found.images} queries, centre squares at {found.size} px. Random: "
            f"{found.features:,} features, kernel {found.kernel}, depth {found.depth}; line: mean of "
            f"{len(found.of('random', metric))} seeds, band: the least and the most. Trained: "
            f"{title_of(found.network)}, which has not seen these pictures or their groups. ±: 95 % intervals over "
            f"queries (1.96 standard errors). {retrieval_dataset.doubts(found)} "
        )
        + provenance.again(about)
    )


def search(picture: Picture, network: Network) -> None:
    """The tray's picture as the query to a folder or zip."""
    st.markdown(section("random_features", "search about"))
    chosen = own_pictures.choose("random retrieval")
    if chosen is None:
        return
    row = st.columns(3, vertical_alignment="bottom")
    features = bound(
        row[0].select_slider, section("random_features", "features k"), FEATURES_OFFERED, 1000, key="random-retrieval-k"
    )
    seed = bound(
        row[1].number_input, section("random_features", "seed"), 0, LARGEST_SEED, 0, key="random-retrieval-seed"
    )
    metric = distance(row[2], "random-retrieval-own-metric")
    params = Params(features=int(features), seed=int(seed), count=SHOWN, metric=metric)
    asked, what = (picture.image, chosen, params, network), f"Comparing {len(chosen):,} pictures"
    result = waiting.ask(attempt, *asked, what=what, at="random retrieval")
    if isinstance(result, str):
        st.error(plain(result), icon=":material/broken_image:")
    elif result is not None:
        report(result, picture)


def attempt(image: RGBImage, chosen: Chosen, params: Params, network: Network, progress: Progress) -> Result | str:
    """The Result, or what is wrong with the folder."""
    try:
        return retrieval.run(image, chosen.found, params, network, progress)
    except ValueError as error:
        return str(error)


def report(result: Result, picture: Picture) -> None:
    own_pictures.unreadable(result.broken)
    own_pictures.partly(result.seen, result.total)
    st.markdown(f"**{plain(retrieval.answer(result))}**")
    charts.show(retrieval_figures.neighbours(result), "random-retrieval-neighbours")
    params = result.params
    st.caption(
        section(
            "random_features", "search note", title=plain(picture.title), size=params.size, metric=plain(params.metric),
            features=params.features, kernel=params.kernel, depth=params.depth, seed=params.seed,
            network=plain(title_of(result.network)), n=len(result.names),
        )
    )  # fmt: skip
    st.code(retrieval.command(params, picture.source), language="bash", wrap_lines=True)
