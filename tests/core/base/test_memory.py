"""What is kept of freed memory, in a process of its own: it holds for as long as that lasts."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

ROUND = """
import psutil, sys
import numpy as np
from core.base import memory
if sys.argv[1] == "keep":
    assert memory.keep()
mine = psutil.Process()
before = mine.memory_info().rss
maps = [np.ones(2**21, np.uint8) for _ in range(32)]  # 64 MB in pieces of 2 MB, as a layer's maps
del maps
kept = mine.memory_info().rss - before
memory.hand_back()
print(kept > 2**25, mine.memory_info().rss - before > 2**25)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone has these settings")
@pytest.mark.parametrize(("word", "told"), [("keep", "True False"), ("as it is", "False False")])
def test_freed_memory_is_kept_and_handed_back(word: str, told: str) -> None:
    done = subprocess.run([sys.executable, "-c", ROUND, word], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == told
