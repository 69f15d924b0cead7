"""The desk: what is done with a URL once its exchange, or its reading, is there.

Every path ends in `finish`: one outcome per URL, handed to the ledger.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.catalog import frontier
from archive.catalog.frontier import Acknowledged, Lease, Validators
from archive.errors import UrlError
from archive.model import Capture, Discovery, Outcome
from archive.read import Reading, decide_record, judge, read_again
from archive.record import Circumstances
from archive.revisions import Changed, New, Same
from archive.urls import canonical_url
from crawler.admission import admit
from crawler.leased import found
from crawler.ledger import Entry

if TYPE_CHECKING:
    from crawler.session import Session
    from crawler.spiders.news import PageToRead

MAX_REDIRECTS = 10
_OUTCOMES = {
    New: Outcome("stored", "new"),
    Changed: Outcome("stored", "changed"),
    Same: Outcome("unchanged", "same_text"),
}


class Desk:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._led_to: dict[str, str] = {}  # in this run: a redirect's target, and the URL that redirected

    def finish(self, lease: Lease, outcome: Outcome, capture: Capture | None, article_id: str | None = None) -> None:
        """The URL of this lease has its outcome; it is acknowledged with the next commit."""
        session = self._session
        result = Acknowledged(
            url=lease.url,
            outcome=outcome,
            run=session.run.run_id,
            now=session.clock(),
            article_id=article_id,
            validators=Validators.after(outcome, capture),
        )
        session.ledger.finished(result, lease, capture)

    def missing(self, lease: Lease, outcome: Outcome) -> Outcome:
        """Return the outcome of a URL the server does not have; as linked, with its tracking parameters, it may."""
        link = lease.claims.link
        if link is None or outcome.reason not in ("gone", "http_error"):
            return outcome
        return self._lead_on(lease, link, "as_linked", dict(outcome.detail))

    def follow(self, lease: Lease, location: str, status: int) -> Outcome:
        """Return the outcome of a URL that redirects, whose target becomes a discovery where it is admitted."""
        detail = {"to": location, "status": str(status)}
        try:
            target = canonical_url(location, lease.url)
            link = canonical_url(location, lease.url, keep_tracking=True)
        except UrlError as error:
            return Outcome("failed", "bad_redirect", {**detail, "error": error.message})
        claims = replace(lease.claims, link=link if link != target else None)
        return self._lead_on(replace(lease, claims=claims), target, "redirect", detail)

    def _lead_on(self, lease: Lease, target: str, reason: str, detail: dict[str, str]) -> Outcome:
        """Go on to another address of the same page: a discovery with a row and an outcome of its own."""
        session = self._session
        source = session.sources[lease.source]
        detail = {**detail, "to": target}
        before = self._before(lease.url)
        if target in before or len(before) > session.settings.crawl.max_redirects:
            return Outcome("failed", "redirect_loop", detail)
        self._led_to[target] = lease.url
        target_found = Discovery(
            url=target,
            source=lease.source,
            found_by="redirect",
            found_at=session.clock(),
            via=lease.url,
            depth=lease.depth,
            is_listing=lease.is_listing,
            claims=lease.claims if reason == "redirect" else replace(lease.claims, link=None),
        )
        refused = admit(target_found, source)
        if refused is not None:
            why = "redirect_offsite" if refused.reason == "offsite" else refused.reason
            return Outcome("skipped", why, {**detail, **refused.detail})
        session.ledger.discovered([target_found], {})
        if session.only:
            session.only.append(target)
        return Outcome("moved", reason, detail)

    def _before(self, url: str) -> list[str]:
        """This URL and those whose redirects led to it in this run, the last one first."""
        chain = [url]
        while (previous := self._led_to.get(chain[-1])) is not None and len(chain) <= MAX_REDIRECTS:
            chain.append(previous)
        return chain

    def finish_page(self, page: PageToRead, reading: Reading) -> None:
        """A page has been read: it becomes a record, or is left for a reason."""
        source = self._session.sources[page.lease.source]
        left = judge(reading.extraction, source.extract, source.languages)
        outcome, article_id = (left, None) if left is not None else self._record(page, reading)
        if left is None:
            self._session.sites.read(page, reading)
        self.finish(page.lease, outcome, page.capture, article_id)

    def look_again(self, page: PageToRead, reading: Reading) -> None:
        """A page of this run was read again with more evidence: a better reading takes the place of the first.

        It is no revision of its own: what changed is what we know, not what the publisher wrote.
        """
        source = self._session.sources[page.lease.source]
        if judge(reading.extraction, source.extract, source.languages) is not None:
            return  # what was stored stays: a page is not unsaid
        self._session.sites.judged(page, reading.extraction.integrity.verdict)
        with self._session.archive.catalog.reading() as connection:
            again = read_again(connection, reading, page.capture, found(page.lease), self._circumstances(page))
        if again is not None:
            self._session.ledger.read(Entry(page.capture, *again))

    def _record(self, page: PageToRead, reading: Reading) -> tuple[Outcome, str]:
        session, capture = self._session, page.capture
        with session.archive.catalog.reading() as connection:
            decision, record = decide_record(connection, reading, capture, found(page.lease), self._circumstances(page))
        session.ledger.read(Entry(capture, decision, record))
        session.ledger.last = reading.extraction.article.headline or page.lease.url
        return _OUTCOMES[type(decision)], decision.revision.article_id

    def _circumstances(self, page: PageToRead) -> Circumstances:
        session, lease = self._session, page.lease
        chain = self._chain_to(lease)
        return Circumstances(
            read_at=session.clock(),
            run=session.run.run_id,
            requested_url=chain[0] if chain else None,
            redirects=tuple(chain),
            robots=page.robots,
            tags=session.sources[lease.source].tags,
        )

    def _chain_to(self, lease: Lease) -> list[str]:
        """The URLs that redirected to this one, the first one first."""
        chain: list[str] = []
        via, found_by = lease.via, lease.found_by
        while found_by == "redirect" and via is not None and via not in chain and len(chain) <= MAX_REDIRECTS:
            chain.insert(0, via)
            before = frontier.outcome_of(self._session.archive.catalog, via)
            via, found_by = (before.via, before.found_by) if before is not None else (None, "page")
        return chain
