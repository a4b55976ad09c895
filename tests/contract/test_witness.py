"""What a witness promises, on SQLite and on PostgreSQL: one history a log, however many ask at once."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import (
    Malformed,
    NotFound,
    RecordForked,
    RecordProofFailed,
    TongxingError,
    TooLarge,
    WitnessAtOtherSize,
    WrongSignature,
)
from credentials.log.checkpoint import read_checkpoint, sign_checkpoint
from credentials.log.keys import LOG, note_key
from credentials.log.note import check, read_note, read_signatures, with_signatures
from credentials.log.request import AddCheckpoint
from credentials.log.tree import Node, nodes_of, prove_consistency, root_of
from tests.unit.credentials.log.logs import LOG_SIGNER, NODES, ORIGIN, hashes, witness
from trust_registry.witness.cosigning import CosigningWitness
from trust_registry.witness.storage.sql import SqlSeenLogs, open_seen

NOW = 1_795_000_000
SIGNER = witness(0)
PROCESSES = 8


@pytest.fixture
def seen(database_url: str, tmp_path: Path) -> Iterator[SqlSeenLogs]:
    (tmp_path / "new").mkdir(exist_ok=True)
    seen = open_seen(database_url)
    yield seen
    seen.engine.dispose()


def cosigner(seen: SqlSeenLogs) -> CosigningWitness:
    return CosigningWitness(seen, SIGNER, lambda: {ORIGIN: [LOG_SIGNER.key]})


def request(old: int, size: int, node: Node = NODES) -> bytes:
    note = sign_checkpoint(size, root_of(node, size), LOG_SIGNER)
    return AddCheckpoint(old, tuple(prove_consistency(node, old, size) if old <= size else ()), note).content


def test_a_log_that_grows_is_cosigned(seen: SqlSeenLogs) -> None:
    """And again where nothing is new; the line verifies, with its time."""
    for old, size in ((0, 0), (0, 7), (7, 7), (7, 256), (256, 300)):
        line = cosigner(seen).add_checkpoint(request(old, size), NOW)
        note = with_signatures(sign_checkpoint(size, root_of(NODES, size), LOG_SIGNER), read_signatures(line))
        assert list(check(note, [SIGNER.key])) == [SIGNER.key]
    assert seen.all()[ORIGIN].size == 300


OTHER = nodes_of([*hashes(6), b"\7" * 32, *hashes(300)[7:]])


def test_a_second_history_is_not_cosigned(seen: SqlSeenLogs) -> None:
    """Of one size, grown from before the fork, or grown from after it; and the row stays as it is."""
    cosigner(seen).add_checkpoint(request(0, 7), NOW)
    refused(seen, request(7, 7, OTHER), RecordForked)
    refused(seen, request(7, 9, OTHER), RecordProofFailed)
    refused(seen, request(6, 9, OTHER), WitnessAtOtherSize)
    refused(seen, request(7, 8)[:6] + request(7, 8, OTHER)[6:], RecordProofFailed)
    refused(seen, request(0, 6), WitnessAtOtherSize)
    assert seen.get(ORIGIN).size == 7
    cosigner(seen).add_checkpoint(request(7, 8), NOW)


def test_what_is_refused_by_its_own_name(seen: SqlSeenLogs) -> None:
    """In the order of the protocol."""
    stranger = CosigningWitness(seen, SIGNER, dict)
    with pytest.raises(NotFound, match="unknown log"):
        stranger.add_checkpoint(request(0, 7), NOW)
    altered = request(0, 7).replace(b"\n7\n", b"\n8\n")
    refused(seen, altered, WrongSignature)
    refused(seen, request(9, 7), Malformed)
    refused(seen, b"old 0\n", Malformed)
    refused(seen, b"x" * 200_000, TooLarge)
    with pytest.raises(WitnessAtOtherSize) as told:
        cosigner(seen).add_checkpoint(request(3, 7), NOW)
    assert told.value.size == 0
    assert seen.all() == {}


def refused(seen: SqlSeenLogs, content: bytes, error: type[TongxingError]) -> None:
    with pytest.raises(error):
        cosigner(seen).add_checkpoint(content, NOW)


def test_another_programs_conversation_with_a_witness(seen: SqlSeenLogs, outside_vectors: Path) -> None:
    """Each request is answered as Torchwood's litewitness answers it, but for an unknown log, which is 404 by now."""
    file = outside_vectors / "tlog" / "witness-conversation.json"
    if not file.is_file():
        pytest.skip(f"NOT CHECKED: no conversation with a witness at {file}")
    vectors = json.loads(file.read_text())
    raw = bytes.fromhex(vectors["log_public_key_ed25519_hex"])
    first = vectors["conversation"][0]["body"].encode().partition(b"\n\n")[2]
    origin = read_checkpoint(read_note(first)).origin
    asked = CosigningWitness(seen, SIGNER, lambda: {origin: [note_key(origin, LOG, raw)]})
    for number, each in enumerate(vectors["conversation"]):
        expected = 404 if "unknown log" in each["about"] else each["status"]
        status, body = answer(asked, each["body"].encode())
        assert status == expected, number
        if "==" in each["about"]:
            assert body == json.loads(each["about"].partition("== ")[2]), number
        elif expected != 200:
            assert each["about"].partition('"')[2].rstrip('"') in body, number


def answer(asked: CosigningWitness, content: bytes) -> tuple[int, str]:
    statuses: dict[type[TongxingError], int] = {NotFound: 404, WrongSignature: 403, RecordProofFailed: 422}
    try:
        return 200, asked.add_checkpoint(content, NOW)
    except WitnessAtOtherSize as error:
        return 409, f"{error.size}\n"
    except (NotFound, WrongSignature, RecordProofFailed) as error:
        return statuses[type(error)], error.detail


def ask_for_one_history(url: str, number: int, ready: Any, answers: Any) -> None:
    """A process that wants its own history cosigned: all are the same up to leaf 7, and differ from there on."""
    mine = nodes_of([*hashes(7), bytes([number]) * 32, *hashes(40)[8:]])
    seen = open_seen(url)
    asked, got = cosigner(seen), []
    ready.wait()
    for old, size in ((7, 8), (8, 20), (20, 40)):
        try:
            asked.add_checkpoint(request(old, size, mine), NOW)
            got.append(size)
        except TongxingError:
            pass
    answers.put((number, got))
    seen.engine.dispose()


def test_eight_processes_at_once_get_one_history_cosigned(seen: SqlSeenLogs, database_url: str) -> None:
    """Eight forks of one log at the same moment: one is cosigned, and none of the others at any size."""
    cosigner(seen).add_checkpoint(request(0, 7), NOW)
    context = multiprocessing.get_context("spawn")
    ready, answers = context.Barrier(PROCESSES), context.Queue()
    arguments = [(database_url, number, ready, answers) for number in range(PROCESSES)]
    processes = [context.Process(target=ask_for_one_history, args=each) for each in arguments]
    for process in processes:
        process.start()
    got = dict(answers.get(timeout=300) for _ in processes)
    for process in processes:
        process.join()
    assert sorted(map(len, got.values())) == [0] * (PROCESSES - 1) + [3]
    assert seen.get(ORIGIN).size == 40
