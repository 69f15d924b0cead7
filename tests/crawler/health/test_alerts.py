"""Alarms reach a real shell command, a real HTTP server and a real SMTP server; what fails is told at the next run."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any, cast

import pytest

from archive.health import Finding
from archive.health.findings import State
from crawler.config.alert_values import AlertSettings
from crawler.health.alerts import Told, tell

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)


def finding(state: State, source: str = "herald", rule: str = "silence") -> Finding:
    return Finding(
        source, rule, state, 'https://h.example/"; rm -rf $HOME `x` 新闻', {"new": 0}, "pressmark source test x"
    )


def told(folder: Path, settings: AlertSettings, *found: Finding, turn: int = 0) -> Told:
    return tell(folder, "news", settings, found, NOW + turn * timedelta(hours=1))


@dataclass
class Hook:
    """A raw HTTP server. `answers` are given in turn, the last one for ever; `got` are the requests as they came."""

    answers: list[bytes]
    got: list[bytes] = field(default_factory=list)
    url: str = ""

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(one.partition(b"\r\n\r\n")[2]) for one in self.got]


OK = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


@contextmanager
def hook(*answers: bytes) -> Iterator[Hook]:
    made = Hook(list(answers) or [OK])
    with socket.create_server(("127.0.0.1", 0)) as server:
        made.url = f"http://127.0.0.1:{server.getsockname()[1]}/hooks/SECRET"

        def serve() -> None:
            while True:
                try:
                    conn, _ = server.accept()
                except OSError:
                    return
                with conn:
                    conn.settimeout(5)
                    data = b""
                    while b"\r\n\r\n" not in data:
                        data += conn.recv(65536)
                    head, _, body = data.partition(b"\r\n\r\n")
                    lines = head.lower().split(b"\r\n")
                    length = int(next((line[15:] for line in lines if line.startswith(b"content-length")), 0))
                    while len(body) < length:
                        body += conn.recv(65536)
                    made.got.append(head + b"\r\n\r\n" + body)
                    conn.sendall(made.answers.pop(0) if len(made.answers) > 1 else made.answers[0])

        threading.Thread(target=serve, daemon=True).start()
        yield made
        server.shutdown(socket.SHUT_RDWR)


@dataclass
class Post:
    """An SMTP server (RFC 5321) on a socket; `refuse` is its answer to RCPT, `letters` what it took."""

    refuse: str | None = None
    password: str | None = None
    said: list[str] = field(default_factory=list)
    letters: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    def serve(self, server: socket.socket) -> None:
        while True:
            try:
                conn, _ = server.accept()
            except OSError:
                return
            with conn, conn.makefile("rb") as lines:
                conn.sendall(b"220 mail.example ESMTP\r\n")
                for line in lines:
                    word = line.decode().strip()
                    self.said.append(word)
                    conn.sendall(f"{self._answer(word)}\r\n".encode())
                    if word.upper() == "DATA":
                        self._take_letter(lines)
                        conn.sendall(b"250 taken\r\n")

    def _answer(self, word: str) -> str:
        match word.upper().split()[0]:
            case "EHLO":
                return "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN"
            case "AUTH":
                given = base64.b64decode(word.split()[2]).split(b"\0")[-1].decode()
                return "235 welcome" if given == self.password else "535 wrong password"
            case "RCPT" if self.refuse:
                return self.refuse
            case "DATA":
                return "354 go on"
            case "QUIT":
                return "221 bye"
            case _:
                return "250 ok"

    def _take_letter(self, lines: IO[bytes]) -> None:
        data = b""
        for line in lines:
            if line == b".\r\n":
                break
            data += line[1:] if line.startswith(b".") else line
        self.letters.append(cast(EmailMessage, email.message_from_bytes(data, policy=email.policy.default)))


@contextmanager
def post(**how: Any) -> Iterator[Post]:
    made = Post(**how)
    with socket.create_server(("127.0.0.1", 0)) as server:
        made.port = server.getsockname()[1]
        threading.Thread(target=made.serve, args=(server,), daemon=True).start()
        yield made
        server.shutdown(socket.SHUT_RDWR)


def mail(made: Post, user: str = "", **more: Any) -> AlertSettings:
    values = {"mail_to": ("desk@example.org",), "smtp": f"smtp://{user}127.0.0.1:{made.port}"}
    return AlertSettings(**{**values, **more})


def test_a_shell_command_gets_the_alarm_and_nothing_of_it_is_run(tmp_path: Path) -> None:
    settings = AlertSettings(command=f'cat >> {tmp_path}/got; echo "$PRESSMARK_ALARM_TEXT" >> {tmp_path}/text')
    assert len(told(tmp_path, settings, finding("bad")).delivered) == 1
    assert told(tmp_path, settings, finding("bad"), turn=1) == Told()
    assert told(tmp_path, settings, finding("ok"), turn=2).news == ()
    [cleared] = told(tmp_path, settings, finding("ok"), turn=3).news
    one, two = map(json.loads, (tmp_path / "got").read_text().splitlines())
    assert (one["schema"], one["event"], one["source"], one["rule"], one["archive"]) == (
        "pressmark.alarm/1", "opened", "herald", "silence", "news",
    )  # fmt: skip
    assert one["words"] == finding("bad").words and one["at"] == "2026-11-22T07:00:00Z"
    assert two["event"] == cleared.event == "cleared" and two["opened_at"] == one["at"]
    assert "`x` 新闻" in (tmp_path / "text").read_text("utf-8")


def test_a_command_that_fails_is_asked_again_with_all_it_missed(tmp_path: Path) -> None:
    broken = AlertSettings(command="echo the pager is off >&2; exit 3")
    [(sink, why)] = told(tmp_path, broken, finding("bad")).failures
    assert (sink, why) == ("command", "alerts.command gave exit code 3: the pager is off")
    assert told(tmp_path, broken, finding("bad"), finding("bad", "times"), turn=1).waiting == 2
    mended = AlertSettings(command=f"cat >> {tmp_path}/got")
    found = told(tmp_path, mended, finding("bad"), finding("bad", "times"), turn=2)
    assert found.news == () and [alarm.source for _, alarm in found.delivered] == ["herald", "times"]
    assert told(tmp_path, mended, finding("bad"), turn=3) == Told()


def test_a_webhook_gets_json_and_an_error_is_retried_at_the_next_run(tmp_path: Path) -> None:
    with hook(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", OK) as web:
        settings = AlertSettings(webhook=web.url)
        [(_, why)] = told(tmp_path, settings, finding("bad")).failures
        assert why == "the webhook at 127.0.0.1 answered 500"
        assert len(told(tmp_path, settings, finding("bad"), turn=1).delivered) == 1
        assert told(tmp_path, settings, finding("bad"), turn=2) == Told()
        one, two = web.messages()
    assert one == two and one["text"].startswith("🔴 news · herald: silence: https://h.example/")
    assert web.got[0].startswith(b"POST /hooks/SECRET HTTP/1.1\r\n")
    assert b"content-type: application/json" in web.got[0].lower()


def test_a_webhook_that_is_gone_or_redirects_has_not_taken_it_and_its_path_stays_secret(tmp_path: Path) -> None:
    with hook(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as web:
        [(_, why)] = told(tmp_path, AlertSettings(webhook=web.url), finding("bad")).failures
        assert why == "the webhook at 127.0.0.1 answered 302" and len(web.got) == 1
    [(_, why)] = told(tmp_path, AlertSettings(webhook=web.url), finding("bad"), turn=1).failures
    assert "could not be reached" in why and "SECRET" not in why


def test_one_mail_tells_all_that_is_news(tmp_path: Path) -> None:
    with post(password="p@ss") as made:
        settings = mail(
            made, "desk:p%40ss@", mail_from="Pressmark <pm@example.org>", mail_to="a@x.example, b@x.example"
        )
        assert len(told(tmp_path, settings, finding("bad"), finding("bad", "times")).delivered) == 2
        [letter] = made.letters
        assert letter["Subject"] == "[pressmark news] 2 alarms, 0 cleared"
        assert letter["From"] == "Pressmark <pm@example.org>" and letter["To"] == "a@x.example, b@x.example"
        body = letter.get_content()
        assert body.count("OPENED  ") == 2 and "`x` 新闻" in body and "at 2026-11-22 07:00Z" in body
        assert told(tmp_path, settings, finding("bad"), turn=1) == Told() and len(made.letters) == 1
        told(tmp_path, settings, finding("ok"), turn=2)
        told(tmp_path, settings, finding("ok"), turn=3)
        assert made.letters[1]["Subject"] == "[pressmark news] herald: silence is as usual again"
        assert [line for line in made.said if line.lower().startswith("rcpt")][:2] == [
            "rcpt TO:<a@x.example>", "rcpt TO:<b@x.example>",
        ]  # fmt: skip


def test_a_mail_server_that_refuses_is_told_without_the_password(tmp_path: Path) -> None:
    with post(refuse="550 no such user") as made:
        [(sink, why)] = told(tmp_path, mail(made), finding("bad")).failures
        assert sink == "mail" and why == "the mail server 127.0.0.1 refused (desk@example.org: 550 no such user)"
        made.refuse = None
        assert len(told(tmp_path, mail(made), finding("bad"), turn=1).delivered) == 1
        made.password = "right"
        other = told(tmp_path, mail(made, "desk:wrong@"), finding("bad", "times"), turn=2)
        assert other.failures == (("mail", "the mail server 127.0.0.1 refused (535 wrong password)"),)
    [(_, why)] = told(tmp_path, mail(made, "desk:hush@"), finding("bad", "times"), turn=3).failures
    assert "could not be reached" in why and "hush" not in why


def test_one_sink_that_fails_does_not_keep_the_others_from_hearing(tmp_path: Path) -> None:
    settings = AlertSettings(command="exit 1", webhook="http://127.0.0.1:9/x")
    with post() as made:
        both = settings.model_copy(update={"smtp": f"smtp://127.0.0.1:{made.port}", "mail_to": ("d@example.org",)})
        found = told(tmp_path, both, finding("bad"))
    assert [sink for sink, _ in found.failures] == ["command", "webhook"] and len(found.delivered) == 1
    assert found.waiting == 2
    mended = AlertSettings(command="true")
    assert told(tmp_path, mended, turn=1).waiting == 0  # and of the webhook, which is configured no more, nothing


def test_without_a_sink_nothing_is_decided(tmp_path: Path) -> None:
    assert told(tmp_path, AlertSettings(), finding("bad")) == Told() and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("level", ["warn", "bad"])
def test_the_level_says_from_when_on(tmp_path: Path, level: str) -> None:
    settings = AlertSettings(command="true", level=cast(Any, level))
    assert len(told(tmp_path, settings, finding("warn")).news) == (level == "warn")
