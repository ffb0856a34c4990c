"""The REST front: authenticates a request, charges it, calls its endpoint and words the answer.

Pure: bytes and a time go in, an answer comes out. Sockets, clocks and faults are the server's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from bailiwick.model.secret import same
from bailiwick.sandbox import front_lists, front_market, front_orders, front_replace, front_subs, front_wallet
from bailiwick.sandbox.call import Call, Route
from bailiwick.sandbox.exchange import Received, Sandbox
from bailiwick.sandbox.keys import split_signature
from bailiwick.sandbox.params import Params
from bailiwick.sandbox.refusal import Refusal, mandatory, not_permitted
from bailiwick.venues import trusted

ROUTES: Final[dict[tuple[str, str], Route]] = {
    **front_market.ROUTES,
    **front_orders.ROUTES,
    **front_lists.ROUTES,
    **front_replace.ROUTES,
    **front_wallet.ROUTES,
    **front_subs.ROUTES,
}

_KEY: Final = re.compile(r"[A-Za-z0-9]{64}", re.ASCII)
_WINDOW: Final = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?", re.ASCII)
_WHOLE: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_FIRST_MICROSECONDS: Final = 10**14
_EARLIEST_US: Final = 1_483_228_800_000_000
_TIMES: Final = frozenset(
    ["serverTime", "time", "updateTime", "transactTime", "transactionTime", "workingTime", "closeTime", "openTime", "T"]
)
_JSON: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: ``target`` is the raw path with its query; header names in lower case."""

    method: str
    target: bytes
    headers: Mapping[str, str]
    body: bytes
    address: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Front:
    """The endpoints of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def answer(self, request: Request, now_us: int) -> Answer:
        """Answer a request that arrives at a time (microseconds since the epoch)."""
        raw_path, _, query = request.target.partition(b"?")
        path = raw_path.decode("latin-1")
        now = now_us // 1000
        headers: dict[str, str] = {}
        route = ROUTES.get((request.method, path))
        if route is None:
            return _refused(Refusal(-1000, f"Path {path}, Method {request.method} is invalid", status=404), headers)
        call: Call | None = None
        position: int | None = None
        try:
            params = self._charge(route, request, path, query, now, headers)
            call = Call(self._sandbox, now, params, request.address)
            position = self._authenticate(route, call, request, query, now_us)
            route.check_known(params)
            found = self._run(route, call, headers)
        except Refusal as refusal:
            self._record(request, path, call, refusal, position)
            return _refused(refusal, headers)
        self._record(request, path, call, None, position)
        if request.headers.get("x-mbx-time-unit", "").lower() == "microsecond":
            found = _in_microseconds(found)
        return Answer(200, headers, _JSON.encode(found))

    def _charge(
        self, route: Route, request: Request, path: str, query: bytes, now: int, headers: dict[str, str]
    ) -> Params:
        """Count the request's weight; what cannot be read costs as little as the cheapest."""
        sapi, meter = path.startswith("/sapi/"), self._sandbox.meter
        unread: Refusal | None = None
        try:
            params = Params(query, request.body)
            weight = route.cost(params)
        except Refusal as refusal:
            unread, weight = refusal, 1
        used = meter.charge(request.address, weight, now, sapi=sapi)
        if sapi:
            headers["X-SAPI-USED-IP-WEIGHT-1M"] = str(used)
        else:
            headers["X-MBX-USED-WEIGHT"] = headers["X-MBX-USED-WEIGHT-1M"] = str(used)
        if unread is not None:
            raise unread
        return params

    def _run(self, route: Route, call: Call, headers: dict[str, str]) -> object:
        meter, now = self._sandbox.meter, call.now
        if route.orders:
            # Counted before they are placed, because a fill takes from the count at once.
            meter.check_orders(call.account.name, route.orders, now)
            meter.count_orders(call.account.name, route.orders, now)
        try:
            found = route.handler(call)
        except Refusal:
            if route.orders and not call.orders:
                meter.count_orders(call.account.name, -route.orders, now)
            raise
        if route.orders:
            short, long = meter.orders(call.account.name, now)
            headers["X-MBX-ORDER-COUNT-10S"], headers["X-MBX-ORDER-COUNT-1D"] = str(short), str(long)
        if route.free:
            used = meter.refund(call.address, route.cost(call.params), now)
            headers["X-MBX-USED-WEIGHT"] = headers["X-MBX-USED-WEIGHT-1M"] = str(used)
        return found

    def _authenticate(self, route: Route, call: Call, request: Request, query: bytes, now_us: int) -> int | None:
        """Find out who calls; the journal position of a trusted request."""
        if route.permission is None:
            return None
        if self._sandbox.trusted_secret is not None:
            return self._trust(call, request)
        api_key = request.headers.get("x-mbx-apikey", "")
        if _KEY.fullmatch(api_key) is None:
            raise Refusal(-2014, "API-key format invalid.", status=401)
        key = self._sandbox.keys.keys.get(api_key)
        if route.permission:
            payload, signature = split_signature(query, request.body)
            self._check_signed(call.params, signature, now_us)
            if key is None:
                raise not_permitted()
            if signature is None or not key.verify(payload, signature):
                raise Refusal(-1022, "Signature for this request is not valid.")
        if key is None or (key.addresses and request.address not in key.addresses):
            raise not_permitted()
        if route.permission and route.permission not in key.permissions:
            raise not_permitted()
        call.key = key
        call.caller = self._sandbox.account(key.account)
        return None

    @staticmethod
    def _check_signed(params: Params, signature: bytes | None, now_us: int) -> None:
        text = params.need("timestamp")
        if _WHOLE.fullmatch(text) is None:
            raise Refusal(-1100, "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,20}$'.")
        if not signature and "signature" not in params:
            raise mandatory("signature")
        check_time(int(text), window_us(params.text("recvWindow", "5000")), now_us)

    def _trust(self, call: Call, request: Request) -> int:
        """Believe the header that the gateway before this engine makes.

        Raises:
            Refusal: 401 if it is missing, wrong, older than two seconds or was seen before.
        """
        secret = self._sandbox.trusted_secret
        values = {name: request.headers.get(name.lower(), "") for name in trusted.HEADERS}
        position, stated = values[trusted.POSITION], values[trusted.TIME]
        if secret is None or not _WHOLE.fullmatch(position) or not _WHOLE.fullmatch(stated):
            raise _untrusted("The trusted header is missing or malformed.")
        right = trusted.mac(
            secret.reveal(), request.method.encode(), request.target, request.body, values[trusted.ACCOUNT],
            values[trusted.KEY], int(position), int(stated), values[trusted.DECISION],
        )  # fmt: skip
        if not same(right.encode(), values[trusted.MAC].encode()):
            raise _untrusted("The trusted header is not authentic.")
        if abs(call.now - int(stated)) > trusted.MAX_AGE_MS:
            raise _untrusted("The trusted header is too old.")
        if not self._sandbox.fresh_mac(right, call.now, 2 * trusted.MAX_AGE_MS):
            raise _untrusted("The trusted header was seen before.")
        account = self._sandbox.ledger.accounts.get(values[trusted.ACCOUNT])
        if account is None:
            raise not_permitted()
        call.caller = account
        return int(position)

    def _record(
        self, request: Request, path: str, call: Call | None, refusal: Refusal | None, position: int | None
    ) -> None:
        if request.method == "GET" or call is None or call.caller is None:
            return
        name = call.caller.name
        parameters = call.params.all()
        if call.orders:
            client_ids = tuple(order.client_id for order in call.orders)
        else:
            client_ids = tuple(value for key, value in parameters.items() if key.endswith("lientOrderId"))
        self._sandbox.received[name].append(
            Received(
                time=call.now,
                account=name,
                api_key=call.key.api_key if call.key else request.headers.get(trusted.KEY.lower(), ""),
                method=request.method,
                path=path,
                parameters=parameters,
                status=refusal.status if refusal else 200,
                code=refusal.code if refusal else 0,
                order_ids=tuple(order.order_id for order in call.orders),
                client_ids=client_ids,
                position=position,
            )
        )


def window_us(text: str) -> int:
    """``recvWindow`` in microseconds: milliseconds with up to three decimals, at most 60,000.

    Raises:
        Refusal: -1100 or -1131.
    """
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise Refusal(
            -1100, r"Illegal characters found in parameter 'recvWindow'; legal range is '^\d{1,5}(\.\d{1,3})?$'."
        )
    window = int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))
    if window > 60_000_000:
        raise Refusal(-1131, "'recvWindow' must be less than or equal to '60000'.")
    return window


def check_time(timestamp: int, window: int, now_us: int) -> None:
    """Whether a timestamp (ms or µs) lies within the window (µs).

    Raises:
        Refusal: -1021.
    """
    stated = timestamp if timestamp >= _FIRST_MICROSECONDS else timestamp * 1000
    if stated >= now_us + 1_000_000:
        raise Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if stated < _EARLIEST_US or now_us - stated > window:
        raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def _untrusted(message: str) -> Refusal:
    return Refusal(-1002, message, status=401)


def _refused(refusal: Refusal, headers: dict[str, str]) -> Answer:
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return Answer(refusal.status, headers, _JSON.encode(refusal.body()))


def _in_microseconds(found: object) -> object:
    if isinstance(found, dict):
        return {
            name: value * 1000 if name in _TIMES and isinstance(value, int) and value > 0 else _in_microseconds(value)
            for name, value in found.items()
        }
    if isinstance(found, list):
        # A candle is a row whose first and seventh places are times.
        if len(found) == 12 and isinstance(found[0], int) and isinstance(found[6], int):
            return [found[0] * 1000, *found[1:6], found[6] * 1000 + 999, *found[7:]]
        return [_in_microseconds(item) for item in found]
    return found
