"""Members' files on the mirror: what a member may put there, checked on the way in.

A file authenticates itself: it is signed by a listed key of that member, of the right use, active and not
denied, and it is newer than what it replaces or the next of its chain. Who replays an old file, or one member's as
another's, is refused; the gates check all of it again. What nobody needs any more is removed, and ``news.json`` says
what is there.
"""

from __future__ import annotations

from typing import cast

from credentials.errors import (
    AheadOfTime,
    ChainForked,
    Conflict,
    InvalidRequest,
    QuotaExceeded,
    SegmentMissing,
    SegmentRepeated,
    SequenceNotNewer,
    TooLarge,
)
from credentials.limits import (
    CLOCK_SKEW_SECONDS,
    MAX_JWS_CHARACTERS,
    MAX_SEGMENT_BYTES,
    MAX_STATUS_LIST,
    MAX_STATUS_TOKEN_CHARACTERS,
)
from credentials.recognition.ruleset import deciding_from
from credentials.status.segment import NO_SEGMENT, Segment
from trust_registry.client.member_files import (
    RULES,
    STATUS,
    MemberFile,
    check_active,
    rules_name,
    segment_name,
)
from trust_registry.client.news import MAX_RULE_SETS
from trust_registry.client.pins import NOTHING_SEEN
from trust_registry.client.repository import MirrorFiles, verify_repository
from trust_registry.client.snapshot import TrustSnapshot, build_snapshot
from trust_registry.mirror import Mirror
from trust_registry.publication import current
from trust_registry.shelf import LIST_FOLDER, RULES_FOLDER, SEGMENT_FOLDER, Offered, Shelf, read_offered
from trust_registry.storage.ports import MemberFileRecord, Records, Storage

MAX_STATUS_FILE_BYTES = 4 * 1024 * 1024
MAX_RULES_FILE_BYTES = MAX_JWS_CHARACTERS
MAX_TOKEN_LIST_BYTES = MAX_STATUS_TOKEN_CHARACTERS
MAX_SEGMENTS = 1024
"""Segments of one member on the mirror: it must bring a snapshot now and then."""
SEGMENTS_BEHIND = 64
"""How many segments stay that are in the snapshot already, for gates that are a little behind."""
RULES_PAST_SECONDS = 24 * 3600
"""How long a rule set stays that decides nothing any more: some gate's clock may be behind."""


def accept_status(storage: Storage, mirror: Mirror, member: str, content: bytes, now: int) -> MemberFileRecord:
    """Take a member's signed status snapshot (COSE, at most 4 MiB), and remove what it makes superfluous.

    The same payload again changes nothing. Raises SequenceNotNewer, Conflict (another of the same sequence),
    ChainForked (it stands at another segment than the one held), AheadOfTime, QuotaExceeded, and every
    CredentialError of a file that a gate would refuse.
    """
    _check_size(content, MAX_STATUS_FILE_BYTES)
    offered, trust = _verified(storage, member, STATUS, content, now)
    snapshot = cast(MemberFile, offered.file).snapshot
    _check_time(snapshot.as_of, now)
    with storage.writing() as records:
        shelf = Shelf(records, mirror, member, trust)
        if same := _repeated(shelf, STATUS, offered):
            return same
        _drop_denied_segments(shelf)
        segments = shelf.numbers(SEGMENT_FOLDER)
        at_it = segments.get(snapshot.sequence)
        if at_it and at_it.sha256 != snapshot.head.hex():
            raise ChainForked(f"another segment {snapshot.sequence} is held")
        record = shelf.put(STATUS, content, offered, now)
        past = [number for number in segments if number <= snapshot.sequence - SEGMENTS_BEHIND]
        # A chain that goes on from another place leaves none of the old one behind.
        gap = [number for number in segments if snapshot.sequence > max(segments)]
        shelf.drop(map(segment_name, {*past, *gap}))
        shelf.drop(name for number, name in shelf.token_lists().items() if number not in snapshot.lists)
        shelf.tell()
    return record


def accept_segment(
    storage: Storage, mirror: Mirror, member: str, number: int, content: bytes, now: int
) -> MemberFileRecord:
    """Take a member's next status segment (COSE, at most 1 MiB).

    The same payload again changes nothing. Raises SegmentMissing (a gap, or nothing that it could follow),
    SegmentRepeated, ChainForked, AheadOfTime, QuotaExceeded, and every CredentialError of a file that a gate would
    refuse.
    """
    _check_size(content, MAX_SEGMENT_BYTES)
    name = segment_name(number)
    offered, trust = _verified(storage, member, name, content, now)
    segment = cast(MemberFile, offered.file).segment
    _check_time(segment.as_of, now)
    with storage.writing() as records:
        shelf = Shelf(records, mirror, member, trust)
        _drop_denied_segments(shelf)
        segments = shelf.numbers(SEGMENT_FOLDER)
        if number in segments:
            if segments[number].sha256 != offered.digest:
                raise ChainForked(f"another segment {number} is held")
            return segments[number]
        _check_follows(shelf, segments, segment)
        if len(segments) >= MAX_SEGMENTS:
            raise QuotaExceeded(f"at most {MAX_SEGMENTS} segments; bring a snapshot")
        record = shelf.put(name, content, offered, now)
        shelf.tell()
    return record


def accept_rules(storage: Storage, mirror: Mirror, member: str, content: bytes, now: int) -> MemberFileRecord:
    """Take a member's signed rule set (JWS, at most 1.5 MB), beside those that are still to decide.

    Raises SequenceNotNewer, Conflict (another of the same sequence), QuotaExceeded, and every CredentialError of a
    file that a gate would refuse.
    """
    _check_size(content, MAX_RULES_FILE_BYTES)
    offered, trust = _verified(storage, member, RULES, content, now)
    with storage.writing() as records:
        shelf = Shelf(records, mirror, member, trust)
        if same := _repeated(shelf, RULES, offered):
            return same
        shelf.put(rules_name(offered.sequence), content, offered, now)
        record = shelf.put(RULES, content, offered, now)
        kept = shelf.numbers(RULES_FOLDER)
        rule_sets = [file.rule_set for number in kept if (file := shelf.read(rules_name(number)))]
        needed = {each.sequence for each in deciding_from(rule_sets, now - RULES_PAST_SECONDS)}
        shelf.drop(rules_name(number) for number in kept if number not in needed)
        if len(needed) > MAX_RULE_SETS:
            raise QuotaExceeded(f"at most {MAX_RULE_SETS} rule sets that are in force or to come")
        shelf.tell()
    return record


def accept_token_list(
    storage: Storage, mirror: Mirror, member: str, number: int, content: bytes, now: int
) -> MemberFileRecord:
    """Take a member's Token Status List (JWT).

    Raises SequenceNotNewer, Conflict (another of the same second), QuotaExceeded, and every CredentialError of a file
    that outsiders would refuse.
    """
    _check_size(content, MAX_TOKEN_LIST_BYTES)
    if not 0 <= number <= MAX_STATUS_LIST:
        raise InvalidRequest("no such list number")
    name = f"{LIST_FOLDER}{number}.jwt"
    offered, trust = _verified(storage, member, name, content, now)
    with storage.writing() as records:
        shelf = Shelf(records, mirror, member, trust)
        return _repeated(shelf, name, offered) or shelf.put(name, content, offered, now)


def _verified(storage: Storage, member: str, name: str, content: bytes, now: int) -> tuple[Offered, TrustSnapshot]:
    # Before the write lock is taken: a file that does not hold must not keep others waiting.
    with storage.reading() as records:
        trust = trust_of(records, now)
    offered = read_offered(name, content, member, trust)
    check_active(trust.keys[offered.kid].key, now)
    return offered, trust


def _drop_denied_segments(shelf: Shelf) -> None:
    """What a thief put at the end of the chain goes when the key is denied: the member goes on from its snapshot."""
    for number in sorted(shelf.numbers(SEGMENT_FOLDER), reverse=True):
        # One whose file is gone counts no more either: what was to follow it was refused, and the removal stayed.
        if shelf.read(segment_name(number)) is not None:
            return
        shelf.drop([segment_name(number)])


def _check_follows(shelf: Shelf, segments: dict[int, MemberFileRecord], segment: Segment) -> None:
    newest = max(segments, default=0)
    head = segments[newest].sha256 if segments else NO_SEGMENT.hex()
    file = shelf.read(STATUS)
    if file and file.sequence > newest:
        newest, head = file.sequence, file.snapshot.head.hex()
    if segment.number <= newest:
        raise SegmentRepeated(f"segment {newest} is held")
    if segment.number > newest + 1:
        raise SegmentMissing(f"segment {newest} is held")
    if segment.previous.hex() != head:
        raise ChainForked(f"it follows another segment {newest} than the one held")


def trust_of(records: Records, now: int) -> TrustSnapshot:
    """What a gate that comes fresh would trust now."""
    verified = verify_repository(MirrorFiles(records.repository.read), current(records).root)
    return build_snapshot(verified, NOTHING_SEEN, now)[0]


def _check_time(as_of: int, now: int) -> None:
    if as_of > now + CLOCK_SKEW_SECONDS:
        raise AheadOfTime(f"{as_of - now} s ahead of the registry's clock")


def _check_size(content: bytes, most: int) -> None:
    if len(content) > most:
        raise TooLarge(f"more than {most} bytes")


def _repeated(shelf: Shelf, name: str, offered: Offered) -> MemberFileRecord | None:
    """What is held, when it says the same; None for something newer. Raises SequenceNotNewer, Conflict."""
    held = shelf.held(name)
    if held is None or offered.sequence > held.sequence:
        return None
    if offered.sequence < held.sequence:
        raise SequenceNotNewer(f"sequence {held.sequence} is held")
    if offered.digest != held.sha256:
        raise Conflict(f"another file of sequence {held.sequence} is held")
    return held
