"""Every piece of the page with its label and the rule that gave it. `article.text` is made of the kept ones.

The one rule on the headline: the block that shows the headline is labelled so and not repeated in the text.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
from functools import lru_cache

from lxml import html

from archive.extract.element_names import SIGN, alternatives, signs_of
from archive.extract.labels.comments import of_readers
from archive.extract.labels.neighbours import of_neighbours
from archive.extract.metadata.calendars import gregorian
from archive.extract.metadata.facts import Metadata
from archive.extract.metadata.moments import month_of
from archive.extract.metadata.titles import norm, same_words, words_of
from archive.extract.pieces import Piece, tag_path
from archive.model import TEXT_LABELS, Block, Label

_LABELS: tuple[Label, ...] = (
    "nav", "footer", "comment", "newsletter", "consent", "paywall-notice", "sponsored", "ad", "related", "promo",
)  # fmt: skip
_ZONES = [(label, SIGN[f"zone {label}"], re.compile(alternatives(f"zone {label}"))) for label in _LABELS]
_ANY_ZONE = sum(sign for _, sign, _ in _ZONES)
_DIGIT, _WORD = re.compile(r"\d"), re.compile(r"\w+")
_NOTICES: tuple[tuple[Label, re.Pattern[str]], ...] = (
    ("paywall-notice", re.compile(r"^(?:subscribe (?:now )?to (?:continue|read|keep)|to (?:continue|keep) reading|already a subscriber|this (?:article|content|story) is (?:only )?(?:for|available to) (?:our )?subscribers)|"
                                  r"^(?:jetzt (?:abonnieren|weiterlesen)|weiterlesen mit|il vous reste .{0,12}% de cet article|réservé aux abonnés)", re.I)),
    ("newsletter", re.compile(r"^(?:sign up (?:for|to) (?:our|the)|subscribe to (?:our|the) .{0,40}newsletter|(?:sign up to )?(?:get|receive) .{0,60}in your inbox|jetzt (?:den )?newsletter|abonnieren sie unseren)|"
                              r"^(?:you(?:.re| are) (?:receiving|getting) this (?:e-?mail|newsletter|message)|you received this (?:e-?mail|newsletter)|(?:view|read|open|see) (?:this )?(?:e-?mail |newsletter )?(?:online|in (?:your|the|a) (?:web )?browser)|unsubscribe\b|"
                              r"update your (?:e-?mail )?preferences|if you no longer (?:wish|want) to receive|this (?:e-?mail|newsletter) was sent to|was this (?:e-?mail|newsletter) forwarded|"
                              r"sie (?:erhalten|bekommen) diese[n]? (?:e-?mail|newsletter)|(?:diesen? )?(?:newsletter|e-?mail) (?:im browser|online) (?:ansehen|anzeigen|lesen|öffnen)|(?:vom |den )?newsletter ab(?:bestellen|melden)|"
                              r"vous recevez (?:cet e-?mail|cette (?:lettre|newsletter)|ce courriel)|(?:voir|lire|afficher) (?:\w+ ){0,2}(?:dans|sur) (?:votre|le) navigateur|se (?:désinscrire|désabonner)|"
                              r"recibes? este (?:correo|boletín|e-?mail)|ver (?:\w+ ){0,2}en (?:el|tu|su) navegador|darse de baja|ricevi questa (?:e-?mail|newsletter)|visualizza (?:\w+ ){0,2}nel browser|"
                              r"(?:je|u) ontvangt deze (?:e-?mail|nieuwsbrief)|bekijk (?:\w+ ){0,2}in (?:je|uw) browser|配信停止|退订|取消订阅)", re.I)),
    ("ad", re.compile(r"^(?:advertisement|anzeige|werbung|publicité|publicidad|pubblicità|реклама|广告|廣告|広告|광고|story continues below(?: advertisement)?|article continues (?:below|after).{0,30})[.:]?$", re.I)),
    ("related", re.compile(r"^(?:(?:must )?read(?: more| also| next)?|also read|see also|related|you (?:may|might) also like|more from [\w ]{2,30}|lesen sie (?:auch|mehr|hier|dazu)|mehr (?:lesen|dazu|zum thema)|siehe auch|"
                           r"(?:à )?lire aussi|voir aussi|sur le même sujet|(?:le[ea]|vea|mir[ae]|ver)(?: también| más| además)?|también (?:le[ea]|(?:le|te) puede interesar)|(?:les?|te) puede(?: también)? interesar|leggi anche|"
                           r"(?:leia|veja) (?:também|mais)|saiba mais|lees (?:ook|meer)|les også|läs (?:också|även)|читайте также|(?:czytaj|zobacz) (?:też|także|również|więcej)|延伸閱讀|延伸阅读|相关阅读|関連記事)\s*[:：].{0,140}$", re.I)),
)  # fmt: skip
_BYLINE_WORDS = frozenset((
    "by", "and", "von", "und", "par", "et", "por", "y", "di", "e", "de", "da", "posted", "published", "updated", "on",
    "at", "in", "am", "pm", "a", "m", "p", "le", "el", "um", "uhr", "vom", "last", "publié", "à", "publicado", "est",
    "gmt", "utc", "cet", "bst", "ist", "edt", "pst", "the", "reporter", "correspondent", "staff", "writer", "story",
    "words", "text", "article", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "mon", "tue", "wed", "thu",
    "fri", "sat", "sun", "st", "nd", "rd", "th", "h", "min", "read", "oleh", "yazan", "بقلم", "كتب", "نویسنده", "מאת",
))  # fmt: skip
_CJK_LINE = re.compile(
    r"^(?:[\d年月日:：\-./ ]{8,}.*)?[(（\[【]?\s*(?:(?:本文|文章|稿件|信息|新闻)?(?:来源|來源)|作者|记者|記者|(?:责任|实习|值班)?编辑|責任編輯|责编|編輯|原标题|原標題|校对|审核|监制)\s*[:：/／]|^[\uac00-\ud7af]{2,4}\s*기자$|^(?:記者|记者)\s*[\u4e00-\u9fff]{2,4}\s*[／/].{0,10}$"
)
_CJK_DATE = re.compile(
    r"\d{4}\s*[年년]\s*\d{1,2}\s*[月월]\s*\d{1,2}\s*[日일][\d\s時分秒时曜月火水木金土日午前後上下시분초오전후:：()（）]*"
)
_AGO = re.compile(  # when it was, seen from when the page was shown
    r"(?:(?:updated|posted|published|about|over) )?(?:an?|\d+)\s?(?:s|m|h|d|(?:sec|second|min|minute|hour|hr|day|week|month|year)s?)\.? ago|vor (?:eine[rmn]?|\d+) (?:sek|min|std|stunde|tag|woche|monat|jahr)\w*\.?|il y a (?:une?|\d+) (?:\w{1,9})|"
    r"hace (?:una?|\d+) (?:\w{1,9})|(?:un[ao']? ?|\d+ )(?:second[io]|minut[io]|or[ae]|giorn[io]|settiman[ae]) fa|há (?:uma?|\d+) (?:\w{1,9})|\d+ (?:seconden?|min(?:uten|uut)?|uur|dag(?:en)?) geleden|"
    r"för \d+ (?:min\w*|tim\w*|dag\w*) sedan|\d+ \w{1,8}\.? (?:назад|тому|temu|önce)|\d+\s?(?:秒|分钟|分鐘|分|小时|小時|時間|天|日)\s?(?:之)?前|\d+\s?(?:초|분|시간|일)\s?전|منذ \d* ?\w{2,7}|לפני \d+ \w{2,6}",
    re.IGNORECASE,
)
_IMAGE_LINE = re.compile(r"[(\[](?:image|photo|pic(?:ture)?|foto|bild|getty|credit)\b.{0,60}[)\]]\s*$", re.I)
_REPEATED_FROM = 40  # characters; shorter lines are repeated honestly
_BEGUN = 200  # characters of the story; behind them, days and names in a table are what it tells
_TELLING = frozenset(("td", "th", "li", "dd", "pre", "h2", "h3", "h4", "h5", "h6"))


def label_blocks(
    pieces: list[Piece], chosen: dict[int, float], facts: Metadata, hidden: list[str], url: str = ""
) -> list[Block]:
    """A block for each piece in document order, then one for each hidden subtree."""
    labeller = _Labeller(pieces, chosen, facts, url)
    blocks: list[Block] = []
    paths: dict[html.HtmlElement, str] = {}
    for piece in pieces:
        path = tag_path(piece.node, paths)
        label, rule, evidence = labeller.label(piece, path)
        blocks.append(Block(piece.text, label, rule, evidence, path))
    blocks.extend(Block(text, "hidden", "not-displayed", "hidden or display:none") for text in hidden)
    return blocks


def text_of(blocks: list[Block]) -> str:
    """The article's text: the kept body-like blocks, one paragraph a line."""
    return "\n".join(" ".join(block.text.split()) for block in blocks if block.label in TEXT_LABELS)


class _Labeller:
    def __init__(self, pieces: list[Piece], chosen: dict[int, float], facts: Metadata, url: str) -> None:
        self.chosen = chosen
        self.unshown = _unshown(pieces, chosen)
        self.of_readers = of_readers(pieces, chosen, facts.headline_node)
        self.of_neighbours = of_neighbours(pieces, chosen, facts.headline_node, url)
        self.description = norm(facts.description or "")
        self.kept: set[str] = set()  # what the text has already
        self.told = 0  # characters of it
        self.headline = norm(facts.headline or "")
        self.headline_node = facts.headline_node
        self.zones: dict[html.HtmlElement, tuple[tuple[Label, str] | None, int]] = {}
        self.names = {word for author in facts.authors for word in norm(author.name).split()}
        self.names |= set(norm(facts.publisher or "").split())

    def label(self, piece: Piece, path: str) -> tuple[Label, str, str]:
        """The label, the rule that gave it, and what the rule saw."""
        if self.headline and (piece.node is self.headline_node or same_words(piece.text, self.headline)):
            return "headline", "same-as-headline", ""
        likely = self.chosen.get(piece.order)
        short = len(piece.key) < 160
        telling = likely is not None and self.told >= _BEGUN and not _TELLING.isdisjoint(_tags(path)[-2:])
        if short and not telling and (likely is not None or "h1" not in path):
            line = self._byline(piece)
            if line is not None:
                return line, "names-and-dates-only", piece.text[:60]
        if likely is not None:
            if len(piece.text) < 30 and _AGO.fullmatch(piece.text):
                return "dateline", "how-long-ago", piece.text
            if short:
                for label, pattern in _NOTICES:
                    match = pattern.match(piece.text)
                    if match:
                        return label, "notice", match[0]
            return self._kept(piece, path, likely)
        if "figcaption" in _tags(path):
            return "caption", "figcaption", ""
        return self._left_out(piece, _tags(path))

    def _kept(self, piece: Piece, path: str, likely: float) -> tuple[Label, str, str]:
        """The label of a piece that is likely text, unless it is not shown or stands in the text already."""
        if piece.order in self.unshown:
            return "hidden", "class-hidden", "an element around it has the class hidden"
        if piece.order in self.of_readers:
            return "comment", "of-readers", f"{likely:.2f}, but in an element named for comments"
        if piece.order in self.of_neighbours:
            return "related", "another-story", f"{likely:.2f}, but under a heading that leads to another page"
        self.told += len(piece.key)
        if len(piece.key) >= _REPEATED_FROM:
            if piece.key in self.kept:
                return "duplicate", "repeated", "stands in the text above"
            self.kept.add(piece.key)
        if "figcaption" in path.split("/") or _is_caption(piece):
            return "caption", "caption", ""
        if path.startswith("script-text"):
            return "body", "payload", "stands in a script of the page, not shown"
        label = _kind(path)
        if len(self.kept) < 3 and label in ("body", "subheading") and self._is_description(piece):
            return "standfirst", "same-as-description", f"{likely:.2f}"
        return label, "body-model", f"{likely:.2f}"

    def _is_description(self, piece: Piece) -> bool:
        if len(self.description) < 30 or len(piece.text) > 600:
            return False
        plain = norm(piece.text)
        return len(plain) >= 30 and (plain.startswith(self.description[:60]) or self.description.startswith(plain[:60]))

    def _byline(self, piece: Piece) -> Label | None:
        """A line of nothing but the authors' names, dates and the words of bylines."""
        is_ascii = piece.text.isascii()
        text = piece.text if is_ascii else gregorian(piece.text)
        if not is_ascii and _CJK_DATE.fullmatch(text):
            return "dateline"
        # Nearly every line is told by its first word.
        if is_ascii and not ((first := _WORD.search(text)) and self._is_of_bylines(first[0].lower())):
            return None
        if len(text) <= 200 and (_DIGIT.search(text) or any(map(text.casefold().__contains__, self.names))):
            words = words_of(text)
            if not words or len(words) > 24:
                return None
            if all(map(self._is_of_bylines, words)):
                named = any(word in self.names for word in words)
                dated = any(word.isdigit() for word in words)
                clock = bool(re.fullmatch(r"\d{1,2}[:.]\d{2}(?:\s*[ap]m)?", piece.text, re.I))
                return "byline" if named else "dateline" if clock or (dated and len(words) >= 3) else None
        return "byline" if len(piece.key) < 60 and not is_ascii and _CJK_LINE.match(text) else None

    def _is_of_bylines(self, word: str) -> bool:
        return word in self.names or word in _BYLINE_WORDS or word.isdigit() or month_of(word) is not None

    def _left_out(self, piece: Piece, tags: list[str]) -> tuple[Label, str, str]:
        if "nav" in tags:
            return "nav", "tag", "nav"
        if "footer" in tags:
            return "footer", "tag", "footer"
        found, levels = self._named(piece.node)
        if found is not None and levels < 12:
            return found[0], "named", found[1]
        if piece.link_density > 0.5:
            return "related", "link-density", f"{piece.link_density:.2f} > 0.5"
        return "chrome", "outside-main-text", ""

    def _named(self, node: html.HtmlElement) -> tuple[tuple[Label, str] | None, int]:
        """What the nearest element with a telling name is, and how many levels up it stands."""
        known = self.zones.get(node)
        if known is None:
            parent = node.getparent()
            found, levels = self._named(parent) if parent is not None else (None, -1)
            own = _zone(node.get("class") or "", node.get("id") or "")
            known = self.zones[node] = (own, 0) if own is not None else (found, levels + 1)
        return known


def _unshown(pieces: list[Piece], chosen: dict[int, float]) -> set[int]:
    """Chosen pieces in an element of the class `hidden`; none where that would be a good part of the text."""
    found = {at for at in chosen if _has_hidden_class(pieces[at].node)}
    lost = sum(len(pieces[at].key) for at in found)
    return found if lost * 10 < 3 * sum(len(pieces[at].key) for at in chosen) else set()


def _has_hidden_class(node: html.HtmlElement) -> bool:
    up: html.HtmlElement | None = node
    for _ in range(4):
        if up is None:
            return False
        names = up.get("class") or ""
        # `hidden md:block` is shown on wide screens.
        if "hidden" in names and ":" not in names and "hidden" in names.split():
            return True
        up = up.getparent()
    return False


def _is_caption(piece: Piece) -> bool:
    if len(piece.text) >= 400:
        return False
    parent = piece.node.getparent()
    names = [node.get("class") or "" for node in (piece.node, parent) if node is not None]
    return any(map(_names_caption, names)) or bool(_IMAGE_LINE.search(piece.text[-90:]))


@lru_cache(maxsize=4096)
def _names_caption(classes: str) -> bool:
    # `[&_figcaption]:text-sm` says how captions in the element look, not that it is one.
    return any("caption" in name and "[" not in name for name in classes.lower().split())


@lru_cache(maxsize=4096)
def _tags(path: str) -> list[str]:
    return path.split("/")


def _kind(path: str) -> Label:
    tags = _tags(path)
    last = tags[-1]
    if last in ("h1", "h2", "h3", "h4", "h5", "h6"):
        return "subheading"
    if "blockquote" in tags:
        return "quote"
    if "li" in tags[-3:] or last in ("dt", "dd"):
        return "list"
    if last in ("td", "th", "caption") or "td" in tags[-2:]:
        return "table"
    return "body"


def _zone(classes: str, name: str) -> tuple[Label, str] | None:
    signs = signs_of(classes, name) & _ANY_ZONE
    if not signs:
        return None
    label, pattern = next((label, pattern) for label, sign, pattern in _ZONES if signs & sign)
    names = f"{classes} {name}"
    match = pattern.search(names.lower())
    return (label, names[match.start() : match.end()]) if match else None
