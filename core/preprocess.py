"""The name by which other packages know a `Plug`'s `Preprocessing`; it lives in core.pictures.preprocess."""

from core.pictures.preprocess import Preprocessing as Preprocessing
