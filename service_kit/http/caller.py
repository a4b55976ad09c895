"""Who sent the present request (来源地址): one address in its many spellings, and who counts as one caller.

Only an address that our own proxies wrote is believed in place of the connection's, and only one that can be read as
one: a caller who could choose how theirs is written would have a limit for each spelling.
"""

from __future__ import annotations

import ipaddress
import re

from flask import current_app, g, request

from credentials.errors import InvalidRequest

TRUSTED_PROXIES, CALLER_HEADER = "TONGXING_TRUSTED_PROXIES", "TONGXING_CALLER_HEADER"
HOME_BITS = 64
"""Of an IPv6 address: what a network gives one home or phone at the least, which has the other 64 to choose from."""
MAX_ADDRESS_CHARACTERS = 100
_WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
# An IPv4 address in its last 32 bits: RFC 4291 section 2.5.5 (mapped, compatible), RFC 2765 section 2.1 (translated),
# RFC 6052 section 2.1 (NAT64). The shortest prefix that any of them has leaves no room beside the address.
_LAST_32 = [ipaddress.IPv6Network(each) for each in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96")]
_UNSPECIFIC = (ipaddress.IPv6Address("::"), ipaddress.IPv6Address("::1"))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def caller() -> str:
    """Where the present request came from: an IPv4 address, or the network of an IPv6 address, as one is written.

    Empty for a socket of the file system, which has none. Raises InvalidRequest for what our proxy wrote and is no
    address.
    """
    found: str | None = g.get("caller")
    if found is None:
        found = g.caller = _caller(current_app.config[TRUSTED_PROXIES], current_app.config[CALLER_HEADER])
    return found


def read_address(text: str) -> Address | None:
    """The address that ``text`` spells, with or without port, brackets, zone or quotes; None when it spells none.

    An IPv4 address inside an IPv6 one is that IPv4 address, since who has it is the same: mapped, compatible,
    translated, NAT64, 6to4 (RFC 3056) and Teredo (RFC 4380, the client's).
    """
    bare = text.strip(" \t").removeprefix('"').removesuffix('"')
    if len(bare) > MAX_ADDRESS_CHARACTERS:
        return None
    if found := _WITH_PORT.fullmatch(bare):
        bare = found[1] or found[2]
    try:
        # Without its zone (RFC 4007 section 11), which says on which of our own cables it came.
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return _unwrapped(address) if isinstance(address, ipaddress.IPv6Address) else address


def network_of(address: Address) -> str:
    """Who counts as one caller: an IPv4 address, an IPv6 network of :data:`HOME_BITS`."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), HOME_BITS), strict=False))
    return str(address)


def _unwrapped(address: ipaddress.IPv6Address) -> Address:
    if address in _UNSPECIFIC:
        return address
    if any(address in network for network in _LAST_32):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.sixtofour or (address.teredo and address.teredo[1])
    return inner or address


def _caller(trusted_proxies: int, header: str) -> str:
    written = request.headers.get(header, "").split(",")
    # Whoever asks past the proxies, as a probe from inside does, has written fewer entries than there are proxies.
    if trusted_proxies and len(written) >= trusted_proxies and written != [""]:
        address = read_address(written[-trusted_proxies])
        if address is None:
            raise InvalidRequest(f"{header}: no address where {TRUSTED_PROXIES} says one is")
        return network_of(address)
    address = read_address(request.remote_addr or "")
    return "" if address is None else network_of(address)
