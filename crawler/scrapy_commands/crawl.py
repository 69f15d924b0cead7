"""`scrapy crawl news -a source=NAME`: a run of ours, whose mistakes end as those of `pressmark` do."""

from __future__ import annotations

import argparse

from scrapy.commands import crawl

from archive.console.exits import run_app
from archive.errors import NotFound, UsageError
from crawler.config.check import did_you_mean
from crawler.crawl.run import start
from crawler.crawl.session import session_here
from crawler.spiders.news import NewsSpider

_ARGUMENTS = ["source", "dir"]


class Command(crawl.Command):
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self.exitcode = run_app(lambda **_: self._crawl(args, opts.spargs), ["scrapy", "crawl"])

    def _crawl(self, names: list[str], given: dict[str, str]) -> None:
        """Crawl, and raise what stopped it. Raises NotFound, UsageError for what cannot be meant, and as a Session."""
        if names != [NewsSpider.name]:
            said = " ".join(names)
            raise NotFound(f'there is no spider "{said}"', hint=f"scrapy crawl {NewsSpider.name} -a source=NAME")
        for key in given:
            if key not in _ARGUMENTS:
                near = did_you_mean(key, _ARGUMENTS).removeprefix(" — ")
                raise UsageError(f'{NewsSpider.name} takes no argument "{key}"', hint=near or "-a source=NAME")
        assert self.crawler_process is not None
        session = session_here(given.get("source"), given.get("dir"))
        start(self.crawler_process, self._create_crawler(NewsSpider.name), session)
        if session.error is not None:
            raise session.error
