"""Files that are there whole or not at all, also after a power cut, and files that are secret."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from credentials.errors import SettingInvalid, StorageFull, StorageUnavailable

MAX_SECRET_BYTES = 16_384
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
LEFTOVER_SECONDS = 3600
"""A file is written in far less: what is half-written and older was left by somebody who is gone."""
_LEFTOVER_CHARACTERS = 8
_LEFTOVER = re.compile(rf"\..+\.[a-z0-9_]{{{_LEFTOVER_CHARACTERS}}}")


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644, modified: int | None = None) -> None:
    """Replace ``path`` by ``data``: written beside it, synced, renamed, and the folder synced.

    ``modified``: the modification time that it is given, seconds UTC; by default the present.

    Whoever reads sees the old content or the new, never part of either. Makes missing folders. Raises StorageFull
    when there is no room, StorageUnavailable for any other refusal: the old content is then still there, or, if the
    very last step failed, the new one without the promise that it survives a power cut.
    """
    try:
        make_folder(path.parent)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            _fill(descriptor, data, mode, modified)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error


def read_if_there(path: Path) -> bytes | None:
    """The file, or None when there is none. Raises StorageUnavailable."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageUnavailable(f"{path.name} cannot be read") from error


def remove(path: Path) -> None:
    """Remove a file for good, also after a power cut; nothing when there is none. Raises StorageUnavailable."""
    try:
        if path.exists():
            path.unlink(missing_ok=True)
            _sync_folder(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error


def clear_leftovers(folder: Path) -> None:
    """Remove what writers that were killed an hour ago or earlier have left half-written in ``folder``.

    Raises StorageUnavailable.
    """
    before = time.time() - LEFTOVER_SECONDS
    for path in folder.glob(".*"):
        if _LEFTOVER.fullmatch(path.name) and path.is_file() and path.stat().st_mtime < before:
            remove(path)


def read_secret(path: Path) -> bytes:
    """The content of a key or passphrase file: a regular file of at most 16 KiB, and nobody else's to read.

    Raises SettingInvalid when it is missing, another kind of file (a pipe would be waited for, for ever), too large,
    or open to group or others.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            # Of the file that was opened: another may stand under the name by now.
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise SettingInvalid(f"{path}: not a regular file, which a secret must be")
            if mode & _OTHERS:
                raise SettingInvalid(f"{path}: others may read it; a secret file must have mode 0600: chmod 600 {path}")
            content = file.read(MAX_SECRET_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise SettingInvalid(f"{path}: cannot be read: {reason}") from error
    if len(content) > MAX_SECRET_BYTES:
        raise SettingInvalid(f"{path}: too large for a secret")
    return content


def make_secret(path: Path, size: int) -> bool:
    """Put ``size`` random bytes into ``path`` (mode 0600) unless something is there; whether it was made.

    Any number of processes may call it at once. Raises StorageFull, StorageUnavailable.
    """
    drawn = path.with_name(f".{path.name}.{secrets.token_hex(_LEFTOVER_CHARACTERS // 2)}")
    try:
        if path.exists():
            return False
        write_atomic(drawn, secrets.token_bytes(size), mode=0o600)
        try:
            # A link is made or not: two that begin at once must not end with two secrets, one in nobody's hands.
            os.link(drawn, path)
        except FileExistsError:
            return False
        finally:
            drawn.unlink()
        _sync_folder(path.parent)
        return True
    except OSError as error:
        raise storage_error(error, path) from error


def storage_error(error: OSError, path: Path | None = None) -> StorageFull | StorageUnavailable:
    """What an error of the file system means to us; ``path``: what was to be written or removed."""
    named = f"{path.name}: " if path else ""
    if error.errno in _NO_ROOM:
        return StorageFull(f"{named}no space left on the disk; make room, then do it again")
    return StorageUnavailable(f"{named}the file system says {errno.errorcode.get(error.errno or 0, 'no')}")


def make_folder(folder: Path, mode: int = 0o755) -> None:
    """Make it and its parents, each entry synced: a file is lost with a folder that is not there after a power cut.

    ``mode``: of ``folder`` itself when it is made, whatever the umask; its parents are for everybody to pass through.
    """
    if not folder.is_dir():
        make_folder(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(mode & 0o700)
            folder.chmod(mode)
        _sync_folder(folder.parent)


def _fill(descriptor: int, data: bytes, mode: int, modified: int | None) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), mode)
        if modified is not None:
            os.utime(file.fileno(), (modified, modified))
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
