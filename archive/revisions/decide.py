"""Revisions: is what a page says now new, changed, the same as before, or does it flap? Pure.

The rule: the content hash is the first 32 hexadecimal digits of SHA-256 over the headline, a line feed and the text,
in NFC and UTF-8. Two readings are compared only under one extractor (version, profile, settings): where the extractor
differs, the text may differ without any edit of the publisher, so the reading starts a history of its own.
Readings of a page are decided on in the order of their times. docs/revisions.md says it for readers.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal

from archive.model import Article, Extraction, Revision
from archive.revisions.changes import NOTHING, Change, Kind, Said, classify, said_by

HASH_CHARS = 32
QUIET_CAPTURES = 3  # equal texts in a row that end the first restless time of a page; twice as many the next one
_MOST_QUIET = 48
_ROTATING_LINES = 3  # a block that shows something else each time is no longer than that
_UNLIKE = 0.5
# A restless page is believed at once where it says, in words not seen before, what no rotation says.
_PLAIN_NEWS: frozenset[Kind] = frozenset(("headline", "correction", "gutted", "paywalled", "hijacked"))


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A page that flaps: the text it showed last, for how many captures in a row, and how many will settle it."""

    content_hash: str
    quiet: int
    needs: int


@dataclass(frozen=True, slots=True)
class Past:
    """What a decision knows of the page, under one extractor.

    `said`: what the last revisions say, the newest first, at most three; `hashes` those of all revisions;
    `episodes`: how often the page was restless before; `furniture`: lines that stand on other pages of the site.
    """

    said: tuple[Said, ...] = ()
    hashes: frozenset[str] = frozenset()
    unsettled: Unsettled | None = None
    episodes: int = 0
    furniture: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class New:
    """The first revision of a story under this extractor."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class Changed:
    """The publisher changed the text: a further revision, after `before`. `unsettled`: the page is restless still."""

    revision: Revision
    before: Revision
    change: Change = NOTHING
    unsettled: Unsettled | None = None


@dataclass(frozen=True, slots=True)
class Same:
    """The text we know, seen again: the known revision, with a wider first_seen … last_seen.

    `change` names what changed around it: dates, authors, furniture of the page.
    """

    revision: Revision
    change: Change = NOTHING


@dataclass(frozen=True, slots=True)
class Unstable:
    """The page flaps between texts: what it says now makes no revision. `revision` is the latest we have."""

    revision: Revision
    unsettled: Unsettled
    why: Literal["returning", "rotating"] | None = None  # why it is found restless; None: it still is


Decision = New | Changed | Same | Unstable


def decide(
    extraction: Extraction,
    latest: Revision | None,
    seen_at: datetime,
    *,
    article_id: str,
    record_id: str,
    simhash: int,
    past: Past = Past(),
) -> Decision:
    """Decide what a reading of the capture `record_id`, fetched at `seen_at`, is to the latest revision we have.

    `latest` may be of any extractor; one of another counts as none. `simhash` has 64 bits and is kept, not compared.
    """
    found = Revision(
        article_id=article_id,
        number=1,
        content_hash=content_hash(extraction.article),
        simhash=simhash,
        extractor=extractor_of(extraction),
        record_id=record_id,
        first_seen=seen_at,
        last_seen=seen_at,
    )
    if latest is None or latest.extractor != found.extractor:
        return New(found)
    now = said_by(extraction.article, hijacked=extraction.integrity.verdict == "hijacked")
    return compare(found, latest, now, past)


def compare(found: Revision, latest: Revision, now: Said, past: Past) -> Decision:
    """Decide what a text `now`, which would be the revision `found`, is to the latest one of the same extractor."""
    first, last = min(latest.first_seen, found.first_seen), max(latest.last_seen, found.last_seen)
    seen = replace(latest, first_seen=first, last_seen=last)
    change = classify(past.said[0], now, past.furniture) if past.said else NOTHING
    is_same = latest.content_hash == found.content_hash or (bool(past.said) and not change.is_new_text)
    if is_same and past.unsettled is None:
        return Same(seen, change)
    shown = latest.content_hash if is_same else found.content_hash
    restless = _restless(shown, now, past)
    changed = Changed(replace(found, number=latest.number + 1), latest, change)
    if restless is None:
        return Same(seen, change) if is_same else changed
    if past.unsettled is not None and shown not in past.hashes and _is_news(now, change, past):
        return replace(changed, unsettled=restless)
    why = _why(shown, past) if past.unsettled is None else None
    return Unstable(latest, restless, why)


def _restless(shown: str, now: Said, past: Past) -> Unsettled | None:
    """The page's restlessness after this capture; None where it is at rest."""
    before = past.unsettled
    if before is None:
        flaps = shown in past.hashes or _rotates(now, past.said)
        if not flaps or (past.said and past.said[0].hijacked):  # what others injected went again
            return None
        return Unsettled(shown, 1, min(QUIET_CAPTURES << past.episodes, _MOST_QUIET))
    quiet = before.quiet + 1 if before.content_hash == shown else 1
    return None if quiet >= before.needs else replace(before, content_hash=shown, quiet=quiet)


def _is_news(now: Said, change: Change, past: Past) -> bool:
    """Whether a text never seen of a restless page says more than that it flaps.

    It does in words that no rotation says, or where a line went that all its texts had, or where it grew.
    """
    if _PLAIN_NEWS.intersection(change.kinds):
        return True
    if len(past.said) < 2:
        return False
    common = set(past.said[0].lines).intersection(past.said[1].lines)
    own = max(len(set(said.lines) - common) for said in past.said[:2])
    return bool(common) and (bool(common - set(now.lines)) or len(set(now.lines) - common) > own)


def _why(shown: str, past: Past) -> Literal["returning", "rotating"]:
    return "returning" if shown in past.hashes else "rotating"


def _rotates(now: Said, before: tuple[Said, ...]) -> bool:
    """Whether the last three texts differ in one small block only, which says something quite different each time.

    A lead that is written anew for every new count of the dead is like the one before it; the next promotion is not.
    """
    if len(before) < 2 or len({said.headline for said in (now, *before[:2])}) > 1:
        return False
    texts = [said.lines for said in (now, *before[:2])]
    common = set(texts[0]).intersection(*texts[1:])
    blocks = [[line for line in lines if line not in common] for lines in texts]
    if not all(0 < len(block) <= _ROTATING_LINES and 2 * len(block) <= len(common) for block in blocks):
        return False
    words = ["\n".join(block) for block in blocks]
    pairs = ((words[0], words[1]), (words[1], words[2]), (words[0], words[2]))
    return all(SequenceMatcher(None, one, other, autojunk=False).ratio() < _UNLIKE for one, other in pairs)


def content_hash(article: Article) -> str:
    """Return the hash of what a reader reads: headline and text. Dates, authors and images are not part of it."""
    said = unicodedata.normalize("NFC", f"{article.headline or ''}\n{article.text}")
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARS]


def extractor_of(extraction: Extraction) -> str:
    """Return the identity under which readings can be compared, e.g. "1 (trafilatura 2.3.1) balanced 5f2a…"."""
    return f"{extraction.version} {extraction.profile} {extraction.config_hash}"


def article_id(urlkey: str, payload_digest: str | None) -> str:
    """Return the name of a story: "a_" and ten characters of base32(SHA-256(urlkey + first capture's digest))."""
    digest = hashlib.sha256(f"{urlkey}{payload_digest or ''}".encode()).digest()
    return "a_" + base64.b32encode(digest).decode("ascii").lower()[:10]
