"""What a monitor remembers: one small file, with one checkpoint a log and what its leaves have said so far.

Whoever can write the file can make the monitor forget; losing it costs that the logs are read again from their first
leaves, and what was seen of them before can no longer be held against them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from credentials.decisions.counters import Total
from credentials.errors import Malformed, SettingInvalid, Unreadable
from credentials.log.checkpoint import Checkpoint, read_checkpoint
from credentials.log.note import Note, read_note
from credentials.log.tree import EMPTY_ROOT, MAX_TREE_SIZE
from credentials.wire.strict_json import json_bytes
from service_kit.durable import read_if_there, write_atomic
from trust_registry.metadata import fields

FORMAT = "tongxing-monitor/v1"
MAX_STATE_BYTES = 16 * 1024 * 1024
CHECKPOINT, SIGNED_TIME, TRUST_LIST, OUR_DATABASE = "checkpoint", "signed time", "trust list", "our database"
"""What findings about a whole log are about: they end when it is well again, and not by being acknowledged."""
_WHOLE = frozenset({CHECKPOINT, SIGNED_TIME, TRUST_LIST, OUR_DATABASE})
MAX_LOGS = 128
MAX_DEEDS = 65_536
"""Deeds in force that the leaves of one log have told of."""
MAX_STRANGE = 1_000
"""Leaves of one log that are kept as findings until somebody acknowledges them; the first of them."""
MAX_KINDS = 64
"""Kinds of leaves that are counted each for itself; the rest together."""
OTHER = "other"


@dataclass(frozen=True)
class Waiting:
    """Something in force whose leaf has not come: since when (seconds UTC), and how many leaves the log had then."""

    since: int
    size: int


@dataclass(frozen=True)
class Sums:
    """What leaves from number ``first`` on count, by kind and status. ``first`` None: nobody knows, for some leaves
    were not added up; the next leaf of counters begins anew."""

    first: int | None = 0
    totals: Mapping[Total, int] = field(default_factory=dict)

    def to_json(self) -> list[Any]:
        """As it stands in the file."""
        return [self.first, [[*total, count] for total, count in sorted(self.totals.items())]]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read it back. Raises Malformed, TypeError, ValueError."""
        if not isinstance(value, list) or len(value) != 2:
            raise Malformed("no sums")
        first, totals = value
        return cls(first if first is None else int(first), {(kind, status): int(n) for kind, status, n in totals})


@dataclass(frozen=True)
class Watched:
    """What is remembered of one log. ``note``: the checkpoint seen last, with the log's own signature; ``read``: so
    many leaves were read; ``kinds``: how many of each kind; ``deeds``: which they told of; ``strange``: by what they
    are about, word and detail of findings in leaves; ``acknowledged``: what somebody has looked into; ``sums``: what a
    province's leaves count since its counters were last published."""

    note: Note | None = None
    read: int = 0
    kinds: Mapping[str, int] = field(default_factory=Counter)
    deeds: frozenset[str] = frozenset()
    strange: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    acknowledged: frozenset[str] = frozenset()
    sums: Sums = Sums()

    def checkpoint(self, origin: str) -> Checkpoint:
        """The one seen last; before the first, the empty tree."""
        return read_checkpoint(self.note) if self.note else Checkpoint(origin, 0, EMPTY_ROOT)

    def with_acknowledged(self, abouts: Iterable[str]) -> Watched:
        """The same when somebody has looked into these findings. What is wrong with the whole log is not among them."""
        return replace(self, acknowledged=self.acknowledged | (set(abouts) - _WHOLE))

    def to_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        return {
            "note": self.note.content.decode() if self.note else "",
            "read": self.read,
            "kinds": dict(self.kinds),
            "deeds": sorted(self.deeds),
            "strange": {about: list(each) for about, each in self.strange.items()},
            "waiting": {about: [each.since, each.size] for about, each in self.waiting.items()},
            "acknowledged": sorted(self.acknowledged),
            "sums": self.sums.to_json(),
        }

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read it back. Raises Unreadable."""
        document = fields.mapping(value, "a log")
        note = document.get("note")
        kinds = fields.mapping(document.get("kinds"), "kinds")
        strange = fields.mapping(document.get("strange"), "strange")
        waiting = fields.mapping(document.get("waiting"), "waiting")
        return cls(
            note=read_note(note.encode()) if isinstance(note, str) and note else None,
            read=fields.number(document, "read", 0, MAX_TREE_SIZE),
            kinds=Counter({kind: fields.number(kinds, kind, 0, MAX_TREE_SIZE) for kind in kinds}),
            deeds=frozenset(_texts(document, "deeds", MAX_DEEDS)),
            strange={about: (each[0], each[1]) for about in strange if (each := _texts(strange, about, 2))},
            waiting={about: Waiting(*(int(each) for each in fields.items(waiting, about, 2)[:2])) for about in waiting},
            acknowledged=frozenset(_texts(document, "acknowledged", MAX_DEEDS)),
            # An older monitor has added nothing up: the next counters begin it.
            sums=Sums.from_json(document["sums"]) if "sums" in document else Sums(None),
        )


@dataclass(frozen=True)
class MonitorState:
    """The whole file. ``told``: the findings that the webhook has been told of, each as one text."""

    logs: Mapping[str, Watched] = field(default_factory=dict)
    told: frozenset[str] = frozenset()

    def of(self, origin: str) -> Watched:
        """What is remembered of a log; nothing of a new one."""
        return self.logs.get(origin, Watched())

    def with_log(self, origin: str, watched: Watched) -> MonitorState:
        """The same with another memory of one log."""
        return replace(self, logs={**self.logs, origin: watched})


def read_state(path: Path) -> MonitorState:
    """The file, or an empty memory where there is none. Raises SettingInvalid, StorageUnavailable."""
    content = read_if_there(path)
    if content is None:
        return MonitorState()
    try:
        document = fields.read_object(content, MAX_STATE_BYTES)
        if document.get("format") != FORMAT:
            raise SettingInvalid(f"{path}: not the state of a monitor; --state names a file of its own")
        logs = fields.mapping(document.get("logs"), "logs")
        read = {origin: Watched.from_json(value) for origin, value in logs.items()}
        return MonitorState(read, frozenset(_texts(document, "told", MAX_LOGS * MAX_STRANGE)))
    except (Unreadable, ValueError, TypeError, IndexError) as error:
        raise SettingInvalid(f"{path}: damaged; move it away, and the logs are read from their beginnings") from error


def write_state(path: Path, state: MonitorState) -> None:
    """Put it in the place of the one before, whole. Raises StorageFull, StorageUnavailable."""
    logs = {origin: watched.to_json() for origin, watched in state.logs.items()}
    write_atomic(path, json_bytes({"format": FORMAT, "logs": logs, "told": sorted(state.told)}), mode=0o600)


def _texts(document: Mapping[str, Any], name: str, most: int) -> list[str]:
    return [str(each) for each in fields.items(document, name, most)]
