"""Asks an exchange what an account's own credential may do: signed here, since the credential stays here."""

import asyncio
from typing import TYPE_CHECKING

from bailiwick.link.exchange_questions import Inspect, InspectAnswer
from bailiwick.link.wire import Code, LinkError, Peer
from bailiwick.model.party import Account, Credential, Venue
from bailiwick.model.secret import Secret
from bailiwick.vault.errors import VaultError
from bailiwick.venues.dialect import Signer

if TYPE_CHECKING:
    from bailiwick.gateway.process import House


class Inspector:
    """Answers ``Inspect``."""

    def __init__(self, house: "House") -> None:
        self._house = house

    async def inspect(self, question: Inspect, peer: Peer) -> InspectAnswer:
        """What the exchange says; an exchange that is down is an answer, not a failure."""
        # A start does not wait for what asks exchanges: it is loaded when it is first used.
        from bailiwick.audit import venues  # noqa: PLC0415
        from bailiwick.audit.caller import Unreachable, inspect  # noqa: PLC0415
        from bailiwick.audit.question import AuditKey, Refused, UnfitKey  # noqa: PLC0415

        account, at, credential, signer = opened(self._house, question.account)
        side = self._house.links.venue(account.venue)
        venue = venues.VENUES.get(side.dialect.name)
        if venue is None:
            return InspectAnswer(venue="", sentence=f"keys of {account.venue} cannot be asked about")
        now_us = side.clock.now_us()
        if side.way.weight.paused_until_us > now_us:
            return InspectAnswer(
                venue=venue.name, api_key=credential.api_key, sentence="the exchange asked to wait; try again later"
            )
        key = AuditKey(credential.api_key, Secret(b""), signer=signer)
        try:
            facts = await asyncio.to_thread(
                inspect, venue, key, base_url=at.base_url, now_ms=now_us // 1000, local=account.local_address
            )
        except (Unreachable, Refused, UnfitKey) as error:
            return InspectAnswer(venue=venue.name, api_key=credential.api_key, sentence=str(error))
        return InspectAnswer(venue=venue.name, api_key=credential.api_key, facts=facts)


def opened(house: "House", account_id: str) -> tuple[Account, Venue, Credential, Signer]:
    """An account with its venue, its credential and what signs with it.

    Raises:
        LinkError: if there is none, or it does not open.
    """
    account = house.store.accounts.find(account_id)
    venue = None if account is None else house.store.venues.find(account.venue)
    if account is None or venue is None:
        raise LinkError(
            Code.NOT_FOUND, f"account {account_id[:80]}: there is none; `bailiwick account list` shows them"
        )
    credential = house.store.credential_of(account)
    if credential is None:
        raise LinkError(
            Code.REFUSED, f"account {account.id}: it has no credential in use; `bailiwick account rotate` takes one"
        )
    if venue.mode == "trusted":
        raise LinkError(Code.REFUSED, f"account {account.id}: its venue trusts the gateway's word and has no keys")
    house.links.load()
    try:
        return account, venue, credential, house.links.signer(account, credential)
    except VaultError as error:
        raise LinkError(Code.REFUSED, f"account {account.id}: its credential does not open: {error}") from None
