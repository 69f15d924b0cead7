"""What kind of change leads from one text of a story to the next: `classify(before, after) -> Change`. Pure.

Several kinds may hold at once; the first of `Change.kinds` is the chief one. In order: the values, `classify`, then
the whole text (paywalled, gutted), its lines (correction notes, stamps, furniture), its words (typos).
The words that give notes and furniture away are in archive/revisions/change_words.py, by language.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from archive.model import Article
from archive.revisions.change_words import is_correction_note, is_furniture, is_stamp, turns_the_sense
from archive.revisions.diff import tokens
from archive.times import rfc3339
from archive.words import word_measure

Kind = Literal[
    "hijacked", "paywalled", "gutted", "correction", "substance", "headline", "typo", "author", "date", "boilerplate"
]
# The chief kind is the first of these that holds.
KINDS: tuple[Kind, ...] = (
    "hijacked", "paywalled", "gutted", "correction", "substance", "headline", "typo", "author", "date", "boilerplate",
)  # fmt: skip
IN_WORDS: Mapping[Kind, str] = {
    "hijacked": "words injected by others",
    "paywalled": "behind a paywall since",
    "gutted": "most of the text removed",
    "correction": "correction note",
    "substance": "text changed",
    "headline": "new headline",
    "typo": "small slip mended",
    "author": "other authors",
    "date": "only the date",
    "boilerplate": "only furniture of the page",
}
_BESIDE = {"only the date": "the date", "only furniture of the page": "furniture of the page"}
MINOR: frozenset[Kind] = frozenset(("typo", "author", "date", "boilerplate"))
# Kinds that are no new text: the words of the story stand as they were.
NO_NEW_TEXT: frozenset[Kind] = frozenset(("author", "date", "boilerplate"))

_GUTTED_SHARE = 0.4  # of the words that were there
_GUTTED_WORDS = 50  # a shorter text is no story that could be gutted
_TYPO_PLACES = 3  # slips mended at a time; or one in a hundred words of a long story
_ALIKE = 0.6  # two spellings of one word: "recieve" and "receive" are 0.86
_MAX_TOKENS = 4000  # of changed lines that are compared word by word


@dataclass(frozen=True, slots=True)
class Said:
    """What a reader meets: all that is compared. `free` None where the page does not say."""

    headline: str = ""
    text: str = ""
    authors: tuple[str, ...] = ()
    published: str | None = None
    modified: str | None = None
    page_type: str = "article"
    free: bool | None = None
    hijacked: bool = False

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.text.split("\n") if line.strip()]


@dataclass(frozen=True, slots=True)
class Change:
    """The kinds that hold, the chief one first; none where nothing changed."""

    kinds: tuple[Kind, ...] = ()

    @property
    def is_minor(self) -> bool:
        """Whether most readers would pass over it."""
        return MINOR.issuperset(self.kinds)

    @property
    def is_new_text(self) -> bool:
        """Whether it makes a revision: more than dates, authors and the furniture of the page."""
        return bool(self.kinds) and not NO_NEW_TEXT.issuperset(self.kinds)

    @property
    def in_words(self) -> str:
        """ "only" is said of what stands alone: "text changed, new headline, the date"."""
        words = [IN_WORDS[kind] for kind in self.kinds]
        return words[0] if len(words) == 1 else ", ".join(_BESIDE.get(said, said) for said in words)


NOTHING = Change()


def said_by(article: Article, *, hijacked: bool = False) -> Said:
    """What a reading says."""
    return Said(
        headline=article.headline or "",
        text=article.text,
        authors=tuple(author.name for author in article.authors),
        published=rfc3339(article.date_published.at) if article.date_published else None,
        modified=rfc3339(article.date_modified.at) if article.date_modified else None,
        page_type=article.page_type,
        free=article.is_accessible_for_free,
        hijacked=hijacked,
    )


def said_in(record: Mapping[str, Any]) -> Said:
    """What a record (pressmark.article/1) says."""
    return Said(
        headline=record.get("headline") or "",
        text=record.get("text") or "",
        authors=tuple(author["name"] for author in record.get("authors") or ()),
        published=record.get("date_published"),
        modified=record.get("date_modified"),
        page_type=record.get("page_type") or "article",
        free=record.get("is_accessible_for_free"),
        hijacked=(record.get("integrity") or {}).get("verdict") == "hijacked",
    )


def classify(before: Said, after: Said, furniture: Collection[str] = ()) -> Change:
    """Say what kind of change leads from one text to the next.

    `furniture`: lines known to stand on other pages of the same site, too. A change of white space or of letters that
    look the same to a reader is none.
    """
    removed, added = _changed_lines(before.lines, after.lines)
    story_removed, story_added, kinds = _without_furniture(removed, added, furniture)
    if after.hijacked and not before.hijacked:
        kinds.add("hijacked")
    if _is_behind_wall(after) and not _is_behind_wall(before):
        kinds.add("paywalled")
    if _is_gutted(before.text, after.text):
        kinds.add("gutted")
    if any(map(is_correction_note, story_added)):
        kinds.add("correction")
        story_added = [line for line in story_added if not is_correction_note(line)]
    if story_removed or story_added:
        kinds.add("typo" if _is_slip(story_removed, story_added, before.text) else "substance")
    kinds |= _of_the_head(before, after)
    return Change(tuple(kind for kind in KINDS if kind in kinds))


def _of_the_head(before: Said, after: Said) -> set[Kind]:
    found: set[Kind] = set()
    if _folded(before.headline) != _folded(after.headline):
        found.add("headline")
    if before.authors != after.authors:
        found.add("author")
    if (before.published, before.modified) != (after.published, after.modified):
        found.add("date")
    return found


# -- the whole text


def _is_behind_wall(said: Said) -> bool:
    return said.page_type == "paywall"


def _is_gutted(before: str, after: str) -> bool:
    words = word_measure(before)
    return words >= _GUTTED_WORDS and word_measure(after) < _GUTTED_SHARE * words


# -- its lines


def _changed_lines(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    """The lines that went and came. Lines that only moved are both; white space and quotes do not count."""
    old, new = list(map(_folded, before)), list(map(_folded, after))
    removed: list[str] = []
    added: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            removed += before[a:b]
            added += after[c:d]
    return removed, added


_FOLDS = str.maketrans("“”„’‘–—\u00a0\u3000", '"""\'\'--  ')


def _folded(line: str) -> str:
    return " ".join(line.translate(_FOLDS).split())


def _without_furniture(
    removed: Sequence[str], added: Sequence[str], furniture: Collection[str]
) -> tuple[list[str], list[str], set[Kind]]:
    """The lines of the story among those that changed, and what the others were."""
    kinds: set[Kind] = set()
    story: tuple[list[str], list[str]] = ([], [])
    for kept, lines in zip(story, (removed, added), strict=True):
        for line in lines:
            if is_stamp(line):
                kinds.add("date")
            elif is_furniture(line) or line in furniture:
                kinds.add("boilerplate")
            else:
                kept.append(line)
    return *story, kinds


# -- its words


def _is_slip(removed: Sequence[str], added: Sequence[str], text: str) -> bool:
    """Whether the lines differ in spelling only: a few words in other letters, none that turns the sense."""
    old, new = tokens(_folded(" ".join(removed))), tokens(_folded(" ".join(added)))
    if not removed or not added or len(old) + len(new) > _MAX_TOKENS:
        return False
    allowed = max(_TYPO_PLACES, word_measure(text) // 100)
    places = 0
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        places += 1
        if places > allowed or not _is_respelt("".join(old[a:b]), "".join(new[c:d])):
            return False
    return True


def _is_respelt(before: str, after: str) -> bool:
    old, new = before.strip(), after.strip()
    if turns_the_sense(old) or turns_the_sense(new):
        return False
    if not any(map(str.isalnum, old + new)):
        return True  # signs and spaces
    if not old or not new:  # a word too many or too few: "the the"
        return len(old or new) <= 3
    letters = "".join(filter(str.isalnum, old)).casefold(), "".join(filter(str.isalnum, new)).casefold()
    if letters[0] == letters[1] or sorted(letters[0]) == sorted(letters[1]):
        return True  # "alot" and "a lot"; "form" and "from"
    if any(map(_is_ideograph, old + new)):
        return len(old) <= 2 and len(new) <= 2
    return SequenceMatcher(None, letters[0], letters[1], autojunk=False).ratio() >= _ALIKE


def _is_ideograph(char: str) -> bool:
    return "\u3040" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff"
