"""What of a page its publisher did not write: hidden payloads, injected words, blocks and titles. Pure.

Order: traces (before the tree is cleared), findings.inspect (before the metadata), judge.cleanse (on the labelled
blocks: passages, marking, aligning, result). Beside them: styles, links, tokens (zones, weighing, kin), keyword_lists,
hints, contacts, anchors, disguise, copies, promotion; signs, common and story have the shared words.
"""

from archive.extract.injection.copies import NO_COPIES, Copies, Copy, index_copies
from archive.extract.injection.findings import Findings, inspect, said_by_publisher, without_strings
from archive.extract.injection.judge import cleanse
from archive.extract.injection.links import site_of
from archive.extract.injection.result import Cleansed, restored_headline, restored_text
from archive.extract.injection.signs import plain
from archive.extract.injection.traces import Traces, take_traces
from archive.extract.injection.weighing import Past

__all__ = [
    "NO_COPIES",
    "Cleansed",
    "Copies",
    "Copy",
    "Findings",
    "Past",
    "Traces",
    "cleanse",
    "index_copies",
    "inspect",
    "plain",
    "restored_headline",
    "restored_text",
    "said_by_publisher",
    "site_of",
    "take_traces",
    "without_strings",
]
