"""A month of twelve papers in minutes.

    PYTHONPATH=. python benchmarks/month.py [--days 30] [--papers 12] [--stories 3] [--kills 20]

The papers publish, edit, withdraw, lie in their ETags, break down and are hijacked by a script, and the crawler lives
through it by the script's clock, as `pressmark crawl --due` every five minutes would. Printed: what was found of the
script, what was found that is not in it, the alarms, and the requests, beside what simpler habits would have cost.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from archive.archive import open_archive
from archive.folder.location import locate
from tests.month.script import write_script
from tests.month.verdict import TROUBLE_RULES, Edit, Verdict, judged, simpler_habits
from tests.month.walk import alarms_told, live_through, write_settings
from tests.month.world import Clock, Month, served


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--papers", type=int, default=12)
    parser.add_argument("--stories", type=float, default=3.0, help="a day and paper, on weekdays")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=0, help="kill -9 the crawler so often, at random moments")
    parser.add_argument("--folder", type=Path, help="keep the archive here")
    options = parser.parse_args()
    script = write_script(options.seed, days=options.days, papers=options.papers, stories_a_day=options.stories)
    with tempfile.TemporaryDirectory() as scratch:
        clock = Clock(Path(scratch) / "clock")
        with served(script, clock) as world:
            folder = options.folder or Path(scratch) / "month"
            write_settings(folder, world.sources_toml())
            began = time.monotonic()
            runs = live_through(
                folder, Path(scratch) / "clock", script, options.kills, random.Random(options.seed), say
            )
            with open_archive(locate(folder)) as archive:
                verdict = judged(archive, world.month)
            spent = f"{runs} runs, {options.kills} kills, {time.monotonic() - began:.0f} s"
            print(f"{options.days} days, {options.papers} papers, {verdict.stories} stories, {spent}")
            return report(verdict, world.month, alarms_told(folder / "alarms.jsonl"))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def report(verdict: Verdict, month: Month, told: list[dict[str, str]]) -> int:
    """Print the tables; 1 where the month was not told as it was."""
    print("\n| of the script | there to be found | found at the first look | as scripted |\n|---|---|---|---|")
    edits, losses = verdict.edits, verdict.losses
    for kind in sorted({edit.event.kind for edit in edits}):
        print(f"| {kind} | {_row([edit for edit in edits if edit.event.kind == kind])} |")
    print(f"| all edits | {_row(edits)} |\n| lost pages | {_row(losses)} |")
    right = sum(one.is_right for one in edits)
    print(f"\nrevisions {verdict.revisions}, of them false {len(verdict.false_revisions)}")
    print(f"stories never stored: {len(verdict.missing)}")
    for line in (*verdict.false_revisions[:8], *verdict.missing[:8]):
        print(f"  {line}")
    for one in [one for one in (*edits, *losses) if not (one.is_in_time and one.is_right)][:12]:
        print(f"  {one.paper}{one.path}: {one.event.kind} at {one.event.at:%d %H:%M}, looked {one.looked_at:%d %H:%M}, "
              f"found {one.found_at} as {', '.join(one.kinds) or 'nothing'}")  # fmt: skip
    alarms_fine = report_alarms(month, told)
    asked, articles = sum(verdict.requests.values()), verdict.requests["articles"]
    print(f"\nrequests: {asked} ({', '.join(f'{count} {name}' for name, count in verdict.requests.most_common())})")
    for habit, count in simpler_habits(month, verdict).items():
        print(f"  every article {habit}: {count}, {count / articles:.1f} times ours for articles")
    fine = not verdict.false_revisions and not verdict.missing and right >= 0.95 * len(edits)
    return 0 if fine and alarms_fine and all(one.is_in_time for one in (*edits, *losses)) else 1


def _row(edits: list[Edit]) -> str:
    return f"{len(edits)} | {sum(one.is_in_time for one in edits)} | {sum(one.is_right for one in edits)}"


def report_alarms(month: Month, told: list[dict[str, str]]) -> bool:
    """Every scripted alarm once opened and once cleared, and no other."""
    happened = Counter((one["source"], one["rule"], one["event"]) for one in told)
    scripted = {(paper.key, TROUBLE_RULES[one.kind]) for paper in month.script.papers for one in paper.troubles}
    print("\n| alarm | opened | cleared |\n|---|---|---|")
    fine = True
    for source, rule in sorted(scripted | {key[:2] for key in happened}):
        opened, cleared = happened[source, rule, "opened"], happened[source, rule, "cleared"]
        expected = (source, rule) in scripted
        fine &= (opened, cleared) == ((1, 1) if expected else (0, 0))
        print(f"| {source} {rule}{'' if expected else ' (not in the script)'} | {opened} | {cleared} |")
    return fine


if __name__ == "__main__":
    sys.exit(main())
