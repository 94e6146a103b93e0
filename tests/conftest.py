"""What all tests share: where the data packs are, and the picture most of them look at."""

import os
import sys
from collections import deque
from itertools import chain, groupby
from pathlib import Path

import pytest

from tests.helpers.handed import DATA

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: two threads wait for each other beside another process

pytest.register_assert_rewrite(*(f"tests.helpers.{name}" for name in ("pages", "parity", "pictures", "weight_files")))


BROWSER = Path(__file__).with_name("browser")
LONG = ("test_wheel.py", "test_cluster.py", "test_sdnet.py", "test_run.py")  # files whose tests are best not the last


def pytest_collection_modifyitems(config, items):
    items[:] = in_turns(items, getattr(config, "workerinput", {}).get("workercount", 1))
    if DATA.is_dir():
        return
    skip = pytest.mark.skip(reason=f"the data packs are not at {DATA}: set RECEPTIVE_DATA to their folder")
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(skip)


def in_turns(items, workers):
    """The tests such that the first worker begins with those that take long, and the others, file by file, with those
    of the browser: xdist deals them out in as many pieces as there are workers.
    """
    if workers == 1:
        return items
    files = [list(group) for _, group in groupby(items, lambda item: item.path)]
    browser = [file for file in files if BROWSER in file[0].path.parents]
    others = [file for file in files if BROWSER not in file[0].path.parents]
    rest = deque(chain.from_iterable(sorted(others, key=lambda file: file[0].path.name not in LONG)))
    found = []
    for left in range(workers, 0, -1):
        first = chain.from_iterable(browser[left - 1 :: workers - 1]) if left < workers else ()
        end = len(found) + (len(items) - len(found)) // left
        found += first
        found += [rest.popleft() for _ in range(min(len(rest), end - len(found)))]
    return [*found, *rest]


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


@pytest.fixture(autouse=True)
def nothing_goes_on():
    """What a page has asked for ends with its test: the next one would have to share the processor with it."""
    yield
    if cache := sys.modules.get("core.cache"):
        _, kept = cache._jobs()
        unfinished = {key: job for key, job in list(kept.items()) if not job.future.done()}
        cache.forget(unfinished)
        for job in unfinished.values():
            job.stop()


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def dark(request):
    """The test runs once for a light page and once for a dark one: whether figures are drawn dark."""
    from core.figures import theme

    with theme.drawn(theme.THEMES[request.param]):
        yield request.param
