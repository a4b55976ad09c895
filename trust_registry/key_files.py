"""Private keys in files: PKCS#8 PEM, mode 0600, with a passphrase if one is given."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credentials.algorithms.table import NATIVE, PrivateKey
from credentials.errors import Conflict, KeyRejected, SettingInvalid
from credentials.keys import load_private_key, private_key_pem
from credentials.log import ed25519
from service_kit.durable import make_folder, read_secret, storage_error, write_atomic
from service_kit.inputs import Input

K = TypeVar("K")
_OWNER_ONLY, OWNERS_FOLDER = 0o600, 0o700
_ENCRYPTED, _KEY = b"BEGIN ENCRYPTED", b"BEGIN PRIVATE KEY"


@contextmanager
def new_folder(directory: Path, mode: int = 0o755) -> Iterator[Path]:
    """Make ``directory``, of ``mode``, whole or not at all: yields a folder beside it that takes its place at the end.

    A stop in the middle must not leave half a set of keys under the right name. Raises Conflict when
    ``directory`` holds something, StorageFull, StorageUnavailable.
    """
    # Resolved, since "." has no name beside which anything could stand.
    directory = directory.resolve()
    partial = directory.with_name(f".{directory.name}.new")
    try:
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise Conflict(f"{directory} is not empty; name a new folder")
        shutil.rmtree(partial, ignore_errors=True)
        make_folder(partial, mode)
        yield partial
        partial.replace(directory)
    except OSError as error:
        raise storage_error(error, directory) from error


def write_key(path: Path, key: PrivateKey | Ed25519PrivateKey, passphrase: bytes | None) -> None:
    """Write a new key file, for its owner's eyes alone.

    Raises Conflict when the file is there: no key is ever written over. StorageFull, StorageUnavailable.
    """
    if path.exists():
        raise Conflict(f"{path} is there already; a key is never written over, name a new file")
    try:
        make_folder(path.parent, OWNERS_FOLDER)
    except OSError as error:
        raise storage_error(error, path) from error
    if isinstance(key, Ed25519PrivateKey):
        pem = ed25519.private_key_pem(key, passphrase)
    else:
        pem = private_key_pem(key, passphrase)
    write_atomic(path, pem, mode=_OWNER_ONLY)


def read_key(path: Path, passphrase: bytes | None = None) -> PrivateKey:
    """Read a private key file. Raises KeyRejected; SettingInvalid when it is missing or open to others."""
    return _read(path, passphrase, load_private_key)


def read_log_key(path: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Read the key file of a log or witness. Raises as :func:`read_key`."""
    return _read(path, passphrase, ed25519.load_private_key)


def _read(path: Path, passphrase: bytes | None, load: Callable[[bytes, bytes | None], K]) -> K:
    content = read_secret(path)
    try:
        return load(content, passphrase)
    except KeyRejected as error:
        raise KeyRejected(f"{path}: {_why_locked(content, passphrase) or error.detail}") from error


def _why_locked(content: bytes, passphrase: bytes | None) -> str:
    """What is between a key file and its passphrase; empty when it is something else that is wrong."""
    if _ENCRYPTED in content and passphrase is None:
        return "has a passphrase: name its file, --passphrase-file FILE (of a service TONGXING_KEY_PASSPHRASE_FILE)"
    if _ENCRYPTED in content:
        return "another passphrase opens it than the one that was given"
    if _KEY in content and passphrase is not None:
        return "has no passphrase, and one was given by --passphrase-file (of a service TONGXING_KEY_PASSPHRASE_FILE)"
    return ""


def require_public(file: Input) -> Input:
    """The same file, in which a public key is looked for. Raises KeyRejected for a private one."""
    if b"PRIVATE KEY-----" in file.data:
        how = f"openssl pkey -in {file.name} -pubout -out {file.name}.pub"
        raise KeyRejected(f"{file.name}: a private key, which stays with its owner; give its public half: `{how}`")
    return file


def public_jwk(file: Input) -> dict[str, Any]:
    """The JWK in a file, or that of the public key in PEM there. Raises KeyRejected or InvalidRequest for neither."""
    if not require_public(file).data.lstrip().startswith(b"-----"):
        return file.json_object()
    with file.named(KeyRejected):
        return NATIVE.jwk_of(NATIVE.key_from_pem(file.data))


def read_passphrase(path: Path | None) -> bytes | None:
    """The first line of a passphrase file; None without a file. Raises SettingInvalid."""
    if path is None:
        return None
    line = read_secret(path).split(b"\n", 1)[0].rstrip(b"\r")
    if not line:
        raise SettingInvalid(f"{path}: the passphrase is empty; it is the first line of the file")
    return line
