"""Where what was handed to us lies on this machine: the data packs and the inputs that users bring. None is committed.

Not in `conftest.py`: two folders have one, and which of them `import conftest` finds depends on what else is collected.
"""

import os
from pathlib import Path

DATA = Path(os.environ.get("RECEPTIVE_DATA") or Path(__file__).parents[2] / "../shared/data").resolve()
INPUTS = Path(os.environ.get("RECEPTIVE_INPUTS") or Path(__file__).parents[2] / "../shared/inputs").resolve()
MAKER = INPUTS / "make_inputs.py"
NO_MAKER = f"no {MAKER}: set RECEPTIVE_INPUTS to its folder"
