"""``tongxing verifier rules import``: from what countries publish to a set that is explained, tried and signed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import InvalidRequest
from credentials.keys import new_private_key, private_key_pem
from credentials.recognition.document import RULES_TYPE, parse_rule_set
from credentials.wire import jws
from service_kit.durable import write_atomic
from tests.dcc import VACCINATION
from tests.published import ALL, COMPLETE, RECENT_DOSE, VALUE_SET, rule
from tests.unit.verifier.commands.test_rules import Author
from tests.unit.verifier.mirrored import HOST

GOOD = {"name": "good", "card": {"v": [VACCINATION]}, "issuer": "AT", "expected": {"outcome": "accepted"}}
CASES = {
    "at": "2022-11-21T12:00+08:00",
    "cases": [
        GOOD,
        {
            "name": "old",
            "card": {"v": [VACCINATION | {"dt": "2021-02-18"}]},
            "expected": {"outcome": "refused", "reason": "rule-failed", "rule": "VR-DE-0002"},
        },
        {"name": "other", "card": {"v": [VACCINATION], "ver": "2.0.0"}, "expected": {"outcome": "undetermined"}},
        {"name": "no card", "card": {}, "expected": {"outcome": "refused", "reason": "malformed"}},
    ],
}
FROM = ("--valid-from", "2022-11-01T00:00+08:00")


@pytest.fixture
def author(tmp_path: Path) -> Author:
    made = Author(tmp_path)
    made.put("eu.json", json.dumps([*ALL, VALUE_SET]))
    made.put("cases.json", json.dumps(CASES))
    return made


def taken(author: Author, name: str) -> list[str]:
    return [each.id for each in parse_rule_set(author.read(name)).card_rules]


def test_taken_over_tried_explained_and_signed(author: Author) -> None:
    """What comes out is a rule set like any other."""
    done = author.run("import", "eu.json", "--member", HOST, *FROM, "-o", "next.json")
    assert (done.exit_code, taken(author, "next.json")) == (0, [each["Identifier"] for each in ALL])
    assert "已导入 8 条规则，其中 0 条无法判定" in done.stdout
    tried = author.run("test", "next.json", "cases.json")
    assert (tried.exit_code, tried.stdout.count("✓")) == (0, 4)
    assert "DE 规则 VR-DE-0002：What VR-DE-0002 asks." in tried.stdout
    explained = author.run("explain", "next.json").stdout
    assert "VR-DE-0002 (eu-dcc: vaccination, *)" in explained
    assert "IR-AT-0001 (eu-dcc: vaccination, AT)" in explained
    assert "payload.v.0.dt" in explained
    assert "VR-DE-0002" in author.run("show", "next.json").stdout
    write_atomic(author.folder / "rules-1.pem", private_key_pem(new_private_key()), mode=0o600)
    assert author.run("sign", "next.json", "--key", "rules-1.pem", "-o", "next.jws").exit_code == 0
    assert jws.read((author.folder / "next.jws").read_text()).header["typ"] == RULES_TYPE


def test_explained_for_one_card(author: Author) -> None:
    """Somebody asks why: the rules for their kind, part by part, and never the identifier of the card."""
    author.run("import", "eu.json", "--member", HOST, *FROM, "-o", "next.json")
    asked = ("explain", "next.json", "--cases", "cases.json", "--case")
    old, good = (author.run(*asked, name).stdout for name in ("old", "good"))
    assert "→ fail · VR-DE-0002" in old
    assert "2021-02-18" in old
    assert "TR-DE-0001" not in old
    assert "IR-AT-0001" not in old
    assert "→ pass" in good
    assert "IR-AT-0001" in good
    assert str(VACCINATION["ci"]) not in good + old
    with pytest.raises(InvalidRequest, match="malformed"):
        author.run(*asked, "no card")


def test_a_card_without_rules_for_its_kind_is_explained_by_the_rules_for_codes(author: Author) -> None:
    """General rules count besides, and are no rule for a kind."""
    author.put("eu.json", json.dumps([ALL[0]]))
    author.run("import", "eu.json", "--member", HOST, *FROM, "-o", "next.json")
    said = author.run("explain", "next.json", "--cases", "cases.json", "--case", "good").stdout
    assert "→ fail · vaccination" in said
    assert "GR-DE-0001" in said


def test_one_bad_rule_is_named_and_open(author: Author) -> None:
    """And the cards that it is about are checked by hand, until somebody mends it."""
    bad = RECENT_DOSE | {"Logic": {"or": [True, False]}}
    author.put("eu.json", json.dumps([COMPLETE, bad, VALUE_SET | {"valueSetId": 1}]))
    done = author.run("import", "eu.json", "--member", HOST, *FROM, "-o", "next.json")
    assert f"{author.folder / 'eu.json'}[1]" in done.stderr
    assert "unknown operator" in done.stderr
    assert "[2]" in done.stderr
    assert "其中 1 条无法判定" in done.stdout
    assert taken(author, "next.json") == ["VR-DE-0001", "VR-DE-0002"]
    author.put("cases.json", json.dumps({**CASES, "cases": [GOOD | {"expected": {"outcome": "undetermined"}}]}))
    assert author.run("test", "next.json", "cases.json").exit_code == 0
    assert "# Logic: unknown operator" in author.run("explain", "next.json").stdout


def test_into_the_set_before_it(author: Author) -> None:
    """The next version of it: rules of other countries stay, value sets that nothing names do not come along."""
    czech: list[Any] = [rule("VR-CZ-0001", True), {"valueSetId": "unused", "valueSetValues": {"x": {}}}]
    author.put("czech.json", json.dumps(czech))
    author.run("import", "eu.json", "--into", "rules.json", "-o", "next.json")
    author.run("import", "czech.json", "--into", "next.json", "--country", "cz", "-o", "third.json")
    second, third = author.read("next.json"), author.read("third.json")
    assert (second["sequence"], third["sequence"]) == (2, 3)
    assert taken(author, "third.json") == [*(each["Identifier"] for each in ALL), "VR-CZ-0001"]
    assert third["value_sets"].keys() == {"risk_regions", "disease-agent-targeted"}
    shown = author.run("diff", "rules.json", "next.json").stdout
    assert "VR-DE-0001" in shown
    assert author.run("import", "eu.json", "--into", "next.json", "--member", "CN-41").exit_code == 2
    assert author.run("import", "eu.json").exit_code == 2


def test_rules_of_several_countries_and_of_none(author: Author) -> None:
    """A card would have to please all of them: whoever takes a folder of Europe hears of it."""
    author.put("eu.json", json.dumps([COMPLETE, rule("VR-FR-0001", True)]))
    done = author.run("import", "eu.json", "--member", HOST, "-o", "next.json")
    assert "含多个国家的规则（DE, FR）" in done.stderr
    assert (
        "含多个国家"
        not in author.run("import", "eu.json", "--member", HOST, "--country", "FR", "-o", "next.json").stderr
    )
    assert taken(author, "next.json") == ["VR-FR-0001"]
    with pytest.raises(InvalidRequest, match="no rule of ES; there are some of DE, FR"):
        author.run("import", "eu.json", "--member", HOST, "--country", "ES")
    assert json.loads(author.run("import", "eu.json", "--member", HOST, "--country", "DE").stdout)["card_rules"]


def test_a_folder(author: Author) -> None:
    """Rules and value sets in files of their own, below it."""
    folder = author.folder / "eu"
    (folder / "DE").mkdir(parents=True)
    for name, content in (("DE/rule", ALL[1]), ("sets", VALUE_SET)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    done = author.run("import", str(folder), "--member", HOST, "-o", "next.json")
    assert (done.exit_code, taken(author, "next.json")) == (0, ["VR-DE-0000"])
