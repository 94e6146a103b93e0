"""What readers ask: a room each, and the one list of them."""

from __future__ import annotations

from core.studies import patch, random, shift, sparse, spinal

STUDIES = (shift.STUDY, patch.STUDY, sparse.STUDY, random.STUDY, spinal.STUDY)
