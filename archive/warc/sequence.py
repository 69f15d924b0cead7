"""Whether a file still has all the records it was written with, in their order.

Two things tell: our gzip members say at which byte of their file they were written (`members`), and our files end with
a metadata record that counts the records before it (`fileRecords`), as their warcinfo announces (`fileEnd`). Files of
others say neither and have nothing to answer for; files that were put together from whole ones are fine.
"""

from __future__ import annotations

from archive.warc.members import PLACE_BYTES
from archive.warc.record_stream import RawRecord
from archive.warc.records import FILE_END, FILE_RECORDS, parse_warc_fields

Problem = tuple[str, str]  # code for programs, message for people
CODES = frozenset(("moved", "after-end", "file-records", "no-end"))


class Sequence:
    """Told of a file's members and records in their order, it says what is missing, moved or added."""

    def __init__(self) -> None:
        self.records = 0  # since the last warcinfo, all files' records that were put into one apart
        self.warcinfo_id: str | None = None
        self.announced = False  # that the file ends with a record that counts
        self._base = 0  # where the file begins that the member is of
        self._shift = 0
        self._last: str | None = None  # "end", "damage", or another record
        self._whole = True

    def member(self, offset: int, place: int | None) -> Problem | None:
        """A member that begins at `offset` and says it was written at `place`."""
        if place is None:
            return None
        if place == 0:
            self._base = self._shift = offset
            return None
        before, self._shift = self._shift, (offset - place) % PLACE_BYTES
        if self._shift in (before, self._base % PLACE_BYTES):
            return None
        written = f"it was written at byte {place:,} of its file"
        lost = (self._base - self._shift) % PLACE_BYTES
        less = lost < PLACE_BYTES // 2
        amount = lost if less else PLACE_BYTES - lost
        return "moved", f"{written}: {amount:,} bytes before it are {'missing' if less else 'too many'}"

    def record(self, raw: RawRecord) -> Problem | None:
        """A record that could be read."""
        kind = raw.first.get("warc-type", "").lower()
        if kind == "warcinfo":
            return self._begins(raw)
        problem = None
        counted = counted_records(raw) if kind == "metadata" else None
        if self._last == "end" and counted is None:
            problem = "after-end", "it was added after the file had been closed"
        if counted is not None:
            if self._whole and counted != self.records:
                message = f"the file was closed with {counted} records before this one, {self.records} are there"
                problem = "file-records", message
            self._last = "end"
        elif self._last != "end":
            self._last = "record"
        self.records += 1
        return problem

    def damage(self) -> None:
        """Something that was no record, or none any more."""
        self._last, self._whole = "damage", False

    def end(self) -> Problem | None:
        """Nothing follows."""
        if not self.announced or self._last != "record":
            return None
        return "no-end", f"cut off after {self.records} records: the one that ends the file is missing"

    @property
    def has_end(self) -> bool:
        return self._last == "end"

    def _begins(self, raw: RawRecord) -> Problem | None:
        problem = self.end()
        fields = dict(parse_warc_fields(raw.wire.getvalue()))
        self.announced = fields.get(FILE_END[0]) == FILE_END[1]
        self.warcinfo_id = raw.first.get("warc-record-id")
        self.records, self._last, self._whole = 1, "record", True
        return problem


def counted_records(raw: RawRecord) -> int | None:
    """What a record that ends a file counts; None for others."""
    if "warc-target-uri" in raw.first:
        return None
    value = dict(parse_warc_fields(raw.wire.getvalue())).get(FILE_RECORDS, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
