"""What an archive answers: why a URL stands as it does, a page's history, what it was then, who was hijacked."""
