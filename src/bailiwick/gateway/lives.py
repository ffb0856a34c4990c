"""How the gateway sees the life of a key: its own state, its service's standing and its account's state together."""

from bailiwick.model.life import Cause, Curb, KeyState, Life, Standstill, stricter
from bailiwick.model.party import Account
from bailiwick.store.rows import KeyRow

WIND_DOWN_US = 7 * 86_400_000_000  # after a key's own expiry, where nothing else is configured
_HELD = frozenset({KeyState.ACTIVE, KeyState.WINDING_DOWN, KeyState.FROZEN})


def life_of(row: KeyRow, account: Account | None, held: KeyState) -> Life:
    """The life in which a key is judged: the narrowest of its own, its service's and its account's.

    ``held`` is what the service's standing leaves of the key's state.
    """
    life = row.life
    if life.state not in _HELD:
        return life
    if held is not life.state:
        life = stricter(life, Life(held, Standstill(Cause.STANDING)))
    if account is not None and account.state is not KeyState.ACTIVE:
        cause = account.cause or Cause.ACCOUNT
        life = stricter(life, Life(account.state, Standstill(cause, (), account.since, account.until)))
    return life


def curb_of(row: KeyRow, life: Life, account: Account | None, wind_down_us: int) -> Curb | None:
    """How the key is held back; None for one that is active for ever."""
    if life.state is KeyState.ACTIVE and row.expires is None:
        return None
    still = life.still
    return Curb(
        still.suspect,
        frozenset(still.suspected),
        (still.since or 0) * 1000,
        None if still.until is None else still.until * 1000,
        row.on_expiry,
        wind_down_us,
        frozenset() if account is None else frozenset(account.home_assets),
    )
