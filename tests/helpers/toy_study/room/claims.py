"""What the toy's paper claims, as code."""

from core.claims.claim import Claim, Ours

CLAIMS = (
    Claim(
        "toy-light", "toy_light", "There is light.", "", "Nobody, 2026", "light", (0, 1),
        lambda results: Ours(0.5, 0.4, 0.6, "a light of 0.5", "no data", ""), ("toy",), {},
    ),
)  # fmt: skip
