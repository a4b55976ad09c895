"""The command: codes in, verdicts and an exit code out, with no server and no network."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from credentials.errors import BundleRejected, InvalidRequest, PictureUnreadable, RuleSetInvalid, SettingInvalid
from credentials.foreign.document import document_of, sign_foreign_keys
from credentials.formats import presentation
from credentials.formats.presentation import challenge
from credentials.keys import compressed_point, new_private_key, private_key_pem
from credentials.model import StatusReference
from credentials.profile.lists import Form, Status
from credentials.qr import draw_png
from service_kit.durable import write_atomic
from tests import dcc, shc
from tests.unit.trust_registry.published import HOUR
from tests.unit.trust_registry.serving import Serving
from tests.unit.verifier.mirrored import HOST, TODAY, MirroredRegistry, write_root
from trust_registry.client.trust.bundle import ZipFiles
from trust_registry.commands.rule_files import moment
from verifier.cli import verifier


class Desk:
    """A guard's machine: a bundle, the root of trust, and the command."""

    def __init__(self, folder: Path, registry: MirroredRegistry) -> None:
        self.folder, self.registry = folder, registry
        self.root = write_root(folder, registry)
        self.bundle = folder / "bundle.zip"
        self.bundle.write_bytes(registry.bundle())
        self.environ = {"TONGXING_TRUST_ROOT": str(self.root), "TONGXING_MEMBER": HOST, "TONGXING_ENVIRONMENT": "demo"}
        self.environ |= {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8"}

    def run(self, *arguments: str, stdin: str | bytes = "") -> Result:
        return CliRunner(env=self.environ).invoke(verifier, list(arguments), input=stdin, catch_exceptions=False)

    def check(self, *arguments: str, stdin: str | bytes = "") -> Result:
        return self.run("check", *arguments, "--trust", str(self.bundle), stdin=stdin)

    def verdicts(self, *arguments: str, stdin: str | bytes = "") -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.check(*arguments, "--json", stdin=stdin).stdout.splitlines()]


@pytest.fixture
def desk(tmp_path: Path, registry: MirroredRegistry) -> Desk:
    return Desk(tmp_path, registry)


def test_a_code_from_standard_input(desk: Desk, registry: MirroredRegistry) -> None:
    """A code on the command line would stand in the list of processes; in a pipe it does not."""
    done = desk.check("-", stdin=registry.paper() + "\n")
    assert done.exit_code == 0
    assert "✓ 通过 accepted" in done.stdout
    assert "河南 CN-41 · 绿码 · 纸质码 · 王** 123X" in done.stdout
    assert "Henan CN-41 · Green · Paper · 王** 123X" in done.stdout
    assert "check-document" in done.stdout


@pytest.mark.parametrize(("lang", "chinese", "english"), [("en_GB.UTF-8", False, True), ("zh_CN.UTF-8", True, False)])
def test_one_language_for_those_who_ask(
    desk: Desk, registry: MirroredRegistry, lang: str, chinese: bool, english: bool
) -> None:
    """LANG decides, as for every other command; a guard who reads one language needs no second one in between."""
    desk.environ["LANG"] = lang
    shown = desk.check("-", stdin=registry.paper()).stdout
    for words in ("通过", "纸质码", "北京时间", "请看身份证件"):
        assert (words in shown) is chinese
    for words in ("accepted", "· Paper ·", "Beijing time (UTC+8)", "Check the holder's identity document"):
        assert (words in shown) is english


def test_a_code_without_a_decision_shows_no_colour_and_no_name(desk: Desk, registry: MirroredRegistry) -> None:
    """On the terminal as everywhere: what nobody decided is nobody's colour."""
    shown = desk.check("-", stdin=registry.paper(status=Status.RED)).stdout
    assert "需人工核验 undetermined" in shown
    assert "王**" not in shown


def test_the_rule_that_decided_is_named(desk: Desk, registry: MirroredRegistry) -> None:
    """Whoever is turned away may ask whose rule it was, and in which version."""
    refused = desk.check("-", stdin=registry.paper(evidence=()))
    assert f"规则 {HOST} 第 0 套第 1 版：no-evidence · rules of {HOST}, set 0 version 1: no-evidence" in refused.stdout


@pytest.mark.parametrize(
    ("kinds", "code"),
    [("a", 0), ("ar", 1), ("au", 2), ("aru", 1), ("u", 2)],
)
def test_exit_codes(desk: Desk, registry: MirroredRegistry, kinds: str, code: int) -> None:
    """A script opens a barrier by the exit code alone: any refusal counts before any doubt."""
    newer = registry.paper(status_reference=StatusReference(9, 1), issued_at=TODAY)
    texts = {"a": registry.paper(), "r": "not a code", "u": newer}
    assert desk.check("-", stdin="\n".join(texts[kind] for kind in kinds)).exit_code == code


def test_json_is_one_verdict_a_line(desk: Desk, registry: MirroredRegistry) -> None:
    """Programs read it line by line, whether it is one code or ten thousand."""
    verdicts = desk.verdicts("-", registry.paper(), stdin=f"{registry.paper()}\r\n\n  \nrubbish\n")
    assert [verdict["outcome"] for verdict in verdicts] == ["accepted", "refused", "accepted"]


def test_a_line_without_end_is_one_refusal(desk: Desk) -> None:
    """A megabyte without a line end must neither fill the memory nor fall apart into many codes."""
    verdicts = desk.verdicts("-", stdin="TX1:" + "A" * 1_000_000 + "\nx")
    assert [verdict["reasons"][0]["code"] for verdict in verdicts] == ["too-large", "not-a-credential"]


def test_bytes_that_are_no_text(desk: Desk) -> None:
    """What a broken scanner sends is refused, and the next code is read."""
    (verdict,) = desk.verdicts("-", stdin=b"\xff\xfe\x00TX1:\n")
    assert verdict["outcome"] == "refused"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_codes_in_utf16_are_told_as_such_from_standard_input_and_a_file(
    desk: Desk, registry: MirroredRegistry, tmp_path: Path, encoding: str
) -> None:
    """As some shells on Windows redirect what a command prints: a good code must not be called none."""
    content = f"{registry.paper()}\n".encode(encoding)
    (tmp_path / "code.txt").write_bytes(content)
    for given, stdin in ((str(tmp_path / "code.txt"), b""), ("-", content)):
        with pytest.raises(InvalidRequest, match="in UTF-16; save it in UTF-8"):
            desk.check(given, stdin=stdin)


def test_pictures(desk: Desk, registry: MirroredRegistry, tmp_path: Path) -> None:
    """A photograph of the paper is what somebody sends by mail."""
    picture = tmp_path / "code.png"
    picture.write_bytes(draw_png(registry.paper()))
    (verdict,) = desk.verdicts("--picture", str(picture))
    assert verdict["outcome"] == "accepted"
    picture.write_bytes(b"not a picture")
    with pytest.raises(PictureUnreadable, match=r"code\.png"):
        desk.check("--picture", str(picture))


def test_nothing_to_check_is_wrong_usage(desk: Desk) -> None:
    """An empty list of codes must not look like "all accepted"."""
    assert desk.check().exit_code != 0
    assert desk.check("-", stdin="\n").exit_code != 0


@pytest.mark.parametrize("form", ["{0}", "{1}"])
def test_at_another_time(desk: Desk, registry: MirroredRegistry, form: str) -> None:
    """What would the gate have said last night? The clock is not in doubt when the time was named."""
    at = TODAY + 21 * HOUR
    written = form.format(at, datetime.fromtimestamp(at, UTC).isoformat())
    (verdict,) = desk.verdicts("-", "--at", written, stdin=registry.paper())
    assert verdict["reasons"][0]["code"] == "expired"
    (verdict,) = desk.verdicts("-", "--at", str(TODAY - 300), stdin=registry.paper())
    assert verdict["outcome"] == "accepted"


def test_a_time_without_offset_is_beijing_time(desk: Desk, registry: MirroredRegistry) -> None:
    """A guard types the time on the wall."""
    assert desk.verdicts("-", "--at", "2020-01-01T07:59", stdin="x")[0]["outcome"] == "refused"
    assert moment("2022-11-21T12:00") == 1_669_003_200


@pytest.mark.parametrize("wrong", ["noon", "99999999999", "1950-01-01T00:00+08:00"])
def test_times_that_are_none(desk: Desk, wrong: str) -> None:
    """A mistyped time must not be taken for another."""
    assert desk.check("-", "--at", wrong, stdin="x").exit_code == 2


def test_a_live_code_is_remembered_within_one_command(desk: Desk, registry: MirroredRegistry) -> None:
    """The command has one lane and no shared memory, and says so."""
    holder = new_private_key()
    code = registry.paper(form=Form.PHONE, holder_key=compressed_point(holder.public_key()))
    (verdict,) = desk.verdicts("-", "--at", str(TODAY), stdin=presentation.present(code, holder, TODAY))
    assert [note["code"] for note in verdict["notes"]] == ["compare-holder", "replay-not-shared"]


def test_a_challenge_is_made_and_its_answer_checked(desk: Desk, registry: MirroredRegistry, tmp_path: Path) -> None:
    """Nonce mode by hand: the second command knows what the first one gave out by the secret alone."""
    holder = new_private_key()
    code = registry.paper(form=Form.PHONE, holder_key=compressed_point(holder.public_key()))
    desk.environ |= {"TONGXING_DATA_DIR": str(tmp_path / "data"), "TONGXING_GATE_NAME": "南站"}
    asked = json.loads(desk.run("challenge", "--json").stdout)
    gate, nonce = challenge.unwrap(asked["text"])
    assert (gate, nonce.hex()) == ("南站", asked["nonce"])
    answer = presentation.present(code, holder, 0, nonce, gate)
    (verdict,) = desk.verdicts("-", "--nonce", asked["nonce"], stdin=answer)
    assert verdict["outcome"] == "accepted"
    secret = str(tmp_path / "data" / "gate.secret")
    (verdict,) = desk.verdicts("-", "--nonce", asked["nonce"], "--gate-secret", secret, "--gate-name", "北站",
                               stdin=answer)  # fmt: skip
    assert verdict["reasons"][0]["code"] == "challenge-not-answered"
    assert "\x1b[" in CliRunner(env=desk.environ).invoke(verifier, ["challenge", "--qr"], color=True).stdout
    assert desk.run("challenge").stdout.startswith("TXN1:")


@pytest.mark.parametrize(
    "arguments", [("challenge",), ("challenge", "--member", "x" * 25), ("check", "-", "--nonce", "12")]
)
def test_challenges_that_cannot_be(desk: Desk, arguments: tuple[str, ...]) -> None:
    """Without a secret or a name that fits there is nothing to ask by; a nonce that is none is a slip of the hand."""
    assert desk.run(*arguments, stdin="x").exit_code == 2


def test_an_unpacked_bundle(desk: Desk, registry: MirroredRegistry, tmp_path: Path) -> None:
    """Whoever unpacks the zip, or mounts a mirror, may point at the folder."""
    folder = tmp_path / "unpacked"
    files = ZipFiles(registry.bundle())
    for path in registry.published.files:
        content = files.read(path)
        assert content is not None
        write_atomic(folder / path, content)
    done = desk.run("check", "-", "--trust", str(folder), stdin=registry.paper())
    assert done.exit_code == 0


def test_a_folder_that_is_no_gates_is_not_told_as_a_damaged_bundle(desk: Desk, tmp_path: Path) -> None:
    """The issuer's own data folder in the environment: its engineer would look for another registry's root."""
    (folder := tmp_path / "issuer").mkdir()
    with pytest.raises(SettingInvalid, match="`tongxing verifier sync` makes one"):
        desk.run("check", "-", "--trust", str(folder), stdin="TX1:")


def test_a_damaged_bundle_is_told_as_one(desk: Desk, registry: MirroredRegistry) -> None:
    """A stick that was pulled out too early."""
    desk.bundle.write_bytes(registry.bundle()[:-100])
    with pytest.raises(BundleRejected):
        desk.check("-", stdin="x")


def test_what_does_not_hold_in_a_bundle_is_told(desk: Desk, registry: MirroredRegistry) -> None:
    """Missing withdrawals make a verdict undetermined; here is why they are missing."""
    registry.published.files["members/CN-41/status.cose"] = b"rubbish" * 20
    desk.bundle.write_bytes(registry.bundle())
    done = desk.check("-", stdin=registry.paper())
    assert done.exit_code == 2
    assert "CN-41: status.cose: malformed" in done.stderr


def test_a_wrong_member_is_told(desk: Desk) -> None:
    """With a host that is nobody, every verdict would say that rules are missing."""
    with pytest.raises(SettingInvalid):
        desk.check("-", "--member", "cn-44", stdin="x")


def test_sync_check_and_state_by_a_gates_folder(
    desk: Desk, registry: MirroredRegistry, mirror: Serving, tmp_path: Path
) -> None:
    """One round by hand, and then the folder answers without network."""
    data = tmp_path / "data"
    desk.environ |= {"TONGXING_DATA_DIR": str(data), "TONGXING_REGISTRY_URL": mirror.url}
    assert "members: 2" in desk.run("sync").stdout
    mirror.broken.update(mirror.files)
    data.mkdir(exist_ok=True)
    assert desk.run("check", "-", stdin=registry.paper()).exit_code == 0
    shown = json.loads(desk.run("state", "--json").stdout)
    assert shown["trust"]["members"] == 2
    assert shown["members"]["CN-41"]["status_sequence"] == 1
    plain = desk.run("state", "--trust", str(data / "gate")).stdout
    assert "set 0 version 1 in force" in plain
    assert (shown["foreign_keys"], "foreign keys" in plain) == (None, False)
    failed = desk.run("sync")
    # A timer must notice; what is held still answers.
    assert failed.exit_code == 70
    assert desk.run("state").exit_code == 0
    assert desk.run("check", "-", stdin=registry.paper()).exit_code == 0
    assert "trust: fetch-failed" in failed.stdout


def test_a_registry_that_went_back_is_not_told_as_a_wrong_root(
    desk: Desk, registry: MirroredRegistry, mirror: Serving, tmp_path: Path
) -> None:
    """What is held was verified by that root: whoever looks for another one loses an hour. Another root is told so."""
    desk.environ |= {"TONGXING_DATA_DIR": str(tmp_path / "data"), "TONGXING_REGISTRY_URL": mirror.url}
    before = dict(mirror.files)
    registry.publish()
    mirror.files.update(registry.served)
    assert desk.run("sync").exit_code == 0
    mirror.files.clear()
    mirror.files.update(before)
    done = desk.run("sync")
    assert (done.exit_code, "is refused; what is held goes on" in done.stderr) == (70, True)
    assert "which was seen" in done.stdout
    assert "another registry" not in done.stderr
    desk.environ["TONGXING_TRUST_ROOT"] = str(write_root(tmp_path, MirroredRegistry()))
    done = desk.run("sync")
    assert (done.exit_code, "another registry" in done.stderr) == (64, True)


def test_sync_by_a_bundle(desk: Desk, tmp_path: Path) -> None:
    """Where there is no network the stick fills the folder."""
    desk.environ |= {"TONGXING_DATA_DIR": str(tmp_path / "data")}
    done = desk.run("sync", "--bundle", str(desk.bundle), "--json")
    assert json.loads(done.stdout)["trust"]["members"] == 2


def test_state_says_by_which_list_foreign_cards_are_read(
    desk: Desk, registry: MirroredRegistry, mirror: Serving, tmp_path: Path
) -> None:
    """Issuers, keys, age and number: nobody has to guess why a traveller's card is unknown."""
    document = document_of(HOST, 3, TODAY, [dcc.key(), shc.key(revoked=("a", "b"))])
    signed = sign_foreign_keys(document, registry.guangdong.signer("rules"))
    registry._put(registry.guangdong, "foreign-keys.jws", signed.encode())
    bundle = tmp_path / "foreign.zip"
    bundle.write_bytes(registry.bundle())
    registry.put_rules(registry.guangdong)
    desk.environ |= {"TONGXING_DATA_DIR": str(tmp_path / "data"), "TONGXING_REGISTRY_URL": mirror.url}
    told = desk.run("sync", "--bundle", str(bundle), "--json").stdout
    state = json.loads(told)["foreign_keys"]
    assert (state["sequence"], state["keys"], state["issuers"], state["withdrawn"]) == (3, 2, 2, 2)
    assert state["formats"] == {"eu-dcc": 1, "smart-health-card": 1}
    assert state["age"] >= 0
    plain = desk.run("state").stdout
    assert "list 3, 2 issuers, 2 keys, 2 withdrawn cards" in plain


def test_state_says_that_the_clock_is_wrong(desk: Desk, tmp_path: Path) -> None:
    """The first thing to look at when every code is undetermined."""
    desk.environ |= {"TONGXING_DATA_DIR": str(tmp_path / "data"), "TONGXING_CLOCK_OFFSET_SECONDS": "-3600"}
    assert "this device's clock" in desk.run("sync", "--bundle", str(desk.bundle)).stdout


def test_a_damaged_gates_folder_is_told(desk: Desk, tmp_path: Path) -> None:
    """A gate whose disk failed has nothing, and says what is wrong with it."""
    write_atomic(tmp_path / "data" / "gate" / "trust" / "trust.zip", b"rubbish")
    done = desk.run("state", "--trust", str(tmp_path / "data"))
    assert "registry: trust: metadata-rejected" in done.stderr
    assert "trust list   none" in done.stdout


def test_state_needs_a_gates_folder(desk: Desk, tmp_path: Path) -> None:
    """A bundle has no state, and an empty folder is no gate."""
    with pytest.raises(SettingInvalid):
        desk.run("state", "--trust", str(tmp_path))


class Rules:
    """A province's desk: rules from the template, its key."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.document, self.key = desk, folder / "rules.json", folder / "rules-1.pem"
        desk.environ |= {"TONGXING_DATA_DIR": str(folder)}
        self.document.write_text(desk.run("rules", "template", "--member", HOST, "--hours", "24").stdout)
        write_atomic(self.key, private_key_pem(new_private_key()), mode=0o600)

    def sign(self, *options: str) -> Result:
        return self.desk.run("rules", "sign", str(self.document), "--key", str(self.key), *options)


def test_rules_are_written_signed_and_shown(desk: Desk, tmp_path: Path) -> None:
    """A province publishes what it has read itself, in both languages."""
    rules = Rules(desk, tmp_path)
    signed = tmp_path / "rules.jws"
    assert rules.sign("-o", str(signed)).exit_code == 0
    for path in (signed, rules.document):
        shown = desk.run("rules", "show", str(path)).stdout
        assert "CN-44  set 0  version 1" in shown
        assert "24 小时" in shown
    assert rules.sign().stdout.count(".") == 2


def test_a_denial_of_recognition_is_shown(desk: Desk, tmp_path: Path) -> None:
    """The gravest line of a rule set must not be overlooked."""
    rules = Rules(desk, tmp_path)
    document = json.loads(rules.document.read_text())
    reason = {"zh": "核查中", "en": "Under review"}
    document["denials"] = [{"member": "CN-41", "reason": reason, "expires_at": TODAY + HOUR}]
    rules.document.write_text(json.dumps(document))
    assert "not recognised: CN-41 核查中" in desk.run("rules", "show", str(rules.document)).stdout


@pytest.mark.parametrize("content", ["{", "{}", "a.b", "a.b.c", "规则", "[1]"])
def test_what_is_no_rule_set_is_refused(desk: Desk, tmp_path: Path, content: str) -> None:
    """Before it is signed, not after every gate has refused it."""
    rules = Rules(desk, tmp_path)
    rules.document.write_text(content)
    with pytest.raises(RuleSetInvalid):
        desk.run("rules", "show", str(rules.document))
    with pytest.raises(RuleSetInvalid):
        rules.sign()
