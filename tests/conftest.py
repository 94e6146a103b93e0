"""What all tests share: where the data packs are, and the picture most of them look at."""

import os

import pytest

from tests.helpers.handed import DATA

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: two threads wait for each other beside another process

pytest.register_assert_rewrite(*(f"tests.helpers.{name}" for name in ("pages", "parity", "pictures", "weight_files")))


def pytest_collection_modifyitems(items):
    if DATA.is_dir():
        return
    skip = pytest.mark.skip(reason=f"the data packs are not at {DATA}: set RECEPTIVE_DATA to their folder")
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def data_folder():
    """The folder of the data packs; only for tests marked `data`."""
    return DATA


@pytest.fixture(scope="session")
def cat():
    from core.pictures.samples import load_sample

    return load_sample("cat")
