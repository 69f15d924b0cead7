"""Independent readers: do other people's tools read from our WARC files what we say is in them?

`python -m tests.oracles` (or `make oracles`) crawls The Daily Example, installs each tool into a throw-away
environment, lets it read what was written, and compares record by record. The tools come from PyPI and npm, so this is
no part of `make test`. In the order of reading: `ours` (what we say), `foreign/` (scripts that run inside the tools'
environments and print what they read), `environments`, `readers`, `replay`, `__main__`.
"""
