"""Keeps one member's rule sets: the one in force and all that are to come.

So a tightening counts from its ``valid_from`` and not before, after a restart and from a cold start as well: the newest
alone would leave a gate that begins today without rules until tomorrow's come into force.
"""

from __future__ import annotations

import threading
from http import HTTPStatus

from credentials.errors import FetchFailed, SequenceNotNewer, TongxingError
from credentials.profile.limits import MAX_JWS_CHARACTERS
from credentials.recognition.ruleset import deciding_from, in_force_at
from trust_registry.client.members.failure import Failure, FileFailed, naming
from trust_registry.client.members.fetching import Rationed, take_fetched
from trust_registry.client.members.folder import MemberFolder
from trust_registry.client.members.member_files import MemberFile, check_new, is_listed, read_member_file
from trust_registry.client.members.news import MAX_RULE_SETS, MemberNews
from trust_registry.client.members.status_keeping import SHOWN_SECONDS
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.file_names import RULES, in_order, parse_name, rules_name

PAST_SECONDS = 24 * 3600
"""How long a rule set stays that decides nothing any more: this gate's clock may be set back."""
RECORD = "rules.sync.json"


class RulesKeeping:
    """One member's rule sets. Its state may be asked for from any thread; one at a time syncs."""

    def __init__(self, member: str, folder: MemberFolder, fetch: Rationed) -> None:
        self._member, self._folder, self._fetch = member, folder, fetch
        self._lock = threading.Lock()
        self._held: dict[int, MemberFile] = {}
        self._dropped: set[int] = set()
        self._etag: str | None = None
        self.synced_at = 0
        self._shown: Failure | None = None

    def files(self, trust: TrustSnapshot) -> tuple[MemberFile, ...]:
        """What is held, by sequence, but for what a key signed that ``trust`` denies or no longer lists."""
        held = self._held
        return tuple(held[number] for number in sorted(held) if is_listed(held[number], self._member, "rules", trust))

    def shown(self, at: int) -> Failure | None:
        """The last old copy of a cache that was seen, for a day; though a fresh one was got past it."""
        shown = self._shown
        return shown if shown and at - shown.at < SHOWN_SECONDS else None

    def load(self, trust: TrustSnapshot, at: int) -> Failure | None:
        """Take up what is on disk, verified again. Returns the first thing that does not hold; all others are taken.

        Of what cannot be read, what is held stays.
        """
        with self._lock:
            known = {file.sequence: file for file in self.files(trust)}
            held, failures = {}, []
            for name in in_order(self._folder.names("rules")):
                try:
                    data = self._folder.read(name)
                    if data is not None:
                        file = read_member_file(name, data, self._member, trust)
                        held[file.sequence] = file
                except TongxingError as error:
                    failures.append(Failure.of(self._member, name, error, at))
                    number = parse_name(name).number
                    if number in known:
                        held[number] = known[number]
            if held or not known:
                self._etag, self.synced_at = self._folder.read_record(RECORD)
                self._held, self._dropped = held, set()
        return failures[0] if failures else None

    def sync(self, news: MemberNews | None, trust: TrustSnapshot, at: int) -> Failure | None:
        """Bring them up to date from the mirror. ``news``: which there are; None: ask for the newest and go back.

        ``synced_at`` moves only when nothing went wrong; else the first thing that did is returned.
        """
        self._fetch.begin()
        failure = self._sync_newest_and_back(trust, at) if news is None else self._sync_listed(news, trust, at)
        if failure is None:
            self.synced_at = at
        return failure

    def accept(self, name: str, data: bytes, trust: TrustSnapshot, at: int) -> None:
        """Take a file after all checks, and store it. Raises what is wrong, SequenceNotNewer for a contradiction."""
        file = read_member_file(name, data, self._member, trust)
        with self._lock:
            held = self._held.get(file.sequence)
            if held and is_listed(held, self._member, "rules", trust):
                if held.payload != file.payload:
                    # The mirror, or the member, tells two stories.
                    raise SequenceNotNewer(f"another rule set {file.sequence} is held")
            else:
                check_new(file, trust, at)
                self._folder.write(rules_name(file.sequence), data)
                self._folder.write_record(RECORD, self._etag, at)
                self._held = {**self._held, file.sequence: file}
                self._drop_past(trust, at)
            self.synced_at = at

    def _sync_newest_and_back(self, trust: TrustSnapshot, at: int) -> Failure | None:
        try:
            self._sync_newest(trust, at)
            self._sync_back(trust, at)
        except FileFailed as failed:
            return Failure.of(self._member, failed.file, failed.error, at)
        return None

    def _sync_newest(self, trust: TrustSnapshot, at: int) -> None:
        with naming(RULES):
            answer = self._fetch(RULES, MAX_JWS_CHARACTERS, self._etag if self.files(trust) else None)
            if answer.not_modified:
                return
            self.accept(RULES, answer.body, trust, at)
            self._etag = answer.etag
            self._folder.write_record(RECORD, self._etag, at)

    def _sync_back(self, trust: TrustSnapshot, at: int) -> None:
        """While the oldest held is for later, ask for the one before it."""
        for _ in range(MAX_RULE_SETS):
            files = self.files(trust)
            if in_force_at((file.rule_set for file in files), at) or not files or files[0].sequence == 1:
                return
            name = rules_name(files[0].sequence - 1)
            with naming(name):
                try:
                    self._fetch_rules(name, trust, at)
                except FetchFailed as error:
                    if error.status == HTTPStatus.NOT_FOUND:
                        return
                    raise
            if self.files(trust) == files:
                return

    def _sync_listed(self, news: MemberNews, trust: TrustSnapshot, at: int) -> Failure | None:
        held = {file.sequence for file in self.files(trust)}
        failures = []
        for number in sorted(set(news.rules) - held - self._dropped):
            name = rules_name(number)
            try:
                self._fetch_rules(name, trust, at)
            except TongxingError as error:
                failures.append(Failure.of(self._member, name, error, at))
        return failures[0] if failures else None

    def _fetch_rules(self, name: str, trust: TrustSnapshot, at: int) -> None:
        stale = take_fetched(self._fetch, name, MAX_JWS_CHARACTERS, lambda data: self.accept(name, data, trust, at))
        if stale is not None:
            self._shown = Failure.of(self._member, name, stale, at)

    def _drop_past(self, trust: TrustSnapshot, at: int) -> None:
        usable = [file.rule_set for file in self.files(trust)]
        needed = {each.sequence for each in deciding_from(usable, at - PAST_SECONDS)}
        self._folder.remove(map(rules_name, self._held.keys() - needed))
        self._held = {number: file for number, file in self._held.items() if number in needed}
        # What a denied key signed is not among them: its number may come again, under a good one.
        self._dropped |= {each.sequence for each in usable} - needed
