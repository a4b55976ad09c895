"""A province's issuer as an operator has it: a folder, an environment, and the `tongxing` command in a process."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from credentials.algorithms.table import NATIVE
from credentials.formats import native
from credentials.formats.native import claims
from credentials.keys import VerificationKey, kid_of, load_private_key
from credentials.model import StatusCredential
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.wire import cose
from tests.scenarios.deployment import here
from tests.unit.issuer.office import MEMBER
from tests.unit.issuer.serving import environment

ROOT = Path(__file__).parents[2]
SECONDS = 120


class ProvinceInProcesses:
    """Runs commands; reads the database and the outputs beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        outside = {name: value for name, value in os.environ.items() if not name.startswith("TONGXING_")}
        self.environment = outside | environment(folder) | {"PYTHONUTF8": "1", "LANG": "en"}
        assert here(("issuer", "init"), environment(folder)).returncode == 0
        public_key = load_private_key((folder / "keys" / "credential-1.pem").read_bytes()).public_key()
        kid = kid_of(MEMBER, public_key)
        self.key = VerificationKey(kid, MEMBER, NATIVE.NAME, "credential", 0, MAX_TIME_SECONDS, public_key)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """A command that goes on by itself, with its outputs piped."""
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """A command, waited for."""
        with self.start(*arguments, **options) as process:
            stdout, stderr = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the issuer's database."""
        connection = sqlite3.connect(self.folder / "data" / "issuer.sqlite")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def read(self, text: str) -> StatusCredential:
        """What a gate reads in a code. Raises CredentialError for one that is not this province's."""
        return claims.decode(cose.verify(native.unwrap(text), self.key))

    def require_whole(self, output: Path, keys: set[str]) -> None:
        """Every key once in ``output`` with a good code, every code once in the database, no index twice."""
        lines = [json.loads(line) for line in output.read_bytes().splitlines()]
        assert sorted(line["key"] for line in lines) == sorted(keys)
        codes = [self.read(line["text"]) for line in lines]
        references = [
            (code.status_reference.list, code.status_reference.index) for code in codes if code.status_reference
        ]
        assert len(set(references)) == len({code.cti for code in codes}) == len(keys)
        kept = dict(self.rows("SELECT key, text FROM issuer_idempotency JOIN issuer_credential USING (serial)"))
        assert kept == {line["key"]: line["text"] for line in lines}
        assert self.rows("SELECT count(*) FROM issuer_credential") == [(len(keys),)]
        assert self.rows("SELECT count(*) FROM issuer_decision") == [(len(keys),)]
