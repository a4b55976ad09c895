"""Brings a gate's trust up to date from a mirror.

1. Fetch the timestamp. The same bytes as held, not expired: nothing is new.
2. Else let ``tuf.ngclient`` update a scratch folder that starts from what is held (rollback and freeze are
   its craft), and fetch both targets.
3. Read the result back with our own judge, refuse it if any role has expired, and store it whole.

When any of it fails the held set stays as it is and grows older; what that means is for policy.
Source: The Update Framework specification 1.0.31, section 5. python-tuf takes the system's clock by itself,
so expiry is judged again by the gate's clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient import Updater  # type: ignore[attr-defined]
from tuf.ngclient.fetcher import FetcherInterface

from credentials.errors import FetchFailed, MetadataRejected, StorageUnavailable
from service_kit.fetch import Fetcher
from trust_registry.client.repository import VerifiedRepository, check_not_expired, verify_repository
from trust_registry.client.snapshot import TrustSnapshot
from trust_registry.client.store import TrustStore
from trust_registry.metadata import denials, trust_list

MAX_TIMESTAMP_BYTES = 16 * 1024
MAX_FILE_BYTES = 4 * 1024 * 1024
"""Any single file of the registry: a stolen online key cannot make a gate fetch more."""
_TIMESTAMP = "metadata/timestamp.json"
_VERSIONED = re.compile(r"metadata/([0-9]+)\.(.+)")


class TrustUpdater:
    """Keeps ``store`` up to date from the mirror at ``mirror_url``. One thread at a time calls it."""

    def __init__(self, store: TrustStore, mirror_url: str, fetcher: Fetcher) -> None:
        self._store = store
        self._mirror_url = mirror_url.rstrip("/") + "/"
        self._fetcher = fetcher
        self._held: tuple[bytes, TrustSnapshot] | None = None

    def update(self, at: int) -> TrustSnapshot:
        """Fetch, verify and store what is new; ``at``: the gate's time, seconds UTC.

        Raises FetchFailed or FetchTooLarge when the mirror does not give it, MetadataRejected when what it
        gives is not signed, older than what is held, mixed or expired, StorageFull or StorageUnavailable.
        """
        data = self._fetcher.get(self._mirror_url + _TIMESTAMP, limit=MAX_TIMESTAMP_BYTES).body
        if self._held and self._held[0] == data:
            check_not_expired(self._held[1].expiries, at)
            snapshot = replace(self._held[1], verified_at=at)
        else:
            repository = self._fetch()
            check_not_expired(repository.expiries, at)
            snapshot = self._store.take(repository, at)
            data = repository.files[_TIMESTAMP]
        self._held = (data, snapshot)
        return snapshot

    def _fetch(self) -> VerifiedRepository:
        try:
            with TemporaryDirectory(prefix="trust-") as folder:
                scratch = _Scratch(Path(folder))
                scratch.start_from(self._store.read_if_sound())
                scratch.update(self._store.trusted_root, self._mirror_url, _Adapter(self._fetcher))
                return verify_repository(scratch, self._store.trusted_root)
        except RepositoryError as error:
            raise MetadataRejected(str(error)) from error
        except DownloadError as error:
            raise FetchFailed(str(error)) from error
        except OSError as error:
            raise StorageUnavailable("no room to update in") from error


class _Scratch:
    """The folder in which ``ngclient`` works, in its layout; also the source that our own judge reads."""

    def __init__(self, folder: Path) -> None:
        self._metadata, self._targets = folder / "metadata", folder / "targets"
        (self._metadata / "root_history").mkdir(parents=True)
        self._targets.mkdir()

    def start_from(self, held: VerifiedRepository | None) -> None:
        for path, data in held.files.items() if held else ():
            if path == _TIMESTAMP:
                (self._metadata / "timestamp.json").write_bytes(data)
            elif versioned := _VERSIONED.fullmatch(path):
                version, name = versioned.groups()
                place = f"root_history/{version}.{name}" if name == "root.json" else name
                (self._metadata / place).write_bytes(data)

    def update(self, trusted_root: bytes, mirror_url: str, fetcher: FetcherInterface) -> None:
        updater = Updater(
            str(self._metadata),
            mirror_url + "metadata/",
            str(self._targets),
            mirror_url + "targets/",
            fetcher,
            bootstrap=trusted_root,
        )
        updater.refresh()
        for name in (trust_list.TARGET, denials.TARGET):
            target = updater.get_targetinfo(name)
            if target is None:
                raise MetadataRejected(f"{name} is not listed")
            updater.download_target(target)

    def metadata(self, role: str, version: int | None) -> bytes | None:
        name = f"root_history/{version}.root.json" if role == "root" else f"{role}.json"
        return _read(self._metadata / name)

    def target(self, name: str, sha256: str) -> bytes | None:
        return _read(self._targets / name)


class _Adapter(FetcherInterface):
    """Our fetcher, with its https rule, caps and timeouts, in ngclient's place for one."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            yield self._fetcher.get(url, limit=MAX_FILE_BYTES).body
        except FetchFailed as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise DownloadHTTPError("not there", HTTPStatus.NOT_FOUND) from error
            raise


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
