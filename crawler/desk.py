"""The desk: what is done with a URL once its exchange, or its reading, is there.

Every path ends in `finish`: one outcome per URL, handed to the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.catalog import articles
from archive.catalog.frontier import Acknowledged, Lease, Validators
from archive.model import Capture, Discovery, Extraction, Outcome
from archive.read import judge
from archive.record import build_record
from archive.revisions import Same, decide
from crawler.admission import admit
from crawler.ledger import Reading

if TYPE_CHECKING:
    from crawler.session import Session
    from crawler.spiders.news import PageToRead

MAX_REDIRECTS = 10


class Desk:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._hops: dict[str, int] = {}  # redirects that led to a URL in this run

    def finish(self, lease: Lease, outcome: Outcome, capture: Capture | None) -> None:
        """The URL of this lease has its outcome; it is acknowledged with the next commit."""
        self._acknowledge(lease.url, outcome, capture, is_listing=lease.is_listing)
        self._session.frontier.finished(lease)

    def follow(self, lease: Lease, target: str, status: int) -> Outcome:
        """Return the outcome of a URL that redirects to `target`, which becomes a discovery where it is admitted."""
        session = self._session
        source = session.sources[lease.source]
        hops = self._hops[target] = self._hops.get(lease.url, 0) + 1
        detail = {"to": target, "status": str(status)}
        if target == lease.url or hops > MAX_REDIRECTS:
            return Outcome("failed", "redirect_loop", detail)
        found = Discovery(
            url=target,
            source=lease.source,
            found_by="redirect",
            found_at=session.clock(),
            via=lease.url,
            depth=lease.depth,
            is_listing=lease.is_listing,
            claims=lease.claims,
        )
        refused = admit(found, source)
        if refused is not None:
            reason = "redirect_offsite" if refused.reason == "offsite" else refused.reason
            return Outcome("skipped", reason, {**detail, **refused.detail})
        session.ledger.discovered([found], {})
        return Outcome("moved", "redirect", detail)

    def finish_page(self, page: PageToRead, extraction: Extraction) -> None:
        """A page has been read: it becomes a record, or is left for a reason."""
        session = self._session
        source = session.sources.get(page.source)
        outcome = judge(extraction, source.extract, source.languages) if source is not None else None
        article_id: str | None = None
        if outcome is None:
            outcome, article_id = self._record(page, extraction)
        self.finish_unread(page, outcome, article_id)

    def finish_unread(self, page: PageToRead, outcome: Outcome, article_id: str | None = None) -> None:
        is_lease = page.lease is not None
        self._acknowledge(page.url, outcome, page.capture, article_id=article_id)
        if is_lease:
            assert page.lease is not None
            self._session.frontier.finished(page.lease)

    def _record(self, page: PageToRead, extraction: Extraction) -> tuple[Outcome, str]:
        session = self._session
        latest = articles.latest_revision(session.archive.catalog, page.url)
        decision = decide(extraction, latest, page.capture)
        revision = decision.revision
        if not isinstance(decision, Same):
            record = build_record(extraction, page.capture, revision, page.discovery, session.run.run_id)
            session.ledger.read(Reading(page.capture, decision, record))
            session.ledger.last = f"{extraction.article.headline or page.url}"
            return Outcome("stored", "new" if revision.number == 1 else "changed"), revision.article_id
        session.ledger.read(Reading(page.capture, decision, None))
        return Outcome("unchanged", "same_text"), revision.article_id

    def _acknowledge(
        self,
        url: str,
        outcome: Outcome,
        capture: Capture | None,
        *,
        is_listing: bool = False,
        article_id: str | None = None,
    ) -> None:
        session = self._session
        result = Acknowledged(
            url=url,
            outcome=outcome,
            run=session.run.run_id,
            now=session.clock(),
            article_id=article_id,
            validators=_validators(capture),
            due_again_at=None,
        )
        session.ledger.finished(result, is_listing=is_listing)


def _validators(capture: Capture | None) -> Validators | None:
    """What the next request for this URL can be conditional on; None leaves what is there."""
    if capture is None or capture.status != 200 or capture.truncated:
        return None
    return Validators(
        etag=capture.etag,
        last_modified=capture.last_modified,
        record_id=capture.record_id,
        payload_digest=capture.payload_digest,
        fetched_at=capture.fetched_at,
    )
