"""What a run learns of each site, and its second look: the pages of a site are read again with what the others told.

A reading is given the profile as it was when the run began, so that it can be repeated. At the end of the run the
profiles are learned anew and made durable; where they now tell more, the run's pages of that site are read once more.
So a site that was taken over is known from the first run after, whichever of its pages came first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archive.catalog.profiles import injected_elsewhere
from archive.extract import Evidence
from archive.extract.duplicates import simhash
from archive.extract.injection import index_copies
from archive.extract.site_profile import Learner, SiteProfile, traits_of
from archive.reading.read import ReadJob
from archive.reading.witnesses import copies_of, earlier_copy, profile_of
from archive.urls import authority_of

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.reading.read import Reading
    from crawler.spiders.news import PageToRead

MAX_SECOND_LOOKS = 400  # pages of one site; the others are read with what was learned from the next run on


@dataclass(slots=True)
class _Site:
    before: SiteProfile
    learner: Learner
    pages: list[tuple[PageToRead, str, int]]  # with the verdict and the fingerprint of the first reading
    hijacked: set[str] = field(default_factory=set)  # URLs
    after: SiteProfile | None = None  # once the run has read all it will


class Sites:
    """The profiles of the sites a run reads, by host."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._sites: dict[str, _Site] = {}

    def with_evidence(self, page: PageToRead, job: ReadJob) -> ReadJob:
        """The job with what the archive knows of the page and its site."""
        catalog, url = self._archive.catalog, page.capture.target_uri
        site = self._site(url)
        known = page.lease.validators.record_id is not None
        earlier = earlier_copy(catalog, url, page.capture.fetched_at) if known else None
        return replace(job, evidence=Evidence(site.before if site.before.stories else None, earlier=earlier))

    def read(self, page: PageToRead, reading: Reading) -> None:
        """A page was read and is stored: learn from it."""
        capture, found = page.capture, reading.extraction
        site = self._site(capture.target_uri)
        traits = traits_of(found, capture.target_uri, capture.fetched_at, capture.record_id)
        site.learner.add(traits, known=page.lease.validators.record_id is not None)
        self.judged(page, found.integrity.verdict)
        if len(site.pages) < MAX_SECOND_LOOKS:
            site.pages.append((page, found.integrity.shown, simhash(found.article.text)))

    def judged(self, page: PageToRead, verdict: str) -> None:
        """What the newest reading of a page says of it."""
        found, url = self._site(page.capture.target_uri).hijacked, page.capture.target_uri
        found.add(url) if verdict == "hijacked" else found.discard(url)

    def hijacked(self) -> list[tuple[str, int, bool]]:
        """(host, hijacked pages of this run, whether it was never seen hijacked before) for hosts that have any."""
        found = ((host, len(site.hijacked), site.before.first_hijacked is None) for host, site in self._sites.items())
        return sorted(one for one in found if one[1])

    def learned(self) -> list[SiteProfile]:
        """The profiles that this run changed; call it when all pages are read."""
        changed = [(host, site) for host, site in self._sites.items() if site.learner.changed]
        for host, site in changed:
            site.after = site.learner.profile(injected_elsewhere(self._archive.catalog, host))
        return [site.after for _, site in changed if site.after is not None]

    def second_looks(self) -> Iterator[tuple[PageToRead, Evidence]]:
        """The pages whose reading may be another one now, with the evidence for it."""
        for site in self._sites.values():
            after = site.after
            if after is None:
                continue
            told = after.verdicts != site.before.verdicts
            for page, verdict, fingerprint in site.pages:
                if told or verdict != "clean":
                    yield page, self._evidence(page, after, fingerprint, verdict)

    def _evidence(self, page: PageToRead, profile: SiteProfile, fingerprint: int, verdict: str) -> Evidence:
        catalog, url = self._archive.catalog, page.capture.target_uri
        copies = copies_of(catalog, url, fingerprint) if verdict != "clean" or profile.first_hijacked else []
        return Evidence(profile, index_copies(copies), earlier_copy(catalog, url, page.capture.fetched_at))

    def _site(self, url: str) -> _Site:
        host = authority_of(url)
        if host not in self._sites:
            before = profile_of(self._archive.catalog, host)
            self._sites[host] = _Site(before, Learner(before), [])
        return self._sites[host]
