"""The photo with the frame that the networks see: played or dragged, every network's answer moves with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import streamlit as st

from core.base.prose import section
from core.figures.palette import network_colours
from core.networks.card import Card
from core.pictures.image import RGBImage
from core.studies.shift import moving
from core.studies.shift.sweep import Params, Result
from pages.parts.common import player
from pages.parts.shift import choose

KEY = "shift-hero"
HTML = """
<div class="hero">
  <div class="photo">
    <canvas class="scene" tabindex="0" role="img"></canvas>
    <div class="seen">
      <canvas class="view" role="img"></canvas><p><b class="at"></b><span class="about"></span></p>
    </div>
  </div>
  <div class="networks"></div>
  <div class="play"></div>
  <div class="tracks"></div>
  <p class="told" role="status"></p>
</div>
"""
_hero = player.component("shift_hero", __file__, HTML)


def show(result: Result, cards: Sequence[Card], image: RGBImage, params: Params) -> None:
    """The moving frame; where it is left becomes the chosen shift."""
    scene = moving.scene(image, cards[0], params)
    played = moving.played(
        result, [card.title for card in cards], network_colours([card.blur for card in cards]), choose.line()
    )
    index = result.index(*choose.chosen())
    data = {
        "scene": asdict(scene),
        **played,
        "chosen": result.offsets[index].tolist(),
        "heard": player.heard(KEY, "shift"),
        "token": f"{result.picture} {params} {' '.join(result.models)}",
        "words": words(scene, result, cards[0].size),
    }
    _hero(key=KEY, data=data, on_shift_change=moved)


def words(scene: moving.Scene, result: Result, size: int) -> dict[str, str | dict[str, str]]:
    """What the component says of networks that see `size` px; what stands in braces it fills in itself."""
    about = section("shift_sweep", "seen", size=size, share=scene.share)
    if scene.own:
        about = section("shift_sweep", "seen before", size=size, share=scene.share)
    if result.boundary != "crop":
        about = f"{about} {section('shift_sweep', 'goes on')}"
    return {
        "player": player.words(section("shift_sweep", "slider")),
        "about": about,
        "at": section("shift_sweep", "moved", up="{up}", left="{left}", down="{down}", right="{right}"),
        "rest": section("shift_sweep", "unmoved"),
        "picture": section("shift_sweep", "picture"),
        "view": section("shift_sweep", "view"),
        "same": section("shift_sweep", "same"),
        "changed": section("shift_sweep", "changed"),
        "map": section("shift_sweep", "small map"),
        "says": section("shift_sweep", "says", title="{title}", label="{label}", share="{share}"),
        "legend": section("shift_sweep", "legend"),
        "tracks": section("shift_sweep", "tracks"),
    }


def moved() -> None:
    """Where the reader has left the frame is the chosen shift, on the maps and in the address."""
    state: Mapping[str, object] = st.session_state[KEY]
    match state.get("shift"):
        case [int(dy), int(dx), _]:
            choose.choose(dy, dx)
