"""Which picture shows a claim of this study: none of them is about single pictures."""

from __future__ import annotations

from core.claims.live import Probe

PROBES: dict[str, Probe] = {}
