"""Bailiwick: an API-key authority and firewall for trading accounts."""

__version__ = "0.1.0"
