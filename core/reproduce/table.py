"""Every measurement behind the claims, gathered from the studies: the one table of them."""

from __future__ import annotations

from core.reproduce import facts, live
from core.reproduce.otherwise import OTHERWISE
from core.studies.patch import measure as patch
from core.studies.random import measure as random
from core.studies.shift import measure as shift
from core.studies.sparse import measure as sparse
from core.studies.spinal import measure as spinal
from core.training.measurement import Measurement

ROOMS = (shift, patch, sparse, random, spinal)
MEASUREMENTS: dict[str, Measurement] = {
    one.key: one for one in (facts.EXACT, live.LIVE, *OTHERWISE, *(one for room in ROOMS for one in room.MEASUREMENTS))
}
