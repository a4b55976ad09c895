"""Brings a gate's trust up to date from a mirror.

1. Fetch the timestamp. The same bytes as held, not expired, and nothing newer seen: nothing is new.
2. Else read what it leads to with our own judge, which compares each role with the newest one seen and remembers it at
   once; refuse it if any role has expired.
3. Store the set whole.

When any of it fails the held set stays as it is and grows older; what that means is for policy. What had been verified
until then is remembered all the same: a root that took a key away counts from the moment it was seen.

A file that does not hold is asked for once more past all caches: one of them may have kept what stood under its name
before. What had to be got that way is named in :attr:`TrustUpdater.stale`.
Source: The Update Framework specification 1.0.31, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from typing import NamedTuple

from credentials.errors import FetchFailed, FetchTooLarge, MetadataRejected, TongxingError
from service_kit.fetch import Fetcher
from trust_registry.client.trust.repository import (
    check_not_expired,
    metadata_path,
    target_path,
    verify_repository,
)
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.client.trust.store import TrustStore

MAX_TIMESTAMP_BYTES = 16 * 1024
MAX_ROOT_BYTES = 512 * 1024
MAX_FILE_BYTES = 4 * 1024 * 1024
"""Any single file of the registry: a stolen online key cannot make a gate fetch more."""
_NO_MORE_ROOTS = (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)
"""How web servers and object stores say that there is no such file."""
_PAST_CHARACTERS = 16
_TIMESTAMP = metadata_path("timestamp", None)


class Stale(NamedTuple):
    """Why first answers did not hold: the error's code and detail."""

    code: str
    detail: str


class _Held(NamedTuple):
    """The timestamp of the set that was taken last, the roles seen by then, and the snapshot of it."""

    timestamp: bytes
    roles: Mapping[str, bytes]
    snapshot: TrustSnapshot


class TrustUpdater:
    """Keeps ``store`` up to date from the mirror at ``mirror_url``. One thread at a time calls it.

    ``stale``: why the first answers of the last update did not hold, when others, got past the caches, did.
    """

    def __init__(self, store: TrustStore, mirror_url: str, fetcher: Fetcher) -> None:
        self._store = store
        self._mirror_url = mirror_url.rstrip("/") + "/"
        self._fetcher = fetcher
        self._held: _Held | None = None
        self.stale: Stale | None = None

    def update(self, at: int) -> TrustSnapshot:
        """Fetch, verify and store what is new; ``at``: the gate's time, seconds UTC.

        Raises FetchFailed or FetchTooLarge when the mirror does not give it, MetadataRejected when what it
        gives is not signed, older than what was seen, mixed or expired, StorageFull or StorageUnavailable.
        """
        self.stale = None
        source = _Mirror(self._fetcher, self._mirror_url, self._store)
        try:
            return self._update(source, at)
        except MetadataRejected as error:
            snapshot = self._update_past_caches(source, at)
            if snapshot is None:
                raise
            self.stale = Stale(error.code, f"{error.detail}; a fresh copy was got past a cache that keeps an old one")
            return snapshot

    def _update_past_caches(self, source: _Mirror, at: int) -> TrustSnapshot | None:
        try:
            return self._update(source.past_caches(), at)
        except TongxingError:
            # The first answer tells more: it is what everybody gets.
            return None

    def _update(self, source: _Mirror, at: int) -> TrustSnapshot:
        roles = self._store.roles()
        timestamp = source.timestamp()
        if self._held and (self._held.timestamp, self._held.roles) == (timestamp, roles.held):
            check_not_expired(self._held.snapshot.expiries, at)
            snapshot = replace(self._held.snapshot, verified_at=at)
        else:
            repository = verify_repository(source, self._store.trusted_root, roles, at)
            snapshot, came = self._store.accept(repository, at), timestamp
            timestamp = repository.files[_TIMESTAMP]
            if came != timestamp:
                told = f"another timestamp {repository.versions['timestamp']} than the one that was seen"
                self.stale = Stale(MetadataRejected.code, f"{told}, which still counts: was the registry restored?")
        self._held = _Held(timestamp, roles.held, snapshot)
        return snapshot


class _Mirror:
    """The files of a mirror as a source. A target that the store holds is not fetched again. ``past``: by path, the
    beginning of the hash of what came before and did not hold; that is asked for anew, past all caches."""

    def __init__(self, fetcher: Fetcher, url: str, store: TrustStore, past: Mapping[str, str] | None = None) -> None:
        self._fetcher, self._url, self._store, self._past = fetcher, url, store, past or {}
        self._came: dict[str, bytes] = {}

    def past_caches(self) -> _Mirror:
        past = {path: sha256(data).hexdigest()[:_PAST_CHARACTERS] for path, data in self._came.items()}
        return _Mirror(self._fetcher, self._url, self._store, past)

    def timestamp(self) -> bytes:
        return self._came.get(_TIMESTAMP) or self._fetch(_TIMESTAMP, MAX_TIMESTAMP_BYTES)

    def metadata(self, role: str, version: int | None) -> bytes | None:
        if role == "timestamp":
            return self.timestamp()
        if role != "root":
            return self._fetch(metadata_path(role, version), MAX_FILE_BYTES)
        try:
            return self._fetch(metadata_path(role, version), MAX_ROOT_BYTES)
        except FetchFailed as error:
            if error.status in _NO_MORE_ROOTS:
                return None
            raise

    def target(self, name: str, digest: str) -> bytes:
        held = self._store.target(name, digest)
        if held is not None and sha256(held).hexdigest() == digest:
            return held
        return self._fetch(target_path(name, digest), MAX_FILE_BYTES)

    def _fetch(self, path: str, limit: int) -> bytes:
        try:
            data = self._fetcher.get(self._url + path, limit=limit, past=self._past.get(path)).body
        except FetchFailed as error:
            raise FetchFailed(f"{path}: {error.detail}", error.status) from error
        except FetchTooLarge as error:
            raise FetchTooLarge(f"{path}: {error.detail}") from error
        self._came[path] = data
        return data
