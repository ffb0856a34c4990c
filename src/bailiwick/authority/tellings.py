"""What owners are told of what the gateway saw, in their words."""

from bailiwick.link.questions import Event
from bailiwick.model.life import CAUSE_WORDS
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.party import Key
from bailiwick.model.reason import Reason


def removed_key_used(event: Event, key: Key) -> Notice:
    """Somebody uses a key that is no more: a bot that was forgotten, or a thief with an old secret."""
    cause = getattr(key, "cause", None)
    why = f" {CAUSE_WORDS[cause]}" if cause in CAUSE_WORDS else ""
    return Notice(
        kind="removed_key_used",
        title="A key that was removed is being used",
        text=f"{_request(event)} The request was signed with the key's own secret and refused: the key is "
        f"{key.state.value}{why}. If that is a bot of yours, give it a new key; it does not trade until then, and "
        "cannot place a stop. If not, somebody has an old secret of yours.",
        urgency=Urgency.WARNING,
        key=event.key,
        account=event.account,
        matter=f"{key.state.value} since {getattr(key, 'since', None)}",
    )


def previous_secret_used(event: Event) -> Notice:
    """Somebody still signs with the secret that a rotation gave up: a client that was not moved yet, or a thief."""
    until = event.detail.get("until", "")
    return Notice(
        kind="previous_secret_used",
        title="The secret that was given up is still in use",
        text=f"A request at {event.detail.get('last', '')} was signed with the key's earlier secret. It works until "
        f"{until}; after that whoever signs with it is refused, and places no stop. Give that client the new secret "
        "before. If every client of yours has it already, somebody else has the old one: `bailiwick key rotate "
        f"{event.key} --leaked` ends it at once.",
        urgency=Urgency.WARNING,
        key=event.key,
        account=event.account,
        matter=f"until {until} at {event.position}",
    )


def unfamiliar_client(event: Event) -> Notice:
    """A key is used by a client that speaks as none of its service's: another program, a new version, or a thief."""
    service, digest = event.detail.get("service", ""), event.detail.get("fingerprint", "")
    return Notice(
        kind="unfamiliar_client",
        title="A key is used by a client that its service has not named",
        text=f"{_request(event)} It was signed with the key's own secret and judged as ever; but its sender speaks "
        f"otherwise than the clients that are named for {service}. After an update of it that is to be expected: "
        f"`bailiwick journal search --kind fingerprint` shows {digest} in full, and `bailiwick service edit {service} "
        "--fingerprint` names it beside the others. If it is not yours, `bailiwick key not-me` stops the key.",
        urgency=Urgency.WARNING,
        key=event.key,
        account=event.account,
        matter=digest,
    )


def refused(event: Event, key: Key) -> Notice:
    """A client reads -2015 "Invalid API-key, IP, or permissions for action"; its owner reads which of the three."""
    name = event.detail.get("reason", "")
    reason = Reason[name] if name in Reason.__members__ else None
    sentence = "" if reason is None else f"{reason.sentence} {reason.remedy}"
    detail = event.detail.get("detail", "")
    return Notice(
        kind="refused",
        title="A key's request was refused, and its client is not told why",
        text=f"{_request(event)} The client reads -2015, which says that the key, its address or its permission is "
        f"wrong. It was {name or 'refused'}: {sentence}{f' ({detail})' if detail else ''}",
        urgency=Urgency.WARNING,
        key=event.key,
        account=event.account,
        matter=name,
    )


def _request(event: Event) -> str:
    request, source = event.detail.get("request", "a request"), event.detail.get("source", "an unknown address")
    return f"{request} came from {source}."
