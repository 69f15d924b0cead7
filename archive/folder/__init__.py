"""The folder of an archive: where it is, where its files live, who writes."""
