"""Limits on how much one caller may ask for in an hour, by address or by client; counted where other processes see it.

An hour is one of the clock's. Behind a reverse proxy the address is the proxy's for everybody, unless
``TONGXING_TRUSTED_PROXIES`` says how many of them to believe.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from flask import request

from credentials.errors import RateLimited
from service_kit.cache import Cache
from service_kit.clock import HOUR_SECONDS, Clock

_IPV6_HOME = 64
"""Bits of an IPv6 address that whoever has one cannot choose."""
_MAX_ADDRESS_CHARACTERS = 45


class Limit(NamedTuple):
    """At most ``most`` of ``what`` an hour, for each that is counted."""

    what: str
    most: int


class Limits:
    """The counts of one service."""

    def __init__(self, service: str, cache: Cache, clock: Clock) -> None:
        self._service, self._cache, self._clock = service, cache, clock

    def count(self, limit: Limit, who: str, by: int = 1) -> None:
        """Count ``by`` more of ``limit`` under ``who``. Raises RateLimited, naming the seconds until the hour ends."""
        hour, gone = divmod(self._clock.now(), HOUR_SECONDS)
        left = HOUR_SECONDS - gone
        if self._cache.increment(f"limit:{self._service}:{limit.what}:{who}:{hour}", left, by) > limit.most:
            raise RateLimited(f"more than {limit.most} an hour", retry_after=left)


def caller() -> str:
    """Where this request came from: an IPv4 address, or the network of an IPv6 address."""
    address = request.remote_addr or ""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        # What a trusted proxy wrote there.
        return address[:_MAX_ADDRESS_CHARACTERS]
    if parsed.version == 6:
        return str(ipaddress.ip_network((int(parsed), _IPV6_HOME), strict=False))
    return str(parsed)
