"""Which rules decide when, what a new version would change, and that none counts which nobody can check."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.decisions.rules.document import parse_status_rules, read_status_rules, sign_status_rules
from credentials.decisions.rules.status_rules import StatusRules
from credentials.decisions.rules.template import built_in, template
from credentials.errors import Conflict, InvalidRequest, NotFound, TrustMissing, UnknownKey
from credentials.keys import kid_of, new_private_key
from credentials.recognition.reading import digest_of
from credentials.signing import PemSigner
from issuer.evidence.intake import Intake
from issuer.evidence.laboratories import Laboratories
from issuer.issuing.rules_in_force import PublishedRules
from issuer.phones.claim_codes import ClaimCodes
from issuer.rules import dry_run as dry_runs
from issuer.rules.cases import read_status_cases
from issuer.rules.dry_run import DryRun, StatusChange, dry_run, open_sealed, require_fresh, sealed
from issuer.rules.publication import publish_rules
from issuer.storage.rules import SqlRulesStore
from tests.unit.issuer.office import DAY, MEMBER, NOW, IssuerOnDisk, by_hand, paper, resident_numbers
from tests.unit.issuer.publishing.test_publication import Member, member

__all__ = ["member"]
KEY = new_private_key()
SIGNER = PemSigner(KEY, kid_of(MEMBER, KEY.public_key()))
SECRET = bytes(32)


class Desk:
    """Published rules on an issuer's database, read by a key that may be denied."""

    def __init__(self, issuer: IssuerOnDisk) -> None:
        self.store, self.denied, self.counted = SqlRulesStore(issuer.engines[0]), False, dict[str, int]()
        self.trust: object = object()

    def read(self, compact: str) -> StatusRules:
        if self.denied:
            raise UnknownKey("denied")
        return read_status_rules(compact, KEY.public_key(), MEMBER)

    def rules(self) -> PublishedRules:
        def count(entry: str, times: int) -> None:
            self.counted[entry] = self.counted.get(entry, 0) + times

        return PublishedRules(self.store, MEMBER, self.read, lambda: self.trust, count)


@pytest.fixture
def desk(issuer: IssuerOnDisk) -> Desk:
    return Desk(issuer)


def version(sequence: int, previous: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    digest = None if previous is None else digest_of(previous)
    made = template(MEMBER, version=sequence + 1, sequence=sequence, previous=digest)
    return made | changes


def keep(desk: Desk, *documents: dict[str, Any]) -> None:
    for document in documents:
        desk.rules().keep(parse_status_rules(document), sign_status_rules(document, SIGNER), NOW)


def test_a_version_counts_from_its_moment_in_every_worker(desk: Desk) -> None:
    """Nobody starts anything anew: a worker that was there before the version was published decides by it in time."""
    worker = desk.rules()
    assert worker.at(NOW).version == 1
    first = version(1, valid_from=NOW + 60)
    keep(desk, first, version(2, first, valid_from=NOW + 120) | {"valid_until": NOW + 180})
    assert [worker.at(NOW + late).version for late in (0, 59, 60, 119, 120, 179, 180)] == [1, 1, 2, 2, 3, 3, 2]
    assert worker.document(NOW)["version"] == 1
    assert worker.document(NOW + 60) == first
    assert worker.state(NOW)["to_come"] == [[1, NOW + 60], [2, NOW + 120]]


def test_a_version_whose_key_is_denied_decides_nothing(desk: Desk) -> None:
    """A stolen rules key turns nobody red once it is denied; the state says which version is refused, and why."""
    keep(desk, version(1))
    worker = desk.rules()
    assert worker.at(NOW).version == 2
    desk.denied, desk.trust = True, object()
    assert worker.at(NOW).version == 1
    assert worker.state(NOW)["refused"] == {"1": "unknown-key"}


def test_what_somebody_writes_into_the_database_decides_nothing(desk: Desk) -> None:
    """Neither another document in the row of a signed one, nor another moment than is signed."""
    document = version(1, valid_from=NOW + DAY)
    early = parse_status_rules(document | {"valid_from": NOW - 1})
    desk.rules().keep(early, sign_status_rules(document, SIGNER), NOW)
    assert desk.rules().at(NOW).version == 1
    assert desk.rules().state(NOW)["refused"] == {"1": "malformed"}
    with pytest.raises(NotFound):
        desk.store.document(7)
    with pytest.raises(Conflict):
        keep(desk, document)


def test_open_entries_are_counted_by_rule_and_nobody_is_in_it(desk: Desk) -> None:
    """Staff must see which entry fails how often, from any worker."""
    rules = desk.rules().at(NOW)
    desk.rules().note(rules, ["slip", "slip", "other"], NOW)
    desk.rules().note(rules, ["slip"], NOW + 1)
    desk.rules().note(rules, [], NOW + 2)
    told = {each["entry"]: (each["times"], each["last_at"]) for each in desk.rules().state(NOW)["open"]}
    assert told == {"slip": (3, NOW + 1), "other": (1, NOW)}
    assert desk.counted == {"slip": 3, "other": 1}


def people(issuer: IssuerOnDisk, count: int) -> None:
    """On file: each second one with a contact in one of two regions, the last one red by hand."""
    codes = ClaimCodes(issuer.people, issuer.issuance)
    numbers = resident_numbers(count)
    for number in numbers[:-1]:
        codes.make(paper(form="phone", document={"number": number}, evidence=[]), "app", NOW)
    codes.make(paper(form="phone", document={"number": numbers[-1]}, decision=by_hand()), "app", NOW)
    intake = Intake(issuer.issuance, Laboratories(issuer.engines[0]))
    records = [
        {"reference": number, "document": {"number": number}, "kind": "contact", "result": "reported",
         "sampled_at": NOW - DAY, "region": (410100, 410200)[place % 4 // 2]}
        for place, number in enumerate(numbers) if place % 2
    ]  # fmt: skip
    assert all(each == "kept" for each in intake.take("cdc", records, NOW))


def contacts(document: dict[str, Any], when: Any = None) -> dict[str, Any]:
    words = {"zh-CN": "密接", "zh-HK": "密切接觸", "en": "contact"}
    when = {"if": [{"var": "payload.latest.contact"}, True, False]} if when is None else when
    entry = {"id": "contact", "when": when, "status": "yellow", "reason": "close-contact", "hours": 24, "text": words}
    return document | {"entries": [entry, *document["entries"]]}


@pytest.mark.parametrize("processes", [1, 2])
def test_a_dry_run_says_how_many_change_from_what_to_what_by_region(
    issuer: IssuerOnDisk, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    """Before it counts: also over several processes and pages, with whoever is on file twice counted once."""
    monkeypatch.setattr(dry_runs, "PAGE", 3)
    people(issuer, 12)
    twice = paper(form="assisted", guardian="child", document={"number": resident_numbers(1)[0]}, evidence=[])
    ClaimCodes(issuer.people, issuer.issuance).make(twice, "app", NOW)
    result = dry_run(issuer.url, built_in(MEMBER), contacts(version(1)), NOW, processes)
    assert (result.people, result.by_hand, result.changed, dict(result.open)) == (12, 1, 5, {})
    assert result.changes == (
        StatusChange(410100, "green", "yellow", 3), StatusChange(410200, "green", "yellow", 2),
    )  # fmt: skip
    assert issuer.rows("issuer_withdrawal") == 0


def test_a_dry_run_counts_who_cannot_be_told(issuer: IssuerOnDisk) -> None:
    """A slip in a rule shows before it is signed, not at the counter."""
    people(issuer, 4)
    slip = {"<": [{"var": "payload.latest.contact.age"}, 60]}
    result = dry_run(issuer.url, built_in(MEMBER), contacts(version(1), slip), NOW)
    assert dict(result.open) == {"contact": 2}
    assert result.changes == (StatusChange(0, "green", "open", 2),)


def test_nobody_on_file(issuer: IssuerOnDisk) -> None:
    """A province begins."""
    assert dry_run(issuer.url, built_in(MEMBER), version(1), NOW).people == 0


def test_a_dry_run_is_bound_to_its_rules_its_issuer_and_its_moment(issuer: IssuerOnDisk) -> None:
    """Neither another document, nor other rules in force, nor an old result, nor one that somebody wrote."""
    document = version(1)
    new, now = parse_status_rules(document), parse_status_rules(built_in(MEMBER))
    result = dry_run(issuer.url, built_in(MEMBER), document, NOW)
    told = sealed(result, SECRET)
    assert open_sealed(told, SECRET) == result
    require_fresh(result, new, now, NOW + 60, 60)
    for wrong in (
        (parse_status_rules(contacts(document)), now, NOW),
        (new, parse_status_rules(contacts(document)), NOW),
        (new, now, NOW + 61),
        (new, now, NOW - 1),
    ):
        with pytest.raises(Conflict, match="dry-run"):
            require_fresh(result, *wrong, 60)
    others: list[Any] = [{}, [], told | {"people": 7}, {**told, "more": 1}]
    for bad in others:
        with pytest.raises(InvalidRequest):
            open_sealed(bad, SECRET)
    with pytest.raises(InvalidRequest, match="another issuer"):
        open_sealed(told, bytes(31) + b"\1")


def tried(document: dict[str, Any], now: dict[str, Any] | None = None, at: int = NOW) -> DryRun:
    return DryRun(digest_of(document), digest_of(now or built_in(MEMBER)), at, 0, 0, {}, ())


def test_rules_are_published_once_in_order_and_only_with_a_fresh_dry_run(member: Member) -> None:
    """On the mirror first, then in force; run again after a stop, it changes nothing."""
    desk = Desk(member.issuer)

    def read(compact: str) -> StatusRules:
        return read_status_rules(compact, member.rules_signer.public_key, MEMBER)

    rules = PublishedRules(desk.store, MEMBER, read, lambda: desk.trust, lambda entry, times: None)
    first = version(1)
    second = version(2, first)

    def publish(document: dict[str, Any], result: DryRun, trust: object = member) -> StatusRules:
        compact = sign_status_rules(document, member.rules_signer)
        return publish_rules(rules, trust, member.mirror, compact, result, NOW, DAY)

    with pytest.raises(TrustMissing):
        publish(first, tried(first), trust=None)
    with pytest.raises(Conflict, match="sequence 1 with previous None"):
        publish(second, tried(second))
    with pytest.raises(Conflict, match="dry-run"):
        publish(first, tried(first, at=NOW - DAY - 1))
    assert rules.at(NOW).version == 1
    publish(first, tried(first))
    publish(first, tried(second))
    assert member.fetched("status-rules/1.jws")
    with pytest.raises(Conflict, match="other rules came into force"):
        publish(second, tried(second))
    publish(second, tried(second, first))
    assert rules.at(NOW).version == 3


def test_published_by_two_at_once(member: Member) -> None:
    """Both bring the same document: one keeps it, and the other finds it kept. Another document is a conflict."""
    desk, first = Desk(member.issuer), version(1)

    class Overtaken(SqlRulesStore):
        def add(self, *given: Any) -> None:
            super().add(*given)
            super().add(*given)

    def read(compact: str) -> StatusRules:
        return read_status_rules(compact, member.rules_signer.public_key, MEMBER)

    store = Overtaken(member.issuer.engines[0])
    rules = PublishedRules(store, MEMBER, read, lambda: desk.trust, lambda entry, times: None)
    compact = sign_status_rules(first, member.rules_signer)
    assert publish_rules(rules, member, member.mirror, compact, tried(first), NOW, DAY).sequence == 1


def with_fact(**changes: Any) -> dict[str, Any]:
    return {"cases": [{"name": "a", "expected": {}, "facts": [{"kind": "contact", "result": "reported", **changes}]}]}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ([], "cases"),
        ({"cases": []}, "cases"),
        ({"cases": [{}]}, "case 1: name"),
        ({"cases": [{"name": "a", "expected": {}, "facts": 7}]}, "case 1: facts"),
        ({"cases": [{"name": "a", "expected": {"open": 1}}]}, "case 1: expected"),
        ({"cases": [{"name": "a", "expected": {"status": "blue"}}]}, "case 1: "),
        ({"cases": [{"name": "a", "expected": {}}] * 2}, "stands twice"),
        ({"at": "noon", "cases": [{"name": "a", "expected": {}}]}, "at: not ISO 8601"),
        ({"at": "2026-11-21T12:00", "cases": [{"name": "a", "expected": {}}]}, "offset"),
        ({"at": 7, "cases": [{"name": "a", "expected": {}}]}, "too far away"),
        (with_fact(result="negative"), "one of reported"),
        (with_fact(hours_ago=-1), "hours_ago"),
        (with_fact(region=1), "region"),
    ],
)  # fmt: skip
def test_bad_cases_are_named(content: object, fault: str) -> None:
    """Whoever writes them hears which one."""
    with pytest.raises(InvalidRequest, match=fault):
        read_status_cases(content, NOW)


def test_cases_are_met_or_not() -> None:
    """By status, by entry, and by being open."""
    test = {"kind": "antigen", "result": "positive", "hours_ago": 1}
    wanted: list[tuple[dict[str, Any], list[Any]]] = [
        ({"status": "red"}, [test]), ({"entry": "test-positive"}, [test]), ({"status": "green"}, []),
        ({"status": "yellow"}, []), ({"open": True}, []),
    ]  # fmt: skip
    content = {
        "at": "2026-11-21T12:00+08:00",
        "cases": [
            {"name": f"{number}", "expected": each, "facts": facts} for number, (each, facts) in enumerate(wanted)
        ],
    }
    rules = parse_status_rules(built_in(MEMBER))
    met = [case.is_met(rules.decide(case.facts, case.at)) for case in read_status_cases(content, NOW)]
    assert met == [True, True, True, False, False]
