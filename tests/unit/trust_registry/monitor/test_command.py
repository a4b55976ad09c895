"""``tongxing log monitor`` at a real registry's mirror: its exit code, its file, its numbers, its webhook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask, request
from werkzeug.serving import make_server

from credentials.errors import InvalidRequest, SettingInvalid
from credentials.signing import PemSigner
from tests.serving import in_thread
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from tests.unit.trust_registry.monitor.test_own_log import Database
from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.commands import monitor as command
from trust_registry.commands.record import log
from trust_registry.monitor.own_records import read_own_records
from trust_registry.monitor.state import read_state
from trust_registry.officer import approval
from trust_registry.publishing.denials import deny, sign_request


class Scene:
    """A registry with Henan, its mirror, and Henan's monitor."""

    def __init__(self, registry: FoundedRegistry, mirror: Serving, folder: Path) -> None:
        self.registry, self.mirror, self.folder = registry, mirror, folder
        self.policy, self.state = folder / "policy", folder / "state.json"
        self.policy.write_text(f"log {registry.publication.record.signer.key.vkey}\nquorum none\n")

    def publish(self, now: int = NOW) -> None:
        """A round of the log, and the mirror as it is then."""
        self.registry.publication.record.publish(now)
        names = self.registry.mirror.files.files_in("")
        self.mirror.files.update({f"mirror/{name}": self.registry.mirror.read(name) or b"" for name in names})

    def look(self, *options: str | Path) -> tuple[int, dict[str, Any]]:
        """Exit code and result."""
        folder = self.registry.province().directory
        words = ["--registry", self.mirror.url, "--policy", self.policy, "--state", self.state, "--province", folder]
        words += ["--root", self.registry.folder / "trust-root.json", "--json", *options]
        result = CliRunner().invoke(log, ["monitor", *map(str, words)], catch_exceptions=False, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return int(result.return_value), json.loads(result.stdout)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    clock = type("Clock", (), {"now": staticmethod(lambda: NOW)})
    monkeypatch.setattr(command, "local_clock", lambda: clock)
    with FoundedRegistry(tmp_path) as registry, serving({}) as mirror:
        registry.enrol("CN-41", "CN-44")
        scene = Scene(registry, mirror, tmp_path)
        scene.publish()
        yield scene


def words_of(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["word"], each["about"].partition(" ")[0]) for each in result["findings"]]


def test_all_is_well_with_a_registry_that_does_its_deeds(scene: Scene) -> None:
    """Lists, denials and statements have their leaves, and what is ours is known as ours; a second look too."""
    officer = scene.registry.officer_keys[0]
    kid = scene.registry.province("CN-44").state().keys[0].kid
    signer = PemSigner(officer, bytes.fromhex(approval.officer_id(officer)))
    deny(scene.registry.publication, sign_request(signer, kid, "lost", AUDIENCE, NOW), NOW)
    for _ in range(2):
        scene.publish()
        code, result = scene.look("--grace", "0")
        assert (code, result["findings"]) == (0, [])
    (found,) = result["logs"].values()
    assert found["kinds"]["statement-received"] == 2 and found["kinds"]["key-denied"] == 1
    assert found["leaves"] == found["read"] == sum(found["kinds"].values())


def test_a_statement_that_was_made_again_is_still_ours(scene: Scene) -> None:
    """The registry may have drafted with the one that was replaced."""
    province = scene.registry.province()
    made = [province.make_statement(AUDIENCE, NOW + each, again=bool(each))[0].digest for each in range(3)]
    assert len(set(made)) == 3
    assert set(made) < read_own_records(province.directory).digests


def test_a_statement_that_our_records_lack_is_not_ours(scene: Scene) -> None:
    """Listed and logged under our name, and nobody here made it: exit 1, until somebody has looked into it."""
    folder = scene.registry.province().directory
    (folder / "statements" / "1.json").unlink()
    code, result = scene.look()
    assert (code, words_of(result)) == (1, [("not-ours", "leaf"), ("not-ours", "trust")])
    told = [word for each in result["findings"] for word in ("--acknowledge", each["about"])]
    assert scene.look(*told)[0] == 0


def test_denials_of_keys_in_use_are_told(scene: Scene) -> None:
    """Until the next statement leaves the key out."""
    officer, province = scene.registry.officer_keys[0], scene.registry.province()
    kid = province.state().keys[0].kid
    signer = PemSigner(officer, bytes.fromhex(approval.officer_id(officer)))
    deny(scene.registry.publication, sign_request(signer, kid, "lost", AUDIENCE, NOW), NOW)
    scene.publish()
    code, result = scene.look()
    assert (code, words_of(result)) == (1, [("key-denied", "denial")])
    province.drop_key(kid)
    assert scene.look()[0] == 0


def test_a_registry_that_is_away_is_unknown_and_no_alarm(scene: Scene) -> None:
    """Exit 2: nothing is wrong as far as could be seen."""
    scene.look()
    scene.mirror.files.clear()
    code, result = scene.look()
    assert (code, {each["word"] for each in result["findings"]}) == (2, {"log-unreachable"})


def test_a_mirror_that_is_away_is_no_fault_of_the_call_that_compares_the_issuers_database(scene: Scene) -> None:
    """It ended with 64 and told to add a line to a policy that lacked none, looked at nothing and wrote no numbers."""

    @click.group()
    @click.pass_context
    def roof(context: click.Context) -> None:
        context.meta[command.OWN_LOG] = lambda: Database([])

    roof.add_command(log)
    scene.mirror.files.clear()
    words = ["log", "monitor", "--registry", scene.mirror.url, "--policy", scene.policy, "--state", scene.state]
    words += ["--root", scene.registry.folder / "trust-root.json", "--issuer", "--json"]
    words += ["--metrics", scene.folder / "monitor.prom"]
    result = CliRunner().invoke(roof, [*map(str, words)])
    assert result.exit_code == 2, result.output
    assert {each["word"] for each in json.loads(result.stdout)["findings"]} == {"log-unreachable"}
    assert (scene.folder / "monitor.prom").exists()


def test_what_was_told_of_a_log_does_not_end_when_the_log_cannot_be_read_any_more(scene: Scene) -> None:
    """Whoever forked a log had its alarm called off by taking the mirror off the air."""
    scene.look()
    path = next(name for name in scene.mirror.files if name.startswith("mirror/log/tile/0/"))
    whole = dict(scene.mirror.files)
    got: list[dict[str, Any]] = []
    with webhook(got, [204, 204]) as url:
        scene.mirror.files[path] = b"\0" * len(whole[path])
        assert scene.look("--webhook", url)[0] == 1
        scene.mirror.files.clear()
        assert scene.look("--webhook", url)[0] == 2
        assert len(got) == 1
        scene.mirror.files.update(whole)
        assert scene.look("--webhook", url)[0] == 0
    assert got[1]["findings"] == [] and got[1]["ended"] == [f"log-wrong {got[0]['findings'][0]['log']} checkpoint"]


def test_numbers_for_prometheus(scene: Scene) -> None:
    """Each word of each log, also where nothing is found; the old file or the new one."""
    scene.look("--metrics", scene.folder / "monitor.prom")
    text = (scene.folder / "monitor.prom").read_text()
    origin = scene.registry.publication.record.signer.key.name
    assert f'tongxing_monitor_findings{{finding="log-forked",log="{origin}"}} 0.0' in text
    assert f'tongxing_monitor_leaves{{kind="list-published",log="{origin}"}} 1.0' in text
    assert "tongxing_monitor_looked_seconds 1.795e+09" in text


def test_a_webhook_is_told_what_changes_and_asked_again_when_it_was_away(scene: Scene) -> None:
    """Once for a finding, once for its end; who does not answer is told at the next look."""
    scene.look()
    path = next(name for name in scene.mirror.files if name.startswith("mirror/log/tile/0/"))
    whole, broken = scene.mirror.files[path], b"\0" * len(scene.mirror.files[path])
    got: list[dict[str, Any]] = []
    answers = [503, 204, 204]
    with webhook(got, answers) as url:
        for content in (broken, broken, broken, whole, whole):
            scene.mirror.files[path] = content
            assert scene.look("--webhook", url)[0] == (1 if content == broken else 0)
    assert [[each["word"] for each in told["findings"]] for told in got] == [["log-wrong"], ["log-wrong"], []]
    assert len(got[-1]["ended"]) == 1 and got[0]["findings"][0]["text_zh"]


@contextmanager
def webhook(got: list[dict[str, Any]], answers: list[int]) -> Iterator[str]:
    app = Flask("webhook")

    def take() -> tuple[str, int]:
        got.append(request.get_json())
        return "", answers.pop(0)

    app.add_url_rule("/", view_func=take, methods=["POST"])
    server = make_server("127.0.0.1", 0, app)
    with in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}/"


@pytest.mark.parametrize(
    "content",
    [b"x", b"[]", b"{}", b'{"format":"tongxing-monitor/v1"}', b'{"format":"tongxing-monitor/v1","logs":{"a":{}}}'],
)
def test_a_damaged_memory_is_named_and_never_taken_for_an_empty_one(scene: Scene, content: bytes) -> None:
    """An empty memory would forget what was seen, and a fork with it."""
    scene.state.write_bytes(content)
    with pytest.raises(SettingInvalid, match=r"state\.json"):
        scene.look()
    assert scene.state.read_bytes() == content


def test_what_is_remembered_reads_back(scene: Scene) -> None:
    """The file is the whole memory."""
    scene.look()
    state = read_state(scene.state)
    (watched,) = state.logs.values()
    assert type(watched).from_json(watched.to_json()) == watched and watched.deeds


def test_a_policy_without_a_log_is_named(scene: Scene) -> None:
    """Nobody would be watched."""
    scene.policy.write_text("quorum none\n")
    with pytest.raises(InvalidRequest, match="names no log"):
        scene.look()
