"""Rights as of capture: what a publisher allowed others to do with a page when we fetched it. Pure.

Three places say it: robots.txt (the crawl notes its verdicts in the WARC metadata record), the response's head
(X-Robots-Tag, tdm-reservation), the page's own meta elements. The rules: RFC 9309; the TDM Reservation Protocol (W3C
community report, 2024); noai and noimageai as art platforms coined them. Nothing here decides what is lawful.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.http.messages import Head

# Agents that gather text for machines to learn from or to answer with, as their operators name them.
AI_AGENTS = (
    "GPTBot", "ChatGPT-User", "OAI-SearchBot", "ClaudeBot", "anthropic-ai", "Google-Extended", "CCBot", "PerplexityBot",
    "Bytespider", "Applebot-Extended", "meta-externalagent", "Amazonbot", "cohere-ai", "Diffbot", "omgili",
    "FacebookBot",
)  # fmt: skip
_SCANNED_BYTES = 256 * 1024  # meta elements stand in a page's head
_META = re.compile(rb"<meta\b[^>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_NO_AI = re.compile(r"\bno-?(?:ai|imageai|genai|ml)\b", re.IGNORECASE)
_ROBOTS_METAS = frozenset(("robots", "googlebot", "googlebot-news", "bingbot", *map(str.lower, AI_AGENTS)))


@dataclass(frozen=True, slots=True)
class Rights:
    """What the publisher said. None: nobody looked, or nothing is said.

    `ai_disallowed`: those of AI_AGENTS that robots.txt kept from this page; `tdm_reservation`: 1 reserved, 0 not.
    """

    robots_txt: str | None = None  # record id of the robots.txt we were allowed by
    ai_disallowed: tuple[str, ...] | None = None
    content_signal: str | None = None  # the Content-Signal line of robots.txt
    x_robots_tag: tuple[str, ...] = ()
    meta_robots: tuple[str, ...] = ()  # "robots: noarchive"
    tdm_reservation: int | None = None
    tdm_policy: str | None = None
    tdm_from: str | None = None  # "header" or "meta"

    def as_dict(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


UNKNOWN = Rights()


def rights_fields(
    robots_txt: str | None, disallowed: Sequence[str], content_signal: str | None
) -> tuple[tuple[str, str], ...]:
    """What robots.txt says, as fields of the WARC metadata record: robotsRecord, aiDisallowed, contentSignal."""
    given = (
        ("robotsRecord", robots_txt),
        ("aiDisallowed", " ".join(disallowed) or "none"),
        ("contentSignal", content_signal),
    )
    return tuple((name, value) for name, value in given if value)


def rights_of(head: Head, body: bytes, fields: Iterable[tuple[str, str]]) -> Rights:
    """Read what was said at the time of a capture: its response's head, its decoded body, its metadata fields."""
    noted = dict(fields)
    metas = list(_metas(body[:_SCANNED_BYTES]))
    said = noted.get("aiDisallowed")
    reservation, policy, told_by = _tdm(head, dict(reversed(metas)))
    return Rights(
        robots_txt=noted.get("robotsRecord"),
        ai_disallowed=None if said is None else () if said == "none" else tuple(said.split()),
        content_signal=noted.get("contentSignal"),
        x_robots_tag=tuple(head.values("x-robots-tag")),
        meta_robots=tuple(f"{name}: {content}" for name, content in metas if name in _ROBOTS_METAS),
        tdm_reservation=reservation,
        tdm_policy=policy,
        tdm_from=told_by,
    )


def reserved(rights: Mapping[str, Any] | None) -> str | None:
    """What is reserved, in one line a catalog can search: " CCBot GPTBot noai tdm "; None where nobody looked."""
    if not rights or rights["ai_disallowed"] is None:
        return None
    found = list(rights["ai_disallowed"])
    found += ["noai"] if any(map(_NO_AI.search, (*rights["x_robots_tag"], *rights["meta_robots"]))) else []
    found += ["tdm"] if rights["tdm_reservation"] == 1 else []
    return f" {' '.join(found)} " if found else ""


def agent_named(asked: str) -> str | None:
    """The agent of AI_AGENTS that a person means; None where there is none of that name."""
    return next((agent for agent in AI_AGENTS if agent.lower() == asked.lower()), None)


def _tdm(head: Head, metas: Mapping[str, str]) -> tuple[int | None, str | None, str | None]:
    """The reservation, its policy, and who said so. A page's own word goes before its server's."""
    of_head = {name: head.value(name) or "" for name in ("tdm-reservation", "tdm-policy")}
    for told_by, given in (("meta", metas), ("header", of_head)):
        value = given.get("tdm-reservation", "").strip()
        if value in ("0", "1"):
            return int(value), given.get("tdm-policy") or None, told_by
    return None, None, None


def _metas(body: bytes) -> Iterable[tuple[str, str]]:
    for found in _META.finditer(body):
        text = found[0].decode("utf-8", "replace")
        given = {
            name.lower(): html.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(text)
        }
        if "name" in given and "content" in given:
            yield given["name"].strip().lower(), " ".join(given["content"].split())
