"""The drills: each says what somebody does, and compares who finds it out, and by which word, with what must come."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from credentials.log.checkpoint import open_checkpoint
from credentials.log.tiles import tile_at
from credentials.profile.words import label
from credentials.wire.strict_json import json_bytes, parse_json
from demonstration.drills.forging import changed, log_files, proof_in, renumbered
from demonstration.drills.yard import Look, Yard
from demonstration.telling import Difference, Telling
from service_kit.clock import DAY_SECONDS
from trust_registry.monitor.findings import TEXTS

Drill = Callable[[Yard, Telling], None]


def fork(yard: Yard, telling: Telling) -> None:
    """A thief of the log's key shows somebody another history: another last leaf, of the same length."""
    kid = _sound(yard, telling)
    _require(yard.ask_witness().status == 200, "the witness cosigns the registry's history")
    with yard.lying_mirror() as mirror:
        entries = [*yard.entries()[:-1], _with_kid(yard.entries()[-1], "00" * 8)]
        _require(kid.encode() not in b"".join(entries), "the other history does not have the denial")
        proofs = mirror.list_proofs()
        mirror.put_log(log_files(entries, yard.key))
        telling.done(label("drill.fork.lie"))
        answer = yard.ask_witness(mirror.url)
        _require((answer.status, b"record-forked" in answer.body) == (409, True), "the witness refuses the other")
        telling.done(label("drill.witness-refuses", answer="409 record-forked"))
        look = _found(telling, yard.look(mirror.url), "log-forked")
        checkpoints = [open_checkpoint(note.encode(), [yard.key.key])[0] for note in look.evidence]
        is_proof = len(checkpoints) == 2 and checkpoints[0].size == checkpoints[1].size
        _require(is_proof and checkpoints[0].root != checkpoints[1].root, "two signed notes show the fork to anybody")
        telling.done(label("drill.fork.evidence"))
        # Gates see the log as far as the proof of their list goes: there is its other past.
        rewritten = [_a_second_earlier(entries[0]), *entries[1:]]
        forged = {path: proof_in(rewritten, yard.key, proof) for path, proof in proofs.items()}
        mirror.put_log(log_files(rewritten, yard.key) | forged)
        met = yard.gates_meet(mirror.url)
        _require(met == [(1, "fork")] * 2, f"each of two gates that meet says that there is a fork, not {met}")
        telling.done(label("drill.fork.gates"))


def rollback(yard: Yard, telling: Telling) -> None:
    """A mirror shows yesterday's files."""
    with yard.lying_mirror() as mirror:
        _sound(yard, telling)
        _require(yard.ask_witness().status == 200, "the witness cosigns the registry's history")
        telling.done(label("drill.rollback.lie"))
        answer = yard.ask_witness(mirror.url)
        _require(answer.status in (400, 409), f"the witness refuses fewer leaves, not {answer.status}")
        telling.done(label("drill.witness-refuses", answer=str(answer.status)))
        _found(telling, yard.look(mirror.url), "log-rolled-back")


def freeze(yard: Yard, telling: Telling) -> None:
    """A mirror shows no news of the log, while it shows new lists; then no news of anything."""
    with yard.lying_mirror() as mirror:
        _sound(yard, telling)
        mirror.copy(yard.mirror, without="log")
        telling.done(label("drill.freeze.lie"))
        _found(telling, yard.look(mirror.url, memory="frozen", grace=0), "log-frozen")
        later = yard.look(memory="frozen-whole", later=2 * DAY_SECONDS)
        _require(("log-frozen", "signed time") in later.found, "a mirror without news for two days is told")
        telling.done(label("drill.freeze.whole"))


def omission(yard: Yard, telling: Telling) -> None:
    """A registry denies a key and leaves the leaf out, so that the key's owner does not learn of it."""
    kid = _sound(yard, telling)
    with yard.lying_mirror() as mirror:
        entries = renumbered([entry for entry in yard.entries() if kid.encode() not in entry])
        mirror.put_log(log_files(entries, yard.key))
        telling.done(label("drill.omission.lie"))
        yard.look(mirror.url, memory="omitted", grace=1)
        mirror.put_log(log_files(renumbered([*entries, entries[-1]]), yard.key))
        look = yard.looks_until("log-omitted", lambda: yard.look(mirror.url, memory="omitted", grace=1))
        _require(("log-omitted", f"denial {kid}") in look.found, "the monitor names the leaf that is missing")
        _found(telling, look, "log-omitted")


def one_byte(yard: Yard, telling: Telling) -> None:
    """A mirror, or a cache on the way, changes one bit: in the checkpoint, a hash, a leaf, the trust list."""
    _sound(yard, telling)
    size = len(yard.entries())
    in_force = max((yard.mirror / "targets").glob("*.trust-list.json"), key=lambda path: path.stat().st_size)
    paths = [
        Path("log/checkpoint"),
        *(Path("log", tile_at(level, 0, size).path) for level in (0, None)),
        in_force.relative_to(yard.mirror),
    ]
    with yard.lying_mirror() as mirror:
        for number, path in enumerate(paths):
            mirror.copy(yard.mirror)
            place = mirror.folder / path
            place.write_bytes(changed(place.read_bytes(), 40))
            telling.done(label("drill.one-byte.lie", path=str(path)))
            _found(telling, yard.look(mirror.url, memory=f"one-byte-{number}"), "log-wrong")


def restore(yard: Yard, telling: Telling) -> None:
    """Yesterday's backup of the registry's database is put back: the log is behind its own mirror."""
    world, server = yard.world, yard.registry.server
    database, kept = yard.registry.folder / "registry.sqlite", world.folder / "yesterday.sqlite"
    _sound(yard, telling)
    _copy_database(database, kept)
    _sound(yard, telling)
    world.stop(server)
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    _copy_database(kept, database)
    telling.done(label("drill.restore.done"))
    refused = world.attempt("registry", "timestamp", settings=server.settings)
    _require(refused.returncode != 0 and "store-behind" in refused.stderr, "the registry refuses to write")
    telling.done(label("drill.restore.refuses"))
    world.run("registry", "recover", settings=server.settings)
    world.start(server)
    yard.registry.publish_log()
    look = yard.look(memory="after-restore")
    _require((look.code, look.found) == (0, []), f"nothing is wrong after recovery, not {look.found}")
    _require(look.kinds.get("recovered", 0) >= 1, "the log tells of the recovery")
    telling.done(label("drill.restore.whole"))


DRILLS: Final[dict[str, Drill]] = {
    "fork": fork,
    "rollback": rollback,
    "freeze": freeze,
    "omission": omission,
    "one-byte": one_byte,
    "restore": restore,
}
"""By the name that is typed."""


def _sound(yard: Yard, telling: Telling) -> str:
    """The registry does something, its log tells of it, and the monitor finds nothing wrong; the denied key's kid."""
    kid = yard.deed()
    yard.registry.publish_log()
    look = yard.look()
    _require((look.code, look.found) == (0, []), f"nothing is wrong before, not {look.found}")
    telling.done(label("drill.sound", leaves=sum(look.kinds.values())))
    return kid


def _found(telling: Telling, look: Look, word: str) -> Look:
    _require(look.code == 1 and word in look.words, f"the monitor says {word} and ends with 1, not {look[:2]}")
    telling.done(label("drill.found", word=word, text=TEXTS[word]))
    return look


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise Difference(f"expected: {what}")


def _with_kid(entry: bytes, kid: str) -> bytes:
    leaf = parse_json(entry)
    return json_bytes({**leaf, "content": {**leaf["content"], "kid": kid}})


def _a_second_earlier(entry: bytes) -> bytes:
    leaf = parse_json(entry)
    return json_bytes({**leaf, "at": leaf["at"] - 1})


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
