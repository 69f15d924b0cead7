"""pywb: every capture asked for as a visitor would, and the bytes that come compared with those we keep.

Two collections: one from our WARC files, one from our WACZ. In the first each capture is asked for at its second, without
and with compression; in the second each page of pages.jsonl must be found.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import subprocess
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from archive.errors import UrlError
from archive.urls import canonical_url, urlkey
from archive.warc.cdxj import read_cdxj
from archive.warc.reader import iter_records, read_kept
from tests.oracles.environments import Environment, ToolFailed, python_environment
from tests.oracles.readers import Collection, Verdict

NOT_MODIFIED = "a 304 is played as the 304 it was, without the page it refers to"
TO_ITSELF = "a redirect to the same page is not played: it would go round for ever"
NOWHERE = "a redirect to what is no address is not played"
_WAIT_SECONDS = 60
_SILENT_SECONDS = 10


def pywb(collection: Collection, root: Path) -> Verdict:
    """Replay what was crawled."""
    tool = python_environment(root, "pywb", "pywb")
    verdict = Verdict(tool.packages)
    folder = collection.folder / f"replay-{collection.name}"
    folder.mkdir()
    tool.run("wb-manager", "init", "warcs", cwd=folder)
    tool.run("wb-manager", "add", "warcs", *collection.warcs, cwd=folder)
    tool.run("wb-manager", "init", "wacz", cwd=folder)
    tool.run("wb-manager", "add", "--unpack-wacz", "wacz", collection.wacz, cwd=folder)
    with _served(tool, folder) as port:
        captures, fetched = _replay(verdict, collection, port)
        pages = _pages(verdict, collection, port)
    verdict.did = f"{captures:,} captures replayed in {fetched:,} requests; {pages:,} pages of the WACZ found"
    return verdict


@contextmanager
def _served(tool: Environment, folder: Path) -> Iterator[int]:
    """pywb on loopback, while the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [str(tool.programs / "wayback"), "-b", "127.0.0.1", "-p", str(port)]
    with (folder / "wayback.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.3)
    raise ToolFailed("wayback did not start to listen")


def _get(port: int, path: str, accept: str) -> tuple[int, bytes]:
    """Status and body, as far as it came: of an answer that was cut off, Content-Length promises more than there is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SILENT_SECONDS)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": accept})
        answer = connection.getresponse()
        body = b""
        with suppress(TimeoutError, http.client.IncompleteRead):
            while piece := answer.read1(1 << 16):
                body += piece
        return answer.status, body
    finally:
        connection.close()


def _replay(verdict: Verdict, collection: Collection, port: int) -> tuple[int, int]:
    """Ask for every capture with a final status at its second; return how many there are, and how many requests it took."""
    held = _held(collection)
    by_second: dict[tuple[str, str], list[tuple[str, Held]]] = defaultdict(list)
    for line in read_cdxj(collection.cdxj):
        if line.mime == "warc/revisit" or (line.status or "") >= "200":
            by_second[line.urlkey, line.timestamp].append((line.url, held[line.filename, line.offset]))
    for (_, moment), group in sorted(by_second.items()):
        for accept in ("identity", "gzip, br"):
            status, body = _get(port, f"/warcs/{moment}id_/{_asked(group[0][0])}", accept)
            digest = hashlib.sha1(body).hexdigest()
            if any(one.is_shown(accept == "identity", status, digest) for _, one in group):
                continue
            reason = _reason([one for _, one in group], status, body)
            if reason:
                verdict.explained[reason] += 1
            else:
                found = f"{status}, {len(body):,} bytes {body[:60]!r}, kept {[one for _, one in group]}"
                verdict.differences.append(f"{group[0][0]} at {moment} ({accept}): {found}")
            break
    return sum(map(len, by_second.values())), 2 * len(by_second)


@dataclass(frozen=True)
class Held:
    """What a capture holds: SHA-1 of its entity and of the decoded body; for a revisit of the record it refers to."""

    entity: str
    body: str
    status: str  # of that record
    own_status: str  # of the capture itself
    nowhere: bool = False  # a redirect to what is no address

    def is_shown(self, decoded: bool, status: int, digest: str) -> bool:
        """Whether an answer is this. Where nothing may be compressed, it may still be: pywb cannot undo all codings."""
        return str(status) == self.status and digest in (
            (self.body, self.entity) if decoded else (self.entity, self.body)
        )


def _reason(group: list[Held], status: int, body: bytes) -> str | None:
    if status == 304 and not body and any(one.own_status == "304" for one in group):
        return NOT_MODIFIED
    if status == 404 and any(one.status in ("301", "302", "307", "308") for one in group):
        return TO_ITSELF
    return NOWHERE if status == 400 and any(one.nowhere for one in group) else None


def _leads_nowhere(location: str | None) -> bool:
    try:
        return location is not None and "://" in location and not canonical_url(location)
    except UrlError:
        return True


def _asked(url: str) -> str:
    """A URL as the path of a request: what is not ASCII escaped, what is escaped left alone."""
    return "".join(
        letter if letter.isascii() else "".join(f"%{byte:02X}" for byte in letter.encode()) for letter in url
    )


def _held(collection: Collection) -> Mapping[tuple[str, int], Held]:
    """What each capture holds, by its place."""
    found: dict[str, Held] = {}
    places: dict[tuple[str, int], tuple[str, str]] = {}
    for path in collection.warcs:
        for record in iter_records(path):
            if record.warc_type in ("response", "revisit"):
                kept = read_kept(record)
                status = f"{kept.head.status:03d}" if kept.head.status is not None else ""
                places[path.name, record.offset] = (record.value("WARC-Refers-To") or record.record_id, status)
                digests = (hashlib.sha1(kept.entity).hexdigest(), hashlib.sha1(kept.body).hexdigest())
                found[record.record_id] = Held(*digests, status, status, _leads_nowhere(kept.head.value("location")))
    return {place: replace(found[ident], own_status=status) for place, (ident, status) in places.items()}


def _pages(verdict: Verdict, collection: Collection, port: int) -> int:
    with zipfile.ZipFile(collection.wacz) as zipped:
        _, *pages = [json.loads(line) for line in zipped.read("pages/pages.jsonl").splitlines()]
    keys = {line.urlkey for line in read_cdxj(collection.cdxj)}
    for page in pages:
        moment = "".join(letter for letter in page["ts"][:19] if letter.isdigit())
        status, body = _get(port, f"/wacz/{moment}id_/{_asked(page['url'])}", "identity")
        if status != 200 or not body or urlkey(page["url"]) not in keys:
            verdict.differences.append(f"page {page['url']} at {moment}: {status}, {len(body)} bytes")
    return len(pages)
