"""The journal: append, read, verify, prove.

Nothing is imported here, so that ``python -m bailiwick.journal.verify_proof`` needs the standard library and
``cryptography`` alone. The door is :class:`bailiwick.journal.log.Journal`.
"""
