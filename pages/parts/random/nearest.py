"""The hero: the pictures nearest to the reader's by pixels, by random features and by a trained network, in three rows.

A player asks fewer and fewer random features; a picture that is clicked tells how near it is in every space.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import streamlit as st
from PIL import Image

from core.base.prose import section
from core.figures.palette import uri
from core.pictures.image import RGBImage
from core.pictures.preprocess import square
from core.studies.random import nearby
from core.studies.random.maps import Space
from core.studies.random.nearby import Kind, Nearby
from pages.parts.common import player, stage
from pages.parts.common.words import Markdown, plain

MINE = 480  # px of the reader's picture
INTERVAL = 900  # ms a frame
_rows = player.component(
    "receptive_nearest",
    __file__,
    '<div class="nearbox"><div class="near"><div class="left"><figure><img><figcaption></figcaption></figure>'
    '<div class="closer" role="status"></div></div><div class="right"><div class="rows"></div><p class="legend"></p>'
    '<div class="few"><output></output><div class="play"></div></div></div><p class="stale" hidden></p></div></div>',
)
Look = Literal["sharp", "blurred", "hard"]
Sources = Callable[[Sequence[int]], Mapping[int, str]]  # rows of the gallery -> their pictures as data addresses


@dataclass(frozen=True, eq=False)
class Scene:
    """`labels` (N,) of the gallery's `classes`; `mine`: the reader's picture as it is shown, a data address; `look`:
    "sharp" photographs, "blurred" ones beside whose names they stand small, "hard" ones enlarged pixel by pixel."""

    found: Nearby
    labels: np.ndarray
    classes: Sequence[str]
    title: str
    mine: str
    sources: Sources
    look: Look = "sharp"

    @property
    def kind(self) -> Kind | None:
        return nearby.kind(self.found, self.labels)


def titles() -> dict[Space, str]:
    """What each space is called on the page."""
    return {
        "pixels": section("random_features", "space pixels"),
        "random": section("random_features", "space random"),
        "trained": section("random_features", "space trained"),
    }


def verdict(scene: Scene, beyond: Markdown, unsure: Markdown) -> None:
    """How many of the nearest are of one kind; before it, that the picture is like nothing in the gallery."""
    found = scene.found
    if found.lonelier < nearby.UNUSUAL:
        unlike = section("random_features", "unlike", share=plain(f"{found.lonelier:.0%}"))
        unsure = Markdown(f"{unlike} {unsure}".strip())
    stage.verdict(Markdown(" ".join(said(scene).split())), beyond, unsure)  # a heading ends with its line


def said(scene: Scene) -> str:
    """The headline, in the counts that the rows show."""
    found, kind, n = scene.found, scene.kind, scene.found.nearest.shape[1]
    if kind is None:
        told = dict(zip(found.spaces, (alike(scene, near) for near in found.nearest), strict=True))
        if "trained" in told:
            return section("random_features", "verdict none", n=n, **told)
        return section("random_features", "verdict none of two", n=n, **told)
    counts = dict(zip(found.spaces, kind.counts, strict=True))
    none = section("random_features", "none")
    name, pixels, random = plain(scene.classes[kind.label]), counts["pixels"] or none, counts["random"] or none
    if "trained" in counts:
        return section(
            "random_features", "verdict", n=n, kind=name, pixels=pixels, random=random, trained=counts["trained"]
        )
    return section("random_features", "verdict two", n=n, kind=name, pixels=pixels, random=random)


def alike(scene: Scene, near: np.ndarray) -> str:
    """How many of the nearest (n,) are of any one kind, and which."""
    label, count = nearby.most(scene.labels[near])
    if count == 1:
        return section("random_features", "no two")
    return section("random_features", "of one kind", count=count, kind=plain(scene.classes[label]))


def show(scene: Scene, key: str) -> None:
    """The three rows."""
    st.session_state[key] = data(scene)
    _draw(st.session_state[key], key, "")


def again(key: str) -> bool:
    """The rows that were last shown, dimmed and named, while others are on their way; False where there are none."""
    if key not in st.session_state:
        return False
    told = st.session_state[key]
    _draw(told, key, told["still"])
    return True


def _draw(told: dict[str, Any], key: str, stale: str) -> None:
    _rows(data=told | {"stale": stale}, key=f"{key} rows", height="content")


def data(scene: Scene) -> dict[str, Any]:
    """All that the browser needs, in plain numbers, words and data addresses."""
    found, words = scene.found, titles()
    shown = sorted({int(row) for row in [*found.nearest.ravel(), *found.few_nearest.ravel()]})
    frames = [
        {
            "cards": cards(scene, "random", near, places),
            "tally": tally(scene, near),
            "said": section("random_features", "few", k=int(count)),
        }
        for count, near, places in zip(found.counts, found.few_nearest, found.few_ranks, strict=True)
    ]
    rows = [
        {
            "space": space,
            "title": words[space],
            "cards": cards(scene, space, found.nearest[i], found.ranks[i]),
            "tally": tally(scene, found.nearest[i]),
        }
        for i, space in enumerate(found.spaces)
    ]
    return {
        "mine": scene.mine,
        "title": scene.title,
        "look": scene.look,
        "legend": legend(scene),
        "pictures": {str(row): source for row, source in scene.sources(shown).items()},
        "rows": rows,
        "frames": frames,
        "interval": INTERVAL,
        "still": section("random_features", "still before", title=scene.title, k=int(found.counts[-1])),
        "words": player.words(section("random_features", "few slider"))
        | {
            "yours": section("random_features", "yours", title=scene.title),
            "same": section("random_features", "same kind"),
        },
    }


def cards(scene: Scene, space: Space, near: np.ndarray, places: np.ndarray) -> list[dict[str, Any]]:
    """One for each of the nearest (n,) in a space: which picture, of what, whether of the kind, and how near."""
    kind = scene.kind
    found = []
    for row, place in zip(near.tolist(), places.tolist(), strict=True):
        label = int(scene.labels[row])
        found.append(
            {
                "picture": str(row),
                "name": scene.classes[label],
                "same": kind is not None and label == kind.label,
                "place": placed(scene, space, dict(zip(scene.found.spaces, place, strict=True))),
            }
        )
    return found


def placed(scene: Scene, space: Space, places: Mapping[Space, int]) -> str:
    """One line: the place in its own space, and in the one that is least like it."""
    by: dict[Space, str] = {
        "pixels": section("random_features", "by pixels"),
        "random": section("random_features", "by random"),
        "trained": section("random_features", "by trained"),
    }
    there = scene.found.spaces[-1] if space == "pixels" else "pixels"
    n, here, other = len(scene.labels), by[space], by[there]
    if places[space] == 1:
        return section("random_features", "place first", n=n, here=here, there=other, other=places[there])
    return section("random_features", "place", place=places[space], n=n, here=here, there=other, other=places[there])


def tally(scene: Scene, near: np.ndarray) -> str:
    """How many of the nearest (n,) are of the kind, or of any one."""
    labels, kind, n = scene.labels[near], scene.kind, len(near)
    label, count = nearby.most(labels)
    if kind is not None:
        label, count = kind.label, int((labels == kind.label).sum())
    elif count == 1:
        return section("random_features", "tally none")
    return section("random_features", "tally", count=count, n=n, kind=scene.classes[label])


def legend(scene: Scene) -> str:
    """What the dots mean; "" where there are none."""
    kind = scene.kind
    if kind is None:
        return ""
    space = titles()[scene.found.spaces[-1]]
    return section("random_features", "dots", kind=scene.classes[kind.label], space=space)


def photograph(image: RGBImage) -> str:
    """The middle square, which is what all spaces look at, as a data address."""
    return jpeg(square(image, MINE))


def jpeg(pixels: np.ndarray) -> str:
    """uint8 (H, W, 3) as a data address."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def png(pixels: np.ndarray) -> str:
    """uint8 (H, W, 1) or (H, W, 3) as a data address, every pixel as it is."""
    return uri(np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3))))
