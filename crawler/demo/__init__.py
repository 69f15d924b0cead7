"""The Daily Example: a small publisher on loopback, with its own clock, for `pressmark demo` and the tests.

All papers, towns, people and events in it are invented. In the order of a page's way: `stories` (data files to
values), `pages` and `listings` (values to HTML and feeds), `hijack`, `publisher` (what is answered when),
`http_bytes` (the exact bytes), `server` (sockets and log); and `truth`, what a perfect archive would say of it.
"""

from crawler.demo.publisher import MORNING, NEXT_MORNING, DailyExample
from crawler.demo.server import DemoServer, Served, run_demo

__all__ = ["MORNING", "NEXT_MORNING", "DailyExample", "DemoServer", "Served", "run_demo"]
