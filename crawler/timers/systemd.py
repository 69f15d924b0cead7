"""A systemd service and its timer, as text. Pure.

The service may do what a crawl needs and little else. What needs no privilege (seccomp filters, no new privileges)
holds for a user's own units, too; what mounts a file system of its own is for system units, as a user's manager can
do that only where the kernel lets users have namespaces. See systemd.exec(5), systemd.timer(5).
"""

from __future__ import annotations

from pathlib import Path

from crawler.timers.job import EVERY_MINUTES, FINE, WRITTEN_BY, Job

_CAGE = (
    "NoNewPrivileges=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM",
    "UMask=0027",
)
_SYSTEM_CAGE = (
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectHostname=yes",
    "ProtectClock=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "CapabilityBoundingSet=",
)


def service(job: Job, *, system: bool) -> str:
    """The text of NAME.service: one `pressmark crawl --due`, started by its timer."""
    lines = [
        WRITTEN_BY,
        job.mark,
        "[Unit]",
        f"Description=Pressmark: crawl what is due in {_plain(job.folder)}",
        *(("Wants=network-online.target", "After=network-online.target") if system else ()),
        "",
        "[Service]",
        "Type=oneshot",
        *((f"User={job.user}",) if system and job.user else ()),
        f"WorkingDirectory={_plain(job.folder)}",
        f"ExecStart={' '.join(_word(word).replace('$', '$$') for word in job.command)}",  # $NAME is for ExecStart only
        *(f"Environment={_word(f'{name}={value}')}" for name, value in job.environment.items()),
        "Environment=PYTHONDONTWRITEBYTECODE=1",
        f"EnvironmentFile=-{_plain(job.environment_file)}",
        f"SuccessExitStatus={' '.join(map(str, FINE))}",
        "KillMode=mixed",  # the crawl ends its reading processes itself; what is left after the time is killed
        "TimeoutStopSec=5min",
        "Nice=10",
        *_CAGE,
        *(line for line in _SYSTEM_CAGE if system and not (line.startswith("PrivateTmp") and _in_tmp(job))),
        *((f"ReadWritePaths={' '.join(_word(str(path)) for path in job.writes)}",) if system else ()),
    ]
    return "\n".join(lines) + "\n"


def timer(job: Job) -> str:
    """The text of NAME.timer: every five minutes, and at once after the machine was off."""
    lines = [
        WRITTEN_BY,
        job.mark,
        "[Unit]",
        f"Description=Pressmark: every {EVERY_MINUTES} minutes, what is due in {_plain(job.folder)}",
        "",
        "[Timer]",
        f"OnCalendar=*:0/{EVERY_MINUTES}",
        "AccuracySec=10s",
        "RandomizedDelaySec=60s",
        "FixedRandomDelay=yes",  # the same delay each time: intervals stay even
        "Persistent=yes",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(lines) + "\n"


def _in_tmp(job: Job) -> bool:
    """With a /tmp of its own the service would not see an archive in the real one."""
    return any(path.is_relative_to(tmp) for path in job.writes for tmp in ("/tmp", "/var/tmp"))


def _plain(path: Path) -> str:
    """A value that takes the whole line: only specifiers have to be escaped."""
    return str(path).replace("%", "%%")


def _word(text: str) -> str:
    """One of several values in a line, as systemd.syntax(7) reads it: quoted where it must be, specifiers escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if not text or any(one.isspace() or one in "\"';\\" for one in text) else escaped
