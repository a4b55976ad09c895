"""A province's folder: keys for its owner alone, statements that follow each other."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from credentials.errors import (
    Conflict,
    InvalidRequest,
    KeyRejected,
    NotFound,
    SettingInvalid,
    StatementRejected,
)
from credentials.keys import new_private_key
from tests.doubles.writers import Stopped, StoppingWriter, write_plainly
from tests.unit.trust_registry.founded import AUDIENCE, NOW
from trust_registry.enrolment.possession import check_possession
from trust_registry.key_files import read_key, read_passphrase, write_key
from trust_registry.metadata.log_keys import check_log_keys
from trust_registry.metadata.statement import read_statement, verify_root_change
from trust_registry.province.folder import ProvinceFolder, Submission
from trust_registry.root.founding import found, load_online

DAY = 24 * 3600


@pytest.fixture
def province(tmp_path: Path) -> ProvinceFolder:
    province = ProvinceFolder(tmp_path / "henan", write_plainly)
    province.found("CN-41", NOW)
    return province


def test_new_province_has_its_keys(province: ProvinceFolder) -> None:
    """A root, two credential keys, one each for status and rules, log and witness; all for the owner's eyes alone."""
    state = province.state()
    assert [key.use for key in state.keys] == ["credential", "credential", "status", "rules"]
    files = [state.root_file, *(key.file for key in state.keys), *(key.file for key in state.logs)]
    assert files == [
        "keys/root.pem",
        "keys/credential-1.pem",
        "keys/credential-2.pem",
        "keys/status-1.pem",
        "keys/rules-1.pem",
        "keys/log-1.pem",
        "keys/witness-1.pem",
    ]
    modes = {stat.S_IMODE((province.directory / file).stat().st_mode) for file in files}
    assert modes == {0o600}
    assert province.signer(state.keys[0].kid).kid.hex() == state.keys[0].kid


def test_the_log_has_a_new_key_and_its_old_name(province: ProvinceFolder) -> None:
    """Who follows a log knows it by its origin; both keys stand in the statement, each with its own proof."""
    first = province.log_signer("log")
    province.set_url("log", "https://henan.example/log")
    province.add_key("log", NOW + 1)
    province.retire_key(first.key.id.hex(), NOW + 2)
    statement, _ = province.make_statement(AUDIENCE, NOW + 3)
    old, witness, new = check_log_keys(statement)
    assert (old.key, old.not_after, witness.use, new.key) == (
        first.key,
        NOW + 2,
        "witness",
        province.log_signer("log").key,
    )
    assert old.key.name == new.key.name == "tongxing/CN-41/log" != witness.key.name
    assert new.url == old.url == "https://henan.example/log"
    province.drop_key(old.key.id.hex())
    assert [each.key for each in check_log_keys(province.make_statement(AUDIENCE, NOW + 4)[0])] == [
        witness.key,
        new.key,
    ]


def test_a_folder_of_before_has_no_log_until_a_key_is_added(province: ProvinceFolder) -> None:
    """Folders that an earlier version made go on making statements; what they lack is named with the next step."""
    path = province.directory / "province.json"
    state = json.loads(path.read_text())
    del state["logs"]
    path.write_text(json.dumps(state))
    assert check_log_keys(province.make_statement(AUDIENCE, NOW)[0]) == []
    with pytest.raises(NotFound, match="--add-key witness"):
        province.log_signer("witness")
    with pytest.raises(NotFound, match="--add-key witness"):
        province.set_url("witness", "https://henan.example")
    province.add_key("witness", NOW)
    assert [each.use for each in check_log_keys(province.make_statement(AUDIENCE, NOW)[0])] == ["witness"]


def test_a_key_file_that_was_exchanged_is_refused(province: ProvinceFolder) -> None:
    """The statement would prove possession of another key than it lists."""
    shutil.copy(province.directory / "keys/log-1.pem", province.directory / "keys/witness-1.pem")
    with pytest.raises(KeyRejected, match=r"witness-1\.pem"):
        province.log_signer("witness")
    shutil.copy(province.directory / "keys/root.pem", province.directory / "keys/log-1.pem")
    with pytest.raises(KeyRejected, match="not an Ed25519 key"):
        province.log_signer("log")


def test_statements_follow_each_other(province: ProvinceFolder) -> None:
    """Sequence and previous hash; made anew, a statement keeps its place."""
    first, path = province.make_statement(AUDIENCE, NOW)
    assert (first.sequence, first.previous, path.name) == (1, None, "1.json")
    second, _ = province.make_statement(AUDIENCE, NOW + 1)
    assert (second.sequence, second.previous) == (2, first.digest)
    again, _ = province.make_statement(AUDIENCE, NOW + 2, again=True)
    assert (again.sequence, again.previous) == (2, first.digest)
    third, _ = province.make_statement(AUDIENCE, NOW + 3)
    assert (third.sequence, third.previous) == (3, again.digest)
    submission = province.submission()
    check_possession(read_statement(submission.statement), submission.proofs, AUDIENCE)
    earlier = Submission.from_fields(json.loads(path.read_bytes()))
    assert read_statement(earlier.statement).sequence == 1


def test_keys_come_and_go(province: ProvinceFolder) -> None:
    """A retired key stays listed until what it signed has expired, then it goes by itself."""
    kid = province.state().keys[0].kid
    province.add_key("credential", NOW, days=30)
    province.retire_key(kid, NOW)
    assert province.state().keys[0].not_after == NOW + 1
    assert province.state().keys[-1].file == "keys/credential-3.pem"
    assert kid in _kids(province, NOW + 6 * DAY)
    assert kid not in _kids(province, NOW + 8 * DAY)
    for act in (province.drop_key, province.signer):
        with pytest.raises(NotFound):
            act(kid)


def test_new_root_is_handed_over_by_the_old(province: ProvinceFolder) -> None:
    """Gates take the new root at once only when the old one signed the succession."""
    old = province.root_signer()
    province.make_statement(AUDIENCE, NOW)
    province.replace_root(NOW)
    statement, _ = province.make_statement(AUDIENCE, NOW)
    assert statement.root_kid != old.kid
    verify_root_change(statement, old.public_key)
    assert (province.directory / "keys" / "root-2.pem").exists()


def test_former_root_keys_are_named_with_their_ends_whether_or_not_a_statement_is_made_anew(
    province: ProvinceFolder,
) -> None:
    """By them what staff signed then holds for good; a file that is gone names none."""
    olds = []
    for at in (NOW, NOW + 100, NOW + 200):
        olds.append(province.root_signer())
        province.make_statement(AUDIENCE, at)
        province.replace_root(at + 50)
    province.make_statement(AUDIENCE, NOW + 300)
    statement, _ = province.make_statement(AUDIENCE, NOW + 400, again=True)
    kept = [(each.kid, each.until) for each in statement.former_roots]
    assert kept == [(olds[2].kid, NOW + 300), (olds[1].kid, NOW + 200), (olds[0].kid, NOW + 100)]
    province.statement_file(2).unlink()
    statement, _ = province.make_statement(AUDIENCE, NOW + 500)
    assert [each.kid for each in statement.former_roots] == [olds[2].kid, olds[0].kid]


def test_too_few_keys_are_the_provinces_own_error(province: ProvinceFolder) -> None:
    """A statement that no registry would take is seen where it is made."""
    with pytest.raises(Conflict):
        province.make_statement(AUDIENCE, NOW, again=True)
    with pytest.raises(NotFound):
        province.submission()
    first = province.state().keys[0]
    state = (province.directory / "province.json").read_text()
    (province.directory / "province.json").write_text(state.replace(str(first.not_after), str(NOW)))
    with pytest.raises(StatementRejected):
        province.make_statement(AUDIENCE, NOW)


def test_what_is_there_is_never_written_over(province: ProvinceFolder, tmp_path: Path) -> None:
    """A second init must not destroy a province's keys."""
    with pytest.raises(Conflict):
        province.found("CN-41", NOW)
    with pytest.raises(InvalidRequest):
        ProvinceFolder(tmp_path / "nowhere", write_plainly).found("CN-99", NOW)
    with pytest.raises(Conflict):
        write_key(province.directory / "keys" / "root.pem", new_private_key(), None)


def test_stopped_founding_leaves_nothing_half(tmp_path: Path) -> None:
    """Half a set of keys under the right name would be used by somebody."""
    with pytest.raises(Stopped):
        ProvinceFolder(tmp_path / "henan", StoppingWriter(0)).found("CN-41", NOW)
    assert not (tmp_path / "henan").exists()
    for stop_before in (0, 3, 7):
        with pytest.raises(Stopped):
            found(tmp_path / "registry", StoppingWriter(stop_before), None, NOW)
        assert not (tmp_path / "registry").exists()
    found(tmp_path / "registry", write_plainly, None, NOW)
    with pytest.raises(Conflict):
        found(tmp_path / "registry", write_plainly, None, NOW)


def test_key_files_and_passphrases(tmp_path: Path) -> None:
    """A key that others can read, or a passphrase that is wrong, is told by the file's name."""
    secret = tmp_path / "passphrase"
    secret.write_bytes(b"open sesame\r\n")
    secret.chmod(0o600)
    passphrase = read_passphrase(secret)
    assert (passphrase, read_passphrase(None)) == (b"open sesame", None)
    founded = found(tmp_path / "registry", write_plainly, passphrase, NOW)
    assert load_online(tmp_path / "registry", passphrase).snapshot.public_key.scheme == "ecdsa-sha2-nistp256"
    officer = founded.officers[0][0]
    with pytest.raises(KeyRejected):
        read_key(officer, b"wrong")
    officer.chmod(0o644)
    with pytest.raises(SettingInvalid, match="officer-1"):
        read_key(officer, passphrase)
    secret.write_bytes(b"\n")
    with pytest.raises(SettingInvalid, match="empty"):
        read_passphrase(secret)


def test_key_files_must_be_the_ones_named(province: ProvinceFolder) -> None:
    """A key copied over another would sign under a kid that is not its own."""
    keys = province.directory / "keys"
    (keys / "status-1.pem").write_bytes((keys / "rules-1.pem").read_bytes())
    with pytest.raises(KeyRejected, match="status-1"):
        province.signer(province.state().keys[2].kid)
    (province.directory / "province.json").write_text("[]")
    with pytest.raises(SettingInvalid):
        province.state()


def _kids(province: ProvinceFolder, now: int) -> set[str]:
    return {key.kid.hex() for key in province.make_statement(AUDIENCE, now)[0].keys}
