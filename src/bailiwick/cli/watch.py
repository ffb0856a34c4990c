"""``bailiwick watch``: what recognises a stolen key, tried out on files. Each command has a file of its own."""

from bailiwick.cli.options import group

app = group("watch", "The watch: replay, train and compare what recognises a stolen key.")
