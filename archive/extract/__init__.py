"""Reading a page: bytes in, Extraction out. Pure: no file, socket or clock.

`extract` is all the archive calls. Inside, in the order of a reading: page (decode and parse once; charset/), pieces,
metadata/ (headline, authors, dates from candidates), body/ (the main text; its choice is the only importer of
trafilatura), labels/ (what each piece is), injection/ (what was put in), page_type, language; worker is the same
reading behind a line protocol.

What reads is loaded when it is first asked for: a crawl, whose pages are read by other processes, starts without it.
"""

from typing import TYPE_CHECKING

from archive.extract.evidence import Evidence

if TYPE_CHECKING:
    from archive.extract.reading import EXTRACTOR_VERSION, config_hash, extract, warm_up
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from archive.extract import reading

        return getattr(reading, name)


__all__ = ["EXTRACTOR_VERSION", "Evidence", "config_hash", "extract", "warm_up"]
