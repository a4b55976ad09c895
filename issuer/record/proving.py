"""Proves decisions: to a resident the one behind their code, to those who decided the one that they signed; and to a
resident who of staff was shown what stands about them.

What a file says does not rest on this service: :mod:`credentials.decisions.proof`. Of a decision by hand it carries who
signed it, with the staff keys' leaves (:mod:`credentials.decisions.signatories`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from credentials.decisions.by_hand import read_decision
from credentials.decisions.leaves import SALT_BYTES, STAFF_KEY, commitment, path_to_root, sealed
from credentials.decisions.look_ups import MAX_LOOK_UPS, LookUp, look_ups_file
from credentials.decisions.proof import DecisionFile
from credentials.decisions.signatories import APPROVER, AUTHOR, STAFF
from credentials.decisions.signatures import read_signature
from credentials.decisions.staff import ADMINISTRATOR, StaffKey, read_staff_key
from credentials.errors import InvalidRequest, Malformed, NotFound, Unavailable
from credentials.log.proof import LogProof
from credentials.log.tree import HASH_BYTES
from credentials.wire.strict_json import parse_json
from issuer.record.publication import LogPublication
from issuer.storage.ports.issuing import IssuedRow
from issuer.storage.ports.log import KeptDecision, KeptLookUp
from issuer.storage.ports.staff import ByHandRow, ByHandStore
from service_kit.storage.ports import LeafRecord
from trust_registry.record.publishing import ProvedLeaf, PublishedCheckpoint

_Proved = tuple[list[ProvedLeaf], PublishedCheckpoint]

NO_DECISION = "a green code names no decision, and what was decided before the log began, or long ago, is not kept"
NOT_YET = "the log's next checkpoint holds the decision; ask again in a few minutes"


def prove(record: LogPublication, by_hand: ByHandStore, issued: IssuedRow) -> DecisionFile:
    """The file about the decision that this code names.

    Raises NotFound where it names none that is kept, Unavailable until its leaf is in a checkpoint: at most some
    minutes.
    """
    with record.storage.reading() as records:
        kept = records.province.find(issued.place.serial)
    if kept is None:
        raise NotFound(NO_DECISION)
    return _prove(record, kept, _signatures(by_hand, kept.text), issued.text)


def prove_by_hand(record: LogPublication, row: ByHandRow) -> DecisionFile:
    """The same file without a code, for those who decided. Raises InvalidRequest for a decision that is not signed by
    both, and as :func:`prove`."""
    signatures = _signed(row)
    if signatures is None:
        raise InvalidRequest("this decision is not signed by both yet")
    with record.storage.reading() as records:
        kept = records.province.find_text(commitment(sealed(row.salt, row.text.encode())))
    if kept is None:
        raise NotFound("this decision is in force for nobody, or was made too long ago to be kept")
    return _prove(record, kept, signatures, None)


def look_ups_of(record: LogPublication, subject: bytes) -> bytes:
    """The file about who of staff was shown this person (:mod:`credentials.decisions.look_ups`), the newest first."""
    with record.storage.reading() as records:
        found = records.province.look_ups_of(subject, MAX_LOOK_UPS)
    leaves = {kept.leaf for kept, _ in found if kept.leaf is not None}
    # Those of one hour are in one leaf, which is proved once.
    proofs: dict[int | None, _Proved | None] = {}
    if record.publisher is not None:
        proofs |= {leaf: record.publisher.prove(leaf) for leaf in leaves}
    return look_ups_file([_look_up(record, kept, batch, proofs.get(kept.leaf)) for kept, batch in found])


def _look_up(record: LogPublication, kept: KeptLookUp, batch: bytes, proved: _Proved | None) -> LookUp:
    hidden = record.sealed_look_up(kept)
    told = LookUp(kept.text, hidden[:SALT_BYTES])
    if proved is None:
        return told
    (counted,), published = proved
    index, path = _below(hidden, batch)
    return told._replace(place=index, path=path, proof=_proof(counted, published))


def _prove(
    record: LogPublication, kept: KeptDecision, signatures: Mapping[str, Any] | None, code: str | None
) -> DecisionFile:
    if record.publisher is None or kept.leaf is None:
        raise Unavailable(NOT_YET)
    staff = [] if signatures is None else _leaves_of_staff(record, kept.leaf, signatures)
    # Whoever signed it must have been somebody when others first saw it, so a later checkpoint would say less.
    first = None if signatures is None else _first_cosigned(record, kept.leaf)
    proved = record.publisher.prove(kept.leaf, *(each.number for each in staff), note=first)
    if proved is None:
        raise Unavailable(NOT_YET)
    (decision, *above), published = proved
    index, path = _below(kept.sealed, kept.batch)
    proof = _proof(decision, published)
    signed = None if signatures is None else {**signatures, STAFF: [_told(each) for each in above]}
    return DecisionFile(code, kept.text, kept.sealed[:SALT_BYTES], index, tuple(path), proof, signed)


def _signatures(by_hand: ByHandStore, text: str) -> Mapping[str, Any] | None:
    """Who signed a decision; None of one by rule, and of one from before decisions were signed."""
    try:
        row = by_hand.find(read_decision(text.encode()).number)
    except Malformed:
        return None
    return None if row is None else _signed(row)


def _signed(row: ByHandRow) -> Mapping[str, Any] | None:
    if row.author_signature is None or row.approver_signature is None:
        return None
    return {AUTHOR: dict(row.author_signature), APPROVER: dict(row.approver_signature)}


def _first_cosigned(record: LogPublication, leaf: int) -> bytes | None:
    with record.storage.reading() as records:
        return records.province.first_cosigned(leaf)


def _leaves_of_staff(record: LogPublication, before: int, signatures: Mapping[str, Any]) -> Sequence[LeafRecord]:
    """The leaves of the two keys and of all administrators, and those that ended them, before this leaf."""
    with record.storage.reading() as records:
        leaves = records.province.staff_leaves(before)
    kids = {read_signature(each).kid for each in signatures.values()}
    for leaf in leaves:
        if leaf.kind == STAFF_KEY:
            key = _key(leaf)
            kids |= {key.kid} if ADMINISTRATOR in key.roles else set()
    return [leaf for leaf in leaves if _kid(leaf) in kids]


def _kid(leaf: LeafRecord) -> bytes:
    return _key(leaf).kid if leaf.kind == STAFF_KEY else bytes.fromhex(parse_json(leaf.content.encode())["kid"])


def _key(leaf: LeafRecord) -> StaffKey:
    return read_staff_key(parse_json(leaf.content.encode())["text"].encode())


def _proof(proved: ProvedLeaf, published: PublishedCheckpoint) -> LogProof:
    return LogProof(proved.leaf.number, tuple(proved.hashes), published.note, proved.leaf.entry)


def _told(proved: ProvedLeaf) -> dict[str, Any]:
    hashes = [each.hex() for each in proved.hashes]
    return {"index": proved.leaf.number, "leaf": proved.leaf.entry.decode(), "hashes": hashes}


def _below(sealed_text: bytes, batch: bytes) -> tuple[int, list[bytes]]:
    """Where a decision stands below the root in its leaf; one by hand is its leaf's only one."""
    if not batch:
        return 0, []
    commitments = [batch[at : at + HASH_BYTES] for at in range(0, len(batch), HASH_BYTES)]
    index = commitments.index(commitment(sealed_text))
    return index, path_to_root(commitments, index)
