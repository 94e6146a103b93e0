"""The name by which other packages know `Plug`; everything else about their networks is in core.networks.brought."""

from core.networks.brought import Plug as Plug
