"""The crawler: what goes out to the network. It keeps bytes; the package `archive` reads them."""

import os

# Scrapy's cookie middleware asks tldextract for a host's site, and tldextract fetches its list from the network by
# itself. Nothing but our own handler goes out: an empty value makes it use the list it was installed with.
os.environ.setdefault("TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS", "")
