"""Bare Scrapy over feeds, as `scrapy startproject` would have it: the peer of benchmarks/crawl.py.

    python benchmarks/bare_scrapy.py PAGES FEED_URL...

Fetches every page of the feeds and ends with exit code 1 if it did not get PAGES of them.
"""

import sys

import scrapy
from scrapy.crawler import AsyncCrawlerProcess


class Bare(scrapy.Spider):
    name = "bare"
    custom_settings = {  # noqa: RUF012
        "LOG_LEVEL": "ERROR",
        "TELNETCONSOLE_ENABLED": False,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 2,
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": False,
    }
    pages = 0

    async def start(self):
        for url in sys.argv[2:]:
            yield scrapy.Request(url, self.listing)

    def listing(self, response):
        for link in response.xpath("//item/link/text()").getall():
            yield scrapy.Request(link, self.page)

    def page(self, response):
        type(self).pages += 1
        yield {"url": response.url, "size": len(response.body)}


process = AsyncCrawlerProcess()
process.crawl(Bare)
process.start()
sys.exit(0 if Bare.pages >= int(sys.argv[1]) else 1)
