"""The desk: what is done with a URL once its exchange, or its reading, is there.

Every path ends in `finish`: one outcome per URL, handed to the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from archive.catalog import frontier
from archive.catalog.frontier import Acknowledged, Lease, Validators
from archive.errors import UrlError
from archive.model import Capture, Discovery, Event, Outcome
from archive.reading.acceptance import judge
from archive.reading.read import Reading
from archive.reading.recording import decide_record, read_again
from archive.records.record import Circumstances
from archive.revisions.decide import Changed, Decision, New, Same
from archive.revisions.watch import Watched, after_absence, after_presence, watch_of, watch_values
from archive.urls import canonical_url
from crawler.crawl.admission import admit
from crawler.crawl.leased import found
from crawler.crawl.ledger import Entry
from crawler.crawl.outcomes import PASSING
from crawler.schedule.polling import retry_at
from crawler.schedule.polls import Asked
from crawler.schedule.rechecks import absence_of, due_again

if TYPE_CHECKING:
    from crawler.crawl.session import Session
    from crawler.spiders.news import PageToRead

MAX_REDIRECTS = 10
_TOLD = ("status", "to", "rule", "line")  # what an event keeps of an outcome's detail


class Desk:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._led_to: dict[str, str] = {}  # in this run: a redirect's target, and the URL that redirected

    def finish(
        self,
        lease: Lease,
        outcome: Outcome,
        capture: Capture | None,
        article_id: str | None = None,
        watched: Watched | None = None,
        outlinks: Sequence[str] = (),
        asked: Asked | None = None,
    ) -> None:
        """The URL of this lease has its outcome; it is acknowledged with the next commit.

        `watched` is what a reading found of an article; without one, the outcome says whether it is still there.
        `asked`: more, of a listing.
        """
        session = self._session
        now = session.clock()
        if lease.is_further_page:
            session.ledger.discovered([found(lease)], {})
        seen_at = capture.fetched_at if capture is not None else now
        article = article_id or lease.article_id
        watch, findings = watched or self._looked_for(lease, outcome, seen_at)
        due = due_again(watch, seen_at, self._policy(lease)) if article is not None else None
        again = (due, self._page_due_again(lease, outcome, now))
        result = Acknowledged(
            url=lease.url,
            outcome=outcome,
            run=session.run.run_id,
            now=now,
            article_id=article,
            validators=Validators.after(outcome, capture),
            due_again_at=min(filter(None, again), default=None),
            is_recheck=due is not None,
            watch=watch_values(watch) if article is not None else None,
        )
        after = capture.record_id if capture is not None else outcome.detail.get("record")
        before = lease.validators.record_id
        events = [
            Event(lease.url, seen_at, one.kind, one.detail, article, lease.source, before, after, session.run.run_id)
            for one in findings
        ]
        if lease.is_listing:
            session.ledger.asked(asked or Asked(lease, outcome, now))
        session.ledger.finished(result, lease, capture, events, outlinks)
        if lease.is_further_page:
            session.serials.lost(lease, outcome)

    def _looked_for(self, lease: Lease, outcome: Outcome, at: datetime) -> Watched:
        """What an outcome without a reading says of an article that was there."""
        watch = watch_of(lease.watch)
        if lease.article_id is None:
            return watch, ()
        kind = absence_of(outcome, lease.url, self._session.listings_of(lease.source))
        if kind is not None:
            return after_absence(watch, kind, at, {key: outcome.detail[key] for key in _TOLD if key in outcome.detail})
        return after_presence(watch) if outcome.kind == "unchanged" else (watch, ())

    def _policy(self, lease: Lease) -> Sequence[float]:
        """The ages at which the source wants its articles looked at again; a fixed list has its schedule for that."""
        source = self._session.sources[lease.source]
        return source.recheck_seconds if source.kind != "urls" else ()

    def _page_due_again(self, lease: Lease, outcome: Outcome, now: datetime) -> datetime | None:
        """When a page is due by itself: one that failed for a passing reason, or of a fixed list with a schedule."""
        if lease.is_listing or lease.is_further_page:
            return None  # by what it gave: see crawler/schedule/polls.py; or with its article
        source = self._session.sources[lease.source]
        if outcome.kind == "failed" and outcome.reason in PASSING:
            return retry_at(lease.found_at, now)
        if source.kind == "urls":
            return self._session.polls.page_due_again(source, now, lease.due_at)
        return None

    def missing(self, lease: Lease, outcome: Outcome) -> Outcome:
        """Return the outcome of a URL the server does not have; as linked, with its tracking parameters, it may.

        Of an article that was there under this address, a 404 is what it says.
        """
        link = lease.claims.link
        if link is None or lease.article_id is not None or outcome.reason not in ("gone", "http_error"):
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
            found_by="requisite" if lease.is_requisite else "redirect",
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
        session = self._session
        source = session.sources[page.lease.source]
        if page.lease.is_further_page or page.lease.url in session.serials.pages:
            session.serials.came(page, reading)
            return
        left = judge(reading.extraction, source.extract, source.languages)
        if left is not None:
            self.finish(page.lease, left, page.capture, outlinks=reading.extraction.outlinks)
        elif not session.serials.begins(page, reading):
            self.store(page, reading)

    def store(self, page: PageToRead, reading: Reading) -> None:
        """A page, with the further pages of its story, is worth a record."""
        self._session.sites.read(page, reading)
        self._record(page, reading)

    def look_again(self, page: PageToRead, reading: Reading) -> None:
        """A page of this run was read again with more evidence: a better reading takes the place of the first.

        It is no revision of its own: what changed is what we know, not what the publisher wrote.
        """
        source = self._session.sources[page.lease.source]
        if judge(reading.extraction, source.extract, source.languages) is not None:
            return  # what was stored stays: a page is not unsaid
        self._session.sites.judged(page, reading.extraction.integrity.verdict)
        with self._session.archive.catalog.reading() as connection:
            around, watch = self._circumstances(page), watch_of(page.lease.watch)
            again = read_again(connection, _as_found(reading, page), page.capture, around, watch)
        if again is not None:
            self._session.ledger.read(Entry(page.capture, *again))

    def _record(self, page: PageToRead, reading: Reading) -> None:
        session, capture, lease = self._session, page.capture, page.lease
        with session.archive.catalog.reading() as connection:
            around, watch = self._circumstances(page), watch_of(lease.watch)
            found_as = _as_found(reading, page)
            decision, record, watched = decide_record(connection, found_as, capture, around, watch, afresh=True)
        watched = replace(watched[0], pages=len(page.pages)), watched[1]
        session.ledger.read(Entry(capture, decision, record))
        session.ledger.last = reading.extraction.article.headline or lease.url
        outlinks = reading.extraction.outlinks
        self.finish(lease, _outcome(decision), capture, decision.revision.article_id, watched, outlinks)

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
            pages=page.pages,
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


def _as_found(reading: Reading, page: PageToRead) -> Reading:
    """The reading with how this run came to the page, which the WARC tells of its first capture only."""
    return replace(reading, discovery=found(page.lease))


def _outcome(decision: Decision) -> Outcome:
    match decision:
        case New():
            return Outcome("stored", "new")
        case Changed(change=change):
            return Outcome("stored", "changed", {"change": ", ".join(change.kinds)})
        case Same(change=change):
            return Outcome("unchanged", "same_text", {"change": ", ".join(change.kinds)} if change.kinds else {})
    state = decision.unsettled
    return Outcome("unchanged", "unstable", {"quiet": str(state.quiet), "needs": str(state.needs)})
