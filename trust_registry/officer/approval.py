"""Approval (批准), on the officer's own machine: what is signed is first understood, from its very bytes.

The registry's server is believed in nothing. It may be broken into, and two officers who sign what it shows
them would be one. The recipe:

1. Verify what is in force from the officer's own copy of the root; the timestamp must be fresh.
2. The bytes to sign are targets metadata in canonical form: the next version, at most 90 days, exactly one
   target, the delegation as it is now, nothing else.
3. The trust list that came along is the one these bytes name, and the next version.
4. Every statement in it holds; no kid stands twice; each new statement may follow the one in force, and
   comes with proofs of possession. A new witness policy can be read, and members of the list name its witnesses.
5. The comparison that the officer reads is made from those two lists.

Only then the officer's key signs, and only the signature leaves this machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import Targets

from credentials.algorithms.table import PrivateKey
from credentials.errors import ApprovalRejected, MetadataRejected, TongxingError
from trust_registry.client.trust.repository import OTHER_ROOT, RepositorySource, metadata_path, verify_repository
from trust_registry.enrolment.difference import ListChange, compare
from trust_registry.enrolment.examination import check_may_follow
from trust_registry.enrolment.possession import check_possession
from trust_registry.enrolment.waiting import MAX_DRAFT_AGE_SECONDS
from trust_registry.metadata import trust_list
from trust_registry.metadata.log_keys import witness_keys_of
from trust_registry.metadata.trust_list import TrustList, read_trust_list
from trust_registry.metadata.witness_policy import read_witness_policy, require_named
from trust_registry.repository.files import Repository, load_repository, parse_signed_targets, targets_of
from trust_registry.repository.published import Published, published_of, read_published
from trust_registry.repository.renewal import TARGETS_LIFETIME_SECONDS

CLOCKS_APART_SECONDS = 300
"""Between the registry's clock and the officer's."""


class DraftDocument(NamedTuple):
    """A draft as it came over the network. ``proofs``: proofs of possession by statement (compact JWS)."""

    message: bytes
    trust_list: bytes
    proofs: Mapping[str, Sequence[str]]


class Review(NamedTuple):
    """What an officer is asked to sign, understood: version, expiry (seconds UTC) and what changes."""

    message: bytes
    version: int
    expires_at: int
    changes: list[ListChange]


class Approval(NamedTuple):
    """An officer's signature (hex) under its TUF key id."""

    keyid: str
    signature: str


def review(document: DraftDocument, source: RepositorySource, trusted_root: bytes, audience: str, now: int) -> Review:
    """Work out what a draft would change (the recipe above).

    ``source``: where the published repository is read; ``trusted_root``: the officer's own copy of root
    metadata. Raises ApprovalRejected, naming what is wrong with the draft or with the published repository.
    """
    try:
        held_repository = in_force(source, trusted_root, now)  # 1
        targets = _check_message(document, targets_of(held_repository), now)  # 2
        held = read_published(held_repository)
        new = _check_list(read_trust_list(document.trust_list), held, now)  # 3
        _check_statements(document, held, new, audience, now)  # 4
        _check_policy(held, new)
    except LengthOrHashMismatchError as error:
        raise ApprovalRejected("the trust list is not the one that the signed bytes name") from error
    except ApprovalRejected:
        raise
    except TongxingError as error:
        raise ApprovalRejected(f"draft refused: {error}") from error
    return Review(document.message, targets.version, int(targets.expires.timestamp()), compare(held, new))  # 5


def sign(reviewed: Review, private_key: PrivateKey) -> Approval:
    """The officer's signature over what was reviewed."""
    signer = CryptoSigner(private_key)
    return Approval(signer.public_key.keyid, signer.sign(reviewed.message).signature)


def officer_id(private_key: PrivateKey) -> str:
    """The TUF key id under which root names this officer."""
    return CryptoSigner(private_key).public_key.keyid


def in_force(source: RepositorySource, trusted_root: bytes, now: int) -> Repository:
    """What is in force, verified from an officer's own root. Raises ApprovalRejected when it is not of today,
    or not signed as that root demands."""
    try:
        verified = verify_repository(source, trusted_root)
    except MetadataRejected as error:
        told = f"what is published is not signed as --root demands: {OTHER_ROOT} ({error})"
        raise ApprovalRejected(told) from error
    if now >= verified.expiries["timestamp"]:
        raise ApprovalRejected("what the registry shows as published has expired")
    # A root older than the one in force was only the start of the chain.
    return load_repository({metadata_path("root", 1): trusted_root, **verified.files}.get)


def _check_message(document: DraftDocument, held: Targets, now: int) -> Targets:
    targets = parse_signed_targets(document.message)
    expires_at = int(targets.expires.timestamp())
    if targets.version != held.version + 1:
        raise ApprovalRejected(f"targets version {targets.version} does not follow {held.version}")
    if not now < expires_at <= now + TARGETS_LIFETIME_SECONDS + CLOCKS_APART_SECONDS:
        raise ApprovalRejected("targets would expire in the past, or later than in 90 days")
    if set(targets.targets) != {trust_list.TARGET} or targets.unrecognized_fields:
        raise ApprovalRejected("targets hold more than the trust list")
    if targets.delegations != held.delegations:
        raise ApprovalRejected("targets would change who may deny keys")
    targets.targets[trust_list.TARGET].verify_length_and_hashes(document.trust_list)
    return targets


def _check_list(members: TrustList, held: Published, now: int) -> Published:
    if members.version != held.trust_list.version + 1:
        raise ApprovalRejected("trust list is not the next version")
    if not now - MAX_DRAFT_AGE_SECONDS <= members.issued_at <= now + CLOCKS_APART_SECONDS:
        raise ApprovalRejected("trust list was not made lately")
    return published_of(members, held.denied)


def _check_policy(held: Published, new: Published) -> None:
    text = new.trust_list.witness_policy
    if text and text != held.trust_list.witness_policy:
        require_named(read_witness_policy(text), witness_keys_of(new.statements.values()))


def _check_statements(document: DraftDocument, held: Published, new: Published, audience: str, now: int) -> None:
    for member, statement in new.statements.items():
        before = held.statements.get(member)
        if before and before.digest == statement.digest:
            continue
        check_may_follow(statement, held, now)
        compact = new.trust_list.members[member].statement
        check_possession(statement, document.proofs.get(compact, ()), audience)
