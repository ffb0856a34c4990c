"""The version of the tables that this program reads and writes."""

CURRENT = "0002"
"""A test holds it to the newest migration."""
