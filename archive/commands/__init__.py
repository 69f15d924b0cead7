"""The commands that need no network: each file is one command or a group. Read options, call one function, print."""
