"""Whether an address lies in the networks that a grant names."""

import ipaddress
from typing import NamedTuple


class Network(NamedTuple):
    """A network as the numbers that a comparison needs."""

    version: int
    address: int
    mask: int


Networks = tuple[Network, ...]


def read_networks(texts: tuple[str, ...]) -> Networks:
    """The networks as numbers."""
    parsed = (ipaddress.ip_network(text) for text in texts)
    return tuple(Network(each.version, int(each.network_address), int(each.netmask)) for each in parsed)


def admits(conditions: tuple[Networks, ...], address: str) -> bool:
    """Whether the address lies in a network of every condition. What is not an address lies nowhere.

    An IPv4 address in IPv6 clothes (``::ffff:192.0.2.1``) is the IPv4 address.
    """
    if not conditions:
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    version, number = parsed.version, int(parsed)
    return all(
        any(version == each.version and number & each.mask == each.address for each in networks)
        for networks in conditions
    )
