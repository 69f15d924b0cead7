"""Health from the crawler's side: judged after runs, told, and measured."""
