"""What makes a revision, what kind of change it is, and what rechecks remember. Pure."""
