"""JSON-LD of a page: read leniently, laid flat, and the node that describes the page's own article found.

Publishers send JSON with raw line breaks, trailing commas, comments, HTML entities or a missing brace. Each repair
is tried only when the plain reading failed.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]
ARTICLE_TYPES = frozenset(
    ("article", "newsarticle", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle", "blogposting",
     "backgroundnewsarticle", "reviewnewsarticle", "asknewsarticle", "advertisercontentarticle", "report", "techarticle",
     "scholarlyarticle", "satiricalarticle", "liveblogposting", "socialmediaposting", "review", "recipe",
     "claimreview", "interview", "medicalscholarlyarticle")
)  # fmt: skip
_MAX_NODES = 2000


def read_json_ld(payloads: list[str]) -> list[Node]:
    """All nodes of all payloads in document order, `@graph`, lists and nested nodes laid flat."""
    nodes: list[Node] = []
    for payload in payloads:
        for value in _load(payload):
            for node in _flatten(value):
                nodes.append(node)
                if len(nodes) >= _MAX_NODES:
                    return nodes
    return nodes


def types_of(node: Node) -> set[str]:
    """The node's types in lower case, without a schema.org prefix."""
    kind = node.get("@type")
    kinds = kind if isinstance(kind, list) else [kind]
    return {str(item).rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower() for item in kinds if item}


def articles_of(nodes: list[Node]) -> list[Node]:
    """The nodes that are articles, news before blogs before the rest, in document order."""
    found = [node for node in nodes if types_of(node) & ARTICLE_TYPES]
    return sorted(
        found, key=lambda node: 0 if any("news" in t or t == "liveblogposting" for t in types_of(node)) else 1
    )


def texts(value: object) -> list[str]:
    """The strings a JSON-LD value stands for: itself, its `name`, or those of its members."""
    if isinstance(value, str):
        clean = " ".join(html.unescape(value).split())
        return [clean] if clean else []
    if isinstance(value, dict):
        return texts(value.get("name") or value.get("@value") or "")
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return []


def first_text(value: object) -> str | None:
    """The first of `texts`, or None."""
    return next(iter(texts(value)), None)


def _flatten(value: object, depth: int = 0) -> Iterator[Node]:
    if depth > 12:
        return
    if isinstance(value, list):
        for item in value[:_MAX_NODES]:
            yield from _flatten(item, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value
        for key, item in value.items():
            if isinstance(item, (dict, list)) and key not in ("itemListElement",):
                yield from _flatten(item, depth + 1)


def _load(payload: str) -> list[object]:
    for mend in (_plain, _trimmed, _without_commas, _unescaped, _balanced):
        try:
            return [json.loads(mend(payload), strict=False)]
        except (ValueError, RecursionError):
            continue
    return _stream(_trimmed(payload))


def _plain(payload: str) -> str:
    return payload


def _trimmed(payload: str) -> str:
    text = re.sub(
        r"^\s*(?:<!--|//<!\[CDATA\[|/\*<!\[CDATA\[\*/|<!\[CDATA\[)|(?:-->|//\]\]>|/\*\]\]>\*/|\]\]>)\s*$", "", payload
    )
    return text.strip().rstrip(";").strip()


def _without_commas(payload: str) -> str:
    text = re.sub(r",\s*([}\]])", r"\1", _trimmed(payload))
    text = re.sub(r"(?m)^\s*//.*$", "", text)
    return re.sub(r"\\(?![\"\\/bfnrtu])", r"\\\\", text)


def _unescaped(payload: str) -> str:
    return _without_commas(html.unescape(payload.replace("&quot;", '\\"')))


def _balanced(payload: str) -> str:
    text = _without_commas(payload)
    stack: list[str] = []
    inside = escaped = False
    for char in text:
        if inside:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                inside = False
        elif char == '"':
            inside = True
        elif char in "{[":
            stack.append("}" if char == "{" else "]")
        elif char in "}]" and stack:
            stack.pop()
    return text.rstrip().rstrip(",") + ('"' if inside else "") + "".join(reversed(stack))


def _stream(text: str) -> list[object]:
    """Several JSON values one after the other, or a value followed by rubbish."""
    decoder = json.JSONDecoder(strict=False)
    found: list[object] = []
    at = 0
    while at < len(text) and len(found) < 50:
        match = re.compile(r"[\[{]").search(text, at)
        if match is None:
            break
        try:
            value, at = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            break
        found.append(value)
    return found
