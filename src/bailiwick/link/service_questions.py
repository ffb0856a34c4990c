"""What the gateway is asked about a service: what its keys have open, and what they bought together."""

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs


class NetBuying(msgspec.Struct, frozen=True, kw_only=True):
    """What all keys of a service bought of a symbol less what they sold in 24 hours, with what is open, in its base.

    ``limit`` is empty where it is not known, because the symbol's volume is not.
    """

    symbol: str
    used: str
    limit: str


class ServiceUseAnswer(Answer, frozen=True, kw_only=True):
    """What the keys of a service in this gateway have open, when one was last used, and what they bought together."""

    open_orders: int
    last_used_ms: int | None = None
    net_buying: tuple[NetBuying, ...] = ()


class UseOfService(Question[ServiceUseAnswer], frozen=True, kw_only=True, tag="use_of_service"):
    """What have all keys of this service open, and what did they buy together?"""

    service: str


SERVICE_VERBS: Verbs = (UseOfService,)
