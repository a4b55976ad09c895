"""Founding (创建) a registry: its officers' keys, its online keys and a first repository without members.

::

    officers/officer-1.pem …    to be carried away, each to its officer; the service never needs them
    online/{snapshot,timestamp,denials}.pem
    record/log.pem              Ed25519: signs the checkpoints of the registry's log
    mirror/                     the first repository
    trust-root.json             what gates and officers are given by hand: the beginning of all trust
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from securesystemslib.signer import CryptoSigner

from credentials.errors import NotFound
from credentials.keys import new_private_key
from credentials.log import ed25519
from credentials.log.keys import LOG, NoteKey, NoteSigner, read_vkey, signer
from service_kit.durable import read_if_there, read_secret, storage_error, write_atomic
from trust_registry.key_files import OWNERS_FOLDER, new_folder, read_key, read_log_key, write_key
from trust_registry.metadata.witness_policy import founding_policy
from trust_registry.mirror.folder import MirrorFolder, Write
from trust_registry.mirror.layout import Mirror
from trust_registry.repository.files import check_repository
from trust_registry.repository.renewal import OFFICERS, OnlineSigners, first_repository

MIRROR_FOLDER = "mirror"
TRUST_ROOT = "trust-root.json"
_OFFICERS_FOLDER, _ONLINE_FOLDER = "officers", "online"
_LOG_FILE = Path("record", "log.pem")
_NEXT_LOG_FILE = Path("record", "log-next.pem")
_FORMER_LOG_KEYS = Path("record", "log-former.vkeys")
"""Public keys, one a line: a checkpoint of before must be known as our own."""
_ORIGIN_DIGITS = 16
_NEXT_ONLINE_FOLDER = "online-next"
"""Online keys that wait for the root that names them."""


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
    return _load_online(directory / _ONLINE_FOLDER, passphrase)


def load_log(directory: Path, passphrase: bytes | None, first_root: bytes) -> NoteSigner:
    """The key of a registry's log; made here where a registry was founded before there was one.

    Of several processes one may do so at a time. Raises KeyRejected, SettingInvalid, StorageFull, StorageUnavailable.
    """
    path = directory / _LOG_FILE
    if not path.exists():
        write_key(path, ed25519.new_private_key(), passphrase)
    return signer(origin_of(first_root), LOG, read_log_key(path, passphrase))


def former_log_keys(directory: Path) -> list[NoteKey]:
    """The keys by which the log was signed before, oldest first. Raises StorageUnavailable, Malformed, KeyRejected."""
    content = read_if_there(directory / _FORMER_LOG_KEYS) or b""
    return [read_vkey(line) for line in content.decode("utf-8", "replace").splitlines()]


def make_next_log_key(directory: Path, passphrase: bytes | None, origin: str) -> NoteKey:
    """A key to follow the log's present one, which waits; the one that waits already when there is one.

    Raises KeyRejected, SettingInvalid, StorageFull, StorageUnavailable.
    """
    path = directory / _NEXT_LOG_FILE
    if not path.exists():
        write_key(path, ed25519.new_private_key(), passphrase)
    return signer(origin, LOG, read_log_key(path, passphrase)).key


def take_next_log_key(directory: Path, passphrase: bytes | None, old: NoteKey) -> NoteKey:
    """Put the key that waits in the place of ``old``, of which the public half alone is kept. May be repeated after a
    stop. Raises NotFound where none waits, KeyRejected, SettingInvalid, StorageFull, StorageUnavailable."""
    path = directory / _NEXT_LOG_FILE
    if not path.exists():
        raise NotFound("no key of the log waits; `tongxing registry log-key new` makes one")
    key = signer(old.name, LOG, read_log_key(path, passphrase)).key
    former = dict.fromkeys([*(each.vkey for each in former_log_keys(directory)), old.vkey])
    write_atomic(directory / _FORMER_LOG_KEYS, "".join(f"{vkey}\n" for vkey in former).encode())
    try:
        path.replace(directory / _LOG_FILE)
    except OSError as error:
        raise storage_error(error, path) from error
    return key


def origin_of(first_root: bytes) -> str:
    """The name of a registry's log, for good: it follows from the first root of its trust, which never changes."""
    return f"tongxing/registry/{hashlib.sha256(first_root).hexdigest()[:_ORIGIN_DIGITS]}"


def next_online(directory: Path, passphrase: bytes | None) -> OnlineSigners | None:
    """The online keys that wait for the next root; None when none were made. Raises KeyRejected or SettingInvalid."""
    folder = directory / _NEXT_ONLINE_FOLDER
    return _load_online(folder, passphrase) if folder.exists() else None


def make_next_online(directory: Path, passphrase: bytes | None) -> OnlineSigners:
    """New online keys, to wait for the next root; those that wait already when there are some."""
    waiting = next_online(directory, passphrase)
    if waiting is not None:
        return waiting
    with new_folder(directory / _NEXT_ONLINE_FOLDER, OWNERS_FOLDER) as partial:
        return OnlineSigners(*(_new_signer(_key_file(partial, role), passphrase) for role in OnlineSigners._fields))


def take_next_online(directory: Path, root_version: int) -> None:
    """Put the waiting online keys in the old ones' place, once the root of ``root_version`` names them.

    The old ones stay under another name: nothing trusts them any more. May be repeated after a stop.
    """
    old, new = directory / _ONLINE_FOLDER, directory / _NEXT_ONLINE_FOLDER
    try:
        if old.exists():
            old.replace(directory / f"{_ONLINE_FOLDER}-before-root-{root_version}")
        new.replace(old)
    except OSError as error:
        raise storage_error(error, new) from error


def new_officer(path: Path, passphrase: bytes | None) -> CryptoSigner:
    """A key for a new officer, in a new file. Raises Conflict, StorageFull, StorageUnavailable."""
    return _new_signer(path, passphrase)


def require_online(directory: Path) -> None:
    """Raise SettingInvalid unless the online keys of a registry can be read, so that it could start again."""
    for role in OnlineSigners._fields:
        read_secret(_key_file(directory / _ONLINE_FOLDER, role))


def _fill(directory: Path, write: Write, passphrase: bytes | None, now: int) -> list[str]:
    officers = [_new_signer(_officer_file(directory, number), passphrase) for number in range(1, OFFICERS + 1)]
    folder = directory / _ONLINE_FOLDER
    online = OnlineSigners(*(_new_signer(_key_file(folder, role), passphrase) for role in OnlineSigners._fields))

    def policy(root: bytes) -> str:
        return founding_policy(load_log(directory, passphrase, root).key)

    repository = first_repository(officers, online, now, policy)
    check_repository(repository)
    Mirror(MirrorFolder(directory / MIRROR_FOLDER, write)).release(repository.files())
    write(directory / TRUST_ROOT, repository.root)
    return [officer.public_key.keyid for officer in officers]


def _new_signer(path: Path, passphrase: bytes | None) -> CryptoSigner:
    key = new_private_key()
    write_key(path, key, passphrase)
    return CryptoSigner(key)


def _officer_file(directory: Path, number: int) -> Path:
    return directory / _OFFICERS_FOLDER / f"officer-{number}.pem"


def _load_online(folder: Path, passphrase: bytes | None) -> OnlineSigners:
    return OnlineSigners(
        *(CryptoSigner(read_key(_key_file(folder, role), passphrase)) for role in OnlineSigners._fields)
    )


def _key_file(folder: Path, role: str) -> Path:
    return folder / f"{role}.pem"
