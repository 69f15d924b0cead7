"""`pressmark init`: an archive's folder with its two files."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from archive.console.output import next_step, say
from archive.errors import DatabaseUnreachable, UsageError
from crawler.commands.shared import globals_of

PLACEHOLDER = "you@example.org"


def init(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The folder to make.", show_default="this folder")
    ] = Path(),
    db: Annotated[
        str | None, typer.Option(metavar="URL", help="A PostgreSQL catalog: postgresql://user@host/name.")
    ] = None,
    contact: Annotated[
        str | None, typer.Option(metavar="MAIL", help="Mail address or page a publisher can write to.")
    ] = None,
) -> None:
    """Make an archive: settings, sources and the folders for what is kept."""
    from crawler.config.config_file import init_folder

    if folder == Path():
        folder = globals_of(context).folder or folder
    if contact is not None:
        check_contact(contact)
    init_folder(folder, contact, db)
    shown = "this folder" if folder == Path() else f"{folder}/"
    try:
        catalog = make_catalog(folder)
    except DatabaseUnreachable as error:
        error.context = (f"{shown} is made, and can be used as soon as the database answers", *error.context)
        raise
    say(
        f"Created {shown}",
        "  pressmark.toml   settings           warc/ records/ runs/   what is kept (plain files)",
        f"  sources.toml     what to crawl      {catalog:<22} index (safe to rebuild from the files)",
    )
    if contact is None and sys.stdin.isatty() and sys.stderr.isatty():
        contact = ask_contact()
        if contact:
            write_contact(folder, contact)
    if not contact:
        say(
            "No contact for the User-Agent yet: publishers like to know whom to write to.",
            '  pressmark.toml, [crawl]: contact = "you@example.org"',
        )
    next_step("pressmark source add https://www.example-news.org")


def make_catalog(folder: Path) -> str:
    """Create the catalog of a new archive, so that asking it works from the start. Returns its name for people.

    Raises DatabaseUnreachable; the folder then stands and can be used once the database answers.
    """
    from archive.archive import open_archive
    from archive.folder.location import CATALOG_NAME
    from crawler.config.config_file import load_settings
    from crawler.config.values import without_password

    url = load_settings(folder).db.url
    with open_archive(folder, create=True):
        return str(without_password(url)) if url else CATALOG_NAME


def check_contact(contact: str) -> str:
    """Return a contact that names a mail address or a page. Raises UsageError."""
    if not re.fullmatch(r"\s*(?:mailto:)?[^\s@()<>]+@[^\s@()<>]+\.[^\s@()<>]+\s*|\s*https?://[^\s()<>]+\s*", contact):
        raise UsageError(f'"{contact}" is neither a mail address nor a web page', hint=f"--contact {PLACEHOLDER}")
    return contact.strip()


def ask_contact() -> str | None:
    """Ask until the answer is a contact; an empty answer is None."""
    while True:
        answer = typer.prompt("Contact for the User-Agent", default=PLACEHOLDER, err=True)
        if answer.strip() == PLACEHOLDER:
            return None
        try:
            return check_contact(answer)
        except UsageError as error:
            say(error.message, out=sys.stderr)


def write_contact(folder: Path, contact: str) -> None:
    """Write the contact into a pressmark.toml that `init_folder` has just made."""
    path = folder / "pressmark.toml"
    line = f"contact = {json.dumps(contact, ensure_ascii=False)}"
    text = path.read_text("utf-8")
    path.write_text(text.replace(f'# contact = "{PLACEHOLDER}"', line, 1), "utf-8")
