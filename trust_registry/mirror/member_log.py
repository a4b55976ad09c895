"""A member's log on the mirror: taken as leaves with a signed checkpoint, and written as tiles that lead to it.

What a member sends says how many leaves it takes for held, the checkpoint, and the leaves between. The tiles are made
here, so nothing stands on the mirror that does not lead to what the member's log key has signed. The mirror's own files
say what is held; a log only grows, and what is held is never another.

::

    members/CN-41/log/checkpoint, log/tile/0/000 …
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import NamedTuple

from credentials.errors import (
    CredentialError,
    Malformed,
    QuotaExceeded,
    RecordForked,
    SequenceNotNewer,
    StorageUnavailable,
    TooLarge,
)
from credentials.log.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from credentials.log.keys import NoteKey
from credentials.log.note import Note, read_note, with_signatures
from credentials.log.tiles import TILE_WIDTH, Tile, grown, nodes_from, split_bundle
from credentials.log.tree import root_of
from service_kit.storage.ports import read_entry
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.log_keys import log_keys_of
from trust_registry.mirror.layout import Mirror
from trust_registry.mirror.turns import Turn
from trust_registry.repository.in_force import in_force
from trust_registry.storage.ports import Storage
from trust_registry.witness.known_logs import known_logs

MAX_GROWTH_BYTES = 1024 * 1024
"""Of one request: checkpoint and leaves."""
MAX_GROWTH_LEAVES = 8_192
MAX_LEAF_BYTES_ON_AVERAGE = 1_024
"""Of the leaves of one request, beside one that may be the largest there is."""
MAX_LOG_LEAVES = 2**23
"""Of one member: fifteen years at one a minute, and 8 GiB at the most."""
_LARGEST_LEAF_BYTES = 65_537
_ATTEMPTS = 5


class MemberLog(NamedTuple):
    """How a member's log stands on the mirror: its origin and how many leaves it has."""

    member: str
    origin: str
    size: int


class _Growth(NamedTuple):
    note: Note
    checkpoint: Checkpoint
    entries: list[bytes]


def accept_log(
    storage: Storage, mirror: Mirror, member: str, old: int, content: bytes, now: int, turn: Turn = nullcontext
) -> MemberLog:
    """Take what follows the first ``old`` leaves of a member's log, or a checkpoint with more cosignatures.

    ``content``: a bundle (C2SP tlog-tiles) of the checkpoint and then the leaves, at most 1 MiB. Raises TooLarge,
    Malformed, WrongSignature (no key of a log that the member's statement names has signed it), SequenceNotNewer (more
    is held, or less than ``old``), RecordForked (the leaves do not lead to the checkpoint), QuotaExceeded, RateLimited.
    """
    with storage.reading() as records:
        keys = _keys_of(member, in_force(records).trust, now)
    growth = _read(content, keys)
    with turn(member):
        for _ in range(_ATTEMPTS):
            held = held_note(mirror, member)
            files = _files(mirror, member, held, old, growth)
            with storage.writing():
                if held_note(mirror, member) == held:
                    for path, each in files.items():
                        mirror.files.put(_path(member, path), each)
                    return MemberLog(member, growth.checkpoint.origin, growth.checkpoint.size)
    raise StorageUnavailable("the log grows faster than it can be read; try again")


def held_note(mirror: Mirror, member: str) -> Note | None:
    """The checkpoint on the mirror; None where there is none that can be read."""
    content = mirror.read(_path(member, "checkpoint"))
    try:
        return None if content is None else read_note(content)
    except CredentialError:
        return None


def _keys_of(member: str, trust: TrustSnapshot, now: int) -> list[NoteKey]:
    """Keys of a log of this member that count now; of a name that another member has taken first, none."""
    listed = trust.members.get(member)
    names = {each.key.name for each in log_keys_of(listed.statement)} if listed else set()
    return [key for name, keys in known_logs(trust, now).items() if name in names for key in keys]


def _read(content: bytes, keys: list[NoteKey]) -> _Growth:
    if len(content) > MAX_GROWTH_BYTES:
        raise TooLarge(f"more than {MAX_GROWTH_BYTES} bytes")
    first, *entries = split_bundle(content, MAX_GROWTH_LEAVES + 1) or [b""]
    checkpoint, note = open_checkpoint(first, keys)
    if sum(map(len, entries)) > _LARGEST_LEAF_BYTES + len(entries) * MAX_LEAF_BYTES_ON_AVERAGE:
        raise QuotaExceeded(f"leaves of more than {MAX_LEAF_BYTES_ON_AVERAGE} bytes on average")
    if checkpoint.size > MAX_LOG_LEAVES:
        raise QuotaExceeded(f"a member's log has at most {MAX_LOG_LEAVES} leaves on the mirror")
    return _Growth(note, checkpoint, entries)


def _files(mirror: Mirror, member: str, held: Note | None, old: int, growth: _Growth) -> dict[str, bytes]:
    """What is to be written, in order: tiles, and the checkpoint last."""
    before = read_checkpoint(held).size if held else 0
    checkpoint, entries = growth.checkpoint, growth.entries
    if not old <= before <= checkpoint.size or old + len(entries) != checkpoint.size:
        raise SequenceNotNewer(f"{before} leaves are held, and {checkpoint.size} were sent as following {old}")
    for number, entry in enumerate(entries, old):
        read_entry(entry, number)

    def read(tile: Tile) -> bytes:
        for each in (tile, tile._replace(width=TILE_WIDTH)):
            found = mirror.read(_path(member, each.path))
            if found is not None:
                return found
        raise Malformed(f"{tile.path}: missing on the mirror; remove log/checkpoint there, and all is brought anew")

    made = grown(read, before, entries[before - old :])
    if _root(made, read, checkpoint.size) != checkpoint.root:
        raise RecordForked("the leaves do not lead to the checkpoint, or follow another history than the one held")
    note = growth.note if held is None or held.text != growth.note.text else _both(held, growth.note)
    return {tile.path: each for tile, each in made.items()} | {"checkpoint": note.content}


def _root(made: dict[Tile, bytes], read: Callable[[Tile], bytes], size: int) -> bytes:
    return root_of(nodes_from(lambda tile: made[tile] if tile in made else read(tile), size), size)


def _both(held: Note, sent: Note) -> Note:
    return with_signatures(held, sent.signatures)


def _path(member: str, path: str) -> str:
    return f"members/{member}/log/{path}"
