"""What the process loads that readers are forked from. Loading is all it does: importing this module is its work."""

import gc
import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who reads; also while this is loading
gc.disable()  # what is loaded stays

import archive.reading.readers  # noqa: E402 - what is above has to hold while this loads
from archive.extract import warm_up  # noqa: E402 - the same

__all__ = ["archive"]

warm_up()
gc.enable()
