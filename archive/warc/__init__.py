"""Exchanges in WARC files: written, read, recovered, checked, indexed. The only importer of warcio."""
