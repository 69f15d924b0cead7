"""What of a page its publisher did not write: hidden payloads, injected words, blocks and titles. Pure.

Order: traces (before the tree is cleared), judge.inspect (before the metadata), judge.cleanse (on the labelled
blocks). Beside them: styles, links, tokens, inline, passages, copies, promotion; signs has the shared words.
"""

from archive.extract.injection.copies import NO_COPIES, Copies, Copy, index_copies
from archive.extract.injection.judge import Cleansed, Findings, cleanse, inspect, restored_headline, restored_text
from archive.extract.injection.traces import Traces, take_traces

__all__ = [
    "NO_COPIES",
    "Cleansed",
    "Copies",
    "Copy",
    "Findings",
    "Traces",
    "cleanse",
    "index_copies",
    "inspect",
    "restored_headline",
    "restored_text",
    "take_traces",
]
