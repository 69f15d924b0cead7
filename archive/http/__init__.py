"""HTTP/1.x from bytes: messages, content codings, and a response as it came. Standard library and codecs only."""
