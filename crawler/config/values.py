"""What pressmark.toml and sources.toml may hold, as frozen pydantic models; the JSON Schemas come from them.

`Settings` is what the rest of the program reads. `SourceEntry` is one [[source]] with the [defaults] put under it;
crawler.config.sources_file turns it into archive.model.Source. Durations are kept in seconds, sizes in bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, WithJsonSchema

from archive.errors import UrlError
from archive.urls import canonical_url
from crawler.config.alert_values import AlertSettings
from crawler.schedule.rules import parse_schedule
from crawler.units import read_duration, read_size


def _duration(value: object) -> float:
    try:
        return read_duration(value)
    except ValueError as error:
        raise ValueError('must be a duration like "30m", "6h", "7d"') from error


def _ascending(steps: tuple[float, ...]) -> tuple[float, ...]:
    if any(step < 60 for step in steps) or list(steps) != sorted(set(steps)):
        raise ValueError('must grow from step to step, and begin with a minute or more: ["15m", "1h", "1d"]')
    return steps


def _size(value: object) -> int:
    try:
        return read_size(value)
    except ValueError as error:
        raise ValueError('must be a size like "500MB", "1GB"') from error


def _delay(value: object) -> float:
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except ValueError:
        found = -1.0
    if not 0 <= found < 86400:
        raise ValueError("must be a number ≥ 0")
    return found


def _pattern(value: object) -> str:
    try:
        re.compile(value if isinstance(value, str) else "(")
    except re.error as error:
        at = f" at character {error.pos + 1}" if error.pos is not None else ""
        raise ValueError(f"is no regular expression: {error.msg}{at}") from error
    return str(value)


def _schedule(value: object) -> str:
    try:
        parse_schedule(str(value))
    except ValueError as error:
        raise ValueError(f"is not understood: {error}") from error
    return str(value)


def _address(value: object) -> str:
    try:
        return canonical_url(value if isinstance(value, str) else "")
    except UrlError as error:
        raise ValueError(f"is not a web address{' — ' + error.hint if error.hint else ''}") from error


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _css(value: object) -> str:
    from cssselect import HTMLTranslator, SelectorError

    try:
        HTMLTranslator().css_to_xpath(value if isinstance(value, str) else "")
    except SelectorError as error:
        raise ValueError("is no CSS selector") from error
    return str(value)


def _language(value: object) -> str:
    matched = re.fullmatch(r"\s*([A-Za-z]{2,3})(?:[-_]\w+)*\s*", value) if isinstance(value, str) else None
    if matched is None:
        raise ValueError('must be a language code like "de", "ja"')
    return matched[1].lower()


def _host(value: object) -> str:
    text = value.strip().lower() if isinstance(value, str) else ""
    host = urlsplit(text).hostname if "//" in text else text
    if not host or re.search(r"[\s/:?#@]", host):
        raise ValueError('must be a host like "news.example"')
    return host


def _name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\w[\w.-]{0,99}", value):
        raise ValueError("must be letters, digits, '-', '_' and '.'")
    return value


def _shown_as(schema: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema(schema)


_TEXT_OR_NUMBER = {"anyOf": [{"type": "string"}, {"type": "number", "minimum": 0}]}
# A text that changes mostly does within its first day; the last step finds what is taken off the web.
RECHECK = (900.0, 3600.0, 3 * 3600.0, 86_400.0, 3 * 86_400.0, 30 * 86_400.0)

Duration = Annotated[float, BeforeValidator(_duration), _shown_as(_TEXT_OR_NUMBER)]
Recheck = Annotated[tuple[Duration, ...], AfterValidator(_ascending)]
Size = Annotated[int, BeforeValidator(_size), _shown_as(_TEXT_OR_NUMBER)]
Delay = Annotated[float, BeforeValidator(_delay), _shown_as({"type": "number", "minimum": 0})]
Pattern = Annotated[str, BeforeValidator(_pattern), _shown_as({"type": "string", "format": "regex"})]
Schedule = Annotated[str, BeforeValidator(_schedule), _shown_as({"type": "string"})]
Address = Annotated[str, BeforeValidator(_address), _shown_as({"type": "string", "format": "uri"})]
Addresses = Annotated[
    tuple[Address, ...],
    BeforeValidator(_listed),
    _shown_as({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Css = Annotated[str, BeforeValidator(_css), _shown_as({"type": "string"})]
Language = Annotated[str, BeforeValidator(_language), _shown_as({"type": "string"})]
Host = Annotated[str, BeforeValidator(_host), _shown_as({"type": "string"})]
Name = Annotated[str, BeforeValidator(_name), _shown_as({"type": "string", "pattern": r"^\w[\w.-]{0,99}$"})]
Count = Annotated[int, Field(ge=1)]


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ArchiveSettings(_Values):
    """[archive]: where the files are, and how WARC files are written."""

    dir: str = Field(default=".", description="the archive's folder, relative to pressmark.toml, or a URL (s3://...)")
    name: Annotated[str, Field(pattern=r"^[\w.-]*$")] = Field(
        default="", description="goes into file names; default: the folder's name"
    )
    rollover: Size = Field(default=1_000_000_000, description="a WARC file is closed at this size")
    dedup: Literal["revisit", "none"] = "revisit"
    durability: Literal["interval", "record"] = Field(
        default="interval", description="record: every exchange is on the disk before the next is written"
    )


class DbSettings(_Values):
    """[db]: the catalog."""

    url: str | None = Field(default=None, description="default: catalog.sqlite3 in the archive's folder")


class CrawlSettings(_Values):
    """[crawl]: how we go out. robots.txt is always obeyed; there is no setting for it."""

    user_agent: str | None = Field(default=None, description="default: Pressmark/VERSION (+CONTACT)")
    contact: str | None = Field(default=None, description="mail address or page a publisher can write to")
    concurrency: Count = Field(default=16, description="requests at once, over all hosts")
    concurrency_per_host: Count = 1
    disk_min_free: Size = Field(default=2_000_000_000, description="a run stops when less is free")
    allow_private: bool = Field(default=False, description="fetch from addresses that are not public")
    timeout: Duration = Field(default=60.0, description="for one exchange")
    max_size: Size = Field(default=50_000_000, description="a response is cut at this size")
    requisite_max_size: Size = Field(
        default=10_000_000, description="the same for a style sheet, an image, a font of a page"
    )
    max_redirects: Annotated[int, Field(ge=0)] = 10
    retries: Annotated[int, Field(ge=0)] = 2
    retry_wait: Duration = Field(
        default=10.0, description="before the first retry; four times as long before each next"
    )
    max_failures: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="a run stops when so many URLs have failed"
    )
    autothrottle: bool = True
    cookies: bool = True
    conditional: bool = Field(default=True, description="send ETag and Last-Modified we hold")
    proxy: str | None = None
    tls_verify: bool = True


class ReadingSettings(_Values):
    """[reading]: worker processes that read captures."""

    workers: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="default: one per core, less one; 0: in-process"
    )
    timeout: Duration = Field(default=60.0, description="for one page")
    filters: list[str] = Field(default=[], description="paths of filter lists in EasyList's syntax, beside this file")
    words: list[str] = Field(default=[], description="paths of word lists, a term a line; they only make pages suspect")


class ServeSettings(_Values):
    """[serve]: the web pages."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8400
    replay_port: Annotated[int, Field(ge=0, le=65535)] = 8401
    write: bool = False


class LogSettings(_Values):
    """[log]: what is said while working."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
    file: str | None = None


class Settings(_Values):
    """pressmark.toml, with what the environment and the command line put over it. See `origin`."""

    archive: ArchiveSettings = ArchiveSettings()
    db: DbSettings = DbSettings()
    crawl: CrawlSettings = CrawlSettings()
    reading: ReadingSettings = ReadingSettings()
    serve: ServeSettings = ServeSettings()
    log: LogSettings = LogSettings()
    alerts: AlertSettings = AlertSettings()
    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def origin(self, key: str) -> str:
        """Where a value came from: "default", "pressmark.toml:12", "PRESSMARK_DB__URL", "command line"."""
        return self._origins.get(key, "default")

    def rows(self) -> list[tuple[str, object, str]]:
        """All settings as (key, value, origin), passwords hidden: what `config show --origin` prints."""
        found: list[tuple[str, object, str]] = []
        for section in type(self).model_fields:
            values = getattr(self, section)
            for key in type(values).model_fields:
                value = getattr(values, key)
                dotted = f"{section}.{key}"
                # Who knows the path of these may ask them: all of it is a password.
                is_secret = value and dotted in ("alerts.webhook", "alerts.heartbeat")
                shown = "***" if is_secret else without_password(value)
                found.append((dotted, shown, self.origin(dotted)))
        return found


def without_password(value: object) -> object:
    """A URL with its password replaced by stars; other values as they are."""
    if not isinstance(value, str):
        return value
    return re.sub(r"(?<=://)([^/@:\s]*):[^/\s]*@", r"\1:***@", value)


class LinkEntry(_Values):
    """links = { css = "main a[href]", max = 60 }"""

    css: Css | None = None
    max: Count = 200


class ReadingEntry(_Values):
    """extract = { profile = "balanced", min_words = 50, require_date = false }"""

    profile: Literal["precision", "balanced", "recall"] = "balanced"
    min_words: Annotated[int, Field(ge=0)] = 50
    require_date: bool = False


class DefaultsEntry(_Values):
    """[defaults]: what every source starts from."""

    schedule: Schedule = "every 1h"
    delay: Delay = Field(default=2.0, description="seconds between requests to one host; a larger Crawl-delay wins")
    languages: tuple[Language, ...] = ()
    capture: Literal["html", "requisites"] = "html"
    include: tuple[Pattern, ...] = ()
    exclude: tuple[Pattern, ...] = ()
    since: Duration | None = None
    depth: Annotated[int, Field(ge=0)] = 1
    limit: Count | None = None
    same_host: Literal["host", "subdomains", "list"] | Annotated[tuple[Host, ...], Field(min_length=1)] = "subdomains"
    recheck: Recheck = Field(
        default=RECHECK,
        description="ages of a text at which its page is looked at again; behind the last, ever more rarely; []: never",
    )
    recheck_limit: Annotated[int, Field(ge=0)] = Field(
        default=200, description="known articles looked at again in one run, behind the new ones"
    )
    links: LinkEntry = LinkEntry()
    extract: ReadingEntry = ReadingEntry()
    tags: tuple[str, ...] = ()
    language: Language | None = None


class SourceEntry(DefaultsEntry):
    """[[source]]: one publication."""

    name: Name
    kind: Literal["auto", "feed", "sitemap", "section", "crawl", "urls"] = "auto"
    url: Addresses = ()
    file: str | None = Field(default=None, description="for kind urls: one URL per line, # comments")
    hosts: tuple[Host, ...] = ()
    paused: bool = False


class SourcesFile(_Values):
    """sources.toml"""

    defaults: DefaultsEntry = DefaultsEntry()
    source: tuple[SourceEntry, ...] = ()
