"""The commands, as a script that calls them may rely on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from credentials.errors import (
    Conflict,
    DecisionRejected,
    FetchFailed,
    InvalidDocument,
    InvalidRequest,
    KeyRejected,
    NotFound,
    SettingInvalid,
    TongxingError,
)
from credentials.foreign.document import document_of, sign_foreign_keys
from credentials.keys import jwk_of, new_private_key, private_key_pem
from credentials.recognition.authoring.template import template
from credentials.recognition.document import sign_rule_set
from demonstration.residents import residents, to_csv
from issuer.app import create_app
from issuer.cli import issuer as commands
from issuer.config import IssuerSettings
from issuer.phones.claim_codes import read_claim_code
from service_kit.clock import SystemClock
from service_kit.settings import read_settings
from tests.dcc import key
from tests.unit.issuer.office import MEMBER, NOW, paper
from tests.unit.issuer.publishing.test_publication import Member, member
from tests.unit.issuer.serving import environment
from tests.unit.issuer.terminal import answer, run
from tests.unit.trust_registry.serving import serving
from tests.unit.verifier.mirrored import MirroredRegistry

__all__ = ["member"]
JWK = json.dumps(jwk_of(new_private_key().public_key()))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An issuer that has been set up, named by the environment."""
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert "ready" in run("init").output
    yield tmp_path


def recent(**changes: Any) -> str:
    return json.dumps(paper(evidence=[], **changes))


def test_init_twice(folder: Path) -> None:
    """Set-up scripts are run again."""
    listing: dict[str, Any] = {"faults": [], "age": None, "failure": ""}
    secret = str(folder / "data" / "issuer.secret")
    assert answer("init") == {"secret_file": secret, "made": False, "listing": listing}


def _open_to_others(path: Path) -> None:
    path.chmod(0o644)


def _no_key(path: Path) -> None:
    path.write_text("no key")


@pytest.mark.parametrize("setting", ["TONGXING_KEY_FILE", "TONGXING_STATUS_KEY_FILE"])
@pytest.mark.parametrize(
    ("spoil", "expected"), [(_open_to_others, SettingInvalid), (_no_key, KeyRejected), (Path.unlink, SettingInvalid)]
)
def test_init_is_not_ready_with_a_key_that_cannot_serve(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    spoil: Callable[[Path], None],
    expected: type[TongxingError],
) -> None:
    """It said "ready", and the server then did not start; nothing may be made before the keys are right."""
    settings = environment(tmp_path)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    spoil(Path(settings[setting]))
    with pytest.raises(expected):
        run("init")
    assert not (tmp_path / "data").exists()


def test_issue_from_file_and_standard_input(folder: Path) -> None:
    """The text alone for a pipe, or everything as JSON; a key makes it repeatable."""
    (folder / "wang.json").write_text(recent())
    assert run("issue", str(folder / "wang.json")).output.startswith("TX1:")
    first = answer("issue", "-", "--key", "k", stdin=recent())
    assert answer("issue", "-", "--key", "k", stdin=recent()) == first
    assert answer("issue", "-", stdin=recent())["text"] != first["text"]


def test_claim_code(folder: Path) -> None:
    """Staff hand out what is printed; personal data comes from a file or standard input and is not repeated."""
    asked = recent(form="phone")
    printed = run("claim-code", "-", stdin=asked)
    assert read_claim_code(printed.output)
    assert (printed.output.count("\n"), len(printed.output)) == (1, 20)
    (folder / "wang.json").write_text(asked)
    made = answer("claim-code", str(folder / "wang.json"))
    assert made["code"] != printed.output.strip()
    assert set(made) == {"code", "expires_at"}
    with pytest.raises(InvalidRequest):
        run("claim-code", "-", stdin=recent())


@pytest.mark.parametrize(
    ("stdin", "error"),
    [
        ("{", InvalidRequest),
        ("[]", InvalidRequest),
        (b'{"name": "\xff"}', InvalidRequest),
        (recent().encode("utf-16"), InvalidRequest),
        ('{"name": 1, "name": 2}', InvalidRequest),
        (recent(colour="green"), InvalidRequest),
        (recent(document={"number": "1"}), InvalidDocument),
    ],
)
def test_issue_refuses(folder: Path, stdin: str | bytes, error: type[TongxingError]) -> None:
    """The roof turns the error into its exit code."""
    with pytest.raises(error):
        run("issue", "-", stdin=stdin)


def test_empty_key_is_not_taken_for_none(folder: Path) -> None:
    """A shell variable that was never set would make every retry a new code."""
    with pytest.raises(InvalidRequest):
        run("issue", "-", "--key", "", stdin=recent())


def test_bulk(folder: Path) -> None:
    """Counts on standard output, progress on standard error, and no person on either."""
    people, codes = folder / "people.csv", folder / "codes.ndjson"
    people.write_text(to_csv(residents(20, 1_790_000_000)), encoding="utf-8")
    assert answer("bulk", str(people), "-o", str(codes)) == {"issued": 20, "present": 0, "rejected": 0}
    result = run("bulk", str(people), "--output", str(codes))
    assert result.stdout == "0 issued, 20 there already, 0 rejected\n"
    names = {line.split(",")[1] for line in people.read_text("utf-8").splitlines()[1:]}
    assert not any(name in result.output for name in names)


def test_bulk_with_bad_lines_ends_with_1(folder: Path) -> None:
    """A script must notice; the file in Excel's encoding must be said to be one."""
    people = folder / "people.csv"
    people.write_text("name,document_number,form\n王小明,11010519491231002X,paper\nx,1,paper\n", encoding="gb18030")
    plain = run("bulk", str(people), "-o", str(folder / "plain.ndjson"), "--encoding", "gb18030")
    assert plain.stdout.splitlines()[1].endswith("plain.ndjson.rejected.ndjson")
    result = run("bulk", str(people), "-o", str(folder / "codes.ndjson"), "--encoding", "gb18030", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"issued": 1, "present": 0, "rejected": 1})
    assert run("bulk", str(people), "-o", str(folder / "none.ndjson"), "--json").exit_code == 1


def test_withdraw(folder: Path) -> None:
    """By handle, with cause and author."""
    handle = answer("issue", "-", stdin=recent())["handle"]
    how = ["--cause", "lost-device", "--author", "service-desk/li"]
    assert answer("withdraw", handle, *how) == {"withdrawn": True}
    assert run("withdraw", handle, *how).output == "was withdrawn before\n"
    with pytest.raises(NotFound):
        run("withdraw", "00" * 16, *how)
    assert run("withdraw", handle, "--cause", "bad-mood", "--author", "x").exit_code == 2
    for author in ("li", "service-desk/", "/li", "service-desk/south/li"):
        with pytest.raises(DecisionRejected, match="unit/person"):
            run("withdraw", handle, "--cause", "lost-device", "--author", author)


def test_clients(folder: Path) -> None:
    """Add, list, revoke; an id is used once."""
    assert run("client", "list").output == "no clients\n"
    assert answer("client", "add", "city-app", "-", stdin=JWK) == {"client_id": "city-app"}
    with pytest.raises(Conflict, match="city-app is registered; revoke it first"):
        run("client", "add", "city-app", "-", stdin=JWK)
    with pytest.raises(InvalidRequest):
        run("client", "add", "other-app", "-", stdin=JWK.encode("utf-16"))
    assert "city-app" in run("client", "list").output
    assert answer("client", "revoke", "city-app") == {"client_id": "city-app"}
    assert "revoked" in run("client", "list").output
    (listed,) = answer("client", "list")["clients"]
    assert listed["revoked_at"] >= listed["added_at"]
    with pytest.raises(Conflict, match="city-app was registered and is revoked for good; take another id"):
        run("client", "add", "city-app", "-", stdin=JWK)


def test_a_key_may_come_as_openssl_writes_it(folder: Path) -> None:
    """Who brings a private key is told to make its public half by `openssl pkey -pubout`: that must be taken then."""
    key = new_private_key()
    private = private_key_pem(key, None)
    with pytest.raises(KeyRejected, match=r"openssl pkey .* -pubout"):
        run("client", "add", "city-app", "-", stdin=private)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert answer("client", "add", "city-app", "-", stdin=public.decode()) == {"client_id": "city-app"}
    staff = answer("staff", "add", "zhao", "-", "--unit", "cdc", "--role", "operator", stdin=public.decode())
    assert jwk_of(key.public_key())["x"] in staff["text"]


def test_publish_without_a_registry(folder: Path) -> None:
    """The timer's mail must say that it failed."""
    with pytest.raises(FetchFailed):
        run("publish")


def test_publish(member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status, and a rule set, on a real registry; a rule set that is none is refused there."""
    key_file = next(tmp_path.glob("CN-41/keys/status-1.pem"))
    settings = environment(tmp_path, TONGXING_REGISTRY_URL=member.url, TONGXING_STATUS_KEY_FILE=str(key_file))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    run("init")
    # By moments, not by calls: the registry's server is in this process as well, and asks when it likes.
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    assert answer("publish")["number"] == 1
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW + 1)
    assert run("publish").output.startswith("segment 2: 1 brought, 0 newly withdrawn")
    rules = tmp_path / "rules.jws"
    rules.write_text(sign_rule_set(template(MEMBER, 48), member.rules_signer))
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    assert answer("publish", "--rules", str(rules)) == {"bytes": rules.stat().st_size}
    listed = tmp_path / "foreign-keys.jws"
    listed.write_text(sign_foreign_keys(document_of(MEMBER, 1, NOW, [key()]), member.rules_signer))
    assert run("publish", "--foreign-keys", str(listed)).output == f"foreign-keys: {listed.stat().st_size} bytes\n"
    listed.write_text("{}")
    with pytest.raises(InvalidRequest, match="verifier trust sign"):
        run("publish", "--foreign-keys", str(listed))
    rules.write_text("no rules")
    with pytest.raises(InvalidRequest, match="verifier rules sign"):
        run("publish", "--rules", str(rules))


def test_another_registrys_root_stops_init_issue_and_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was "ready", and the net under the issuer was off for good."""
    root = folder / "trust-root.json"
    root.write_bytes(MirroredRegistry().published.trusted_root)
    with serving(MirroredRegistry().served) as mirror:
        monkeypatch.setenv("TONGXING_REGISTRY_URL", mirror.url)
        monkeypatch.setenv("TONGXING_TRUST_ROOT", str(root))
        for arguments in (["init"], ["init", "--not-listed-yet"], ["issue", "-"]):
            with pytest.raises(SettingInvalid, match="TONGXING_TRUST_ROOT"):
                run(*arguments, stdin=recent())
        with pytest.raises(SettingInvalid, match="TONGXING_TRUST_ROOT"):
            create_app(read_settings(IssuerSettings, os.environ))
        mirror.files.clear()
    assert "nobody has looked" in run("init").output


@pytest.mark.parametrize("content", ["{}", "", "no JSON", "[]", '{"signed": {"_type": "timestamp"}, "signatures": []}'])
def test_a_root_file_that_is_no_root_stops_though_the_registry_is_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    """Nothing has to be asked of anybody to see it."""
    (folder / "trust-root.json").write_text(content)
    monkeypatch.setenv("TONGXING_TRUST_ROOT", str(folder / "trust-root.json"))
    for arguments in (["init"], ["issue", "-"]):
        with pytest.raises(SettingInvalid, match="TONGXING_TRUST_ROOT"):
            run(*arguments, stdin=recent())


def test_commands_need_their_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Label by name."""
    for name in ("TONGXING_DATA_DIR", "TONGXING_MEMBER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingInvalid, match="TONGXING_"):
        run("init")


def test_every_command_has_an_example_and_json() -> None:
    """Whoever types --help wants a line to copy."""
    inner = commands.commands["client"]
    assert isinstance(inner, click.Group)
    for command in [*commands.commands.values(), *inner.commands.values()]:
        if not isinstance(command, click.Group):
            assert "Example" in (command.help or ""), command.name
            assert any("--json" in option.opts for option in command.params), command.name
