"""``bailiwick key``: keys, from issuing to revoking."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from bailiwick.authority.notice_verbs import NotMe, OrdersOfKey
from bailiwick.authority.service_verbs import WorstLoss
from bailiwick.authority.verbs import (
    ActAnswer,
    EditKey,
    ExplainKey,
    IssueKey,
    Kind,
    ListParties,
    Move,
    RotateKey,
    SuspectKey,
    UseOfKey,
)
from bailiwick.cli.acting import COLUMNS, add_moves, add_views, carry_out
from bailiwick.cli.asking import read_text
from bailiwick.cli.canary import canaries, canary
from bailiwick.cli.exits import Exit
from bailiwick.cli.grant import NO_PRESET, Preset, grant_text
from bailiwick.cli.incident import print_incident, print_orders
from bailiwick.cli.options import ACTING, COMMON, LONG_S, Acting, Common, InputFile, group, span_s
from bailiwick.cli.output import print_act, print_json, print_list, print_table, remark, say
from bailiwick.cli.propose import propose
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.life import DIFFERENCE, Response
from bailiwick.rules.describe import describe

OnEvent = Literal["notice", "wind-down", "freeze", "revoke"] | None
OnStop = Literal["wind-down", "freeze", "revoke"] | None

app = group("key", "Keys: each for one account and one service, drawn exactly.")


@app.command(
    help_epilogue="Example: bailiwick key issue --account main --service gridbot --preset grid-bot "
    "--symbol BTCUSDT --budget 2000"
)
def issue(
    *,
    account: str,
    service: str,
    grant: InputFile = None,
    preset: Preset = NO_PRESET,
    public_key: InputFile = None,
    name: str = "",
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Issue a key, by a grant in a file or by a preset. An HMAC secret is shown once and never again.

    Parameters
    ----------
    account: str
        The account that it acts for.
    service: str
        The service that it is handed to.
    grant: Path
        A file (- for standard input) with the grant in TOML, as docs/grant.md has it.
    public_key: Path
        A file with the client's Ed25519 or RSA public key in PEM; without one the key is HMAC.
    name: str
        What it is called.
    reason: str
        Why; it is written in the journal.
    """
    question = IssueKey(
        account=account,
        service=service,
        grant=grant_text(grant, preset),
        public_key=read_text("public key", public_key).encode(),
        name=name,
        reason=reason,
    )
    answer = common.ask(question)
    if common.json:
        print_json(answer)
        return
    print_act(msgspec.structs.replace(answer, difference=()), json=False, what=f"key {answer.id} issued")
    say(f"what it may do (`bailiwick key show {answer.id}` prints it as TOML):")
    for line in describe(grant_from_toml(question.grant)):
        say(f"  {line}")
    if answer.worst is not None:
        say(f"worst loss a day: {answer.worst.most} {_of_what(answer.worst)}")
    _tell(answer, json=False)


def _of_what(worst: WorstLoss) -> str:
    if worst.unbounded_keys:
        return "(set how_much.day_notional, or how_much.loss_per_day for a key that only buys)"
    return f"{worst.currency}, by trading at the edge of its bands and with fees"


def _tell(answer: ActAnswer, *, json: bool) -> None:
    """The secret, once."""
    if json:
        return
    say()
    say(f"key     {answer.id}")
    if answer.secret is None:
        say("secret  the client's own private key")
        return
    say(f"secret  {answer.secret.reveal().decode()}")
    remark("The secret is shown this once: nobody here can read it again. If it is lost, `bailiwick key rotate`.")


@app.command(name="list", help_epilogue="Example: bailiwick key list --service gridbot --state active")
def rows(
    *,
    account: str = "",
    service: str = "",
    state: str = "",
    after: str = "",
    limit: int = 200,
    common: Common = COMMON,
) -> None:
    """List keys by id.

    Parameters
    ----------
    account: str
        Only those of this account.
    service: str
        Only those of this service.
    state: str
        Only those in this state: active, winding_down, frozen, revoked, expired or pending.
    after: str
        Only those with a greater id.
    limit: int
        How many at most.
    """
    question = ListParties(kind=Kind.KEY, account=account, service=service, state=state, after=after, limit=limit)
    print_list(common.ask(question), COLUMNS[Kind.KEY], json=common.json)


@app.command(
    help_epilogue=f"The difference, for a key: {DIFFERENCE}\n\nExample: bailiwick key edit bwk_… --grant grant.toml"
)
def edit(
    id: str,
    /,
    *,
    grant: InputFile = None,
    name: str | None = None,
    service: str | None = None,
    on_expiry: OnStop = None,
    on_idle: OnEvent = None,
    on_alert: OnEvent = None,
    on_compromise: OnStop = None,
    acting: Acting = ACTING,
    common: Common = COMMON,
) -> None:
    """Change a key's grant or name, or hand it to another service; shows the difference first.

    Account and kind are its own for life. A service that held a key once still knows its secret: rotate it.

    Parameters
    ----------
    id: str
        Which one.
    grant: Path
        A file (- for standard input) with the whole new grant in TOML; `bailiwick key show` prints the present one.
    name: str
        What it is called.
    service: str
        The service that holds it from now on; by itself, without another change.
    on_expiry: str
        What happens when its time runs out: wind-down, freeze or revoke.
    on_idle: str
        What happens when it lies idle: notice (you are told, and nothing is done), wind-down, freeze or revoke.
    on_alert: str
        What happens when it is suspected of abuse: notice, wind-down, freeze or revoke.
    on_compromise: str
        What happens when its service is compromised: wind-down, freeze or revoke.
    """
    question = EditKey(
        id=id,
        service=UNSET if service is None else service,
        grant=UNSET if grant is None else read_text("grant", grant),
        name=UNSET if name is None else name,
        on_expiry=_wish(on_expiry),
        on_idle=_wish(on_idle),
        on_alert=_wish(on_alert),
        on_compromise=_wish(on_compromise),
        reason=acting.reason,
    )
    carry_out(question, f"key {id} edited", acting, common)


@app.command(help_epilogue="Example: bailiwick key rotate bwk_… --overlap 1h")
def rotate(
    id: str,
    /,
    *,
    public_key: InputFile = None,
    overlap: str = "",
    leaked: bool = False,
    acting: Acting = ACTING,
    common: Common = COMMON,
) -> None:
    """Give a key another secret under the same id. Budgets, holdings, open orders and history stay with it.

    Parameters
    ----------
    id: str
        Which one.
    public_key: Path
        For an Ed25519 or RSA key: a file with the client's new public key in PEM.
    overlap: str
        How long the old secret works as well, so that a bot can be moved without a pause: 30m, 1h or 2d, at most 30d
        and never past the key's own expiry. Without it the old secret stops at once.
    leaked: bool
        Somebody else has the old secret: it stops at once, and there is no overlap.
    """
    question = RotateKey(
        id=id,
        public_key=read_text("public key", public_key).encode(),
        overlap_s=span_s("overlap", overlap) if overlap else 0,
        leaked=leaked,
        reason=acting.reason,
    )
    stops = f"its old secret works for {overlap} more at most" if overlap else "its old secret stops working at once"
    answer = carry_out(question, f"key {id} rotated: {stops}", acting, common)
    _tell(answer, json=common.json)


@app.command(
    help_epilogue="Example: bailiwick key explain bwk_… POST /api/v3/order "
    "'symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=60000'"
)
def explain(
    id: str,
    method: str,
    path: str,
    parameters: str = "",
    /,
    *,
    source: str = "127.0.0.1",
    common: Common = COMMON,
) -> int:
    """Say whether a request of this key would be allowed now, and by which rule not. Nothing is sent.

    Parameters
    ----------
    id: str
        Which key.
    method: str
        GET, POST, PUT or DELETE.
    path: str
        The endpoint, such as /api/v3/order.
    parameters: str
        Its parameters as a query, without timestamp and signature.
    source: str
        The address that it would come from.
    """
    target = f"{path}?{parameters}" if parameters else path
    answer = common.ask(ExplainKey(key=id, method=method.upper(), target=target, source=source))
    if common.json:
        print_json(answer)
    else:
        say("allowed" if answer.allowed else f"denied: {answer.reason}: {answer.sentence}")
        if answer.detail:
            say(f"  {answer.detail}")
        if answer.remedy:
            say(f"  {answer.remedy}")
        if answer.steps:  # what is not understood comes before no rule
            print_table(
                ("rule", "outcome", "detail"), [(each.rule, each.outcome, each.detail) for each in answer.steps]
            )
    return Exit.DONE if answer.allowed else Exit.FOUND_ERRORS


@app.command(help_epilogue="Example: bailiwick key use bwk_…")
def use(id: str, /, *, common: Common = COMMON) -> None:
    """Show what a key has used of its budgets, what it holds, and its open orders.

    Parameters
    ----------
    id: str
        Which one.
    """
    answer = common.ask(UseOfKey(key=id))
    if common.json:
        print_json(answer)
        return
    budgets = [(each.name, each.used, each.reserved, each.limit or "no limit", each.unit) for each in answer.budgets]
    print_table(("budget", "used", "reserved", "limit", "unit"), budgets)
    if answer.holdings:
        print_table(("holds", "quantity"), [(each.asset, each.quantity) for each in answer.holdings])
    if answer.open_orders:
        orders = [
            (each.client_order_id, each.symbol, each.side, each.quantity, each.executed, each.state)
            for each in answer.open_orders
        ]
        print_table(("order", "symbol", "side", "quantity", "executed", "state"), orders)


@app.command(name="not-me", help_epilogue="Example: bailiwick key not-me bwk_… --order 4711")
def not_me(
    id: str,
    /,
    *,
    order: str = "",
    hours: int = 24,
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Say that this was not you: the key winds down, its orders are disputed, and a file for the exchange is written.

    It is done at once and without a question. A signed-in person undoes it: `bailiwick key unfreeze`.

    Parameters
    ----------
    id: str
        Which key.
    order: str
        One order: the number of its record, as `bailiwick key orders` and notices have it, or its client order id.
        Without it, all orders of the key in the last hours.
    hours: int
        How far back.
    reason: str
        What happened; it is written in the journal and the incident.
    """
    question = NotMe(key=id, order=order, hours=hours, reason=reason)
    print_incident(common.ask(question, timeout_s=LONG_S), json=common.json)


@app.command(help_epilogue="Example: bailiwick key suspect bwk_… --symbol AXSUSDT --reason 'buys against the book'")
def suspect(
    id: str,
    /,
    *,
    symbol: tuple[str, ...] = (),
    reason: str,
    common: Common = COMMON,
) -> None:
    """Say that a key is suspected of abuse: it winds down slowly, and in the symbols in question it does nothing.

    It is done at once and without a question, and its owner is told. It sells at most a quarter of a position an hour,
    near the anchor price and never at the market; stops that protect stay. A key that winds down already is narrowed;
    one that is frozen does less as it is. `bailiwick key not-me` says more: that the orders were somebody else's. A
    signed-in person undoes it: `bailiwick key unfreeze`.

    Parameters
    ----------
    id: str
        Which key.
    symbol: tuple[str, ...]
        A symbol in which it may do nothing, where only orders that rest already live on; may be given several times.
    reason: str
        Why; its owner and the journal are told.
    """
    answer = common.ask(SuspectKey(id=id, symbols=symbol, reason=reason))
    print_act(answer, json=common.json, what=f"key {id} winding down, suspect")


@app.command(help_epilogue="Example: bailiwick key orders bwk_… --hours 48")
def orders(id: str, /, *, hours: int = 24, limit: int = 20, common: Common = COMMON) -> None:
    """Show the latest orders of a key, out of the journal, each with its "not me".

    Parameters
    ----------
    id: str
        Which key.
    hours: int
        How far back.
    limit: int
        How many at most.
    """
    answer = common.ask(OrdersOfKey(key=id, hours=hours, limit=limit), timeout_s=LONG_S)
    if common.json:
        print_json(answer)
        return
    print_orders(answer)


def _wish(choice: str | None) -> Response | UnsetType:
    return UNSET if choice is None else Response(choice)


app.command(
    propose, help_epilogue="Example: bailiwick key propose main --for grid-bot --service gridbot --toml > grant.toml"
)
app.command(canary, help_epilogue="Example: bailiwick key canary --label 'laptop backup' --account main")
app.command(canaries, help_epilogue="Example: bailiwick key canaries --account main")
add_views(app, Kind.KEY)
add_moves(app, Kind.KEY, Move.FREEZE, Move.UNFREEZE, Move.WIND_DOWN, Move.REVOKE)
