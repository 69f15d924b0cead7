"""When Python looks for garbage: hardly while a command loads and ends, as ever while a crawl runs.

Libraries are loaded as objects by the hundred thousand, none of them garbage, and neither is what is alive when a
process ends. Looking through them took a quarter of the CPU of a small crawl.
"""

from __future__ import annotations

import atexit
import gc

_YOUNG_OBJECTS = 20_000  # before the youngest are looked through
_AS_EVER = gc.get_threshold()


def expect_none() -> None:
    """A command begins; what is alive at its end is no garbage either."""
    gc.set_threshold(_YOUNG_OBJECTS)
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)


def look_as_ever() -> None:
    """Everything is loaded, and need not be looked through again; what comes now holds pages, and may be garbage."""
    gc.freeze()
    gc.set_threshold(*_AS_EVER)
