"""Why a request is refused: one registry, code and sentences side by side.

The client is told the code and its first sentence; numbers (limits, what is left of them) and suspicion are for the
owner alone. ``docs/reasons.md`` is generated from this table, and a test asks each entry for a test of its own.
"""

from enum import Enum, unique
from typing import NamedTuple


@unique
class Reaction(Enum):
    """How a venue would word the refusal; its dialect turns this into a status, a code and a message."""

    CREDENTIAL = "credential"  # the key, its address or its permissions: clients stop and call a person
    SIGNATURE = "signature"
    TIME = "time"
    MISSING = "missing parameter"
    ILLEGAL = "illegal characters"
    DUPLICATED = "duplicated parameter"
    UNREAD = "unread parameter"
    NO_SYMBOL = "unknown symbol"
    ORDER = "order refused"  # clients survive it: this order fails, the bot lives on
    SYMBOL = "symbol not permitted"
    DUPLICATE_ORDER = "duplicate order"
    NO_ORDER = "no such order"
    CANCEL = "cancel refused"
    RATE = "too many requests"
    BUSY = "busy, not executed"
    UNKNOWN_OUTCOME = "sent, outcome unknown"
    FAULT = "internal fault, not executed"


class Entry(NamedTuple):
    """What a reason means and what to do about it.

    ``sentence`` may be shown to whoever sent the request; ``remedy`` is for the key's owner. ``told`` is the name of
    another reason, where the sender reads that instead of this one's own.
    """

    reaction: Reaction
    sentence: str
    remedy: str
    told: str = ""


@unique
class Reason(Enum):
    """Every reason for which Bailiwick refuses a request."""

    # Who asks
    KEY_MISSING = Entry(
        Reaction.CREDENTIAL,
        "The request names no API key.",
        "Send the issued key id in the venue's key header.",
    )
    KEY_UNKNOWN = Entry(
        Reaction.CREDENTIAL,
        "No such API key.",
        "Check the key id; `bailiwick key list` shows those that exist.",
    )
    SIGNATURE_MISSING = Entry(
        Reaction.MISSING,
        "The request carries no signature.",
        "Sign the request as the venue documents it.",
    )
    SIGNATURE_WRONG = Entry(
        Reaction.SIGNATURE,
        "The signature does not match the request.",
        "Check the secret, and that nothing rewrites the request between the client and the gateway.",
    )
    TIMESTAMP_MISSING = Entry(
        Reaction.MISSING,
        "The request carries no timestamp.",
        "Send the timestamp parameter in milliseconds or microseconds.",
    )
    TIMESTAMP_STALE = Entry(
        Reaction.TIME,
        "The timestamp lies outside of the receive window.",
        "Set the client's clock, or let it adjust to the venue's time.",
    )
    TIMESTAMP_AHEAD = Entry(
        Reaction.TIME,
        "The timestamp lies ahead of the venue's time.",
        "Set the client's clock, or let it adjust to the venue's time.",
    )
    WINDOW_INVALID = Entry(
        Reaction.ILLEGAL,
        "The receive window is not a number of milliseconds that the venue accepts.",
        "Send a receive window of at most 60000 ms with at most three decimals.",
    )
    WINDOW_SPENT = Entry(
        Reaction.TIME,
        "The receive window ran out before the request could be sent on.",
        "Use a longer receive window, and look at the journal's commit times in `bailiwick doctor`.",
    )
    REPLAYED = Entry(
        Reaction.DUPLICATE_ORDER,
        "A request with this signed payload was seen before.",
        "Sign every request anew with a fresh timestamp. If the client did not repeat itself, somebody else did.",
    )
    ADDRESS_FOREIGN = Entry(
        Reaction.CREDENTIAL,
        "The key may not be used from this address.",
        "Add the client's network to the grant with `bailiwick key edit`, if the client really moved.",
    )
    # State and time
    KEY_PENDING = Entry(
        Reaction.CREDENTIAL,
        "The key is not valid yet.",
        "Wait for its first moment, or edit not_before in the grant.",
    )
    KEY_EXPIRED = Entry(
        Reaction.CREDENTIAL,
        "The key has expired.",
        "Issue a new key, or rotate this one before it expires.",
    )
    KEY_REVOKED = Entry(
        Reaction.CREDENTIAL,
        "The key has been revoked.",
        "A revoked key never returns; issue a new one.",
    )
    KEY_FROZEN = Entry(
        Reaction.ORDER,
        "The key is frozen: it may only read.",
        "`bailiwick key unfreeze` restores it after you have looked at what happened.",
    )
    KEY_WINDING_DOWN = Entry(
        Reaction.ORDER,
        "The key is being wound down: it may read, cancel and reduce, and open nothing.",
        "`bailiwick key show` says why; only a person can restore it.",
    )
    ORDER_PROTECTS = Entry(
        Reaction.ORDER,
        "This order protects: while the key is being wound down it can only be replaced by one that protects as much.",
        "Replace it (cancelReplace) by a stop or limit that sells as much, no later; or cancel it at the venue.",
    )
    ACCOUNT_CLOSED = Entry(
        Reaction.CREDENTIAL,
        "The account behind this key is not served.",
        "`bailiwick account show` says why.",
    )
    OUTSIDE_HOURS = Entry(
        Reaction.ORDER,
        "The key may not open anything at this hour.",
        "Edit the hours in the grant if the client should work now.",
    )
    # Form of the request
    ENDPOINT_UNKNOWN = Entry(
        Reaction.CREDENTIAL,
        "This endpoint is not known, so it is not granted.",
        "Use a documented endpoint; unknown ones are refused because nobody can say what they do.",
    )
    ENDPOINT_NOT_SERVED = Entry(
        Reaction.CREDENTIAL,
        "Endpoints of this family (margin, futures, options, loans and the like) are not served.",
        "Spot trading is served; keep other products on a key of their own at the venue.",
    )
    BODY_UNEXPECTED = Entry(
        Reaction.ILLEGAL,
        "The request has a body of a form that this endpoint does not take.",
        "Send parameters in the query, or as application/x-www-form-urlencoded.",
    )
    PLACEMENT_MIXED = Entry(
        Reaction.ILLEGAL,
        "Parameters stand in both the query and the body; the signature does not cover the boundary.",
        "Send all parameters in the query or all in the body.",
    )
    PARAMETER_UNKNOWN = Entry(
        Reaction.UNREAD,
        "The request carries a parameter that this endpoint is not known to take.",
        "Leave it out; unknown parameters are refused because nobody can say what they do.",
    )
    PARAMETER_DUPLICATED = Entry(
        Reaction.DUPLICATED,
        "A parameter stands twice.",
        "Send each parameter once.",
    )
    PARAMETER_MISSING = Entry(
        Reaction.MISSING,
        "A mandatory parameter is missing or empty.",
        "Send what the venue's documentation calls mandatory for this endpoint.",
    )
    PARAMETER_MALFORMED = Entry(
        Reaction.ILLEGAL,
        "A parameter has a value that cannot be read in exactly one way.",
        "Percent-encode values once, in UTF-8; write numbers as plain digits with at most one point.",
    )
    SYMBOL_UNKNOWN = Entry(
        Reaction.NO_SYMBOL,
        "The venue lists no such symbol.",
        "Check the symbol; it is compared exactly as written.",
    )
    # What
    CAPABILITY_NOT_GRANTED = Entry(
        Reaction.CREDENTIAL,
        "The key may not do this.",
        "Add the harm class to the grant if this client needs it. Most never do.",
    )
    SYMBOL_NOT_GRANTED = Entry(
        Reaction.SYMBOL,
        "The key may not act on this symbol.",
        "Add the symbol to the grant if this client should trade it.",
    )
    SIDE_NOT_GRANTED = Entry(
        Reaction.ORDER,
        "The key may not place orders on this side.",
        "Add the side to the grant.",
    )
    ORDER_TYPE_NOT_GRANTED = Entry(
        Reaction.ORDER,
        "The key may not place orders of this type.",
        "Add the order type to the grant.",
    )
    MARKET_ORDER_NOT_GRANTED = Entry(
        Reaction.ORDER,
        "The key may not place orders without a limit price.",
        'Use limit orders, or set market_orders = "bound" in the grant: they then leave as limit orders.',
    )
    ORDER_NOT_OWN = Entry(
        Reaction.NO_ORDER,
        "The key placed no such order.",
        'Orders of others are out of its sight; orders = "account" in the grant opens them.',
    )
    CANCEL_NOT_OWN = Entry(
        Reaction.CANCEL,
        "The key placed no such order, so it cannot cancel it.",
        'Orders of others are out of its reach; orders = "account" in the grant opens them.',
    )
    CLIENT_ORDER_ID_USED = Entry(
        Reaction.DUPLICATE_ORDER,
        "The client order id was used within the last 24 hours.",
        "Let the client draw a new id for every order.",
    )
    TRANSFER_NOT_GRANTED = Entry(
        Reaction.ORDER,
        "Self-trade prevention by transfer moves value between accounts and is not granted.",
        "Use another self-trade prevention mode, or grant move.",
    )
    # How much
    UNPRICEABLE = Entry(
        Reaction.ORDER,
        "The order cannot be valued, so it cannot be checked against a limit.",
        "`bailiwick doctor` shows the age of prices; a symbol without history stays unpriceable.",
    )
    ORDER_NOTIONAL = Entry(
        Reaction.ORDER,
        "The order is larger than the key may place.",
        "Raise order_notional in the grant, or let the client trade smaller.",
    )
    DAY_NOTIONAL = Entry(
        Reaction.ORDER,
        "The key's budget for this day is spent.",
        "It renews at midnight of the grant's zone; raise day_notional if it is too narrow.",
    )
    ROLLING_NOTIONAL = Entry(
        Reaction.ORDER,
        "The key's budget for 24 hours is spent.",
        "It renews as trades pass out of the window; raise rolling_notional if it is too narrow.",
    )
    OPEN_ORDERS = Entry(
        Reaction.ORDER,
        "The key has as many open orders as it may.",
        "Cancel some, or raise open_orders in the grant.",
    )
    REQUEST_RATE = Entry(
        Reaction.RATE,
        "The key sends more requests than it may.",
        "Slow the client down, or raise requests_per_minute in the grant.",
    )
    LOSS_PER_DAY = Entry(
        Reaction.ORDER,
        "The key has lost as much today as it may, or could with what is open; only reducing orders pass.",
        "Look at its fills and open orders, and cancel what is open and far from the market, before you raise "
        "loss_per_day: this rule is what stops a thief.",
    )
    # How far
    BAND_NEAR = Entry(
        Reaction.ORDER,
        "The price is too far from the market of the last seconds.",
        "Raise near_bps in the grant if the client trades this far on purpose.",
    )
    BAND_ANCHOR = Entry(
        Reaction.ORDER,
        "The price is too far from the market of the last hour.",
        "Look at the market first: a thief moves a thin market. Raise anchor_bps only if the move is real.",
    )
    BAND_STOP = Entry(
        Reaction.ORDER,
        "The limit is too far from the stop price.",
        "Let the client place the limit nearer to the stop, or raise near_bps in the grant.",
    )
    REFERENCE_STALE = Entry(
        Reaction.ORDER,
        "There is no fresh price to check the order against.",
        "`bailiwick doctor` shows the age of prices; the gateway needs the venue's book ticker.",
    )
    # Liquidity
    LIQUIDITY_FLOOR = Entry(
        Reaction.ORDER,
        "The market is too thin for this key.",
        "Lower least_daily_volume in the grant only if the client needs thin markets: thieves need them too.",
    )
    LIQUIDITY_ORDER_SHARE = Entry(
        Reaction.ORDER,
        "The order is too large for this market.",
        "Let the client trade smaller, or raise order_share_bps in the grant.",
    )
    LIQUIDITY_DAY_SHARE = Entry(
        Reaction.ORDER,
        "The key has traded as much of this market today as it may.",
        "Raise day_share_bps in the grant if that is too narrow.",
    )
    SERVICE_NET_BUYING = Entry(
        Reaction.ORDER,
        "All keys of the service together buy too much of this symbol in a day.",
        "Wait until less was bought in 24 hours, or widen it with `bailiwick service edit --net-buying-bps`; if nobody "
        "meant to buy that much, somebody uses the service's keys: `bailiwick service compromise`.",
    )
    # Withdrawals
    WITHDRAWAL_DESTINATION = Entry(
        Reaction.CREDENTIAL,
        "The key may not withdraw this coin to this destination.",
        "Add coin, network, address and tag together to the grant's withdrawals; they are compared byte for byte.",
    )
    WITHDRAWAL_AMOUNT = Entry(
        Reaction.ORDER,
        "The withdrawal is larger than the key may make.",
        "Raise per_act of this destination in the grant.",
    )
    WITHDRAWAL_DAY = Entry(
        Reaction.ORDER,
        "The key has withdrawn as much today as it may.",
        "Raise per_day of this destination in the grant.",
    )
    HELD = Entry(
        Reaction.ORDER,
        "This needs a person's approval first; the same request passes once after it.",
        "Look at it with `bailiwick approval list`, and approve or refuse it there; then let the client send it again.",
    )
    WATCHED = Entry(
        Reaction.ORDER,
        "It is unlike what this key does, and its owner is asked first.",
        "`bailiwick watch show` says why. If it was you, approve it, or say so with `bailiwick watch vouch`; if not, "
        "`bailiwick key not-me`.",
        "HELD",  # whoever is suspected must not learn it
    )
    # The house itself
    JOURNAL_STOPPED = Entry(
        Reaction.BUSY,
        "The request could not be recorded, so it was not sent.",
        "`bailiwick doctor` shows the journal's state.",
    )
    JOURNAL_FULL = Entry(
        Reaction.BUSY,
        "The disk is nearly full; only cancels and reducing orders are recorded and sent.",
        "Free space for the data directory.",
    )
    REGISTRY_STALE = Entry(
        Reaction.BUSY,
        "Changes to keys cannot be read, so nothing may open.",
        "`bailiwick doctor` shows the store's state.",
    )
    CREDENTIAL_SEALED = Entry(
        Reaction.BUSY,
        "The account's credential cannot be opened.",
        "`bailiwick doctor` shows the vault's state.",
    )
    WEIGHT_SHARE = Entry(
        Reaction.BUSY,
        "The venue's request weight is used up for this key.",
        "Slow the client down, or give the account an address of its own.",
    )
    VENUE_PAUSED = Entry(
        Reaction.BUSY,
        "The venue has asked this address to wait.",
        "Nothing leaves until the venue's Retry-After has passed; `bailiwick doctor` shows when.",
    )
    UPSTREAM_UNREACHABLE = Entry(
        Reaction.BUSY,
        "The venue could not be reached; the request was not sent.",
        "Check the venue's status and the network.",
    )
    UPSTREAM_UNKNOWN = Entry(
        Reaction.UNKNOWN_OUTCOME,
        "The request was sent and its outcome is not known; it is being looked up.",
        "Query the order by its client order id before sending another.",
    )
    SHUTTING_DOWN = Entry(
        Reaction.BUSY,
        "The gateway is shutting down; the request was not sent.",
        "Send it again in a moment.",
    )
    FAULT = Entry(
        Reaction.FAULT,
        "An internal fault; the request was not sent.",
        "Report it with the log of this moment. A fault always refuses.",
    )

    @property
    def reaction(self) -> Reaction:
        """How the venue would word the refusal."""
        return self.value.reaction

    @property
    def sentence(self) -> str:
        """What the sender may be told."""
        return self.value.sentence

    @property
    def told(self) -> str:
        """The name of the reason that the sender reads."""
        return self.value.told or self.name

    @property
    def remedy(self) -> str:
        """What the key's owner can do."""
        return self.value.remedy
