"""URLs: one canonical spelling, one sort key, one answer to "does this belong to the source?". Pure.

`canonical_url` is the identity of a page in Pressmark; `urlkey` is the SURT key of CDX(J) indexes, so that ours can be
merged with those of other tools; `host_of` and `same_site` decide what a source may crawl. In that order below.
Rules: RFC 3986 section 6.2 for normal forms, the URL Standard where browsers differ from it (backslashes, IDNA).
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache
from urllib.parse import SplitResult, quote_from_bytes, unquote_to_bytes, urljoin, urlsplit

from archive.errors import UrlError
from archive.model import Source

MAX_URL_CHARS = 2083 * 4  # no server we met takes more than 8 KiB in its request line
DEFAULT_PORTS = {"http": 80, "https": 443}

# Parameters that say how a reader came, never what the page is. Only names no publisher uses for content: "ref",
# "source", "from" or "id" stay. The second table holds beginnings of names.
_TRACKING_NAMES = """
    fbclid gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid msclkid yclid ysclid twclid ttclid igshid igsh
    li_fat_id rdt_cid epik srsltid mc_cid mc_eid mkt_tok oly_anon_id oly_enc_id vero_id vero_conv s_kwcid ef_id
    __twitter_impression __s _ga _gl _openstat wickedid xtor wt_mc wt.mc wt_zmc ns_mchannel ns_source ns_campaign
    ns_linkname ns_fee smid smtyp ref_src ref_url cmpid icid ito ftag guccounter guce_referrer guce_referrer_sig
    spm trk_contact trk_msg trk_module trk_sid ncid sr_share
"""
TRACKING = frozenset(_TRACKING_NAMES.split())
TRACKING_PREFIXES = ("utm_", "hsa_", "_hs", "hsctatracking", "at_campaign", "at_medium", "at_custom", "pk_", "mtm_",
                     "piwik_", "matomo_")  # fmt: skip

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "!$&'()*+,;=:@/-._~"
_QUERY_SAFE = _PATH_SAFE + "?"
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):")
_HOST = re.compile(r"^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$")
_BARE_HOST = re.compile(r"^[^\s/?#:@]+\.[^\s/?#:@.]{2,}(?::\d+)?(?:[/?#]|$)")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")


def canonical_url(url: str, base: str | None = None, *, keep_tracking: bool = False) -> str:
    """Return the one spelling under which we know the page, e.g. "https://news.example/a?id=7".

    `url` may be relative if `base` is absolute. Scheme and host become lower case and ASCII (IDNA), the default
    port, credentials and the fragment are dropped, dot segments resolved, escapes normalised, tracking parameters
    dropped (unless `keep_tracking`); the order of the other parameters stays, as some servers care. Idempotent.
    Raises UrlError, with a hint where we can guess what was meant, for anything that is not http or https.
    """
    text = _cleaned(url)
    try:
        parts = urlsplit(urljoin(_cleaned(base), text) if base else text)
        port = parts.port
    except ValueError as error:
        raise UrlError(f'"{_short(url)}" is not a web address ({error})') from error
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not parts.netloc:
        raise _not_http(url, text)
    host = _ascii_host(parts.hostname or "", url)
    netloc = host if port in (None, DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    path = _without_dots(_escaped(parts.path, _PATH_SAFE)) or "/"
    query = _escaped(parts.query, _QUERY_SAFE)
    if not keep_tracking:
        query = _without_tracking(query)
    found = f"{scheme}://{netloc}{path}" + (f"?{query}" if query else "")
    if len(found) > MAX_URL_CHARS:
        raise UrlError(f'"{_short(url)}" is too long for a web address ({len(found)} characters)')
    return found


_WWW = re.compile(r"^www\d*\.")
_SIMPLE_URL = re.compile(r"https?://([a-z0-9]+(?:[.-][a-z0-9]+)*)((?:/[A-Za-z0-9_~,-][A-Za-z0-9_~,.-]*)*)/?\Z")


def urlkey(url: str) -> str:
    """Return the SURT key that sorts captures of one site together, e.g. "org,example)/news?a=1".

    The "massaged URL" of CDX, as `surt` and cdxj-indexer write it: host reversed without "www.", all in lower case,
    session ids and a trailing slash dropped, query sorted, ports other than the default kept.
    Raises UrlError for a URL without a host.
    """
    simple = _SIMPLE_URL.match(url)
    if simple and len(simple[1]) <= 63:  # most are, and this is ten times as fast
        return ",".join(reversed(_WWW.sub("", simple[1]).split("."))) + ")" + (simple[2].lower() or "/")
    parts = _split(url)
    host = _ascii_host(parts.hostname or "", url)
    host = _WWW.sub("", host).strip("[]")
    port = f":{parts.port}" if parts.port not in (None, DEFAULT_PORTS.get(parts.scheme.lower())) else ""
    path = _key_path(parts.path)
    query = _key_query(parts.query)
    return ",".join(reversed(host.split("."))) + port + ")" + path + (f"?{query}" if query else "")


def host_of(url: str) -> str:
    """Return the host of a URL in its canonical form, without the port. Raises UrlError where there is none."""
    return _ascii_host(_split(url).hostname or "", url)


def authority_of(url: str) -> str:
    """Return the host of a URL with the port it names ("news.example:8080"): whom we are polite to, whose page it is.

    RFC 3986's authority in lower case, without the user's name and password. Never raises for a canonical URL.
    """
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def same_site(url: str, source: Source) -> bool:
    """Whether a URL belongs to a source, by `same_host`.

    "host": the hosts of the source's own URLs and `hosts`, exactly. "subdomains": those and everything under them,
    where "www." and hosts made for machines ("rss.", "feeds.") stand for the site above. "list": exactly `hosts`, and
    the hosts of the source's own URLs only if it names none.
    """
    try:
        host = host_of(url)
    except UrlError:
        return False
    exact, under = _site(source.urls, source.hosts, source.same_host)
    return host in exact or any(host == site or host.endswith("." + site) for site in under)


# Hosts that serve listings and not pages: the site is the domain above. "www.news.example" is "news.example".
_SERVICE_HOST = re.compile(r"^(?:www\d*|rss|rssfeeds?|feeds?|sitemaps?|m|mobile|amp)\.(?=[^.]+\.[^.]+)")


@lru_cache(maxsize=1024)
def _site(urls: tuple[str, ...], hosts: tuple[str, ...], how: str) -> tuple[frozenset[str], frozenset[str]]:
    named = frozenset(host.strip().lower().rstrip(".") for host in hosts)
    own: set[str] = set()
    for url in urls:
        try:
            own.add(host_of(url))
        except UrlError:
            continue
    if how == "list":
        return (named or frozenset(own)), frozenset()
    if how == "host":
        return named | own, frozenset()
    addresses = frozenset(host for host in named | own if _is_address(host))
    return addresses, frozenset(_SERVICE_HOST.sub("", host) for host in (named | own) - addresses)


# -- the parts of a URL


_AROUND = "".join(map(chr, range(33))) + "\ufeff"  # C0 controls, space and a byte order mark


def _cleaned(url: str) -> str:
    """The URL as a browser reads it: no white space around, no line ends inside, "/" for "\\" before the query."""
    text = re.sub(r"[\t\r\n]", "", url.strip(_AROUND))
    matched = re.match(r"[^?#]*", text)
    end = matched.end() if matched else 0
    return text[:end].replace("\\", "/") + text[end:]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(_cleaned(url))
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError as error:
        raise UrlError(f'"{_short(url)}" is not a web address ({error})') from error
    if not parts.hostname:
        raise _not_http(url, _cleaned(url))
    return parts


def _short(url: str) -> str:
    return url if len(url) <= 200 else url[:199] + "…"


def _not_http(url: str, text: str) -> UrlError:
    """The complaint about something that is no http(s) URL, with the address that was probably meant."""
    matched = _SCHEME.match(text)
    rest = text[matched.end() :] if matched else text
    meant = None
    if matched and matched[1].lower() not in DEFAULT_PORTS and not rest.startswith("//"):
        if _BARE_HOST.match(text.replace(":", "", 1)) and rest[:1].isdigit():
            meant, matched = f"https://{text}", None  # "news.example:8080/x": a host and its port
    elif matched and re.fullmatch(r"\w?h?t*p*s?p?s?", matched[1].lower()):
        meant = "https://" + rest.lstrip("/")
    elif matched is None and (text.startswith("//") or _BARE_HOST.match(text)):
        meant = "https://" + text.lstrip("/")
    why = f'scheme "{matched[1]}"' if matched and matched[1].lower() not in DEFAULT_PORTS else "no host"
    if matched is None:
        why = "no scheme"
    hint = f"did you mean {meant if meant.count('/') > 2 else meant + '/'} ?" if meant and rest.strip("/") else None
    return UrlError(f'"{_short(url)}" is not a web address ({why})', hint=hint)


def _is_address(host: str) -> bool:
    return host.startswith("[") or re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", host) is not None


@lru_cache(maxsize=4096)
def _ascii_host(host: str, url: str) -> str:
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host.partition('%')[0]).compressed}]"
        except ValueError as error:
            raise UrlError(f'"{_short(url)}" is not a web address ({error})') from error
    if "%" in host:
        host = unquote_to_bytes(host).decode("utf-8", "replace")
    labels = re.split(r"[.\u3002\uff0e\uff61]", host.strip(".\u3002\uff0e\uff61"))
    found = ".".join(_ascii_label(label) for label in labels)
    if not _HOST.match(found) or len(found) > 253:
        raise UrlError(f'"{_short(url)}" is not a web address (bad host "{_short(host)}")')
    return found


def _ascii_label(label: str) -> str:
    """One label in IDNA's ASCII form, mapped as UTS 46 (non-transitional) does, so that "ß" stays itself.

    Python's own codec is IDNA 2003, under which "straße.example" names another host than in every browser.
    """
    if label.isascii():
        return label.lower()
    mapped = unicodedata.normalize("NFKC", "".join(c.lower() for c in unicodedata.normalize("NFKC", label)))
    mapped = mapped.replace("\u00ad", "").replace("\u200b", "")
    try:
        return mapped if mapped.isascii() else "xn--" + mapped.encode("punycode").decode("ascii")
    except UnicodeError:
        return "%"  # matched by no host


def _escaped(text: str, safe: str) -> str:
    """Escapes in upper case and only where needed; a "%" that begins none is escaped itself (as "%25")."""
    if "%" in text:
        text = _ESCAPE.sub(_one_escape, text)
    raw = text.encode("utf-8", "surrogatepass" if _has_surrogates(text) else "strict")
    return quote_from_bytes(raw, safe=safe + "%")


def _has_surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)


def _one_escape(matched: re.Match[str]) -> str:
    if matched[1] is None:
        return "%25"
    value = int(matched[1], 16)
    return chr(value) if value in _UNRESERVED else "%" + matched[1].upper()


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4 for an absolute path."""
    if "/." not in path:
        return path if path.startswith("/") or not path else "/" + path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _without_tracking(query: str) -> str:
    if not query:
        return query
    return "&".join(pair for pair in query.split("&") if not _tracks(pair))


def _tracks(pair: str) -> bool:
    # "&amp;utm_source=x" comes from pages that escape their links twice.
    name = pair.partition("=")[0].lower().removeprefix("amp;")
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


# -- the parts of a key

_KEY_SAFE = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_PATH_SESSIONS = (
    re.compile(r"^(.*/)(?:\((?:[a-z]\([0-9a-z]{24}\))+\)/)([^?]+\.aspx.*)$"),
    re.compile(r"^(.*/)(?:\([0-9a-z]{24}\)/)([^?]+\.aspx.*)$"),
)
_QUERY_SESSIONS = (
    re.compile(r"^(.*)jsessionid=[0-9a-z]{32}(?:&(.*))?$"),
    re.compile(r"^(.*)phpsessid=[0-9a-z]{32}(?:&(.*))?$"),
    re.compile(r"^(.*)sid=[0-9a-z]{32}(?:&(.*))?$"),
    re.compile(r"^(.*)aspsessionid[a-z]{8}=[a-z]{24}(?:&(.*))?$"),
    re.compile(r"^(.*)cfid=[^&]+&cftoken=[^&]+(?:&(.*))?$"),
)


def _key_escaped(text: str) -> str:
    """Unescaped until nothing changes, then escaped once, in lower case."""
    raw = text.encode("utf-8", "surrogatepass")
    while (less := unquote_to_bytes(raw)) != raw:
        raw = less
    return quote_from_bytes(raw, safe=_KEY_SAFE).lower()


def _key_path(path: str) -> str:
    raw = path.encode("utf-8", "surrogatepass")
    while (less := unquote_to_bytes(raw)) != raw:
        raw = less
    kept: list[str] = []
    for segment in raw.decode("utf-8", "surrogateescape").split("/")[1:]:
        if segment == ".." and kept:
            kept.pop()
        elif segment != ".":
            kept.append(segment)  # a ".." above the root stays, as surt keeps it
    last = kept.pop() if kept else ""
    joined = "/" + "".join(f"{segment}/" for segment in kept if segment) + last
    found = quote_from_bytes(joined.encode("utf-8", "surrogateescape"), safe=_KEY_SAFE).lower()
    for pattern in _PATH_SESSIONS:
        if matched := pattern.match(found):
            found = matched[1] + matched[2]
    return found[:-1] if len(found) > 1 and found.endswith("/") else found


def _key_query(query: str) -> str:
    found = _key_escaped(query)
    for pattern in _QUERY_SESSIONS:
        if matched := pattern.match(found):
            found = matched[1] + (matched[2] or "")
    if len(found) <= 1:
        return found
    pairs = sorted(tuple(pair.split("=", 1)) for pair in found.split("&"))
    return "&".join("=".join(pair) for pair in pairs)
