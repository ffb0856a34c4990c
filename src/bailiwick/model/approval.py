"""Approvals as the gateway knows them."""

from typing import NamedTuple


class Approved(NamedTuple):
    """An intent that a person approved: ``digest`` says which, ``use_by`` (ms since 1970) until when it passes once.

    ``position`` is where its hold stands in the journal: any use of it stands behind.
    """

    id: str
    key: str
    digest: str
    position: int
    use_by: int
