"""What a resident is given proves their decision to somebody who asks the province nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from credentials.decisions.by_hand import read_decision
from credentials.decisions.proof import DecisionFile, is_decision_file, read_decision_file
from credentials.decisions.signatories import Signatories
from credentials.errors import (
    CredentialError,
    InvalidRequest,
    Malformed,
    NotFound,
    RecordProofFailed,
    TooLarge,
    Unavailable,
)
from credentials.log.ed25519 import new_private_key
from credentials.log.keys import LOG, WITNESS, signer
from credentials.log.note import sign_text
from issuer.commands.decision import decision
from issuer.issuing.issuance import Issuance, ask_for
from issuer.issuing.rules_in_force import BuiltInRules
from issuer.record.proving import prove, prove_by_hand
from issuer.record.publication import LogPublication
from issuer.storage.by_hand import SqlByHandStore
from issuer.storage.ports.issuing import IssuedRow
from tests.unit.issuer.office import (
    AUDIENCE,
    MEMBER,
    NOW,
    SECRETS,
    by_hand,
    hands,
    log_staff,
    paper,
    resident_numbers,
    sampled,
)
from tests.unit.issuer.record.test_publication import Province, province
from trust_registry.client.decision_proof import prove as prove_by_list
from trust_registry.commands.record import log
from trust_registry.repository.in_force import in_force

__all__ = ["province"]


def issuance_of(province: Province) -> Issuance:
    """Issues with the key that the registry lists."""
    folder = province.registry.province(MEMBER)
    kid = next(key.kid for key in folder.state().keys if key.use == "credential")
    with province.registry.publication.storage.reading() as records:
        own = in_force(records).trust.keys[bytes.fromhex(kid)].key
    issuer = province.issuer
    return Issuance(
        issuer.store, issuer.people, folder.signer(kid), own, "health-commission", SECRETS, AUDIENCE,
        rules=BuiltInRules(MEMBER), hands=hands(issuer.engines[0]),
    )  # fmt: skip


def issued(province: Province, key: str = "k", **changes: Any) -> IssuedRow:
    return issuance_of(province).issue("app", ask_for(paper(**changes), key), NOW)


def positive(province: Province, key: str = "k", **changes: Any) -> IssuedRow:
    return issued(province, key, evidence=[sampled(result="positive")], **changes)


def trust_of(province: Province) -> Any:
    with province.registry.publication.storage.reading() as records:
        return in_force(records).trust


def proof_of(province: Province, record: LogPublication, row: IssuedRow) -> DecisionFile:
    return prove(record, SqlByHandStore(province.issuer.engines[0]), row)


@pytest.fixture
def file(province: Province) -> DecisionFile:
    rows = [positive(province, number, document={"number": number}) for number in resident_numbers(3)]
    record = province.record()
    record.publish(NOW)
    return proof_of(province, record, rows[1])


def test_a_decision_by_rule_is_proved_by_the_trust_list_alone(province: Province, file: DecisionFile) -> None:
    """Which rules, which version, which entry and which test, to a province that never heard of this person."""
    proved = prove_by_list(file.content, trust_of(province))
    assert proved.told["rules"] == {"entry": "test-positive", "rule_set": 1, "version": 1}
    assert proved.told["evidence"][0]["result"] == "positive"
    assert (proved.told["status"], proved.leaf.content["count"], len(file.path)) == ("red", 3, 2)
    assert proved.cosigned == {}
    assert read_decision_file(file.content) == file
    assert is_decision_file(file.content)


def test_a_decision_by_hand_is_proved_and_who_cosigned_is_told(province: Province) -> None:
    """The first cosignature says since when it cannot have been made up."""
    log_staff(province.issuer.engines[0], province.registry.province(MEMBER).root_signer())
    row = issued(province, decision=by_hand())
    witness = province.registry.province(MEMBER).log_signer("witness")
    assert witness.key.type == WITNESS
    province.witnesses = lambda note, checkpoint, prove: [sign_text(note.text, witness, NOW + 7)]
    record = province.record()
    record.publish(NOW)
    proved = prove_by_list(proof_of(province, record, row).content, trust_of(province))
    assert proved.cosigned == {witness.key.name: NOW + 7}
    assert (proved.leaf.kind, proved.leaf.content["count"]) == ("decided-by-hand", 1)
    assert proved.signed == Signatories("cdc/zhang", "health-commission/li", ())


def test_a_file_made_later_carries_the_first_cosigned_checkpoint(province: Province) -> None:
    """What others saw then cannot be moved afterwards, however long the log has become and whoever cosigns it now."""
    log_staff(province.issuer.engines[0], province.registry.province(MEMBER).root_signer())
    row, clock = issued(province, decision=by_hand()), [NOW]
    witness = province.registry.province(MEMBER).log_signer("witness")
    province.witnesses = lambda note, checkpoint, prove: (
        [sign_text(note.text, witness, clock[0])] if clock[0] > NOW else []
    )
    record, found = province.record(), []
    for at in (NOW, NOW + 60, NOW + 20 * 86_400):
        clock[0] = at
        record.publish(at)
        proved = prove_by_list(proof_of(province, record, row).content, trust_of(province))
        assert proved.signed == Signatories("cdc/zhang", "health-commission/li", ())
        found.append((proved.checkpoint.size, [*proved.cosigned.values()]))
        province.append(300)
    size = found[0][0]
    assert found == [(size, []), (size + 300, [NOW + 60]), (size + 300, [NOW + 60])]


def test_a_province_that_changes_its_root_key_loses_no_proof(province: Province) -> None:
    """Of what its staff signed before, by the list that names the former key; not where it is not named, or where one
    of them is denied."""
    folder = province.registry.province(MEMBER)
    log_staff(province.issuer.engines[0], folder.root_signer())
    row, record = issued(province, decision=by_hand()), province.record()
    record.publish(NOW)
    saved, trust = proof_of(province, record, row).content, trust_of(province)
    folder.replace_root(NOW + 100)
    statement, _ = folder.make_statement(AUDIENCE, NOW + 100)
    (former,) = statement.former_roots
    for listed, denied, faults in (
        (statement, b"", 0), (statement._replace(former_roots=()), b"", 2), (statement, former.kid, 2),
        (statement, statement.root_kid, 2),
    ):  # fmt: skip
        members = {MEMBER: trust.members[MEMBER]._replace(statement=listed)}
        signed = prove_by_list(saved, replace(trust, members=members, denied={denied: None})).signed
        assert signed is not None and len(signed.faults) == faults


def test_those_who_decided_have_the_same_file_without_a_code(province: Province, tmp_path: Path) -> None:
    """Both commands judge it alike: when it holds, when the log holds no key of these two, and when it carries none."""
    store = SqlByHandStore(province.issuer.engines[0])
    log_staff(province.issuer.engines[0], province.registry.province(MEMBER).root_signer())
    row = issued(province, decision=by_hand())
    record = province.record()
    record.publish(NOW)
    resident = proof_of(province, record, row)
    number = read_decision(resident.text.encode()).number
    kept = store.find(number)
    assert kept is not None
    exported = prove_by_hand(record, kept)
    assert exported == resident._replace(code=None)
    with pytest.raises(InvalidRequest, match="not signed by both"):
        prove_by_hand(record, kept._replace(approver_signature=None))
    with pytest.raises(NotFound):
        prove_by_hand(record, kept._replace(salt=bytes(32)))
    signatures = dict(exported.signatures or {})
    lacking = exported._replace(signatures=signatures | {"staff": []})
    bare = exported._replace(signatures=None)
    saved, bundle, root = (tmp_path / name for name in ("decision.json", "bundle.zip", "trust-root.json"))
    bundle.write_bytes(province.registry.mirror.bundle())
    root.write_bytes(province.registry.trusted_root)
    given = [str(saved), "--bundle", str(bundle), "--root", str(root)]
    for file, ends, said in (
        (exported, (0, 0), "signed by cdc/zhang"),
        (lacking, (1, 1), "! author"),
        (bare, (0, 1), ""),
    ):
        saved.write_bytes(file.content)
        results = [CliRunner().invoke(group, ["verify", *given]) for group in (log, decision)]
        assert tuple(each.exit_code for each in results) == ends, results
        assert said in results[0].stdout
    saved.write_bytes(exported.content)
    read = CliRunner().invoke(decision, ["show", *given]).stdout
    assert re.search(r"^ends_at: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+08:00$", read, re.MULTILINE)
    assert re.search(r"^basis: article [a-z0-9-]+, since \d{4}-", read, re.MULTILINE)
    other = tmp_path / "other.json"
    for content, code in ((exported.content, 0), (lacking.content, 1), (b"{}", 1)):
        other.write_bytes(content)
        saved.write_bytes(exported.content)
        both = CliRunner().invoke(log, ["verify", str(other), *given, "--json"])
        told = [json.loads(each)["holds"] for each in both.stdout.splitlines()]
        assert (both.exit_code, told) == (code, [code == 0, True]), both
    saved.write_bytes(bare.content)
    assert "carries none" in CliRunner().invoke(decision, ["show", *given]).stdout
    assert CliRunner().invoke(decision, ["show", *given[:3]]).exit_code == 2


def test_who_saved_the_file_can_prove_it_when_the_province_has_forgotten(province: Province) -> None:
    """Text and salt are deleted after the appeal; the resident's own file still proves."""
    row = positive(province)
    record = province.record()
    record.publish(NOW)
    saved = proof_of(province, record, row).content
    assert record.drop_texts(NOW + 365 * 24 * 3600) == 1
    with pytest.raises(NotFound):
        proof_of(province, record, row)
    assert prove_by_list(saved, trust_of(province)).told["status"] == "red"


def test_a_green_code_has_nothing_to_prove_and_a_fresh_decision_waits(province: Province) -> None:
    """Each is said in its own way: one never will be, the other is in a minute."""
    record = province.record()
    green = issued(province)
    record.publish(NOW)
    with pytest.raises(NotFound):
        proof_of(province, record, green)
    fresh = positive(province, "fresh", document={"number": resident_numbers(1)[0]})
    with pytest.raises(Unavailable):
        proof_of(province, record, fresh)


CHANGED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another text": lambda f: f | {"text": f["text"].replace("test-positive", "close-contact")},
    "another salt": lambda f: f | {"salt": "00" * 32},
    "another place": lambda f: f | {"index": 0},
    "another path": lambda f: f | {"path": f["path"][::-1]},
    "a shorter path": lambda f: f | {"path": f["path"][1:]},
    "another leaf number": lambda f: f | {"proof": f["proof"].replace("\nindex 0\n", "\nindex 1\n")},
    "no field": lambda f: {name: value for name, value in f.items() if name != "salt"},
    "one field more": lambda f: f | {"more": 1},
    "another format": lambda f: f | {"format": "tongxing-decision/2"},
    "a path of words": lambda f: f | {"path": ["x" * 64]},
    "no path": lambda f: f | {"path": None},
    "too long a path": lambda f: f | {"path": ["00" * 32] * 64},
    "a place below zero": lambda f: f | {"index": -1},
    "no code": lambda f: f | {"code": 7},
    "signatures that are none": lambda f: f | {"signatures": 7},
    "a control character": lambda f: f | {"text": f["text"] + "\n"},
    "a list": lambda f: [f],
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_file_with_anything_changed_proves_nothing(province: Province, file: DecisionFile, change: str) -> None:
    """Whatever somebody puts in the place of what the province signed."""
    changed = json.dumps(CHANGED[change](json.loads(file.content))).encode()
    with pytest.raises((CredentialError, RecordProofFailed)):
        prove_by_list(changed, trust_of(province))


def test_a_file_has_a_bound() -> None:
    """It comes from anybody."""
    with pytest.raises(TooLarge):
        read_decision_file(b" " * (512 * 1024 + 1))
    with pytest.raises(Malformed):
        read_decision_file(b"7")


def test_another_persons_proof_does_not_fit_the_code(province: Province) -> None:
    """Two reds of one minute stand below one root; each leads only to its own."""
    rows = [positive(province, number, document={"number": number}) for number in resident_numbers(2)]
    record = province.record()
    record.publish(NOW)
    one, other = (proof_of(province, record, row) for row in rows)
    with pytest.raises(RecordProofFailed, match="another decision"):
        prove_by_list(other._replace(code=one.code).content, trust_of(province))


def test_a_log_of_another_key_is_not_the_provinces(province: Province) -> None:
    """A province that keeps a second log for those who ask."""
    row = positive(province)
    stranger = signer(province.log.key.name, LOG, new_private_key())
    province.log = stranger
    record = province.record()
    with pytest.raises(Exception, match="wrong-signature"):
        record.publish(NOW)
    with pytest.raises(CredentialError, match="wrong-signature"):
        prove_by_list(proof_of(province, record, row).content, trust_of(province))


def test_the_command_checks_a_file_by_a_bundle(province: Province, file: DecisionFile, tmp_path: Path) -> None:
    """At a court, without network."""
    saved, bundle, root = (tmp_path / name for name in ("decision.json", "bundle.zip", "trust-root.json"))
    saved.write_bytes(file.content)
    bundle.write_bytes(province.registry.mirror.bundle())
    root.write_bytes(province.registry.trusted_root)
    given = ["verify", str(saved), "--bundle", str(bundle), "--root", str(root)]
    held = CliRunner().invoke(log, [*given, "--json"])
    assert held.exit_code == 0, held.output
    assert json.loads(held.stdout)["decision"]["member"] == MEMBER
    assert "unwitnessed" in CliRunner().invoke(log, given).stdout
    saved.write_bytes(file._replace(salt=bytes(32)).content)
    assert isinstance(CliRunner().invoke(log, given).exception, RecordProofFailed)
    assert CliRunner().invoke(log, given[:2]).exit_code == 2
