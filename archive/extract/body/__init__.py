"""The body: which pieces of a page are its text. Measures, a model of them, and a choice."""
