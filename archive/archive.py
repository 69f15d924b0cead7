"""Archive: a folder of WARC files, records and run logs, and the catalog that describes them. Kept small on purpose.

Features are functions that take an Archive. Here: opening it, and the lock of whoever writes; where it is, is said by
location.py, and what a command that writes does first by recovery.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archive.folder.location import NO_SOURCES, ArchiveLocation, locate
from archive.folder.store import LocalStore
from archive.model import NO_LISTS, ReadingLists, Source

if TYPE_CHECKING:
    from archive.catalog import Catalog
    from archive.folder.lock import ArchiveLock


@dataclass(frozen=True, slots=True)
class Archive:
    """An opened archive. Reading needs no lock; whoever writes takes `writing`."""

    root: Path
    store: LocalStore
    catalog: Catalog
    name: str
    sources: Mapping[str, Source] = field(default_factory=lambda: NO_SOURCES)
    lists: ReadingLists = NO_LISTS


@contextmanager
def open_archive(
    place: ArchiveLocation | Path, *, create: bool = False, renew: bool = False, forget: bool = False
) -> Iterator[Archive]:
    """Open an archive for a `with`. `create` makes the missing catalog of an archive that holds nothing yet; any other
    has to be rebuilt, or everything would be fetched once more: NotFound.

    `renew` is for the rebuild: it takes a catalog that cannot be used, too; with `forget` also one that has files
    under this name that are not here.

    Raises DatabaseUnreachable as `open_catalog` does; UsageError for a writer whose name another archive has.
    """
    from archive.catalog import open_catalog
    from archive.moved import insist_on_name, name_in_catalog

    location = locate(place) if isinstance(place, Path) else place
    new = create and LocalStore(location.root).is_empty
    catalog = open_catalog(location.db_url, create=new or renew, renew=renew)
    try:
        name = name_in_catalog(catalog, location.name, location.root)
        if create or (renew and not forget):  # whoever asks for that is about to write
            insist_on_name(catalog, name, location.root)
        yield Archive(location.root, LocalStore(location.root), catalog, name, location.sources, location.lists)
    finally:
        catalog.close()


def members(archive: Archive) -> list[Archive]:
    """Return the archives one catalog describes, this one first: many machines may write folders of their own into it.

    Those whose folder is not reachable from here are among them; see `is_here`.
    """
    from archive.catalog import archives

    known = archives.roots(archive.catalog)
    others = [
        replace(archive, name=name, root=Path(root), store=LocalStore(Path(root)))
        for name, root in known.items()
        if name != archive.name
    ]
    return [archive, *others]


def is_here(archive: Archive) -> bool:
    """Whether the files of an archive can be read from this machine: its folder is here, with the last of its files.

    What lies at the same place may be another machine's archive of another name.
    """
    from archive.moved import is_elsewhere

    return (archive.root / "warc").is_dir() and not is_elsewhere(archive.catalog, archive.name, archive.root)


def writing(root: Path, *, command: str, now: datetime, run: str | None = None) -> ArchiveLock:
    """Return the lock of whoever writes this archive, for a `with`. Raises ArchiveLocked naming the holder."""
    from archive.folder.lock import ArchiveLock

    return ArchiveLock(root, command=command, started=now, run=run)
