"""What is in force, read once and kept by its content: anybody may ask for it, and it costs 30 ms to verify.

The timestamp names all the rest by version and hash, so that two readings with the same timestamp are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from trust_registry.client.trust.pins import NOTHING_SEEN
from trust_registry.client.trust.repository import MirrorFiles, verify_repository
from trust_registry.client.trust.snapshot import TrustSnapshot, build_snapshot
from trust_registry.repository import files as tuf
from trust_registry.repository.published import Published, read_published
from trust_registry.storage.ports import Records

_MAX_KEPT = 4
_kept: dict[bytes, RepositoryInForce] = {}
_keeping = Lock()


@dataclass(frozen=True)
class RepositoryInForce:
    """The repository in force, and what follows from it."""

    repository: tuf.Repository

    @cached_property
    def published(self) -> Published:
        """For enrolment: the list, each statement verified."""
        return read_published(self.repository)

    @cached_property
    def trust(self) -> TrustSnapshot:
        """What a gate that comes fresh trusts."""
        verified = verify_repository(MirrorFiles(dict(self.repository.files()).get), self.repository.root)
        return build_snapshot(verified, NOTHING_SEEN, verified.registry_time)[0]

    def is_still(self, records: Records) -> bool:
        """Whether nothing has been published, denied or signed anew since."""
        return records.repository.read(tuf.TIMESTAMP_PATH) == self.repository.timestamp


def in_force(records: Records) -> RepositoryInForce:
    """What is in force now."""
    timestamp = records.repository.read(tuf.TIMESTAMP_PATH) or b""
    held = _kept.get(timestamp) or RepositoryInForce(tuf.load_repository(records.repository.read))
    with _keeping:
        # What was asked for last goes last: another registry of this process does not push out what is in use.
        _kept.pop(timestamp, None)
        _kept[timestamp] = held
        if len(_kept) > _MAX_KEPT:
            del _kept[next(iter(_kept))]
    return held
