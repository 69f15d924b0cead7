"""A process that has loaded what commands load and done nothing yet. Each program is run by a fork of it: a process of
its own, with its own folder, environment and output, that begins where one typed in a shell has finished loading.

    python -m tests.crawler.forked FD      answers on a socket, until that is closed

Order: `run_forked` for tests; then what runs in the loaded process. `cli_harness.as_typed` starts a command for real.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

_MOST_BYTES = 1 << 20
_loaded: socket.socket | None = None
_processes: list[subprocess.Popen[bytes]] = []  # that answered; the last may still do so


def run_forked(
    folder: Path, program: str, words: Sequence[str], environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run `python -c PROGRAM WORDS` in a fork of the loaded process. Raises TimeoutExpired, and ends the fork then."""
    global _loaded
    loaded, _loaded = _loaded or _start(environment), None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        asked = json.dumps([str(folder), program, list(words), dict(environment)])
        socket.send_fds(loaded, [asked.encode()], [out.fileno(), err.fileno()])
        loaded.settimeout(seconds)
        pid = int(loaded.recv(_MOST_BYTES))
        try:
            code = int(loaded.recv(_MOST_BYTES))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(words), seconds) from None
        _loaded = loaded  # only where nothing is left unanswered
        return subprocess.CompletedProcess(list(words), code, _text(out.fileno()), _text(err.fileno()))


def _start(environment: Mapping[str, str]) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crawler.forked", str(theirs.fileno())],
            env={**environment, "OPENBLAS_NUM_THREADS": "1"},  # a process with threads cannot be forked
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    _processes.append(process)
    return ours


def _text(fd: int) -> str:
    os.lseek(fd, 0, os.SEEK_SET)
    with open(fd, encoding="utf-8", newline="", closefd=False) as stream:
        return stream.read().replace("\r\n", "\n")


# -- in the loaded process


def answer(asking: socket.socket) -> None:
    """Fork for each program that is sent, and say its pid and its exit code (negative: the signal it died of)."""
    _load()
    while True:
        asked, fds, _flags, _address = socket.recv_fds(asking, _MOST_BYTES, 2)
        if not asked:
            return
        pid = os.fork()
        if pid == 0:
            asking.close()
            _become(fds, *json.loads(asked))
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(BrokenPipeError):  # whoever asked has gone
            asking.send(str(pid).encode())
            asking.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())


def _load() -> None:
    import scrapy.crawler
    import scrapy.downloadermiddlewares.cookies  # noqa: F401 - Scrapy loads it by its name in a table

    from archive.extract import warm_up
    from crawler.cli import command

    for name in (
        "fetch.handler",
        "fetch.robots",
        "fetch.retry",
        "crawl.frontier",
        "crawl.heart",
        "crawl.pace",
        "crawl.pipelines",
    ):
        __import__(f"crawler.{name}")  # so are these
    warm_up()
    command()
    # Both are made where a crawl begins: the one reads the folder it stands in, the other runs once in a process.
    assert not {"crawler.settings", "twisted.internet.reactor"} & set(sys.modules)


def _become(fds: Sequence[int], folder: str, program: str, words: list[str], environment: dict[str, str]) -> NoReturn:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for fd, of_ours in zip(fds, (1, 2), strict=True):
        os.dup2(fd, of_ours)
        os.close(fd)
    sys.argv = ["-c", *words]
    exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})
    sys.exit()


if __name__ == "__main__":
    answer(socket.socket(fileno=int(sys.argv[1])))
