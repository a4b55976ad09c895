"""Enrolment (入网): whether a province's statement may go before the officers, and into the list.

The recipe, in this order; each refusal has its own name:

1. The statement is signed by the root key it names, and each kid is that of its key.
2. It is the next after the one in force: sequence and previous hash.
3. It was made lately, and its keys do not last too long.
4. At least two credential keys and one status key are active now.
5. No kid is denied, the root's included, or belongs to another member; a kid keeps its use and algorithm.
6. No credential key is dropped before what it signed has expired.
7. Every key proves possession.
8. The keys of its log and witness are sound, no other member's, and keep their names.

Steps 2 to 6 and 8 are done again when the list is published: another publication or a denial may have come
between. Whether the root key is really the member's is for two officers to say, on another channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from credentials.errors import KeyDenied, KeyRejected, SequenceNotNewer, StatementRejected
from credentials.keys import VerificationKey
from credentials.profile.limits import MAX_LIFETIME_PAPER_SECONDS
from trust_registry.enrolment.possession import check_possession
from trust_registry.metadata.denials import KeyDenial
from trust_registry.metadata.log_keys import check_log_keys, log_keys_of
from trust_registry.metadata.statement import (
    Statement,
    check_follows,
    check_usable,
    read_statement,
    verify_root_change,
)
from trust_registry.repository.published import Published

MAX_STATEMENT_AGE_SECONDS = 30 * 24 * 3600
"""From signing a statement to bringing it."""
MAX_KEY_LIFETIME_SECONDS = 3 * 366 * 24 * 3600
"""How far ahead a key's not-after may lie."""
MAX_STATEMENT_AHEAD_SECONDS = 60
"""How far the clock of a province's key machine may be ahead of the registry's."""


def examine(compact: str, proofs: Sequence[str], published: Published, audience: str, now: int) -> Statement:
    """The statement of a province, when it may go before the officers (the recipe above).

    Raises StatementRejected, SequenceNotNewer, KeyRejected, KeyDenied or ProofOfPossessionFailed.
    """
    statement = read_statement(compact)  # 1
    if statement.issued_at < now - MAX_STATEMENT_AGE_SECONDS:
        raise StatementRejected("statement is too old")
    check_may_follow(statement, published, now)  # 2 to 6, 8
    check_possession(statement, proofs, audience)  # 7
    return statement


def check_may_follow(statement: Statement, published: Published, now: int) -> None:
    """Steps 2 to 6 and 8: whether a verified statement may take its place in the list now."""
    held = published.statements.get(statement.member)
    if held and statement.sequence <= held.sequence:
        raise SequenceNotNewer(f"statement {held.sequence} of {statement.member} is in force")
    check_follows(statement, held)  # 2
    _check_times(statement, now)  # 3
    check_usable(statement, now)  # 4
    if statement.root_kid in published.denied:
        raise KeyDenied(f"root key {statement.root_kid.hex()}")
    for key in statement.keys:
        _check_key(key, published)  # 5
    if held:
        _check_nothing_dropped(statement, held, published.denied, now)  # 6
    _check_log_keys(statement, published, now)  # 8


def is_vouched(statement: Statement, published: Published) -> bool:
    """Whether the member's root key in force stands behind a statement: it signed it, or the change to its root key."""
    held = published.statements.get(statement.member)
    if held is None or held.root_kid in published.denied:
        return False
    if statement.root_kid == held.root_kid:
        return True
    try:
        verify_root_change(statement, held.root_key)
    except StatementRejected:
        return False
    return True


def _check_times(statement: Statement, now: int) -> None:
    if statement.issued_at > now + MAX_STATEMENT_AHEAD_SECONDS:
        raise StatementRejected("statement is from the future")
    for key in statement.keys:
        if key.not_after > now + MAX_KEY_LIFETIME_SECONDS:
            raise KeyRejected(f"key {key.kid.hex()} lasts longer than three years")


def _check_key(key: VerificationKey, published: Published) -> None:
    kid = key.kid.hex()
    if key.kid in published.denied:
        raise KeyDenied(f"key {kid}; only a new key can take its place")
    if published.members_by_kid.get(key.kid, key.member) != key.member:
        raise KeyRejected(f"kid {kid} is taken")
    listed = published.key(key.kid)
    if listed and (listed.use, listed.algorithm) != (key.use, key.algorithm):
        raise KeyRejected(f"key {kid} changes its use")


def _check_log_keys(statement: Statement, published: Published, now: int) -> None:
    new = check_log_keys(statement)
    names, keys = {each.key.name for each in new}, {each.key.public_key for each in new}
    if any(each.not_after > now + MAX_KEY_LIFETIME_SECONDS for each in new):
        raise KeyRejected("a key of a log or witness lasts longer than three years")
    for member, held in published.statements.items():
        for listed in log_keys_of(held):
            if member != statement.member and (listed.key.name in names or listed.key.public_key in keys):
                raise KeyRejected(f"the {listed.use} {listed.key.name} is that of {member}")
            if member == statement.member and listed.key.name not in names:
                raise StatementRejected(f"the {listed.use} {listed.key.name} is missing: its name stays for good")


def _check_nothing_dropped(statement: Statement, held: Statement, denied: Mapping[bytes, KeyDenial], now: int) -> None:
    kept = {key.kid for key in statement.keys}
    for key in held.keys:
        still_alive = now < key.not_after + MAX_LIFETIME_PAPER_SECONDS
        if key.use == "credential" and still_alive and key.kid not in kept and key.kid not in denied:
            raise StatementRejected(f"key {key.kid.hex()} is dropped before what it signed has expired")
