"""The capture of a URL that is nearest to a time, with its body: what a page was then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.answers.lookup import as_url
from archive.archive import Archive
from archive.errors import NotFound
from archive.folder.store import LocalStore
from archive.http.messages import Head
from archive.model import Capture, ReadingRules
from archive.reading.originals import payload_holder
from archive.reading.read import job_of


@dataclass(frozen=True, slots=True)
class View:
    """A capture and what it holds. For a revisit, `entity` and `body` are those of the record it refers to.

    `path` and `capture.warc_offset` say where it is; `times` are those of all captures of the URL, oldest first.
    `entity` is transfer-decoded, `body` content-decoded too. `has_body` is False for a revisit whose record is unknown.
    """

    capture: Capture
    path: Path
    head: Head
    entity: bytes
    body: bytes
    has_body: bool
    payload_of: str | None  # the record a revisit stands for, as far as it is known
    problems: tuple[str, ...]
    times: tuple[datetime, ...]


def view(archive: Archive, asked: str, at: datetime | None = None) -> View:
    """Return the capture of a URL nearest to `at` (None: the newest). Raises NotFound, WarcDamaged."""
    from archive.catalog import captures
    from archive.warc.reader import read_exchange_block

    url = as_url(asked)
    found = captures.of_url(archive.catalog, url) if url else []
    if url is None or not found:
        hint = "pressmark articles, or pressmark warc ls for every capture"
        raise NotFound(f"no capture of {asked}", hint=hint)
    capture = (captures.nearest(archive.catalog, url, at) if at else None) or found[-1]
    job, holder = job_of(archive, capture, ReadingRules()), payload_holder(archive, capture)
    store = LocalStore(Path(job.root))
    path = store.find(job.warc_file)
    kept = payload = read_exchange_block(path, job.offset)
    if job.payload_file is not None and job.payload_offset is not None:
        payload = read_exchange_block(store.find(job.payload_file), job.payload_offset)
    return View(
        capture=capture,
        path=path,
        head=kept.head,
        entity=payload.entity,
        body=payload.body,
        has_body=capture.record_type == "response" or payload is not kept,
        payload_of=holder.record_id if holder else capture.refers_to,
        problems=payload.problems,
        times=tuple(one.fetched_at for one in found),
    )
