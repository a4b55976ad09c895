"""Published status rules on SQL, one code path for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, insert, select

from credentials.decisions.leaves import rules_published
from credentials.errors import NotFound
from issuer.storage import tables
from issuer.storage.log import SqlProvinceLog
from issuer.storage.ports.evidence import RulesFault, RulesVersion
from issuer.storage.rows import insert_into
from service_kit.storage.database import reading, transaction
from service_kit.storage.retrying import retried

_rules, _fault = tables.status_rules.c, tables.rule_fault.c
MAX_FAULTS_TOLD = 32


class SqlRulesStore:
    """See :class:`issuer.storage.ports.evidence.RulesStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @retried
    def versions(self) -> Sequence[RulesVersion]:
        heads = select(_rules.sequence, _rules.digest, _rules.valid_from, _rules.valid_until)
        with reading(self._engine) as connection:
            return [RulesVersion(*row) for row in connection.execute(heads.order_by(_rules.sequence))]

    @retried
    def document(self, sequence: int) -> str:
        with reading(self._engine) as connection:
            found = connection.execute(select(_rules.document).where(_rules.sequence == sequence)).scalar_one_or_none()
        if found is None:
            raise NotFound("no status rules of this sequence")
        return str(found)

    @retried
    def add(self, version: RulesVersion, document: str, at: int) -> None:
        with transaction(self._engine) as connection:
            connection.execute(insert(tables.status_rules).values(**version._asdict(), document=document, added_at=at))
            leaf = rules_published(version.sequence, version.digest, version.valid_from)
            SqlProvinceLog(connection).append(leaf, at)

    @retried
    def note_faults(self, found: Mapping[tuple[str, str], int], at: int) -> None:
        with transaction(self._engine) as connection:
            # In one order: of two that count the same in different orders each would wait for the other.
            for (digest, entry), count in sorted(found.items()):
                counted = insert_into(connection, tables.rule_fault).values(
                    digest=digest, entry=entry, count=count, last_at=at
                )
                grown = {"count": _fault["count"] + count, "last_at": at}
                connection.execute(counted.on_conflict_do_update(index_elements=["digest", "entry"], set_=grown))

    @retried
    def faults(self) -> Sequence[RulesFault]:
        newest = select(_fault.digest, _fault.entry, _fault["count"], _fault.last_at)
        with reading(self._engine) as connection:
            found = connection.execute(newest.order_by(_fault.last_at.desc()).limit(MAX_FAULTS_TOLD))
            return [RulesFault(*row) for row in found]
