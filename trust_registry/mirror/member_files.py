"""Members' files on the mirror: what a member may put there, checked on the way in.

A file authenticates itself: it is signed by a listed key of that member, of the right use, active and not
denied, and it is newer than what it replaces or the next of its chain. Who replays an old file, or one member's as
another's, is refused; the gates check all of it again. What nobody needs any more is removed, and ``news.json`` says
what is there.

Each file goes this way, the cheapest first, and only the last step under the registry's write lock::

    size, layout, kid ─► signature ─► head, against what the database knows ─► read whole, in the member's turn ─► put
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

from credentials.errors import (
    AheadOfTime,
    ChainForked,
    Conflict,
    InvalidRequest,
    QuotaExceeded,
    SegmentMissing,
    SequenceNotNewer,
    StorageUnavailable,
)
from credentials.profile.limits import MAX_STATUS_AHEAD_SECONDS, MAX_STATUS_LIST
from credentials.recognition.ruleset import deciding_from
from credentials.status.chain import check_follows, check_stands
from credentials.status.snapshot import StatusSnapshot
from trust_registry.client.members.member_files import check_active
from trust_registry.metadata.file_names import FOREIGN_KEYS, RULES, STATUS, rules_name, segment_name
from trust_registry.mirror.layout import Mirror
from trust_registry.mirror.offered import LIST_FOLDER, Offered, check_form, open_offered, status_rules_name
from trust_registry.mirror.shelf import Shelf
from trust_registry.mirror.stocktaking import complete
from trust_registry.mirror.turns import Turn
from trust_registry.repository.in_force import RepositoryInForce, in_force
from trust_registry.storage.ports import MemberFileRecord, Storage

MAX_SEGMENTS = 1024
"""Segments of one member on the mirror: it must bring a snapshot now and then."""
SEGMENTS_BEHIND = 64
"""How many segments stay that are in the snapshot already, for gates that are a little behind."""
RULES_PAST_SECONDS = 24 * 3600
"""How long a rule set stays that decides nothing any more: some gate's clock may be behind."""
MAX_RULE_SETS_KEPT = 32
"""Rule sets of one member on the mirror that are in force or to come: half of what a gate holds."""
_ATTEMPTS = 5
"""How often in all a file is looked at when something is published or denied meanwhile."""


class _Kind(NamedTuple):
    """``check``: the file held when it says the same; raises when the one offered cannot follow. ``put``: keep it."""

    check: Callable[[Shelf, Offered], MemberFileRecord | None]
    put: Callable[[Shelf, Offered, Any, bytes, int], MemberFileRecord]


def accept_status(
    storage: Storage, mirror: Mirror, member: str, content: bytes, now: int, turn: Turn = nullcontext
) -> MemberFileRecord:
    """Take a member's signed status snapshot (COSE, at most 4 MiB), and remove what it makes superfluous.

    The same payload again changes nothing. Raises SequenceNotNewer, Conflict (another of the same sequence),
    ChainForked (it stands at another segment than the one held), SegmentBackdated, AheadOfTime, QuotaExceeded,
    RateLimited, and every CredentialError of a file that a gate would refuse.
    """
    return _accept(_STATUS, storage, mirror, (member, STATUS, content), now, turn)


def accept_segment(
    storage: Storage, mirror: Mirror, member: str, number: int, content: bytes, now: int, turn: Turn = nullcontext
) -> MemberFileRecord:
    """Take a member's next status segment (COSE, at most 1 MiB).

    The same payload again changes nothing. Raises SegmentMissing (a gap, nothing that it could follow, or what it
    follows is damaged here: a snapshot heals it), SegmentRepeated, SegmentBackdated, ChainForked, AheadOfTime,
    QuotaExceeded, RateLimited, and every CredentialError of a file that a gate would refuse.
    """
    return _accept(_SEGMENT, storage, mirror, (member, segment_name(number), content), now, turn)


def accept_rules(
    storage: Storage, mirror: Mirror, member: str, content: bytes, now: int, turn: Turn = nullcontext
) -> MemberFileRecord:
    """Take a member's signed rule set (JWS, at most 1.5 MB), beside those that are still to decide.

    Raises SequenceNotNewer, Conflict (another of the same sequence), QuotaExceeded, RateLimited, and every
    CredentialError of a file that a gate would refuse.
    """
    return _accept(_RULES, storage, mirror, (member, RULES, content), now, turn)


def accept_foreign_keys(
    storage: Storage, mirror: Mirror, member: str, content: bytes, now: int, turn: Turn = nullcontext
) -> MemberFileRecord:
    """Take a member's signed list of foreign keys (JWS, at most 1.5 MB and 4,096 keys).

    Raises SequenceNotNewer, Conflict (another of the same sequence), QuotaExceeded, RateLimited, and every
    CredentialError of a file that a gate would refuse.
    """
    return _accept(_FOREIGN_KEYS, storage, mirror, (member, FOREIGN_KEYS, content), now, turn)


def accept_status_rules(
    storage: Storage, mirror: Mirror, member: str, number: int, content: bytes, now: int, turn: Turn = nullcontext
) -> MemberFileRecord:
    """Take a member's next signed status rules (JWS, at most 1.5 MB): everybody may read by what it decides.

    The same payload again changes nothing. Raises SequenceNotNewer, ChainForked (it does not name the version before
    it), Conflict, QuotaExceeded, RateLimited, and every CredentialError of a file that its issuer would refuse.
    """
    return _accept(_STATUS_RULES, storage, mirror, (member, status_rules_name(number), content), now, turn)


def accept_token_list(
    storage: Storage, mirror: Mirror, member: str, number: int, content: bytes, now: int, turn: Turn = nullcontext
) -> MemberFileRecord:
    """Take a member's Token Status List (JWT).

    Raises SequenceNotNewer, Conflict (another of the same second), QuotaExceeded, RateLimited, and every
    CredentialError of a file that outsiders would refuse.
    """
    if not 0 <= number <= MAX_STATUS_LIST:
        raise InvalidRequest("no such list number")
    return _accept(_TOKEN_LIST, storage, mirror, (member, f"{LIST_FOLDER}{number}.jwt", content), now, turn)


def _accept(
    kind: _Kind, storage: Storage, mirror: Mirror, file: tuple[str, str, bytes], now: int, turn: Turn
) -> MemberFileRecord:
    member, name, content = file
    check_form(name, content)
    for _ in range(_ATTEMPTS):
        with storage.reading() as records:
            known, incomplete = in_force(records), records.member_files.without_kid(member)
        if incomplete:
            complete(storage, mirror, known.trust, member)
        offered = _checked(name, content, member, known, now)
        with storage.reading() as records:
            if same := kind.check(Shelf(records, mirror, member, known.trust), offered):
                return same
        with turn(member):
            whole = offered.read()
            if taken := _put(kind, storage, mirror, (offered, whole, content), known, now):
                return taken
    raise StorageUnavailable("the trust list changes faster than a file can be read; try again")


def _checked(name: str, content: bytes, member: str, known: RepositoryInForce, now: int) -> Offered:
    offered = open_offered(name, content, member, known.trust)
    record = offered.record
    check_active(known.trust.keys[bytes.fromhex(record.kid or "")].key, now)
    if (record.as_of or 0) > now + MAX_STATUS_AHEAD_SECONDS:
        raise AheadOfTime(f"{(record.as_of or 0) - now} s ahead of the registry's clock")
    return offered._replace(record=record._replace(size=len(content), received_at=now))


def _put(
    kind: _Kind,
    storage: Storage,
    mirror: Mirror,
    file: tuple[Offered, Any, bytes],
    known: RepositoryInForce,
    now: int,
) -> MemberFileRecord | None:
    """Under the write lock nothing is read or verified any more. None when the trust list is not that one now."""
    offered, whole, content = file
    with storage.writing() as records:
        if not known.is_still(records):
            return None
        shelf = Shelf(records, mirror, offered.record.member, known.trust)
        if same := kind.check(shelf, offered):
            return same
        record = kind.put(shelf, offered, whole, content, now)
        shelf.clear_away()
        return record


def _check_status(shelf: Shelf, offered: Offered) -> MemberFileRecord | None:
    if same := _repeated(shelf, offered):
        return same
    held = shelf.held(STATUS)
    number = offered.record.sequence
    before = [held.end] if held and held.sequence < number else []
    check_stands(offered.record.end, [*before, *shelf.around(number)])
    return None


def _put_status(shelf: Shelf, offered: Offered, snapshot: StatusSnapshot, content: bytes, now: int) -> MemberFileRecord:
    newest = shelf.newest_segment()
    # What a thief put at the end of the chain goes when the key is denied: the member goes on from its snapshot.
    shelf.drop_segments_above(newest.sequence if newest else 0)
    if newest and newest.sequence < snapshot.sequence:
        # A chain that goes on from another place leaves none of the old one behind.
        shelf.drop_segments_up_to(newest.sequence)
    shelf.drop_segments_up_to(snapshot.sequence - SEGMENTS_BEHIND)
    record = shelf.put(offered.record, content)
    shelf.drop(name for number, name in shelf.token_lists().items() if number not in snapshot.lists)
    shelf.put_news()
    return record


def _check_segment(shelf: Shelf, offered: Offered) -> MemberFileRecord | None:
    record = offered.record
    newest, status = shelf.newest_segment(), shelf.held(STATUS)
    if same := shelf.held(record.name):
        if same.sha256 != record.sha256:
            raise ChainForked(f"another segment {record.sequence} is held")
        return same if shelf.is_whole(same) else None
    check_follows(shelf.end(), record.end, offered.previous)
    for each in (newest, status):
        if each and not shelf.is_whole(each):
            raise SegmentMissing(f"{each.name} is damaged on the mirror: a new status snapshot heals it")
    if shelf.count_segments() >= MAX_SEGMENTS:
        raise QuotaExceeded(f"at most {MAX_SEGMENTS} segments; bring a snapshot")
    return None


def _put_segment(shelf: Shelf, offered: Offered, _segment: object, content: bytes, now: int) -> MemberFileRecord:
    newest = shelf.newest_segment()
    shelf.drop_segments_above(newest.sequence if newest else 0)
    record = shelf.put(offered.record, content)
    shelf.put_news()
    return record


def _put_rules(shelf: Shelf, offered: Offered, _rules: object, content: bytes, now: int) -> MemberFileRecord:
    numbered = offered.record._replace(name=rules_name(offered.record.sequence))
    others = [each for each in shelf.rule_sets() if each.sequence != numbered.sequence]
    needed = {each.sequence for each in deciding_from([*others, numbered], now - RULES_PAST_SECONDS)}
    if len(needed) > MAX_RULE_SETS_KEPT:
        raise QuotaExceeded(f"at most {MAX_RULE_SETS_KEPT} rule sets that are in force or to come")
    shelf.keep_rule_sets(needed)
    if numbered.sequence in needed:
        shelf.put(numbered, content)
    record = shelf.put(offered.record, content)
    shelf.put_news()
    return record


def _put_foreign_keys(shelf: Shelf, offered: Offered, _keys: object, content: bytes, now: int) -> MemberFileRecord:
    record = shelf.put(offered.record, content)
    shelf.put_news()
    return record


def _check_status_rules(shelf: Shelf, offered: Offered) -> MemberFileRecord | None:
    if same := _repeated(shelf, offered):
        return same
    newest, record = shelf.newest_status_rules(), offered.record
    if newest is None or newest.sequence == record.sequence:
        return None
    if record.sequence < newest.sequence:
        raise SequenceNotNewer(f"sequence {newest.sequence} is held")
    if record.sequence != newest.sequence + 1 or offered.previous.hex() != newest.sha256:
        raise ChainForked(f"status rules that do not follow those of sequence {newest.sequence}, which are held")
    return None


def _put_status_rules(shelf: Shelf, offered: Offered, _rules: object, content: bytes, now: int) -> MemberFileRecord:
    # What a thief put at the end of the chain goes when the key is denied.
    newest = shelf.newest_status_rules()
    shelf.keep_status_rules(newest.sequence if newest else 0, MAX_RULE_SETS_KEPT)
    return shelf.put(offered.record, content)


def _put_token_list(shelf: Shelf, offered: Offered, _token: object, content: bytes, now: int) -> MemberFileRecord:
    return shelf.put(offered.record, content)


def _repeated(shelf: Shelf, offered: Offered) -> MemberFileRecord | None:
    """What is held, when it says the same; None for something newer, or where what is held is damaged.

    Raises SequenceNotNewer, Conflict.
    """
    held, record = shelf.held(offered.record.name), offered.record
    if held is None or record.sequence > held.sequence:
        return None
    if record.sequence < held.sequence:
        raise SequenceNotNewer(f"sequence {held.sequence} is held")
    if record.sha256 != held.sha256:
        raise Conflict(f"another file of sequence {held.sequence} is held")
    return held if shelf.is_whole(held) else None


_STATUS = _Kind(_check_status, _put_status)
_SEGMENT = _Kind(_check_segment, _put_segment)
_RULES = _Kind(_repeated, _put_rules)
_FOREIGN_KEYS = _Kind(_repeated, _put_foreign_keys)
_STATUS_RULES = _Kind(_check_status_rules, _put_status_rules)
_TOKEN_LIST = _Kind(_repeated, _put_token_list)
