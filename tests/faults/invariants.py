"""What must hold after any number of faults, counted from the database and from what was acknowledged."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from credentials.formats import native
from credentials.formats.native import claims
from credentials.wire import cose
from issuer.storage import tables as issuer_tables
from service_kit.storage.database import connect, reading
from tests.contract.schema import require_same_tables
from tests.doubles.writers import write_plainly
from tests.faults.scene import Scene
from tests.faults.worker import CLIENT, digest
from tests.unit.trust_registry.founded import AUDIENCE
from trust_registry.client.trust.repository import MirrorFiles, verify_repository
from trust_registry.mirror.folder import MirrorFolder
from trust_registry.mirror.layout import Mirror
from trust_registry.publishing.publication import Publication
from trust_registry.root.founding import MIRROR_FOLDER, TRUST_ROOT, load_log, load_online
from trust_registry.service import versions
from trust_registry.storage import tables as registry_tables
from trust_registry.storage.sql import open_storage

LEAF_OF = {
    "draft-made": "SELECT count(*) FROM registry_draft",
    "draft-approved": "SELECT count(*) FROM registry_approval",
    "list-published": "SELECT count(*) FROM registry_draft WHERE state = 'published'",
    "key-denied": "SELECT count(*) FROM registry_denial",
}


@dataclass
class Finding:
    """What was counted. ``lost``: acknowledged and not there; ``wrong``: there and must not be, or the other way round.

    Both in words, one for each case.
    """

    acknowledged: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    leaves: int = 0


def examine(scene: Scene, trusted_root: bytes) -> Finding:
    """Count. At the end the tables are made anew to compare them, so nothing is left."""
    finding, told, refused = Finding(), list(_lines(scene.journals)), list(_lines(scene.refusals))
    finding.acknowledged.update(each["deed"] for each in told)
    finding.refused.update(each["deed"] for each in refused)
    finding.wrong += [each["error"] for each in refused if each["deed"] == "unexpected"]
    engine = connect(scene.url)
    with reading(engine) as connection:
        _codes(connection, scene, told, finding)
        _others(connection, told, finding)
        _log(connection, finding)
    _mirror(scene, trusted_root, finding)
    _schema(engine, finding)
    engine.dispose()
    return finding


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.iterdir()):
        for line in path.read_bytes().splitlines():
            yield json.loads(line)


def _codes(connection: Connection, scene: Scene, told: list[dict[str, Any]], finding: Finding) -> None:
    """One code for each key, the one that was acknowledged; no index twice; each with its decision."""
    tables = "issuer_idempotency JOIN issuer_credential USING (serial)"
    query = f"SELECT key, text FROM {tables} WHERE issuer_idempotency.client_id = :client"
    kept: dict[str, str] = {row.key: digest(row.text) for row in connection.execute(text(query), {"client": CLIENT})}
    given: dict[str, set[str]] = defaultdict(set)
    for each in told:
        if each["deed"] == "issued":
            given[each["key"]].add(each["code"])
    finding.wrong += [f"key {key!r} gave {len(codes)} codes" for key, codes in given.items() if len(codes) > 1]
    finding.lost += [f"code of {key!r}" for key, codes in given.items() if kept.get(key) not in codes]
    own_key = scene.key()[1]
    codes = list(connection.execute(text("SELECT text FROM issuer_credential")).scalars())
    references = Counter(claims.decode(cose.verify(native.unwrap(code), own_key)).status_reference for code in codes)
    finding.wrong += [f"{place} is used {uses} times" for place, uses in references.items() if uses > 1]
    decisions = connection.execute(text("SELECT count(*) FROM issuer_decision")).scalar_one()
    if not len(codes) == decisions == len(kept):
        finding.wrong.append(f"{len(codes)} codes, {decisions} decisions, {len(kept)} keys")


def _others(connection: Connection, told: list[dict[str, Any]], finding: Finding) -> None:
    """Withdrawals, assertions, drafts, approvals, publications, denials: there, and each once."""

    def rows(query: str) -> set[Any]:
        return {tuple(row) if len(row) > 1 else row[0] for row in connection.execute(text(query))}

    def said(deed: str, *names: str) -> list[Any]:
        return [
            tuple(each[name] for name in names) if len(names) > 1 else each[names[0]]
            for each in told
            if each["deed"] == deed
        ]

    withdrawn = {
        bytes(handle).hex()
        for handle in rows("SELECT handle FROM issuer_credential JOIN issuer_withdrawal USING (serial)")
    }
    for deed, acknowledged, there in (
        ("withdrawn", said("withdrawn", "handle"), withdrawn),
        ("used", said("used", "jti"), rows("SELECT jti FROM issuer_used_assertion")),
        ("drafted", said("drafted", "draft"), rows("SELECT id FROM registry_draft")),
        ("approved", said("approved", "draft", "by"), rows("SELECT draft, keyid FROM registry_approval")),
        ("published", said("published", "draft"), rows("SELECT id FROM registry_draft WHERE state = 'published'")),
        ("denied", said("denied", "kid"), rows("SELECT kid FROM registry_denial")),
    ):
        finding.lost += [f"{deed} {each}" for each in set(acknowledged) - there]
        if deed in ("used", "approved"):
            twice = [each for each, times in Counter(acknowledged).items() if times > 1]
            finding.wrong += [f"{deed} more than once: {each}" for each in twice]


def _log(connection: Connection, finding: Finding) -> None:
    """Numbers from 0 without a gap; one leaf for each deed and no deed without one; versions one after the other."""
    leaves = list(connection.execute(text("SELECT number, kind, content FROM registry_log_leaf ORDER BY number")))
    finding.leaves = len(leaves)
    if [leaf.number for leaf in leaves] != list(range(len(leaves))):
        finding.wrong.append("the log has a gap")
    kinds = Counter(leaf.kind for leaf in leaves)
    for kind, query in LEAF_OF.items():
        if kinds[kind] != connection.execute(text(query)).scalar_one():
            finding.wrong.append(f"leaves and rows differ: {kind}")
    versions = [json.loads(leaf.content)["version"] for leaf in leaves if leaf.kind == "list-published"]
    if versions != list(range(2, len(versions) + 2)):
        finding.wrong.append(f"versions out of order: {versions}")


def _mirror(scene: Scene, trusted_root: bytes, finding: Finding) -> None:
    """What clients see is whole, however often its writer was killed."""
    mirror = Mirror(MirrorFolder(scene.registry_folder / MIRROR_FOLDER, write_plainly))
    storage = open_storage(scene.url)
    publication = Publication(
        storage,
        mirror,
        load_online(scene.registry_folder, None),
        load_log(scene.registry_folder, None, (scene.registry_folder / TRUST_ROOT).read_bytes()),
        AUDIENCE,
    )
    in_force = versions(publication.release())
    storage.engine.dispose()
    shown = verify_repository(MirrorFiles(mirror.read), trusted_root).versions
    if any(shown[role] != version for role, version in in_force.items()):
        finding.wrong.append(f"the mirror shows {shown}, in force are {in_force}")


def _schema(engine: Engine, finding: Finding) -> None:
    """Eight processes migrated at once: one version, and the tables of the program."""
    with reading(engine) as connection:
        for table in ("issuer_schema_version", "registry_schema_version"):
            if len(list(connection.execute(text(f"SELECT * FROM {table}")))) != 1:
                finding.wrong.append(f"{table} does not have one row")
    for metadata in (issuer_tables.metadata, registry_tables.metadata):
        try:
            require_same_tables(engine, metadata)
        except AssertionError:
            finding.wrong.append("the tables are not those of the program")
