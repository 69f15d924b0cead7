"""What a clean copy says of the marks on a text: confirmed, named as substitutions, the wording given back. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from archive.extract.injection.copies import Edit, align
from archive.extract.injection.findings import Findings
from archive.extract.injection.signs import HAN, TOKEN, Mark, words


def compare_with_copy(
    found: Findings, raw: list[str], marks: list[list[Mark]], flags: list[list[Mark]], copy: str, source: str
) -> None:
    """Let a clean copy confirm suspicions, name substitutions, and give back the wording it has."""
    joined = "\n".join(raw)
    starts = [0]
    for text in raw:
        starts.append(starts[-1] + len(text) + 1)
    edits = [edit for edit in align(joined, copy) if edit.tight or edit.close]
    said = Counter(_squash(joined[edit.start : edit.end]) for edit in edits if edit.tight)
    title = _squash(" ".join((found.zones.title, *found.zones.metas)))
    shown = _squash(" ".join(found.zones.headings))
    for edit in edits:
        at = max(index for index, start in enumerate(starts[:-1]) if start <= edit.start)
        start, end = edit.start - starts[at], edit.end - starts[at]
        key = _squash(joined[edit.start : edit.end])
        if not key:
            continue
        known = [mark for mark in marks[at] if mark.start < end and start < mark.end and mark.action == "redacted"]
        if known:
            _restore(marks[at], known, start, end, raw[at], edit, source)
            continue
        if not edit.tight:
            continue
        doubts = [
            mark
            for mark in flags[at]
            if start <= mark.start + 2 and mark.end <= end + 2 and mark.start < end and start < mark.end
        ]
        kinds = [f"copy: {source} has {edit.original!r} here" if edit.original else f"copy: {source} has nothing here"]
        if doubts:
            kinds.extend(kind for mark in doubts for kind in mark.evidence)
        before = raw[at][:start].rstrip()[-1:] or "\n"
        if said[key] >= 2 and (edit.original or (before.isalnum() or before in ",，、“\"('（《「")):
            kinds.append(f"repeats: put in {said[key]} places")
        elif len(key) >= 3 and key in title and key not in shown and len(key) <= 40:
            kinds.append("title: stands in the title, and not in the copy")
        if len(kinds) >= 2 and key not in _squash(copy):
            name = doubts[0].injection_class if doubts else "inline_token"
            for mark in doubts:
                flags[at].remove(mark)
            end = _with_glue(raw[at], start, end)
            marks[at].append(
                Mark(
                    start,
                    end,
                    name,
                    tuple(dict.fromkeys(kinds)),
                    "redacted",
                    edit.original or None,
                    source if edit.original else None,
                )
            )


def _restore(marks: list[Mark], known: list[Mark], start: int, end: int, text: str, edit: Edit, source: str) -> None:
    """Give the first of the marks in a difference what the copy has in its place."""
    rest = text[start:end]
    for mark in reversed(known):
        rest = rest[: max(0, mark.start - start)] + rest[max(0, mark.end - start) :]
    original = edit.original
    left = TOKEN.findall(rest)
    if left:  # what the text itself still has of the copy's words
        said = TOKEN.findall(original)
        if said[: len(left)] == left:
            original = original.split(left[-1], 1)[1].strip()
        elif said[-len(left) :] == left:
            original = original.rsplit(left[0], 1)[0].strip()
    if original:
        marks[marks.index(known[0])] = replace(known[0], restored=original, restored_from=source)


def _with_glue(text: str, start: int, end: int) -> int:
    return end + 1 if text[end : end + 1] in (":", "：", "_") and HAN.match(text[start:end]) else end


def _squash(text: str) -> str:
    return "".join(words(text))
