"""Which picture shows a claim of this study."""

from core.studies.toy import light

from core.claims.live import Probe

PROBES = {"toy-light": Probe((), "light", lambda networks, image: light.run(networks, image, light.Params()).light)}
