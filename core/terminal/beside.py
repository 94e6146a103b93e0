"""A command of ours beside the app: `python -m core.terminal.beside FOLDER ARGUMENTS`, which core.base.jobs starts."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import psutil
from filelock import FileLock, Timeout

from core import terminal
from core.base.files import write_json
from core.base.jobs import PATIENCE, live_by


def main() -> NoReturn:
    """With the leash in its standard input; it leaves `finished` or `failed` behind, a file renamed, for which a full
    disk has room."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, and the leash tells of its end
    live_by(lambda: os.read(0, 1))
    folder = Path(sys.argv.pop(1))
    # One that was killed may be counted as gone before its last thread lets go of what it held.
    lock = FileLock(folder / "lock", timeout=PATIENCE)
    try:
        lock.acquire()
    except Timeout:
        sys.exit(f"expected to be alone in {folder}, another process is at it: wait for its end, or end it")
    (folder / "stopped").touch()
    me = psutil.Process()
    write_json(folder / "process.json", {"pid": me.pid, "began": me.create_time()})
    code: object = 1
    try:
        terminal.main()
    except SystemExit as end:
        code = end.code
    finally:
        (folder / "stopped").replace(folder / ("failed" if code else "finished"))
    sys.exit(1 if code else 0)


if __name__ == "__main__":
    main()
