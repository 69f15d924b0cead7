"""The exact bytes of a request, from a Scrapy Request. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from scrapy import Request

_DEFAULT_PORTS = {"http": 80, "https": 443}
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_IN_VALUE = re.compile(rb"[\r\n\x00]")
_BAD_IN_TARGET = re.compile(r"[^\x21-\x7e]")
# Framing is ours to say; hop-by-hop fields for a proxy are added by `request_bytes` only where the proxy reads them.
_OURS = frozenset((b"host", b"content-length", b"transfer-encoding", b"proxy-authorization", b"proxy-connection"))


class UnsafeRequest(ValueError):
    """The request cannot be written without saying something else than meant (a line end in a header, ...)."""


def request_bytes(request: Request, *, via_proxy: bool = False) -> bytes:
    """Return what to send: request line, Host, the other fields in the request's own order, the body.

    `via_proxy` gives the absolute form a plain HTTP proxy wants (RFC 9112 section 3.2.2), with its credentials.
    Raises UnsafeRequest for a method, target or field with bytes that would break the framing.
    """
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query or request.url.endswith("?") else "")
    if request.method == "OPTIONS" and target == "/*":
        target = "*"
    host = authority(request.url)
    if via_proxy:
        target = f"{parts.scheme}://{host}{target}"
    if not _METHOD.fullmatch(request.method):
        raise UnsafeRequest(f"not a method: {request.method!r}")
    if _BAD_IN_TARGET.search(target) or _BAD_IN_TARGET.search(host):
        raise UnsafeRequest(f"not a request target: {target!r}")
    own_host = request.headers.get(b"Host")
    lines = [f"{request.method} {target} HTTP/1.1".encode(), b"Host: " + _value(own_host or host.encode())]
    for name, values in request.headers.items():
        if name.lower() in _OURS:
            continue
        if not _NAME.fullmatch(name):
            raise UnsafeRequest(f"not a header name: {name!r}")
        lines += [name + b": " + _value(value) for value in values]
    if via_proxy:
        lines += [b"Proxy-Authorization: " + _value(v) for v in request.headers.getlist(b"Proxy-Authorization")]
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        lines.append(b"Content-Length: %d" % len(request.body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.body


def authority(url: str) -> str:
    """Host and, if it is not the scheme's own, port, as in a Host field; IDN hosts in their ASCII form."""
    parts = urlsplit(url)
    host = ascii_host(parts.hostname or "")
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    return host if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f"{host}:{port}"


def ascii_host(host: str) -> str:
    """The host as DNS and TLS want it. Raises UnsafeRequest where a name has no ASCII form."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError as cause:
        raise UnsafeRequest(f"not a host name: {host!r}") from cause


_PROXY_AUTHORIZATION = re.compile(rb"(\r\nProxy-Authorization: )[^\r\n]*", re.IGNORECASE)


def without_proxy_credentials(request: bytes) -> bytes:
    """The same request for the archive: what opens our proxy is between us and it, and no part of the news."""
    head, blank, body = request.partition(b"\r\n\r\n")
    return _PROXY_AUTHORIZATION.sub(rb"\1withheld", head) + blank + body


def _value(value: bytes) -> bytes:
    if _BAD_IN_VALUE.search(value):
        raise UnsafeRequest(f"a line end inside a header value: {value[:60]!r}")
    return value.strip(b" \t")
