"""What a page's own styles keep from being seen: `hiding` for a declaration list, `hiding_rules` for a style sheet.

Declarations are parsed by tinycss2 (CSS Syntax 3); a sheet is cut at its braces first, so that only the few rules
which could hide anything are parsed. Nothing is fetched: sheets of other files stay unknown.
"""

from __future__ import annotations

import re
from functools import lru_cache

import tinycss2

_MAYBE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0|font-size\s*:\s*(?:[01](?!\d)|\.)"
    r"|(?:left|top|right|bottom|indent|margin[a-z-]*)\s*:[^;]*-\s*\d{3}|clip|transform|(?:height|width)\s*:\s*[01](?:p|[;}!]|$)|background",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[\w \t\n\r:;#.,%()+*!<>=~|&?/$^-]*", re.ASCII)
_NAME = re.compile(r"-?[A-Za-z_][\w-]*|--[\w-]*", re.ASCII)
_IMPORTANT = re.compile(r"!\s*important\s*$", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_MAX_SHEET = 400_000
_SELECTOR = re.compile(r"^(?:[a-z][a-z0-9]*)?[.#]-?[A-Za-z_][\w-]*$")
STEALTH = frozenset(
    ("off-screen", "zero-size text", "same colour", "clipped away", "marquee of no size", "scaled away")
)


@lru_cache(maxsize=4096)
def hiding(declarations: str) -> str | None:
    """How a list of declarations hides an element, or None: "display:none", "off-screen", "zero-size text", ...

    `overflow:hidden` alone hides nothing, and a box of no height only does where it clips what it holds.
    """
    if not _MAYBE.search(declarations):
        return None
    return _judged(_plain(declarations) or _parsed(declarations))


def _plain(declarations: str) -> dict[str, str] | None:
    """The values of a list without strings, escapes, comments and addresses; None for any other list."""
    if not _PLAIN.fullmatch(declarations) or "/*" in declarations or "url(" in declarations:
        return None
    values: dict[str, str] = {}
    for declaration in declarations.split(";"):
        name, colon, value = declaration.partition(":")
        if value.count("(") != value.count(")"):
            return None
        name = name.strip()
        if colon and _NAME.fullmatch(name):
            values[name.lower()] = _IMPORTANT.sub("", value).strip().lower()
    return values


def _parsed(declarations: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for item in tinycss2.parse_blocks_contents(declarations, skip_comments=True, skip_whitespace=True):
        if item.type == "declaration":
            values[item.lower_name] = tinycss2.serialize(item.value).strip().lower()
    return values


def _judged(values: dict[str, str]) -> str | None:
    if values.get("display", "").startswith("none"):
        return "display:none"
    if values.get("visibility") in ("hidden", "collapse"):
        return "visibility:hidden"
    for name in ("left", "top", "right", "bottom"):
        if values.get("position") in ("absolute", "fixed", "relative") and _pixels(values.get(name, "")) <= -400:
            return "off-screen"
    if any(_pixels(values.get(name, "")) <= -400 for name in ("text-indent", "margin-left", "margin-top")):
        return "off-screen"
    if _pixels(values.get("font-size", "12px")) < 2 and values.get("font-size", "12px")[:1].isdigit():
        return "zero-size text"
    if _clips(values):
        return "clipped away"
    if re.search(r"scale[xy]?\(\s*0\s*[,)]|translate[xy]?\(\s*-\d{4}", values.get("transform", "")):
        return "scaled away"
    if values.get("opacity", "1").rstrip("%") in ("0", "0.0", ".0"):
        return "transparent"
    back = values.get("background-color") or values.get("background", "")
    if values.get("color") and back and _colour(values["color"]) == _colour(back) != "":
        return "same colour"
    return None


def _clips(values: dict[str, str]) -> bool:
    if values.get("overflow", "").startswith(("hidden", "clip")) and any(
        values.get(name, "9px").rstrip("px ") in ("0", "1") for name in ("height", "width")
    ):
        return True
    clip = values.get("clip", "") + values.get("clip-path", "")
    return bool(re.search(r"rect\(\s*[01](?:px)?(?:[ ,]+[01](?:px)?){3}\s*\)|inset\((?:50|100)%", clip))


def _pixels(value: str) -> float:
    match = re.match(r"(-?\d*\.?\d+)\s*(px|em|rem|vw|vh|%|pt)?", value)
    if not match:
        return 0.0
    size = float(match[1])
    return size * {"em": 16, "rem": 16, "vw": 10, "vh": 10, "%": 10}.get(match[2] or "px", 1)


_NAMED = {"white": "ffffff", "black": "000000", "transparent": "transparent"}


def _colour(value: str) -> str:
    word = value.split()[0] if value else ""
    if word in _NAMED:
        return _NAMED[word]
    if re.fullmatch(r"#[0-9a-f]{3}", word):
        return "".join(char * 2 for char in word[1:])
    return word[1:] if re.fullmatch(r"#[0-9a-f]{6}", word) else word if word.startswith("rgb") else ""


def hiding_rules(sheet: str, wanted: set[str]) -> dict[str, str]:
    """Which of the `wanted` classes (".x") and ids ("#x") `sheet` hides with a rule of their own, and how.

    Rules inside @media, compound and dependent selectors say "hidden sometimes" and are left out.
    """
    if len(sheet) > _MAX_SHEET:
        return {}
    found: dict[str, str] = {}
    depth = 0
    sheet = _COMMENT.sub("", sheet) if "/*" in sheet else sheet
    for part in sheet.split("}")[:-1]:
        depth += part.count("{") - 1  # of the rule that ends here: its own brace is opened and closed
        before, brace, declarations = part.rpartition("{")
        head = before.rpartition("{")[2]
        if not brace or depth > 0 or "@" in head:
            continue
        for selector in head.split(","):
            plain = selector.strip()
            name = plain[plain.rfind("." if "." in plain else "#") :]
            if name in wanted and _SELECTOR.match(plain) and (how := hiding(declarations)):
                found[name] = how
    return found
