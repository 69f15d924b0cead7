"""Which families of words stand in the names of elements: in classes, ids and roles.

Order: the families, `alternatives`, `learn`, `signs_of`, `named_for`. A page has some hundred names that no page before had. They are looked through
together, each word of a family once in all of them: that takes a tenth of the time of searching name by name.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

# Words in lower case, parted by spaces; names are searched in lower case. What is no plain word is a pattern; it begins with letters, by which it is found.
_AD = r"ad(?<=[\s_-]ad)s?(?=[\s_-])"  # nothing but "ad" or "ads" between separators
_NAV = r"nav(?<=\bnav)"
FAMILIES: dict[str, str] = {
    "byline": "author byline by-line writer autor auteur autore reporter journalist creator contributor user-name redact redakt skribent vcard",
    "dated": "date time publish posted meta datum fecha info created source",
    # of the body model
    "good": "article content body entry post story text paragraph richtext artikel inhalt texte cuerpo noticia detail prose",
    "nav": rf"{_NAV} menu breadcrumb pagination pager\b toolbar header masthead topbar skip",
    "footer": r"foot\b footer colophon copyright legal disclaimer impressum",
    "comment": "comment disqus respond discussion kommentar",
    "share": "share social follow sharing teilen twitter facebook print",
    "promo": "promo newsletter subscri signup sign-up banner paywall piano cookie consent modal popup overlay cta offer donat",
    "ad": f"{_AD} advert sponsor outbrain taboola werbung anzeige dfp gpt-",
    "related": "relat recommend more- readmore read-more most popular trending teaser card latest recent also similar next prev carousel slider feed listitem list-item upsell recirc",
    "meta": r"byline author meta date time publish tag topic categor kicker label credit info bio\b profile avatar",
    "caption": "caption figure image photo media gallery bild legend video player credit",
    "side": r"side aside widget rail column- secondary complement infobox box\b callout toc\b table-of",
    "lead": r"lead lede intro standfirst summary excerpt teaser-text abstract subtitle subhead deck dek\b chapeau description",
    "hidden": "hidden collaps visually sr-only screen-reader invisible accordion",
    # of what is left out of the text
    "zone nav": rf"{_NAV} menu breadcrumb pagination pager\b skip-link",
    "zone footer": "footer colophon copyright",
    "zone comment": "comment disqus discussion",
    "zone newsletter": "newsletter subscribe signup sign-up",
    "zone consent": "cookie consent gdpr",
    "zone paywall-notice": "paywall piano regwall",
    "zone sponsored": "sponsor outbrain taboola native-ad",
    "zone ad": f"{_AD} advert banner werbung anzeige",
    "zone related": "related recommend readmore read-more more-stories most- popular trending teaser",
    "zone promo": "promo social share app-",
}  # fmt: skip
SIGN = {family: 1 << at for at, family in enumerate(FAMILIES)}
_LONGEST = 300
_MOST_KNOWN = 32_768
_known: dict[str, int] = {}  # of each word of a name: the signs of its families


def alternatives(family: str) -> str:
    """A pattern for the words of a family, with what parts an "ad" from other words."""
    return "|".join(FAMILIES[family].split()).replace(_AD, r"(?:^|[\s_-])ads?(?:$|[\s_-])")


def _signs_of_words() -> dict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for family, words in FAMILIES.items():
        for word in words.split():
            found[word] |= SIGN[family]
    return dict(found)


_WORDS = _signs_of_words()
_PLAIN = [(word, signs) for word, signs in _WORDS.items() if word.replace("-", "").isalnum()]
_PATTERNS = [(re.compile(word), signs) for word, signs in _WORDS.items() if not word.replace("-", "").isalnum()]


def learn(names: Iterable[str]) -> None:
    """Look through those of `names` together that were not seen yet."""
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    words = list(set("\n".join(names).lower().split()).difference(_known))
    if not words:
        return
    text = "\n".join(("", *words, ""))
    starts = list(accumulate((len(word) + 1 for word in words), initial=1))
    found = [0] * len(words)
    for word, signs in _PLAIN:
        at = text.find(word)
        while at >= 0:
            which = bisect_right(starts, at) - 1
            found[which] |= signs
            at = text.find(word, starts[which + 1])
    for pattern, signs in _PATTERNS:
        for match in pattern.finditer(text):
            found[bisect_right(starts, match.start()) - 1] |= signs
    _known.update(zip(words, found, strict=True))


def signs_of(*said: str) -> int:
    """What the attributes of an element say together; of very long ones only the beginning is looked at."""
    if sum(map(len, said)) > _LONGEST:
        return named_for(" ".join(said)[:_LONGEST])
    signs = 0
    for names in said:
        if names:
            signs |= named_for(names)
    return signs


@lru_cache(maxsize=16384)  # sites differ in how they put names together, less in the names
def named_for(names: str) -> int:
    """The sum of the signs of the families that words of these names are of."""
    alone = _known.get(names)
    if alone is not None:
        return alone
    words = names.lower().split()
    if not all(map(_known.__contains__, words)):
        learn(words)
    signs = 0
    for word in words:
        signs |= _known[word]
    return signs
