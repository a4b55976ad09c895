"""How decisions and codes stand in the tables, and how they are read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert

from credentials.model import Evidence, RuleSetReference
from credentials.profile.limits import MAX_EVIDENCE
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status
from credentials.wire.cbor import dumps, loads
from issuer.decisions.deciding import Decision
from issuer.storage import tables
from issuer.storage.indices import place_of
from issuer.storage.log import SqlProvinceLog
from issuer.storage.ports.holders import Holder, HolderFacts
from issuer.storage.ports.issuing import Entry, IssuedRow, Made, StandingDecision
from issuer.storage.ports.staff import Scrutinises

_MAX_EVIDENCE_BYTES = 32 * MAX_EVIDENCE + 8
_row = tables.credential.c
ISSUED = (_row.serial, _row.handle, _row.form, _row.issued_at, _row.expires_at, _row.text)
"""The columns of an :class:`issuer.storage.ports.issuing.IssuedRow`."""
DECISION = (*tables.decision.c, tables.decision_record.c.sealed, tables.decision_record.c.text)
"""The columns of a :class:`issuer.decisions.deciding.Decision` and its number, of a row beside what the log has."""


def insert_into(connection: Connection, table: Table) -> Any:
    """An insert that may say what to do on conflict. Only the dialect in use is imported: each costs much."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as dialect_insert
    else:
        from sqlalchemy.dialects.sqlite import insert as dialect_insert  # type: ignore[assignment]
    return dialect_insert(table)


def insert_made(
    connection: Connection, client_id: str, made: Sequence[Made | Entry], scrutiny: Scrutinises | None
) -> None:
    """Keep codes with their decisions, but for those decisions by hand that stand there already."""
    # A decision made for one credential has that credential's serial as its number: sequential for both.
    insert_decisions(
        connection,
        [StandingDecision(each.issued.place.serial, each.decision) for each in made if each.standing is None],
        scrutiny,
    )
    connection.execute(insert(tables.credential), [_credential_row(client_id, each) for each in made])


def insert_decisions(connection: Connection, decided: Sequence[StandingDecision], scrutiny: Scrutinises | None) -> None:
    """Keep decisions under their numbers, and what the log has of each. ``scrutiny``: bonds those by hand."""
    if decided:
        connection.execute(insert(tables.decision), [_decision_row(*each, scrutiny) for each in decided])
        SqlProvinceLog(connection).enter(decided)


def issued(serial: int, handle: bytes, form: int, issued_at: int, expires_at: int, text: str) -> IssuedRow:
    """A code from :data:`ISSUED`."""
    return IssuedRow(place_of(serial), handle, form, issued_at, expires_at, text)


def evidence_bytes(evidence: Iterable[Evidence]) -> bytes:
    """Facts as one value."""
    return dumps([list(map(int, piece)) for piece in evidence])


def read_evidence(data: bytes) -> tuple[Evidence, ...]:
    """Facts back from it."""
    pieces = loads(data, _MAX_EVIDENCE_BYTES)
    return tuple(
        Evidence(EvidenceKind(kind), EvidenceResult(result), at, region) for kind, result, at, region in pieces
    )


def read_decision(row: Any) -> Decision:
    """A decision from its row."""
    return Decision(
        bytes(row.subject),
        Status(row.status),
        Reason(row.reason),
        RuleSetReference(row.rule_set, row.rule_set_version),
        row.basis,
        read_evidence(row.evidence),
        row.unit,
        row.author,
        row.approver,
        row.starts_at,
        row.ends_at,
        row.appeal_until,
        text=row.text or "",
        sealed=bytes(row.sealed or b""),
    )


def holder_row(facts: HolderFacts) -> dict[str, Any]:
    """Somebody on file, as a row without its number and version."""
    guardian = None if facts.guardian is None else int(facts.guardian)
    evidence = evidence_bytes(facts.evidence)
    region = region_of(facts.evidence)
    return facts._asdict() | {"form": int(facts.form), "guardian": guardian, "evidence": evidence, "region": region}


def region_of(evidence: Iterable[Evidence]) -> int:
    """Where the newest of the facts was found; 0 for none."""
    newest = max(evidence, key=lambda piece: piece.sampled_at, default=None)
    return 0 if newest is None else newest.region


def read_holder(row: Any) -> Holder:
    """Somebody on file from their row."""
    guardian = None if row.guardian is None else Guardian(row.guardian)
    evidence = read_evidence(row.evidence)
    form = Form(row.form)
    facts = HolderFacts(row.subject, row.name, row.document_tail, form, guardian, row.lifetime, evidence)
    return Holder(row.holder_id, row.version, facts)


def _credential_row(client_id: str, made: Made | Entry) -> dict[str, object]:
    row = made.issued
    serial = row.place.serial
    return {
        "serial": serial,
        "handle": row.handle,
        "decision_id": serial if made.standing is None else made.standing,
        "form": row.form,
        "issued_at": row.issued_at,
        "expires_at": row.expires_at,
        "text": row.text,
        "client_id": client_id,
    }


def _decision_row(decision_id: int, made: Decision, scrutiny: Scrutinises | None) -> dict[str, object]:
    bond = scrutiny.bond(decision_id, made) if scrutiny is not None and made.approver is not None else None
    return {
        "bond": bond,
        "decision_id": decision_id,
        "subject": made.subject,
        "status": int(made.status),
        "reason": int(made.reason),
        "rule_set": made.rule_set.rule_set,
        "rule_set_version": made.rule_set.version,
        "basis": made.basis,
        "evidence": evidence_bytes(made.evidence),
        "unit": made.unit,
        "author": made.author,
        "approver": made.approver,
        "starts_at": made.starts_at,
        "ends_at": made.ends_at,
        "appeal_until": made.appeal_until,
    }
