"""One request inside the front, and how an endpoint is entered in its table."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.keys import ApiKey
from bailiwick.sandbox.ledger import Account
from bailiwick.sandbox.orders import Order
from bailiwick.sandbox.params import Params
from bailiwick.sandbox.refusal import Refusal

AUTHENTICATION = frozenset({"timestamp", "recvWindow", "signature"})


@dataclass(slots=True)
class Call:
    """What an endpoint sees: the exchange, the time (ms), the parameters and who calls.

    ``orders`` are those the call placed or touched, for the sandbox's own record of what it received.
    """

    sandbox: Sandbox
    now: int
    params: Params
    address: str
    caller: Account | None = None
    key: ApiKey | None = None
    orders: list[Order] = field(default_factory=list)

    @property
    def account(self) -> Account:
        """The account that calls.

        Raises:
            Refusal: -2014 at an endpoint that was called without a key.
        """
        if self.caller is None:
            raise Refusal(-2014, "API-key format invalid.", status=401)
        return self.caller


Handler = Callable[[Call], object]


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint.

    ``weight`` is what a call costs, or how that follows from its parameters; with ``free`` one that succeeds costs
    nothing, as orders and cancels do since April 2026. ``permission`` is what the key must have: None for public
    ones, empty for those that want a key but no signature. ``orders`` is how many orders a call counts as. ``known``
    are the parameters it reads; None if surplus ones are ignored, as the exchange does outside of ``/api/v3``.
    """

    handler: Handler
    weight: int | Callable[[Params], int] = 1
    permission: str | None = None
    orders: int = 0
    known: frozenset[str] | None = None
    free: bool = False

    def cost(self, params: Params) -> int:
        """The weight of a call."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)

    def check_known(self, params: Params) -> None:
        """Refuse parameters that nobody would read.

        Raises:
            Refusal: -1104.
        """
        if self.known is None:
            return
        names = params.names() - AUTHENTICATION
        surplus = names - self.known
        if surplus:
            read = len(names) - len(surplus)
            raise Refusal(
                -1104,
                f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{len(names)}'.",
            )
