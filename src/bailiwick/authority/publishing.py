"""Reading the networks that a service publishes: a file, or an address that is fetched with care.

A list is text, a network a line with remarks behind ``#``, or JSON: a list of networks, or an object that has one under
``networks``.
"""

import contextlib
import http.client
import ipaddress
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MOST_BYTES = 1 << 20
MOST_NETWORKS = 1_000
PATIENCE_S = 10.0
LEAST_PREFIX = {4: 8, 6: 16}  # a network wider than that is nobody's own
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class PublishingError(ValueError):
    """A list of networks cannot be had, or makes no sense. The message says why, and what to do."""


def check_source(source: str) -> None:
    """Refuse what is neither a file's whole path nor an https address.

    Raises:
        PublishingError: if it is neither.
    """
    parts = urlsplit(source)
    if parts.scheme in {"http", "https"}:
        if not parts.hostname or parts.username is not None:
            raise PublishingError("networks_from: write it as https://example.com/networks.txt, without a password")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise PublishingError("networks_from: over http anybody on the way could add a network; write https://…")
    elif not Path(source).is_absolute():
        raise PublishingError("networks_from: a file's path from the root on, or an https address")


def read(source: str) -> tuple[str, ...]:
    """The networks that are published at a place. Blocks, for ``PATIENCE_S`` at most; for a thread.

    Raises:
        PublishingError: if they cannot be had, or make no sense.
    """
    check_source(source)
    return parsed(_fetched(source) if urlsplit(source).scheme in {"http", "https"} else _file(source))


def _file(source: str) -> bytes:
    try:
        with Path(source).open("rb") as file:
            return _limited(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise PublishingError(f"{source}: {error.strerror}; name a file that this user may read") from None


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nothing: another place than the one that was named may be anybody's."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _fetched(source: str) -> bytes:
    opener = urllib.request.build_opener(_Straight())  # certificates are verified, which is the library's default
    request = urllib.request.Request(source, headers={"User-Agent": "bailiwick"})  # noqa: S310  (its scheme is checked)
    try:
        with contextlib.closing(opener.open(request, timeout=PATIENCE_S)) as answer:
            if answer.status != http.client.OK:
                raise PublishingError(f"{source}: it answers {answer.status}; name the address of the list itself")
            return _limited(answer.read(MOST_BYTES + 1))
    except urllib.error.HTTPError as error:
        error.close()
        raise PublishingError(f"{source}: it answers {error.code}; name the address of the list itself") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise PublishingError(f"{source}: it cannot be fetched: {reason}") from None


def _limited(data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise PublishingError(f"the list has more than {MOST_BYTES} bytes")
    return data


def parsed(data: bytes) -> tuple[str, ...]:
    """The networks of a list, each once, in order.

    Raises:
        PublishingError: if it makes no sense, is empty, or names what no service has for itself.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise PublishingError("the list is not UTF-8") from None
    found = {_network(each) for each in _named(text)}
    if not found:
        raise PublishingError("the list is empty; nothing was changed")
    if len(found) > MOST_NETWORKS:
        raise PublishingError(f"the list has more than {MOST_NETWORKS} networks")
    return in_order(found)


def _named(text: str) -> list[str]:
    if not text.lstrip().startswith(("[", "{")):
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        return [line for line in lines if line]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise PublishingError("the list looks like JSON, and is none") from None
    listed = value.get("networks") if isinstance(value, dict) else value
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise PublishingError('the list is JSON without networks; write ["203.0.113.0/24"] or {"networks": […]}')
    return listed


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise PublishingError(f"{text[:80]!r} is not a network such as 203.0.113.0/24 without host bits") from None
    if network.prefixlen < LEAST_PREFIX[network.version]:
        raise PublishingError(f"{network}: no service has so many addresses for itself; nothing was changed")
    return network


def meeting(current: Sequence[str], listed: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What of a new list narrows what is in force, and what of it would widen that.

    Returns:
        The networks that are in both, by the smaller of two that overlap; and those of the list that reach further.
    """
    old = [ipaddress.ip_network(each) for each in current]
    new = [ipaddress.ip_network(each) for each in listed]
    kept = {a if a.prefixlen >= b.prefixlen else b for a in old for b in new if a.overlaps(b)}
    offered = {b for b in new if not any(a.version == b.version and b.subnet_of(a) for a in old)}  # type: ignore[arg-type]  # of one version
    return in_order(kept), in_order(offered)


def joined(current: Sequence[str], offered: Sequence[str]) -> tuple[str, ...]:
    """The networks in force together with those that a person accepts; none that another one holds."""
    found = [ipaddress.ip_network(each) for each in (*current, *offered)]
    four = ipaddress.collapse_addresses(each for each in found if isinstance(each, ipaddress.IPv4Network))
    six = ipaddress.collapse_addresses(each for each in found if isinstance(each, ipaddress.IPv6Network))
    return in_order([*four, *six])


def in_order(networks: Iterable[Network]) -> tuple[str, ...]:
    """Networks as text, those of IPv4 first."""
    return tuple(
        str(each) for each in sorted(networks, key=lambda net: (net.version, int(net.network_address), net.prefixlen))
    )
