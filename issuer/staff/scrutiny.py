"""Scrutiny (查验): a decision by hand counts by what two people of staff have signed, never by its row.

Whoever has the database's password can copy a red to 1,317 others. So before a decision by hand changes what anybody is
issued, two things must hold. The bond: a code (HMAC-SHA-256) over the whole row under a key that is not in the
database, made when a process of this issuer had checked signatures and person; a row that was changed, or copied to
another person, has none. And the signatures over the text, by the same function with which anybody checks a decision's
file (:mod:`credentials.decisions.signatories`), with the staff keys as the province's log held them before the leaf of
the decision. What does not hold counts as not there: what stood before it stands.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from threading import Lock
from typing import Any, Final, NamedTuple

import structlog

from credentials.decisions.by_hand import DecisionText, read_decision
from credentials.decisions.leaves import DECIDED_BY_HAND, Leaf, require_committed
from credentials.decisions.signatories import Known, StaffLeaf, known_before, signatories_of
from credentials.decisions.signatures import read_signature
from credentials.decisions.staff import RootKeys
from credentials.errors import Malformed, RecordProofFailed, TongxingError
from credentials.wire.strict_json import json_bytes, parse_json
from issuer.decisions.deciding import Decision
from issuer.storage.ports.staff import KeptByHand
from service_kit.storage.ports import LeafRecord

MAX_REMEMBERED = 4_096
"""Texts whose signatures were checked, and rows that were named in the log, for each process."""
MAX_NAMED = 20
"""Rows that are named to staff; the log of the service names more."""
FINDINGS_SECONDS = 15
"""So long what was found is told again."""
NOT_BONDED: Final = "not-bonded"
NOT_SIGNED: Final = "not-signed"
NOT_COUNTED: Final = "not-counted"
UNREADABLE: Final = "unreadable"
OTHERWISE: Final = "text-says-otherwise"
_SIGNED, _FROM_BEFORE = b"signed", b"from-before"
_log = structlog.get_logger("decisions")


def bond_of(key: bytes, number: int, decision: Decision, *, is_signed: bool = True) -> bytes:
    """What ties the row of a decision by hand together (32 bytes). ``key``: 32 secret bytes; ``number``: the row's.

    Not ``is_signed``: of one from before people signed, which had no signatures to check when it got its bond.
    """
    said = decision._asdict()
    row = [number, *(_plain(said[name]) for name in _BONDED)]
    label = _FROM_BEFORE
    if is_signed:
        label, row = _SIGNED, [*row, decision.sealed.hex()]
    return hmac.digest(key, label + json_bytes(row), "sha256")


_BONDED = (
    "subject", "status", "reason", "rule_set", "basis", "evidence", "unit", "author", "approver", "starts_at",
    "ends_at", "appeal_until",
)  # fmt: skip


class Scrutiny:
    """Says which decisions by hand of one member hold. Safe to call from several threads at once."""

    def __init__(self, member: str, key: bytes, root: Callable[[], RootKeys | None]) -> None:
        """``key``: 32 secret bytes; ``root``: the member's root keys by the trust list. Where nobody knows them, a bond
        alone decides: what was signed does not end because a list is missing."""
        self._member, self._key, self._root = member, key, root
        self._checked: OrderedDict[bytes, str] = OrderedDict()
        self._keys: OrderedDict[bytes, Known] = OrderedDict()
        self._named: OrderedDict[bytes, bool] = OrderedDict()
        self._last: tuple[Sequence[LeafRecord] | None, RootKeys | None, bytes] = (None, None, b"")
        self._lock = Lock()

    def bond(self, number: int, decision: Decision) -> bytes:
        """Of a decision whose signatures and person this process has checked."""
        return bond_of(self._key, number, decision)

    def bond_from_before(self, kept: KeptByHand) -> bytes:
        """Of a row from before there were bonds: as it stands there when the database is brought up to date."""
        assert kept.decision is not None, "what cannot be read gets none"
        return bond_of(self._key, kept.number, kept.decision, is_signed=kept.signatures is not None)

    def holds(self, kept: KeptByHand) -> bool:
        """Whether a row counts. One that does not is named in the log of the service, once for each process."""
        why = self.fault(kept)
        if why:
            self._name(kept, why)
        return not why

    def fault(self, kept: KeptByHand) -> str:
        """Why a row does not count, in a word; empty: it does."""
        decision, bond = kept.decision, kept.bond
        if decision is None:
            return UNREADABLE
        if kept.signatures is None:
            from_before = bond_of(self._key, kept.number, decision, is_signed=False)
            return "" if hmac.compare_digest(bond, from_before) else NOT_SIGNED
        if not hmac.compare_digest(bond, bond_of(self._key, kept.number, decision)):
            return NOT_BONDED
        root = self._root()
        return "" if root is None else self._checked_once(kept, decision, root)

    def _checked_once(self, kept: KeptByHand, decision: Decision, root: RootKeys) -> str:
        staff = self._digest(kept.staff, root)
        leaf = None if kept.leaf is None else [kept.leaf.number, kept.leaf.kind, kept.leaf.content]
        row = [decision.text, decision.sealed.hex(), _said_by(decision), kept.signatures, leaf]
        asked = hashlib.sha256(staff + json_bytes(row)).digest()
        with self._lock:
            found = self._checked.get(asked)
        if found is None:
            found = self._check(kept, decision, root, staff)
            self._remember(self._checked, asked, found)
        return found

    def _digest(self, staff: Sequence[LeafRecord], root: RootKeys) -> bytes:
        """Of the keys that signatures are checked by; all that are read at once share one list."""
        known, roots, digest = self._last
        if known is not staff or roots != root:
            former = [[key.kid.hex(), until] for key, until in root.former]
            said = [[root.kid.hex(), former], *([each.number, each.at, each.kind, each.content] for each in staff)]
            digest = hashlib.sha256(json_bytes(said)).digest()
            self._last = staff, root, digest
        return digest

    def _check(self, kept: KeptByHand, decision: Decision, root: RootKeys, staff: bytes) -> str:
        record, text = kept.leaf, decision.text.encode()
        if record is None or record.kind != DECIDED_BY_HAND:
            return NOT_COUNTED
        try:
            leaf = _leaf(record)
            require_committed(leaf, decision.sealed, 0, [])
            said = read_decision(text)
            if said.member != self._member or _said_of(said) != _said_by(decision):
                return OTHERWISE
            given = [read_signature(parse_json(each.encode())) for each in kept.signatures or ()]
            known = self._known(kept.staff, record.number, root, staff)
            return NOT_SIGNED if signatories_of(text, given, known, leaf).faults else ""
        except RecordProofFailed:
            return NOT_COUNTED
        except TongxingError:
            return NOT_SIGNED

    def _known(self, staff: Sequence[LeafRecord], before: int, root: RootKeys, digest: bytes) -> Known:
        leaves = [StaffLeaf(each.number, each.at, _leaf(each)) for each in staff if each.number < before]
        asked = digest + len(leaves).to_bytes(4, "big")
        with self._lock:
            known = self._keys.get(asked)
        if known is None:
            known = known_before(before, leaves, self._member, root)
            self._remember(self._keys, asked, known)
        return known

    def _name(self, kept: KeptByHand, why: str) -> None:
        asked = hashlib.sha256(kept.number.to_bytes(8, "big", signed=True) + kept.bond).digest()
        with self._lock:
            # Whoever writes rows by the million shall not fill the log as well.
            is_new = asked not in self._named and len(self._named) < MAX_REMEMBERED
        if is_new:
            self._remember(self._named, asked, True)
            _log.error("decision-disregarded", row=kept.number, decision=kept.text_number.hex(), why=why)

    def _remember(self, where: OrderedDict[bytes, Any], asked: bytes, found: Any) -> None:
        with self._lock:
            where[asked] = found
            if len(where) > MAX_REMEMBERED:
                where.popitem(last=False)


class Disregarded(NamedTuple):
    """A row that is not followed. ``row``: its number; ``decision``: the number in its text, 32 hex digits, or empty;
    ``why``: a word."""

    row: int
    decision: str
    why: str


class DisregardedRows(NamedTuple):
    """How many rows are not followed, and the first :data:`MAX_NAMED` of them."""

    rows: int
    named: tuple[Disregarded, ...]


class Findings:
    """Which rows of decisions by hand, of all that could count, are not followed; looked for four times a minute at
    most."""

    def __init__(self, scrutiny: Scrutiny, in_force: Callable[[int], Iterable[Sequence[KeptByHand]]]) -> None:
        """``in_force``: see :meth:`issuer.storage.ports.staff.ByHandStore.in_force`."""
        self._scrutiny, self._in_force = scrutiny, in_force
        self._last: tuple[int, DisregardedRows] | None = None

    def at(self, at: int) -> DisregardedRows:
        """Those that could count at ``at`` (seconds UTC). Raises StorageUnavailable."""
        last = self._last
        if last is not None and 0 <= at - last[0] < FINDINGS_SECONDS:
            return last[1]
        rows, named = 0, list[Disregarded]()
        for kept in chain.from_iterable(self._in_force(at)):
            if not self._scrutiny.holds(kept):
                rows += 1
                named += [self._told(kept)] if rows <= MAX_NAMED else []
        found = DisregardedRows(rows, tuple(named))
        self._last = at, found
        return found

    def _told(self, kept: KeptByHand) -> Disregarded:
        return Disregarded(kept.number, kept.text_number.hex(), self._scrutiny.fault(kept))


def _said_of(said: DecisionText) -> list[Any]:
    return [
        said.status, said.reason, said.basis.article, said.author_unit, said.approver_unit, said.ends_at,
        said.appeal_until,
    ]  # fmt: skip


def _said_by(decision: Decision) -> list[Any]:
    """What a row has of its text."""
    approver_unit = (decision.approver or "").partition("/")[0]
    return [
        decision.status, decision.reason, decision.basis, decision.unit, approver_unit, decision.ends_at,
        decision.appeal_until,
    ]  # fmt: skip


def _leaf(record: LeafRecord) -> Leaf:
    content = parse_json(record.content.encode())
    if not isinstance(content, dict):
        raise Malformed("a leaf without content")
    return Leaf(record.kind, content)


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
