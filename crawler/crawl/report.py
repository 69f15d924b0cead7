"""What a finished run says: counts, reasons, where it wrote, the next command. Pure: a report in, lines out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crawler.crawl.run import RunReport, WrittenFile


def report_lines(report: RunReport) -> Iterator[str]:
    """Give the lines of the report; the last one is the next command. The kinds of outcome add up to the URLs."""
    counts = report.counts
    if report.recovered.runs_closed:
        yield f"Recovered from {_died(report)}: its lock and leases are given back, its files are closed and indexed"
    urls = counts.get("done", 0)
    parts = [f"{_counted(counts.get('stored', 0), 'article')} stored"]
    parts += [f"{counts[kind]} {kind}" for kind in ("unchanged", "moved", "skipped", "failed") if counts.get(kind)]
    parts += [_counted(counts["kept"], "further page") + " of articles"] if counts.get("kept") else []
    listings = _counted(counts.get("listings", 0), "listing")
    yield f"Done in {duration(report.seconds)}: {listings}, {_counted(urls, 'URL')} → {', '.join(parts)}"
    if counts.get("claimed"):
        yield f"  claimed  {_counted(counts['claimed'], 'known URL')}: named by another source now, or named again"
    for kind, command in (("skipped", "pressmark skipped --run last"), ("failed", "pressmark run show last")):
        if counts.get(kind):
            yield f"  {kind:8} {_reasons(report, kind)}        {command}"
    if any(kind.startswith("requisites_") for kind in counts):
        yield f"  kept     {_requisites(counts)}"
    for file in report.files:
        yield f"  wrote    {file.name}  ({_file(file)})"
    if not report.files and report.error is None:
        yield "  wrote    nothing: no exchange took place"
    for source, count, pages in report.textless:
        yield f'warning[empty-extraction]: {count} of {pages} pages of "{source}" gave no text'
        yield f"  pages are archived; hint: pressmark extract --source {source} --profile recall --compare"
    for host, pages, is_new in report.hijacked:
        first = ", for the first time" if is_new else ""
        yield f"warning[hijacked]: {_counted(pages, 'page')} of {host} held text its publisher did not write{first}"
        yield f"  it is out of the text, and marked; hint: pressmark integrity report {host.split(':')[0]}"
    if report.error is None:  # else its hint is the next step
        yield f"Next:  {_next_command(counts)}"


def _next_command(counts: Mapping[str, int]) -> str:
    if counts.get("stored"):
        return "pressmark articles --run last"
    return "pressmark skipped --run last" if counts.get("skipped") or counts.get("failed") else "pressmark articles"


def _died(report: RunReport) -> str:
    runs = report.recovered.runs_closed
    return f"run {runs[0]}, which had died" if len(runs) == 1 else f"{len(runs)} runs that had died"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _reasons(report: RunReport, kind: str) -> str:
    found = sorted(((count, reason) for (one, reason), count in report.reasons.items() if one == kind), reverse=True)
    return " · ".join(f"{count} {reason.replace('_', ' ')}" for count, reason in found)


def _requisites(counts: Mapping[str, int]) -> str:
    """E.g. "31 files that pages show themselves with (style sheets, images, fonts) · 2 failed"."""
    kept = counts.get("requisites_kept", 0) + counts.get("requisites_unchanged", 0)
    others = [f"{counts[name]} {kind}" for kind in ("skipped", "failed") if counts.get(name := f"requisites_{kind}")]
    files = f"{_counted(kept, 'file')} that pages show themselves with (style sheets, images, fonts)"
    return " · ".join([files, *others])


def _file(file: WrittenFile) -> str:
    verdict = "verified" if not file.problems else f"{len(file.problems)} PROBLEMS: {file.problems[0]}"
    return f"{size(file.size_bytes)}, {file.records} records, {verdict}"


def duration(seconds: float) -> str:
    """E.g. "44 s", "1 m 44 s", "2 h 05 m"."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def size(size_bytes: int) -> str:
    """E.g. "812 B", "84 kB", "1.1 MB"."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def report_values(report: RunReport) -> dict[str, object]:
    """The report as plain values, for `--json`."""
    return {
        "run": report.run_id,
        "seconds": round(report.seconds, 3),
        "counts": dict(report.counts),
        "reasons": [
            {"kind": kind, "reason": reason, "count": count} for (kind, reason), count in report.reasons.items()
        ],
        "files": [
            {"name": one.name, "size_bytes": one.size_bytes, "records": one.records, "problems": list(one.problems)}
            for one in report.files
        ],
        "hijacked": [{"host": host, "pages": pages, "first_seen": is_new} for host, pages, is_new in report.hijacked],
        "error": report.error.as_dict() if report.error else None,
    }
