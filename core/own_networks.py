"""What other packages import to bring a network; everything else about it is in core.networks.brought."""

from core.networks.brought import Plug as Plug
from core.networks.brought import check as check
