"""robots.txt. (Minimal stand-in with the final signature.)"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Verdict:
    allowed: bool
    rule: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Robots:
    rules: tuple[tuple[int, str, str], ...] = ()
    delay: float | None = None
    sitemaps: tuple[str, ...] = ()

    def verdict(self, path_or_url: str, agent: str) -> Verdict:
        path = urlsplit(path_or_url).path or "/"
        best: tuple[int, str, str] | None = None
        for rule in self.rules:
            if rule[2] and path.startswith(rule[2]) and (best is None or len(rule[2]) > len(best[2])):
                best = rule
        if best is None:
            return Verdict(True)
        return Verdict(best[1] == "allow", f"{best[1].title()}: {best[2]}", best[0])

    def crawl_delay(self, agent: str) -> float | None:
        return self.delay


def parse_robots(body: bytes) -> Robots:
    rules: list[tuple[int, str, str]] = []
    sitemaps: list[str] = []
    delay: float | None = None
    for number, line in enumerate(body.decode("utf-8", "replace").splitlines(), 1):
        name, _, value = line.split("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name in ("allow", "disallow"):
            rules.append((number, name, value))
        elif name == "sitemap":
            sitemaps.append(value)
        elif name == "crawl-delay":
            delay = float(value)
    return Robots(tuple(rules), delay, tuple(sitemaps))
