"""A page through Streamlit's AppTest, and what is read off it."""

import functools
from concurrent.futures import wait
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core import cache

ROOT = Path(__file__).parents[2]
APP = str(ROOT / "app.py")
PHOTOS = "tiny-imagenet-20"  # the family of the packaged networks of photographs


def visit(slug, **query):
    """A study's page, "" for Home, with these settings in its address."""
    app = AppTest.from_file(APP, default_timeout=180)
    for name, value in query.items():
        app.query_params[spelt(name)] = value
    if slug:
        app.query_params["study"] = slug
    return app.run()


def settled(app):
    """The page once all that it asked for is there: AppTest runs no part of a page by itself."""
    before = None
    while before != (before := set(jobs := dict(cache._jobs()[1]))):  # until a run asks for nothing more
        wait([job.future for job in jobs.values()])
        app.run()
        assert not app.exception
    return app


def spelt(name):
    """A setting's name in the address: in a name without any -, _ stands for it."""
    return name if "-" in name else name.replace("_", "-")


@functools.cache
def first_visit(slug):
    """A study's page as it is first seen, for those who only look."""
    return visit(slug)


def finding(app):
    return next(m.value for m in app.markdown if m.value.startswith("#### "))


def said(app):
    """All words and code on a page."""
    return "\n".join(block.value for block in [*app.markdown, *app.code])


def nodes(app):
    found, rest = [], [app._tree]
    while rest:
        node = rest.pop()
        rest += getattr(node, "children", {}).values()
        found.append(node)
    return found


def in_the_address(app):
    """{name: value} of everything on a page whose setting stands in its address."""
    named = ((getattr(getattr(node, "proto", None), "query_param_key", ""), node) for node in nodes(app))
    return {name: getattr(node, "value", None) for name, node in named if name}


def bring(app, key, data, name="mine.bin"):
    """Upload a weights file on a page and return it with the form that then opens."""
    app.file_uploader(key=f"{key} own weights").set_value((name, data, "application/octet-stream")).run()
    return app


def upload(app, *files, key="tray uploads"):
    """Files as (name, bytes) into the tray."""
    app.sidebar.file_uploader(key=key).set_value([(name, data, "image/png") for name, data in files]).run()
