"""Tokens of the control API: issued, listed, revoked, and recognised."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import final

from bailiwick.authority.acts import Act, Acts
from bailiwick.authority.show import moment
from bailiwick.authority.token_verbs import IssueToken, ListTokens, RevokeToken, TokenAnswer, TokensAnswer, TokenView
from bailiwick.authority.verbs import MOST_ROWS
from bailiwick.link.wire import Code, LinkError
from bailiwick.logs import log
from bailiwick.model.credential import SECRET_RANDOM_BYTES, make_token, parse_token
from bailiwick.model.token import Role, Token, digest_of
from bailiwick.store.errors import StoreError
from bailiwick.store.store import Store

USE_NOTED_MS = 60_000  # a token's last use is written down no oftener
_SPAN = re.compile(r"([1-9][0-9]{0,4})([dh])")
_SPAN_MS = {"d": 86_400_000, "h": 3_600_000}


@final
class Tokens:
    """The authority over tokens."""

    def __init__(self, store: Store, acts: Acts, clock: Callable[[], int]) -> None:
        self._store = store
        self._acts = acts
        self._clock = clock

    async def issue(self, question: IssueToken, actor: str) -> TokenAnswer:
        """Issue a token; its text is in the answer and nowhere else."""
        if question.role not in set(Role):
            raise LinkError(Code.REFUSED, f"role: {question.role[:40]!r} is none; choose from {', '.join(Role)}")
        secret = make_token(secrets.token_bytes(SECRET_RANDOM_BYTES))
        now = self._clock()
        token = Token(
            id=f"t-{secrets.token_hex(8)}",
            name=question.name,
            digest=digest_of(secret.reveal().decode()),
            role=Role(question.role),
            created=now,
            expires=expiry(question.expires, now),
            owner=question.owner,
            scopes=tuple(sorted(set(question.scopes))),
            person=question.person,
        )
        notes: tuple[str, ...] = ()
        if token.owner and token.owner not in {account.owner for account in self._store.accounts.list()}:
            notes = (f"no account belongs to {token.owner!r} yet; write owners as `bailiwick account show` does",)
        async with self._acts.turn():
            shown = _shown(token, now)
            after = {name: getattr(shown, name) for name in ("name", "role", "owner", "scopes", "person", "expires")}
            act = Act(actor=actor, act="token.issue", subject=token.id, after=after, reason=question.reason)
            _, done = await self._acts.perform(act, lambda: self._store.tokens.add(token))
        return TokenAnswer(token=shown, secret=secret, position=done.position, notes=notes)

    async def list(self, question: ListTokens, actor: str) -> TokensAnswer:
        """Tokens by name."""
        if not 1 <= question.limit <= MOST_ROWS:
            raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_ROWS}")
        found = self._store.tokens.list(after=question.after, limit=question.limit + 1)
        now = self._clock()
        rows = tuple(_shown(token, now) for token in found[: question.limit])
        return TokensAnswer(rows=rows, more=len(found) > question.limit)

    async def revoke(self, question: RevokeToken, actor: str) -> TokenAnswer:
        """Revoke a token."""
        async with self._acts.turn():
            token = self._store.tokens.get(question.id)
            now = self._clock()
            if token.revoked is not None:
                return TokenAnswer(token=_shown(token, now), notes=("it is revoked already",))
            act = Act(
                actor=actor, act="token.revoke", subject=token.id, after={"name": token.name}, reason=question.reason
            )
            _, done = await self._acts.perform(act, lambda: self._store.tokens.revoke(token.id, now))
        return TokenAnswer(token=_shown(self._store.tokens.get(token.id), now), position=done.position)

    def recognise(self, text: str) -> Token | None:
        """The token of this text, if it is in force now. Looked up each time, so that a revocation holds at once."""
        try:
            parse_token(text)  # a slip of the pen does not reach the database
        except ValueError:
            return None
        token = self._store.tokens.of_digest(digest_of(text))
        now = self._clock()
        if token is None or not token.in_force(now):
            return None
        if token.last_used is None or now - token.last_used >= USE_NOTED_MS:
            try:
                self._store.tokens.record_use(token.id, now)
            except StoreError as error:
                log.warning("the use of a token is not noted", token=token.name, why=str(error))
        return token


def expiry(text: str, now: int) -> int:
    """A span such as ``30d`` or ``12h`` from now on, or a moment with its offset, in ms.

    Raises:
        ValueError: if it is neither.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + int(span[1]) * _SPAN_MS[span[2]]
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return int(found.astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        pass
    raise ValueError("expires: write 30d, 12h or a moment such as 2027-01-31T12:00:00Z")


def _shown(token: Token, now: int) -> TokenView:
    state = "revoked" if token.revoked is not None else "in force" if token.in_force(now) else "expired"
    return TokenView(
        id=token.id,
        name=token.name,
        role=token.role.value,
        owner=token.owner,
        scopes=token.scopes,
        person=token.person,
        state=state,
        created=moment(token.created) or "",
        expires=moment(token.expires) or "",
        last_used=moment(token.last_used),
    )
