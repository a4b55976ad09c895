"""Attacks on what decides about people: one test each."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from credentials.decisions.rules.document import read_status_rules
from credentials.errors import Conflict, Malformed
from credentials.keys import jwk_of
from credentials.profile.lists import Status
from credentials.recognition.authoring.template import template as gate_rules
from credentials.recognition.document import sign_rule_set
from issuer.evidence.intake import Taken
from issuer.evidence.laboratories import Laboratories
from tests.contract.test_evidence import LABORATORY, SIGNER, record, status_of, told
from tests.contract.test_holders import Office, Offices
from tests.unit.issuer.office import NOW, attest


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Offices(f"sqlite:///{tmp_path / 'issuer.sqlite'}").one


def test_rules_of_gates_presented_as_rules_that_decide(office: Office) -> None:
    """The same key signs both: without a type of its own, rules for other provinces' codes would colour people here."""
    with pytest.raises(Malformed, match="typ"):
        read_status_rules(sign_rule_set(gate_rules("CN-44", 48), SIGNER), LABORATORY.public_key(), "CN-44")


def test_an_attestation_replayed_after_its_correction(office: Office) -> None:
    """Who keeps the first paper makes the corrected person red again whenever they like."""
    Laboratories(office.engine).add("lab", jwk_of(LABORATORY.public_key()), "CN-44", NOW)
    old = {"attestation": attest(record(result="positive"), NOW, SIGNER)}
    told(office, old, {"attestation": attest({"reference": "r1", "taken_back": True}, NOW + 1, SIGNER)}, at=NOW + 1)
    assert told(office, old, reporter="somebody else", at=NOW + 2) == [Conflict]
    assert status_of(office, at=NOW + 3)[0] is Status.GREEN


def test_a_client_that_corrects_another_reporters_result(office: Office) -> None:
    """A client that guesses a laboratory's references would lift its reds."""
    told(office, record(result="positive"), reporter="laboratory")
    assert told(office, record(result="negative"), reporter="thief") == [Taken.KEPT]
    assert status_of(office)[0] is Status.RED


def test_a_code_asked_for_with_a_newer_negative_after_a_reported_positive(office: Office) -> None:
    """A client that brings a made-up test would lift what a laboratory reported."""
    told(office, record(result="positive", age=2 * 86_400))
    office.issue(
        "k", evidence=[{"kind": "nucleic-acid", "result": "negative", "sampled_at": NOW - 600, "region": 410102}]
    )
    assert status_of(office, at=NOW + 1)[0] is Status.RED


def test_no_document_number_is_kept_with_what_is_reported(office: Office) -> None:
    """Who steals the database has digests under a key that is not in it."""
    told(office, record())
    with office.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text("SELECT * FROM issuer_evidence"))]
    assert "11010519491231002" not in repr(rows)
