"""Write exchanges for ever and print the ids of those that are durable, until killed."""

import random
import sys
from pathlib import Path

from archive.http.wire import Wire
from tests.archive.warc_samples import PAGE, Clock, exchange, head, writer


def main(root: Path) -> None:
    chance = random.Random()
    clock = Clock()
    out = writer(root, roll_bytes=chance.choice((3000, 30_000, 10_000_000)), clock=clock)
    waiting: list[str] = []
    while True:
        clock.pass_seconds(1)
        wire = Wire()
        wire.write(head("200 OK") + PAGE * chance.choice((1, 1, 1, 700)))
        capture = out.write(exchange(wire))
        assert capture is not None
        waiting.append(capture.record_id)
        if chance.random() < 0.3:
            out.sync()
            print("\n".join(waiting), flush=True)
            waiting.clear()


main(Path(sys.argv[1]))
