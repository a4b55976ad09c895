"""One member, or a stranger, keeps the registry busy: what is counted is the work, not the time it takes here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import event

from credentials.errors import (
    ChainForked,
    CredentialError,
    Malformed,
    QuotaExceeded,
    RequestError,
    SegmentBackdated,
    SegmentMissing,
    UnknownKey,
)
from credentials.recognition.authoring.template import template
from credentials.recognition.document import sign_rule_set
from credentials.status import segment as segments
from credentials.status.snapshot import StatusList, StatusSnapshot, seal
from credentials.wire import cose
from tests.unit.trust_registry.founded import NOW, FoundedRegistry
from tests.unit.trust_registry.mirror.test_member_files import Chain, put_status, signer_for
from trust_registry.mirror import member_files
from trust_registry.mirror.layout import Mirror
from trust_registry.repository.in_force import in_force
from trust_registry.storage.ports import MemberFileRecord, Records

pytestmark = pytest.mark.enrolled("CN-41", "CN-44")

DAY = 24 * 3600


class CountingMirror(Mirror):
    """A mirror that counts how often a member's file is read."""

    reads = 0

    def read_member_file(self, member: str, name: str) -> bytes | None:
        self.reads += 1
        return super().read_member_file(member, name)


class Turns:
    """Turns that are counted."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    @contextmanager
    def of(self, member: str) -> Iterator[None]:
        self.taken.append(member)
        yield


class Work:
    """What a registry does for what is brought to it: turns, reads of files, statements of the database."""

    def __init__(self, registry: FoundedRegistry) -> None:
        publication = registry.publication
        self.registry, self.turns, self.statements = registry, Turns(), 0
        self.mirror = CountingMirror(publication.mirror.files)
        event.listen(registry.engine, "before_cursor_execute", self._count)

    def segment(self, made: segments.Segment) -> MemberFileRecord:
        content = segments.seal(made, signer_for(self.registry, "status"))
        return member_files.accept_segment(
            self.registry.publication.storage, self.mirror, "CN-41", made.number, content, NOW, self.turns.of
        )

    def rules(self, sequence: int, valid_from: int) -> MemberFileRecord:
        document = template(
            "CN-41", 48, sequence=sequence, previous="0" * 64 if sequence > 1 else None, valid_from=valid_from
        )
        content = sign_rule_set(document, signer_for(self.registry, "rules")).encode()
        return member_files.accept_rules(
            self.registry.publication.storage, self.mirror, "CN-41", content, NOW, self.turns.of
        )

    def of(self, number: int) -> tuple[int, int, int]:
        """Turns, reads and statements so far, and from 0 again."""
        found = len(self.turns.taken), self.mirror.reads, self.statements
        self.turns.taken.clear()
        self.mirror.reads = self.statements = 0
        return found

    def _count(self, *_: object) -> None:
        self.statements += 1


@pytest.fixture
def work(registry: FoundedRegistry) -> Work:
    return Work(registry)


def test_refused_segments_read_nothing_and_take_no_turn(registry: FoundedRegistry, work: Work) -> None:
    """A snapshot of millions of bits, then tiny segments that do not follow: each decoded the whole list anew under
    the write lock, and a denial waited ten seconds."""
    head = bytes([9]) * 32
    lists = {3: StatusList.of(3, NOW + DAY, range(0, 2**20, 2))}
    put_status(registry, seal(StatusSnapshot("CN-41", 7, NOW, NOW + DAY, lists, head), signer_for(registry, "status")))
    follows = segments.Segment("CN-41", 8, NOW, head, {}, {})
    work.of(0)
    for wrong, error in (
        (replace(follows, previous=bytes([1]) * 32), ChainForked),
        (replace(follows, number=99), SegmentMissing),
        (replace(follows, as_of=NOW - 1), SegmentBackdated),
    ):
        for _ in range(8):
            with pytest.raises(error):
                work.segment(wrong)
    turns, reads, statements = work.of(0)
    assert (turns, reads) == (0, 0)
    assert statements <= 24 * 20
    work.segment(follows)
    assert work.of(0)[:2] == (1, 0)


def test_the_hundredth_segment_costs_what_the_second_does(registry: FoundedRegistry, work: Work) -> None:
    """The cost of a change is by the change, and not by how much is held."""
    chain = Chain(registry)
    costs = []
    chain.put(chain.told.segments[0])
    for number in range(100):
        made = chain.told.next(number)
        work.of(0)
        work.segment(made)
        costs.append(work.of(0))
    assert costs[-1] == costs[1]
    assert costs[-1][:2] == (1, 0)


def test_the_thirtieth_rule_set_costs_what_the_second_does(registry: FoundedRegistry, work: Work) -> None:
    """Each was verified and compiled again with each that came after it: from 1.5 to 43 s. And their number has an
    end, for gates hold them too."""
    costs = []
    for sequence in range(1, member_files.MAX_RULE_SETS_KEPT + 1):
        work.rules(sequence, NOW + sequence * DAY)
        costs.append(work.of(0))
    assert costs[-1] == costs[1]
    with pytest.raises(QuotaExceeded):
        work.rules(member_files.MAX_RULE_SETS_KEPT + 1, NOW + 99 * DAY)


def test_what_is_in_use_is_not_read_anew_because_others_are_asked_for(registry: FoundedRegistry) -> None:
    """Five other registries, or five times of this one: what was kept went all at once, and the next member's file cost
    a repository that was loaded and verified again."""
    with registry.publication.storage.reading() as records:
        first = in_force(records)
    again = SimpleNamespace(repository=SimpleNamespace(read=dict(first.repository.files()).get))
    for hour in range(1, 6):
        registry.publication.retime(NOW + 3600 * hour)
        with registry.publication.storage.reading() as records:
            assert in_force(records) is not first
        assert in_force(cast(Records, again)) is first


def test_old_rule_sets_have_an_end(registry: FoundedRegistry, work: Work) -> None:
    """One that decides nothing any more goes when another comes, file and row."""
    for sequence in range(1, 40):
        work.rules(sequence, NOW - 40 * DAY + sequence * 3600)
    left = sorted(path.name for path in (registry.mirror_folder / "members/CN-41/rules").iterdir())
    assert left == ["39.jws"]


@pytest.mark.parametrize("content", [b"x", b"", b"\xd2\x84", b"." * 99, b"a.b"])
def test_rubbish_of_strangers_asks_the_database_nothing(work: Work, content: bytes) -> None:
    """One byte to any member's address cost 33 ms: the trust list was read and verified for it."""
    storage = work.registry.publication.storage
    for accept in (member_files.accept_status, member_files.accept_rules):
        with pytest.raises(Malformed):
            accept(storage, work.mirror, "CN-41", content, NOW, work.turns.of)
    for numbered in (member_files.accept_segment, member_files.accept_token_list):
        with pytest.raises(Malformed):
            numbered(storage, work.mirror, "CN-41", 7, content, NOW, work.turns.of)
    assert work.of(0) == (0, 0, 0)


def test_a_members_own_files_sent_again_by_strangers_cost_the_member_nothing(
    registry: FoundedRegistry, work: Work
) -> None:
    """All of them are public: whoever sends them again must not use up the member's turns."""
    chain = Chain(registry)
    chain.put(chain.told.segments[0])
    chain.put_snapshot()
    old = seal(chain.told.snapshot, signer_for(registry, "status"))
    chain.put(chain.told.next(5))
    chain.put_snapshot()
    work.rules(1, NOW - DAY)
    work.of(0)
    storage = registry.publication.storage
    for number in (1, 2):
        content = registry.mirror.read(f"members/CN-41/segments/{number}.cose") or b""
        member_files.accept_segment(storage, work.mirror, "CN-41", number, content, NOW, work.turns.of)
    for name, accept in (("status.cose", member_files.accept_status), ("rules.jws", member_files.accept_rules)):
        accept(storage, work.mirror, "CN-41", registry.mirror.read(f"members/CN-41/{name}") or b"", NOW, work.turns.of)
    with pytest.raises(RequestError):
        member_files.accept_status(storage, work.mirror, "CN-41", old, NOW, work.turns.of)
    assert work.of(0)[:2] == (0, 0)


def test_a_strangers_key_is_looked_up_and_no_more(registry: FoundedRegistry, work: Work, tmp_path: Path) -> None:
    """The trust list is verified once, however many ask by it."""
    with FoundedRegistry(tmp_path / "elsewhere") as elsewhere:
        signer = signer_for(elsewhere, "status")
    content = cose.seal(b"x" * 1000, signer)
    for _ in range(3):
        with pytest.raises((UnknownKey, CredentialError)):
            member_files.accept_status(registry.publication.storage, work.mirror, "CN-41", content, NOW, work.turns.of)
    turns, reads, _ = work.of(0)
    assert (turns, reads) == (0, 0)
