"""The dry run (试算): what another version of the status rules would change for the people on file, before it counts.

Everybody on file is decided about twice, by the rules in force and by the new ones, on what is known of them; people
about whom a decision by hand stands are counted apart, for it binds whatever the rules say. Nothing is written. Several
processes each take a share of the people, read them in pages and keep nothing but counts, so that memory does not grow.

The result is a small file, bound to the document and to the rules in force by their digests, to a moment, and by a key
of the issuer's own to this issuer: rules are published only with one that is young enough.
"""

from __future__ import annotations

import hmac
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, func, select

from credentials.decisions.rules.document import load_status_rules, parse_status_rules
from credentials.decisions.rules.status_rules import Ruling, StatusRules
from credentials.decisions.rules.vocabulary import decision_input
from credentials.errors import Conflict, InvalidRequest
from credentials.profile.facts import Fact
from credentials.wire.strict_json import json_bytes
from issuer.decisions.deciding import facts_of
from issuer.issuing.consequences import in_force
from issuer.staff.scrutiny import Scrutiny
from issuer.storage import tables
from issuer.storage.deeds import read_decisions_by_hand
from issuer.storage.evidence import read_timelines
from issuer.storage.rows import read_evidence
from service_kit.storage.database import connect, reading

PROCESSES = 2
PAGE = 2_000
"""People read at once."""
_SHARES = 4
"""Of each process: whoever has done theirs takes the next."""
_FIELDS = frozenset({"document", "in_force", "at", "people", "by_hand", "open", "changes", "regions", "seal"})
_OPEN = "open"
_NOWHERE: Mapping[int, int] = {}


class StatusChange(NamedTuple):
    """How many people of a region (where the newest fact about them was found; 0: nothing is known) change from one
    status to another; ``open``: the rules could not tell."""

    region: int
    before: str
    after: str
    people: int


class DryRun(NamedTuple):
    """``document``, ``in_force``: digests of the new rules and of those that decided at ``at`` (seconds UTC);
    ``people``: on file; ``by_hand``: of them with a decision by hand; ``open``: how many each entry of the new rules
    could not tell; ``regions``: how many could change in each."""

    document: str
    in_force: str
    at: int
    people: int
    by_hand: int
    open: Mapping[str, int]
    changes: tuple[StatusChange, ...]
    regions: Mapping[int, int] = _NOWHERE

    def by_region(self) -> Mapping[int, int]:
        """How many people would change, by region."""
        counts: Counter[int] = Counter()
        for change in self.changes:
            counts[change.region] += change.people
        return counts

    @property
    def changed(self) -> int:
        """People whose status would change."""
        return sum(change.people for change in self.changes)


class _Share(NamedTuple):
    """One process's part: people whose number is above ``after`` and up to ``last``."""

    url: str
    now: dict[str, Any]
    new: dict[str, Any]
    at: int
    after: int
    last: int
    bonded_by: bytes


def dry_run(
    url: str, now: dict[str, Any], new: dict[str, Any], at: int, processes: int = PROCESSES, bonded_by: bytes = b""
) -> DryRun:
    """Decide about everybody in the database at ``url`` at ``at`` (seconds UTC) by the documents ``now`` and ``new``.

    ``bonded_by``: the issuer's key behind the bonds of decisions by hand, of which those alone are counted that have
    one; empty: all.

    Raises RuleSetInvalid, StorageUnavailable.
    """
    rules = load_status_rules(now), parse_status_rules(new)
    engine = connect(url)
    try:
        with reading(engine) as connection:
            last = connection.execute(select(func.max(tables.holder.c.holder_id))).scalar_one() or 0
    finally:
        engine.dispose()
    step = max(PAGE, -(-last // (processes * _SHARES)))
    shares = [_Share(url, now, new, at, after, min(after + step, last), bonded_by) for after in range(0, last, step)]
    counts: Counter[tuple[str, ...]] = Counter()
    for counted in _done(shares, processes):
        counts.update(counted)
    return _result(counts, rules[0].digest, rules[1].digest, at)


def _done(shares: list[_Share], processes: int) -> Iterator[Counter[tuple[str, ...]]]:
    if len(shares) < 2 or processes < 2:
        yield from map(_count, shares)
        return
    # Spawned: a fork would share the connections of this process.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_count, shares)


def _count(share: _Share) -> Counter[tuple[str, ...]]:
    now, new = load_status_rules(share.now), parse_status_rules(share.new)
    engine, counts, after = connect(share.url), Counter[tuple[str, ...]](), share.after
    try:
        while page := _page(engine, after, share):
            after = page[-1][0]
            for _, by_hand, facts in page:
                counts[("people",)] += 1
                if by_hand:
                    counts[("by hand",)] += 1
                else:
                    _compare(counts, now, new, facts, share.at)
    finally:
        engine.dispose()
    return counts


def _compare(
    counts: Counter[tuple[str, ...]], now: StatusRules, new: StatusRules, facts: tuple[Fact, ...], at: int
) -> None:
    data = decision_input(facts, at)
    before, after = now.ruling(data), new.ruling(data)
    region = max(facts, key=lambda fact: fact.sampled_at).region if facts else 0
    counts[("region", str(region))] += 1
    if after.is_open:
        counts[("entry", after.entry.id)] += 1
    if _said(before) != _said(after):
        counts[("change", str(region), _said(before), _said(after))] += 1


def _said(ruling: Ruling) -> str:
    return _OPEN if ruling.is_open else ruling.entry.status.label


def _page(engine: Engine, after: int, share: _Share) -> list[tuple[int, bool, tuple[Fact, ...]]]:
    """Number, whether a decision by hand stands, and facts of the next people; who is on file twice counts once."""
    with reading(engine) as connection:
        rows = _holders(connection, after, share.last)
        subjects = [bytes(row.subject) for row in rows]
        timelines = read_timelines(connection, subjects)
        decided = in_force(read_decisions_by_hand(connection, subjects, share.at, _scrutiny(share.bonded_by)), share.at)
    page = []
    for row in rows:
        subject = bytes(row.subject)
        known = (*facts_of(read_evidence(row.evidence)), *(timelines[subject].facts if subject in timelines else ()))
        page.append((row.holder_id, subject in decided and decided[subject].by_hand is not None, known))
    return page


def _scrutiny(key: bytes) -> Scrutiny | None:
    """By their bonds alone: public keys do not travel to other processes, and nothing is issued here."""
    return Scrutiny("", key, lambda: None) if key else None


def _holders(connection: Connection, after: int, last: int) -> list[Any]:
    holder, other = tables.holder.c, tables.holder.alias()
    twice = select(1).where(other.c.subject == holder.subject, other.c.holder_id < holder.holder_id).exists()
    page = select(holder.holder_id, holder.subject, holder.evidence).where(holder.holder_id > after, ~twice)
    return list(connection.execute(page.where(holder.holder_id <= last).order_by(holder.holder_id).limit(PAGE)))


def _result(counts: Counter[tuple[str, ...]], now: str, new: str, at: int) -> DryRun:
    changes = [
        StatusChange(int(key[1]), key[2], key[3], people) for key, people in counts.items() if key[0] == "change"
    ]
    opened = {key[1]: people for key, people in sorted(counts.items()) if key[0] == "entry"}
    regions = {int(key[1]): people for key, people in sorted(counts.items()) if key[0] == "region"}
    return DryRun(new, now, at, counts[("people",)], counts[("by hand",)], opened, tuple(sorted(changes)), regions)


def sealed(result: DryRun, key: bytes) -> dict[str, Any]:
    """The result as a file. ``key``: 32 secret bytes of this issuer."""
    told = result._asdict() | {"open": dict(result.open), "changes": [list(change) for change in result.changes]}
    told["regions"] = {str(region): people for region, people in result.regions.items()}
    return told | {"seal": _seal(told, key)}


def open_sealed(content: object, key: bytes) -> DryRun:
    """Raises InvalidRequest for a file that is none, or that was not made so by this issuer."""
    if type(content) is not dict or content.keys() != _FIELDS:
        raise InvalidRequest("not the result of a dry run; make one by `tongxing issuer rules dry-run`")
    told = {name: value for name, value in content.items() if name != "seal"}
    if not hmac.compare_digest(str(content["seal"]).encode(), _seal(told, key).encode()):
        raise InvalidRequest("this dry run was made by another issuer, or changed since; make it anew here")
    changes = tuple(StatusChange(*change) for change in told.pop("changes"))
    regions = {int(region): people for region, people in told.pop("regions").items()}
    return DryRun(**told, changes=changes, regions=regions)


def require_fresh(result: DryRun, new: StatusRules, now: StatusRules, at: int, max_age: int) -> None:
    """Raise Conflict, saying what to do, unless the result is of these rules, against those in force, and young."""
    again = "make it anew: `tongxing issuer rules dry-run`"
    if result.document != new.digest:
        raise Conflict(f"the dry run is of another document; {again}")
    if result.in_force != now.digest:
        raise Conflict(f"other rules came into force since the dry run; {again}")
    if not 0 <= at - result.at <= max_age:
        raise Conflict(f"the dry run is {at - result.at} s old, and {max_age} s are allowed; {again}")


def _seal(told: dict[str, Any], key: bytes) -> str:
    return hmac.digest(key, json_bytes(told), "sha256").hex()
