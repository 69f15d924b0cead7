"""What commands say and how they end: text, rows, messages, exit codes."""
