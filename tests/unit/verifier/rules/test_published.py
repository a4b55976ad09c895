"""Rules as countries publish them become rules of a host's set: unchanged, or open and named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import InvalidRequest
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.recognition.authoring.amendment import with_card_rules
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set
from service_kit.inputs import Input
from tests.published import ALL, COMPLETE, DISEASE, RECENT_DOSE, VALUE_SET, WITHDRAWN, first, rule
from verifier.rules.published import (
    PublishedRule,
    PublishedSource,
    chosen,
    entries_of,
    named_value_sets,
    read_published,
)

JULY_2021, JUNE_2030 = 1_625_097_600, 1_906_502_400
ANY = frozenset[str]()


def published(*values: Any, known: dict[str, list[Any]] | None = None) -> PublishedSource:
    return read_published([Input("source.json", json.dumps(values).encode())], known or {})


def only(value: Any) -> PublishedRule:
    (found,) = published(value, VALUE_SET).rules
    return found


def test_a_rule_is_taken_unchanged() -> None:
    """Its logic as it stands; its times, of which the last second counts in the published form, and not here."""
    entry = only(DISEASE).entry
    assert entry["logic"] == DISEASE["Logic"]
    assert {name: entry[name] for name in ("id", "format", "kind", "country", "schema")} == {
        "id": "VR-DE-0000", "format": "eu-dcc", "kind": "vaccination", "country": "DE", "schema": "1.0.0",
    }  # fmt: skip
    assert (entry["valid_from"], entry["valid_until"]) == (JULY_2021, JUNE_2030 + 1)
    assert entry["text"]["en"] == "DE, rule VR-DE-0000: What VR-DE-0000 asks."
    assert "issuers" not in entry


def test_all_of_them_make_a_set_that_can_be_signed() -> None:
    """What comes out is what `rules sign` takes."""
    found = published(*ALL, VALUE_SET)
    document = with_card_rules(template("CN-44", 48), entries_of(found.rules), found.value_sets)
    assert [each.id for each in parse_rule_set(document).card_rules] == [each["Identifier"] for each in ALL]
    assert not any(each.why for each in found.rules)
    assert named_value_sets(found.rules) == {"disease-agent-targeted"}


def test_an_invalidation_is_about_its_own_countrys_cards() -> None:
    """A country withdraws what it signed itself, and nobody else's."""
    assert only(WITHDRAWN).entry["issuers"] == ["AT"]
    assert only(rule("IR-EL-0001", True)).entry["issuers"] == ["GR"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"Engine": "RULE"}, "Engine"),
        ({"EngineVersion": "2.0.0"}, "EngineVersion"),
        ({"EngineVersion": "x"}, "EngineVersion"),
        ({"Logic": {"or": [True, True]}}, "unknown operator"),
        ({"Logic": None}, "not an expression"),
        ({"Logic": {"var": "external.valueSets.vaccines"}}, "external.valueSets.vaccines"),
        ({"Logic": {"var": "external.kid"}}, "external.kid"),
        ({"Logic": {"<": [first("v.0.dn"), 0.5]}}, "not an expression"),
        ({"CertificateType": "Exemption"}, "CertificateType"),
        ({"CertificateType": ["Test"]}, "CertificateType"),
        ({"Type": "Hint"}, "Type"),
        ({"Type": {}}, "Type"),
        ({"Country": "Germany"}, "Country"),
        ({"Country": 49}, "Country"),
        ({"Version": "1"}, "Version"),
        ({"SchemaVersion": None}, "SchemaVersion"),
        ({"ValidFrom": "2021-07-01"}, "ValidFrom"),
        ({"ValidTo": 1}, "ValidFrom"),
        ({"ValidTo": "soon"}, "ValidFrom"),
        ({"ValidTo": "2021-06-30T00:00:00Z"}, "ValidFrom"),
        ({"Identifier": "a b"}, "Identifier"),
        ({"Identifier": "V" * 33}, "Identifier"),
        ({"cms": "MIIB"}, "cms"),
    ],
)
def test_one_bad_rule_is_one_that_is_open(changes: dict[str, Any], why: str) -> None:
    """Named, and still in the set: left out, it would let people pass whom its country turns away."""
    found = published(COMPLETE, rule("VR-DE-0009", True) | changes, RECENT_DOSE)
    good, bad, other = found.rules
    assert (good.why, other.why) == ("", "")
    assert why in bad.why
    assert "logic" not in bad.entry
    document = with_card_rules(template("CN-44", 48), entries_of(found.rules), {})
    assert len(parse_rule_set(document).card_rules) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"EngineVersion": "1.3.2"},
        {"Description": None},
        {"Description": [1, {"lang": []}]},
        {"ValidTo": "2999-01-01T00:00:00Z"},
    ],
)
def test_what_is_missing_or_odd_and_harmless(changes: dict[str, Any]) -> None:
    """Texts are for people; who says for ever means as long as there are times here."""
    found = only(rule("VR-DE-0009", True) | changes)
    assert found.why == ""
    assert found.entry["valid_until"] in (JUNE_2030 + 1, MAX_TIME_SECONDS)
    without = rule("VR-DE-0009", True)
    del without["EngineVersion"]
    assert only(without).why == ""


def test_texts_that_a_set_could_not_hold() -> None:
    """Braces would name parameters, lines would be two, and 300 characters are the end."""
    said = [{"lang": "en", "desc": "a {b}\n\x00c" + "x" * 400}]
    text = only(rule("VR-DE-0009", True, Description=said)).entry["text"]["en"]
    assert text.startswith("DE, rule VR-DE-0009: a (b) cx")
    assert len(text) <= 300


def test_value_sets_in_both_forms() -> None:
    """As published, and as an object of arrays; what is none is named, and stops nothing."""
    odd = [{"valueSetId": "UPPER", "valueSetValues": {}}, {"valueSetId": "x", "valueSetValues": "y"}]
    found = published(DISEASE, {"sets": {"country-2-codes": ["DE", "AT"]}}, VALUE_SET, *odd)
    assert found.value_sets == {"country-2-codes": ["DE", "AT"], "disease-agent-targeted": ["840539006"]}
    assert [place for place, _ in found.left_out] == ["source.json[3]", "source.json[4]"]
    assert published(DISEASE, known={"disease-agent-targeted": ["840539006"]}).rules[0].why == ""


def test_of_the_versions_of_a_rule_the_newest_counts() -> None:
    """Version 1.10.0 comes after 1.9.0; the older one is asked until the newer one begins, and after it has ended."""
    old = rule("VR-DE-0001", True, Version="1.9.0")
    new = rule("VR-DE-0001", False, Version="1.10.0", ValidFrom="2022-01-01T00:00:00Z", ValidTo="2022-12-31T23:59:59Z")
    entries = entries_of(published(old, new, COMPLETE | {"Version": "1.0.0"}).rules)
    begin, end = 1_640_995_200, 1_672_531_200
    assert [(each["id"], each["logic"], each["valid_from"], each["valid_until"]) for each in entries] == [
        ("VR-DE-0001", False, begin, end),
        ("VR-DE-0001.2", True, JULY_2021, begin),
        ("VR-DE-0001.3", True, end, JUNE_2030 + 1),
    ]


def test_an_identifier_that_looks_like_a_second_version() -> None:
    """An id must not stand twice, whatever somebody called a rule: the whole set would be refused."""
    two = [rule("VR-DE-0001", True, ValidTo="2022-01-01T00:00:00Z"), rule("VR-DE-0001", True, Version="0.1.0")]
    entries = entries_of(published(rule("VR-DE-0001.2", True), *two).rules)
    assert [each["id"] for each in entries] == ["VR-DE-0001.2", "VR-DE-0001", "VR-DE-0001.3"]


def test_countries_and_regions_are_chosen() -> None:
    """Of a part of a country only where somebody asks for it; what does not say whose it is cannot be left out."""
    upper, austrian = rule("GR-DE-0002", True, Region="BY"), rule("GR-AT-0001", True)
    found = published(COMPLETE, upper, austrian, {"Identifier": "GR-XX-0001"})
    named = [[each.identifier for each in chosen(found, *asked)] for asked in ((ANY, ""), (frozenset({"DE"}), "by"))]
    assert named[0] == ["VR-DE-0001", "GR-AT-0001", "GR-XX-0001"]
    assert named[1] == ["GR-DE-0002"]
    assert [each.identifier for each in chosen(found, frozenset({"AT"}), "")] == ["GR-AT-0001", "GR-XX-0001"]


def test_a_folder_with_tests_beside_its_rules(tmp_path: Path) -> None:
    """As countries keep them: a folder for each rule. A file that was cut off may have been a rule, and is open."""
    (tmp_path / "DE" / "tests").mkdir(parents=True)
    files = {
        "DE/rule.json": json.dumps(COMPLETE),
        "DE/tests/1.json": json.dumps({"name": "x", "payload": {"Logic": 1}, "expected": True}),
        "DE/cut.json": json.dumps(RECENT_DOSE)[:-5],
        "DE/notes.txt": "Identifier",
        "DE/index.json": json.dumps([{"identifier": "VR-DE-0001", "hash": "ab"}]),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    found = read_published([tmp_path], {})
    assert [(each.place, each.identifier, bool(each.why)) for each in found.rules] == [
        ("DE/cut.json", "DE-cut", True), ("DE/rule.json", "VR-DE-0001", False),
    ]  # fmt: skip
    assert found.rules[0].entry["kind"] == "general"
    assert found.rules[0].entry["valid_from"] == MIN_TIME_SECONDS


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named like one that is cut off."""
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "link.json").symlink_to(tmp_path / "a.json")

    def fail(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", fail)
    assert {each.why for each in read_published([tmp_path], {}).rules} == {"cannot be read: Permission denied"}


def test_a_source_without_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, something else, nested without end, or too many files."""
    deep: Any = COMPLETE
    for _ in range(20):
        deep = [deep]
    for values in ([], [VALUE_SET], [deep], ["rule", 1, None]):
        with pytest.raises(InvalidRequest, match=r"source\.json: no rule in it"):
            published(*values)
    with pytest.raises(InvalidRequest, match="not JSON"):
        read_published([Input("cut.json", b'[{"Identifier"')], {})
    monkeypatch.setattr("verifier.rules.published.MAX_FILES", 0)
    (tmp_path / "rule.json").write_text("{}")
    with pytest.raises(InvalidRequest, match="more than 0 JSON files"):
        read_published([tmp_path], {})
