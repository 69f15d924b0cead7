"""From captures to records: pages read, now or again, and what a reading means to the history of its page."""
