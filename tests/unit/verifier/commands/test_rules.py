"""``tongxing verifier rules``: from a template to a next version that has been looked at and tried."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from credentials.errors import InvalidRequest, RuleSetInvalid
from credentials.keys import new_private_key, private_key_pem
from credentials.recognition.document import parse_rule_set
from service_kit.durable import write_atomic
from tests.unit.verifier.mirrored import HOST, MirroredRegistry, write_root
from tests.vectors.codes import altered, flip_payload
from verifier.cli import verifier

NOON = "2026-11-21T12:00+08:00"
TEST = {"kind": "nucleic-acid", "result": "negative"}
CASES = {
    "cases": [
        {"name": "young", "expected": {"outcome": "accepted"}, "evidence": [TEST | {"hours_ago": 20}]},
        {"name": "old", "expected": {"outcome": "accepted"}, "evidence": [TEST | {"hours_ago": 30}]},
        {"name": "none", "expected": {"outcome": "refused", "rule": "no-evidence"}},
    ]
}


class Author:
    """Somebody who writes rules, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"TONGXING_DATA_DIR": str(folder), "LC_ALL": "zh_CN.UTF-8"}
        self.put("rules.json", self.run("template", "--member", HOST).stdout)
        self.put("cases.json", json.dumps(CASES))

    def put(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def run(self, *arguments: str, stdin: str = "") -> Result:
        named = [
            str(self.folder / each) if each.endswith((".json", ".jws", ".pem", ".zip")) else each for each in arguments
        ]
        return CliRunner(env=self.environ).invoke(verifier, ["rules", *named], input=stdin, catch_exceptions=False)

    def read(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / name).read_text())
        return content


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


def test_tightened_the_same_day(author: Author) -> None:
    """24 instead of 48 hours from noon: the next version, that names the one before."""
    done = author.run(
        "set", "rules.json", "--parameter", "nucleic_acid_hours=24", "--valid-from", NOON, "-o", "next.json"
    )
    assert done.exit_code == 0
    old, new = parse_rule_set(author.read("rules.json")), parse_rule_set(author.read("next.json"))
    assert (new.version, new.sequence, new.previous, new.valid_from) == (2, 2, old.digest, 1_795_233_600)
    shown = author.run("show", "next.json").stdout
    assert "nucleic_acid_hours = 24" in shown
    assert "from 2026-11-21 12:00:00+08:00" in shown


def test_a_draft_is_changed_as_it_is(author: Author) -> None:
    """What is not published has no successor: two changes before publication are one version."""
    author.run("set", "rules.json", "--parameter", "nucleic_acid_hours=24", "-o", "next.json")
    author.run("set", "next.json", "--draft", "--parameter", "antigen_hours=6", "--valid-from", NOON,
               "--valid-until", "2026-11-28T12:00", "-o", "next.json")  # fmt: skip
    draft = parse_rule_set(author.read("next.json"))
    assert (draft.version, draft.previous) == (2, parse_rule_set(author.read("rules.json")).digest)
    assert author.read("next.json")["parameters"] == {"nucleic_acid_hours": 24, "antigen_hours": 6}
    assert "until 2026-11-28 12:00:00+08:00" in author.run("show", "next.json").stdout
    kept = author.run("set", "next.json", "--draft").stdout
    assert json.loads(kept) == author.read("next.json")


def test_parameters_of_each_type(author: Author) -> None:
    """A switch stays a switch and a name a name, whatever a shell makes of them."""
    rules = author.read("rules.json")
    author.put("rules.json", json.dumps(rules | {"parameters": rules["parameters"] | {"strict": True, "lane": "a"}}))
    made = author.run("set", "rules.json", "--parameter", "strict=false", "--parameter", "lane=7").stdout
    assert json.loads(made)["parameters"] | {"strict": False, "lane": "7"} == json.loads(made)["parameters"]


@pytest.mark.parametrize("wrong", ["hours=24", "nucleic_acid_hours=24.5", "nucleic_acid_hours=x"])
def test_a_parameter_that_is_none(author: Author, wrong: str) -> None:
    """The same day a number is changed in a hurry; a slip must not leave the old one in force."""
    with pytest.raises(RuleSetInvalid):
        author.run("set", "rules.json", "--parameter", wrong)
    assert author.run("set", "rules.json", "--parameter", "nucleic_acid_hours").exit_code == 2


def test_recognition_is_denied_with_reason_and_end_and_lifted(author: Author) -> None:
    """A denial that nobody can read the end of would last for ever."""
    why = ("--reason-zh", "数据核查中", "--reason-en", "Its data is under review")
    assert author.run("deny", "rules.json", "CN-33", *why, "--until", NOON, "-o", "next.json").exit_code == 0
    (denial,) = parse_rule_set(author.read("next.json")).denials.values()
    assert (denial.member, denial.reason.of("zh-CN"), denial.expires_at) == ("CN-33", "数据核查中", 1_795_233_600)
    assert "until 2026-11-21 12:00:00+08:00" in author.run("show", "next.json").stdout
    author.run("deny", "next.json", "CN-33", "--lift", "-o", "third.json")
    third = parse_rule_set(author.read("third.json"))
    assert (third.version, dict(third.denials)) == (3, {})
    assert author.run("deny", "rules.json", "CN-33", *why).exit_code == 2
    assert "did you mean CN-33" in author.run("deny", "rules.json", "cn-33", *why, "--until", NOON).output


def test_cases_are_judged_and_a_difference_ends_with_1(author: Author) -> None:
    """A province tries its rules on what it means by them before anybody stands at a gate."""
    good = author.run("test", "rules.json", "cases.json")
    assert (good.exit_code, good.stdout.count("✓")) == (0, 3)
    assert "所需：48 小时内采样的核酸检测阴性证明。此码：没有检测等佐证。" in good.stdout
    author.run("set", "rules.json", "--parameter", "nucleic_acid_hours=24", "-o", "next.json")
    bad = author.run("test", "next.json", "cases.json")
    assert bad.exit_code == 1
    assert "✗ old: refused (rule-failed, nucleic-acid)\n    expected accepted" in bad.stdout
    assert "此码：核酸检测阴性，30 小时前。" in bad.stdout
    rows = [json.loads(line) for line in author.run("test", "next.json", "cases.json", "--json").stdout.splitlines()]
    assert [row["met"] for row in rows] == [True, False, True]
    assert rows[1]["came"] == {"outcome": "refused", "reason": "rule-failed", "rule": "nucleic-acid"}


def test_cases_that_are_none(author: Author) -> None:
    """A file that cannot be read is no test that was passed."""
    author.put("cases.json", "{")
    with pytest.raises(InvalidRequest, match="cases"):
        author.run("test", "rules.json", "cases.json")


def test_explained_in_words(author: Author) -> None:
    """Each rule as people read it, its comment, and its parts."""
    shown = author.run("explain", "rules.json").stdout
    assert "nucleic-acid (nucleic-acid)" in shown
    assert "# 自采样起算" in shown
    assert "48 小时之后 (nucleic_acid_hours)" in shown
    author.environ["LC_ALL"] = "en_GB"
    assert "48 hours after (nucleic_acid_hours)" in author.run("explain", "rules.json").stdout


def test_explained_for_a_case(author: Author) -> None:
    """Which rule decided, by which parts, and what would have been needed."""
    shown = author.run("explain", "rules.json", "--cases", "cases.json", "--case", "old").stdout
    assert "核酸检测阴性，30 小时前" in shown
    assert "→ pass · nucleic-acid" in shown
    assert "须同时满足  = true" in shown
    assert "antigen (" not in shown
    assert (
        "→ fail · no-evidence" in author.run("explain", "rules.json", "--cases", "cases.json", "--case", "none").stdout
    )
    with pytest.raises(InvalidRequest, match="young, old, none"):
        author.run("explain", "rules.json", "--cases", "cases.json", "--case", "x")
    assert author.run("explain", "rules.json", "--case", "x").exit_code == 2


def test_explained_without_a_rule_for_it(author: Author) -> None:
    """ "Cannot tell" for want of a rule is told as that."""
    rules = author.read("rules.json")
    del rules["comment"]
    author.put("rules.json", json.dumps(rules | {"rules": rules["rules"][1:]}))
    shown = author.run("explain", "rules.json", "--cases", "cases.json", "--case", "old").stdout
    assert "→ open · no rule for nucleic-acid" in shown


def test_explained_for_a_code(author: Author, registry: MirroredRegistry) -> None:
    """A complaint comes with the code itself; it is believed only when its issuer signed it."""
    (author.folder / "bundle.zip").write_bytes(registry.bundle())
    root = str(write_root(author.folder, registry))
    asked = ("explain", "rules.json", "--code", "-", "--trust", "bundle.zip", "--root", root, "--environment", "demo")
    assert "→ pass · nucleic-acid" in author.run(*asked, stdin=registry.paper()).stdout
    with pytest.raises(InvalidRequest, match="wrong-signature"):
        author.run(*asked, stdin=altered(registry.paper(), flip_payload))


def test_differences_are_told_by_what_they_mean(author: Author) -> None:
    """Stricter first, with whom it hits; then what else changed."""
    author.run("set", "rules.json", "--parameter", "nucleic_acid_hours=24", "--valid-from", NOON, "-o", "next.json")
    lines = author.run("diff", "rules.json", "next.json", "--cases", "cases.json").stdout.splitlines()
    assert lines[:2] == [
        "▲ 核酸检测阴性，25 小时 – 48 小时前：原通过，现不通过",
        "▲ old：accepted → refused (rule-failed, nucleic-acid)",
    ]
    assert "· 参数 nucleic_acid_hours：48 → 24" in lines
    found = json.loads(author.run("diff", "next.json", "rules.json", "--cases", "cases.json", "--json").stdout)[
        "changes"
    ]
    assert {change["direction"] for change in found} == {"looser", "other"}
    assert "not the next version of its chain" in found[0]["en"]


def test_no_difference(author: Author) -> None:
    """Nothing to tell is told, too."""
    done = author.run("set", "rules.json")
    author.put(
        "next.json", json.dumps(json.loads(done.stdout) | {"valid_from": author.read("rules.json")["valid_from"]})
    )
    assert author.run("diff", "rules.json", "next.json").stdout == "没有差别\n"


def test_a_slip_is_told_before_it_is_signed(author: Author) -> None:
    """A rule that compares a date with a colour is open at every gate; its author hears of it first."""
    rules = author.read("rules.json")
    colour = {"===": [{"var": "payload.latest.nucleic-acid.sampledAt"}, "green"]}
    rules["rules"][0]["logic"] = colour
    author.put("rules.json", json.dumps(rules))
    write_atomic(author.folder / "key.pem", private_key_pem(new_private_key()), mode=0o600)
    with pytest.raises(RuleSetInvalid, match="a date is never equal"):
        author.run("sign", "rules.json", "--key", "key.pem")
    assert "! rule nucleic-acid: a date is never equal" in author.run("explain", "rules.json").stdout
