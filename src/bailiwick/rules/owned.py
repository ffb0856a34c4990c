"""Which orders and lists a key placed, by the names it gave them and by the numbers that the venue gave them.

What is tracked is never forgotten. Of what has ended so many of the newest are remembered, so that a question about an
old order is still answered to the one who placed it, and to nobody else.
"""

from collections.abc import Mapping
from typing import final

from bailiwick.model.intent import OrderRef
from bailiwick.rules.tracked import Tracked


@final
class Owned:
    """The names and numbers of one key. ``tracked`` are the orders its ledger tracks, ``most`` how many more are kept.

    A number is -1 as long as the venue has told none.
    """

    __slots__ = ("_list_names", "_most", "_tracked", "lists", "numbers", "places")

    def __init__(self, tracked: Mapping[str, Tracked], most: int) -> None:
        self.places: dict[str, tuple[str, int]] = {}  # client order id → symbol and number, oldest first
        self.numbers: dict[tuple[str, int], str] = {}  # the other way round, where there is a number
        self.lists: dict[int, str] = {}  # a list's number → the name that the client gave it
        self._list_names: dict[str, int] = {}  # how often each of these stands there or in a tracked order
        self._tracked = tracked
        self._most = most

    def resume(self, places: dict[str, tuple[str, int]], lists: dict[int, str]) -> None:
        """Begin with what was owned before a restart; lists of tracked orders are named as those are tracked again."""
        self.places = places
        self.numbers = {place: client_id for client_id, place in places.items() if place[1] >= 0}
        self.lists = dict(lists)
        for name in lists.values():
            self.name_list(name)

    def client_id(self, symbol: str, ref: OrderRef) -> str | None:
        """The client order id of the key's own order that a request or an answer names, or None."""
        if ref.order_id is not None:
            client_id = self.numbers.get((symbol, ref.order_id))
            return client_id if ref.client_id in (None, client_id) else None
        if ref.client_id is None:
            return None
        place = self.places.get(ref.client_id)
        return ref.client_id if place is not None and place[0] == symbol else None

    def has_list(self, ref: OrderRef) -> bool:
        """Whether the key placed the order list that a request names."""
        if ref.order_id is None:
            return ref.client_id in self._list_names
        return ref.order_id in self.lists and ref.client_id in (None, self.lists[ref.order_id])

    def take(self, order: Tracked) -> None:
        """Note an order that is tracked, and its number once it has one."""
        number = -1 if order.order_id is None else order.order_id
        before = self.places.get(order.client_id)
        if before is not None and before[1] != number:
            self.numbers.pop(before, None)  # of an order of long ago: its trades are not those of this one
        self.places[order.client_id] = (order.symbol, number)
        if number >= 0:
            self.numbers[order.symbol, number] = order.client_id
        if len(self.places) > self._most + len(self._tracked):
            oldest = next(client_id for client_id in self.places if client_id not in self._tracked)
            self.numbers.pop(self.places.pop(oldest), None)
        if len(self.lists) > self._most:
            self.unname_list(self.lists.pop(next(iter(self.lists))))

    def take_list(self, number: int, name: str) -> None:
        """Note the number of a list."""
        if number not in self.lists:
            self.lists[number] = name
            self.name_list(name)

    def name_list(self, name: str) -> None:
        """Count one more place in which a list's name stands; "" is none."""
        if name:
            self._list_names[name] = self._list_names.get(name, 0) + 1

    def unname_list(self, name: str) -> None:
        """Count one less; a name that stands nowhere is no longer the key's own."""
        left = self._list_names.get(name, 0) - 1
        if left > 0:
            self._list_names[name] = left
        else:
            self._list_names.pop(name, None)
