"""Reading a page: bytes in, Extraction out. Pure: no file, socket or clock.

`extract` is all the archive calls. Inside: charset and page (decode and parse once), metadata (headline, authors,
dates, language, jsonld), pieces and body (the main text; body is the only importer of trafilatura), blocks
(labels), page_type, duplicates (fingerprints), worker (the same reading behind a line protocol).
"""

from archive.extract.reading import EXTRACTOR_VERSION, Evidence, config_hash, extract, warm_up

__all__ = ["EXTRACTOR_VERSION", "Evidence", "config_hash", "extract", "warm_up"]
