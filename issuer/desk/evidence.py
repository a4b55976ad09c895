"""What proves a decision by hand to anybody: its text, both signatures, and the keys down from the root key.

::

    {"text": "…", "salt": "<64 hex>", "author": {signature}, "approver": {signature}, "decided_at": s,
     "staff": [{"text": "…", "vouchers": [{signature}], "at": s, "in_force_at": s, "revoked_at": null}, …]}

``staff`` are the two keys and all administrators above them, in the order in which they were vouched for. No server is
asked; when the keys stood so is for the province's log to prove, which has a leaf of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from credentials.decisions.by_hand import DecisionText, read_decision, require_sound
from credentials.decisions.signatures import Signature, SigningKey, read_signature, verify_text
from credentials.decisions.staff import (
    ADMINISTRATOR,
    StaffKey,
    Vouched,
    believed,
    read_staff_key,
    require_signatories,
)
from credentials.errors import DecisionRejected, InvalidRequest, Malformed, TongxingError
from issuer.staff.keys import StaffKeys
from issuer.storage.staff_ports import ByHandRow, StaffKeyRow

Known = dict[bytes, tuple[StaffKey, Vouched]]


class Checked(NamedTuple):
    """What a decision says, who signed it (``unit/pseudonym``, empty where nobody is believed), and what of it does not
    hold."""

    said: DecisionText
    author: str
    approver: str
    faults: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """As JSON."""
        said = self.said
        return {
            "holds": not self.faults,
            "faults": list(self.faults),
            "member": said.member,
            "number": said.number.hex(),
            "status": said.status.label,
            "reason": said.reason.label,
            "basis": said.basis.article,
            "people": said.people,
            "before": dict(said.before),
            "starts_at": said.starts_at,
            "ends_at": said.ends_at,
            "appeal_until": said.appeal_until,
            "author": self.author,
            "approver": self.approver,
        }


def bundle_of(row: ByHandRow, staff: StaffKeys) -> dict[str, Any]:
    """The file that proves a decision that is in force. Raises InvalidRequest for one that is not."""
    if row.author_signature is None or row.approver_signature is None:
        raise InvalidRequest("this decision is not signed by both yet")
    signatures = {"author": dict(row.author_signature), "approver": dict(row.approver_signature)}
    signers = {read_signature(each).kid for each in signatures.values()}
    keys = [_key(each) for each in staff.store.all_keys() if _is_above(each, signers)]
    return {"text": row.text, "salt": row.salt.hex(), **signatures, "decided_at": row.decided_at, "staff": keys}


def check_bundle(bundle: Mapping[str, Any], root: SigningKey) -> Checked:
    """Whether a decision holds, by the root key of its member. Raises InvalidRequest for what is none at all."""
    try:
        text = str(bundle.get("text", "")).encode()
        said = read_decision(text)
        at = bundle["decided_at"]
        records = [_vouched(each) for each in bundle["staff"]]
        signatures = [read_signature(bundle[name]) for name in ("author", "approver")]
    except (KeyError, TypeError, Malformed) as error:
        told = error.detail if isinstance(error, Malformed) else "text, author, approver, decided_at and staff"
        raise InvalidRequest(f"not a decision with its proof: {told}; `issuer decision export` makes one") from error
    known, faults = believed(records, said.member, root), []
    try:
        require_sound(said)
    except DecisionRejected as error:
        faults.append(error.detail)
    signers: list[StaffKey] = []
    for name, signature in zip(("author", "approver"), signatures, strict=True):
        try:
            signers.append(_signer(signature, text, known, at))
        except TongxingError as error:
            faults.append(f"{name}: {error.detail or error.code}")
    if len(signers) == len(signatures):
        try:
            require_signatories(said, *signers)
        except DecisionRejected as error:
            faults.append(error.detail)
    names = {name: known[each.kid][0].staff for name, each in zip("ab", signatures, strict=True) if each.kid in known}
    return Checked(said, names.get("a", ""), names.get("b", ""), tuple(faults))


def _signer(signature: Signature, text: bytes, known: Known, at: int) -> StaffKey:
    if signature.kid not in known:
        raise DecisionRejected("signed by a key that no two administrators below this root key have signed")
    key, record = known[signature.kid]
    verify_text(signature, key.signing, text)
    if not record.is_in_force(at):
        raise DecisionRejected("signed by a key that was not in force")
    return key


def _is_above(row: StaffKeyRow, signers: set[bytes]) -> bool:
    return row.vouched_at is not None and (
        row.kid in signers or ADMINISTRATOR in read_staff_key(row.text.encode()).roles
    )


def _key(row: StaffKeyRow) -> dict[str, Any]:
    told = {"text": row.text, "vouchers": [dict(each) for each in row.vouchers], "at": row.vouched_at}
    return told | {"in_force_at": row.in_force_at, "revoked_at": row.revoked_at}


def _vouched(value: Any) -> Vouched:
    moments = [value["at"], value["in_force_at"], value["revoked_at"]]
    if type(value["text"]) is not str or not all(type(each) is int for each in moments[:2]):
        raise Malformed("staff: text, vouchers, at, in_force_at, revoked_at")
    vouchers = tuple(read_signature(each) for each in value["vouchers"])
    return Vouched(value["text"].encode(), vouchers, *moments)
