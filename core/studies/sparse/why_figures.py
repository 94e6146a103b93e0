"""The toy of the sparse codes' Why (Dai et al., NeurIPS 2022): what one proximal step does to responses."""

from __future__ import annotations

import numpy as np

# How strongly twelve atoms answer to a picture, made up: four to what is in it, eight to noise.
RESPONSES = (0.92, 0.18, 0.07, 0.66, 0.24, 0.12, 0.81, 0.21, 0.05, 0.28, 0.5, 0.15)
OF_PICTURE = (0, 3, 6, 10)
LAMS = tuple(round(0.02 * i, 2) for i in range(51))


def shrink(v: np.ndarray, lam: float, non_negative: bool) -> np.ndarray:
    """argmin_z 1/2 (v - z)^2 + lam |z|, over z >= 0 or all z, of the same shape as v.

    The code of a response v to an orthonormal dictionary.
    """
    kept = np.maximum(np.abs(v) - lam, 0) * np.sign(v)
    return np.asarray(np.maximum(kept, 0) if non_negative else kept)


def codes() -> np.ndarray:
    """float (L, R), of LAMS and RESPONSES: the code of every response at every lambda."""
    return np.stack([shrink(np.array(RESPONSES), lam, True) for lam in LAMS])
