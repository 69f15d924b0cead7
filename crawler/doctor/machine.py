"""Checks of the machine: Python, packages, the clock, open files. Each gives Findings, and never raises."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version

from crawler.doctor.findings import Check, Finding, Patient
from crawler.schedule.rules import local_zone

# What the core cannot do without, and what an extra brings: (distribution, extra).
_CORE = (
    "scrapy", "Twisted", "trafilatura", "lxml", "lxml_html_clean", "warcio", "isal", "deflate", "brotli", "zstandard",
    "SQLAlchemy", "typer", "rich", "pydantic", "tomlkit", "feedparser", "py3langid", "numpy", "webencodings",
    "tinycss2", "cssselect", "rapidfuzz", "filelock", "prometheus-client",
)  # fmt: skip
_EXTRAS = (("psycopg", "postgres"),)
_PYTHON = (3, 11)
_MIN_FILES = 256  # connections, WARC files and the catalog, with room
_FIRST_RELEASE = datetime(2026, 1, 1, tzinfo=UTC)  # no clock that is right shows an earlier time


def _python(patient: Patient) -> Iterator[Finding]:
    found = f"{sys.version.split()[0]} ({sys.executable})"
    if sys.version_info < _PYTHON:
        wanted = ".".join(map(str, _PYTHON))
        yield Finding("python", "problem", f"{found}; {wanted} or newer is needed", f"python{wanted} -m venv venv")
    else:
        yield Finding("python", "ok", found)


def _packages(patient: Patient) -> Iterator[Finding]:
    found = {name: _version(name) for name in _CORE}
    missing = [name for name, number in found.items() if number is None]
    wrong = [line for line in _unsatisfied() if line.split()[0] not in missing]
    shown = ", ".join(f"{name} {found[name]}" for name in ("scrapy", "trafilatura", "lxml", "warcio", "SQLAlchemy"))
    if missing:
        yield Finding("packages", "problem", f"not installed: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    elif wrong:
        yield Finding("packages", "problem", "; ".join(wrong), "pip install --upgrade pressmark")
    else:
        yield Finding("packages", "ok", f"{shown} and {len(_CORE) - 5} more")
    for name, extra in _EXTRAS:
        number = _version(name)
        if number:
            yield Finding(f"extra {extra}", "ok", f"{name} {number}")
        else:
            url = (patient.settings.db.url if patient.settings else None) or ""
            needed = extra == "postgres" and url.startswith("postgres")
            yield Finding(
                f"extra {extra}",
                "problem" if needed else "note",
                f"{name} is not installed" + (", but the catalog is in PostgreSQL" if needed else " (optional)"),
                f"pip install 'pressmark[{extra}]'",
            )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _unsatisfied() -> Iterator[str]:
    """What is installed outside the bounds that pressmark asks for; silent where it runs from a bare folder."""
    try:
        wanted = requires("pressmark") or []
        from packaging.requirements import Requirement
    except (PackageNotFoundError, ImportError):
        return
    for line in wanted:
        requirement = Requirement(line)
        number = _version(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and number and not requirement.specifier.contains(number, prereleases=True):
            yield f"{requirement.name} {number} is installed, {requirement.specifier} is needed"


def _clock(patient: Patient) -> Iterator[Finding]:
    shown = f"{patient.now:%Y-%m-%d %H:%M:%S}Z"
    if patient.now < _FIRST_RELEASE:
        yield Finding("clock", "problem", f"{shown} is before this program was written", "set the system clock (NTP)")
        return
    zone = local_zone()
    if zone is None and os.environ.get("TZ"):
        says = f'{shown}; TZ is "{os.environ["TZ"]}", which is no time zone: times of day in schedules mean UTC'
        yield Finding("clock", "warning", says, "TZ=Europe/Vienna, or another name as in /usr/share/zoneinfo")
        return
    yield Finding("clock", "ok", f"{shown}; times of day in schedules mean {patient.now.astimezone(zone or UTC):%Z}")


def _files(patient: Patient) -> Iterator[Finding]:
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most != resource.RLIM_INFINITY and most < _MIN_FILES:
        yield Finding("open files", "warning", f"a process may open {most}, {_MIN_FILES} are needed", "ulimit -n 4096")


CHECKS: tuple[Check, ...] = (_python, _packages, _clock, _files)
