"""The commands that belong to crawling and to the folder as a whole; those that only ask are in archive/cli.py.

Each file is one command or one group of commands: read options, call one function of the library, print.
"""
