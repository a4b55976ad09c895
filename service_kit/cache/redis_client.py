"""Connections to Redis by redis-py, which is imported only where there is one: who has none does not pay for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from credentials.errors import SettingInvalid

TIMEOUT_SECONDS = 0.25
"""How long one answer of Redis may take."""
_RUN = re.compile(r"^run_id:(\S+)", re.MULTILINE)
# What redis-py stumbles over in the handshake with something that is no Redis, besides its own errors.
_NO_REDIS = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def connect(url: str, greet: Callable[[Any], None] | None = None, **options: Any) -> Any:
    """A client, not connected yet. ``greet``: called with each connection made, to begin it by :func:`run_of`.

    Raises SettingInvalid for a URL that is none.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    settings = {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "decode_responses": True,
        # What somebody else put there may be no text; it is no reason to fail.
        "encoding_errors": "replace",
        # One more try at once, for a connection that was closed while it lay idle; never one after a timeout.
        "retry": Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        "redis_connect_func": greet or run_of,
    }
    try:
        client = redis.Redis.from_url(url, **settings | options)
        # Options in the URL are looked at only when a connection is made; this one is never opened.
        client.connection_pool.connection_class(**client.connection_pool.connection_kwargs)
    except (ValueError, TypeError, redis.RedisError) as error:
        raise SettingInvalid("TONGXING_REDIS_URL: not a Redis URL") from error
    return client


def failures() -> tuple[type[Exception], ...]:
    """What a client raises when Redis is not there, not willing, or no Redis."""
    from redis.exceptions import RedisError

    return RedisError, OSError


def run_of(connection: Any) -> str:
    """Begin a connection; the id of the run of Redis at its other end, or "" where one may not ask."""
    from redis.exceptions import ConnectionError, ResponseError

    try:
        connection.on_connect()
        connection.send_command("INFO", "server")
        found = _RUN.search(str(connection.read_response()))
    except ResponseError:
        # Then a restart shows by its broken connections alone.
        return ""
    except _NO_REDIS as error:
        raise ConnectionError("no Redis") from error
    if not found:
        # Some other server that says OK to everything would be asked for codes, and answer.
        raise ConnectionError("no Redis")
    return found[1]
