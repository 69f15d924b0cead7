"""Telling alarms: to a command, a webhook, or by e-mail, as [alerts] in pressmark.toml says.

What is to be told is written down first, and crossed out for each sink that took it. So a sink that fails gets it at
the next run, and a process that dies in between tells an alarm twice rather than never.
"""

from __future__ import annotations

import ipaddress
import json
import os
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from archive.health.alarms import Alarm, decide
from archive.health.book import alarm_values, opened, write
from archive.health.findings import Finding

if TYPE_CHECKING:
    from crawler.config.alert_values import AlertSettings

SCHEMA = "pressmark.alarm/1"
_SECONDS = 20.0
_COMMAND_SECONDS = 60.0


class SinkFailed(Exception):
    """A sink did not take what it was told; the message says why, without secrets."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a round: what was new, what was delivered (sink, alarm), and why a sink took nothing."""

    news: tuple[Alarm, ...] = ()
    delivered: tuple[tuple[str, Alarm], ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    waiting: int = 0


def tell(
    root: Path,
    archive: str,
    settings: AlertSettings,
    findings: Iterable[Finding],
    now: datetime,
    *,
    watched: Collection[str] | None = None,
) -> Told:
    """Decide which findings are news, and tell them and what is still waiting. Raises DiskFull, ArchiveLocked.

    Nothing is decided where no sink is configured: whoever adds one later hears of what is open then.
    """
    sinks = _sinks(archive, settings)
    if not sinks:
        return Told()
    with opened(root) as (book, path):
        book.standing, news = decide(book.standing, findings, now, level=settings.level, watched=watched)
        book.waiting = [one for one in book.waiting if one[0] in sinks]  # a sink that was taken away hears nothing
        book.waiting += [(sink, alarm) for sink in sinks for alarm in news]
        write(book, path)
        delivered: list[tuple[str, Alarm]] = []
        failures: list[tuple[str, str]] = []
        for name, send in sinks.items():
            mine = [alarm for sink, alarm in book.waiting if sink == name]
            try:
                for taken in send(mine) if mine else ():
                    delivered += [(name, alarm) for alarm in taken]
                    book.waiting = [one for one in book.waiting if one[0] != name or one[1] not in taken]
                    write(book, path)
            except SinkFailed as error:
                failures.append((name, str(error)))
        return Told(tuple(news), tuple(delivered), tuple(failures), len(book.waiting))


Send = Callable[[Sequence[Alarm]], Iterator[Sequence[Alarm]]]


def _sinks(archive: str, settings: AlertSettings) -> dict[str, Send]:
    """The sinks that are configured; each gives what it has delivered, piece by piece."""
    found: dict[str, Send] = {}
    if settings.command:
        found["command"] = lambda alarms: _run_command(settings.command or "", archive, alarms)
    if settings.webhook:
        found["webhook"] = lambda alarms: _post(settings.webhook or "", archive, alarms)
    if settings.smtp:
        found["mail"] = lambda alarms: _mail(settings, archive, alarms)
    return found


def alarm_message(archive: str, alarm: Alarm) -> dict[str, Any]:
    """What a webhook and a command get: `pressmark.alarm/1`. `text` is the line chat services show."""
    sign = "🔴" if alarm.event == "opened" else "🟢"
    return {"schema": SCHEMA, "text": f"{sign} {archive} · {alarm}", "archive": archive, **alarm_values(alarm)}


def _run_command(command: str, archive: str, alarms: Sequence[Alarm]) -> Iterator[Sequence[Alarm]]:
    """Run a shell command for each alarm: JSON on its stdin, the words a one-liner wants in its environment."""
    for alarm in alarms:
        message = alarm_message(archive, alarm)
        # What a site wrote (a URL) must never be part of a command line: the shell gets it as values only.
        told = {"EVENT": alarm.event, "SOURCE": alarm.source, "RULE": alarm.rule, "TEXT": str(message["text"])}
        environment = os.environ | {f"PRESSMARK_ALARM_{name}": value.replace("\0", "") for name, value in told.items()}
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                input=json.dumps(message, ensure_ascii=True) + "\n",
                env=environment, timeout=_COMMAND_SECONDS,
                capture_output=True, text=True, errors="replace", check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise SinkFailed(f"alerts.command did not end within {_COMMAND_SECONDS:.0f} s") from error
        except OSError as error:
            raise SinkFailed(f"alerts.command could not be run ({error.strerror})") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise SinkFailed(f"alerts.command gave exit code {done.returncode}" + (f": {said[-1]}" if said else ""))
        yield [alarm]


def _post(url: str, archive: str, alarms: Sequence[Alarm]) -> Iterator[Sequence[Alarm]]:
    """POST each alarm as JSON; any status 2xx means it was taken."""
    for alarm in alarms:
        body = json.dumps(alarm_message(archive, alarm), ensure_ascii=False).encode("utf-8", "backslashreplace")
        _ask("webhook", url, body, {"Content-Type": "application/json; charset=utf-8"})
        yield [alarm]


def send_heartbeat(url: str) -> None:
    """GET an address that somebody watches: what hears nothing from us for too long tells people. Raises SinkFailed."""
    _ask("heartbeat", url, None, {})


def _ask(sink: str, url: str, body: bytes | None, headers: dict[str, str]) -> None:
    host = urlsplit(url).hostname  # the path of such an address is its password
    request = urllib.request.Request(url, body, {**headers, "User-Agent": "Pressmark"})
    try:
        with _NO_REDIRECTS.open(request, timeout=_SECONDS):
            pass
    except urllib.error.HTTPError as error:
        error.close()
        raise SinkFailed(f"the {sink} at {host} answered {error.code}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SinkFailed(f"the {sink} at {host} could not be reached ({reason})") from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A redirected POST would become a GET that tells nobody: the status is the answer."""


_NO_REDIRECTS = urllib.request.build_opener(_NoRedirects)


def _mail(settings: AlertSettings, archive: str, alarms: Sequence[Alarm]) -> Iterator[Sequence[Alarm]]:
    """Send one mail with all alarms: an outage of fifty sources is one thing to read."""
    where = urlsplit(settings.smtp or "")
    host = where.hostname or ""
    try:
        with _smtp(where.scheme, host, where.port) as server:
            if where.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            elif where.scheme == "smtp" and where.username and not _is_loopback(host):
                raise SinkFailed(f"the mail server {host} offers no encryption, and alerts.smtp has a password")
            if where.username:
                server.login(unquote(where.username), unquote(where.password or ""))
            server.send_message(_letter(settings, archive, alarms))
    except smtplib.SMTPException as error:
        raise SinkFailed(f"the mail server {host} refused ({_smtp_words(error)})") from error
    except (OSError, ValueError) as error:
        raise SinkFailed(f"the mail server {host} could not be reached ({error})") from error
    yield alarms


def _smtp(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port or 465, timeout=_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, port or 25, timeout=_SECONDS)
    server.ehlo()
    return server


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _smtp_words(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return ", ".join(
            f"{to}: {code} {said.decode('utf-8', 'replace')}" for to, (code, said) in error.recipients.items()
        )
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    return str(error)


def _letter(settings: AlertSettings, archive: str, alarms: Sequence[Alarm]) -> EmailMessage:
    letter = EmailMessage()
    opened_, cleared = ([one for one in alarms if one.event == event] for event in ("opened", "cleared"))
    if len(alarms) == 1:
        subject = f"{alarms[0].source}: {alarms[0].rule}" + ("" if opened_ else " is as usual again")
    else:
        subject = f"{len(opened_)} alarms, {len(cleared)} cleared"
    letter["Subject"] = " ".join(f"[pressmark {archive}] {subject}".split())
    letter["From"] = settings.mail_from or settings.mail_to[0]
    letter["To"] = ", ".join(settings.mail_to)
    letter["Date"] = format_datetime(alarms[-1].at)
    letter["Message-ID"] = make_msgid("pressmark")
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    lines: list[str] = []
    for one in alarms:
        lines += [f"{one.event.upper()}  {one}", f"  at {one.at:%Y-%m-%d %H:%M}Z", ""]
    letter.set_content("\n".join([*lines, "All of it: pressmark health"]).encode("utf-8", "replace").decode())
    return letter
