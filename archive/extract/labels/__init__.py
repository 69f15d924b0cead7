"""What each piece of a page is, and by which rule."""
