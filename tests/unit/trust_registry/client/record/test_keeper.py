"""A gate and the public record: what it believes of the proof of its list, and what it makes of a bad one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from credentials.log import ed25519
from credentials.log.checkpoint import sign_checkpoint
from credentials.log.keys import WITNESS, signer
from credentials.log.note import Note, SignatureLine, sign_text, with_signatures
from credentials.log.proof import LogProof, read_proof
from tests.unit.trust_registry.client.record.witnessed import (
    HOUR,
    WAIT,
    WITNESSES,
    RecordingGate,
    WitnessedRegistry,
    bundle_of,
    witnessed,
)
from tests.unit.trust_registry.founded import NOW
from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.client.record.memory import RECORD
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.metadata.list_proof import proof_path
from trust_registry.storage import tables

Three = tuple[WitnessedRegistry, Serving]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    with witnessed(tmp_path_factory.mktemp("three"), "CN-41", "CN-44", "CN-33", least=2) as opened:
        yield opened


@pytest.fixture
def three(once: Three) -> Three:
    """A registry that asks for two of three witnesses; a test changes what is served, and the time, of it."""
    once[0].now = NOW
    return once


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Three]:
    """The same, for a test that publishes."""
    with witnessed(tmp_path, "CN-41", "CN-44", "CN-33", least=2) as opened:
        yield opened


def path_of(gate: RecordingGate) -> str:
    return proof_path(gate.trust.listed.version)


def test_a_registry_without_a_quorum_is_unwitnessed_and_nobody_is_alarmed(tmp_path: Path) -> None:
    """One province alone, a trial, a demonstration: its log's own signature is all there is, and it is checked."""
    with witnessed(tmp_path, "CN-41") as (registry, mirror):
        registry.awake = ()
        gate = RecordingGate(registry, tmp_path / "gate", mirror)
        standing = gate.round()
        assert (standing.state, standing.alarm, standing.unproven_since) == ("unwitnessed", False, None)
        assert standing.proven is not None and standing.held is not None
        mirror.files = {path: data for path, data in registry.files().items() if not path.startswith("log/")}
        other = RecordingGate(registry, tmp_path / "other", mirror).again()
        assert (other.state, other.alarm, other.unproven_since) == ("unwitnessed", True, None), "guards see nothing"


def test_a_founded_registry_has_nothing_to_prove(tmp_path: Path) -> None:
    """Its list vouches for nobody: a gate that is set up before the first member must not begin with an alarm."""
    with WitnessedRegistry(tmp_path) as registry, serving({}) as mirror:
        registry.publication.record.publish(registry.now)
        standing = RecordingGate(registry, tmp_path / "gate", mirror).round()
        assert (standing.state, standing.alarm) == ("unwitnessed", False)
        assert mirror.asked == []


def test_a_list_of_before_there_was_a_log_gets_its_leaf(changing: Three, tmp_path: Path) -> None:
    """Once, however many processes publish; gates then find it as any other."""
    registry, mirror = changing
    with registry.engine.begin() as connection:
        for table in (tables.log.leaf, tables.log.checkpoint, tables.log.tile_hash):
            connection.execute(delete(table))
        connection.execute(update(tables.log.counter).values(size=0))
    shutil.rmtree(registry.mirror_folder / "log")
    for process in (registry.publication, registry.another_process()):
        process.record.witnesses = registry.publication.record.witnesses
        process.record.publish(registry.now)
    with registry.publication.storage.reading() as records:
        assert [leaf.kind for leaf in records.log.read(0, 9)] == ["list-published"]
    assert RecordingGate(registry, tmp_path / "gate", mirror).round().state == "witnessed"


def test_a_list_that_enough_witnesses_cosigned_is_witnessed(three: Three, tmp_path: Path) -> None:
    """And once it is, nothing is fetched for it any more, nor after a restart."""
    registry, mirror = three
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    standing = gate.round()
    assert (standing.state, standing.alarm) == ("witnessed", False)
    assert standing.proven is not None and len(standing.proven.cosigned_by) == 3
    asked = len(mirror.asked)
    assert gate.again() is standing
    assert gate.restarted().state == "witnessed"
    assert gate.again().state == "witnessed" and len(mirror.asked) == asked


def test_it_fits_into_two_kilobytes_with_five_cosignatures(tmp_path: Path) -> None:
    """Beside the leaf, which is as long as its deed: gates on bad lines fetch it, and phones' gates too."""
    with witnessed(tmp_path, *WITNESSES, least=3) as (registry, mirror):
        gate = RecordingGate(registry, tmp_path / "gate", mirror)
        assert gate.round().state == "witnessed"
        proof = read_proof(mirror.files[path_of(gate)])
        assert len(proof.note.signatures) == 6
        in_a_large_log = proof._replace(extra=None, number=999_999, hashes=(bytes(32),) * 20)
        assert len(in_a_large_log.content) <= 2048


def tampered(proof: LogProof, note: Note) -> bytes:
    return proof._replace(note=note).content


def _of_another_list(proof: LogProof, _registry: WitnessedRegistry) -> bytes:
    assert proof.extra is not None
    return proof._replace(extra=proof.extra.replace(b'"trust_list":"', b'"trust_list":"0')).content


def _without_quorum(proof: LogProof, _registry: WitnessedRegistry) -> bytes:
    return tampered(proof, Note(proof.note.text, proof.note.signatures[:2]))


def _of_a_stranger(proof: LogProof, registry: WitnessedRegistry) -> bytes:
    own = registry.publication.record.signer
    thief = own._replace(private_key=ed25519.new_private_key())
    return tampered(proof, sign_checkpoint(registry_size(proof), b"x" * 32, thief))


def registry_size(proof: LogProof) -> int:
    return proof.number + 1


def _with_a_wrong_hash(proof: LogProof, _registry: WitnessedRegistry) -> bytes:
    return proof._replace(hashes=(b"\0" * 32, *proof.hashes[1:])).content


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (None, "fetch-failed"),
        (lambda _proof, _registry: b"", "fetch-failed"),
        (lambda _proof, _registry: b"<html>", "malformed"),
        (lambda _proof, _registry: b"x" * 40_000, "fetch-too-large"),
        (_of_another_list, "malformed"),
        (_without_quorum, "quorum-missing"),
        (_of_a_stranger, "wrong-signature"),
        (_with_a_wrong_hash, "record-proof-failed"),
    ],
    ids=["missing", "empty", "no proof", "endless", "of another list", "one cosignature", "a thief's log", "one hash"],
)
def test_wrong_is_like_missing_an_alarm_and_nobody_is_refused(
    three: Three, tmp_path: Path, spoil: object, code: str
) -> None:
    """Whoever carries the files needs no key to spoil a proof. It is named at once, and mends itself."""
    registry, mirror = three
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    mirror.files = registry.files()
    path = proof_path(registry.trust().listed.version)
    good = mirror.files[path]
    if spoil is None:
        del mirror.files[path]
    else:
        mirror.files[path] = spoil(read_proof(good), registry)  # type: ignore[operator]
    standing = gate.again()
    assert (standing.state, standing.alarm, standing.code) == ("unproven", True, code)
    assert standing.unproven_since == registry.now
    registry.now += HOUR
    assert gate.again().unproven_since == registry.now - HOUR, "counted from when it began"
    assert gate.restarted().unproven_since == registry.now - HOUR, "also after a restart"
    mirror.files[path] = good
    mended = gate.again()
    assert (mended.state, mended.alarm, mended.unproven_since) == ("witnessed", False, None)


def test_one_bad_cosignature_and_one_dead_witness_stop_nobody(three: Three, tmp_path: Path) -> None:
    """Two of three are enough, whatever a third line says."""
    registry, mirror = three
    mirror.files = registry.files()
    path = proof_path(registry.trust().listed.version)
    proof = read_proof(mirror.files[path])
    last = proof.note.signatures[-1]
    bad = SignatureLine(last.name, last.key_id, bytes(72))
    mirror.files[path] = tampered(proof, Note(proof.note.text, (bad, *proof.note.signatures[:-1])))
    assert RecordingGate(registry, tmp_path / "gate", mirror).again().state == "witnessed"


def test_a_new_list_is_unproven_until_its_witnesses_answer(changing: Three, tmp_path: Path) -> None:
    """The next round of the log brings what was missing, and a proof that is good does not give way to a worse one."""
    registry, mirror = changing
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    gate.round()
    registry.awake = ["CN-41"]
    registry.publish(DraftRequest([], {}))
    assert gate.round().code == "quorum-missing"
    registry.awake = ["CN-44"]
    registry.publication.record.publish(registry.now)
    assert gate.round().state == "witnessed"
    good = mirror.files[path_of(gate)]
    registry.awake = ()
    with registry.publication.storage.writing() as records:
        records.log.append("draft-approved", registry.now, {"draft": "0", "by": "x"})
    registry.publication.record.publish(registry.now)
    assert registry.files()[path_of(gate)] == good


def test_a_damaged_proof_is_made_anew_by_the_next_round(changing: Three) -> None:
    """As every other file of the mirror is."""
    registry, _ = changing
    path = proof_path(registry.trust().listed.version)
    good = registry.files()[path]
    registry.mirror.files.put(path, good.replace(b"index", b"indax"))
    registry.publication.record.publish(registry.now)
    assert registry.files()[path] == good


def test_a_witness_of_a_member_that_is_new_here_does_not_count_for_72_hours(changing: Three, tmp_path: Path) -> None:
    """Officers who are forced could enrol a member that never was, with a witness of their own."""
    registry, mirror = changing
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    gate.round()
    registry.enrol("CN-51", now=registry.now)
    registry.raise_policy("CN-41", "CN-44", "CN-33", "CN-51", least=3)
    registry.awake = ["CN-41", "CN-44", "CN-51"]
    registry.publish(DraftRequest([], {}))
    assert gate.round().code == "quorum-missing"
    fresh = RecordingGate(registry, tmp_path / "fresh", mirror).again()
    assert fresh.state == "witnessed", "a gate that was just unpacked has nothing to hold it against"
    at_once = RecordingGate(registry, tmp_path / "demo", mirror, wait=0)
    assert at_once.again().state == "witnessed"
    registry.now += WAIT
    assert gate.again().state == "witnessed"


def test_a_stricter_policy_counts_at_once(changing: Three, tmp_path: Path) -> None:
    """It can only take trust away."""
    registry, mirror = changing
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    gate.round()
    registry.awake = ["CN-41", "CN-44"]
    registry.raise_policy("CN-41", "CN-44", "CN-33", least=3)
    standing = gate.round()
    assert (standing.code, standing.policy_waits_until) == ("quorum-missing", None)


def test_a_weaker_policy_counts_when_the_old_quorum_cosigned_its_list(changing: Three, tmp_path: Path) -> None:
    """The witnesses have seen the list that lets them go."""
    registry, mirror = changing
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    gate.round()
    registry.awake = ["CN-41", "CN-44"]
    registry.raise_policy("CN-33", least=1)
    standing = gate.round()
    assert standing.policy == gate.trust.listed.witness_policy
    assert standing.code == "quorum-missing", "and then its own quorum is asked for"


@pytest.mark.parametrize("least_then", [1, 0], ids=["one witness is enough", "nobody is asked any more"])
def test_a_weaker_policy_that_nobody_cosigned_counts_after_72_hours(
    changing: Three, tmp_path: Path, least_then: int
) -> None:
    """Time enough to notice: until then the old quorum is asked for, and its absence is an alarm."""
    registry, mirror = changing
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    before = gate.round()
    registry.awake = ["CN-41"]
    if least_then:
        registry.raise_policy("CN-41", least=1)
    else:
        registry.put_policy(f"log {registry.publication.record.signer.key.vkey}\nquorum none\n")
    standing = gate.round()
    assert standing.policy == before.policy
    assert (standing.state, standing.policy_waits_until) == ("unproven", registry.now + WAIT)
    registry.now += WAIT - 1
    assert gate.restarted().state == "unproven"
    registry.now += 1
    assert gate.again().state == ("witnessed" if least_then else "unwitnessed")


def test_a_witness_that_its_member_does_not_name_does_not_count(three: Three, tmp_path: Path) -> None:
    """Even where officers were made to sign a policy with a key of somebody else's."""
    registry, mirror = three
    gate = RecordingGate(registry, tmp_path / "gate", mirror, wait=0)
    stranger = signer("tongxing/CN-41/witness", WITNESS, ed25519.new_private_key())
    listed = registry.trust()
    text = f"log {registry.publication.record.signer.key.vkey}\nwitness X {stranger.key.vkey}\nquorum X\n"
    mirror.files = registry.files()
    path = proof_path(listed.listed.version)
    proof = read_proof(mirror.files[path])
    mirror.files[path] = tampered(
        proof, with_signatures(proof.note, [sign_text(proof.note.text, stranger, registry.now)])
    )
    gate.again()
    forced = gate.trust.listed._replace(witness_policy=text)
    standing = gate.keeper.refresh(replace(gate.trust, listed=forced), registry.now)
    assert standing.code == "quorum-missing"


def test_a_policy_that_cannot_be_read_is_an_alarm_and_the_old_one_counts(three: Three, tmp_path: Path) -> None:
    """A newer registry may write what an older gate does not know; it never counts, however long it is seen."""
    registry, mirror = three
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    gate.round()
    odd = replace(gate.trust, listed=gate.trust.listed._replace(witness_policy="log ?\nquorum none\n"))
    for _ in range(2):
        standing = gate.keeper.refresh(odd, registry.now)
        assert standing.asks_for_witnesses and standing.alarm and standing.policy_waits_until is None
        registry.now += WAIT


def test_a_damaged_memory_is_an_alarm_and_no_new_beginning(three: Three, tmp_path: Path) -> None:
    """To begin anew without a word would be to trust whoever damaged it."""
    registry, mirror = three
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    gate.round()
    file = tmp_path / "gate" / RECORD
    file.write_bytes(file.read_bytes()[:-9])
    assert gate.restarted().code == "storage-unavailable"
    file.unlink()
    assert gate.restarted().code == "fetch-failed"
    assert gate.again().state == "witnessed"


def test_a_bundle_brings_the_proof_where_there_is_no_network(three: Three, tmp_path: Path) -> None:
    """Carried on a stick: the same proof, the same check."""
    registry, _ = three
    gate = RecordingGate(registry, tmp_path / "gate", Serving({}))
    standing = gate.keeper.take(registry.trust(), bundle_of(registry), registry.now)
    assert (standing.state, standing.alarm) == ("witnessed", False)
