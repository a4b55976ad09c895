"""What a registry has in force, which its log must tell of: fetched and verified anew at each look, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from http import HTTPStatus
from typing import NamedTuple

from credentials.errors import FetchFailed, StatementRejected
from service_kit.fetch import Fetcher
from trust_registry.client.trust.repository import MirrorFiles, VerifiedRepository, metadata_path, verify_repository
from trust_registry.client.trust.updater import MAX_FILE_BYTES
from trust_registry.metadata import trust_list
from trust_registry.metadata.log_keys import LogKey, log_keys_of
from trust_registry.metadata.statement import Statement, read_statement
from trust_registry.monitor.leaves import denial_in_force, list_in_force, root_in_force, statement_in_force

_NOT_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)


class InForce(NamedTuple):
    """``deeds``: whose leaves the log must have, as :mod:`trust_registry.monitor.leaves` names them; ``registry_time``:
    seconds UTC at which the registry last signed; ``statements``: by member, those that can be read."""

    deeds: frozenset[str]
    registry_time: int
    statements: dict[str, Statement]

    def logs(self, at: int) -> list[LogKey]:
        """The keys of members' logs that count at ``at`` and say where the log is."""
        keys = [key for statement in self.statements.values() for key in log_keys_of(statement)]
        return [key for key in keys if key.use == "log" and key.url and key.is_active(at)]


def fetch_in_force(fetcher: Fetcher, mirror_url: str, trusted_root: bytes) -> InForce:
    """Fetch and verify it. Expiry is not judged here: how old it is says ``registry_time``.

    Raises MetadataRejected, FetchFailed, FetchTooLarge.
    """

    def read(path: str) -> bytes | None:
        try:
            return fetcher.get(f"{mirror_url.rstrip('/')}/{path}", limit=MAX_FILE_BYTES).body
        except FetchFailed as error:
            # Only of the next root is it an answer that there is none.
            if error.status in _NOT_THERE and path.endswith(".root.json"):
                return None
            raise

    repository = verify_repository(MirrorFiles(read), trusted_root)
    statements = dict(_statements(repository))
    return InForce(frozenset(_deeds(repository, statements)), repository.registry_time, statements)


def _statements(repository: VerifiedRepository) -> Iterator[tuple[str, Statement]]:
    for member, entry in repository.trust_list.members.items():
        try:
            yield member, read_statement(entry.statement)
        except StatementRejected:
            # One member's bad statement, which gates refuse by themselves, stops nobody's monitor.
            continue


def _deeds(repository: VerifiedRepository, statements: dict[str, Statement]) -> Iterator[str]:
    for path, content in repository.files.items():
        digest = sha256(content).hexdigest()
        # The list with which a registry is founded has no members, and no officer published it.
        if path == f"targets/{digest}.{trust_list.TARGET}" and repository.trust_list.members:
            yield list_in_force(digest)
        version = path.removeprefix("metadata/").removesuffix(".root.json")
        if version.isdigit() and path == metadata_path("root", int(version)):
            yield root_in_force(int(version), digest)
    for kid in repository.denials.denied:
        yield denial_in_force(kid.hex())
    for member, statement in statements.items():
        yield statement_in_force(member, statement.digest)
