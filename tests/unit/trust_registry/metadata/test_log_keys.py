"""Keys of the public record in statements: what gates leave out, and what enrolment refuses."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.errors import StatementRejected
from credentials.keys import jwk_of, kid_of, new_private_key
from credentials.log.ed25519 import new_private_key as new_log_key
from credentials.log.keys import LOG, WITNESS, note_key, signer, to_base64
from credentials.signing import PemSigner
from credentials.wire import jws
from trust_registry.metadata.log_keys import LogKey, check_log_keys, log_key_to_json, log_keys_of
from trust_registry.metadata.statement import STATEMENT_TYPE, Statement, read_statement

NOW = 1_795_000_000
ROOT = new_private_key()
SIGNER = PemSigner(ROOT, kid_of("CN-41", ROOT.public_key()))
PRIVATE = {LOG: new_log_key(), WITNESS: new_log_key()}
NAMES = {LOG: "tongxing/CN-41/log", WITNESS: "tongxing/CN-41/witness"}


def listed(kind: int = LOG, member: str = "CN-41", **change: Any) -> dict[str, Any]:
    made = signer(change.pop("name", NAMES[kind]), kind, change.pop("private", PRIVATE[kind]))
    key = LogKey(member, made.key, change.pop("url", "https://henan.example/log"), NOW, NOW + 1000)
    return {**log_key_to_json(key, made), **change}


def statement(logs: object) -> Statement:
    payload = {
        "member": "CN-41",
        "sequence": 1,
        "previous": None,
        "issued_at": NOW,
        "root_key": jwk_of(ROOT.public_key()),
        "keys": [],
        "logs": logs,
    }
    return read_statement(jws.sign(payload, SIGNER, STATEMENT_TYPE))


def test_keys_of_log_and_witness_are_read() -> None:
    """A gate and every witness learn them from the member's own word."""
    log, witness = log_keys_of(statement([listed(), listed(WITNESS, url=None)]))
    assert (log.use, log.key.name, log.url) == ("log", "tongxing/CN-41/log", "https://henan.example/log")
    assert (witness.use, witness.member, witness.url) == ("witness", "CN-41", None)
    assert log.is_active(NOW) and not log.is_active(NOW + 1000) and not log.is_active(NOW - 1)


def test_two_keys_of_one_log_stand_beside_each_other() -> None:
    """A key changes, the origin stays."""
    assert len(check_log_keys(statement([listed(), listed(private=new_log_key())]))) == 2


@pytest.mark.parametrize("logs", [None, []])
def test_a_statement_without_them_is_as_good_as_before(logs: object) -> None:
    """Statements of today go on counting."""
    assert log_keys_of(statement(logs)) == check_log_keys(statement(logs)) == []


SMALL = {**listed(), "vkey": note_key("a", LOG, bytes(31) + b"\1").vkey[:-44] + to_base64(b"\1\1" + bytes(31))}
BAD: dict[str, Any] = {
    "another member's key": listed(member="CN-44"),
    "a proof by another key": {**listed(), "proof": listed(WITNESS)["proof"]},
    "another address than was proved": {**listed(), "url": "https://thief.example"},
    "other times than were proved": {**listed(), "not_after": NOW + 5000},
    "no vkey": {**listed(), "vkey": "x"},
    "a key of small order": SMALL,
    "no address": listed(url="ftp://henan.example"),
    "an address with a blank": listed(url="https://henan.example/ x"),
    "a name with a letter that looks like another": listed(name="tongxing/CN-41/l\u043eg"),
    "a name that is too long": listed(name="a" * 129),
    "times the wrong way round": {**listed(), "not_before": NOW + 2000},
    "no proof": {name: value for name, value in listed().items() if name != "proof"},
    "no object": 5,
    "a key for something else": {**listed(), "vkey": "a+33d7b496+AuHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_what_is_not_sound_is_left_out_at_gates_and_refused_at_enrolment(bad: object) -> None:
    """One bad key of a log must not cost the member the keys that its codes are signed by."""
    said = statement([bad, listed(WITNESS)])
    assert [each.use for each in log_keys_of(said)] == ["witness"]
    with pytest.raises(StatementRejected, match="logs"):
        check_log_keys(said)


@pytest.mark.parametrize(
    "logs",
    [
        {"a": 1},
        "x",
        [listed()] * 2,
        [listed(), listed(WITNESS, private=PRIVATE[LOG])],
        [listed(), listed(private=new_log_key(), name="tongxing/CN-41/other")],
        [listed(private=new_log_key()) for _ in range(17)],
    ],
    ids=["an object", "a text", "a key twice", "one key for log and witness", "two names of a log", "too many"],
)
def test_what_enrolment_refuses_of_all_of_them(logs: object) -> None:
    """One key that counts as two witnesses, or two logs of one member, would deceive those who count."""
    with pytest.raises(StatementRejected, match="logs"):
        check_log_keys(statement(logs))
    assert len(log_keys_of(statement(logs))) <= 16
