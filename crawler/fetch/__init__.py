"""The HTTP/1.1 client that keeps every byte: connections, guard, robots.txt, retries."""
