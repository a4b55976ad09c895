"""How an issuer begins: its settings, its keys, and the one secret that must never change."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from credentials.errors import KeyRejected, SettingInvalid
from issuer.config import SECRET_BYTES, IssuerSettings
from issuer.opening import open_service, prepare
from service_kit.durable import write_atomic
from service_kit.settings import read_settings
from tests.unit.issuer.office import AUDIENCE, MEMBER
from tests.unit.issuer.serving import environment, key_file


def settings(folder: Path, **changes: str) -> IssuerSettings:
    return read_settings(IssuerSettings, environment(folder, **changes))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MEMBER", "CN-99"),
        ("MEMBER", "cn-41"),
        ("ISSUER_URL", "http://code.example/issuer"),
        ("REGISTRY_URL", "ftp://registry.example"),
        ("ENVIRONMENT", "staging"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, name: str, value: str) -> None:
    """A misspelt member or an address without TLS must not come as far as a code."""
    with pytest.raises(SettingInvalid):
        settings(tmp_path, **{f"TONGXING_{name}": value})


def test_begins(tmp_path: Path) -> None:
    """The secret is made once, for its owner alone; beginning again changes nothing."""
    own = settings(tmp_path)
    assert prepare(own)
    secret = own.secret_path.read_bytes()
    assert len(secret) == SECRET_BYTES
    assert stat.S_IMODE(own.secret_path.stat().st_mode) == 0o600
    assert not prepare(own)
    assert own.secret_path.read_bytes() == secret
    office = open_service(own)
    assert (office.settings.audience, office.issuance.audience) == (AUDIENCE, AUDIENCE)
    assert office.issuance.own_key.member == MEMBER
    office.probe()
    office.engine.dispose()


def test_many_begin_at_once(tmp_path: Path) -> None:
    """Several containers that start together end with one secret."""
    own = settings(tmp_path)
    made: list[bool] = []
    threads = [threading.Thread(target=lambda: made.append(prepare(own))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, False, False, True]


def test_secret_that_is_lost_is_not_replaced(tmp_path: Path) -> None:
    """A new one would set the bits of other people, and nobody would notice."""
    own = settings(tmp_path)
    prepare(own)
    own.secret_path.unlink()
    with pytest.raises(SettingInvalid, match="backup"):
        prepare(own)
    assert not own.secret_path.exists()


def test_another_secret_is_refused(tmp_path: Path) -> None:
    """The file of another member, or of a test machine, put in its place."""
    own = settings(tmp_path)
    prepare(own)
    write_atomic(own.secret_path, bytes(SECRET_BYTES), mode=0o600)
    with pytest.raises(SettingInvalid, match="begun with"):
        open_service(own)
    with pytest.raises(SettingInvalid, match="begun with"):
        prepare(own)


@pytest.mark.parametrize("content", [b"", bytes(SECRET_BYTES - 1), bytes(SECRET_BYTES + 1)])
def test_secret_of_another_length_is_refused(tmp_path: Path, content: bytes) -> None:
    """A text typed in, or a line end added by an editor."""
    own = settings(tmp_path, TONGXING_ISSUER_SECRET_FILE=str(tmp_path / "own.secret"))
    write_atomic(own.secret_path, content, mode=0o600)
    with pytest.raises(SettingInvalid, match="32 bytes"):
        open_service(own)


def test_key_files_with_a_passphrase(tmp_path: Path) -> None:
    """Its first line opens both keys; without it, or with another, nothing starts."""
    write_atomic(tmp_path / "passphrase", b"open sesame\n", mode=0o600)
    files = {
        f"TONGXING_{name}": str(key_file(tmp_path / f"{name}.pem", b"open sesame"))
        for name in ("KEY_FILE", "STATUS_KEY_FILE")
    }
    with pytest.raises(KeyRejected, match="TONGXING_KEY_PASSPHRASE_FILE"):
        open_service(settings(tmp_path, **files))
    own = settings(tmp_path, **files, TONGXING_KEY_PASSPHRASE_FILE=str(tmp_path / "passphrase"))
    prepare(own)
    open_service(own).engine.dispose()


def test_a_passphrase_file_of_another_editor_a_wrong_one_an_empty_one_one_too_many(tmp_path: Path) -> None:
    """A service reads key files as the commands do: a carriage return is no part of it, and what is wrong is named."""
    locked, plain = key_file(tmp_path / "locked.pem", b"open sesame"), key_file(tmp_path / "plain.pem")

    def opened(content: bytes, key: Path) -> None:
        write_atomic(tmp_path / "passphrase", content, mode=0o600)
        own = settings(tmp_path, TONGXING_KEY_PASSPHRASE_FILE=str(tmp_path / "passphrase"))
        own.private_key(key)

    opened(b"open sesame\r\nwritten by Mr. Li\r\n", locked)
    with pytest.raises(KeyRejected, match="another passphrase"):
        opened(b"open barley\n", locked)
    with pytest.raises(KeyRejected, match="has no passphrase, and one was given"):
        opened(b"open sesame\n", plain)
    with pytest.raises(SettingInvalid, match="empty"):
        opened(b"\n", locked)


def test_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """A key that anyone on the machine can copy is nobody's."""
    own = settings(tmp_path)
    prepare(own)
    own.key_file.chmod(0o644)
    with pytest.raises(SettingInvalid, match="0600"):
        open_service(own)
