"""Staff keys as the issuer believes them: each time by the signatures below the province's root key, never by a row.

Whoever can write into the database can add a row, and the row is nobody: administrators did not sign it. What they can
do is set a moment of a row back, and every such moment stands in the province's log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from credentials.decisions.signatures import Signature, read_signature, verify_text
from credentials.decisions.staff import (
    ADMINISTRATOR,
    VOUCHERS,
    RootKeys,
    SignedDecision,
    StaffKey,
    Vouched,
    believed,
    read_staff_key,
    require_signatories,
    require_vouched,
    revocation_text,
)
from credentials.errors import (
    Conflict,
    DecisionRejected,
    InvalidRequest,
    NotAuthorised,
    NotFound,
    TongxingError,
)
from issuer.storage.ports.staff import AuditRow, StaffKeyRow, StaffStore

Known = dict[bytes, tuple[StaffKey, Vouched]]
BY_ROOT_KEY = "root-key"
"""Who is said in the audit log to have signed by the province's root key; no unit's person is called so."""


class Listed(NamedTuple):
    """A key with how it stands: ``waiting`` for administrators, ``delayed``, ``in-force``, ``ended``, or ``unsigned``:
    a row that says it was vouched for, and was not."""

    key: StaffKey
    row: StaffKeyRow
    state: str


@dataclass
class StaffKeys:
    """The staff of one member. Safe to call from several threads and processes at once."""

    store: StaffStore
    member: str
    root: Callable[[], RootKeys | None]
    """The member's root keys by the trust list; None: nobody has one, and nobody signs anything here."""
    delay_seconds: int
    """Between the second voucher and the key's first signature: time for others to see it coming."""
    _last: tuple[Any, Known] = field(default=(None, {}), init=False, repr=False)

    def known(self) -> Known:
        """The keys that administrators have signed, by kid."""
        rows, root = self.store.all_keys(), self.root()
        asked = ([(row.text, row.vouchers, row.vouched_at, row.in_force_at, row.revoked_at) for row in rows], root)
        if self._last[0] != asked:
            # Checking signatures again for each decision would cost more than the decision.
            records = [_vouched(row) for row in rows if row.vouched_at is not None]
            self._last = (asked, believed(records, self.member, root))
        return self._last[1]

    def in_force(self, kid: bytes, at: int) -> StaffKey:
        """A key that counts at ``at``. Raises NotAuthorised, saying why it does not."""
        found = self.known().get(kid)
        if found is None:
            raise NotAuthorised(
                f"key {kid.hex()} is nobody's of the staff; `tongxing issuer staff list` says who is, and "
                "TONGXING_TRUST_ROOT by which root key"
            )
        key, record = found
        if record.revoked_at is not None and record.revoked_at <= at:
            raise NotAuthorised(f"key {kid.hex()} has ended: its person signs nothing any more")
        if at < record.in_force_at:
            raise NotAuthorised(f"key {kid.hex()} waits: it counts from {record.in_force_at} on, seconds UTC")
        return key

    def signer_of(self, signature: Signature, text: bytes, at: int) -> StaffKey:
        """Who signed a text. Raises NotAuthorised, and what :func:`verify_text` raises."""
        key = self.in_force(signature.kid, at)
        verify_text(signature, key.signing, text)
        return key

    def signatories(self, signed: SignedDecision, at: int) -> tuple[StaffKey, StaffKey]:
        """The two who made a decision. Raises DecisionRejected, saying which of them is none and what is wrong."""
        found = []
        for name, signature in (("author", signed.author), ("approver", signed.approver)):
            try:
                found.append(self.signer_of(signature, signed.text, at))
            except TongxingError as error:
                raise DecisionRejected(f"{name}: {error.detail or error.code}") from error
        require_signatories(signed.said, *found)
        return found[0], found[1]

    def add(self, key: StaffKey, at: int, credential_id: bytes | None = None) -> StaffKeyRow:
        """Keep a key, which waits for administrators. Raises InvalidRequest, Conflict when it is there."""
        row = new_row(key, at, credential_id)
        try:
            self.store.add_key(row, AuditRow(at, key.staff, "key-added"))
        except Conflict as error:
            raise Conflict(f"key {row.kid.hex()} is registered already") from error
        return row

    def vouch(self, kid: bytes, voucher: Signature, at: int) -> StaffKeyRow:
        """Keep an administrator's, or the root key's, signature over a key that waits; with the last one it is vouched
        for. Raises NotFound, NotAuthorised, WrongSignature."""
        row = self.row(kid)
        if row.vouched_at is not None:
            raise Conflict(f"key {kid.hex()} is vouched for already")
        text = row.text.encode()
        by = self._require_administrator(voucher, text, at, "only administrators vouch for keys")
        given = {each.kid: each for each in map(read_signature, row.vouchers) if self._counts(each, text, at)}
        if voucher.kid in given and len(given) < VOUCHERS:
            raise Conflict(f"key {kid.hex()} has this administrator's signature already; another one signs next")
        vouchers = [*(given | {voucher.kid: voucher}).values()]
        done = self._done(read_staff_key(text), vouchers, at, is_last=by == BY_ROOT_KEY)
        did = AuditRow(at, by, "key-vouch")
        if not self.store.keep_vouchers(row, [each.to_json() for each in vouchers], done, did):
            # Another administrator was faster: what counts is what both have signed together.
            return self.vouch(kid, voucher, at)
        return self.row(kid)

    def revoke(self, kid: bytes, made_at: int, signature: Signature, at: int) -> None:
        """End a key by a text that an administrator or the root key signed (:func:`revocation_text`). Raises NotFound,
        NotAuthorised, WrongSignature."""
        text = revocation_text(self.member, kid, made_at)
        by = self._require_administrator(signature, text, at, "only administrators, or the root key, end keys")
        revocation = {"text": text.decode(), "signature": signature.to_json()}
        self.store.revoke_key(kid, at, revocation, AuditRow(at, by, "key-revoke"))

    def row(self, kid: bytes) -> StaffKeyRow:
        """A key's row. Raises NotFound."""
        found = next((row for row in self.store.all_keys() if row.kid == kid), None)
        if found is None:
            raise NotFound(f"no key {kid.hex()}; `tongxing issuer staff list` names them")
        return found

    def all(self, at: int) -> list[Listed]:
        """All keys and how each stands at ``at``."""
        known = self.known()
        return [Listed(read_staff_key(row.text.encode()), row, _state(row, known, at)) for row in self.store.all_keys()]

    def units(self, role: str, at: int) -> list[str]:
        """The units that have somebody of this role in force, sorted."""
        keys = (key for key, record in self.known().values() if record.is_in_force(at) and role in key.roles)
        return sorted({key.unit for key in keys})

    def _require_administrator(self, signature: Signature, text: bytes, at: int, told: str) -> str:
        """Who signed, as the audit log names them."""
        root = self.root()
        if root is not None and signature.kid == root.kid:
            verify_text(signature, root.present, text)
            return BY_ROOT_KEY
        signer = self.signer_of(signature, text, at)
        if ADMINISTRATOR not in signer.roles:
            raise NotAuthorised(told)
        return signer.staff

    def _counts(self, given: Signature, text: bytes, at: int) -> bool:
        """Whether a signature that was given before counts towards two: its administrator may have gone since."""
        try:
            return ADMINISTRATOR in self.signer_of(given, text, at).roles
        except TongxingError:
            return False

    def _done(self, key: StaffKey, vouchers: Sequence[Signature], at: int, *, is_last: bool) -> tuple[int, int] | None:
        """Since when these are enough, and from when on the key counts; None while one more may come, as after the root
        key's none does."""
        try:
            require_vouched(key, vouchers, self.known(), self.root(), at)
        except NotAuthorised:
            if is_last or len(vouchers) >= VOUCHERS:
                raise
            return None
        return at, at + self.delay_seconds


def new_row(key: StaffKey, at: int, credential_id: bytes | None = None) -> StaffKeyRow:
    """A key that waits. Raises InvalidRequest for one whose text is none."""
    text = key.to_bytes()
    try:
        read_staff_key(text)
    except TongxingError as error:
        raise InvalidRequest(error.detail) from error
    return StaffKeyRow(key.kid, text.decode(), (), credential_id, at)


def _vouched(row: StaffKeyRow) -> Vouched:
    vouchers = tuple(read_signature(dict(each)) for each in row.vouchers)
    return Vouched(row.text.encode(), vouchers, row.vouched_at or 0, row.in_force_at or 0, row.revoked_at)


def _state(row: StaffKeyRow, known: Known, at: int) -> str:
    if row.vouched_at is None:
        return "waiting"
    if row.kid not in known:
        return "unsigned"
    record = known[row.kid][1]
    if record.revoked_at is not None and record.revoked_at <= at:
        return "ended"
    return "in-force" if record.is_in_force(at) else "delayed"


def record_of(listed: Listed) -> dict[str, Any]:
    """A key as commands show it."""
    key, row = listed.key, listed.row
    said = {"kid": row.kid.hex(), "pseudonym": key.pseudonym, "unit": key.unit, "roles": list(key.roles)}
    return said | {"state": listed.state, "passkey": bool(key.origin), "in_force_at": row.in_force_at}
