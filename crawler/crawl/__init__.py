"""One crawl: what may be fetched, what a response means, and how what happened is made durable."""
