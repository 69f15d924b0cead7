"""An archive keeps its name in the catalog when its folder is renamed, moved or copied.

Captures say by name which archive holds their file. Where no name is set it is the folder's, so without this a
renamed folder would be a stranger to its own catalog: its files would be looked for where it was.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import NotFound, UsageError
from archive.folder.store import LocalStore

if TYPE_CHECKING:
    from archive.catalog import Catalog


def name_in_catalog(catalog: Catalog, name: str, root: Path) -> str:
    """Return the name by which the catalog knows the archive in `root`, which would be called `name`.

    That is the one of this folder; else `name`, where it is known; else the one archive that was moved or copied here
    with its files. Another archive of a shared catalog is never taken for this one: its files are not here.
    """
    from archive.catalog import archives

    known = archives.roots(catalog)
    here = [one for one, place in known.items() if Path(place) == root and not is_elsewhere(catalog, one, root)]
    if here or name in known:
        return name if name in known else here[0]
    moved = [one for one, place in known.items() if came_from(catalog, one, Path(place), root)]
    return moved[0] if len(moved) == 1 else name


def insist_on_name(catalog: Catalog, name: str, root: Path) -> None:
    """Raise UsageError where a shared catalog knows another archive by this name: whose a file is could not be told.

    Two machines that share one easily have folders of one name, and in one place. So it is the file that was written
    last under this name that has to be here.
    """
    from archive.catalog import archives, captures

    if is_elsewhere(catalog, name, root):
        place, file = archives.roots(catalog).get(name), captures.last_file(catalog, name) or ""
        raise UsageError(
            f'the catalog has another archive "{name}", in {place}{_machine_of(catalog, file)}, '
            f"whose files are not in {root} of {socket.gethostname()}",
            context=(
                f"the last: {file}",
                "where this is that archive, restored without it, db rebuild --partial forgets all that is not here",
            ),
            hint='name = "…" under [archive] in pressmark.toml gives this one a name of its own',
        )


def is_elsewhere(catalog: Catalog, name: str, root: Path) -> bool:
    """Whether a shared catalog knows files of an archive, the last of which is not in `root`."""
    from archive.catalog import captures

    file = captures.last_file(catalog, name) if catalog.is_shared else None
    return file is not None and not _has(root, file)


def _machine_of(catalog: Catalog, warc_file: str) -> str:
    """The machine that wrote a file, as far as the catalog knows the run."""
    from archive.catalog import captures, runs

    run = runs.get(catalog, captures.run_of_file(catalog, warc_file) or "")
    return f" of {run.host}" if run is not None else ""


def came_from(catalog: Catalog, name: str, place: Path, root: Path) -> bool:
    """Whether the archive `name`, known to be at `place`, is the one in `root` now: its files are there."""
    from archive.catalog import captures

    stays = catalog.is_shared and place.is_dir()  # a catalog in the folder itself was copied along with it
    file = None if stays else captures.last_file(catalog, name)
    return file is not None and _has(root, file)


def _has(root: Path, warc_file: str) -> bool:
    try:
        return LocalStore(root).find(warc_file).is_file()
    except NotFound:
        return False
