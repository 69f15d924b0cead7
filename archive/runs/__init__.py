"""What runs leave behind: their logs, told to the catalog, and their processes."""
