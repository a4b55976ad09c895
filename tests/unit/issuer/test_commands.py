"""The commands about rules and evidence, as a person at a terminal or a script meets them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from credentials.decisions.rules.template import template
from credentials.errors import Conflict, InvalidRequest, KeyRejected, RuleSetInvalid, TongxingError, TrustMissing
from credentials.keys import jwk_of, new_private_key
from issuer.record.publication import LogPublication
from service_kit.clock import SystemClock
from tests.unit.issuer.office import DAY, MEMBER, NOW, NUMBER, paper, resident_numbers, sampled
from tests.unit.issuer.publishing.test_publication import Member, member
from tests.unit.issuer.serving import environment
from tests.unit.issuer.terminal import answer, run
from trust_registry.key_files import write_key

__all__ = ["member"]

OTHER = resident_numbers(1)[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An issuer that has been set up, named by the environment."""
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    run("init")
    yield tmp_path


@pytest.fixture
def enrolled(folder: Path, member: Member, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, of a member whose rules key the registry lists."""
    root = folder / "trust-root.json"
    root.write_bytes(member.registry.trusted_root)
    for name, value in (("REGISTRY_URL", member.url), ("TRUST_ROOT", str(root)), ("ENVIRONMENT", "demo")):
        monkeypatch.setenv(f"TONGXING_{name}", value)
    return folder


def drafted(folder: Path, *, change: dict[str, Any] | None = None) -> Path:
    path = folder / "rules.json"
    document = json.loads(run("rules", "template", "--member", MEMBER, "--valid-from", f"{NOW}").stdout)
    path.write_text(json.dumps(document | (change or {})), encoding="utf-8")
    return path


def signed(folder: Path, rules: Path) -> Path:
    key = next(folder.glob(f"{MEMBER}/keys/rules-1.pem"))
    run("rules", "sign", str(rules), "--key", str(key), "-o", str(path := folder / "rules.jws"))
    return path


def test_rules_from_the_template_to_the_gate_of_the_mirror(enrolled: Path) -> None:
    """The whole way of a version: begin, look, try, sign, publish; then it decides, and the next one follows it."""
    rules, tried = drafted(enrolled), enrolled / "dry-run.json"
    run("claim-code", "-", stdin=json.dumps(paper(form="phone", evidence=[])))
    assert "On file: 1." in run("rules", "dry-run", str(rules), "-o", str(tried)).output
    published = answer("rules", "publish", str(signed(enrolled, rules)), "--dry-run", str(tried))
    assert published == {"sequence": 1, "version": 2, "valid_from": NOW}
    assert "version 2 decides" in run("state").output
    assert answer("state")["rules"]["version"] == 2
    following = json.loads(run("rules", "template", "--after", str(enrolled / "rules.jws")).stdout)
    assert (following["sequence"], following["version"]) == (2, 3)
    (enrolled / "next.json").write_text(json.dumps(following))
    assert answer("rules", "dry-run", str(enrolled / "next.json"))["changes"] == []


def test_who_signs_by_a_key_file_can_read_what_is_signed(folder: Path) -> None:
    """Line by line: in one line of escapes nobody sees whose decision it is."""
    text = staff_key_text(folder)
    run("staff", "new-key", str(folder / "zhao.pem"))
    shown = run("decision", "sign", str(text), "--key", str(folder / "zhao.pem"), "-o", str(folder / "sig")).stderr
    assert '  "pseudonym": "chen",' in shown.splitlines() and "\\x0a" not in shown


def staff_key_text(folder: Path) -> Path:
    jwk = run("staff", "new-key", str(folder / "chen.pem")).stdout
    added = answer("staff", "add", "chen", "-", "--unit", "cdc", "--role", "operator", stdin=jwk)
    (path := folder / "chen.json").write_text(added["text"])
    return path


def test_what_publish_refuses_says_what_to_do(enrolled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not signed, tried with another document, or no list to check by."""
    rules, tried = drafted(enrolled), enrolled / "dry-run.json"
    run("rules", "dry-run", str(rules), "-o", str(tried))
    with pytest.raises(InvalidRequest, match="rules sign"):
        run("rules", "publish", str(rules), "--dry-run", str(tried))
    other = drafted(enrolled, change={"comment": "another"})
    with pytest.raises(Conflict, match="of another document"):
        run("rules", "publish", str(signed(enrolled, other)), "--dry-run", str(tried))
    monkeypatch.delenv("TONGXING_TRUST_ROOT")
    with pytest.raises(TrustMissing, match="TONGXING_TRUST_ROOT"):
        run("rules", "publish", str(enrolled / "rules.jws"), "--dry-run", str(tried))


def test_sign_refuses_slips_and_wrong_keys(enrolled: Path) -> None:
    """A comparison that can never be true is told before it is signed, and a key of another use."""
    entry = template(MEMBER)["entries"][0] | {"when": {"===": [{"var": "payload.latest.contact.kind"}, "conact"]}}
    rules = drafted(enrolled, change={"entries": [entry, template(MEMBER)["entries"][-1]]})
    with pytest.raises(RuleSetInvalid, match="entry test-positive: nothing is called 'conact' there"):
        signed(enrolled, rules)
    status = next(enrolled.glob(f"{MEMBER}/keys/status-1.pem"))
    with pytest.raises(KeyRejected, match="status key"):
        run("rules", "sign", str(drafted(enrolled)), "--key", str(status))


CASES: dict[str, list[dict[str, Any]]] = {
    "cases": [
        {"name": "ill", "expected": {"status": "red"}, "facts": [{"kind": "antigen", "result": "positive"}]},
        {"name": "well", "expected": {"status": "green", "entry": "no-finding"}},
    ]
}


def test_cases_are_tried_and_explained(folder: Path) -> None:
    """In the reader's words, part by part; a script reads the exit code."""
    rules, cases = drafted(folder), folder / "cases.json"
    cases.write_text(json.dumps(CASES))
    result = run("rules", "test", str(rules), str(cases))
    assert (result.exit_code, result.output.count("✓")) == (0, 2)
    wrong = {"cases": [{"name": "ill", "expected": {"status": "green"}, "facts": CASES["cases"][0]["facts"]}]}
    cases.write_text(json.dumps(wrong))
    assert "✗ ill: " in (told := run("rules", "test", str(rules), str(cases)).output)
    assert "    expected status green\n" in told, "what should have come of it, not only what did"
    result = run("rules", "test", str(rules), str(cases), "--json")
    assert (result.exit_code, json.loads(result.stdout)["came"]["status"]) == (1, "red")
    told = run("rules", "explain", str(rules), "--cases", str(cases), "--case", "ill").output
    assert "the latest positive antigen test: seconds since sampling  = 0" in told
    assert "→ " in told
    assert answer("rules", "explain", str(rules))["lines"]
    with pytest.raises(InvalidRequest, match="there are ill"):
        run("rules", "explain", str(rules), "--cases", str(cases), "--case", "nobody")
    for arguments in (["--case", "ill"], ["--cases", str(cases)]):
        assert run("rules", "explain", str(rules), *arguments).exit_code == click.UsageError.exit_code
    assert run("rules", "template").exit_code == click.UsageError.exit_code


def test_differences_are_told_by_whom_they_meet(folder: Path) -> None:
    """Graver, lighter, or neither; and that one version does not follow the other."""
    old = drafted(folder)
    document = json.loads(old.read_text())
    assert "no difference" not in run("rules", "diff", str(old), str(old)).output
    entries = document["entries"]
    changed = document | {"parameters": document["parameters"] | {"positive_seconds": 14 * DAY, "antigen_seconds": DAY}}
    changed |= {"entries": [entries[1], entries[0], *entries[2:]]}
    (folder / "new.json").write_text(json.dumps(changed))
    told = run("rules", "diff", str(old), str(folder / "new.json")).output
    assert "antigen test, positive, 11 d – 14 d ago: Green → Red" in told and "▲ 抗原检测阳性" in told
    assert "antigen test, inconclusive, 25 h – 48 h ago: Pending → Green" in told and "▼ 抗原检测结果不明" in told
    assert "the order of the entries changed" in told
    assert "cannot be published after it" in told
    slip = entries[-1] | {"id": "slip", "when": {"<": [{"var": "payload.latest.stay.age"}, 1]}}
    (folder / "open.json").write_text(json.dumps(document | {"entries": [slip, *entries]}))
    told = run("rules", "diff", str(old), str(folder / "open.json")).output
    assert "nothing known: Green → is open" in told
    successor = json.loads(run("rules", "template", "--after", str(old), "--valid-from", f"{NOW}").stdout)
    (folder / "new.json").write_text(json.dumps(successor))
    assert answer("rules", "diff", str(old), str(folder / "new.json"))["changes"] == []
    assert "no difference" in run("rules", "diff", str(old), str(folder / "new.json")).output


def test_evidence_is_imported_and_bad_lines_are_listed(folder: Path) -> None:
    """A script reads the exit code, a person the file of bad lines."""
    line = {"reference": "1", "document": {"number": NUMBER}, "kind": "antigen", "result": "positive"}
    source = folder / "results.ndjson"
    good = line | {"sampled_at": NOW - DAY, "region": 410102}
    source.write_text("\n".join(map(json.dumps, [good, good, line])))
    result = run("evidence", "import", str(source), "--reporter", "lab", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"kept": 1, "present": 1, "corrected": 0, "rejected": 1}
    rejected = json.loads((folder / "results.ndjson.rejected.ndjson").read_text())
    assert (rejected["number"], rejected["code"]) == (3, "invalid-request")
    source.write_text(json.dumps(good))
    assert run("evidence", "import", str(source), "--reporter", "lab").exit_code == 0
    assert run("evidence", "import", str(source), "--reporter", "").exit_code == click.UsageError.exit_code


def test_every_command_that_leaves_a_leaf_asks_the_mirror_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one of them, between a restored backup and `issuer recover`, made the log a second history for good."""
    jwk, looked = json.dumps(jwk_of(new_private_key().public_key())), list[str]()
    kid, key = "00" * 8, folder / "nobody.pem"
    write_key(key, new_private_key(), None)
    monkeypatch.setattr(LogPublication, "look", lambda _: looked.append("looked"))
    staff = (kid, "--key", str(key))
    for number, words in enumerate(
        (("laboratory", "add", "city", "-"), ("laboratory", "revoke", "city"), ("staff", "vouch", *staff),
         ("staff", "revoke", *staff)),
    ):  # fmt: skip
        with suppress(TongxingError):
            run(*words, stdin=jwk)
        assert len(looked) == number + 1, words


def test_after_an_older_database_was_put_back_rules_of_the_lost_time_are_named(folder: Path) -> None:
    """Yesterday's rules decided again, and nobody was told."""
    assert answer("recover") == {"leaves": 0, "rules": []}
    with closing(sqlite3.connect(next(folder.rglob("issuer.sqlite")))) as database:
        for number in range(2):
            content = json.dumps({"sequence": number + 1, "digest": "00" * 32, "valid_from": NOW})
            leaf = (number, "rules-published", NOW, content)
            database.execute("INSERT INTO issuer_log_leaf (number, kind, at, content) VALUES (?, ?, ?, ?)", leaf)
        database.commit()
    assert answer("recover") == {"leaves": 0, "rules": [1, 2]}
    assert "status-rules/2.jws" in run("recover").output


def test_laboratories(folder: Path) -> None:
    """By a JWK or a PEM file; a name or a key counts once, and a private key is refused."""
    key, other = new_private_key(), new_private_key()
    jwk = json.dumps(jwk_of(key.public_key()))
    assert answer("laboratory", "add", "city", "-", stdin=jwk)["name"] == "city"
    with pytest.raises(Conflict, match="laboratory list"):
        run("laboratory", "add", "other", "-", stdin=jwk)
    pem = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert "may sign results" in run("laboratory", "add", "shenzhen", "-", "--member", "CN-44", stdin=pem).output
    large = ec.generate_private_key(ec.SECP384R1()).public_key()
    for bad in ("x", large.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()):
        with pytest.raises((InvalidRequest, KeyRejected)):
            run("laboratory", "add", "third", "-", stdin=bad)
    assert answer("laboratory", "revoke", "city") == {"name": "city"}
    assert [each["member"] for each in answer("laboratory", "list")["laboratories"]] == [MEMBER, "CN-44"]
    assert "(revoked)" in run("laboratory", "list").output


@pytest.mark.parametrize("command", ["show", "verify"])
def test_a_decision_is_checked_where_no_issuer_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """An auditor has the file, a bundle and the root, and is told so, before what an issuer would have to set."""
    for name in environment(tmp_path):
        monkeypatch.delenv(name, raising=False)
    (file := tmp_path / "decision.json").write_text("{}")
    result = run("decision", command, str(file))
    assert result.exit_code == click.UsageError.exit_code
    assert "name --bundle and --root" in result.stderr


def test_a_bad_line_of_codes_stops_no_other(folder: Path) -> None:
    """One line is cut off, one is of another province, one not provable yet: each is told by number."""
    people, codes = folder / "people.ndjson", folder / "codes.ndjson"
    lines = [paper(evidence=[sampled()]), paper(document={"number": OTHER}, evidence=[sampled(result="positive")])]
    people.write_text("\n".join(json.dumps(each) for each in lines))
    run("bulk", str(people), "--output", str(codes), "--not-listed-yet")
    green, red = codes.read_text().splitlines()
    codes.write_text("\n".join(["{", json.dumps({"handle": "00" * 16}), red, json.dumps({"handle": 7}), green]))
    result = run("decision", "files", str(codes), "--folder", str(folder / "files"), "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"written": 0, "without": 1, "rejected": 4})
    told = (folder / "codes.ndjson.decisions.rejected.ndjson").read_text().splitlines()
    assert [(each["number"], each["code"]) for each in map(json.loads, told)] == [
        (1, "invalid-request"), (2, "not-found"), (3, "unavailable"), (4, "invalid-request"),
    ]  # fmt: skip
    codes.write_text(green)
    assert run("decision", "files", str(codes), "--folder", str(folder / "files")).exit_code == 0
