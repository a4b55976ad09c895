"""One member's files on the mirror, with what the database knows of them, and the news of them for gates.

No file is read here: what comes next is judged by what the database says of those that are there, and whether a file
is whole by its size. So nothing costs by what the files hold.
"""

from __future__ import annotations

from collections.abc import Iterable

from credentials.errors import QuotaExceeded, Untrusted
from credentials.profile.limits import MAX_STATUS_SEQUENCE
from credentials.status.chain import BEGINNING, End
from trust_registry.client.members.member_files import listed_key
from trust_registry.client.members.news import MAX_RULE_SETS, MemberNews
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.file_names import FOREIGN_KEYS, STATUS, rules_name
from trust_registry.mirror.layout import Mirror
from trust_registry.mirror.offered import LIST_FOLDER, RULES_FOLDER, SEGMENT_FOLDER, STATUS_RULES_FOLDER, kind_of
from trust_registry.storage.ports import MemberFileRecord, Records

MAX_FILES = 4096
MAX_MEMBER_BYTES = 64 * 1024 * 1024
"""All files of one member."""


class Shelf:
    """One member's files on the mirror and what is known of them, within one transaction."""

    def __init__(self, records: Records, mirror: Mirror, member: str, trust: TrustSnapshot) -> None:
        self._files, self._mirror, self._member, self._trust = records.member_files, mirror, member, trust
        self._superfluous: set[str] = set()

    def held(self, name: str) -> MemberFileRecord | None:
        """The file that a new one must be newer than.

        One whose key has been denied since does not count: who stole the key may have set the sequence so high
        that the member could never publish again.
        """
        record = self._files.get(self._member, name)
        return record if record and self._is_listed(record) else None

    def is_whole(self, record: MemberFileRecord) -> bool:
        """Whether the file is on the mirror, as long as it was when it came."""
        return self._mirror.size_of(self._member, record.name) == record.size

    def newest_segment(self) -> MemberFileRecord | None:
        """The last segment of the chain. What a thief put at its end does not count once the key is denied."""
        return self._newest(SEGMENT_FOLDER)

    def newest_status_rules(self) -> MemberFileRecord | None:
        """The last version of the rules by which the member decides."""
        return self._newest(STATUS_RULES_FOLDER)

    def keep_status_rules(self, newest: int, count: int) -> None:
        """Remove all but the last ``count`` of them, and what stands behind the ``newest``."""
        known = self._files.of_member(self._member, STATUS_RULES_FOLDER)
        self.drop(each.name for each in known if not newest - count < each.sequence <= newest)

    def _newest(self, folder: str) -> MemberFileRecord | None:
        below = MAX_STATUS_SEQUENCE
        while record := self._files.last_up_to(self._member, folder, below):
            if self._is_listed(record):
                return record
            below = record.sequence - 1
        return None

    def count_segments(self) -> int:
        """How many there are, from the oldest to the newest."""
        oldest, newest = self._files.first_above(self._member, SEGMENT_FOLDER, 0), self.newest_segment()
        return newest.sequence - oldest.sequence + 1 if oldest and newest else 0

    def end(self) -> End:
        """Where the member's chain stands, by snapshot and segments."""
        ends = [record.end for record in (self.held(STATUS), self.newest_segment()) if record]
        return max(ends, default=BEGINNING)

    def around(self, number: int) -> list[End]:
        """Where the chain stood with the newest segment that is not above ``number``, and with the next one."""
        newest = self.newest_segment()
        top = newest.sequence if newest else 0
        last = self._files.last_up_to(self._member, SEGMENT_FOLDER, min(number, top))
        above = self._files.first_above(self._member, SEGMENT_FOLDER, number)
        return [record.end for record in (last, above) if record and record.sequence <= top]

    def put(self, record: MemberFileRecord, content: bytes) -> MemberFileRecord:
        """Keep a file. Raises QuotaExceeded.

        The mirror is written before the commit: a stop between the two leaves a newer file than is known, which
        is signed and good, and the member's retry is taken.
        """
        count, size = self._files.count_others(self._member, record.name)
        if count >= MAX_FILES or size + record.size > MAX_MEMBER_BYTES:
            raise QuotaExceeded(f"at most {MAX_FILES} files and {MAX_MEMBER_BYTES} bytes for a member")
        self._mirror.put_member_file(self._member, record.name, content)
        self._files.put(record)
        self._superfluous.discard(record.name)
        return record

    def drop(self, names: Iterable[str]) -> None:
        """Remove files: what is known of them now, and they themselves with :meth:`clear_away`."""
        for name in names:
            self._superfluous.add(name)
            self._files.drop(self._member, name)

    def clear_away(self) -> None:
        """Take from the mirror what was dropped. Last of all: what is refused must have taken nothing away."""
        for name in sorted(self._superfluous):
            self._mirror.drop_member_file(self._member, name)
        self._superfluous.clear()

    def drop_segments_above(self, number: int) -> None:
        """Remove the end of the chain."""
        while record := self._files.first_above(self._member, SEGMENT_FOLDER, number):
            self.drop([record.name])

    def drop_segments_up_to(self, number: int) -> None:
        """Remove the beginning of the chain."""
        self.drop(self._files.names_up_to(self._member, SEGMENT_FOLDER, number))

    def rule_sets(self) -> list[MemberFileRecord]:
        """What is known of the rule sets whose key is good, by sequence."""
        return [each for each in self._files.of_member(self._member, RULES_FOLDER) if self._is_listed(each)]

    def keep_rule_sets(self, sequences: set[int]) -> None:
        """Remove all others."""
        names = {rules_name(sequence) for sequence in sequences}
        self.drop(each.name for each in self._files.of_member(self._member, RULES_FOLDER) if each.name not in names)

    def token_lists(self) -> dict[int, str]:
        """Names of token lists by the list's number."""
        names = [each.name for each in self._files.of_member(self._member, LIST_FOLDER)]
        return {int(name.removeprefix(LIST_FOLDER).removesuffix(".jwt")): name for name in names}

    def put_news(self) -> None:
        """Write what is new of this member for the gates to see."""
        self._mirror.put_news(self._member, self.news())

    def news(self) -> MemberNews:
        """What is new of this member, for gates."""
        status, segment = self.held(STATUS), self.newest_segment()
        snapshot = status.sequence if status else 0
        rules = [each.sequence for each in self.rule_sets()][-MAX_RULE_SETS:]
        foreign_keys = self.held(FOREIGN_KEYS)
        newest = max(segment.sequence if segment else 0, snapshot)
        return MemberNews(newest, snapshot, tuple(rules), foreign_keys.sequence if foreign_keys else 0)

    def _is_listed(self, record: MemberFileRecord) -> bool:
        use = "rules" if kind_of(record.name) in ("rules", "status-rules", "foreign-keys") else "status"
        try:
            listed_key(bytes.fromhex(record.kid or ""), self._member, use, self._trust)
        except Untrusted:
            return record.kid is None
        return True
