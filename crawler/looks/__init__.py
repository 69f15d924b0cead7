"""Looks at a site outside a crawl: before it becomes a source, and in other guises. Polite and few."""
