"""Scrapy's own commands where they need our words; Scrapy finds them by COMMANDS_MODULE. A command is a file's name."""
