"""Importing WARC and ARC files of other tools (and WACZ packages): from then on they are read like our own.

A WARC file becomes part of the archive unchanged, with an index beside it, its captures in the catalog, and in
NAME.audit.json where it came from and what an audit found. Two exceptions: records that share gzip members could not
be read by their offset, so they are packed anew around the same bytes; and an ARC file is kept beside the WARC file
that is made from it. Both new files say so. Nothing is fetched and no article is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

from archive.archive import Archive
from archive.custody.audit import Audit, audit
from archive.custody.repair import repair
from archive.errors import DigestMismatch, NotFound, UrlError, UsageError, WarcDamaged
from archive.folder.store import LocalStore, files_below
from archive.recovery.left_behind import index_file
from archive.times import rfc3339
from archive.warc.arc import convert
from archive.warc.captures import build_index
from archive.warc.digests import sha256_of
from archive.warc.judged import inexact_records, judgement_path, read_judgement
from archive.warc.output import disk_error, make_folder, sync_folder, write_whole

IMPORTED = (".warc", ".warc.gz", ".arc", ".arc.gz", ".wacz")
How = Literal["copied", "linked", "repacked", "converted", "already there"]
_SUFFIX = re.compile(r"\.(warc|arc)(\.gz)?$", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_DRAFT = ".import"
_VERIFY = "pressmark warc verify {}"


@dataclass(frozen=True, slots=True)
class Imported:
    """One WARC file, now part of the archive under `warc_file`. `source` names the package it came in, where it did.

    `inexact` captures are proven not to be as they were received; NAME.audit.json beside the file says why.
    """

    source: str
    warc_file: str
    how: How
    captures: int
    size_bytes: int
    inexact: int = 0
    unfound: tuple[str, ...] = ()  # pages a WACZ lists and does not hold; told with its last file


def import_files(archive: Archive, paths: Iterable[Path], now: datetime, *, link: bool = False) -> Iterator[Imported]:
    """Import .warc, .arc (both also .gz) and .wacz files, or all of a folder; call it with the archive's lock held.

    `link` makes hard links (symbolic ones to other file systems) instead of copies. Raises NotFound; UsageError for
    what is no such file, or cannot be linked; WarcDamaged; DigestMismatch for a WACZ that is not what it says;
    DiskFull. Files before the one that raises stay imported.
    """
    for path in (file for one in paths for file in (files_below(one, IMPORTED) if one.is_dir() else [one])):
        if not path.is_file():
            raise NotFound(f"no file {path}")
        if not path.stat().st_size:
            raise UsageError(f"{path} is empty: there is nothing to import")
        if path.name.lower().endswith(".wacz"):
            if link:
                raise UsageError(f"{path.name} is a package: what is in it cannot be linked", hint="--copy")
            yield from _import_wacz(archive, path, now)
        elif _SUFFIX.search(path.name):
            yield _import_one(archive, path, path.name, str(path), now, link=link)
        else:
            hint = f"names end in {', '.join(IMPORTED)}"
            raise UsageError(f"{path.name} is no WARC, ARC or WACZ file", hint=hint)


def _import_wacz(archive: Archive, path: Path, now: datetime) -> Iterator[Imported]:
    try:
        with zipfile.ZipFile(path) as zipped:
            names = [name for name in zipped.namelist() if name.startswith("archive/") and _SUFFIX.search(name)]
            if not names:
                raise UsageError(f"{path.name} holds no WARC file in archive/")
            digests = _digests(zipped)
            for name in names:
                with tempfile.TemporaryDirectory(prefix="pressmark-import-") as folder:
                    out = Path(folder) / "file.warc"
                    with zipped.open(name) as packed, out.open("wb") as file:
                        _insist(path, name, digests.get(name), _copied(packed, file))
                    base = name.rsplit("/", 1)[-1]
                    done = _import_one(archive, out, base, f"{path}:{name}", now, link=False)
                # Only now can it be said what of its list of pages is in none of its files.
                yield replace(done, unfound=tuple(_unfound(archive, zipped))) if name == names[-1] else done
    except zipfile.BadZipFile as error:
        raise WarcDamaged(f"{path.name} is no zip file, or a damaged one: {error}") from error


def _unfound(archive: Archive, zipped: zipfile.ZipFile) -> Iterator[str]:
    """The addresses a WACZ lists as pages and of which there is no capture."""
    for name in ("pages/pages.jsonl", "pages/extraPages.jsonl"):
        for line in zipped.read(name).splitlines() if name in zipped.namelist() else ():
            with suppress(ValueError, TypeError, KeyError):  # the first line is a header; others may be anything
                url = str(json.loads(line)["url"])
                if not _has(archive, url):
                    yield url


def _has(archive: Archive, url: str) -> bool:
    from archive.catalog import captures

    try:
        return captures.latest(archive.catalog, url) is not None
    except UrlError:
        return False


def _digests(zipped: zipfile.ZipFile) -> Mapping[str, str]:
    try:
        package: dict[str, Any] = json.loads(zipped.read("datapackage.json"))
        return {one["path"]: one["hash"] for one in package["resources"] if "hash" in one and "path" in one}
    except (KeyError, TypeError, ValueError):
        return {}


def _insist(path: Path, name: str, stated: str | None, found: str) -> None:
    if stated and stated.startswith("sha256:") and stated != found:
        raise DigestMismatch(f"{path.name}:{name}", stated, found)


def _copied(source: IO[bytes], out: IO[bytes]) -> str:
    running = hashlib.sha256()
    while piece := source.read(1 << 20):
        running.update(piece)
        out.write(piece)
    return "sha256:" + running.hexdigest()


# -- one WARC file


def _import_one(archive: Archive, path: Path, name: str, source: str, now: datetime, *, link: bool) -> Imported:
    store = archive.store
    size, digest = path.stat().st_size, sha256_of(path)
    plan = _planned(path, name, source, link=link)
    warc_file, known = _place(store, name, plan.packed, size, digest, now)
    if known:
        return Imported(source, warc_file, "already there", index_file(archive, warc_file)[0], size)
    target = store.path(warc_file)
    draft = target.with_name(target.name + _DRAFT)
    index, judgement = store.path(store.cdxj_path_of(warc_file)), judgement_path(target)
    original = target.with_name(_stem_of(target.name) + name[len(_stem_of(name)) :].lower())  # of an ARC file
    made = [draft, index, judgement, *([original] if plan.how == "converted" else [])]
    try:
        make_folder(target.parent)
        for one in made:  # of an import that was killed
            one.unlink(missing_ok=True)
        if plan.how == "converted":
            _copy_or_link(path, original, link=link)
        _put(plan.how, path, name, draft, now)
        found = plan.audited or audit(draft)
        write_whole(index, build_index(draft, warc_file))
        write_whole(judgement, _judgement(found, source, digest, plan.how, original.name, now))
        draft.rename(target)
        sync_folder(target.parent)
    except (OSError, WarcDamaged) as error:
        for one in made:
            one.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise disk_error(target, error) from error
        message = f"{source}: {error.message.split(': ', 1)[-1]}"
        raise WarcDamaged(message, hint=error.hint if plan.how == "converted" else _VERIFY.format(path)) from error
    return Imported(source, warc_file, plan.how, index_file(archive, warc_file)[0], size, len(inexact_records(target)))


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a file becomes part of the archive. `audited` is None where what will lie there is not the file itself."""

    how: How
    packed: bool
    audited: Audit | None


def _planned(path: Path, name: str, source: str, *, link: bool) -> _Plan:
    """Look at a file. Raises WarcDamaged for one with damage, UsageError for one that cannot be linked."""
    if is_arc(name):
        return _Plan("converted", True, None)
    found = audit(path)
    for finding in found.findings:
        if finding.code in ("truncated-tail", "damaged"):
            hint = f"pressmark warc repair {path} -o FIXED.warc.gz, and import that"
            raise WarcDamaged(f"{source}: {finding.message} (at byte {finding.offsets[0]:,})", hint=hint)
    if not any(finding.code == "shared-member" for finding in found.findings):
        return _Plan("linked" if link else "copied", found.is_gzip, found)
    if link:
        message = f"{source}: its records share gzip members and have to be packed anew, so it cannot be linked"
        raise UsageError(message, hint="--copy")
    return _Plan("repacked", True, None)


def is_arc(name: str) -> bool:
    return name.lower().endswith((".arc", ".arc.gz"))


def _put(how: How, path: Path, name: str, draft: Path, now: datetime) -> None:
    """Make the draft of what will be in the archive."""
    if how == "converted":
        with draft.open("xb") as out:
            convert(path, out, now, arc_name=name, warc_name=draft.name.removesuffix(_DRAFT))
            _make_durable(out)
    elif how == "repacked":
        repacked = draft.with_name(_stem_of(draft.name) + ".repacked.warc.gz")
        repair(path, repacked, now)
        repacked.rename(draft)
    else:
        _copy_or_link(path, draft, link=how == "linked")


def _copy_or_link(path: Path, target: Path, *, link: bool) -> None:
    if link:
        try:
            target.hardlink_to(path)
        except OSError:
            target.symlink_to(path.resolve())
        return
    with path.open("rb") as source, target.open("xb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
        _make_durable(out)


def _make_durable(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _judgement(found: Audit, source: str, sha256: str, how: How, original: str, now: datetime) -> bytes:
    """What is known of an imported file, for its captures and for whoever asks later where it came from."""
    values = {
        "imported_from": source,
        "sha256": sha256,
        "how": how,
        "original": original if how == "converted" else None,  # beside the file
        "imported_at": rfc3339(now),
        "software": found.software,
        "records": found.records,
        "findings": [asdict(finding) | {"changes_bytes": finding.changes_bytes} for finding in found.findings],
    }
    return json.dumps(values, ensure_ascii=False, indent=1).encode(errors="backslashreplace") + b"\n"


def _is_same(path: Path, size: int, digest: str) -> bool:
    return path.stat().st_size == size and sha256_of(path) == digest


def _place(store: LocalStore, name: str, packed: bool, size: int, digest: str, now: datetime) -> tuple[str, bool]:
    """The name a file gets in the archive, or has there already, under whatever name; and whether it is there."""
    if same := next((one for one in store.warc_files() if _is_same(store.path(one), size, digest)), None):
        return same, True
    stem = _NOT_IN_NAMES.sub("_", _SUFFIX.sub("", name)).lstrip(".") or "imported"
    suffix = ".warc.gz" if packed else ".warc"
    for one in (stem, f"{stem}-{digest[:12]}"):
        found = next((known for known in store.warc_files() if known.rsplit("/", 1)[-1] == one + suffix), None)
        if found is None:
            return store.warc_path(now, one).removesuffix(".warc.gz") + suffix, False
        if digest == read_judgement(store.path(found)).get("sha256"):  # of the file it was packed anew or made from
            return found, True
    return found or "", True  # the longer name has the digest in it


def _stem_of(name: str) -> str:
    return _SUFFIX.sub("", name.removesuffix(_DRAFT))
