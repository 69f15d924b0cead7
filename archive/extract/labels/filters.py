"""Filter lists in EasyList's syntax: the element-hiding part of it, from files a user names. Pure.

Read are `##selector` and `domain,~other##selector` with their exceptions `#@#`. Rules for requests are not ours, and
procedural selectors (`#?#`, `:has-text(…)`, `##+js(…)`) and those cssselect does not know are counted and left out.
A selector of one class or id costs a look-up; of other selectors without a domain the first MAX_GENERIC are used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree, html
from lxml.cssselect import CSSSelector, ExpressionError, SelectorError

MAX_GENERIC = 200
_RULE = re.compile(r"^(?P<domains>[^#\s]*)#(?P<kind>@?)#(?P<selector>[^+^].*)$")
_SIMPLE = re.compile(r"^(?P<tag>[a-z][a-z0-9]*)?(?P<key>[.#][A-Za-z_-][\w-]*)$")
_PROCEDURAL = re.compile(r":(?:-abp-|has-text|contains|matches-|upward|xpath|remove|style|watch-attr|min-text|nth-anc)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One element-hiding rule, with the line of the list it stands in ("easylist.txt:17")."""

    selector: str
    line: str
    tag: str | None = None
    not_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """Rules ready to be asked. `ignored` counts lines that are element-hiding rules we do not know."""

    digest: str = ""
    simple: dict[str, tuple[Rule, ...]] = field(default_factory=dict, repr=False)  # ".class" or "#id" to its rules
    generic: tuple[Rule, ...] = field(default=(), repr=False)
    by_domain: dict[str, tuple[Rule, ...]] = field(default_factory=dict, repr=False)
    allowed: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)  # selector to domains; "" is all
    ignored: int = 0


def read_filters(lists: Iterable[tuple[str, str]]) -> Filters:
    """Read lists, given as (name, text)."""
    simple: dict[str, list[Rule]] = {}
    generic: list[Rule] = []
    by_domain: dict[str, list[Rule]] = {}
    allowed: dict[str, list[str]] = {}
    ignored, digest = 0, hashlib.sha256()
    for name, text in lists:
        digest.update(text.encode("utf-8", "surrogatepass"))
        for number, line in enumerate(text.splitlines(), 1):
            match = _RULE.match(line.strip()) if line[:1] not in "![" else None
            if match is None:
                ignored += "#?#" in line or "##+" in line or "#$#" in line
                continue
            domains = [domain for domain in match["domains"].lower().split(",") if domain]
            if match["kind"]:
                allowed.setdefault(match["selector"], []).extend(domains or [""])
                continue
            one = _SIMPLE.match(match["selector"])
            if one is None and _compiled(match["selector"]) is None:
                ignored += 1
                continue
            excluded = tuple(domain[1:] for domain in domains if domain[0] == "~")
            rule = Rule(match["selector"], f"{name}:{number}", one["tag"] if one else None, excluded)
            wanted = [domain for domain in domains if domain[0] != "~"]
            for domain in wanted:
                by_domain.setdefault(domain, []).append(rule)
            if not wanted and one is not None:
                simple.setdefault(one["key"], []).append(rule)
            elif not wanted:
                generic.append(rule)
    return Filters(
        digest.hexdigest()[:12],
        {key: tuple(rules) for key, rules in simple.items()},
        tuple(generic[:MAX_GENERIC]),
        {key: tuple(rules) for key, rules in by_domain.items()},
        {key: tuple(domains) for key, domains in allowed.items()},
        ignored + max(0, len(generic) - MAX_GENERIC),
    )


class Hidden:
    """What the filters hide on one page of one host."""

    def __init__(self, filters: Filters, body: html.HtmlElement, host: str) -> None:
        self._filters = filters
        self._domains = tuple(_domains(host))
        self._marked: dict[html.HtmlElement, Rule] = {}
        own = (rule for domain in self._domains for rule in filters.by_domain.get(domain, ()))
        for rule in (*own, *filters.generic):
            if self._holds(rule):
                for node in _found(rule.selector, body):
                    self._marked.setdefault(node, rule)

    def by(self, node: html.HtmlElement) -> Rule | None:
        """The rule that hides this very element."""
        marked = self._marked.get(node)
        if marked is not None or not self._filters.simple:
            return marked
        keys = [f".{name}" for name in (node.get("class") or "").split()]
        keys += [f"#{node.get('id')}"] if node.get("id") else []
        rules = (rule for key in keys for rule in self._filters.simple.get(key, ()))
        return next((rule for rule in rules if rule.tag in (None, node.tag) and self._holds(rule)), None)

    def _holds(self, rule: Rule) -> bool:
        allowed = self._filters.allowed.get(rule.selector, ())
        return not any(domain in self._domains for domain in rule.not_on) and not any(
            domain == "" or domain in self._domains for domain in allowed
        )


def _domains(host: str) -> Iterator[str]:
    labels = host.lower().split(":")[0].split(".")
    for at in range(len(labels)):
        yield ".".join(labels[at:])


@lru_cache(maxsize=4096)
def _compiled(selector: str) -> CSSSelector | None:
    if _PROCEDURAL.search(selector) or len(selector) > 500:
        return None
    try:
        return CSSSelector(selector, translator="html")
    except (SelectorError, ExpressionError, etree.XPathError, ValueError):
        return None


def _found(selector: str, body: html.HtmlElement) -> list[html.HtmlElement]:
    compiled = _compiled(selector)
    try:
        return list(compiled(body)) if compiled is not None else []
    except etree.XPathError:
        return []


NO_FILTERS = Filters()
