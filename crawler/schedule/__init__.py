"""When something is due: sources, listings, known articles. The callers own the clock."""
