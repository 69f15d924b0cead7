"""Who we are to a publisher, and how pressmark.toml reads in Scrapy's words."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from archive.errors import NotFound
from crawler.config.config_file import Settings, find_folder, load_settings


def software() -> str:
    """The name and version that go into warcinfo and the User-Agent."""
    try:
        return f"Pressmark/{version('pressmark')}"
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "Pressmark/0"


def versions() -> str:
    """What a run was made with, as product tokens: "Pressmark/0.1.0 Python/3.11.7 Scrapy/2.19.0 …"."""
    used = [f"{name}/{version(name)}" for name in ("Scrapy", "Twisted", "trafilatura", "lxml", "SQLAlchemy")]
    return " ".join([software(), f"Python/{platform.python_version()}", *used])


def user_agent(settings: Settings) -> str:
    """The User-Agent a publisher sees: who we are, and whom to write to."""
    contact = settings.crawl.contact
    if settings.crawl.user_agent:
        return settings.crawl.user_agent
    if contact is None:
        return software()
    return f"{software()} (+{contact if '://' in contact else 'mailto:' + contact})"


def scrapy_settings(settings: Settings) -> dict[str, object]:
    """Return Scrapy's settings for what pressmark.toml says."""
    crawl = settings.crawl
    return {
        "USER_AGENT": user_agent(settings),
        "CONCURRENT_REQUESTS": crawl.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": crawl.concurrency_per_host,
        "DOWNLOAD_TIMEOUT": crawl.timeout,
        "DOWNLOAD_MAXSIZE": crawl.max_size,
        "RETRY_TIMES": crawl.retries,
        "PRESSMARK_RETRY_WAIT": crawl.retry_wait,
        "COOKIES_ENABLED": crawl.cookies,
        "PRESSMARK_ADAPT_PACE": crawl.autothrottle,
        "PRESSMARK_ALLOW_PRIVATE": crawl.allow_private,
        "PRESSMARK_TLS_VERIFY": crawl.tls_verify,
    }


def settings_here() -> dict[str, object]:
    """Scrapy's settings for the archive of the current folder; none where there is no archive."""
    try:
        folder = find_folder(Path.cwd())
    except NotFound:
        return {}
    return scrapy_settings(load_settings(folder))
