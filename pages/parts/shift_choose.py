"""The shift sweep's controls: which networks, which class, how far, and what moves in at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import cache, networks, weights
from core.models import list_models
from core.networks import FAMILIES, Card, Network
from core.preprocess import BOUNDARIES
from core.studies.shift_sweep import MAX_SHIFT_LIMITS, Params
from core.weights import WeightsError

UNSHIFTED = "the answer unshifted"
BOUNDARY_HELP = (
    "What moves in when the picture moves out. **True crop**: more of the photograph, as when a camera moves; "
    "the picture is scaled so that it reaches. **Circular**: the other edge, the paper's ideal case: only here "
    "can a network be exactly shift-invariant. **Reflect**: a mirror image."
)
OWN = "own networks"
MOST_NETWORKS = 5


@dataclass(frozen=True)
class Choice:
    """What the reader asks for; `labels` are empty where no network of the family is loaded yet."""

    cards: tuple[Card, ...]
    params: Params


def controls() -> Choice:
    """The five controls above the figure; the rest under More."""
    left, right, more = st.columns([3, 6, 1.4], vertical_alignment="bottom")
    about = "photographs: 64 px, 20 kinds. CIFAR-10: 32 px, 10 kinds. ImageNet: 224 px, 1000 kinds, to be downloaded."
    trained_on = left.selectbox("Trained on", list(FAMILIES), key="shift-family", bind="query-params", help=about)
    family = FAMILIES[trained_on]
    options = offered(family)
    names = right.multiselect(
        "Networks",
        list(options),
        default=[n for n in default_names(family) if n in options],
        key=f"shift-networks-{family}",
        bind="query-params",
        max_selections=MOST_NETWORKS,
        help="Plain and anti-aliased networks of one family; type to search. At most five.",
    )
    cards = tuple(options[name] for name in names)
    with more.popover("More", width="stretch", help="Open your own weights"):
        own_weights(family)
    first, second, third = st.columns([1, 1, 1], vertical_alignment="bottom")
    reach = first.slider(
        "Largest shift R, px",
        *MAX_SHIFT_LIMITS,
        value=Params.max_shift,
        key="shift-R",
        bind="query-params",
        help="In pixels of the network's input. The map shows every shift of up to R pixels each way.",
    )
    boundary = second.segmented_control(
        "Boundary",
        list(BOUNDARIES),
        default=Params.boundary,
        required=True,
        key="shift-boundary",
        bind="query-params",
        help=BOUNDARY_HELP,
    )
    labels = class_labels(cards, family)
    target = third.selectbox(
        "Class P(·)",
        [UNSHIFTED, *labels],
        key=f"shift-class-{family}",
        bind="query-params",
        help="The class whose probability is drawn. By default what the first network says of the unshifted picture.",
    )
    return Choice(cards, Params(reach, boundary, None if target == UNSHIFTED else labels.index(target)))


def offered(family: str) -> dict[str, Card]:
    """Cards of a family by name: packaged, published, the reader's own, and untrained ones to compare with."""
    found = {name: card for name, card in networks.cards().items() if card.family == family}
    found |= {n.card.name: n.card for n in own_networks().values() if n.card.family == family}
    archs = {c.arch for c in found.values() if c.kind == "trained here"} or {"resnet18", "resnet18_blur3"}
    return found | {f"untrained:{arch}": networks.find(f"untrained:{arch}") for arch in sorted(archs)}


def default_names(family: str) -> Sequence[str]:
    return {
        "tiny-imagenet-20": networks.DEFAULT_NETWORKS,
        "cifar10": ("cifar_vgg", "cifar_vgg_blur3", "cifar_vgg_blur5"),
        "imagenet": ("resnet18", "resnet18_blur5"),
    }[family]


@st.cache_data(max_entries=8, show_spinner="Looking up the names of the classes")
def known_labels(family: str) -> tuple[str, ...]:
    """The family's labels; where two classes share a name the second carries its number."""
    if family == "imagenet":
        cache.wait_until_warm()  # torchvision knows them
    seen: dict[str, int] = {}
    return tuple(
        name if seen.setdefault(name, i) == i else f"{name} ({i})"
        for i, name in enumerate(networks.family_labels(family))
    )


def class_labels(cards: Sequence[Card], family: str) -> tuple[str, ...]:
    own = [n for n in own_networks().values() if n.card in cards]
    return own[0].labels if own else known_labels(family)


def own_networks() -> dict[str, Network]:
    """The networks that the reader opened in this session, by name."""
    kept: dict[str, Network] = st.session_state.setdefault(OWN, {})
    return kept


def loaded(cards: Sequence[Card]) -> list[Network]:
    """The chosen networks that can be run now; the others are said, with what to do."""
    ready = []
    missing = [card for card in cards if card.name not in own_networks() and not networks.is_here(card)]
    if missing:
        offer_download(missing)
    for card in cards:
        if card in missing:
            continue
        try:
            ready.append(own_networks().get(card.name) or cache.network(card))
        except WeightsError as error:
            st.error(f"{card.title}: {error}", icon=":material/error:")
    same = [n for n in ready if n.labels == ready[0].labels]
    for other in ready:
        if other not in same:
            st.warning(f"{other.card.title} has other classes than {ready[0].card.title}, so it is left out.")
    return same


def offer_download(missing: Sequence[Card]) -> None:
    names = ", ".join(card.title for card in missing)
    st.info(
        f"Not on this machine yet: {names}. They are fetched from their owners only when you ask; "
        "the packaged networks need no network.",
        icon=":material/cloud_download:",
    )
    if st.button(f"Download {names}", key="shift download"):
        for card in missing:
            download(card)


def download(card: Card) -> None:
    bar = st.progress(0.0, f"{card.title}: connecting")

    def watch(done: int, total: int | None) -> None:
        bar.progress(done / total if total else 0.0, f"{card.title}: {done / 1e6:.1f} MB")

    try:
        weights.download(weights.published(card.name), progress=watch)
    except WeightsError as error:
        bar.empty()
        st.error(str(error), icon=":material/cloud_off:")
    else:
        st.rerun()


def own_weights(family: str) -> None:
    """Open the reader's own weights file in an architecture of the registry."""
    st.markdown("**Your own weights**: a safetensors file or a torch state dict; nothing in it is run as code.")
    archs = list_models()
    file = st.file_uploader("Weights file", key="own weights", max_upload_size=500)
    st.selectbox("Architecture", archs, index=archs.index("resnet18"), key="own arch")
    st.caption(f"Labels and preprocessing are those of the chosen family, {family}.")
    st.button("Open it", key="own open", disabled=file is None, on_click=open_own, args=(family,))
    if problem := st.session_state.get("own problem"):
        st.error(problem, icon=":material/error:")


def open_own(family: str) -> None:
    cache.wait_until_warm()
    file, arch = st.session_state["own weights"], st.session_state["own arch"]
    try:
        network = networks.user_network(file.getvalue(), arch, family, file.name)
    except WeightsError as error:
        st.session_state["own problem"] = str(error)
        return
    st.session_state.pop("own problem", None)
    own_networks()[network.card.name] = network
    chosen = f"shift-networks-{family}"
    st.session_state[chosen] = [*st.session_state.get(chosen, []), network.card.name][-MOST_NETWORKS:]
