"""Measured under noise on a whole test set: who should choose lambda? And the same on the reader's folder, live."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.base.prose import section
from core.networks import families
from core.pictures import noise
from core.pictures.files import open_pictures
from core.studies.sparse import arrived, dataset, dataset_figures, paper
from core.studies.sparse.claims import FIRST_LAYER, LITES, ON_PHOTOGRAPHS
from core.studies.sparse.codes import FOLDER
from core.studies.sparse.dataset import Measured, Result
from pages.parts.common import charts, own_pictures, provenance
from pages.parts.common.address import bound, folded
from pages.parts.common.words import Markdown, note, plain
from pages.parts.sparse.choose import Scene

OPEN = "sparse measured"  # the key of the folded part
CHUNK = 16  # pictures between two looks at the Stop button
FORMS = {  # coded networks, and the plain ones that they are compared with
    ON_PHOTOGRAPHS: (LITES[:1], LITES[1:]),
    FIRST_LAYER: (families.SDNETS, families.TWINS),
    "every layer": ((families.ALL_CODED,), families.TWINS),
}


def show(network: str) -> None:
    """Folded; it begins with what was measured of the chosen `network`."""
    st.header(section("sparse_codes", "measured name"), anchor="measured")
    if OPEN not in st.session_state and any(name.startswith("sparse-measured-") for name in st.query_params):
        st.session_state[OPEN] = True  # what the address asks for stands in it
    folded(section("sparse_codes", "measured folded"), OPEN)(numbers)(network)


def numbers(network: str) -> None:
    found = dataset.measured(FOLDER)
    forms = {form: names for form, names in FORMS.items() if any(name in found for name in names[0])}
    if forms:
        right, left = st.columns(2)
        first = next((form for form, names in forms.items() if network in names[0]), next(iter(forms)))
        label = section("sparse_codes", "coded layers")
        order = [first, *(form for form in forms if form != first)]
        coded, bare = forms[one_of(left, label, order, "sparse-measured-coded")]
        kinds = [kind for kind in noise.KINDS if any(name in found and kind in found[name].results for name in coded)]
        kind = one_of(right, section("sparse_codes", "noise name"), kinds, "sparse-measured-noise")
        packaged(found, coded, bare, kind)
    else:
        provenance.missing("measure sparse --data FOLDER")
    arriving()
    with st.expander(section("sparse_codes", "paper name")):
        st.markdown(section("sparse_codes", "paper"))
        charts.numbers_table(paper.table(), alt="Accuracy of SDNets as the paper reports it")
    with st.expander(section("sparse_codes", "limits name")):
        st.markdown(section("sparse_codes", "limits"))


def arriving() -> None:
    """How much of the noise that is asked for arrives at photographs."""
    with st.expander(section("sparse_codes", "arrived name")):
        found = arrived.measured(FOLDER)
        if found is None:
            provenance.missing("measure noise-arrived --data FOLDER")
            return
        kind = one_of(
            st.container(), section("sparse_codes", "noise name"), list(found.kinds), "sparse-measured-arrived"
        )
        st.markdown(section("sparse_codes", "arrived", images=found.images, side=found.side, why=why(kind)))
        charts.numbers_table(arrived.table(found, kind), alt=f"What arrives of {kind} noise")
        st.caption(f"{plain(found.data)}. {provenance.again(vars(found))}")


def why(kind: str) -> Markdown:
    """Why a kind of noise arrives as it does."""
    if kind == "gaussian":
        return section("sparse_codes", "arrived gaussian")
    if kind == "shot":
        return section("sparse_codes", "arrived shot")
    if kind == "speckle":
        return section("sparse_codes", "arrived speckle")
    return section("sparse_codes", "arrived impulse")


def one_of(place: st.delta_generator.DeltaGenerator, label: str, offered: list[str], key: str) -> str:
    """The one that the reader chooses, at first the first."""
    chosen = bound(
        place.segmented_control, plain(label), offered, format_func=plain, default=offered[0], required=True, key=key
    )
    return str(chosen)


def packaged(found: dict[str, Measured], names: tuple[str, ...], twins_of: tuple[str, ...], kind: str) -> None:
    """What `receptive measure sparse` found for networks that differ in their seed, and for their plain twins."""
    coded = [found[name] for name in names if name in found and kind in found[name].results]
    bare = [found[name] for name in twins_of if name in found and kind in found[name].results]
    if not coded:
        st.markdown(section("sparse_codes", "not measured", kind=plain(kind)))
        return
    first = coded[0]
    results, twins = [m.results[kind] for m in coded], [m.results[kind] for m in bare]
    st.markdown(plain(dataset.finding(results, twins)))
    draw(results, twins, "sparse")
    st.caption(
        f"{plain(first.data)}; n = {results[0].images:,}. {plain(noise.KINDS[kind].name.capitalize())} noise: "
        f"{noise.KINDS[kind].meaning}; seed {plain(results[0].seed)}, one draw a picture. "
        f"{plain(dataset_figures.band_words(len(results)))}. "
        + section("sparse_codes", "oracle", images=first.training_images)
    )
    every = [r for m in coded for r in m.results.values()]
    fits = [m.fit for m in coded if m.fit is not None]
    charts.show(dataset_figures.residual_scatter(fits, every), "sparse-residual")
    st.caption(f"{section('sparse_codes', 'residual')} {plain(dataset.rank_words(results))}")
    st.caption(provenance.again(*map(vars, [*coded, *bare])))


def draw(results: list[Result], twins: list[Result], key: str) -> None:
    """The curves and the surface they are cut from, side by side."""
    left, right = st.columns(2, gap="large")
    with left:
        charts.show(dataset_figures.curves(results, twins), f"{key}-curves")
    with right:
        charts.show(dataset_figures.surface(results), f"{key}-surface")


def show_own(scene: Scene) -> None:
    folded(section("sparse_codes", "own name"), "sparse live", told=False)(own)(scene)


def own(scene: Scene) -> None:
    """The same measurement on a folder or zip of the reader's, with progress, time left and Stop."""
    st.markdown(section("sparse_codes", "own", names=plain(", ".join(scene.network.labels[:3]))))
    chosen = own_pictures.choose("sparse live")
    if chosen is None:
        return
    kind = bound(st.selectbox, section("sparse_codes", "own noise"), list(noise.KINDS), key="sparse-live-noise")
    st.markdown(section("sparse_codes", "own found", count=len(chosen)))
    if not st.toggle(section("sparse_codes", "own go"), key="sparse live go"):
        return
    params = dataset.Params(kind, dataset.levels_of(kind, 2), seed=scene.params.seed)  # every second
    record = dataset.measured(FOLDER).get(scene.network.card.name)
    fit = None if record is None else record.fit
    asked = [scene.network] if scene.twin is None else [scene.network, scene.twin]
    what = f"Measuring {len(chosen):,} pictures at {len(params.levels)} noise levels"
    read = partial(open_pictures, chunk=CHUNK)
    done, expected = own_pictures.measured(
        chosen, dataset.run, asked, params, fit, read=read, what=what, at="sparse live"
    )
    report([result for _, result in done if result.images], expected)


def report(measured: list[Result], expected: int) -> None:
    coded, bare = [r for r in measured if r.training is not None], [r for r in measured if r.training is None]
    if not coded:
        st.info(section("sparse_codes", "own none"))
        return
    own_pictures.partly(coded[0].seen, expected)
    twins = [r for r in bare if r.images == coded[0].images]  # a stopped twin saw other pictures
    st.markdown(plain(dataset.finding(coded, twins)))
    draw(coded, twins, "sparse-live")
    note(
        f"n = {coded[0].images:,} pictures with a known class. {dataset_figures.band_words(1)}. "
        f"Seed {coded[0].seed} of the noise. Oracle: picked on these very pictures."
    )
