"""Auditing a WARC file: is it what went over the wire, or what a tool made of it?

`check_file` asks whether a file is whole. This asks whether its records can be exact: forged status lines, joined
headers, lost chunks, bodies without their coding, requests for something else, digests over the wrong bytes, and
whether the file can be read at random. A finding names its kind once, with how often it occurs and where.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from archive.errors import NotFound
from archive.folder.store import OPEN_SUFFIX
from archive.warc.digests import sha256_of
from archive.warc.fidelity import (
    NOT_THE_WIRE,
    Certainty,
    Fault,
    RequestFacts,
    ResponseFacts,
    judge_file,
    request_facts,
    response_facts,
)
from archive.warc.judged import read_judgement
from archive.warc.members import MAGIC
from archive.warc.records import parse_warc_fields
from archive.warc.salvage import Found, Gap, salvage


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of fault in a file. `offsets` are those of its records, in order."""

    code: str
    certainty: Certainty
    message: str  # of the first
    offsets: tuple[int, ...]
    target_uri: str | None  # of the first

    @property
    def count(self) -> int:
        return len(self.offsets)

    @property
    def changes_bytes(self) -> bool:
        """Whether it proves that the bytes of these responses are not those that were received."""
        return self.certainty == "proven" and self.code in NOT_THE_WIRE


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in one file; `software` is what its warcinfo says wrote it."""

    file: Path
    records: int
    software: str | None
    findings: tuple[Finding, ...]
    is_gzip: bool

    @property
    def exact(self) -> bool:
        """Whether nothing proves that bytes are not as they were sent."""
        return not any(finding.certainty == "proven" for finding in self.findings)


def audit(path: Path) -> Audit:
    """Audit one file, whatever state it is in. Raises NotFound."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"no WARC file {path}") from error
    try:
        seen = _Seen(is_gzip=os.pread(fd, 2, 0) == MAGIC[:2], size=os.fstat(fd).st_size)
        for item in salvage(fd, is_open=path.name.endswith(OPEN_SUFFIX)):
            if isinstance(item, Gap):
                seen.gap(item)
            else:
                seen.record(item)
    finally:
        os.close(fd)
    seen.finish()
    for fault in _since_import(path):
        seen.add(0, fault, None)
    findings = [
        Finding(code, certainty, message, tuple(sorted(offsets)), target)
        for (code, certainty, message), target, offsets in seen.findings.values()
    ]
    findings.sort(key=lambda finding: (finding.certainty != "proven", finding.offsets))
    return Audit(path, seen.records, seen.software, tuple(findings), seen.is_gzip)


def _since_import(path: Path) -> Iterator[Fault]:
    """Whether an imported file, or the ARC file it was made from, is still what was imported."""
    known = read_judgement(path)
    if known.get("how") not in ("copied", "linked", "converted"):
        return
    held = path.with_name(known["original"]) if known["how"] == "converted" else path
    if not held.exists():
        yield "original-missing", "proven", f"{held.name}, which it was made from, is not beside it any more"
    elif sha256_of(held) != known["sha256"]:
        yield "changed-since-import", "proven", f"{held.name} is not what was imported at {known['imported_at']}"


def audit_files(paths: Sequence[Path], workers: int = 1) -> Iterator[Audit]:
    """Audit files and yield what was found in each, in order; with `workers`, in so many processes. Raises NotFound."""
    if workers <= 1 or len(paths) <= 1:
        yield from map(audit, paths)
        return
    # Spawned, not forked: the caller may be a writer with locks and threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(paths)), mp_context=context) as pool:
        yield from pool.map(audit, paths)


@dataclass(slots=True)
class _Seen:
    """What one pass over a file has gathered."""

    is_gzip: bool
    size: int
    records: int = 0
    software: str | None = None
    first_type: str | None = None
    findings: dict[tuple[str, Certainty], tuple[Fault, str | None, list[int]]] = field(default_factory=dict)
    responses: list[ResponseFacts] = field(default_factory=list)
    requests: list[RequestFacts] = field(default_factory=list)
    heads: set[str] = field(default_factory=set)  # answers to HEAD, as metadata records of ours say

    def add(self, offset: int, fault: Fault, target: str | None) -> None:
        """Note a fault with those of its code and certainty; the first one's words stand for all."""
        self.findings.setdefault(fault[:2], (fault, target, []))[2].append(offset)

    def gap(self, gap: Gap) -> None:
        at_the_end = gap.end >= self.size and gap.code in ("torn", "content-length", "record-end", "header", "no-end")
        code = "truncated-tail" if at_the_end else "damaged"
        self.add(gap.offset, (code, "proven", gap.message), None)

    def record(self, found: Found) -> None:
        self.records += 1
        raw, offset = found.raw, found.offset
        kind = (raw.value("WARC-Type") or "").lower()
        target = raw.value("WARC-Target-URI")
        self.first_type = self.first_type or kind
        if self.is_gzip and not found.alone:
            message = "several records share one gzip member: none can be read by its offset"
            self.add(offset, ("shared-member", "proven", message), None)
        for code, message in raw.problems:
            self.add(offset, (code, "proven", message), target)
        if kind == "warcinfo" and self.software is None:
            self.software = _field(raw.wire.getvalue(), "software")
        if kind == "metadata" and _field(raw.wire.getvalue(), "method") == "HEAD":
            self.heads.update(raw.values("WARC-Concurrent-To"))
        if "application/http" not in (raw.value("Content-Type") or "").lower():
            return
        if kind == "response":
            self.responses.append(response_facts(raw, offset))
        elif kind == "request":
            self.requests.append(request_facts(raw, offset))

    def finish(self) -> None:
        """What only the whole file can tell."""
        if self.records and self.first_type != "warcinfo":
            message = "the file does not begin with a warcinfo record: nothing says what wrote it, and how"
            self.add(0, ("no-warcinfo", "proven", message), None)
        self.heads.update(ident for one in self.requests if one.method == "HEAD" for ident in one.concurrent)
        for response, fault in self._response_faults(frozenset(self.heads)):
            self.add(response.offset, fault, response.target)
        for request in self.requests:
            for fault in request.faults:
                self.add(request.offset, fault, None)
        for response, fault in self._unasked():
            self.add(response.offset, fault, response.target)

    def _unasked(self) -> Iterator[tuple[ResponseFacts, Fault]]:
        """Responses of which nothing says what was asked."""
        if not self.requests:
            yield from ((one, ("no-requests", "likely", "no request was kept")) for one in self.responses[:1])
            return
        named = {ident for one in self.requests for ident in one.concurrent}
        own_ids = {one.record_id for one in self.requests}
        targets = {one.target for one in self.requests}
        for one in self.responses:
            if one.record_id in named or one.concurrent & own_ids:
                continue
            if one.target in targets:
                message = "a request for the same address is there; no WARC-Concurrent-To ties the two"
                yield one, ("untied-request", "likely", message)
            else:
                yield one, ("no-request", "likely", "no request names it: what was asked is not known")

    def _response_faults(self, heads: frozenset[str]) -> Iterator[tuple[ResponseFacts, Fault]]:
        for response in self.responses:
            for fault in response.faults:
                if not (fault[0] == "payload-digest" and response.record_id in heads):
                    yield response, fault
        yield from judge_file(self.responses, heads)


def _field(block: bytes, wanted: str) -> str | None:
    return next((value for name, value in parse_warc_fields(block) if name.lower() == wanted), None)
