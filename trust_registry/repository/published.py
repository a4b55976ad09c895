"""What the repository in force says, read: the trust list, each statement verified, each kid's member, the denials."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from credentials.errors import KeyRejected, StatementRejected
from credentials.keys import VerificationKey
from trust_registry.metadata.denials import KeyDenial, read_denials
from trust_registry.metadata.statement import Statement, read_statement
from trust_registry.metadata.trust_list import MemberEntry, TrustList, read_trust_list
from trust_registry.repository.files import Repository


class Published(NamedTuple):
    """What is in force: the trust list, the verified statements by member, each kid's member, the denials."""

    trust_list: TrustList
    statements: Mapping[str, Statement]
    members_by_kid: Mapping[bytes, str]
    denied: Mapping[bytes, KeyDenial]

    def key(self, kid: bytes) -> VerificationKey | None:
        """The listed key of this kid, denied or not."""
        member = self.members_by_kid.get(kid)
        if member is None:
            return None
        return next(key for key in self.statements[member].keys if key.kid == kid)


def read_published(repository: Repository) -> Published:
    """What ``repository`` says. Raises as :func:`published_of` does."""
    return published_from(repository.trust_list, repository.denied)


# Kept by its whole content, so never stale: a nation's list costs 30 ms to verify, and anybody may ask for a draft.
@lru_cache(maxsize=8)
def published_from(trust_list: bytes, denied: bytes) -> Published:
    """What these two files say, in force or not. Raises as :func:`published_of` does."""
    return published_of(read_trust_list(trust_list), read_denials(denied).denied)


def published_of(trust_list: TrustList, denied: Mapping[bytes, KeyDenial]) -> Published:
    """Verify every statement of a list, and that no kid stands under two members.

    Raises StatementRejected or KeyRejected: a list that is about to be signed has no bad entry.
    """
    if trust_list.bad_entries:
        raise StatementRejected(f"entry {trust_list.bad_entries[0].entry}: {trust_list.bad_entries[0].detail}")
    statements = {member: _statement_of(entry) for member, entry in trust_list.members.items()}
    members_by_kid: dict[bytes, str] = {}
    for member, statement in statements.items():
        for key in statement.keys:
            if key.kid in members_by_kid:
                raise KeyRejected(f"kid {key.kid.hex()} is taken")
            members_by_kid[key.kid] = member
    return Published(trust_list, statements, members_by_kid, denied)


def _statement_of(entry: MemberEntry) -> Statement:
    statement = read_statement(entry.statement)
    if statement.member != entry.id:
        raise StatementRejected(f"entry {entry.id} holds another member's statement")
    return statement
