"""Importing WARC files of other tools (and WACZ packages): from then on they are read and exported like our own.

A file becomes part of the archive unchanged, with an index beside it and its captures in the catalog. The one exception
is a file whose records share gzip members: none could be read by its offset, so its records are packed anew around the
same bytes, and the new file says so. Nothing is fetched and no article is written; `pressmark warc view` shows pages at
once.
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
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

from archive.archive import Archive, index_file
from archive.errors import DigestMismatch, NotFound, UsageError, WarcDamaged
from archive.repair import repair
from archive.store import LocalStore
from archive.warc.captures import build_index
from archive.warc.members import MAGIC
from archive.warc.output import disk_error, make_folder, sync_folder, write_whole
from archive.warc.salvage import Gap, salvage

How = Literal["copied", "linked", "repacked", "already there"]
_SUFFIX = re.compile(r"\.warc(\.gz)?$", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_DRAFT = ".import"


@dataclass(frozen=True, slots=True)
class Imported:
    """One WARC file, now part of the archive under `warc_file`. `source` names the package it came in, where it did."""

    source: str
    warc_file: str
    how: How
    captures: int
    size_bytes: int


def import_files(archive: Archive, paths: Iterable[Path], now: datetime, *, link: bool = False) -> Iterator[Imported]:
    """Import .warc, .warc.gz and .wacz files; call it with the archive's lock held.

    `link` makes hard links (symbolic ones to other file systems) instead of copies. Raises NotFound; UsageError for
    what is no such file, or cannot be linked; WarcDamaged; DigestMismatch for a WACZ that is not what it says;
    DiskFull. Files before the one that raises stay imported.
    """
    for path in paths:
        if not path.is_file():
            raise NotFound(f"no file {path}")
        if path.name.lower().endswith(".wacz"):
            if link:
                raise UsageError(f"{path.name} is a package: what is in it cannot be linked", hint="--copy")
            yield from _import_wacz(archive, path, now)
        elif _SUFFIX.search(path.name):
            yield _import_one(archive, path, path.name, str(path), now, link=link)
        else:
            kinds = "an ARC file" if re.search(r"\.arc(\.gz)?$", path.name.lower()) else "no WARC or WACZ file"
            raise UsageError(f"{path.name} is {kinds}", hint="names end in .warc, .warc.gz or .wacz")


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
                    yield _import_one(archive, out, base, f"{path}:{name}", now, link=False)
    except zipfile.BadZipFile as error:
        raise WarcDamaged(f"{path.name} is no zip file, or a damaged one: {error}") from error


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
    size = path.stat().st_size
    packed, shared = _looked_at(path, source)
    digest = _sha256(path)
    warc_file, known = _place(store, name, packed or shared, digest, now)
    if known:
        return Imported(source, warc_file, "already there", index_file(archive, warc_file)[0], size)
    if shared and link:
        message = f"{source}: its records share gzip members and have to be packed anew, so it cannot be linked"
        raise UsageError(message, hint="--copy")
    target = store.path(warc_file)
    draft = target.with_name(target.name + _DRAFT)
    try:
        make_folder(target.parent)
        draft.unlink(missing_ok=True)  # of an import that was killed
        how = _put(path, draft, now, shared=shared, link=link)
        write_whole(store.path(store.cdxj_path_of(warc_file)), build_index(draft, warc_file))
        draft.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise disk_error(target, error) from error
    except WarcDamaged as error:
        store.path(store.cdxj_path_of(warc_file)).unlink(missing_ok=True)
        raise WarcDamaged(
            f"{source}: {error.message.split(': ', 1)[-1]}", hint=f"pressmark warc verify {path}"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return Imported(source, warc_file, how, index_file(archive, warc_file)[0], size)


def _looked_at(path: Path, source: str) -> tuple[bool, bool]:
    """Whether a file is compressed, and whether its records share members. Raises WarcDamaged for one with damage."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        packed = os.pread(fd, 2, 0) == MAGIC[:2]
        shared = False
        for item in salvage(fd):
            if isinstance(item, Gap):
                raise WarcDamaged(
                    f"{source}: {item.message} (at byte {item.offset:,})",
                    hint=f"pressmark warc repair {path} -o FIXED.warc.gz, and import that",
                )
            shared = shared or not item.alone
        return packed, shared
    finally:
        os.close(fd)


def _put(path: Path, draft: Path, now: datetime, *, shared: bool, link: bool) -> How:
    if shared:
        repacked = draft.with_name(_SUFFIX.sub("", draft.name.removesuffix(_DRAFT)) + ".repacked.warc.gz")
        repair(path, repacked, now)
        repacked.rename(draft)
        return "repacked"
    if link:
        try:
            draft.hardlink_to(path)
        except OSError:
            draft.symlink_to(path.resolve())
        return "linked"
    with path.open("rb") as source, draft.open("xb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
    return "copied"


def _place(store: LocalStore, name: str, packed: bool, digest: str, now: datetime) -> tuple[str, bool]:
    """The name a file gets in the archive, and whether it is there already under it."""
    stem = _NOT_IN_NAMES.sub("_", _SUFFIX.sub("", name)).lstrip(".") or "imported"
    suffix = ".warc.gz" if packed else ".warc"
    for one in (stem, f"{stem}-{digest[:12]}"):
        found = next((known for known in store.warc_files() if known.rsplit("/", 1)[-1] == one + suffix), None)
        if found is None:
            return store.warc_path(now, one).removesuffix(".warc.gz") + suffix, False
        if _sha256(store.path(found)) == digest or _repacked_from(store.path(found), digest):
            return found, True
    return found or "", True  # the longer name has the digest in it


def _repacked_from(path: Path, digest: str) -> bool:
    """Whether a file is what a repacking made of the file with this digest: its last record says so."""
    from archive.warc.reader import iter_records
    from archive.warc.records import parse_warc_fields

    last = None
    for record in iter_records(path):
        last = record if record.warc_type == "metadata" else None
    return last is not None and dict(parse_warc_fields(last.block)).get("repairedSha256") == digest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
