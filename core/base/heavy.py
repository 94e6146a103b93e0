"""The one place where laziness is decided: packages that take long to import come from here, and come when first used.

`from core.base.heavy import torch` costs nothing; `torch.zeros(3)` imports torch. So every file says at its top what it
needs, and the first paint of a page, which needs none of them, waits for none of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


BEFORE: dict[str, str] = {}  # package -> one that is imported first, and whole: core.cache says why


class Later(ModuleType):
    """A module that is imported when something of it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        """What the module itself has by this name. Raises ImportError, AttributeError as it does."""
        if first := BEFORE.get(self.__name__.partition(".")[0]):
            import_module(first)
        return getattr(import_module(self.__name__), name)


captum_attr = Later("captum.attr")
color = Later("skimage.color")
feature_extraction = Later("torchvision.models.feature_extraction")
filters = Later("skimage.filters")
flop_counter = Later("torch.utils.flop_counter")
fusion = Later("torch.nn.utils.fusion")
fx_proxy = Later("torch.fx.proxy")
huggingface_hub = Later("huggingface_hub")
jinja2 = Later("jinja2")
markupsafe = Later("markupsafe")
ndimage = Later("scipy.ndimage")
nn_utils = Later("torch.nn.modules.utils")
openTSNE = Later("openTSNE")
pa = Later("pyarrow")
parquet = Later("pyarrow.parquet")
plotly_colors = Later("plotly.colors")
plotly_offline = Later("plotly.offline")
safetensors_numpy = Later("safetensors.numpy")
safetensors_torch = Later("safetensors.torch")
segmentation = Later("skimage.segmentation")
serialization = Later("torch.serialization")
sk_cluster = Later("sklearn.cluster")
sk_datasets = Later("sklearn.datasets")
sk_decomposition = Later("sklearn.decomposition")
sk_exceptions = Later("sklearn.exceptions")
sk_feature = Later("skimage.feature")
sk_measure = Later("skimage.measure")
sk_mixture = Later("sklearn.mixture")
sk_neural = Later("sklearn.neural_network")
sk_selection = Later("sklearn.model_selection")
sk_util = Later("skimage.util")
sp_linalg = Later("scipy.sparse.linalg")
sp_sparse = Later("scipy.sparse")
sparse_graph = Later("scipy.sparse.csgraph")
special = Later("scipy.special")
subplots = Later("plotly.subplots")
timm = Later("timm")
torchvision = Later("torchvision")
transforms = Later("torchvision.transforms.v2")
tv_models = Later("torchvision.models")

if TYPE_CHECKING:  # those that stand in signatures, or whose types find mistakes
    import numba
    import plotly.graph_objects as go
    import tifffile
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    import torch.overrides as overrides
else:
    F = Later("torch.nn.functional")
    go = Later("plotly.graph_objects")
    nn = Later("torch.nn")
    numba = Later("numba")
    overrides = Later("torch.overrides")
    tifffile = Later("tifffile")
    torch = Later("torch")


def inference(function: Callable[P, T]) -> Callable[P, T]:
    """`torch.inference_mode()` as a decorator, of generators too, that imports torch at the first call."""

    @functools.wraps(function)
    def without_gradients(*args: P.args, **kwargs: P.kwargs) -> T:
        return torch.inference_mode()(function)(*args, **kwargs)

    return without_gradients
