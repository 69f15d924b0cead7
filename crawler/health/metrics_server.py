"""/metrics over HTTP, for Prometheus to scrape. One page, made anew at most every few seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

from archive.errors import PortInUse, PressmarkError, UsageError
from archive.health.metrics import CONTENT_TYPE

_FRESH_SECONDS = 5.0  # several scrapers, or an impatient one, must not keep the catalog busy


def address_of(text: str) -> tuple[str, int]:
    """Read "127.0.0.1:9400", "[::1]:9400" or ":9400". Raises UsageError."""
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f'"{text}" is not an address to listen on', hint="pressmark metrics --listen 127.0.0.1:9400")
    return host.strip("[]") or "127.0.0.1", int(port)


def serve(host: str, port: int, text: Callable[[], str], *, ready: Callable[[str], None] = lambda url: None) -> None:
    """Serve until Ctrl-C. `text` makes the page; a PressmarkError of it is answered with 503. Raises PortInUse."""
    page = _Page(text)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self._answer(404, "text/plain; charset=utf-8", "metrics are at /metrics\n")
                return
            try:
                self._answer(200, CONTENT_TYPE, page.get())
            except PressmarkError as error:
                self._answer(503, "text/plain; charset=utf-8", f"{error.message}\n")

        do_HEAD = do_GET

        def _answer(self, status: int, content_type: str, said: str) -> None:
            body = said.encode("utf-8")
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A line for each scrape would say nothing."""

    try:
        server = _server(host, port, Handler)
    except OSError as error:
        raise PortInUse(
            f"cannot listen on {host}:{port} ({error.strerror})", hint=f"pressmark metrics --listen {host}:{port + 1}"
        ) from error
    with server:
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{server.server_address[1]}/metrics")
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            return


def _server(host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    import socket

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    return Server((host, port), handler)


class _Page:
    """The text, as old as `_FRESH_SECONDS` at most; made by one thread while the others wait for it."""

    def __init__(self, text: Callable[[], str]) -> None:
        self._text, self._lock = text, threading.Lock()
        self._made, self._at = "", float("-inf")

    def get(self) -> str:
        with self._lock:
            if monotonic() - self._at > _FRESH_SECONDS:
                self._made, self._at = self._text(), monotonic()
            return self._made
