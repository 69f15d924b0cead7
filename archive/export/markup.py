"""Records as documents: Markdown (CommonMark) for people, TEI P5 for corpora. Pure.

Both are made of the record alone: its text, `blocks`, which says what each line of the text is, and the times of a live
blog's `entries`, each before the line its entry begins with. Nothing of the text is lost or added; what would mean
something to the format is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from lxml import etree

TEI = "http://www.tei-c.org/ns/1.0"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_INLINE = re.compile(r"([\\`*_\[\]<>&~|])")
_BLOCK_START = re.compile(r"^(?:([#+-])|(\d{1,9})([.)])|(=+\s*$))")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
Lines = Iterator[tuple[str, list[str]]]


def markdown(record: Mapping[str, Any]) -> str:
    """The record as one Markdown document, with a line end: headline, a line of facts, the text."""
    authors = ", ".join(author["name"] for author in record["authors"])
    facts = [escaped(fact) for fact in (authors, record["date_published"]) if fact]
    parts = [f"# {escaped(record['headline'] or record['url'])}", " · ".join([*facts, f"<{record['url']}>"])]
    for kind, lines in _runs(record):
        parts.extend(_markdown_run(kind, list(map(escaped, lines))))
    return "\n\n".join(parts) + "\n"


def _markdown_run(kind: str, lines: list[str]) -> list[str]:
    match kind:
        case "list":
            return ["\n".join(f"- {line}" for line in lines)]
        case "table":
            return ["\\\n".join(lines)]
        case "quote":
            return ["\n>\n".join(f"> {line}" for line in lines)]
        case "subheading":
            return [f"## {line}" for line in lines]
        case "standfirst" | "time":
            return [f"**{line}**" for line in lines]
    return lines


def escaped(text: str) -> str:
    """One line of text that Markdown shows as it is."""
    text = _INLINE.sub(r"\\\1", text)
    return _BLOCK_START.sub(_behind_backslash, text)


def _behind_backslash(found: re.Match[str]) -> str:
    return f"{found[2]}\\{found[3]}" if found[2] else "\\" + found[0]


def tei(record: Mapping[str, Any]) -> bytes:
    """The record as one TEI element in UTF-8, without an XML declaration."""
    root = etree.Element(_tag("TEI"), nsmap={None: TEI})
    if record["language"]:
        root.set(_XML_LANG, record["language"])
    _header(_under(root, "teiHeader"), record)
    body = _under(_under(root, "text"), "body")
    division = _under(body, "div")
    if record["headline"]:
        _under(division, "head", record["headline"])
    for kind, lines in _runs(record):
        if kind == "time":
            division = _under(body, "div")
            division.set("type", "entry")
            _under(_under(division, "dateline"), "date").set("when", lines[0])
        elif kind == "subheading":
            for line in lines:
                division = division if _is_begun(division) else _under(body, "div")
                _under(division, "head", line)
        else:
            _tei_run(division, kind, lines)
    if len(division) == len(division.findall(_tag("head"))) + len(division.findall(_tag("dateline"))):
        _under(division, "p")  # a division is not empty
    return etree.tostring(root, encoding="utf-8", pretty_print=True)


def _is_begun(division: etree._Element) -> bool:
    """Whether an entry has its time and nothing else yet."""
    return [child.tag for child in division] == [_tag("dateline")]


def _tei_run(division: etree._Element, kind: str, lines: list[str]) -> None:
    match kind:
        case "list":
            parent = _under(division, "list")
            for line in lines:
                _under(parent, "item", line)
        case "table":
            parent = _under(division, "table")
            for line in lines:
                _under(_under(parent, "row"), "cell", line)
        case "quote":
            parent = _under(division, "quote")
            for line in lines:
                _under(parent, "p", line)
        case _:
            for line in lines:
                _under(division, "p", line).attrib.update({"rend": "standfirst"} if kind == "standfirst" else {})


def _header(header: etree._Element, record: Mapping[str, Any]) -> None:
    described = _under(header, "fileDesc")
    titles = _under(described, "titleStmt")
    _under(titles, "title", record["headline"] or record["url"])
    for author in record["authors"]:
        _under(titles, "author", author["name"])
    published = _under(described, "publicationStmt")
    _under(published, "publisher", record["publisher"] or record["host"])
    if record["date_published"]:
        _under(published, "date").set("when", record["date_published"])
    _under(published, "idno", record["id"]).set("type", "pressmark")
    if record["license"]:
        _under(_under(published, "availability"), "licence", record["license"])
    source = _under(_under(described, "sourceDesc"), "bibl")
    _under(source, "ref", record["url"]).set("target", record["url"])
    capture = record["capture"]
    _under(source, "date").set("when", capture["fetched_at"])
    _under(source, "idno", capture["warc_record_id"]).set("type", "WARC-Record-ID")
    if capture["payload_digest"]:
        _under(source, "idno", capture["payload_digest"]).set("type", "WARC-Payload-Digest")
    if record["section"] or record["keywords"]:
        words = _under(_under(_under(header, "profileDesc"), "textClass"), "keywords")
        for word in dict.fromkeys(filter(None, (record["section"], *record["keywords"]))):
            _under(words, "term", word)


def tei_corpus(records: Iterable[Mapping[str, Any]], name: str) -> Iterator[tuple[bytes, int]]:
    """A teiCorpus piece by piece, each with the number of records in it."""
    header = etree.Element(_tag("teiHeader"), nsmap={None: TEI})
    described = _under(header, "fileDesc")
    _under(_under(described, "titleStmt"), "title", name)
    _under(_under(described, "publicationStmt"), "p", "Exported from an archive of Pressmark")
    _under(_under(described, "sourceDesc"), "p", "Web pages, each with its capture")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<teiCorpus xmlns="{TEI}">\n'.encode(), 0
    yield etree.tostring(header, encoding="utf-8", pretty_print=True), 0
    for record in records:
        yield tei(record), 1
    yield b"</teiCorpus>\n", 0


def _runs(record: Mapping[str, Any]) -> Lines:
    """Consecutive lines of one kind. A record of an earlier version does not say kinds: all are body."""
    text = record["text"]
    blocks = [(one["kind"], text[one["start"] : one["end"]]) for one in record.get("blocks") or ()]
    blocks = blocks or [("body", line) for line in text.split("\n") if line]
    for kind, found in groupby(_timed(blocks, record.get("entries") or ()), key=lambda block: block[0]):
        yield kind, [line for _, line in found]


def _timed(blocks: list[tuple[str, str]], entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The blocks, and ("time", when) before the one that a dated entry begins with."""
    times: dict[int, str] = {}
    at = 0
    for entry in entries:
        begins = (entry["headline"] or entry["text"]).partition("\n")[0]
        found = next((n for n in range(at, len(blocks)) if begins and blocks[n][1].startswith(begins)), None)
        if found is not None:
            at = found + 1
            if entry["date_published"]:
                times[found] = entry["date_published"]
    for number, block in enumerate(blocks):
        if number in times:
            yield "time", times[number]
        yield block


def _under(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    made = etree.SubElement(parent, _tag(name))
    if text:
        made.text = _NO_XML.sub("", text)
    return made


def _tag(name: str) -> str:
    return f"{{{TEI}}}{name}"
