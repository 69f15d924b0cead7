"""The table in docs/warc.md: each behaviour of the adversary and what the record of it holds.

What a server does is said here in words; what the record holds is read from `BEHAVIOURS`, which
`test_fetch_every_byte` proves over TCP and TLS. After a change: `python -m tests.crawler.behaviour_table`.
"""

from __future__ import annotations

from pathlib import Path

from tests.crawler import adversary
from tests.crawler.adversary import BEHAVIOURS, Behaviour

DOCUMENT = Path(__file__).parents[2] / "docs" / "warc.md"
BEGIN, END = "<!-- behaviours: begin -->\n", "<!-- behaviours: end -->\n"
GROUPS = (
    ("Header lines", adversary._HEADERS),
    ("Status lines", adversary._STATUS_LINES),
    ("Lengths", adversary._LENGTHS),
    ("Chunks", adversary._CHUNKS),
    ("Codings", adversary._CODINGS),
    ("Without a body", adversary._NO_BODIES),
    ("Interim responses", adversary._INTERIM),
    ("How connections end", adversary._ENDS),
    ("Without an end", adversary._ENDLESS),
)
DOES = {
    "plain": "answers as everyone should",
    "lower-case-headers": "writes header names in lower case",
    "odd-case-headers": "writes header names in odd case",
    "duplicated-headers": "repeats Set-Cookie and X-A, in two cases",
    "folded-header": "folds a header value over three lines",
    "colonless-header-line": "sends a header line without a colon",
    "latin1-header": "sends a header value in Latin-1",
    "utf8-header": "sends a header value in UTF-8, with Chinese",
    "space-before-colon": "puts a space before a colon",
    "empty-header-value": "sends headers with empty and blank values",
    "empty-header-name": "sends a header without a name",
    "tabs-around-values": "puts tabs around a value",
    "nul-in-header": "puts a NUL into a value",
    "header-line-of-16-kib": "sends a header line of 16 KiB",
    "header-line-of-64-kib": "sends a header line of 64 KiB",
    "two-thousand-headers": "sends two thousand headers",
    "bare-lf": "ends lines with LF alone",
    "mixed-line-ends": "mixes CRLF and LF",
    "bare-cr-in-value": "puts a CR alone into a value",
    "head-byte-by-byte": "sends the head one byte at a time",
    "content-type-missing": "sends no Content-Type",
    "content-type-twice": "sends two different Content-Types",
    "empty-reason": "leaves the reason empty",
    "no-reason": "leaves the reason out, with its space",
    "strange-reason": "gives a reason with punctuation",
    "latin1-reason": "gives a reason in Latin-1",
    "very-long-reason": "gives a reason of 20,000 bytes",
    "lower-case-version": "writes http/1.1 in lower case",
    "spaces-in-status-line": "puts several spaces into the status line",
    "http-1.0": "answers as HTTP/1.0 and closes",
    "http-1.0-keep-alive": "answers as HTTP/1.0 and stays open",
    "http-1.0-without-length": "answers as HTTP/1.0, without a length",
    "http-2.0-in-text": "calls itself HTTP/2.0 in text",
    "http-without-minor": "calls itself HTTP/2 in text",
    "icy": "answers `ICY 200 OK` as radio servers do",
    "status-299": "answers 299",
    "status-404": "answers 404",
    "status-429": "answers 429 with Retry-After",
    "status-500-empty": "answers 500 with an empty body",
    "status-999": "answers 999",
    "status-000": "answers 000",
    "blank-lines-first": "sends blank lines before the status line",
    "no-status-line": "sends a page without any head",
    "binary-garbage": "sends bytes that are no HTTP",
    "status-of-two-digits": "sends a status of two digits",
    "status-in-words": "sends words where the status should be",
    "ssh-banner": "is an SSH server",
    "content-length-zero": "says and sends nothing",
    "content-length-too-long": "says 999 bytes, sends 60 and closes",
    "content-length-too-long-accepted": "the same, where a loss of data is accepted",
    "content-length-too-short": "says 20 bytes and sends 60",
    "content-length-conflicting": "gives two different lengths",
    "content-length-repeated": "gives the same length twice",
    "content-length-as-list": "gives the length as a list, `60, 60`",
    "content-length-negative": "gives the length -1",
    "content-length-in-words": "gives the length in words",
    "content-length-plus": "gives the length as +60",
    "content-length-empty": "gives an empty length",
    "length-and-chunked": "gives a wrong length, and chunks",
    "closed-body": "gives no length and closes at the end",
    "connection-close": "says `Connection: close`",
    "connection-close-but-open": "says `Connection: close` and does not close",
    "body-of-exactly-the-limit": "sends exactly as much as our limit allows",
    "body-over-the-limit": "sends more than our limit allows",
    "binary-body": "sends an image",
    "body-in-pieces": "sends head and body in pieces, with pauses",
    "chunked": "sends chunks",
    "chunked-extensions": "sends chunks with extensions",
    "chunked-trailers": "sends trailers after the chunks",
    "chunked-leading-zeros": "writes chunk sizes with leading zeros",
    "chunked-byte-chunks": "sends chunks of one byte",
    "chunked-byte-by-byte": "sends chunks one byte at a time",
    "chunked-bare-lf": "ends chunk lines with LF alone",
    "chunked-empty": "sends only the last chunk",
    "chunked-odd-case": "writes `Chunked` in odd case",
    "chunked-twice": "gives Transfer-Encoding twice",
    "chunked-identity": "gives Transfer-Encoding identity",
    "transfer-gzip-unframed": "gives Transfer-Encoding gzip without chunks",
    "chunked-bad-size": "sends a chunk size that is no number",
    "chunked-no-line-end": "leaves out the line end after a chunk",
    "chunked-closed-inside-data": "closes inside a chunk",
    "chunked-without-last-chunk": "closes before the last chunk",
    "chunked-closed-before-trailer-end": "closes before the end of the trailers",
    "chunked-reset": "resets the connection between chunks",
    "chunked-size-too-large": "announces a chunk of an exabyte and closes",
    "gzip": "sends gzip",
    "x-gzip": "sends gzip called x-gzip",
    "gzip-odd-case": "sends gzip called GZip",
    "gzip-chunked": "sends gzip in chunks",
    "brotli": "sends brotli",
    "zstd": "sends zstd",
    "deflate": "sends deflate with a zlib header",
    "deflate-raw": "sends deflate without one",
    "gzip-twice": "sends gzip inside gzip",
    "gzip-then-brotli": "sends gzip inside brotli",
    "gzip-then-brotli-in-two-lines": "the same, named in two header lines",
    "coding-identity": "names the coding identity",
    "plain-labelled-gzip": "calls plain text gzip",
    "gzip-labelled-brotli": "calls gzip brotli",
    "gzip-cut": "sends gzip without its end",
    "gzip-with-garbage-after": "sends gzip and garbage after it",
    "gzip-not-labelled": "sends a gzip file as itself",
    "coding-unknown": "names a coding nobody knows",
    "coding-empty-body": "names gzip and sends nothing",
    "gzip-bomb": "sends 40 MiB in a few kilobytes of gzip",
    "status-204": "answers 204",
    "status-204-with-body": "answers 204 with a body",
    "status-304": "answers 304",
    "status-304-with-length": "answers 304 with a Content-Length",
    "status-304-with-body": "answers 304 with a body",
    "head-with-length": "answers HEAD with a Content-Length",
    "post": "answers a POST",
    "put-of-nothing": "answers a PUT without a body",
    "continue-first": "sends 100 first",
    "early-hints-first": "sends 103 first",
    "several-interim": "sends 100 and two 103 first",
    "interim-byte-by-byte": "sends 103 one byte at a time",
    "interim-then-closed": "sends 103 and closes",
    "switching-protocols": "answers 101",
    "closed-without-a-byte": "closes without a byte",
    "reset-without-a-byte": "resets without a byte",
    "closed-inside-status-line": "closes inside the status line",
    "closed-inside-head": "closes inside the head",
    "reset-inside-head": "resets inside the head",
    "reset-inside-body": "resets inside the body",
    "reset-after-closed-body": "resets where closing would end the body",
    "reset-after-the-end": "resets after a whole response",
    "leftovers": "sends a second response nobody asked for",
    "leftovers-of-100-kb": "sends 100 kB after the end",
    "leftovers-of-a-crlf": "sends a line end after the end",
    "leftovers-later": "sends a second response a little later",
    "redirect": "redirects",
    "redirect-loop": "redirects to itself",
    "redirect-to-private": "redirects to an address of the cloud's inside",
    "redirect-to-file": "redirects to file:///etc/passwd",
    "redirect-without-location": "redirects without saying where to",
    "endless-headers": "sends headers without end",
    "endless-header-line": "sends a header line without end",
    "endless-headers-past-the-readers-limit": "the same, where only the reader has a limit",
    "endless-status-line": "sends a reason without end",
    "endless-body": "sends a body without end",
    "endless-chunks": "sends chunks without end",
    "endless-chunk-extension": "sends a chunk extension without end",
    "endless-trailers": "sends trailers without end",
    "endless-interim": "sends 100 without end",
    "slow-drip": "sends a byte now and then",
    "slow-head": "sends the head a byte now and then",
    "silence": "says nothing",
    "silence-inside-head": "falls silent inside the head",
    "silence-inside-body": "falls silent inside the body",
}
_WHY = {"length": "our limit", "time": "our time limit", "disconnect": "the server ended the connection"}


def holds(one: Behaviour) -> str:
    """What the records of the exchange hold, in a sentence."""
    said = [_block(one)]
    if one.interim or one.name == "endless-interim":
        said.append("the interim heads are in the metadata record")
    if one.excess:
        said.append("what came after the end is counted in a note, not kept")
    if one.truncated and not said[0].startswith("no response"):
        said.append(f"`WARC-Truncated: {one.truncated}` ({_WHY[one.truncated]})")
    if one.note:
        said.append(f"note “… {one.note} …”")
    if one.error:
        said.append(f"no page is made of it ({one.error})")
    elif one.flag and one.flag.startswith("decoding"):
        said.append("the page says that its coding could not be taken off")
    return "; ".join(said)


def _block(one: Behaviour) -> str:
    if not one.forever and one.truncated != "length":
        return "all bytes as sent" if one.response else "no response record: not a byte of one came"
    if one.name == "endless-interim":
        return "no response record: not a byte of a final one came"
    return "all bytes up to the cut, as sent"


def table() -> str:
    """The whole table, one part for each group."""
    parts = []
    for title, group in GROUPS:
        rows = "".join(f"| {one.name} | {DOES[one.name]} | {holds(one)} |\n" for one in group)
        parts.append(f"### {title}\n\n| name | the server … | the records hold |\n|---|---|---|\n{rows}\n")
    count = f"{len(BEHAVIOURS)} behaviours, each over TCP and over TLS.\n\n"
    return count + "".join(parts)


def document(text: str) -> str:
    """The document with its table as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text("utf-8")), "utf-8")
