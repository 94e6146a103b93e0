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


@pytest.fixture(autouse=True)
def a_server_that_has_run_before(monkeypatch):
    """AppTest makes every run a server's first, for which Streamlit takes pages/ for an old-style app."""
    from streamlit.runtime.pages_manager import PagesManager

    begin = PagesManager.__init__

    def with_navigation(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", with_navigation)


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def dark(request):
    """The test runs once for a light page and once for a dark one: whether figures are drawn dark."""
    from core.figures import theme

    with theme.drawn(theme.THEMES[request.param]):
        yield request.param
