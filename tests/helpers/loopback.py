"""A server on loopback for download tests: each path misbehaves in its own way."""

import hashlib
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from core.networks.download import Published

PAYLOAD = np.random.default_rng(0).bytes(400_000)
DIGEST = hashlib.sha256(PAYLOAD).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.close_connection = True
        self.server.asked.append((self.path, self.headers["Range"]))
        getattr(self, self.path.split("/")[1])()

    def start(self):
        asked = self.headers["Range"]
        return int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0

    def send(self, body, *, status=200, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def ranged(self, *, drop=None):
        start, total = self.start(), len(PAYLOAD)
        if start >= total:
            self.send(b"", status=416)
            return
        body = PAYLOAD[start:] if drop is None else PAYLOAD[start:drop]
        headers = {"Content_Range": f"bytes {start}-{total - 1}/{total}"} if start else {}
        self.send(body, status=206 if start else 200, length=total - start, **headers)

    def drops(self):
        self.ranged(drop=None if self.start() else 150_000)

    def plain(self):
        self.send(PAYLOAD)

    def plaindrops(self):
        self.send(PAYLOAD[:150_000] if len(self.server.asked) == 1 else PAYLOAD, length=len(PAYLOAD))

    def wrongrange(self):
        start = self.start()
        self.send(PAYLOAD[5:] if start else PAYLOAD, status=206 if start else 200, Content_Range="bytes 5-9/10")

    def only206(self):
        self.send(PAYLOAD, status=206)

    def wrong(self):
        self.send(b"<html>sign in</html>")

    def missing(self):
        self.send(b"no", status=404)

    def broken(self):
        self.send(b"oops", status=500)

    def silent(self):
        self.server.release.wait(5)

    def stalls(self):
        self.send(PAYLOAD[:150_000], length=len(PAYLOAD))
        self.wfile.flush()
        self.server.release.wait(5)

    def slow(self):
        self.send(b"", length=len(PAYLOAD))
        for at in range(0, len(PAYLOAD), 40_000):
            self.wfile.write(PAYLOAD[at : at + 40_000])
            time.sleep(0.1)

    def short(self):
        self.send(PAYLOAD, length=len(PAYLOAD) // 2)

    def huge(self):
        self.send(b"x", length=3_000_000_000)

    def endless(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAYLOAD)

    def chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"fffff\r\n" + PAYLOAD[:1000])

    def garbage(self):
        self.wfile.write(b"\x00\x01 not http\r\n\r\n")

    def redirect(self):
        self.send(b"", status=302, Location="/ranged/net.pth")

    def loop(self):
        self.send(b"", status=302, Location=self.path)

    def tofile(self):
        self.send(b"", status=302, Location=Path(__file__).as_uri())

    def toftp(self):
        self.send(b"", status=302, Location="ftp://127.0.0.1/net.pth")

    def todata(self):
        self.send(b"", status=302, Location="data:text/plain,hello")


@contextmanager
def serve():
    """A running server: its `url`, the (path, range) `asked` of it, and the event `release` that ends its stalling."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass  # a client that hangs up is part of these tests

    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked, running.release = [], threading.Event()
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.release.set()
        running.shutdown()
        thread.join()


def entry(server, way, prefix=DIGEST[:8]):
    return Published("net", f"{server.url}/{way}/net.pth", prefix, "authors")
