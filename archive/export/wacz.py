"""WACZ: WARC files, their index and a list of pages with text in one zip that ReplayWeb.page and others open.

Whole WARC files go in, so that every byte is as it was: those that hold the pages, and those that revisits in them
refer to. Format: WACZ 1.1.1 (specs.webrecorder.net/wacz). The text of pages lets a reader search without our catalog.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.reading.originals import original_of
from archive.times import rfc3339
from archive.warc.captures import build_index
from archive.warc.cdxj import merge_cdxj

VERSION = "1.1.1"
_BLOCK_LINES = 3000  # of the index in one gzip member, as py-wacz does
_COPY_BYTES = 1 << 20
_NOT_IN_NAMES = re.compile(r"[^-a-z0-9._]+")


@dataclass(slots=True)
class Packed:
    """What went into a WACZ. `left_out` pages lie in files that are still written, or in another archive's folder."""

    pages: int = 0
    left_out: int = 0
    warc_files: list[str] = field(default_factory=list)


def write_wacz(archive: Archive, records: Iterable[dict[str, Any]], out: Path, now: datetime, *, every: bool) -> Packed:
    """Write a WACZ with the pages of `records`; with `every`, also all files that hold none of them.

    Raises OSError where it cannot be written, NotFound for a file that has gone.
    """
    done = Packed()
    closed = archive.store.warc_files()
    files = set(closed) if every else set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as zipped:
        package = _Package(zipped, now)
        package.add_lines("pages/pages.jsonl", _pages(records, set(closed), files, done))
        done.warc_files = sorted(files if every else _with_originals(archive, files))
        for name in done.warc_files:
            package.add_file("archive/" + name.rsplit("/", 1)[-1], archive.store.find(name))
        package.add_index(merge_cdxj([_index_of(archive, name) for name in done.warc_files]))
        package.finish(archive.name)
    return done


def _pages(
    records: Iterable[dict[str, Any]], closed: set[str], files: set[str], done: Packed
) -> Iterator[dict[str, Any]]:
    """The lines of pages.jsonl; notes in `files` where their captures are."""
    yield {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
    for record in records:
        name = record["capture"]["warc_file"]
        if name not in closed:
            done.left_out += 1
            continue
        files.add(name)
        done.pages += 1
        yield {
            "id": f"{record['id']}-{record['revision']}",
            "url": record["url"],
            "ts": record["capture"]["fetched_at"],
            "title": record["headline"] or "",
            "text": record["text"],
            "mime": record["capture"]["mime"],
            "status": record["capture"]["status"],
        }


def _with_originals(archive: Archive, files: set[str]) -> set[str]:
    """The files, and those with what revisits in them refer to."""
    from archive.catalog import captures

    found: set[str] = set()
    waiting = set(files)
    while waiting:
        name = waiting.pop()
        found.add(name)
        for capture in captures.in_file(archive.catalog, archive.name, name):
            original = original_of(archive, capture) if capture.record_type == "revisit" else None
            if original and original.archive == archive.name and original.warc_file not in found:
                waiting.add(original.warc_file)
    return found & set(archive.store.warc_files())


def _index_of(archive: Archive, name: str) -> Path:
    """The index beside a file; made from the file where it is missing."""
    path = archive.store.path(archive.store.cdxj_path_of(name))
    if not path.exists():
        path.write_bytes(build_index(archive.store.find(name), name))
    return path


class _Package:
    """The zip being written, and the digests that go into its datapackage.json."""

    def __init__(self, zipped: zipfile.ZipFile, now: datetime) -> None:
        self._zipped, self._now = zipped, now
        self._resources: list[dict[str, Any]] = []

    def add_file(self, path: str, source: Path) -> None:
        with source.open("rb") as file:
            self._add(path, iter(lambda: file.read(_COPY_BYTES), b""))

    def add_lines(self, path: str, lines: Iterable[dict[str, Any]]) -> None:
        self._add(path, (_json(line) + b"\n" for line in lines))

    def add_index(self, lines: Iterable[bytes]) -> None:
        """The CDXJ in compressed blocks, and a list of where each begins."""
        idx: list[bytes] = [b'!meta {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n']
        self._add("indexes/index.cdx.gz", _blocks(lines, idx))
        self._add("indexes/index.idx", idx)

    def finish(self, title: str) -> None:
        package = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": title,
            "created": rfc3339(self._now.replace(microsecond=0)),
            "software": "pressmark",
            "resources": self._resources,
        }
        content = json.dumps(package, indent=2, ensure_ascii=False).encode()
        self._write("datapackage.json", [content])
        digest = {"path": "datapackage.json", "hash": "sha256:" + hashlib.sha256(content).hexdigest()}
        self._write("datapackage-digest.json", [json.dumps(digest, indent=2).encode()])

    def _add(self, path: str, pieces: Iterable[bytes]) -> None:
        size, digest = self._write(path, pieces)
        # Data packages allow few characters in a name; two files must not share one, the path is the true one.
        name = _NOT_IN_NAMES.sub("-", path.rsplit("/", 1)[-1].lower())
        while any(known["name"] == name for known in self._resources):
            name = "x-" + name
        self._resources.append({"name": name, "path": path, "hash": f"sha256:{digest}", "bytes": size})

    def _write(self, path: str, pieces: Iterable[bytes]) -> tuple[int, str]:
        info = zipfile.ZipInfo(path, self._now.astimezone(UTC).timetuple()[:6])
        info.external_attr = 0o644 << 16
        running, size = hashlib.sha256(), 0
        with self._zipped.open(info, "w", force_zip64=True) as out:
            for piece in pieces:
                out.write(piece)
                running.update(piece)
                size += len(piece)
        return size, running.hexdigest()


def _blocks(lines: Iterable[bytes], idx: list[bytes]) -> Iterator[bytes]:
    """Gzip members of so many lines each; `idx` gets a line for each."""
    offset = 0
    given = iter(lines)
    while block := list(islice(given, _BLOCK_LINES)):
        packed = gzip.compress(b"".join(block), mtime=0)
        key, moment, _ = block[0].split(b" ", 2)
        digest = "sha256:" + hashlib.sha256(packed).hexdigest()
        place = {"offset": offset, "length": len(packed), "digest": digest, "filename": "index.cdx.gz"}
        idx.append(key + b" " + moment + b" " + _json(place) + b"\n")
        offset += len(packed)
        yield packed


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace")
