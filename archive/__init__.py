"""The archive: keeps, reads and hands on news. It works alone, without Scrapy; docs/architecture.md has its rooms."""
