"""The commands, against a real server on the loopback: three officers and a province at their own desks."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from credentials.errors import (
    ApprovalRejected,
    FetchFailed,
    InvalidRequest,
    NotAuthenticated,
    SettingInvalid,
    StoreBehind,
)
from credentials.keys import new_private_key
from service_kit.clock import SystemClock
from service_kit.fetch import Fetcher
from tests.unit.trust_registry.desks import Desk, enrol
from trust_registry.cli import province, registry
from trust_registry.client.trust.bundle import read_bundle
from trust_registry.commands.root import root
from trust_registry.officer.remote import RemoteRegistry
from trust_registry.record import log
from trust_registry.storage.sql import open_storage


def test_the_whole_road(desk: Desk, tmp_path: Path) -> None:
    """What a newcomer types, from the first key to the offline bundle."""
    henan = str(tmp_path / "henan")
    draft = enrol(desk, henan)
    with pytest.raises(ApprovalRejected):
        desk.run(registry, "publish", draft, *desk.officer(1))
    read = desk.run(registry, "approve", draft, *desk.officer(1), "--root", desk.root, answer="n\n")
    assert read.exit_code == 1
    assert '名称"河南"' in read.output
    assert "may now issue status Green" in read.output
    signed = desk.run(registry, "approve", draft, *desk.officer(1), "--root", desk.root, answer="y\n")
    assert "approved by 1; 2 are needed" in signed.output
    with pytest.raises(ApprovalRejected, match="already"):
        desk.run(registry, "approve", draft, *desk.officer(1), "--root", desk.root, "--yes")
    second = desk.json(registry, "approve", draft, *desk.officer(3), "--root", desk.root, "--yes")
    assert (len(second["approved_by"]), second["version"]) == (2, 2)
    assert desk.json(registry, "publish", draft, *desk.officer(2))["targets"] == 2
    assert desk.json(registry, "state", "--registry", desk.url)["members"] == ["CN-41"]
    shown = desk.run(registry, "state", "--registry", desk.url).output
    assert "CN-41" in shown and "unwitnessed" in shown
    bundle = tmp_path / "bundle.zip"
    desk.json(registry, "bundle", *desk.data, "-o", str(bundle))
    held = read_bundle(bundle.read_bytes(), Path(desk.root).read_bytes(), int(time.time()))
    assert list(held.snapshot.members) == ["CN-41"]
    assert desk.json(registry, "lint", *desk.data) == {"findings": []}
    assert desk.json(registry, "timestamp", *desk.data)["timestamp"] == 3


def test_compromised_key_is_denied_and_replaced(desk: Desk, tmp_path: Path) -> None:
    """By the province itself, then by an officer; the province lists a new key."""
    henan = str(tmp_path / "henan")
    draft = enrol(desk, henan)
    for number in (1, 2):
        desk.run(registry, "approve", draft, *desk.officer(number), "--root", desk.root, "--yes")
    desk.run(registry, "publish", draft, *desk.officer(1))
    kid = json.loads((tmp_path / "henan" / "province.json").read_text())["keys"][0]["kid"]
    reason = ["--reason", "compromised", "--registry", desk.url]
    assert desk.json(registry, "deny", kid, *reason, "--province", henan)["sequence"] == 1
    assert desk.json(registry, "deny", kid, *reason, *desk.officer(2)[2:])["sequence"] == 1
    assert desk.run(registry, "deny", kid, *reason).exit_code == 2
    made = desk.json(province, "statement", henan, "--registry", desk.url, "--drop", kid, "--add-key", "credential")
    assert kid not in {key["kid"] for key in made["keys"]}
    assert desk.json(province, "submit", henan, "--registry", desk.url)["sequence"] == 2
    other = made["keys"][0]["kid"]
    options = ["--retire", other, "--new-root", "--again", "--add-key", "credential"]
    again = desk.run(province, "statement", henan, "--registry", desk.url, *options)
    assert "statement 2" in again.output
    assert "submitted" in desk.run(province, "submit", henan, "--registry", desk.url).output
    renewal = desk.run(registry, "draft", *desk.officer(1))
    assert "nothing changes" in renewal.output


def test_all_submitted_and_removal(desk: Desk, tmp_path: Path) -> None:
    """An officer with many provinces before him need not copy ids."""
    enrol(desk, str(tmp_path / "henan"))
    additions = str(tmp_path / "henan-additions.json")
    made = desk.run(registry, "draft", *desk.officer(2), "--all-submitted", "--additions", additions)
    assert "member CN-41" not in made.output
    assert 'named "河南" / "Henan"' in made.output
    with pytest.raises(InvalidRequest):
        desk.run(registry, "draft", *desk.officer(2), "--remove", "CN-44")


def test_bad_additions_are_named(desk: Desk, tmp_path: Path) -> None:
    """A slip in a file is told before it is sent."""
    for text in ("{", "[]"):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(InvalidRequest, match="additions"):
            desk.run(registry, "draft", *desk.officer(1), "--additions", str(tmp_path / "bad.json"))


def test_lint_ends_with_one_on_errors(desk: Desk, tmp_path: Path) -> None:
    """A timer's mail comes from the exit code. On a copy: the registry that runs would heal its mirror."""
    copy = shutil.copytree(desk.folder, tmp_path / "copy")
    for file in (copy / "mirror" / "targets").iterdir():
        file.write_bytes(b"")
    result = desk.run(registry, "lint", "--data-dir", str(copy), "--root", desk.root)
    assert (result.exit_code, result.output.startswith("error")) == (1, True)


def test_strangers_key_is_told_so(desk: Desk, tmp_path: Path) -> None:
    """The registry's error comes out as if it had been met here."""
    desk.json(province, "init", str(tmp_path / "henan"), "--member", "CN-41")
    key = str(tmp_path / "henan" / "keys" / "root.pem")
    with pytest.raises(NotAuthenticated):
        desk.run(registry, "draft", "--registry", desk.url, "--key", key)


def test_answers_that_are_none(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address, or a page of somebody else's server, is no registry."""
    remote = RemoteRegistry(f"{desk.url}/mirror", Fetcher(), SystemClock())
    with pytest.raises(Exception, match="did you mean"):
        remote.state()
    page = RemoteRegistry(f"{desk.url}/metrics?", Fetcher(), SystemClock())
    with pytest.raises(FetchFailed, match="not the answer of a registry"):
        page.state()
    ready = RemoteRegistry(f"{desk.url}/readyz?", Fetcher(), SystemClock())
    with pytest.raises(FetchFailed, match="draft cannot be read"):
        ready.draft("0f" * 16)
    monkeypatch.setattr(remote, "_ask", None)
    assert RemoteRegistry(desk.url, Fetcher(), SystemClock()).source.metadata("root", 9) is None
    with pytest.raises(FetchFailed):
        RemoteRegistry("http://127.0.0.1:1", Fetcher(), SystemClock()).source.metadata("root", 9)


def test_commands_need_a_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Label in one line, with what to do."""
    monkeypatch.setenv("TONGXING_DATA_DIR", str(tmp_path))
    with pytest.raises(SettingInvalid, match="registry init"):
        CliRunner().invoke(registry, ["timestamp"], catch_exceptions=False)


@pytest.mark.parametrize("group", [registry, province, root])
def test_every_command_has_an_example(group: click.Group) -> None:
    """Help that shows what to type."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            continue
        text = CliRunner().invoke(group, [name, "--help"]).output
        assert "Example" in text, name
        assert any("--json" in option.opts for option in command.params), name


def test_init_says_where_everything_is(tmp_path: Path) -> None:
    """The officers' key files must be carried away; the reader is told which."""
    result = CliRunner().invoke(registry, ["init", str(tmp_path / "new")], catch_exceptions=False)
    assert result.output.count("officer-") == 3
    assert "trust-root.json" in result.output


def test_log_is_followed_to_its_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A monitor asks for what is new, and must get all of it however long it was away."""
    monkeypatch.setattr(log, "MAX_PAGE", 2)
    storage = open_storage(f"sqlite:///{desk.folder / 'registry.sqlite'}")
    with storage.writing() as records:
        for number in range(5):
            records.log.append("key-denied", 1_795_000_000, {"kid": f"{number}"})
    storage.engine.dispose()
    leaves = desk.json(registry, "log", "--registry", desk.url)["leaves"]
    assert [leaf["number"] for leaf in leaves] == [0, 1, 2, 3, 4]
    shown = desk.run(registry, "log", "--registry", desk.url, "--since", "4")
    assert "停用密钥" in shown.stdout
    assert shown.stdout.count("\n") == 1


@pytest.mark.parametrize("answer", [{}, {"leaves": 1}, {"leaves": [{"number": "0"}]}])
def test_a_log_that_is_none_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> None:
    """Another service's address, or a proxy's page."""
    monkeypatch.setattr(RemoteRegistry, "_ask", lambda *_: answer)
    with pytest.raises(FetchFailed, match="log"):
        desk.run(registry, "log", "--registry", desk.url)


def test_a_statement_that_is_nobodys_is_named_and_dropped(desk: Desk, tmp_path: Path) -> None:
    """An officer asks for all that waits, hears what was left out and why, and drops it."""
    henan = str(tmp_path / "henan")
    desk.json(province, "init", henan, "--member", "CN-41")
    desk.json(province, "statement", henan, "--registry", desk.url)
    submitted = desk.json(province, "submit", henan, "--registry", desk.url)
    made = desk.json(registry, "draft", *desk.officer(1), "--all-submitted")
    assert [(each["id"], each["member"]) for each in made["skipped"]] == [(submitted["id"], "CN-41")]
    told = desk.run(registry, "draft", *desk.officer(1), "--all-submitted").output
    assert "left out" in told
    assert "--additions" in told
    assert "dropped" in desk.run(registry, "drop", submitted["id"], *desk.officer(2)).output
    assert desk.json(registry, "state", "--registry", desk.url)["submitted"] == []
    with pytest.raises(NotAuthenticated):
        RemoteRegistry(desk.url, Fetcher(), SystemClock()).drop(new_private_key(), submitted["id"])


def test_an_officer_brings_a_statement_that_came_as_a_file(desk: Desk, tmp_path: Path) -> None:
    """Strangers may hold all places of a member: what an officer brings has one, and may be brought again."""
    henan = tmp_path / "henan"
    desk.json(province, "init", str(henan), "--member", "CN-41")
    desk.json(province, "statement", str(henan), "--registry", desk.url)
    file = henan / "statements" / "1.json"
    taken = desk.json(registry, "submit", str(file), *desk.officer(1))
    assert (taken["member"], taken["sequence"], taken["state"]) == ("CN-41", 1, "submitted")
    assert desk.json(registry, "submit", str(file), *desk.officer(2))["id"] == taken["id"]
    assert taken["id"] in desk.run(province, "submit", str(henan), "--registry", desk.url, "--file", str(file)).output
    for wrong in ("{}", '{"statement": "a"}', '{"statement": "a", "proofs": [1]}', '{"statement": 1, "proofs": []}'):
        file.write_text(wrong)
        with pytest.raises(InvalidRequest, match=r"1\.json: no statement"):
            desk.run(registry, "submit", str(file), *desk.officer(1))


def test_a_restored_backup_is_noticed_and_made_good(desk: Desk) -> None:
    """The message of every command says what to type, and typing it is enough."""
    database, backup = desk.folder / "registry.sqlite", desk.folder / "yesterday.sqlite"
    assert not desk.json(registry, "recover", *desk.data)["recovered"]
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    newest = desk.json(registry, "timestamp", *desk.data)["timestamp"]
    with closing(sqlite3.connect(backup)) as source, closing(sqlite3.connect(database)) as target:
        source.backup(target)
    with pytest.raises(StoreBehind, match="tongxing registry recover"):
        desk.run(registry, "timestamp", *desk.data)
    assert "taken over" in desk.run(registry, "recover", *desk.data).output
    assert desk.json(registry, "timestamp", *desk.data)["timestamp"] == newest + 1
