"""Units and crontab entries, as text, and as the programs that read them see them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from crawler.timers import cron, systemd
from crawler.timers.job import Job, job_of

ODD = 'my news 100% $HOME\'s "best"'


@pytest.fixture
def job(tmp_path: Path) -> Job:
    folder = tmp_path / ODD
    folder.mkdir()
    program = tmp_path / "bin" / "press mark"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$PWD" "$SECRET" "$@" > "$OUT"\n')
    program.chmod(0o755)
    return Job("pressmark-news", folder, (str(program), "-C", str(folder), "crawl", "--due"), (folder,), user="root")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("system", [True, False])
def test_systemd_finds_nothing_wrong_with_the_units(job: Job, tmp_path: Path, system: bool) -> None:
    units = {"service": systemd.service(job, system=system), "timer": systemd.timer(job)}
    for kind, text in units.items():
        (tmp_path / f"{job.name}.{kind}").write_text(text)
    paths = [str(tmp_path / f"{job.name}.{kind}") for kind in units]
    where = "--system" if system else "--user"
    done = subprocess.run(
        ["systemd-analyze", where, "--man=no", "verify", *paths],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    ours = [line for line in done.stderr.splitlines() if job.name in line]
    assert (ours, done.returncode) == ([], 0), done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_timer_comes_every_five_minutes(job: Job) -> None:
    calendar = next(line for line in systemd.timer(job).splitlines() if line.startswith("OnCalendar="))
    said = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=3", calendar.removeprefix("OnCalendar=")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "*-*-* *:00/5:00" in said


def test_a_system_unit_may_write_its_archive_and_nothing_else(job: Job) -> None:
    lines = systemd.service(job, system=True).splitlines()
    assert "ProtectSystem=strict" in lines
    assert [line for line in lines if line.startswith("ReadWritePaths=")] == [
        f'ReadWritePaths="{job.folder.parent}/my news 100%% $HOME\'s \\"best\\""'
    ]
    assert not any("PRESSMARK" in line or "SECRET" in line for line in lines)  # secrets stand in a file of their own
    assert "ProtectSystem=strict" not in systemd.service(job, system=False)


def shell_of(text: str) -> str:
    """The command of a crontab, as cron hands it to the shell."""
    line = next(line for line in text.splitlines() if not line.startswith("#"))
    assert "%" not in line.replace("\\%", "")  # cron would take it for a line end
    return line.split(" ", 5)[5].replace("\\%", "%")


def test_what_cron_runs_stands_in_the_folder_with_its_environment(job: Job, tmp_path: Path) -> None:
    job.environment_file.write_text("SECRET='a b'\n")
    out = tmp_path / "out"
    subprocess.run(["/bin/sh", "-c", shell_of(cron.entry(job))], check=True, env={"OUT": str(out)}, cwd="/")
    assert out.read_text().splitlines() == [str(job.folder), "a b", "-C", str(job.folder), "crawl", "--due"]


def test_cron_runs_it_without_an_environment_file_too(job: Job, tmp_path: Path) -> None:
    out = tmp_path / "out"
    subprocess.run(["/bin/sh", "-c", shell_of(cron.entry(job))], check=True, env={"OUT": str(out)}, cwd="/")
    assert out.read_text().splitlines()[:2] == [str(job.folder), ""]


@pytest.mark.skipif(shutil.which("crontab") is None, reason="cron is not installed")
def test_the_crontab_program_takes_the_entry(job: Job, tmp_path: Path) -> None:
    path = tmp_path / "crontab"
    path.write_text(cron.entry(job))
    told = ""
    for option in ("-n", "-T"):  # Debian's dry run, and cronie's
        done = subprocess.run(["crontab", option, str(path)], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        told += done.stderr
    if "invalid option" in told and "bad" not in told:
        pytest.skip("this crontab has no dry run")
    pytest.fail(told)


def test_an_entry_takes_the_place_of_its_older_one_and_goes_without_a_trace(job: Job, tmp_path: Path) -> None:
    other = Job("pressmark-other", tmp_path / "other", ("pressmark",), ())
    theirs = "MAILTO=me\n0 5 * * * backup\n"
    both = cron.with_entry(cron.with_entry(theirs, other), job)
    assert cron.with_entry(both, job) == both
    assert both.count(job.mark) == both.count(other.mark) == 1
    assert cron.without_entry(both, job.folder) == cron.with_entry(theirs, other)
    assert cron.without_entry(cron.without_entry(both, job.folder), other.folder) == theirs
    assert cron.with_entry("0 5 * * * no-line-end", job).startswith("0 5 * * * no-line-end\n# Written by")


def test_a_name_is_unique_on_the_machine(tmp_path: Path) -> None:
    first = job_of(tmp_path / "a", "my news", (), lambda name: False, None)
    second = job_of(tmp_path / "b", "my news", (), lambda name: name == "pressmark-my-news", None)
    assert first.name == "pressmark-my-news"
    assert second.name.startswith("pressmark-my-news-")
    assert Path(first.command[0]).is_absolute()
    assert first.command[-2:] == ("crawl", "--due")
