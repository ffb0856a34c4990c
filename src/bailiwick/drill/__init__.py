"""Drills: an incident played against the rules and the watch, with and without each of them, and what it cost."""
