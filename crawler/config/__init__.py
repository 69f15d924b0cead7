"""pressmark.toml and sources.toml: read, checked, changed."""
