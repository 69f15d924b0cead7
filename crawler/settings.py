"""Scrapy's settings as a table: name, value, one-line reason. Sources are data and live in sources.toml."""

from typing import Any

BOT_NAME = "pressmark"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.scrapy_commands"  # `scrapy crawl` says what went wrong as `pressmark` does
USER_AGENT = "pressmark"  # replaced at run time by one that names a contact (crawler/crawl/session.py)

# -- the path of an exchange
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
DOWNLOAD_HANDLERS: dict[str, Any] = {
    "http": "crawler.fetch.handler.PressmarkDownloadHandler",  # keeps every byte
    "https": "crawler.fetch.handler.PressmarkDownloadHandler",
    "ftp": None,  # news is not served there, and nothing would keep it
    "s3": None,
    "file": None,  # a page must not make us read our own disk
    "data": None,
}
SCHEDULER = "crawler.crawl.frontier.Frontier"  # leases over the catalog: survives kill -9, shared by processes
ITEM_PIPELINES = {"crawler.crawl.pipelines.ReadingPipeline": 300}

# -- manners
ROBOTSTXT_OBEY = True  # crawler/fetch/robots.py: names the line, and keeps robots.txt in the WARC
DOWNLOAD_DELAY = 0.0  # every host has its source's delay (crawler/crawl/pace.py)
DOWNLOAD_DELAY_JITTER = 0.0  # a delay is a floor that was promised, not an average
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 2
AUTOTHROTTLE_ENABLED = False  # crawler/crawl/pace.py does the same per host, above each source's own delay
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}

# -- limits
DOWNLOAD_TIMEOUT = 60  # seconds for a whole exchange
DOWNLOAD_MAXSIZE = 32 << 20  # bytes on the wire
DOWNLOAD_WARNSIZE = 0  # the outcome says it
RETRY_TIMES = 2  # after the first attempt
REDIRECT_MAX_TIMES = 10

# -- middlewares: ours where bytes or outcomes are at stake, Scrapy's elsewhere
DOWNLOADER_MIDDLEWARES: dict[str, Any] = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # crawler/crawl/admission.py, with an outcome
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.fetch.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawler.fetch.retry.RetryMiddleware": 550,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,  # a redirect is a discovery of its own
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # the handler decodes
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,
}
SPIDER_MIDDLEWARES: dict[str, Any] = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,  # an error page has an outcome too
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,
}
# Instead of Scrapy's own table: what a new Scrapy brings along must not start by itself in a crawl. 2.19 brought a port
# on loopback that runs the Python code it is sent, and a library behind it that cost a tenth of every start.
EXTENSIONS_BASE: dict[str, Any] = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,  # for `scrapy crawl -s CLOSESPIDER_…`
}
EXTENSIONS: dict[str, Any] = {
    "crawler.crawl.pace.Pace": 100,
    "crawler.crawl.heart.Heart": 200,
}

# -- costs
CONCURRENT_ITEMS = 8  # Scrapy's 100 spawns a hundred tasks per response
REFERER_ENABLED = False
LOG_LEVEL = "WARNING"
LOG_VERSIONS: list[str] = []
DNSCACHE_ENABLED = True

# -- in the folder of an archive, what its pressmark.toml says (also for `scrapy shell` and `scrapy fetch`)
from crawler.identity import settings_here  # noqa: E402 - reads the table above

globals().update(settings_here())
