"""What a page says about itself: headline, authors, dates and the rest, each from candidates with their origin."""
