"""Every test of a page runs as on a server that has run before."""

from tests.helpers.pages import a_server_that_has_run_before  # noqa: F401
