"""``tongxing log``: anybody reads a log and checks a proof, with the network and then without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from credentials.errors import (
    FetchFailed,
    InvalidRequest,
    Malformed,
    QuorumMissing,
    RecordProofFailed,
    WrongSignature,
)
from credentials.log.note import sign_text
from tests.doubles.mirror import FilesInMemory
from tests.unit.credentials.log.logs import LOG_SIGNER, witness
from tests.unit.trust_registry.record.logs import append
from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.commands.record import log
from trust_registry.record.publishing import LogFolder, LogPublisher
from trust_registry.storage.sql import open_storage

LEAVES = 300


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A log of 300 leaves that one witness has cosigned, as a registry publishes it."""
    storage = open_storage(f"sqlite:///{tmp_path_factory.mktemp('registry')}/registry.sqlite")
    kept = FilesInMemory()
    append(storage, LEAVES)
    LogPublisher(
        storage, LogFolder(kept), LOG_SIGNER, lambda note, checkpoint, prove: [sign_text(note.text, witness(0), 5)]
    ).publish(5)
    storage.engine.dispose()
    return {f"mirror/log/{name}": kept.read(f"log/{name}") or b"" for name in kept.files_in("log")}


@pytest.fixture
def mirror(files: dict[str, bytes]) -> Iterator[Serving]:
    with serving(dict(files)) as mirror:
        yield mirror


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(f"log {LOG_SIGNER.key.vkey}\nwitness w {witness(0).key.vkey}\nquorum w\n")
    return path


def run(*arguments: str | Path) -> str:
    """The output; what the command raises is raised here."""
    result = CliRunner().invoke(log, list(map(str, arguments)), catch_exceptions=False, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_a_checkpoint_is_shown_with_who_has_signed(mirror: Serving, policy: Path) -> None:
    """Without a policy nobody is believed, and it says so."""
    shown = json.loads(run("show", "--registry", mirror.url, "--policy", policy, "--json"))
    assert (shown["origin"], shown["size"], shown["checked"]) == (LOG_SIGNER.key.name, LEAVES, True)
    assert (shown["signed"], shown["witnesses"]) == ([LOG_SIGNER.key.name, "witness-0.example"], ["witness-0.example"])
    assert "not checked" in run("show", "--log", f"{mirror.url}/mirror/log", "--registry", "https://other.example")
    policy.write_text(f"log {LOG_SIGNER.key.vkey}\nquorum none\n")
    assert "unwitnessed" in run("show", "--registry", mirror.url, "--policy", policy)


def test_a_log_that_is_named_needs_no_registry_beside_it(mirror: Serving, tmp_path: Path) -> None:
    """Operations names mirrors by `--log` alone, where somebody holds two of them against each other."""
    place = f"{mirror.url}/mirror/log"
    assert "not checked" in run("show", "--log", place)
    assert "leaf 3" in run("prove", "3", "--log", place, "-o", tmp_path / "leaf.tlog-proof")
    with pytest.raises(click.UsageError, match="--registry"):
        run("show")


@pytest.mark.parametrize("number", [0, 255, 256, 299])
def test_a_leaf_is_proved_and_checked_without_network(
    mirror: Serving, policy: Path, tmp_path: Path, number: int
) -> None:
    """One file, in ten years too."""
    proof = tmp_path / "leaf.tlog-proof"
    run("prove", str(number), "--registry", mirror.url, "-o", proof)
    mirror.files.clear()
    told = json.loads(run("verify", proof, "--policy", policy, "--json"))
    assert json.loads(told["leaf"])["number"] == told["number"] == number
    assert told["witnesses"] == ["witness-0.example"]


def test_a_partial_tile_that_was_dropped_is_read_from_the_full_one(
    mirror: Serving, policy: Path, tmp_path: Path
) -> None:
    """As a log may do once it has grown."""
    for name in ("mirror/log/tile/0/001", "mirror/log/tile/entries/001"):
        mirror.files[name] = mirror.files.pop(f"{name}.p/44")
    run("prove", "299", "--registry", mirror.url, "-o", tmp_path / "proof")
    run("verify", tmp_path / "proof", "--policy", policy)


def test_a_mirror_that_lies_in_one_byte_is_found_out(mirror: Serving, tmp_path: Path) -> None:
    """In a hash, or in the leaf itself."""
    for name in ("mirror/log/tile/0/000", "mirror/log/tile/entries/000"):
        whole = mirror.files[name]
        mirror.files[name] = whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]
        with pytest.raises(RecordProofFailed, match="leaf 0"):
            run("prove", "0", "--registry", mirror.url, "-o", tmp_path / "proof")
        mirror.files[name] = whole
    del mirror.files["mirror/log/tile/0/000"]
    with pytest.raises(FetchFailed):
        run("prove", "0", "--registry", mirror.url, "-o", tmp_path / "proof")
    with pytest.raises(Malformed, match="300"):
        run("prove", "300", "--registry", mirror.url, "-o", tmp_path / "proof")


def test_what_does_not_hold_is_refused_by_its_own_name(mirror: Serving, policy: Path, tmp_path: Path) -> None:
    """Another leaf, too few witnesses, another log, no policy, no leaf."""
    proof, leaf = tmp_path / "proof", tmp_path / "leaf"
    run("prove", "7", "--registry", mirror.url, "-o", proof)
    leaf.write_bytes(b"another")
    with pytest.raises(RecordProofFailed):
        run("verify", proof, "--policy", policy, "--leaf", leaf)
    policy.write_text(f"log {LOG_SIGNER.key.vkey}\nwitness w {witness(1).key.vkey}\nquorum w\n")
    with pytest.raises(QuorumMissing):
        run("verify", proof, "--policy", policy)
    policy.write_text("quorum none\n")
    with pytest.raises(WrongSignature):
        run("verify", proof, "--policy", policy)
    policy.write_text("quorum\n")
    with pytest.raises(InvalidRequest, match="line 1 of the policy"):
        run("verify", proof, "--policy", policy)
    policy.write_text(f"log {LOG_SIGNER.key.vkey}\nquorum none\n")
    lines = proof.read_text().split("\n")
    proof.write_text("\n".join(line for line in lines if not line.startswith("extra ")))
    with pytest.raises(InvalidRequest, match="--leaf"):
        run("verify", proof, "--policy", policy)
