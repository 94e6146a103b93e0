"""What a server that others can reach keeps to itself, and whom a page may ask.

The app's pages hold names and words of strangers. They are escaped (pages/parts/common/words.py); that nothing leaves
the browser unasked does not hang on that alone: the policy below lets a page ask this server and nobody else.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any

import streamlit as st

from core.base.prose import section
from pages.parts.common.words import code, plain

FOLDERS = "RECEPTIVE_FOLDERS"  # "1": folder fields are on wherever the server listens
METRICS = "/_stcore/metrics"  # Streamlit 1.67 has no setting for it
POLICY = "; ".join(
    (
        "default-src 'self' data: blob:",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # the front end's own
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self' ws: wss: data: blob:",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def only_this_machine() -> bool:
    """Whether the server listens on this machine's own address alone; without a setting it listens on all."""
    address = str(st.get_option("server.address") or "")
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def folders() -> bool:
    """Whether a visitor may name a folder of the server."""
    return only_this_machine() or os.environ.get(FOLDERS) == "1"


def folder_field(place: Any, label: str, key: str, **options: Any) -> str:
    """A text field for a folder of the server: what is typed, "" where such fields are off, which is said instead."""
    if folders():
        return str(place.text_input(plain(label), key=key, **options) or "")
    place.caption(section("common", "folders off", setting=code(f"{FOLDERS}=1")))
    return ""


class Door:
    """An ASGI application before Streamlit's own."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"content-security-policy", POLICY.encode())]
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"].rstrip("/").endswith(METRICS) and not only_this_machine():
            await with_policy({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self.app(scope, receive, with_policy)
