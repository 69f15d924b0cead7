"""What a look and a trial found, in lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from archive.console.output import plural
from archive.model import Source
from crawler.looks.look import Listed, Look, Sample
from crawler.looks.trial import Read, Trial
from crawler.looks.visitor import Visit


def look_lines(look: Look, now: datetime) -> Iterator[str]:
    """The report of `source add`."""
    yield f"Looking at {look.url} ({plural(look.requests, 'request')}, robots.txt respected)"
    yield f"  robots.txt   {_robots(look)}"
    shown = [_listing(one, now) for one in look.listings]
    width = max((len(url) for _, url, _ in shown), default=0)
    for kind, url, facts in shown:
        yield f"  {kind:<12} {url:<{width}}   {facts}"
    yield f"  language     {look.language or 'not known'}"
    yield f"  sample       {sample_line(look.samples)}"
    for sample in look.samples:
        if not sample.readable:
            yield f"               {sample.url}: {sample.failure or 'no ' + ', no '.join(sample.missing)}"


def _robots(look: Look) -> str:
    visit = look.robots_visit
    parts = [_robots_state(visit)]
    if look.crawl_delay:
        parts.append(f"Crawl-delay {look.crawl_delay:g} s")
    parts.append(plural(len(look.robots.sitemaps), "sitemap"))
    parts.append(f"TDM reservation: {look.reservation or 'none found'}")
    return " · ".join(parts)


def _robots_state(visit: Visit) -> str:
    if visit.failure is not None:
        return visit.failure
    if visit.status is not None and 400 <= visit.status < 500:
        return f"none (HTTP {visit.status}): everything is allowed"
    return "ok" if visit.status == 200 else f"HTTP {visit.status}"


def _listing(one: Listed, now: datetime) -> tuple[str, str, str]:
    if one.kind in ("feed", "section"):
        facts = plural(one.entries, "entry", "entries") if one.kind == "feed" else plural(one.entries, "article link")
        return one.kind, one.url, facts + (f", newest {age(one.newest, now)}" if one.newest else "")
    if one.kind == "sitemap index":
        return "sitemap", one.url, f"{plural(one.entries, 'part')}  (index)"
    span = f" in {_span(one.oldest, one.newest)}" if one.oldest and one.newest and one.oldest != one.newest else ""
    return "sitemap", one.url, plural(one.entries, "URL") + span + ("  (news)" if one.kind == "news sitemap" else "")


def age(moment: datetime, now: datetime) -> str:
    """Return "12 min ago"; a time to come is said as such."""
    seconds = (now - moment).total_seconds()
    if seconds < 0:
        return f"dated {moment:%Y-%m-%d %H:%M} UTC, which is still to come" if seconds < -60 else "now"
    return f"{_length(seconds)} ago"


def _span(first: datetime, last: datetime) -> str:
    return _length((last - first).total_seconds())


def _length(seconds: float) -> str:
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min"), (172_801, 3600, "h"), (60 * 86400, 86400, "days")):
        if seconds < limit:
            return f"{round(seconds / unit)} {name}"
    return f"{round(seconds / (30.44 * 86400))} months"


def sample_line(samples: Sequence[Sample]) -> str:
    """Return "3 of 3 articles extracted (title, date, 412–980 words)"."""
    if not samples:
        return "no article was found to try"
    good = [one for one in samples if one.readable]
    line = f"{len(good)} of {plural(len(samples), 'article')} extracted"
    if not good:
        return line
    few, many = min(one.words for one in good), max(one.words for one in good)
    return f"{line} (title, date, {few if few == many else f'{few}–{many}'} words)"


def kind_words(source: Source, listings: Sequence[Listed]) -> str:
    """The kind as people say it: an "auto" source of a feed and a sitemap is "feed + sitemap"."""
    kinds = dict.fromkeys(one.kind.split()[-1 if one.kind == "news sitemap" else 0] for one in listings)
    return " + ".join(kinds) if source.kind == "auto" and kinds else source.kind


def trial_lines(trial: Trial, now: datetime) -> Iterator[str]:
    """The report of `source test`."""
    yield f"Testing '{trial.source}' ({plural(trial.requests, 'request')}, robots.txt respected, nothing kept)"
    for read in trial.listings:
        yield _read_line(read, now)
    reasons = " · ".join(f"{count} {reason}" for reason, count in sorted(trial.refused.items()))
    yield f"  admitted     {plural(trial.admitted, 'article')}" + (f"; left out: {reasons}" if reasons else "")
    for sample in trial.samples:
        yield f"  {'ok' if sample.readable else 'problem':<12} {sample.url}"
        yield f"               {_sample_facts(sample)}"
    yield f"  sample       {sample_line(trial.samples)}"


def _read_line(read: Read, now: datetime) -> str:
    if read.listed is None:
        return f"  problem      {read.url}   {read.problem}"
    kind, url, facts = _listing(read.listed, now)
    return f"  {kind:<12} {url}   {facts}"


def _sample_facts(sample: Sample) -> str:
    if sample.failure is not None:
        return sample.failure
    facts = [f'"{sample.headline}"' if sample.headline else "no title", plural(sample.words, "word")]
    facts.append(f"{sample.published:%Y-%m-%d %H:%M}" if sample.published else "no date")
    if sample.language:
        facts.append(sample.language)
    return " · ".join(facts)


def robots_lines(trial: Trial, source: Source, agent: str) -> Iterator[str]:
    """The report of `source test --show-robots`: each robots.txt, and what it says of the source's URLs."""
    for origin, (robots, visit) in trial.robots.items():
        yield f"{origin}/robots.txt   {_robots_state(visit)}"
        delay = robots.crawl_delay(agent)
        if delay:
            yield f"  Crawl-delay {delay:g} s"
        for url in source.urls:
            if url.startswith(f"{origin}/"):
                verdict = robots.verdict(url, agent)
                why = f' by line {verdict.line}: "{verdict.rule}"' if verdict.line else ""
                yield f"  {'allowed' if verdict.allowed else 'forbidden'}{why}   {url}"
        for number, line in enumerate(visit.body.decode("utf-8", "replace").splitlines()[:400], 1):
            yield f"  {number:>4}  {line}"
