"""What a phone says of the file of a decision is what any other reader says, and both write the same number."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.decisions.short_reference import short_reference
from tests.unit.credentials.decisions.test_proof import LOG_SIGNER, TEXT, Made
from tests.web.twin import NodeTwin

SOUND = Made().file()
FILES: dict[str, Any] = {
    "by rule": (SOUND, None),
    "by hand": (Made(by_hand=True).file(), None),
    "another text": (SOUND._replace(text=SOUND.text.replace("red", "yellow")), "record-proof-failed"),
    "another salt": (SOUND._replace(salt=bytes(32)), "record-proof-failed"),
    "another path": (SOUND._replace(path=(bytes(32),)), "record-proof-failed"),
    "no path": (SOUND._replace(path=()), "record-proof-failed"),
    "another leaf": (SOUND._replace(proof=SOUND.proof._replace(number=0)), "record-proof-failed"),
    "no leaf": (SOUND._replace(proof=SOUND.proof._replace(extra=None)), "malformed"),
    "a status that is not the code's": (Made(text={**TEXT, "status": "green"}).file(), "record-proof-failed"),
    "a leaf that counts no decisions": (Made(entry=b'{"content":{"status":"red"},"kind":"a"}').file(), "malformed"),
    "nobody's log": (
        SOUND._replace(
            proof=SOUND.proof._replace(note=SOUND.proof.note._replace(signatures=SOUND.proof.note.signatures[1:]))
        ),
        "wrong-signature",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_phone_checks_the_file_of_a_decision_as_everybody_does(node_judge: NodeTwin, name: str) -> None:
    """It says plainly when it does not hold, and never that it holds when it does not."""
    file, expected = FILES[name]
    told = node_judge("decision", file=file.content.decode(), text=file.code, log=LOG_SIGNER.key.vkey)
    assert told == expected


def test_a_file_about_another_code_is_no_proof_of_this_one(node_judge: NodeTwin) -> None:
    """A neighbour's file, that holds by itself."""
    other = Made(text={**TEXT, "unit": "another"}).file()
    told = node_judge("decision", file=other.content.decode(), text=SOUND.code, log=LOG_SIGNER.key.vkey)
    assert told == "record-proof-failed"


@given(st.binary(min_size=16, max_size=16))
def test_the_number_that_is_read_aloud_is_one_in_both(node_judge: NodeTwin, reference: bytes) -> None:
    """The wallet shows it, and staff type it."""
    assert node_judge("spoken", reference=reference.hex()) == short_reference(reference)
