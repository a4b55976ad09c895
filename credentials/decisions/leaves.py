"""Leaves of a province's log (省级日志): what everybody may read of what the province decided, and how one decision of
them is proved.

A leaf has a kind and a content. Leaves that count people name no person, no unit and no moment but the hour::

    decided-by-rule   {"status", "hour", "count", "root"}    root over the commitments, one a decision
    decided-by-hand   {"status", "hour", "count", "hash"}    the commitment to the one text that all of them have
    withdrawn         {"status", "hour", "count", "root"}    codes of this status
    withdrawn-without-replacement {"status", "hour", "count", "root"}   of those, whose person had no other code then
    looked-up         {"hour", "count", "hash"}              look-ups by staff; ``hash``: the root over them

``hour``: its first second, UTC. A commitment is SHA-256(salt ‖ SHA-256(text)): without the salt, which the person has,
it says nothing, and with it nobody can show another text. Roots are those of RFC 6962 over the commitments.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from credentials.errors import Malformed
from credentials.log.tree import HASH_BYTES, check_inclusion, leaf_hash, nodes_of, prove_inclusion, root_of
from credentials.profile.limits import DECISION_REFERENCE_BYTES
from credentials.profile.lists import Status
from credentials.wire.strict_json import hex_bytes

SALT_BYTES = 32
HOUR_SECONDS = 3600
DECIDED_BY_RULE: Final = "decided-by-rule"
DECIDED_BY_HAND: Final = "decided-by-hand"
WITHDRAWN: Final = "withdrawn"
UNREPLACED: Final = "withdrawn-without-replacement"
LOOKED_UP: Final = "looked-up"
STAFF_KEY: Final = "staff-key"
STAFF_KEY_ENDED: Final = "staff-key-ended"
LABORATORY_ENDED: Final = "laboratory-ended"
RULES_PUBLISHED: Final = "rules-published"
_KIND = re.compile("[a-z-]{1,32}")


class Leaf(NamedTuple):
    """What a leaf says. ``kind``: 1 to 32 of a-z and hyphens; ``content``: what JSON can say."""

    kind: str
    content: Mapping[str, Any]


def sealed(salt: bytes, text: bytes) -> bytes:
    """Salt (32 bytes) ‖ SHA-256(text): all that codes and leaves are made from."""
    return salt + hashlib.sha256(text).digest()


def commitment(sealed_text: bytes) -> bytes:
    """What a leaf holds of a text: SHA-256(salt ‖ SHA-256(text))."""
    return hashlib.sha256(sealed_text).digest()


def reference(sealed_text: bytes, cti: bytes) -> bytes:
    """What a code carries of the decision behind it: the first 16 bytes of SHA-256(salt ‖ SHA-256(text) ‖ cti), another
    in every code."""
    return hashlib.sha256(sealed_text + cti).digest()[:DECISION_REFERENCE_BYTES]


def hour_of(at: int) -> int:
    """The first second of the hour of ``at`` (seconds UTC)."""
    return at - at % HOUR_SECONDS


def root_over(commitments: Sequence[bytes]) -> bytes:
    """The root over commitments, at least one."""
    return root_of(nodes_of([leaf_hash(each) for each in commitments]), len(commitments))


def path_to_root(commitments: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from one commitment to :func:`root_over`. Raises Malformed when it is not among them."""
    return prove_inclusion(nodes_of([leaf_hash(each) for each in commitments]), index, len(commitments))


def decided_by_rule(status: Status, hour: int, commitments: Sequence[bytes]) -> Leaf:
    """Decisions of one status that the rules made."""
    return Leaf(DECIDED_BY_RULE, _rooted(status, hour, commitments))


def decided_by_hand(status: Status, hour: int, count: int, hashed: bytes, *, unwitnessed: bool = False) -> Leaf:
    """A decision that people made, about so many persons; ``hashed``: the commitment to its text. ``unwitnessed``: no
    witness had cosigned this log for too long when it was made."""
    said = {"status": status.label, "hour": hour, "count": count, "hash": hashed.hex()}
    return Leaf(DECIDED_BY_HAND, said | ({"unwitnessed": True} if unwitnessed else {}))


def withdrawn(status: Status, hour: int, commitments: Sequence[bytes]) -> Leaf:
    """Codes of one status that were withdrawn."""
    return Leaf(WITHDRAWN, _rooted(status, hour, commitments))


def unreplaced(status: Status, hour: int, commitments: Sequence[bytes]) -> Leaf:
    """Codes of one status that were withdrawn, and whose persons had no other code when the time for one was over."""
    return Leaf(UNREPLACED, _rooted(status, hour, commitments))


def looked_up(hour: int, count: int, hashed: bytes) -> Leaf:
    """So many times within an hour somebody of the staff was shown a person; ``hashed``: the root over the commitments
    to what each person is told of it (:mod:`credentials.decisions.look_ups`)."""
    return Leaf(LOOKED_UP, {"hour": hour, "count": count, "hash": hashed.hex()})


def rules_published(sequence: int, digest: str, valid_from: int) -> Leaf:
    """A version of the status rules was published; ``digest``: the SHA-256 of its document in hex."""
    return Leaf(RULES_PUBLISHED, {"sequence": sequence, "digest": digest, "valid_from": valid_from})


def laboratory_added(name: str, kid: bytes, member: str) -> Leaf:
    """The results of this laboratory, which works for ``member``, count from now on."""
    return Leaf("laboratory-added", {"name": name, "kid": kid.hex(), "member": member})


def laboratory_ended(name: str) -> Leaf:
    """No further results of this laboratory are taken."""
    return Leaf(LABORATORY_ENDED, {"name": name})


def staff_key(text: str, vouchers: Sequence[Mapping[str, str]], in_force_at: int) -> Leaf:
    """A key of staff is vouched for (:mod:`credentials.decisions.staff`), and counts from ``in_force_at`` on."""
    return Leaf(STAFF_KEY, {"text": text, "vouchers": [dict(each) for each in vouchers], "in_force_at": in_force_at})


def staff_key_ended(kid: bytes, text: str, signature: Mapping[str, str]) -> Leaf:
    """A key of staff signs nothing from now on; ``signature``: over ``text``, by an administrator or the root key."""
    return Leaf(STAFF_KEY_ENDED, {"kid": kid.hex(), "text": text, "signature": dict(signature)})


def cap_reached(day: int, most: int) -> Leaf:
    """An approver wanted to decide about more than ``most`` people on a day (of UTC, from 1970). Who it was stays with
    the issuer."""
    return Leaf("cap-reached", {"day": day, "most": most})


def held(digest: bytes, people: int) -> Leaf:
    """What would change too many people of a region waits; ``digest``: SHA-256 of the text, or of signed rules."""
    return Leaf("held", {"digest": digest.hex(), "people": people})


def released(digest: bytes, signature: Mapping[str, str]) -> Leaf:
    """A second authority agreed to what was held, by ``signature`` over it."""
    return Leaf("released", {"digest": digest.hex(), "signature": dict(signature)})


def recovered(behind: int, size: int) -> Leaf:
    """A backup with ``behind`` leaves was restored, and the rest taken from the mirror, which had ``size``."""
    return Leaf("recovered", {"behind": behind, "size": size})


def is_kind(kind: str) -> bool:
    """Whether leaves may be of a kind that is called so."""
    return _KIND.fullmatch(kind) is not None


def require_committed(leaf: Leaf, sealed_text: bytes, index: int, path: Sequence[bytes]) -> None:
    """Return when a leaf that counts decisions holds this text. ``index``, ``path``: below its root; of a decision by
    hand 0 and nothing. Raises RecordProofFailed, and Malformed for a leaf of another kind or without its fields."""
    said, hashed = leaf.content, commitment(sealed_text)
    if leaf.kind == DECIDED_BY_HAND:
        # The leaf of one commitment is its own tree.
        check_inclusion(hashed, index, 1, hex_bytes(said.get("hash"), HASH_BYTES, "hash"), path)
    elif leaf.kind == DECIDED_BY_RULE:
        check_inclusion(leaf_hash(hashed), index, count_in(leaf), hex_bytes(said.get("root"), HASH_BYTES, "root"), path)
    else:
        raise Malformed("no leaf of decisions")


def count_in(leaf: Leaf) -> int:
    """How many persons or codes a leaf counts. Raises Malformed."""
    count = leaf.content.get("count")
    if type(count) is not int or count < 1:
        raise Malformed(f"{leaf.kind}: count is no whole number from 1")
    return count


def _rooted(status: Status, hour: int, commitments: Sequence[bytes]) -> dict[str, Any]:
    root = root_over(commitments).hex()
    return {"status": status.label, "hour": hour, "count": len(commitments), "root": root}
