"""What a member itself knows of what it did, to be held against what stands under its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from credentials.errors import CredentialError, Malformed, SettingInvalid, StatementRejected
from service_kit.durable import write_atomic
from trust_registry.metadata.statement import Statement, read_statement
from trust_registry.monitor.leaves import ReadLeaf
from trust_registry.province.folder import ProvinceFolder, Submission

MAX_STATEMENT_FILE_BYTES = 1024 * 1024


class OwnRecords(NamedTuple):
    """``digests``: of every statement that was ever made; ``roots``: kids of the root keys, old and new; ``in_use``:
    kids of the keys that the next statement would list. Kids in hex."""

    member: str
    digests: frozenset[str]
    roots: frozenset[str]
    in_use: frozenset[str]

    def fault_of(self, leaf: ReadLeaf) -> str | None:
        """What a leaf under this member's name says that its records do not; None where nothing is wrong."""
        if leaf.text("member") != self.member:
            return None
        if leaf.kind == "statement-received" and leaf.text("digest") not in self.digests:
            return f"a statement of {self.member} that it never made, sequence {str(leaf.content.get('sequence'))[:20]}"
        if leaf.kind in ("statement-received", "root-change-announced") and leaf.text("root") not in self.roots:
            return f"root key {leaf.text('root')[:16]}, which {self.member} never had"
        return None


def read_own_records(directory: Path) -> OwnRecords:
    """Of a province's folder: ``province.json`` and ``statements/``. No key is read, so a copy without ``keys`` does.

    Raises SettingInvalid, naming the file that cannot be read.
    """
    state = ProvinceFolder(directory, write_atomic).state()
    statements = list(_statements(directory / "statements"))
    digests = frozenset(each.digest for each in statements)
    roots = frozenset(each.root_kid.hex() for each in statements) | {state.root_kid}
    return OwnRecords(state.member, digests, roots, frozenset(key.kid for key in state.keys))


def _statements(folder: Path) -> Iterator[Statement]:
    for path in sorted(folder.glob("*.json")):
        try:
            with path.open("rb") as file:
                content = json.loads(file.read(MAX_STATEMENT_FILE_BYTES))
            yield read_statement(Submission.from_fields(content).statement)
        except (OSError, ValueError, AttributeError, Malformed, StatementRejected, CredentialError) as error:
            raise SettingInvalid(f"{path}: no readable statement of this province; restore the file") from error
