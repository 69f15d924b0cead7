"""Which characters the bytes of a page are, by the web's rules."""
