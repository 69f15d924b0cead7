"""Where articles are found: bytes of feeds, sitemaps and pages in, Discoveries out. Pure; nothing here fetches.

kinds (read_listing: the one door) · feeds · sitemaps · sections · robots · autodiscover · imports · listing (what every
reader returns) · markup (decoding and parsing of listing pages)
"""
