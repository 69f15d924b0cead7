"""The published record: its shape, how it is built, what is read back out of one."""
