"""Crashes, full disks and torn files: nothing acknowledged is lost, nothing torn is taken for whole."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.errors import ArchiveLocked, DiskFull, NotFound
from archive.folder.lock import ArchiveLock
from archive.folder.store import LocalStore
from archive.warc.captures import captures_in
from archive.warc.check import check_file
from archive.warc.reader import Record, iter_records, read_record
from archive.warc.recovery import recover, recover_all
from archive.warc.writer import WarcWriter
from tests.archive.warc_samples import NOON, closed_file, exchange, head, samples, writer

SAMPLES = samples()
KILLS = int(os.environ.get("PRESSMARK_KILLS", "10"))
CHILD = Path(__file__).with_name("warc_child.py")


def left_open(root: Path, data: bytes) -> LocalStore:
    """A file as a writer leaves it that dies."""
    folder = root / "warc/2026/11/22"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()  # a new file costs less than one cut to nothing and written again
    (folder / "left.warc.gz.open").write_bytes(data)
    return LocalStore(root)


def ends_of(path: Path) -> list[int]:
    return [record.offset + record.length for record in iter_records(path)]


def insist_ends(path: Path, kept: bytes) -> None:
    """It holds what was kept and, where that did not have it, the record that ends a file; nothing is wrong with it."""
    data = path.read_bytes()
    assert data.startswith(kept)
    (last,) = [record for record in iter_records(path) if b"closedBy: " in record.block]
    assert last.offset + last.length == len(data) and last.offset <= len(kept)
    assert (b"closedBy: recovery" in last.block) == (last.offset == len(kept))


def test_every_length_of_a_cut_file_recovers_exactly_its_whole_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda fd: None)  # 4000 of them would measure the disk
    whole = closed_file(tmp_path / "a", exchange(head() + b"one"), exchange(head("404 Not Found") + b"two"))
    data, ends = whole.read_bytes(), ends_of(whole)
    name = "warc/2026/11/22/left.warc.gz"
    for length in range(len(data) + 1):
        store = left_open(tmp_path / "b", data[:length])
        kept = [end for end in ends if end <= length]
        done = recover(store, name + ".open")
        if not kept:
            assert (done.warc_file, done.records, done.torn_bytes) == (None, 0, length)
            assert store.path(name + ".torn").read_bytes() == data[:length] and store.warc_files(True) == []
            continue
        assert (done.records, done.kept_bytes, done.torn_bytes) == (len(kept), kept[-1], length - kept[-1])
        insist_ends(store.path(name), data[: kept[-1]])
        if length in ends:
            assert check_file(store.path(name)).problems == ()
        assert store.open_files() == []
        assert store.path(name + ".torn").exists() == (length > kept[-1])
        lines = store.path(store.cdxj_path_of(name)).read_bytes().splitlines()
        assert len(lines) == len(list(captures_in(store.path(name), name)))


def test_what_follows_damage_is_set_aside_and_not_lost(tmp_path: Path) -> None:
    whole = closed_file(tmp_path / "a", *(exchange(head() + b"%d" % n) for n in range(5)))
    data, ends = bytearray(whole.read_bytes()), ends_of(whole)
    data[ends[3] + 40] ^= 0xFF
    store = left_open(tmp_path / "b", bytes(data))
    done = recover(store, store.open_files()[0])
    assert done.kept_bytes == ends[3] and done.torn_file is not None
    assert store.path(done.torn_file).read_bytes() == data[ends[3] :]


@pytest.mark.parametrize("error", [None, errno.ENOSPC, errno.EIO])
def test_recovery_stopped_at_any_step_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int | None
) -> None:
    whole = closed_file(tmp_path / "a", *(exchange(head() + b"%d" % n) for n in range(3)))
    data, ends = whole.read_bytes(), ends_of(whole)
    steps = ("fsync", "ftruncate", "pwrite", "replace", "rename")
    for stop_at in range(16):
        store = left_open(tmp_path / "b", data[: ends[-2] + 30])
        with monkeypatch.context() as patch:
            stop = _Stop(stop_at, _Killed() if error is None else OSError(error, os.strerror(error)))
            for step in steps:
                stop.guard(patch, Path if step in ("replace", "rename") else os, step)
            with contextlib.suppress(_Killed, DiskFull):
                recover(store, "warc/2026/11/22/left.warc.gz")
        done = list(recover_all(store))
        path = store.path("warc/2026/11/22/left.warc.gz")
        insist_ends(path, data[: ends[-2]])
        assert path.with_name("left.warc.gz.torn").read_bytes() == data[ends[-2] : ends[-2] + 30]
        assert path.with_name("left.cdxj").exists() and len(done) <= 1
        assert check_file(path).ok


class _Killed(BaseException):
    """Stands for the end of the process."""


class _Stop:
    """Lets the first calls through; then they fail, or the process ends, so to say, before the next one."""

    def __init__(self, allowed: int, error: BaseException) -> None:
        self.allowed, self.error = allowed, error

    def guard(self, patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def guarded(*args: Any, **options: Any) -> Any:
            if self.allowed == 0:
                raise self.error
            self.allowed -= 1
            return real(*args, **options)

        patch.setattr(owner, name, guarded)


def test_a_file_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    out = writer(tmp_path)
    out.write(SAMPLES["plain"])
    store = LocalStore(tmp_path)
    with pytest.raises(ArchiveLocked, match="living process"):
        recover(store, store.open_files()[0])
    assert list(recover_all(store)) == []
    out.write(SAMPLES["plain"])
    (name,) = out.close()
    assert check_file(store.path(name)).ok
    with pytest.raises(NotFound):
        recover(store, name)


def test_killed_writers_lose_nothing_they_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(7)
    store = LocalStore(tmp_path)
    acknowledged: set[str] = set()
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    for _ in range(KILLS):
        child = subprocess.Popen([sys.executable, str(CHILD), str(tmp_path)], stdout=subprocess.PIPE, env=env)
        assert child.stdout is not None
        acknowledged.add(child.stdout.readline().decode().strip())
        time.sleep(chance.random() * 0.3)
        child.send_signal(signal.SIGKILL)
        acknowledged.update(line.decode().strip() for line in child.stdout if line.endswith(b"\n"))
        child.wait()
        child.stdout.close()
        list(recover_all(store))
        assert store.open_files() == []
    kept = {capture.record_id for name in store.warc_files() for capture in captures_in(store.path(name), name)}
    assert len(acknowledged) > KILLS and acknowledged <= kept
    for name in store.warc_files():
        assert check_file(store.path(name)).problems == ()
        assert store.path(store.cdxj_path_of(name)).exists()


def test_recovery_killed_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    whole = closed_file(tmp_path / "a", *(SAMPLES["plain"] for _ in range(200)))
    data, ends = whole.read_bytes(), ends_of(whole)
    store = left_open(tmp_path / "b", data[:-40])
    code = "import sys;from pathlib import Path;from archive.folder.store import LocalStore;from archive.warc.recovery import recover_all;print('go',flush=True);list(recover_all(LocalStore(Path(sys.argv[1]))))"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    chance = random.Random(3)
    for _ in range(max(3, KILLS // 4)):
        child = subprocess.Popen([sys.executable, "-c", code, str(store.root)], stdout=subprocess.PIPE, env=env)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.random() * 0.05)
        child.kill()
        child.wait()
        child.stdout.close()
    list(recover_all(store))
    insist_ends(store.path("warc/2026/11/22/left.warc.gz"), data[: ends[-2]])
    assert check_file(store.path("warc/2026/11/22/left.warc.gz")).problems == ()
    assert store.path("warc/2026/11/22/left.warc.gz.torn").read_bytes() == data[ends[-2] : -40]


def test_a_recovery_stopped_inside_its_own_writing_keeps_what_was_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = closed_file(tmp_path / "a", *(SAMPLES["plain"] for _ in range(3)))
    data, ends = whole.read_bytes(), ends_of(whole)
    real = os.pwrite
    for allowed in (1, 30, 200):
        store = left_open(tmp_path / "b", data[: ends[4] + 50])

        def torn(fd: int, piece: Any, at: int, allowed: int = allowed) -> int:
            real(fd, piece[:allowed], at)
            raise _Killed

        with monkeypatch.context() as patch, pytest.raises(_Killed):
            patch.setattr(os, "pwrite", torn)
            recover(store, "warc/2026/11/22/left.warc.gz")
        (done,) = recover_all(store)
        assert (done.torn_bytes, done.torn_file) == (allowed, "warc/2026/11/22/left.warc.gz.2.torn")
        assert store.path("warc/2026/11/22/left.warc.gz.torn").read_bytes() == data[ends[4] : ends[4] + 50]
        insist_ends(store.path("warc/2026/11/22/left.warc.gz"), data[: ends[4]])


def test_a_file_being_written_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    out = writer(tmp_path)
    for _ in range(3):
        out.write(SAMPLES["plain"])
    path = LocalStore(tmp_path).path(LocalStore(tmp_path).open_files()[0] + ".open")
    whole = list(iter_records(path))
    with path.open("ab") as file:
        file.write(path.read_bytes()[:30])  # as a reader may see the next write
    assert list(map(_id, iter_records(path))) == list(map(_id, whole)) and len(whole) == 10


def test_a_file_closed_since_its_name_was_looked_up_is_still_read(tmp_path: Path) -> None:
    out = writer(tmp_path)
    capture = out.write(SAMPLES["plain"])
    assert capture is not None
    path = LocalStore(tmp_path).find(capture.warc_file)
    out.close()
    assert not path.exists() and read_record(path, capture.warc_offset).record_id == capture.record_id


def _id(record: Record) -> str:
    return record.record_id


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """os.write that writes `room` bytes more and then fails with `errno`; short writes too where `step` is set."""
    state: dict[str, Any] = {"room": None, "errno": errno.ENOSPC, "step": None}
    real = os.write

    def write(fd: int, data: Any) -> int:
        size = len(data)
        if state["step"]:
            size = min(size, state["step"])
        if state["room"] is not None:
            if state["room"] == 0:
                raise OSError(state["errno"], os.strerror(state["errno"]))
            size = min(size, state["room"])
            state["room"] -= size
        return real(fd, data[:size])

    monkeypatch.setattr(os, "write", write)
    yield state


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("room", [0, 1, 100, 400, 900])
def test_a_full_disk_leaves_only_whole_records(tmp_path: Path, faulty: dict[str, Any], error: int, room: int) -> None:
    out = writer(tmp_path)
    first = out.write(SAMPLES["plain"])
    faulty.update(room=room, errno=error)
    with pytest.raises(DiskFull, match=r"\.open"):
        out.write(SAMPLES["gzip"])
    path = LocalStore(tmp_path).find(first.warc_file) if first else Path()
    assert check_file(path).problems == () and check_file(path).records == 4
    faulty.update(room=None)
    out.write(SAMPLES["gzip"])  # and when there is room again, it goes on
    (name,) = out.close()
    assert check_file(tmp_path / name).problems == ()
    assert len(list(captures_in(tmp_path / name, name))) == 2


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["write", "fsync", "fdatasync", "write, then ftruncate", "rename", "replace", "dup"])
def test_any_system_call_may_fail_and_nothing_acknowledged_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    for number in range(60):
        root = tmp_path / str(number)
        owner: Any = Path if call in ("rename", "replace") else os
        with monkeypatch.context() as patch:
            if call == "write, then ftruncate":
                _fail_from(patch, os, "ftruncate", 0, error)
            failures = _fail_from(patch, owner, call.split(",")[0], number, error)
            acknowledged = _session(root)
        store = LocalStore(root)
        list(recover_all(store))
        assert store.open_files() == []
        kept = set()
        for name in store.warc_files():
            assert check_file(store.path(name)).problems == (), (number, name)
            assert store.path(store.cdxj_path_of(name)).exists()
            kept |= {capture.record_id for capture in captures_in(store.path(name), name)}
        assert acknowledged <= kept
        if not failures:
            assert len(acknowledged) == 8
            return
    raise AssertionError("the session never came to its end")


def _fail_from(patch: pytest.MonkeyPatch, owner: Any, call: str, allowed: int, error: int) -> list[int]:
    """Let `allowed` calls through, fail the next two (half done, where that is a short write), then work again."""
    real = getattr(owner, call)
    failures: list[int] = []
    calls = iter(range(1 << 30))

    def failing(*args: Any) -> Any:
        number = next(calls)
        if allowed <= number < allowed + 2:
            failures.append(number)
            if call == "write" and number == allowed:
                return real(args[0], args[1][: len(args[1]) // 2])
            raise OSError(error, os.strerror(error))
        return real(*args)

    patch.setattr(owner, call, failing)
    return failures


def _session(root: Path) -> set[str]:
    """Write until something fails, or eight exchanges over several files; return what was acknowledged."""
    out = writer(root, roll_bytes=4000)
    waiting: list[str] = []
    acknowledged: set[str] = set()
    try:
        for number in range(8):
            capture = out.write(exchange(head() + b"%d" % number * 900))
            assert capture is not None
            waiting.append(capture.record_id)
            if number % 2:
                out.sync()
                acknowledged.update(waiting)
        out.close()
    except DiskFull:
        with contextlib.suppress(DiskFull):
            out.close()
    return acknowledged


def test_a_disk_full_from_the_start_leaves_no_file(tmp_path: Path, faulty: dict[str, Any]) -> None:
    out = writer(tmp_path)
    faulty.update(room=10)
    with pytest.raises(DiskFull):
        out.write(SAMPLES["plain"])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_short_writes_are_carried_on(tmp_path: Path, faulty: dict[str, Any]) -> None:
    faulty.update(step=7)
    path = closed_file(tmp_path, SAMPLES["plain"], SAMPLES["chunked"])
    assert check_file(path).problems == ()


def test_a_large_body_on_a_full_disk_is_cut_off_whole(tmp_path: Path, faulty: dict[str, Any]) -> None:
    chance = random.Random(1)
    big = exchange(head() + chance.randbytes(3 << 20))
    out = writer(tmp_path)
    first = out.write(SAMPLES["plain"])
    assert first is not None
    faulty.update(room=2 << 20)
    with pytest.raises(DiskFull):
        out.write(big)
    assert check_file(LocalStore(tmp_path).find(first.warc_file)).problems == ()


def test_a_real_size_limit_of_the_system_is_a_full_disk(tmp_path: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from archive.errors import DiskFull
from tests.archive.warc_samples import exchange, head, writer
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
out = writer(Path(sys.argv[1]))
for n in range(1000):
    try:
        capture = out.write(exchange(head() + bytes(str(n), "ascii") * 40))
    except DiskFull as error:
        print("full", n)
        break
try:
    out.close()
except DiskFull:
    pass  # no room for the record that ends the file: recovery adds it
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=env)
    assert done.stdout.startswith("full"), done.stderr
    list(recover_all(LocalStore(tmp_path)))
    (name,) = LocalStore(tmp_path).warc_files()
    count = int(done.stdout.split()[1])
    assert check_file(tmp_path / name).problems == ()
    assert len(list(captures_in(tmp_path / name, name))) == count > 10
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_vanished_folder_is_noticed_at_once(tmp_path: Path) -> None:
    out = writer(tmp_path)
    capture = out.write(SAMPLES["plain"])
    assert capture is not None
    LocalStore(tmp_path).find(capture.warc_file).unlink()
    with pytest.raises(DiskFull, match="deleted"):
        out.write(SAMPLES["plain"])


def test_a_moved_folder_is_noticed_by_sync(tmp_path: Path) -> None:
    out = writer(tmp_path)
    out.write(SAMPLES["plain"])
    (tmp_path / "warc").rename(tmp_path / "elsewhere")
    with pytest.raises(DiskFull):
        out.sync()
    with pytest.raises(DiskFull):  # what is not durable can never be acknowledged from here on
        out.write(SAMPLES["plain"])


def test_a_failed_sync_promises_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = writer(tmp_path)
    out.write(SAMPLES["plain"])

    def fail(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(DiskFull, match="Input/output"):
            out.sync()
    with pytest.raises(DiskFull):
        out.sync()


def test_durability_record_syncs_before_write_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (calls.append(fd), real(fd))[1])
    interval = writer(tmp_path)
    interval.write(SAMPLES["plain"])
    assert calls == []
    interval.sync()
    interval.sync()  # nothing new: nothing to do
    assert len(calls) == 1
    each: WarcWriter = writer(tmp_path, durability="record")
    each.write(SAMPLES["plain"])
    assert len(calls) == 2
    interval.close(), each.close()


def test_a_folder_that_cannot_be_made_is_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "warc").write_text("a file where a folder should be")
    with pytest.raises(DiskFull):
        writer(tmp_path).write(SAMPLES["plain"])


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    with ArchiveLock(tmp_path, command="pressmark crawl --due", started=NOON, run="2026-11-22T12-00-00") as lock:
        with pytest.raises(
            ArchiveLocked, match=rf"by pid {os.getpid()} \(pressmark crawl --due, started 12:00:00 on host "
        ) as caught:
            ArchiveLock(tmp_path, command="pressmark fetch", started=NOON).acquire()
        assert caught.value.hint == "wait, or pressmark run stop 2026-11-22T12-00-00"
        assert lock.taken_over is None
    with ArchiveLock(tmp_path, command="pressmark fetch", started=NOON) as lock:
        assert lock.taken_over is None


def test_the_lock_of_a_dead_process_is_taken_over_and_said_so(tmp_path: Path) -> None:
    code = """
import os, sys
from datetime import datetime, UTC
from pathlib import Path
from archive.folder.lock import ArchiveLock
ArchiveLock(Path(sys.argv[1]), command="pressmark crawl", started=datetime(2026, 11, 22, tzinfo=UTC)).acquire()
lock = ArchiveLock
print(os.getpid(), flush=True)
os.kill(os.getpid(), 9)
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    code = code.replace("ArchiveLock(Path", "held = ArchiveLock(Path").replace(").acquire()", "); held.acquire()")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=env)
    with ArchiveLock(tmp_path, command="pressmark crawl", started=NOON) as lock:
        assert lock.taken_over is not None and lock.taken_over.pid == int(done.stdout)


def test_a_forked_worker_does_not_keep_the_locks_of_its_parent(tmp_path: Path) -> None:
    code = """
import os, sys, time
from datetime import datetime, UTC
from pathlib import Path
from archive.folder.lock import ArchiveLock
from tests.archive.warc_samples import exchange, writer
lock = ArchiveLock(Path(sys.argv[1]), command="pressmark crawl", started=datetime(2026, 11, 22, tzinfo=UTC))
lock.acquire()
out = writer(Path(sys.argv[1]))
out.write(exchange(b"HTTP/1.1 200 OK\\r\\n\\r\\nx"))
worker = os.fork()
if worker == 0:
    os.close(1); os.close(2)
    time.sleep(60)
    os._exit(0)
print(worker, flush=True)
time.sleep(0.2)
os.kill(os.getpid(), 9)
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=env)
    try:
        ArchiveLock(tmp_path, command="pressmark crawl", started=NOON).acquire()
        (recovered,) = recover_all(LocalStore(tmp_path))
        assert recovered.records == 4
    finally:
        os.kill(int(done.stdout), signal.SIGKILL)
