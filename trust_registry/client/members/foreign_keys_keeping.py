"""Keeps one member's list of foreign keys: the newest that was verified, on disk and at hand.

There is one file, and the higher sequence counts. A list whose key is denied or no longer listed is left out, and the
next one may have any sequence: who stole the key may have set it as high as there is.
"""

from __future__ import annotations

import threading
from http import HTTPStatus

from credentials.errors import FetchFailed, SequenceNotNewer, TongxingError
from credentials.profile.limits import MAX_JWS_CHARACTERS
from trust_registry.client.members.failure import Failure
from trust_registry.client.members.fetching import Rationed, take_fetched
from trust_registry.client.members.folder import MemberFolder
from trust_registry.client.members.member_files import MemberFile, check_new, is_listed, read_member_file
from trust_registry.client.members.news import MemberNews
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.file_names import FOREIGN_KEYS


class ForeignKeysKeeping:
    """One member's list. Its state may be asked for from any thread; one at a time syncs."""

    def __init__(self, member: str, folder: MemberFolder, fetch: Rationed) -> None:
        self._member, self._folder, self._fetch = member, folder, fetch
        self._lock = threading.Lock()
        self._held: MemberFile | None = None

    def file(self, trust: TrustSnapshot) -> MemberFile | None:
        """What is held, unless a key signed it that ``trust`` denies or no longer lists."""
        return self._held if self._held is not None and is_listed(self._held, self._member, "rules", trust) else None

    def shown(self, at: int) -> Failure | None:
        """There is no chain that could fork: nothing is ever shown after the fact."""
        return None

    def load(self, trust: TrustSnapshot, at: int) -> Failure | None:
        """Take up what is on disk, verified again. Where it is older or cannot be read, what is held stays."""
        with self._lock:
            try:
                data = self._folder.read(FOREIGN_KEYS)
                file = None if data is None else read_member_file(FOREIGN_KEYS, data, self._member, trust)
            except TongxingError as error:
                self._held = self.file(trust)
                return Failure.of(self._member, FOREIGN_KEYS, error, at)
            held = self.file(trust)
            if held is None or (file is not None and file.sequence >= held.sequence):
                self._held = file
        return None

    def sync(self, news: MemberNews | None, trust: TrustSnapshot, at: int) -> Failure | None:
        """Bring it up to date from the mirror. ``news``: which there is; None: ask for it."""
        self._fetch.begin()
        held = self.file(trust)
        if news is not None and news.foreign_keys <= (held.sequence if held else 0):
            return None
        try:
            take_fetched(
                self._fetch, FOREIGN_KEYS, MAX_JWS_CHARACTERS, lambda data: self.accept(FOREIGN_KEYS, data, trust, at)
            )
        except FetchFailed as error:
            # A member need not have one, and says so by having none.
            is_absent = error.status == HTTPStatus.NOT_FOUND and news is None
            return None if is_absent else Failure.of(self._member, FOREIGN_KEYS, error, at)
        except TongxingError as error:
            return Failure.of(self._member, FOREIGN_KEYS, error, at)
        return None

    def accept(self, name: str, data: bytes, trust: TrustSnapshot, at: int) -> None:
        """Accept a list after all checks, and store it. Raises what is wrong, SequenceNotNewer for an older one."""
        file = read_member_file(name, data, self._member, trust)
        with self._lock:
            held = self.file(trust)
            if held is not None and file.payload == held.payload:
                return
            if held is not None and file.sequence <= held.sequence:
                raise SequenceNotNewer(f"list of foreign keys {held.sequence} is held")
            check_new(file, trust, at)
            self._folder.write(FOREIGN_KEYS, data)
            self._held = file
