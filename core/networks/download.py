"""One published file, fetched into the user's cache folder: verified, then renamed, never half used.

By urllib: torch.hub.download_url_to_file cannot resume, has no timeout and imports torch, and requests would not remove
code. filelock lets one process fetch while the others wait for its file: the system frees the lock of a process that
dies, and one shared part file, unlike unique ones, can be resumed after that.
"""

import hashlib
import re
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Literal, cast
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from core.base.files import cache_folder, unwritable

MAX_BYTES = 2_000_000_000
CHUNK_BYTES = 1 << 16

Progress = Callable[[int, int | None], None]


class WeightsError(ValueError):
    """Trained numbers that cannot be used: what was expected, what came, and what to do, in one sentence."""


class Offline(WeightsError):
    """No connection, or no server at the other end; the packaged networks need neither."""


def ignore(done: int, total: int | None) -> None:
    """The progress callback of those who do not watch: bytes on disk, bytes expected (None: unknown)."""


@dataclass(frozen=True)
class Published:
    """A file that somebody else trained and published; `sha256_prefix` is the start of its bytes' SHA-256.

    Raises WeightsError: not an http(s) URL that ends in a plain file name, or fewer than 8 hexadecimal digits.
    """

    name: str
    url: str
    sha256_prefix: str
    source: Literal["authors", "torchvision"]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https?://[^\s/]+/(\S*/)?[A-Za-z0-9_][A-Za-z0-9._-]*", self.url):
            raise WeightsError(f"expected an http(s) URL that ends in a file name, got {self.url!r}: correct it")
        if not re.fullmatch(r"[0-9a-f]{8,64}", self.sha256_prefix):
            raise WeightsError(
                f"expected 8 to 64 hexadecimal digits of the SHA-256 of {self.filename}, "
                f"got {self.sha256_prefix!r}: without them its bytes cannot be trusted"
            )

    @property
    def filename(self) -> str:
        return self.url.rpartition("/")[2]


def download(
    published: Published, folder: Path | None = None, progress: Progress = ignore, *, timeout: float = 20
) -> Path:
    """The verified file in `folder` (default: `cache_folder()`), fetched only where it is missing or corrupt.

    `progress(bytes_done, bytes_total or None)` is called as bytes arrive; what it raises stops the download.
    An interrupted download leaves `<filename>.part`, and the next call goes on from there. `timeout` is the
    longest silence of the server, in seconds. While another process fetches the same file, this one waits.
    Raises Offline: no connection, or no answer from the server. Raises WeightsError: refused, cut off, too large, not
    the published bytes, or an unwritable folder.
    """
    target = (folder or cache_folder()) / published.filename
    part = target.with_name(target.name + ".part")
    try:
        if _is_verified(target, published):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.with_name(target.name + ".lock"), part, progress):
            if not _is_verified(target, published):
                target.unlink(missing_ok=True)
                _fetch(published.url, part, progress, timeout)
                _verify(part, published)
                part.replace(target)
    except OSError as error:
        raise WeightsError(unwritable(target.name, target.parent, error)) from error
    return target


def _is_verified(path: Path, published: Published) -> bool:
    return path.is_file() and _sha256(path).startswith(published.sha256_prefix)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _locked(path: Path, part: Path, progress: Progress) -> AbstractContextManager[object]:
    lock = FileLock(path)
    while True:
        try:
            return lock.acquire(timeout=1)
        except Timeout:
            progress(part.stat().st_size if part.exists() else 0, None)


def _verify(part: Path, published: Published) -> None:
    digest = _sha256(part)
    if not digest.startswith(published.sha256_prefix):
        part.unlink()
        raise WeightsError(
            f"expected {published.filename} with a SHA-256 that starts with {published.sha256_prefix}, "
            f"got {digest[:16]}: the bytes were thrown away; try again, or look for a proxy or sign-in page "
            "that answers in the server's place"
        )


def _fetch(url: str, part: Path, progress: Progress, timeout: float) -> None:
    response, done = _connect(url, part.stat().st_size if part.exists() else 0, timeout)
    with response, part.open("ab" if done else "wb") as file:
        total = None if response.length is None else done + response.length
        while True:
            if max(done, total or 0) > MAX_BYTES:
                file.truncate(0)
                raise WeightsError(
                    f"expected at most {MAX_BYTES:,} bytes from {url}, got {max(done, total or 0):,}: "
                    "no published network is that large, so do not use this address"
                )
            try:
                chunk = response.read(CHUNK_BYTES)
            except (OSError, HTTPException) as error:
                raise _cut_off(url, done, total, _one_line(error)) from error
            if not chunk:
                break
            done += len(chunk)
            file.write(chunk)
            progress(done, total)
    if total is not None and done < total:
        raise _cut_off(url, done, total, "the connection was closed")


def _connect(url: str, start: int, timeout: float) -> tuple[HTTPResponse, int]:
    """An open answer and the byte it begins at: `start` where the server can resume, else 0."""
    headers = {"User-Agent": "receptive"} | ({"Range": f"bytes={start}-"} if start else {})
    host = urlsplit(url).hostname
    try:
        response = cast(HTTPResponse, _opener().open(request.Request(url, headers=headers), timeout=timeout))
    except HTTPError as error:
        error.close()
        if error.code == 416 and start:
            return _connect(url, 0, timeout)
        advice = "try again later" if error.code >= 500 else "use a packaged network or your own file"
        raise WeightsError(f"expected {url}, got {error.code} {_one_line(error.reason)}: {advice}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise _no_answer(str(host), error) from error
    if response.status == 200:
        return response, 0
    if start and (response.headers["Content-Range"] or "").startswith(f"bytes {start}-"):
        return response, start
    response.close()
    if start:
        return _connect(url, 0, timeout)
    raise WeightsError(f"expected the whole of {url}, got status {response.status} from the server: try again later")


def _opener() -> request.OpenerDirector:
    # build_opener would add doors for file:, ftp: and data:, which a redirect could then open.
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPRedirectHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _no_answer(host: str, error: Exception) -> WeightsError:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return WeightsError(
            f"expected a certificate of {host} that this computer trusts, got {reason.verify_message}: "
            "set SSL_CERT_FILE to your organisation's certificates (on macOS, run Python's "
            "'Install Certificates.command')"
        )
    if isinstance(reason, OSError):
        said = _one_line(reason.strerror or reason)
        return Offline(
            f"expected an answer from {host}, got none ({said}): the packaged networks keep working "
            "without a connection; connect and try again for this one"
        )
    return WeightsError(f"expected an answer from {host}, got {_one_line(reason)}: try again later")


def _cut_off(url: str, done: int, total: int | None, reason: str) -> WeightsError:
    whole = "the whole" if total is None else f"{total:,} bytes"
    return WeightsError(f"expected {whole} of {url}, got {done:,} bytes ({reason}): try again to fetch the rest")


def _one_line(said: object) -> str:
    text = " ".join(str(said).split()) or type(said).__name__
    return text if len(text) <= 160 else text[:159] + "…"
