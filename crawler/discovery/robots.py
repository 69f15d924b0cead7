"""robots.txt as RFC 9309 reads it, with the rule and the line that decided. Pure.

Python's and Scrapy's readers answer yes or no; an archive has to say why. Leniencies beyond the RFC, all in favour of
what the publisher meant: misspelt "disallow", `Crawl-delay`, a colon left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, urlsplit

MAX_BYTES = 500 * 1024  # RFC 9309 section 2.5
_MAX_DELAY_SECONDS = 86400.0
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~*$")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_AGENT_FIELDS = frozenset(("user-agent", "useragent", "user agent"))
_DISALLOW_FIELDS = frozenset(("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"))
_DELAY_FIELDS = frozenset(("crawl-delay", "crawldelay", "crawl delay"))
_SITEMAP_FIELDS = frozenset(("sitemap", "sitemaps", "site-map"))
_BARE_FIELD = re.compile(r"(user-agent|disallow|allow|crawl-delay|sitemap)\s+(\S.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One Allow or Disallow line; `pattern` is percent-normalised, `text` as written."""

    allow: bool
    pattern: str
    text: str
    line: int

    @property
    def specificity(self) -> int:
        """Octets of the pattern: the longest match decides."""
        return len(self.pattern)

    def matches(self, target: str) -> bool:
        """Whether the pattern matches from the start of a path with query; `*` and a final `$` are special.

        Pieces between stars are looked for from left to right, so hostile patterns cost no more than honest ones.
        """
        anchored = self.pattern.endswith("$")
        first, *rest = (self.pattern[:-1] if anchored else self.pattern).split("*")
        first, *rest = (_literal(piece) for piece in (first, *rest))
        if not target.startswith(first):
            return False
        if not rest:
            return not anchored or target == first
        at = len(first)
        last = rest.pop() if anchored else ""
        for piece in rest:
            at = target.find(piece, at)
            if at < 0:
                return False
            at += len(piece)
        return not anchored or (target.endswith(last) and len(target) - len(last) >= at)


@dataclass(frozen=True, slots=True)
class Group:
    """The rules for some agents: product tokens in lower case, "*" for all others."""

    agents: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    delays: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an agent may fetch a URL, and the line of robots.txt that says so (None: no rule speaks of it)."""

    allowed: bool
    rule: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Robots:
    """A robots.txt, read. `others` keeps the fields we do not act on (line, field, value): Content-Signal and so on."""

    groups: tuple[Group, ...] = ()
    sitemaps: tuple[str, ...] = ()
    others: tuple[tuple[int, str, str], ...] = ()
    problems: tuple[str, ...] = ()
    default: Verdict = Verdict(True)

    def verdict(self, url: str, agent: str) -> Verdict:
        """Whether `agent` (a product token or a whole User-Agent value) may fetch `url`.

        The longest matching rule of all groups for the agent decides, Allow on a tie (RFC 9309 section 2.2.2).
        """
        target = _target(url)
        if target.partition("?")[0] == "/robots.txt":
            return Verdict(True)
        best: Rule | None = None
        for rule in self._rules(agent):
            if best and (rule.specificity, rule.allow) <= (best.specificity, best.allow):
                continue
            if rule.matches(target):
                best = rule
        return Verdict(best.allow, best.text, best.line) if best else self.default

    def crawl_delay(self, agent: str) -> float | None:
        """Seconds the publisher asks `agent` to wait between requests; the largest where several are given."""
        return max((delay for group in self._groups(agent) for delay in group.delays), default=None)

    def names(self, agent: str) -> bool:
        """Whether a group names the agent itself, not only "*"."""
        token = product_token(agent)
        return any(token in group.agents for group in self.groups)

    def disallowed(self, url: str, agents: Iterable[str]) -> list[str]:
        """Those of the agents that may not fetch a URL. Agents under the same groups are asked for once."""
        verdicts: dict[tuple[int, ...], bool] = {}
        found = []
        for agent in agents:
            same = tuple(map(id, self._groups(agent)))
            if same not in verdicts:
                verdicts[same] = self.verdict(url, agent).allowed
            if not verdicts[same]:
                found.append(agent)
        return found

    def field(self, name: str) -> str | None:
        """The first value of a field we do not act on: "content-signal"."""
        return next((value for _, field, value in self.others if field == name), None)

    def _groups(self, agent: str) -> tuple[Group, ...]:
        token = product_token(agent)
        own = tuple(group for group in self.groups if token in group.agents)
        return own or tuple(group for group in self.groups if "*" in group.agents)

    def _rules(self, agent: str) -> Iterator[Rule]:
        for group in self._groups(agent):
            yield from group.rules


ALLOW_ALL = Robots()
DISALLOW_ALL = Robots(default=Verdict(False, "robots.txt could not be read"))


def robots_for(status: int | None, body: bytes) -> Robots:
    """What the answer to /robots.txt means (RFC 9309 section 2.3.1): 2xx is read, 4xx allows, all else forbids.

    `status` is that of the last response after redirects; None when no response came.
    """
    if status is not None and 200 <= status < 300:
        return parse_robots(body)
    return ALLOW_ALL if status is not None and 400 <= status < 500 and status != 429 else DISALLOW_ALL


def parse_robots(body: bytes) -> Robots:
    """Read a robots.txt. Never raises; a page in HTML, for instance, has no rules."""
    problems: list[str] = []
    if len(body) > MAX_BYTES:
        problems.append(f"longer than {MAX_BYTES} bytes; the rest is left")
        # The line that is cut could mean something else than the whole one.
        body = body[: max(body.rfind(b"\n", 0, MAX_BYTES), body.rfind(b"\r", 0, MAX_BYTES)) + 1]
    reader = _Reader()
    for number, line in enumerate(re.split(r"\r\n|\r|\n", _decoded(body)), 1):
        field = _field(line)
        if field:
            reader.take(number, *field)
    reader.close()
    return Robots(tuple(reader.groups), tuple(reader.sitemaps), tuple(reader.others), tuple(problems))


def product_token(agent: str) -> str:
    """The token of a User-Agent value that robots.txt names, e.g. "pressmark" of "Pressmark/0.1 (+mailto:…)"."""
    matched = re.match(r"[^\s/;,()]+", agent.strip())
    return matched[0].lower() if matched else ""


class _Reader:
    """Collects groups. A group is one or more User-agent lines and all that follows up to the next User-agent line."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.sitemaps: list[str] = []
        self.others: list[tuple[int, str, str]] = []
        self._agents: list[str] = []
        self._rules: list[Rule] = []
        self._delays: list[float] = []
        self._in_rules = False

    def take(self, line: int, field: str, value: str) -> None:
        if field in _AGENT_FIELDS:
            if self._in_rules:
                self.close()
            token = product_token(value)
            if token:
                self._agents.append("*" if token.startswith("*") else token.rstrip("*"))
        elif field == "allow" or field in _DISALLOW_FIELDS:
            self._in_rules = True
            self._rule(line, field == "allow", value)
        elif field in _DELAY_FIELDS:
            # The RFC knows no Crawl-delay, and a strict reader joins "User-agent: * / Crawl-delay: 9" with the next
            # group, often "User-agent: BadBot / Disallow: /". No publisher means that.
            self._in_rules = True
            delay = _seconds(value)
            if delay is not None:
                self._delays.append(delay)
        elif field in _SITEMAP_FIELDS:
            if value:
                self.sitemaps.append(value)
        else:
            self.others.append((line, field, value))

    def _rule(self, line: int, allow: bool, value: str) -> None:
        if self._agents and value[:1] in ("/", "*"):  # an empty value says nothing
            text = f"{'Allow' if allow else 'Disallow'}: {_shown(value)}"
            self._rules.append(Rule(allow, _normalised(value), text, line))

    def close(self) -> None:
        if self._agents:
            self.groups.append(Group(tuple(self._agents), tuple(self._rules), tuple(self._delays)))
        self._agents, self._rules, self._delays, self._in_rules = [], [], [], False


def _decoded(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    return body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def _shown(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:500]


def _field(line: str) -> tuple[str, str] | None:
    text = line.partition("#")[0].strip(" \t\x0b\x0c\x00\u00a0\ufeff")
    name, colon, value = text.partition(":")
    bare = _BARE_FIELD.match(text)
    if bare and (not colon or " " in name.strip() or "\t" in name.strip()):
        return bare[1].lower(), bare[2].strip()
    return (name.strip().lower(), value.strip()) if colon else None


def _seconds(value: str) -> float | None:
    matched = re.match(r"(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*s?$", value)
    return min(float(matched[1]), _MAX_DELAY_SECONDS) if matched else None


def _target(url: str) -> str:
    """What rules are matched against: path and query, percent-normalised."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    path = parts.path if parts.path.startswith("/") else "/" + parts.path
    return _normalised(path + (f"?{parts.query}" if parts.query or url.endswith("?") else ""), target=True)


def _normalised(text: str, *, target: bool = False) -> str:
    """Octets outside ASCII escaped, unreserved ones not, escapes in upper case. "%2A" and "%24" stay themselves in a
    pattern, for there they mean the characters and not the wildcards."""

    def one(matched: re.Match[str]) -> str:
        octet = int(matched[1], 16)
        plain = octet in _UNRESERVED and (target or octet not in b"*$")
        return chr(octet) if plain else "%" + matched[1].upper()

    raw = text.encode("utf-8", "surrogateescape" if not target else "surrogatepass")
    return _ESCAPE.sub(one, quote_from_bytes(raw, safe="%!\"$&'()*+,/:;<=>?@[\\]^`{|}#"))


def _literal(piece: str) -> str:
    return piece.replace("%2A", "*").replace("%24", "$")
