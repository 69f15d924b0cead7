"""Claims in a column: the same values that stand in the WARC (archive/records/provenance.py)."""

from archive.records.provenance import claims_from as read_claims
from archive.records.provenance import claims_values as as_claims

__all__ = ["as_claims", "read_claims"]
