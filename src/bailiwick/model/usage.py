"""What a venue's answer says of its limits."""

import msgspec


class Usage(msgspec.Struct, frozen=True, gc=False):
    """How much of its limits a venue says is used; -1 stands for what it does not speak of.

    ``weight`` is what this address used in the minute that runs, ``orders_10s`` and ``orders_day`` the orders of the
    account. ``retry_after_s`` is the rest that it asks for, in seconds. ``lines`` are the header lines that are passed
    on to the client, each ended by CRLF.
    """

    weight: int = -1
    orders_10s: int = -1
    orders_day: int = -1
    retry_after_s: int = -1
    lines: bytes = b""


SILENT = Usage()
"""The answer says nothing of limits."""
