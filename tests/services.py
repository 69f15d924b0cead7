"""Real services for tests: a PostgreSQL of our own, in a folder of its own, gone when the tests end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REQUIRED = "PRESSMARK_REQUIRE_SERVICES"
_SETTINGS = {
    "fsync": "off",  # the data is thrown away
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "40",
    "autovacuum": "off",
    "timezone": "Asia/Kathmandu",  # an odd one, so that a time read without its zone is noticed
}


class ServiceMissing(Exception):
    """The service is not installed; the message says what was looked for."""


def program(name: str) -> str:
    """Find a program of PostgreSQL on the PATH or where Debian keeps it. Raises ServiceMissing."""
    found = shutil.which(name)
    if found:
        return found
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: _number(path.parts[4]))
    if not kept:
        raise ServiceMissing(f"PostgreSQL's {name} is neither on the PATH nor in /usr/lib/postgresql")
    return str(kept[-1])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


@contextmanager
def postgres() -> Iterator[str]:
    """Run a private PostgreSQL on a free loopback port and give its URL (a superuser, database "postgres")."""
    initdb, server = Path(program("initdb")).resolve(), Path(program("postgres")).resolve()
    folder = Path(tempfile.mkdtemp(prefix="pressmark-pg-", dir="/tmp"))  # short: a socket's path has 107 bytes
    user = _unprivileged()
    try:
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        made = ("-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        _run([str(initdb), *made], folder, user)
        with _serving(server, data, folder, user) as port:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs the server: ourselves, or, as PostgreSQL refuses to run as root, its own user or nobody."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServiceMissing("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _run(command: list[str], folder: Path, user: pwd.struct_passwd | None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **_as(user))
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")


def _as(user: pwd.struct_passwd | None) -> dict[str, object]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def _serving(server: Path, data: Path, folder: Path, user: pwd.struct_passwd | None) -> Iterator[int]:
    port = free_port()
    settings = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
    place = ["-clisten_addresses=127.0.0.1", f"-cport={port}", f"-cunix_socket_directories={folder}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(server), "-D", str(data), *settings, *place], cwd=folder, stdout=log, stderr=log, **_as(user)
        )
    try:
        _wait(process, port, folder / "log")
        yield port
    finally:
        process.send_signal(2)  # "fast shutdown": does not wait for connections that tests left open
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    import time

    import psycopg

    for _ in range(1200):
        if process.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL does not answer: {log.read_text(errors='replace')[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
