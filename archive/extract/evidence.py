"""What a reading is given besides the page. A file of its own: who gathers evidence need not load what reads."""

from __future__ import annotations

from dataclasses import dataclass

from archive.extract import injection
from archive.extract.labels.filters import NO_FILTERS, Filters
from archive.extract.site_profile import SiteProfile
from archive.extract.word_list import NO_WORDS, WordList


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the archive knows from elsewhere. The same page and evidence always give the same reading."""

    site_profile: SiteProfile | None = None  # what the site's other pages have in common
    copies: injection.Copies = injection.NO_COPIES  # copies of the story on other hosts
    earlier: injection.Copy | None = None  # this page's own text in its last clean capture
    filters: Filters = NO_FILTERS  # lists the user named
    words: WordList = NO_WORDS  # what the user watches for

    @property
    def compared(self) -> tuple[str, ...]:
        """The record ids of what the page is compared with."""
        own = (self.earlier.source,) if self.earlier is not None else ()
        return (*own, *(copy.source for copy in self.copies.copies))

    @property
    def past(self) -> injection.Past:
        """What is known of the page besides the page."""
        if self.earlier is None:
            return injection.Past(self.site_profile)
        return injection.Past(self.site_profile, injection.plain(self.earlier.text), self.earlier.at)


NO_EVIDENCE = Evidence()
