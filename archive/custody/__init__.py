"""WARC files in custody: taken in, audited, sealed, verified, repaired, listed."""
