"""Python's check of a list's proof over the vectors that it shares with the browser's."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from credentials.errors import TongxingError
from credentials.log.keys import NoteKey
from tests.vectors.reading import RECORD
from tests.vectors.record import write_record_vectors
from trust_registry.client.record.checking import prove_list
from trust_registry.metadata.log_keys import LogKey
from trust_registry.metadata.witness_policy import read_witness_policy

CASES: dict[str, Any] = {case["name"]: case for case in json.loads(RECORD.read_text("utf-8"))["cases"]}


@pytest.mark.parametrize("name", CASES)
def test_a_proof_means_what_the_vectors_say(name: str) -> None:
    """Two checks that disagree leave one gate in alarm and its neighbour without."""
    assert proven(CASES[name]["record"]) == CASES[name]["expected"]


def proven(record: Mapping[str, Any]) -> dict[str, Any]:
    def counting(wanted: Mapping[str, NoteKey]) -> list[LogKey]:
        named = [each for each in record["witnesses"] if each["vkey"] in wanted]
        return [LogKey("", wanted[each["vkey"]], None, each["not_before"], each["not_after"]) for each in named]

    try:
        policy = read_witness_policy(record["policy"])
        found = prove_list(base64.b64decode(record["proof"]), record["digest"], policy, counting)
    except TongxingError as error:
        return {"code": error.code}
    return {"origin": found.checkpoint.origin, "size": found.checkpoint.size}


def test_the_vectors_are_what_make_vectors_writes() -> None:
    """Keys and hashes are fixed, so a difference is a change of the format."""
    assert RECORD.read_text("utf-8") == write_record_vectors()
    assert len(CASES) == len(json.loads(RECORD.read_text("utf-8"))["cases"])
