"""Go's own reader of logs and notes (``golang.org/x/mod/sumdb``) reads what ours makes: tiles, checkpoints, proofs."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credentials.log.checkpoint import Checkpoint, sign_checkpoint
from credentials.log.note import Note, SignatureLine, sign_text, with_signatures
from credentials.log.proof import LogProof
from credentials.log.request import AddCheckpoint
from credentials.log.tree import nodes_of, prove_consistency, prove_inclusion, root_of
from tests.doubles.mirror import FilesInMemory
from tests.unit.credentials.log.logs import LOG_SIGNER, hashes, tile_files, witness
from tests.unit.trust_registry.record.logs import append
from trust_registry.record.publishing import FOLDER, LogFolder, LogPublisher, ProveFrom
from trust_registry.storage.sql import open_storage

PROGRAM = Path(__file__).parent / "record" / "main.go"
PACKAGES = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev has its sources."""
Go = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Go:
    """Runs the program on a folder and the keys; skips where there is no Go, or not its package for logs."""
    if not shutil.which("go") or not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("NOT CHECKED: no Go with golang.org/x/mod (Debian: golang-go, golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("go")
    environment = {"GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOCACHE": str(folder / "cache"), "HOME": str(folder)}
    built = folder / "record"
    build = ["go", "build", "-o", str(built), str(PROGRAM)]
    subprocess.run(build, env={**environment, "PATH": "/usr/bin:/bin:/usr/local/go/bin:/usr/local/bin"}, check=True)
    return lambda log, *keys: subprocess.run([built, log, *keys], capture_output=True, text=True, check=False)


def published(folder: Path, size: int) -> Path:
    """A log of so many entries, with two cosignatures, proofs and requests."""
    node = nodes_of(hashes(size))
    unseen = sign_checkpoint(size, root_of(node, size), LOG_SIGNER)
    note = with_signatures(unseen, [sign_text(unseen.text, witness(n), 1_660_000_000 + n) for n in (0, 1)])
    files = {**tile_files(size), "checkpoint": note.content, **proofs(size, note), **requests(size, note)}
    for path, content in files.items():
        _write(folder / path, content)
    return folder


def proofs(size: int, note: Note) -> dict[str, bytes]:
    node = nodes_of(hashes(size))
    made = {number: tuple(prove_inclusion(node, number, size)) for number in range(size)}
    return {f"proofs/{number}.tlog-proof": LogProof(number, made[number], note).content for number in made}


def requests(size: int, note: Note) -> dict[str, bytes]:
    node = nodes_of(hashes(size))
    made = {old: tuple(prove_consistency(node, old, size)) for old in range(size + 1)}
    return {f"requests/{old}": AddCheckpoint(old, made[old], note).content for old in made}


def keys() -> list[str]:
    return [LOG_SIGNER.key.vkey, witness(0).key.vkey, witness(1).key.vkey]


@pytest.mark.parametrize("size", [1, 2, 7, 255, 256, 257, 600])
def test_every_tile_checkpoint_proof_and_request_holds_in_go(go: Go, tmp_path: Path, size: int) -> None:
    """Whoever wants to check our logs needs no line of ours."""
    answer = go(published(tmp_path, size), *keys())
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    assert (found["Size"], found["Entries"], found["Proofs"], found["Requests"]) == (size, size, size, size + 1)
    # Two on the checkpoint, on that of each proof, and of each request.
    assert found["Cosignatures"] == 2 * (1 + size + size + 1)
    assert found["Tiles"] >= 1


def test_the_registrys_own_log_holds_in_go(go: Go, tmp_path: Path) -> None:
    """What the service publishes, in two rounds, cosigned, with a proof of each leaf."""
    files, storage = FilesInMemory(), open_storage(f"sqlite:///{tmp_path}/registry.sqlite")
    asked: list[AddCheckpoint] = []

    def cosign(note: Note, checkpoint: Checkpoint, prove: ProveFrom) -> list[SignatureLine]:
        asked.extend(AddCheckpoint(old, tuple(prove(old)), note) for old in (0, 1, 300) if old <= checkpoint.size)
        return [sign_text(note.text, witness(0), 1_660_000_000)]

    publisher = LogPublisher(storage, LogFolder(files), LOG_SIGNER, cosign)
    for more in (300, 60):
        append(storage, more)
        publisher.publish(1_795_000_000)
    log = tmp_path / "mirror" / FOLDER
    for name in files.files_in(FOLDER):
        _write(log / name, files.read(f"{FOLDER}/{name}") or b"")
    for number in (0, 255, 256, 359):
        proved = publisher.prove(number)
        assert proved is not None
        ((_, hashes),), published = proved
        _write(log / f"proofs/{number}.tlog-proof", LogProof(number, tuple(hashes), published.note).content)
    for number, each in enumerate(asked):
        _write(log / f"requests/{number}", each.content)
    storage.engine.dispose()
    answer = go(log, *keys())
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert (found["Size"], found["Entries"], found["Proofs"], found["Requests"]) == (360, 360, 4, 6)
    assert found["Cosignatures"] == 1 + 4


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "path", ["checkpoint", "tile/0/000.p/7", "tile/entries/000.p/7", "proofs/3.tlog-proof", "requests/5"]
)
def test_one_byte_of_another_value_does_not_hold_in_go(go: Go, tmp_path: Path, path: str) -> None:
    """A program that says yes to everything would prove nothing."""
    changed = published(tmp_path, 7) / path
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    assert go(tmp_path, *keys()).returncode == 1
