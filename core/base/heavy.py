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

__all__ = [
    "F",
    "captum_attr",
    "color",
    "feature_extraction",
    "filters",
    "flop_counter",
    "fusion",
    "fx_proxy",
    "go",
    "inference",
    "ndimage",
    "nn",
    "nn_utils",
    "numba",
    "openTSNE",
    "overrides",
    "pa",
    "parquet",
    "plotly_colors",
    "plotly_offline",
    "safetensors_torch",
    "segmentation",
    "serialization",
    "sk_cluster",
    "sk_datasets",
    "sk_decomposition",
    "sk_exceptions",
    "sk_feature",
    "sk_mixture",
    "sk_neural",
    "sk_selection",
    "sk_util",
    "sp_linalg",
    "sp_sparse",
    "sparse_graph",
    "special",
    "stats",
    "subplots",
    "tifffile",
    "torch",
    "torchvision",
    "transforms",
    "tv_models",
]
P = ParamSpec("P")
T = TypeVar("T")


class Later(ModuleType):
    """A module that is imported when something of it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        """What the module itself has by this name. Raises ImportError, AttributeError as it does."""
        return getattr(import_module(self.__name__), name)


if TYPE_CHECKING:
    import captum.attr as captum_attr
    import numba
    import openTSNE
    import plotly.colors as plotly_colors
    import plotly.graph_objects as go
    import plotly.offline as plotly_offline
    import plotly.subplots as subplots
    import pyarrow as pa
    import pyarrow.parquet as parquet
    import safetensors.torch as safetensors_torch
    import scipy.ndimage as ndimage
    import scipy.sparse as sp_sparse
    import scipy.sparse.csgraph as sparse_graph
    import scipy.sparse.linalg as sp_linalg
    import scipy.special as special
    import scipy.stats as stats
    import skimage.color as color
    import skimage.feature as sk_feature
    import skimage.filters as filters
    import skimage.segmentation as segmentation
    import skimage.util as sk_util
    import sklearn.cluster as sk_cluster
    import sklearn.datasets as sk_datasets
    import sklearn.decomposition as sk_decomposition
    import sklearn.exceptions as sk_exceptions
    import sklearn.mixture as sk_mixture
    import sklearn.model_selection as sk_selection
    import sklearn.neural_network as sk_neural
    import tifffile
    import torch
    import torch.fx.proxy as fx_proxy
    import torch.nn as nn
    import torch.nn.functional as F
    import torch.nn.modules.utils as nn_utils
    import torch.nn.utils.fusion as fusion
    import torch.overrides as overrides
    import torch.serialization as serialization
    import torch.utils.flop_counter as flop_counter
    import torchvision
    import torchvision.models as tv_models
    import torchvision.models.feature_extraction as feature_extraction
    import torchvision.transforms.v2 as transforms
else:
    captum_attr = Later("captum.attr")
    color = Later("skimage.color")
    F = Later("torch.nn.functional")
    feature_extraction = Later("torchvision.models.feature_extraction")
    filters = Later("skimage.filters")
    flop_counter = Later("torch.utils.flop_counter")
    fusion = Later("torch.nn.utils.fusion")
    fx_proxy = Later("torch.fx.proxy")
    go = Later("plotly.graph_objects")
    ndimage = Later("scipy.ndimage")
    nn = Later("torch.nn")
    nn_utils = Later("torch.nn.modules.utils")
    numba = Later("numba")
    openTSNE = Later("openTSNE")
    overrides = Later("torch.overrides")
    pa = Later("pyarrow")
    parquet = Later("pyarrow.parquet")
    plotly_colors = Later("plotly.colors")
    plotly_offline = Later("plotly.offline")
    safetensors_torch = Later("safetensors.torch")
    segmentation = Later("skimage.segmentation")
    serialization = Later("torch.serialization")
    sk_cluster = Later("sklearn.cluster")
    sk_datasets = Later("sklearn.datasets")
    sk_decomposition = Later("sklearn.decomposition")
    sk_exceptions = Later("sklearn.exceptions")
    sk_feature = Later("skimage.feature")
    sk_mixture = Later("sklearn.mixture")
    sk_neural = Later("sklearn.neural_network")
    sk_selection = Later("sklearn.model_selection")
    sk_util = Later("skimage.util")
    sp_linalg = Later("scipy.sparse.linalg")
    sp_sparse = Later("scipy.sparse")
    sparse_graph = Later("scipy.sparse.csgraph")
    special = Later("scipy.special")
    stats = Later("scipy.stats")
    subplots = Later("plotly.subplots")
    tifffile = Later("tifffile")
    torch = Later("torch")
    torchvision = Later("torchvision")
    transforms = Later("torchvision.transforms.v2")
    tv_models = Later("torchvision.models")


def inference(function: Callable[P, T]) -> Callable[P, T]:
    """`torch.inference_mode()` around every call, without importing torch before the first."""

    @functools.wraps(function)
    def without_gradients(*args: P.args, **kwargs: P.kwargs) -> T:
        return torch.inference_mode()(function)(*args, **kwargs)  # torch's own, which holds in a generator's steps, too

    return without_gradients
