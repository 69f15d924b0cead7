"""Checks of what should go on by itself: crawls by schedule, leases, alarms. Each gives Findings, and never raises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archive.errors import ConfigError, PressmarkError
from crawler.doctor.findings import Check, Finding, Patient

if TYPE_CHECKING:
    from archive.catalog import Catalog


def _by_itself(patient: Patient) -> Iterator[Finding]:
    from archive.catalog import open_catalog
    from archive.folder.location import locate

    assert patient.folder is not None
    try:
        catalog = open_catalog(locate(patient.folder).db_url, create=False)
    except PressmarkError:
        return  # the check of the catalog says so
    try:
        yield from _schedules(catalog, patient)
        yield from _leases(catalog, patient)
    except ConfigError:
        return  # the check of the settings says so
    except PressmarkError as error:
        yield Finding("schedules", "problem", error.message, error.hint)
    finally:
        catalog.close()


def _schedules(catalog: Catalog, patient: Patient) -> Iterator[Finding]:
    """Sources that should have been asked long ago: nothing starts the crawls."""
    from archive.catalog.listings import last_asked
    from archive.health.flow import asked
    from archive.health.history import SourceHistory
    from crawler.config.config_file import SOURCES_FILE, load_sources
    from crawler.schedule.due import expected

    assert patient.folder is not None
    path = patient.folder / SOURCES_FILE
    sources = [one for one in load_sources(path) if not one.paused] if path.exists() else []
    last, planned = last_asked(catalog), 0
    late: list[str] = []
    for source in sources:
        due = expected(catalog, source, last.get(source.name), patient.now)
        planned += due is not None
        found = asked(SourceHistory(source.name, patient.now, asked_at=last.get(source.name), due_at=due))
        if found.state != "ok":
            late.append(f"{source.name} was {found.words}")
    if late:
        more = f" (and {len(late) - 1} more)" if len(late) > 1 else ""
        mend = "pressmark schedule install, or now: pressmark crawl --due"
        yield Finding("schedules", "warning", late[0] + more, mend)
    elif sources:
        yield Finding("schedules", "ok", f"{planned} of {len(sources)} sources have one, none is late")


def _leases(catalog: Catalog, patient: Patient) -> Iterator[Finding]:
    """URLs that a dead worker holds are no harm, but somebody may wonder."""
    from archive.catalog.histories import leases_over

    count = leases_over(catalog, patient.now)
    if count:
        says = f"{count} URLs are leased to workers that died; the next crawl takes them back"
        yield Finding("leases", "warning", says, "pressmark crawl --due")
    else:
        yield Finding("leases", "ok", "none is left over")


def _alarms(patient: Patient) -> Iterator[Finding]:
    """Who hears of a source that falls silent, and what they have not heard yet."""
    from archive.health.book import FILE_NAME, read

    assert patient.folder is not None
    if patient.settings is None:
        return
    if patient.settings.alerts.mail_to and not patient.settings.alerts.smtp:
        mend = "smtp under [alerts], or PRESSMARK_ALERTS__SMTP here and in pressmark.env"
        yield Finding("alarms", "warning", "alerts.mail_to is set, and no alerts.smtp: no mail is sent", mend)
        return
    if patient.settings.alerts.is_empty:
        mend = "command, webhook or smtp under [alerts] in pressmark.toml"
        yield Finding("alarms", "note", "nobody is told when a source falls silent", mend)
        return
    book = read(patient.folder / FILE_NAME)
    if book.waiting:
        sinks = ", ".join(sorted({sink for sink, _ in book.waiting}))
        says = f"{len(book.waiting)} could not be told yet ({sinks})"
        yield Finding("alarms", "warning", says, "pressmark health --alert")
    elif book.standing:
        yield Finding("alarms", "note", f"{len(book.standing)} open", "pressmark health")
    else:
        yield Finding("alarms", "ok", "none open")


def _heartbeat(patient: Patient) -> Iterator[Finding]:
    """Who notices when nothing runs at all."""
    if patient.settings is None:
        return
    if patient.settings.alerts.heartbeat:
        yield Finding("heartbeat", "ok", "sent after each crawl that ends well")
    else:
        mend = "heartbeat under [alerts] in pressmark.toml"
        yield Finding("heartbeat", "note", "nobody is told when nothing runs at all", mend)


CHECKS: tuple[Check, ...] = (_by_itself, _alarms, _heartbeat)
