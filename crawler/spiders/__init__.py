"""The one spider: listings, then articles."""
