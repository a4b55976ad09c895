"""Founding (创建) a registry: its officers' keys, its online keys and a first repository without members.

::

    officers/officer-1.pem …    to be carried away, each to its officer; the service never needs them
    online/{snapshot,timestamp,denials}.pem
    mirror/                     the first repository
    trust-root.json             what gates and officers are given by hand: the beginning of all trust
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

from credentials.keys import new_private_key
from trust_registry.key_files import new_folder, read_key, write_key
from trust_registry.mirror import Mirror, Write
from trust_registry.renewal import OFFICERS, OnlineSigners, first_repository
from trust_registry.repository import check_repository

MIRROR_FOLDER = "mirror"
TRUST_ROOT = "trust-root.json"
_OFFICERS_FOLDER, _ONLINE_FOLDER = "officers", "online"


class Founded(NamedTuple):
    """The officers' key files and TUF key ids, in order, and the file with the root of trust."""

    officers: list[tuple[Path, str]]
    trust_root: Path


def found(directory: Path, write: Write, passphrase: bytes | None, now: int) -> Founded:
    """Make a registry in ``directory``, whole or not at all; ``passphrase`` encrypts every key file.

    Raises Conflict when something is there already, StorageUnavailable.
    """
    with new_folder(directory) as partial:
        keyids = _fill(partial, write, passphrase, now)
    files = [_officer_file(directory, number) for number in range(1, OFFICERS + 1)]
    return Founded(list(zip(files, keyids, strict=True)), directory / TRUST_ROOT)


def load_online(directory: Path, passphrase: bytes | None) -> OnlineSigners:
    """The online keys of a registry. Raises KeyRejected or SettingInvalid."""
    return OnlineSigners(
        *(CryptoSigner(read_key(_online_file(directory, role), passphrase)) for role in OnlineSigners._fields)
    )


def _fill(directory: Path, write: Write, passphrase: bytes | None, now: int) -> list[str]:
    officers = [_new_signer(_officer_file(directory, number), passphrase) for number in range(1, OFFICERS + 1)]
    online = OnlineSigners(*(_new_signer(_online_file(directory, role), passphrase) for role in OnlineSigners._fields))
    repository = first_repository(officers, online, now)
    check_repository(repository)
    Mirror(directory / MIRROR_FOLDER, write).release(repository.files())
    write(directory / TRUST_ROOT, repository.root)
    return [officer.public_key.keyid for officer in officers]


def _new_signer(path: Path, passphrase: bytes | None) -> CryptoSigner:
    key = new_private_key()
    write_key(path, key, passphrase)
    return CryptoSigner(key)


def _officer_file(directory: Path, number: int) -> Path:
    return directory / _OFFICERS_FOLDER / f"officer-{number}.pem"


def _online_file(directory: Path, role: str) -> Path:
    return directory / _ONLINE_FOLDER / f"{role}.pem"
