"""sources.toml for The Daily Example: every kind of source once, so that one crawl shows them all."""

from __future__ import annotations

from collections.abc import Mapping

from crawler.demo.publisher import HOME, ODD

# Paths of the outlet where things go wrong, in the order of the list. What becomes of each is in truth.py.
ODD_PATHS = (
    "/back-office/clock-winder.html",
    "/back-office/flaky-bridge.html",
    "/back-office/busy-market.html",
    "/back-office/slow-tower.html",
    "/back-office/odd-headers.html",
    "/back-office/cut-short.html",
    "/old/clock-winder",
    "/r/1",
    "/r/loop",
    "/out",
    "/missing/page",
    "/gone/fair-1998",
    "/large/ledger",
    "/files/minutes.pdf",
    "/private/desk",
    "/verify-reader.html",
    "/verify-reader-403.html",
    "/back-office/lost-story.html",
)


def sources_toml(hosts: Mapping[str, str], urls_file: str) -> str:
    """Return the text of sources.toml for outlets at these base URLs. Private addresses must be allowed elsewhere."""
    return f"""# The Daily Example: seven small publications and one that misbehaves, all on this machine.
[defaults]
schedule = "manual"
delay = 0.0

[[source]]                   # English: three feeds (RSS, Atom, JSON Feed)
name = "daily-example"
kind = "feed"
url = ["{hosts[HOME]}/rss.xml", "{hosts[HOME]}/sport/atom.xml", "{hosts[HOME]}/feed.json"]
tags = ["en"]

[[source]]                   # German: a sitemap index with a gzip part and a news sitemap
name = "beispielbote"
kind = "sitemap"
url = "{hosts["bote"]}/sitemap.xml"
languages = ["de"]

[[source]]                   # Chinese: section pages
name = "shili-chenbao"
kind = "section"
url = ["{hosts["shili"]}/difang/", "{hosts["shili"]}/shenghuo/"]
languages = ["zh"]

[[source]]                   # Japanese: the front page as a section
name = "reinichi"
kind = "section"
url = "{hosts["reinichi"]}/"
links = {{ css = "main a[href]", max = 40 }}

[[source]]                   # Arabic: only the home page is known
name = "mithal"
kind = "auto"
url = "{hosts["mithal"]}/"

[[source]]                   # the second English paper: a bounded crawl
name = "courier"
kind = "crawl"
url = "{hosts["courier"]}/"
depth = 2
limit = 40

[[source]]                   # Chinese trade paper, hijacked overnight
name = "gongyou"
kind = "section"
url = "{hosts["gongyou"]}/"

[[source]]                   # a fixed list: everything that can go wrong
name = "odd-corner"
kind = "urls"
file = "{urls_file}"
"""


def urls_txt(hosts: Mapping[str, str]) -> str:
    """Return the fixed list for the source "odd-corner"."""
    return "# one URL a line\n" + "".join(f"{hosts[ODD]}{path}\n" for path in ODD_PATHS)
