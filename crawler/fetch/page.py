"""The page Scrapy gets, from a reply that has been kept. Pure."""

from __future__ import annotations

import ipaddress

from scrapy import Request
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from archive.http.codings import decode_content
from archive.http.messages import Head
from crawler.fetch.reply import Reply

_IDENTITY = ("", "identity")


def page_of(reply: Reply, request: Request, *, decoded_bytes: int) -> Response:
    """The Scrapy response of a reply: body content-decoded, so without Content-Encoding; all other fields as sent."""
    head = reply.head
    codings = [coding for coding in head.tokens("content-encoding") if coding not in _IDENTITY]
    flags = [f"truncated:{reply.truncated}"] if reply.truncated else []
    body = reply.entity
    if reply.entity_cut:
        flags.append("body-cut")
    if codings and body:
        decoded = decode_content(body, codings, max_bytes=decoded_bytes)
        body = decoded.body
        flags += [f"decoding: {problem}" for problem in decoded.problems]
    headers = _headers(head)
    kind: type[Response] = responsetypes.from_args(headers=headers, url=request.url, body=body)
    return kind(
        request.url,
        status=head.status or 0,
        headers=headers,
        body=body,
        flags=flags,
        ip_address=ipaddress.ip_address(reply.ip_address.partition("%")[0]) if reply.ip_address else None,
        protocol=head.version.decode("latin-1"),
    )


def _headers(head: Head) -> Headers:
    fields: dict[bytes, list[bytes]] = {}
    for name, value in head.fields:
        if name.lower() != b"content-encoding":
            fields.setdefault(name.title(), []).append(value)
    return Headers(fields)
