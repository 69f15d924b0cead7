"""What a clean copy says of the marks on a text: confirmed, named as substitutions, the wording given back. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace

from archive.extract.injection.copies import Copy, Edit
from archive.extract.injection.findings import Findings
from archive.extract.injection.signs import HAN, TOKEN, Mark, plain, words


def compare_with_copy(
    found: Findings,
    raw: list[str],
    marks: list[list[Mark]],
    flags: list[list[Mark]],
    copy: Copy,
    edits: list[Edit],
    earlier: bool = False,
) -> None:
    """Let a clean copy confirm suspicions, name substitutions, and give back the wording it has.

    `earlier`: the copy is the page's own earlier capture, so that a difference may be an edit of the publisher.
    """
    joined = "\n".join(raw)
    starts = [0]
    for text in raw:
        starts.append(starts[-1] + len(text) + 1)
    near = [edit for edit in edits if edit.tight or edit.close]
    repeats = _repeated(joined, near, 3 if earlier else 2)
    title = _squash(" ".join((found.zones.title, *found.zones.metas)))
    shown = _squash(" ".join(found.zones.headings))
    said = _squash(copy.text)
    for edit in near:
        at = bisect_right(starts, edit.start) - 1
        start, end = edit.start - starts[at], edit.end - starts[at]
        key = _squash(joined[edit.start : edit.end])
        if not key:
            continue
        known = [mark for mark in marks[at] if mark.start < end and start < mark.end and mark.action == "redacted"]
        if known:
            _restore(marks[at], known, start, end, raw[at], edit, copy.source)
            continue
        if not edit.tight or key in said:
            continue
        doubts = [
            mark
            for mark in flags[at]
            if start <= mark.start + 2 and mark.end <= end + 2 and mark.start < end and start < mark.end
        ]
        has = repr(edit.original) if edit.original else "nothing"
        kinds = [f"{'earlier' if earlier else 'copy'}: {copy.source} has {has} here"]
        kinds.extend(kind for mark in doubts for kind in mark.evidence)
        if key in repeats and (edit.original or _in_sentence(raw[at], start)):
            kinds.append(f"repeats: put in {repeats[key]} places")
        elif len(key) >= 3 and key in title and key not in shown and len(key) <= 40:
            kinds.append("title: stands in the title, and not in the copy")
        if len(kinds) >= 2:
            name = doubts[0].injection_class if doubts else "inline_token"
            for mark in doubts:
                flags[at].remove(mark)
            end = _with_glue(raw[at], start, end)
            given = (edit.original, copy.source) if edit.original else (None, None)
            marks[at].append(Mark(start, end, name, tuple(dict.fromkeys(kinds)), "redacted", *given))


def _repeated(joined: str, edits: list[Edit], least: int) -> dict[str, int]:
    """Strings put in at least at `least` places, and in how many.

    A publisher who corrects a name changes the same words in each place, or puts it before the same word: a repetition
    only counts over different words.
    """
    places: dict[str, list[tuple[str, str]]] = {}
    for edit in edits:
        if edit.tight:
            after = TOKEN.search(joined, edit.end)
            around = (plain(edit.original), plain(after[0]) if after and not edit.original else "")
            places.setdefault(_squash(joined[edit.start : edit.end]), []).append(around)
    return {key: len(found) for key, found in places.items() if len(found) >= least and len(set(found)) >= 2}


def _in_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()[-1:] or "\n"
    return before.isalnum() or before in ",，、“\"('（《「"


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
    if original and known[0].restored is None:
        marks[marks.index(known[0])] = replace(known[0], restored=original, restored_from=source)


def _with_glue(text: str, start: int, end: int) -> int:
    return end + 1 if text[end : end + 1] in (":", "：", "_") and HAN.match(text[start:end]) else end


def _squash(text: str) -> str:
    return "".join(words(text))
