"""Rules of whose orders a key touches: its own, unless its grant says otherwise."""

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Act, OrderRef
from bailiwick.model.life import KeyState
from bailiwick.model.money import of_asset
from bailiwick.model.reason import Reason
from bailiwick.rules import winding
from bailiwick.rules.case import Case
from bailiwick.rules.tracked import OrderState

_LISTS = frozenset({Act.LOOK_UP_LIST, Act.CANCEL_LIST})
_LOOKS = frozenset({Act.LOOK_UP, Act.LOOK_UP_LIST})


def target(case: Case) -> Deny | None:
    """A key looks up, cancels, amends and replaces orders that it placed."""
    if not case.authority.own_orders_only:
        return None
    intent = case.intent
    if intent.target is None:
        owned = False
    elif case.act in _LISTS:
        owned = case.ledger.owns_list(intent.target) and not _is_over(case, intent.target)
    elif intent.symbol is None:
        owned = False
    elif intent.target.order_id is None and case.act not in _LOOKS:
        # Another may have used the same client order id since: only while the key's own order lives is it surely that.
        order = case.ledger.find(intent.symbol, intent.target)
        owned = order is not None and order.state is not OrderState.ENDED
    else:
        owned = case.ledger.owns(intent.symbol, intent.target)
    if owned:
        return None
    reason = Reason.ORDER_NOT_OWN if case.act in _LOOKS else Reason.CANCEL_NOT_OWN
    return Deny(reason, f"the key placed no order {intent.target}")


def _is_over(case: Case, target: OrderRef) -> bool:
    """Whether a list that is to be cancelled by its name has ended: another may have used the name since."""
    if case.act is not Act.CANCEL_LIST or target.order_id is not None:
        return False
    symbol = case.intent.symbol
    return symbol is None or all(order.list_client_id != target.client_id for order in case.ledger.live(symbol))


def cancel_all(case: Case) -> Deny | None:
    """A cancel of everything becomes cancels of the key's own orders, one for each order or list."""
    curbed = case.state is not KeyState.ACTIVE
    if not (case.authority.own_orders_only or curbed) or case.intent.symbol is None:
        return None if case.intent.symbol is not None else Deny(Reason.CANCEL_NOT_OWN, "the request names no symbol")
    cancels: list[OrderRef] = []
    lists: set[int | str] = set()
    live = case.ledger.live(case.intent.symbol)
    for order in winding.spared(case, live) if curbed else live:
        together = order.list_id if order.list_id >= 0 else order.list_client_id or order.group
        if together != "" and together in lists:
            continue
        lists.add(together)
        cancels.append(OrderRef(order.order_id, order.client_id))
    if live and not cancels:
        return Deny(Reason.ORDER_PROTECTS, f"every open order of the key in {case.intent.symbol} protects")
    if not cancels:
        return Deny(Reason.CANCEL_NOT_OWN, f"the key has no open order in {case.intent.symbol}")
    case.cancels = tuple(cancels)
    return None


def client_ids(case: Case) -> Deny | None:
    """A client order id is not used again within 24 hours, nor twice in one request."""
    for leg in case.legs:
        client_id = leg.draft.client_id
        if client_id is not None and case.ledger.id_used(client_id, case.now_us):
            return Deny(Reason.CLIENT_ORDER_ID_USED, f"{client_id} was used within 24 hours")
    if len(case.legs) > 1:
        named = [leg.draft.client_id for leg in case.legs if leg.draft.client_id is not None]
        if len(set(named)) < len(named):
            return Deny(Reason.CLIENT_ORDER_ID_USED, "two orders of the request have the same id")
    return None


def amendment(case: Case) -> Deny | None:
    """An amendment only reduces."""
    intent = case.intent
    if intent.target is None or intent.symbol is None or intent.new_quantity is None:
        return Deny(Reason.UNPRICEABLE, "the amendment names no order or no quantity")
    order = case.ledger.find(intent.symbol, intent.target)
    if order is not None and intent.new_quantity > order.quantity:
        size = of_asset(order.quantity, order.base)
        return Deny(Reason.ORDER_NOTIONAL, f"an amendment only reduces an order of {size}")
    return None
