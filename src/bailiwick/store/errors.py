"""What the store refuses. No message carries an envelope."""


class StoreError(Exception):
    """The store refused; the message names the row and the remedy."""


class NotFoundError(StoreError):
    """There is no such row, or it belongs to somebody else: who asks for another's learns nothing."""


class ConflictError(StoreError):
    """The row is there already, refers to one that is not, or may not change so."""


class RestoreError(StoreError):
    """The backup cannot be restored here."""
