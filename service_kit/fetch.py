"""Fetching over HTTP: https only (except to this machine), bounded in bytes and time, no redirects, no cookies.

A gate calls no address that a member chose, and a server that trickles its content or never ends it costs no more than
the limits below.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakSet

import requests
import structlog
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, NameResolutionError
from urllib3.util import parse_url

from credentials.errors import FetchFailed, FetchTooLarge, SettingInvalid

CONNECT_SECONDS = 5
READ_SECONDS = 10
"""Longest silence within an answer."""
TOTAL_SECONDS = 60
"""Longest request, from its start to the last byte of the answer; a TLS handshake has the limits above alone."""
MAX_ETAG_CHARACTERS = 200
"""A longer ETag is not taken up; the file is then sent whole each time."""
_AGAIN_SECONDS = 1.0
"""How soon a request is cut off once more that was not yet connected the first time."""
_CHUNK_BYTES = 65_536


_LATE = "it did not come in time; is it overloaded?"
_CERTIFICATE = "its certificate is not believed; is the name right, is TONGXING_CA_FILE that of its authority?"
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLError, _CERTIFICATE),
    (requests.exceptions.SSLError, _CERTIFICATE),
    (NameResolutionError, "there is no host of this name; is it spelt right?"),
    (ConnectionRefusedError, "nobody listens there; is it running, is the port right?"),
    (requests.ConnectTimeout, "it cannot be reached; is it running, does a firewall stand between?"),
    (requests.ReadTimeout, "it is silent; is it overloaded?"),
    (ConnectionResetError, "it broke the connection off"),
)


class Response(NamedTuple):
    """An answer read whole. ``etag`` as the server gave it; None when it gave none, or a very long one."""

    status: int
    body: bytes
    etag: str | None

    @property
    def not_modified(self) -> bool:
        return self.status == HTTPStatus.NOT_MODIFIED


class Fetcher:
    """Fetches and sends. Safe to use from several threads; each keeps its own connections.

    ``total_seconds``: the longest request. ``ca_file``: PEM certificates of the only authorities that are believed;
    by default those that browsers believe. Raises SettingInvalid when there are none in it.
    """

    def __init__(self, total_seconds: float = TOTAL_SECONDS, *, ca_file: Path | None = None) -> None:
        if ca_file is not None:
            require_authorities(ca_file)
        self._total_seconds, self._ca_file = total_seconds, ca_file
        self._local = threading.local()

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        """Close this thread's connections."""
        self._session().close()

    def get(
        self, url: str, *, limit: int, etag: str | None = None, past: str | None = None, seconds: float | None = None
    ) -> Response:
        """The answer to GET ``url``, at most ``limit`` bytes; 304 when ``etag`` still holds.

        ``past``: letters and digits that stand for a bad copy which was got before. Then the answer must come past the
        caches on the way: those that never ask again for what is called immutable know the address with this query
        only if they have learned it since. ``seconds``: the longest request, where that is not the usual.

        Raises FetchFailed (with ``status`` when there was one) for anything but 200, or 304 where an ``etag`` was
        given; FetchTooLarge; SettingInvalid for an address that is not safe.
        """
        headers = {"If-None-Match": etag} if etag else {}
        if past:
            url, headers = f"{url}?past={past}", {"Cache-Control": "no-cache"}
        answer = self.send("GET", url, limit=limit, headers=headers, seconds=seconds)
        if answer.status != 200 and not ("If-None-Match" in headers and answer.not_modified):
            raise FetchFailed(f"status {answer.status}", answer.status, place_of(url))
        return answer

    def send(
        self,
        method: str,
        url: str,
        *,
        limit: int,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        seconds: float | None = None,
    ) -> Response:
        """The answer to any request, whatever its status: a redirect is an answer, and is not followed.

        Raises FetchFailed without a whole answer, FetchTooLarge, SettingInvalid for an address that is not safe.
        """
        require_safe(url)
        session = self._session()
        deadline = time.monotonic() + (self._total_seconds if seconds is None else seconds)
        try:
            with (
                _cut_off_after(deadline, self._local.adapter),
                session.request(
                    method,
                    url,
                    data=body,
                    headers=_passed_on() | (headers or {}),
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as answer,
            ):
                content = _read(answer, limit, deadline)
                etag = answer.headers.get("ETag", "")
                return Response(answer.status_code, content, etag if 0 < len(etag) <= MAX_ETAG_CHARACTERS else None)
        except (requests.RequestException, HTTPError) as error:
            # A connection that we cut off ourselves breaks in one way or another.
            why = _LATE if time.monotonic() > deadline else _why(error)
            raise FetchFailed(f"no whole answer: {why}", address=place_of(url)) from error

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            adapter = self._local.adapter = _Adapter()
            for scheme in ("https://", "http://"):
                session.mount(scheme, adapter)
            # Neither proxies nor .netrc passwords of the environment: what is fetched here is public and signed.
            session.trust_env = False
            if self._ca_file is not None:
                session.verify = str(self._ca_file)
            # A cookie would let a mirror tell gates apart.
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.headers.update({"Accept-Encoding": "identity", "User-Agent": "tongxing"})
        return session


class _Adapter(HTTPAdapter):
    """Knows its connections, so that one can be cut off from outside while it waits for a byte."""

    def __init__(self) -> None:
        self._connections: WeakSet[HTTPConnection] = WeakSet()
        self._lock = threading.Lock()
        super().__init__()

    def get_connection_with_tls_context(self, *arguments: Any, **named: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*arguments, **named)
        connection_class = type(pool).ConnectionCls

        def make(**settings: Any) -> Any:
            connection = connection_class(**settings)
            with self._lock:
                self._connections.add(connection)
            return connection

        pool.ConnectionCls = make
        return pool

    def cut_off(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            # One that is not connected has nothing to cut.
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def _cut_off_after(deadline: float, adapter: _Adapter) -> Iterator[None]:
    """End what goes through ``adapter`` from then on: a byte now and then keeps every single read alive."""
    is_done = threading.Event()

    def watch() -> None:
        wait = max(0.0, deadline - time.monotonic())
        while not is_done.wait(wait):
            adapter.cut_off()
            wait = _AGAIN_SECONDS

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        is_done.set()


def place_of(url: str) -> str:
    """An address for a message: without what may be a password or a question."""
    try:
        parts = parse_url(url)
    except HTTPError:
        return "that address"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.host or ''}{port}{parts.path or ''}"


def _why(error: Exception) -> str:
    """Why there is no answer, and what to look at; where that is not known, the error's name."""
    causes: list[BaseException] = [error]
    while (cause := _cause_of(causes[-1])) is not None and cause not in causes:
        causes.append(cause)
    known = (words for kind, words in _REASONS if any(isinstance(cause, kind) for cause in causes))
    return next(known, type(error).__name__)


def _cause_of(error: BaseException) -> BaseException | None:
    # urllib3 keeps the cause in ``reason``, requests in its arguments.
    inner = getattr(error, "reason", None) or next(iter(error.args), None)
    return inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__


def _passed_on() -> dict[str, str]:
    """The id of the request that is being answered, so that two services' logs of it can be laid side by side."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return {"X-Request-Id": request_id} if request_id else {}


def require_safe(url: str, setting: str = "") -> None:
    """Raise SettingInvalid, naming ``setting`` or the address, unless ``url`` is https, or http to this machine."""
    try:
        # The parser of the client that will connect: two parsers may differ about which part is the host.
        parts = parse_url(url)
    except HTTPError as error:
        raise SettingInvalid(f"{setting or 'address'}: not an address, as https://registry.example/registry") from error
    if parts.scheme == "https" and parts.host:
        return
    if parts.scheme != "http" or not _is_loopback((parts.host or "").strip("[]")):
        named = setting or place_of(url)
        raise SettingInvalid(f"{named}: an address must be https, except to this machine (http://127.0.0.1)")


def require_base(url: str, setting: str) -> None:
    """Raise SettingInvalid, naming ``setting``, unless ``url`` is safe and paths can be put behind it.

    Behind a query or a fragment they would be part of it, and every answer that of another place.
    """
    require_safe(url, setting)
    faults = {
        "a query (?…)": "?" in url,
        "a fragment (#…)": "#" in url,
        "a blank or control character": any(character.isspace() or not character.isprintable() for character in url),
    }
    if found := [fault for fault, is_there in faults.items() if is_there]:
        raise SettingInvalid(f"{setting}: a base address, to which paths are added, without {' or '.join(found)}")


def require_authorities(ca_file: Path) -> None:
    """Raise SettingInvalid unless ``ca_file`` holds certificates in PEM."""
    if not ca_file.is_file():
        # A pipe would be waited for, for ever.
        raise SettingInvalid(f"TONGXING_CA_FILE: {ca_file}: no regular file; it holds certificates in PEM")
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        # SSLError is one too.
        raise SettingInvalid(f"TONGXING_CA_FILE: no certificates in PEM in {ca_file}") from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(answer: requests.Response, limit: int, deadline: float) -> bytes:
    # 900 bytes inflate to a megabyte and more; we asked for none of it.
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchFailed("compressed without being asked to", answer.status_code)
    body = bytearray()
    while len(body) <= limit:
        # read1 gives what has come; read would wait for a whole chunk, and a trickle would never meet the deadline.
        chunk = answer.raw.read1(_CHUNK_BYTES)
        # First, for a connection that was cut off reads like the end of a content without a length.
        if time.monotonic() > deadline:
            raise FetchFailed(f"no whole answer: {_LATE}", answer.status_code)
        if not chunk:
            return bytes(body)
        body += chunk
    raise FetchTooLarge(f"more than {limit} bytes")
