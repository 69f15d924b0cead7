"""What can be measured of a piece of a page, as numbers: the input of the body model. Order: NAMES, `measure`.

Everything here is a cause a reader could name: how long, how many links, inside which element, named how, how far
from the headline, what the neighbours are like, whether the page repeats it. No site, no language word decides alone.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from lxml import html

from archive.extract import surroundings
from archive.extract.headline import norm
from archive.extract.pieces import Piece

_GOOD = re.compile(
    r"article|content|body|entry|post|story|text|paragraph|richtext|artikel|inhalt|texte|cuerpo|noticia|detail|prose",
    re.I,
)
_BAD: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("nav", re.compile(r"\bnav|menu|breadcrumb|pagination|pager\b|toolbar|header|masthead|topbar|skip", re.I)),
    ("footer", re.compile(r"foot(?:er)?\b|footer|colophon|copyright|legal|disclaimer|impressum", re.I)),
    ("comment", re.compile(r"comment|disqus|respond|discussion|kommentar", re.I)),
    ("share", re.compile(r"share|social|follow|sharing|teilen|twitter|facebook|print", re.I)),
    ("promo", re.compile(r"promo|newsletter|subscri|signup|sign-up|banner|paywall|piano|cookie|consent|modal|popup|overlay|cta|offer|donat", re.I)),
    ("ad", re.compile(r"(?:^|[\s_-])ads?(?:$|[\s_-])|advert|sponsor|outbrain|taboola|werbung|anzeige|dfp|gpt-", re.I)),
    ("related", re.compile(r"relat|recommend|more-|read-?more|most-?|popular|trending|teaser|card|latest|recent|also|similar|next|prev|carousel|slider|feed|list-?item|upsell|recirc", re.I)),
    ("meta", re.compile(r"byline|author|meta|date|time|publish|tag|topic|categor|kicker|label|credit|info|bio\b|profile|avatar", re.I)),
    ("caption", re.compile(r"caption|figure|image|photo|media|gallery|bild|legend|video|player|credit", re.I)),
    ("side", re.compile(r"side|aside|widget|rail|column-|secondary|complement|infobox|box\b|callout|toc\b|table-of", re.I)),
    ("lead", re.compile(r"lead|lede|intro|standfirst|summary|excerpt|teaser-text|abstract|subtitle|subhead|deck|dek\b|chapeau|description", re.I)),
    ("hidden", re.compile(r"hidden|collaps|visually|sr-only|screen-reader|invisible|accordion", re.I)),
)  # fmt: skip
_TAGS = (
    "p",
    "div",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "td",
    "blockquote",
    "figcaption",
    "dd",
    "pre",
    "section",
    "article",
    "button",
    "header",
)
_AROUND = (
    "article",
    "main",
    "nav",
    "footer",
    "aside",
    "header",
    "form",
    "table",
    "ul",
    "ol",
    "figure",
    "section",
    "blockquote",
)
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("w_more", re.compile(r"^(?:read (?:more|also|next|the full)|more (?:on|from|about|stories)|also read|see also|related|recommended|lesen sie|mehr (?:zum|lesen|dazu)|siehe auch|"
                          r"weiterlesen|lire aussi|à lire|lee también|leer más|ver también|leggi anche|leia (?:também|mais)|lees ook|читайте также|czytaj (?:też|także)|延伸閱讀|相关阅读|相关新闻|相關新聞|関連記事|おすすめ|관련기사|"
                          r"you may also|don.t miss|watch:?|listen:?|click here|up next|trending|most (?:read|popular)|top stories|latest|editor.s)", re.I)),
    ("w_news", re.compile(r"newsletter|sign up|subscribe|abonnier|abonnez|suscrí|iscriviti|assine|подпи|inbox|订阅|登録|구독|free trial|log ?in|register|already a|download (?:the|our) app|whatsapp|telegram channel|google news", re.I)),
    ("w_legal", re.compile(r"©|\(c\)|copyright|all rights reserved|alle rechte|tous droits|todos los derechos|diritti riservati|terms of|privacy|cookie|版权|版權|無断|転載|무단|affiliate|commission|disclaimer|disclosure", re.I)),
    ("w_photo", re.compile(r"^(?:photo|image|picture|foto|bild|fotografía|crédit|credit|file photo|illustration|图|圖|写真|사진|source)\b\s*[:/]?|getty|shutterstock|\bistock|imago|\(ap photo|/afp|/reuters|/dpa|unsplash|courtesy", re.I)),
    ("w_by", re.compile(r"^(?:by|von|par|por|di|de|text|written by|author|autor|作者|記者|记者|文|来源|來源|编辑|編輯|责任编辑|責任編輯|責編|责编|기자)\b\s*[:：]?|기자\s*$", re.I)),
    ("w_share", re.compile(r"^(?:share|teilen|partager|compartir|condividi|tweet|print|drucken|email|e-mail|save|comments?|kommentare|comentarios|facebook|twitter|copy link|follow us|分享|打印|advertisement|anzeige|werbung|publicité|publicidad|ad|sponsored)\b", re.I)),
    ("w_date", re.compile(r"\b(?:19|20)\d{2}\b|\d{1,2}:\d{2}", re.I)),
    ("w_update", re.compile(r"^(?:updated?|published|posted|last (?:updated|modified)|aktualisiert|veröffentlicht|stand|publié|mis à jour|publicado|actualizado|发布|更新|入力|등록|\d+ min)", re.I)),
    ("w_author", re.compile(r"\b(?:is a|ist|est) (?:\w+ ){0,4}(?:reporter|editor|journalist|writer|correspondent|redakteur|journaliste|author|founder|contributor)|follow (?:him|her|them)|more from|about the author|über den autor", re.I)),
)  # fmt: skip
_NEWS_WORDS = (
    "newsletter", "sign up", "subscribe", "abonnier", "abonnez", "suscrí", "iscriviti", "assine", "подпи", "inbox", "订阅", "登録", "구독",
    "free trial", "login", "log in", "register", "already a", "download our app", "download the app", "whatsapp", "telegram channel", "google news",
)  # fmt: skip
_LEGAL_WORDS = (
    "©", "(c)", "copyright", "all rights reserved", "alle rechte", "tous droits", "todos los derechos", "diritti riservati", "terms of", "privacy",
    "cookie", "版权", "版權", "無断", "転載", "무단", "affiliate", "commission", "disclaimer", "disclosure",
)  # fmt: skip
_PHOTO_WORDS = (
    "getty",
    "shutterstock",
    "istock",
    "imago",
    "(ap photo",
    "/afp",
    "/reuters",
    "/dpa",
    "unsplash",
    "courtesy",
)
_AUTHOR_WORDS = (" a ", "ist", "est", "follow", "more from", "author", "autor")


def _signs(head: str, digits: int) -> list[float]:
    """The word signs of a piece, in the order of _PATTERNS; plain words are looked for before any pattern is."""
    low = head.lower()
    pattern = _PATTERN_OF
    return [
        1.0 if pattern["w_more"].match(head) else 0.0,
        1.0 if any(word in low for word in _NEWS_WORDS) else 0.0,
        1.0 if any(word in low for word in _LEGAL_WORDS) else 0.0,
        1.0 if any(word in low for word in _PHOTO_WORDS) or pattern["w_photo"].match(head) else 0.0,
        1.0 if pattern["w_by"].match(head) or ("기자" in head and pattern["w_by"].search(head)) else 0.0,
        1.0 if pattern["w_share"].match(head) else 0.0,
        1.0 if digits >= 3 and pattern["w_date"].search(head) else 0.0,
        1.0 if pattern["w_update"].match(head) else 0.0,
        1.0 if any(word in low for word in _AUTHOR_WORDS) and pattern["w_author"].search(head) else 0.0,
    ]


_SENTENCE_END = re.compile(r"[.!?。！？…»”\"'’)]\s*$")
_UPPER = re.compile("[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĠĢĪĮİĶĹĻŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽΑ-ΩА-ЯЁІЇЄҐ]")
_DIGIT = re.compile(r"\d")
_STOPS = re.compile(r"[.!?。！？]")

NAMES: tuple[str, ...] = (
    "chars", "words", "link_density", "stops", "commas", "ends", "starts_upper", "upper_share", "digit_share", "word_length", "lines",
    *(f"is_{tag}" for tag in _TAGS), *(f"in_{tag}" for tag in _AROUND), "depth",
    "good_level", "good_count", *(f"bad_{name}" for name, _ in _BAD), "bad_any",
    *(name for name, _ in _PATTERNS), "colon", "quote_start", "bullet", "question",
    "order", "mass_before", "mass_after", "head_distance", "head_chars", "after_head", "tail_distance",
    "main_steps", "in_main", "main_share", "parent_mass", "parent_pieces", "parent_links", "grand_mass", "grand_links", "great_mass",
    "sig_mass", "sig_count", "sig_links", "path_mass",
    "prev_chars", "prev_links", "prev_same", "prev_head", "next_chars", "next_links", "next_same", "next_head",
    "prev2_chars", "next2_chars", "near_mass", "near_links",
    "repeats", "in_headline", "in_description", "is_description", "ld_body",
    "page_chars", "page_pieces", "page_long", "page_link_share", "page_news", "page_article_tags", "wide", "h_level",
    *surroundings.NAMES,
)  # fmt: skip


@dataclass(slots=True)
class _Around:
    """What the ancestors of a block element say; computed once an element."""

    flags: tuple[int, ...]
    good_level: int
    good_count: int
    bad: tuple[int, ...]
    depth: int


@dataclass(slots=True)
class _Totals:
    mass: int = 0
    long: int = 0
    links: int = 0
    pieces: int = 0


@lru_cache(maxsize=16384)
def named(names: str) -> tuple[bool, tuple[int, ...]]:
    """What the class, id and role of an element say: (is it content, which of _BAD)."""
    return bool(_GOOD.search(names)), tuple(at for at, (_, pattern) in enumerate(_BAD) if pattern.search(names))


def measure(
    pieces: list[Piece],
    headline: str | None,
    headline_node: html.HtmlElement | None,
    description: str | None,
    ld_body: str,
    news: bool,
    wanted: set[int],
) -> dict[int, list[float]]:
    """One row of numbers, in the order of NAMES, for each of the `wanted` pieces."""
    sheet = _Sheet(pieces, headline, headline_node, description, ld_body, news)
    around = surroundings.surroundings(pieces)
    return {at: sheet.row(at) + around[at] for at in range(len(pieces)) if at in wanted}


def hopeless(pieces: list[Piece]) -> set[int]:
    """Pieces that need no model: links with nothing but links before and after them."""
    linked = [True, *(piece.link_density >= 0.9 and len(piece.key) < 160 for piece in pieces), True]
    return {at for at in range(len(pieces)) if linked[at] and linked[at + 1] and linked[at + 2]}


class _Sheet:
    """The page-wide sums the rows need, each computed once."""

    def __init__(
        self,
        pieces: list[Piece],
        headline: str | None,
        headline_node: html.HtmlElement | None,
        description: str | None,
        ld_body: str,
        news: bool,
    ) -> None:
        self.pieces = pieces
        self.around: dict[html.HtmlElement, _Around] = {}
        self.totals: dict[html.HtmlElement, _Totals] = {}
        self.signatures: dict[html.HtmlElement, str] = {}
        self.sig: dict[str, _Totals] = {}
        self.node_parts: dict[html.HtmlElement, tuple[list[float], list[float]]] = {}
        self.lengths = [len(piece.key) for piece in pieces]
        self.total = sum(self.lengths) or 1
        self.long = [
            length if length > 60 and piece.link_chars * 3 < length else 0
            for piece, length in zip(pieces, self.lengths, strict=True)
        ]
        self.long_total = sum(self.long) or 1
        self.before: list[int] = []
        running = 0
        for mass in self.long:
            self.before.append(running)
            running += mass
        self.headline = norm(headline or "")
        self.description = "".join((description or "").split())[:400]
        self.ld_body = "".join(ld_body.split())
        self.news = float(news)
        self.copies = Counter(piece.key for piece in pieces)
        self._sum()
        self.head = self._head_index(headline_node)
        self.main = self._main()
        self.main_chain: dict[html.HtmlElement, int] = {}
        if self.main is not None:
            for steps, above in enumerate((self.main, *self.main.iterancestors())):
                self.main_chain[above] = steps
        self.last_long = max((at for at, mass in enumerate(self.long) if mass), default=0)
        self.page = self._page()

    def _sum(self) -> None:
        for piece, length, long in zip(self.pieces, self.lengths, self.long, strict=True):
            signature = self.signatures.get(piece.node)
            if signature is None:
                parent = piece.node.getparent()
                above = f"{parent.tag!s}.{parent.get('class') or ''}" if parent is not None else ""
                signature = f"{piece.node.tag!s}.{piece.node.get('class') or ''}<{above}"
                self.signatures[piece.node] = signature
            for entry in (
                self.sig.setdefault(signature, _Totals()),
                self.totals.setdefault(piece.node, _Totals()),
            ):
                entry.mass += length
                entry.long += long
                entry.links += piece.link_chars
                entry.pieces += 1
        self._sum_up()

    def _sum_up(self) -> None:
        """Give every element the sums of what is below it: each element is added to its parent once."""
        depth: dict[html.HtmlElement, int] = {}
        parents: dict[html.HtmlElement, html.HtmlElement] = {}
        for node in list(self.totals):
            chain = []
            up: html.HtmlElement | None = node
            while up is not None and up not in depth:
                chain.append(up)
                above = up.getparent()
                if above is not None:
                    parents[up] = above
                up = above
            start = depth[up] if up is not None else -1
            for steps, element in enumerate(reversed(chain), 1):
                depth[element] = start + steps
        for node in sorted(depth, key=lambda element: -depth[element]):
            parent = parents.get(node)
            if parent is not None:
                entry, above_entry = self.totals[node], self.totals.setdefault(parent, _Totals())
                above_entry.mass += entry.mass
                above_entry.long += entry.long
                above_entry.links += entry.links
                above_entry.pieces += entry.pieces

    def _head_index(self, node: html.HtmlElement | None) -> int:
        if node is not None:
            for at, piece in enumerate(self.pieces):
                if piece.node is node or node in (piece.node.getparent(),):
                    return at
        if self.headline:
            for at, piece in enumerate(self.pieces):
                if len(piece.text) < 400 and norm(piece.text) == self.headline:
                    return at
        return -1

    def _main(self) -> html.HtmlElement | None:
        """The lowest element that holds most of the long text: readability's idea, by descent from the root."""
        if not self.pieces:
            return None
        node = self.pieces[0].node
        above = node.getparent()
        while above is not None and above in self.totals:
            node, above = above, above.getparent()
        while True:
            here = self.totals[node].long
            best, most = None, 0
            for child in node:
                entry = self.totals.get(child)
                if entry is not None and entry.long > most:
                    best, most = child, entry.long
            if best is None or most < 0.7 * here or most < 150:
                return node
            node = best

    def _page(self) -> list[float]:
        links = sum(piece.link_chars for piece in self.pieces)
        articles = len({a for piece in self.pieces for a in (piece.node,) if a.tag == "article"})
        text = "".join(piece.key[:200] for piece in self.pieces[:60])
        wide = sum(1 for char in text if "\u3040" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af")
        self.wide = float(wide * 3 > len(text))
        return [
            math.log1p(self.total), math.log1p(len(self.pieces)), math.log1p(self.long_total), links / self.total, self.news,
            min(articles, 20), self.wide,
        ]  # fmt: skip

    def about(self, node: html.HtmlElement) -> _Around:
        known = self.around.get(node)
        if known is not None:
            return known
        parent = node.getparent()
        up = self.about_parent(parent)
        flags = list(up.flags)
        tag = node.tag
        if tag in _AROUND_INDEX:
            flags[_AROUND_INDEX[tag]] = 1
        names = f"{node.get('class') or ''} {node.get('id') or ''} {node.get('role') or ''}"[:300]
        bad = [min(level + 1, 12) for level in up.bad]
        good_level, good_count = min(up.good_level + 1, 12), up.good_count
        if len(names) > 2 and tag not in ("body", "html"):
            is_good, kinds = named(names)
            if is_good:
                good_level, good_count = 0, good_count + 1
            for at in kinds:
                bad[at] = 0
        found = _Around(tuple(flags), good_level, good_count, tuple(bad), up.depth + 1)
        self.around[node] = found
        return found

    def about_parent(self, parent: html.HtmlElement | None) -> _Around:
        if parent is None or parent.tag == "html":
            return _Around((0,) * len(_AROUND), 12, 0, (12,) * len(_BAD), 0)
        chain = []
        node: html.HtmlElement | None = parent
        while node is not None and node not in self.around and node.tag != "html":
            chain.append(node)
            node = node.getparent()
        for ancestor in reversed(chain):
            self.about(ancestor)
        return self.around[parent]

    def main_steps(self, node: html.HtmlElement) -> int:
        """How many steps up from the main element until `node` is inside; 0 when it is inside it."""
        up: html.HtmlElement | None = node
        while up is not None:
            steps = self.main_chain.get(up)
            if steps is not None:
                return min(steps, 12)
            up = up.getparent()
        return 12

    def row(self, at: int) -> list[float]:
        piece = self.pieces[at]
        text, node, size = piece.text, piece.node, self.lengths[at] or 1
        cached = self.node_parts
        if node not in cached:
            cached[node] = self._node_part(node)
        words = text.split()
        head = text[:160]
        digits = len(_DIGIT.findall(head))
        values: list[float] = [
            math.log1p(size), math.log1p(len(words)), min(1.0, piece.link_chars / size), len(_STOPS.findall(text[:2000])), text.count(",", 0, 2000) + text.count("，", 0, 2000),
            1.0 if _SENTENCE_END.search(text[-4:]) else 0.0, 1.0 if text[:1].isupper() else 0.0, len(_UPPER.findall(head)) / len(head),
            digits / len(head), size / max(1, len(words)), min(text.count("\n"), 10),
        ]  # fmt: skip
        values += cached[node][0]
        values += _signs(head, digits)
        values += [
            1.0 if text[-1:] in ":：" else 0.0, 1.0 if text[:1] in "\"“„«'‘「『" else 0.0, 1.0 if text[:1] in "-–•*▪●■►→>" else 0.0, 1.0 if text[-1:] in "?？" else 0.0,
        ]  # fmt: skip
        count = len(self.pieces)
        values += [
            at / count, self.before[at] / self.long_total, 1 - (self.before[at] + self.long[at]) / self.long_total,
            max(-30, min(60, at - self.head)) if self.head >= 0 else -40,
            math.log1p(max(0, self.before[at] - self.before[self.head])) if self.head >= 0 else -1,
            (1.0 if at > self.head else 0.0) if self.head >= 0 else 0.5, max(-30, min(30, at - self.last_long)),
        ]  # fmt: skip
        values += cached[node][1]
        values += self._neighbours(at)
        plain = norm(text) if size < 300 else ""
        values += [
            min(self.copies[piece.key], 5), self._headline_overlap(plain), 1.0 if size > 20 and piece.key[:60] in self.description else 0.0,
            1.0 if len(self.description) > 30 and self.description[:60] in piece.key else 0.0,
            (1.0 if piece.key[:50] in self.ld_body else 0.0) if self.ld_body and size > 15 else -1.0,
        ]  # fmt: skip
        values += self.page
        values.append(float(node.tag[1]) if node.tag in ("h1", "h2", "h3", "h4", "h5", "h6") else 0.0)
        return values

    def _node_part(self, node: html.HtmlElement) -> tuple[list[float], list[float]]:
        around = self.about(node)
        first: list[float] = [1.0 if node.tag == tag else 0.0 for tag in _TAGS]
        first += [float(flag) for flag in around.flags]
        first += [around.depth, around.good_level, around.good_count, *around.bad, min(around.bad)]
        steps = self.main_steps(node)
        parent = node.getparent()
        grand = parent.getparent() if parent is not None else None
        great = grand.getparent() if grand is not None else None
        up, higher, highest = (
            self.totals.get(above) if above is not None else None for above in (parent, grand, great)
        )
        group = self.sig[self.signatures[node]]
        own = self.totals[node]
        second: list[float] = [
            steps, 1.0 if steps == 0 else 0.0, (self.totals[self.main].long / self.long_total) if self.main is not None else 0.0,
            up.long / self.long_total if up else 0.0, math.log1p(up.pieces) if up else 0.0, up.links / (up.mass or 1) if up else 0.0,
            higher.long / self.long_total if higher else 0.0, higher.links / (higher.mass or 1) if higher else 0.0,
            highest.long / self.long_total if highest else 0.0,
            group.long / self.long_total, math.log1p(group.pieces), group.links / (group.mass or 1), own.long / self.long_total,
        ]  # fmt: skip
        return first, second

    def _neighbours(self, at: int) -> list[float]:
        values: list[float] = []
        node = self.pieces[at].node
        for step in (-1, 1):
            other = at + step
            if 0 <= other < len(self.pieces):
                piece = self.pieces[other]
                values += [
                    math.log1p(self.lengths[other]), min(1.0, piece.link_density), 1.0 if self.signatures[piece.node] == self.signatures[node] else 0.0,
                    1.0 if piece.node.tag in ("h1", "h2", "h3", "h4", "h5", "h6") else 0.0,
                ]  # fmt: skip
            else:
                values += [-1.0, -1.0, -1.0, -1.0]
        for other in (at - 2, at + 2):
            values.append(math.log1p(self.lengths[other]) if 0 <= other < len(self.pieces) else -1.0)
        low, high = max(0, at - 4), min(len(self.pieces), at + 5)
        mass = sum(self.lengths[low:high]) or 1
        values += [
            math.log1p(sum(self.long[low:high])),
            sum(piece.link_chars for piece in self.pieces[low:high]) / mass,
        ]
        return values

    def _headline_overlap(self, plain: str) -> float:
        if not plain or not self.headline:
            return 0.0
        if plain == self.headline:
            return 1.0
        mine = set(plain.split())
        theirs = set(self.headline.split())
        return len(mine & theirs) / max(1, len(mine | theirs))


_PATTERN_OF = dict(_PATTERNS)
_AROUND_INDEX = {tag: at for at, tag in enumerate(_AROUND)}
