"""Five ways to watch a network see: models, engine and studies, usable without the app."""

import os

# Set before torch is imported: its threads otherwise spin while they wait for each other, which beside another busy
# program costs up to ten times.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
