"""The tools that only read: each gets our files, says what is in them, and is compared with what we say.

A difference is either explained, by a reason that is in docs/warc.md and that our own reading of the very record bears
out, or it is a failure.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.archive import open_archive
from archive.custody.audit import audit_files
from archive.custody.imports import import_files
from archive.custody.verify import verify_files
from archive.folder.location import ArchiveLocation
from tests.oracles.environments import FOREIGN, Environment, ToolFailed, node_environment, python_environment, run
from tests.oracles.ours import Said, said_by_us

CHUNKS_HASHED = "it hashes chunk sizes along with a chunked body"
NO_BODY_HASHED = "it hashes the body a revisit does not have"
CUT = "the message was cut off or its coding is broken"
_COMPARED = ("type", "uri", "offset", "length", "block", "status", "body")


@dataclass
class Verdict:
    """What came of one tool and one collection. `skipped` says why it could not be asked."""

    tool: str
    did: str = ""
    differences: list[str] = field(default_factory=list)
    explained: Counter[str] = field(default_factory=Counter)
    skipped: str | None = None

    @property
    def agrees(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class Collection:
    """What was crawled: WARC files, the CDXJ we made of them, the WACZ we exported."""

    name: str
    warcs: tuple[Path, ...]
    cdxj: Path
    wacz: Path

    @property
    def folder(self) -> Path:
        """Where there is room for what a tool leaves behind."""
        return self.cdxj.parent


Oracle = Callable[[Collection, Path], Verdict]


def compare(verdict: Verdict, ours: Mapping[str, Said], theirs: Iterable[Mapping[str, Any]]) -> int:
    """Compare record by record, in whatever fields the tool tells; return how many records it told of."""
    left, count = set(ours), 0
    for said in theirs:
        count += 1
        own = ours.get(said["record_id"])
        if own is None:
            verdict.differences.append(f"{said['record_id']} is no record of ours")
            continue
        left.discard(own.record_id)
        for name in _COMPARED:
            if name in said and said[name] != getattr(own, name):
                _differs(verdict, own, name, said[name])
        if said.get("block_digest_right") is False:
            verdict.differences.append(f"{own.record_id}: it calls the block digest wrong")
    verdict.differences.extend(f"{ident} ({ours[ident].type}) was not read" for ident in sorted(left))
    return count


def _differs(verdict: Verdict, own: Said, name: str, found: Any) -> None:
    if name == "body" and not own.whole:
        verdict.explained[CUT] += 1
    else:
        verdict.differences.append(
            f"{own.uri} ({own.record_id}): {name} is {found!r}, ours {getattr(own, name)!r} {own.coding}"
        )


def _lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines() if line]


def pressmark(collection: Collection, root: Path) -> Verdict:
    """First ourselves: nothing is wrong with the files, and nothing in them was made up."""
    verdict = Verdict("pressmark")
    reports, audits = list(verify_files(collection.warcs)), list(audit_files(collection.warcs))
    verdict.differences += [f"verify: {problem}" for report in reports for problem in report.problems]
    verdict.differences += [f"audit: {finding}" for found in audits for finding in found.findings]
    verdict.did = f"verify and audit: {sum(report.records for report in reports):,} records"
    return verdict


def warcio(collection: Collection, root: Path) -> Verdict:
    """Reads every record, raw and decoded; then its `check` hashes them."""
    tool = python_environment(root, "warcio", "warcio", "brotli")
    verdict = Verdict(tool.packages)
    ours = said_by_us(collection.warcs)
    count = compare(verdict, ours, _lines(tool.run("python", FOREIGN / "warcio_says.py", *collection.warcs)))
    passed, failed = _warcio_check(verdict, tool, collection.warcs, ours)
    verdict.did = f"{count:,} records, {sum(one.body is not None for one in ours.values()):,} answers decoded; "
    verdict.did += f"check: {passed:,} records pass, {failed:,} do not"
    return verdict


def _warcio_check(
    verdict: Verdict, tool: Environment, paths: Sequence[Path], ours: Mapping[str, Said]
) -> tuple[int, int]:
    """Its check passes every block digest; payload digests it may only call wrong where the body is chunked."""
    printed = tool.run("warcio", "check", "--verbose", *paths, codes=(0, 1))
    passed = failed = 0
    for part in re.split(r"^  offset ", printed, flags=re.MULTILINE)[1:]:
        ident = re.search(r"WARC-Record-ID (\S+)", part)
        own = ours[ident[1]] if ident else None
        wrong = [line.strip() for line in part.splitlines() if "failed" in line]
        passed, failed = passed + (not wrong), failed + bool(wrong)
        for line in wrong:
            if line.startswith("payload") and own and own.chunked:
                verdict.explained[CHUNKS_HASHED] += 1
            else:
                verdict.differences.append(f"check, {ident and ident[1]}: {line}")
    return passed, failed


def fastwarc(collection: Collection, root: Path) -> Verdict:
    """Reads every record; its `check` hashes blocks and payloads."""
    tool = python_environment(root, "fastwarc", "fastwarc")
    verdict = Verdict(tool.packages)
    ours = said_by_us(collection.warcs)
    count = compare(verdict, ours, _lines(tool.run("python", FOREIGN / "fastwarc_says.py", *collection.warcs)))
    right = sum(_fastwarc_check(verdict, tool, path, ours) for path in collection.warcs)
    verdict.did = f"{count:,} records, all block digests right; check: {right:,} payload digests right"
    return verdict


def _fastwarc_check(verdict: Verdict, tool: Environment, path: Path, ours: Mapping[str, Said]) -> int:
    """Its check says the same of payload digests as warcio's; return how many it calls right."""
    report = tool.folder / "check.txt"
    tool.run("fastwarc", "check", "--quiet", "--verify-payloads", "--output", report, path, codes=(0, 1))
    right = 0
    for line in report.read_text("utf-8").splitlines():
        ident, _, said = line.partition(">: ")
        own = ours[ident + ">"]
        right += "PAYLOAD_OK" in said
        if not said.startswith("OK"):
            verdict.differences.append(f"check, {own.record_id}: {said}")
        elif "PAYLOAD_FAIL" in said and own.type == "revisit":
            verdict.explained[NO_BODY_HASHED] += 1
        elif "PAYLOAD_FAIL" in said and own.chunked:
            verdict.explained[CHUNKS_HASHED] += 1
        elif "PAYLOAD_FAIL" in said:
            verdict.differences.append(f"check, {own.uri} ({own.record_id}): {said}")
    return right


def warcio_js(collection: Collection, root: Path) -> Verdict:
    """The reader behind ReplayWeb.page and other tools in browsers."""
    tool = node_environment(root, "warcio-js", "warcio")
    if tool is None:
        return Verdict("warcio.js", skipped="no Node.js on this machine")
    verdict = Verdict(tool.packages.replace("warcio", "warcio.js"))
    printed = run(["node", "warcio_js_says.mjs", *map(str, collection.warcs)], tool.folder)
    ours = said_by_us(collection.warcs)
    verdict.did = f"{compare(verdict, ours, _lines(printed)):,} records"
    return verdict


def cdxj_indexer(collection: Collection, root: Path) -> Verdict:
    """Its index of our files, line by line and field for field, is ours."""
    tool = python_environment(root, "cdxj-indexer", "cdxj-indexer")
    verdict = Verdict(tool.packages)
    theirs = _index(tool.run("cdxj-indexer", "--sort", *collection.warcs))
    ours = _index(collection.cdxj.read_text("utf-8"))
    verdict.differences += [f"{place}: only in its index" for place in sorted(set(theirs) - set(ours))]
    verdict.differences += [f"{place}: only in our index" for place in sorted(set(ours) - set(theirs))]
    fields = 0
    for place in sorted(set(ours) & set(theirs)):
        for name in sorted(set(ours[place]) | set(theirs[place])):
            fields += 1
            if ours[place].get(name) != theirs[place].get(name):
                difference = f"{name} is {theirs[place].get(name)!r}, ours {ours[place].get(name)!r}"
                verdict.differences.append(f"{ours[place]['url']}: {difference}")
    verdict.did = f"{len(theirs):,} captures, {fields:,} fields"
    return verdict


def _index(text: str) -> dict[tuple[str, str], dict[str, str]]:
    found = {}
    for line in text.splitlines():
        key, moment, values = line.split(" ", 2)
        one = json.loads(values)
        found[one["filename"], one["offset"]] = {"urlkey": key, "timestamp": moment, **one}
    return found


def wacz(collection: Collection, root: Path) -> Verdict:
    """The WACZ format's authors: their validator reads our package, and we read the one they make of the same files."""
    tool = python_environment(root, "wacz", "wacz")
    verdict = Verdict(tool.packages)
    try:
        tool.run("wacz", "validate", "-f", collection.wacz)
    except ToolFailed as error:
        verdict.differences.append(str(error))
    folder = collection.folder / f"wacz-{collection.name}"
    (folder / "warc").mkdir(parents=True)
    with zipfile.ZipFile(collection.wacz) as zipped:
        zipped.extract("pages/pages.jsonl", folder)
    theirs = folder / "theirs.wacz"
    tool.run("wacz", "create", "-p", folder / "pages/pages.jsonl", "-o", theirs, *collection.warcs)
    with open_archive(
        ArchiveLocation(folder, f"sqlite:///{folder / 'catalog.sqlite3'}", "again"), create=True
    ) as archive:
        imported = list(import_files(archive, [theirs], datetime.now(UTC)))
    found, expected = sum(one.captures for one in imported), len(_index(collection.cdxj.read_text("utf-8")))
    if found != expected:
        verdict.differences.append(f"{found} captures imported from their package, {expected} are in the files")
    verdict.differences += [f"{url} is not in their package" for one in imported for url in one.unfound]
    verdict.did = f"validate: {collection.wacz.stat().st_size:,} bytes; import of its own: {found:,} captures"
    return verdict


def jwarc(collection: Collection, jar: Path | None) -> Verdict:
    """The International Internet Preservation Consortium's reader. Its jar is not on PyPI: it has to be given."""
    if not shutil.which("java") or jar is None:
        missing = "no Java on this machine" if jar else "no jar was given (--jwarc)"
        return Verdict("jwarc", skipped=missing)
    verdict = Verdict(f"jwarc ({jar.name})", did=f"validate: {len(collection.warcs)} files")
    for path in collection.warcs:
        try:
            run(["java", "-jar", str(jar), "validate", str(path)], jar.parent)
        except ToolFailed as error:
            verdict.differences.append(str(error))
    return verdict
