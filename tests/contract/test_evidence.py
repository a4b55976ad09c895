"""What is reported of people: each result once, in whatever order it comes, and a correction undoes what it made."""

from __future__ import annotations

import json
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from credentials.decisions.rules.document import parse_status_rules
from credentials.decisions.rules.status_rules import StatusRules
from credentials.decisions.rules.template import template
from credentials.errors import (
    Conflict,
    InvalidDocument,
    InvalidRequest,
    NotAuthorised,
    NotFound,
    StorageFull,
    StorageUnavailable,
    TongxingError,
)
from credentials.formats import native
from credentials.formats.native import claims
from credentials.identity import parse_document
from credentials.keys import jwk_of, kid_of, new_private_key
from credentials.model import StatusCredential
from credentials.profile.lists import Reason, Status
from credentials.signing import PemSigner
from credentials.wire import cose, jws
from issuer.evidence.importing import import_file
from issuer.evidence.intake import MAX_BATCH, Intake, Taken
from issuer.evidence.laboratories import ATTESTATION_TYPE, Laboratories
from issuer.evidence.record import MAX_REFERENCE_CHARACTERS
from issuer.issuing.rules_in_force import BuiltInRules
from issuer.storage.holders import SqlPersonStore
from issuer.storage.ports.evidence import RulesVersion
from issuer.storage.rules import SqlRulesStore
from tests.contract.test_holders import Office, Offices, offices, point_of
from tests.unit.issuer.office import DAY, NOW, NUMBER, attest, by_hand, resident_numbers, sampled

__all__ = ["offices"]
STEP = NOW - NOW % 600
LABORATORY = new_private_key()
SIGNER = PemSigner(LABORATORY, kid_of("CN-44", LABORATORY.public_key()))


def record(reference: str = "r1", *, number: str = NUMBER, age: int = DAY, **changes: Any) -> dict[str, Any]:
    told = {"reference": reference, "document": {"number": number}, "kind": "nucleic-acid", "result": "negative"}
    return {**told, "sampled_at": STEP - age, "region": 410102, **changes}


class BySequence(BuiltInRules):
    """Rules of a document, without its being published."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__()
        self.noted: list[str] = []
        self._rules: StatusRules = parse_status_rules(document)

    def note(self, rules: StatusRules, entries: Any, at: int) -> None:
        self.noted += entries


def intake(office: Office) -> Intake:
    return Intake(office.issuance, Laboratories(office.engine))


def told(office: Office, *records: Mapping[str, Any], reporter: str = "app", at: int = NOW) -> list[Any]:
    """What came of each: its outcome, or the class of the error."""
    outcomes = intake(office).take(reporter, list(records), at)
    return [type(each) if isinstance(each, TongxingError) else each for each in outcomes]


def code_of(office: Office, number: str = NUMBER, at: int = NOW) -> StatusCredential:
    """The next code of somebody, for whom nothing is brought."""
    asked = {"document": {"number": number}, "evidence": []}
    issued = office.issue(json.dumps([number, at]), at, **asked)
    return claims.decode(cose.verify(native.unwrap(issued.text), office.issuance.own_key))


def status_of(office: Office, number: str = NUMBER, at: int = NOW) -> tuple[Status, Reason]:
    """What it says."""
    code = code_of(office, number, at)
    return code.status, code.reason


def withdrawn(offices: Offices) -> int:
    return int(offices.rows("SELECT count(*) FROM issuer_withdrawal")[0][0])


def test_a_result_decides_and_is_taken_once(offices: Offices) -> None:
    """The same file sent twice, and by another process, is one result."""
    positive = record(result="positive")
    assert told(offices.one, positive) == [Taken.KEPT]
    assert told(offices.another(), positive, positive) == [Taken.PRESENT, Taken.PRESENT]
    assert status_of(offices.one) == (Status.RED, Reason.TEST_POSITIVE)
    assert offices.rows("SELECT count(*) FROM issuer_evidence") == [(1,)]


def test_a_bad_record_stops_no_other_and_says_what_to_do(offices: Offices) -> None:
    """A feed has bad lines every day; a result of tomorrow is one of them."""
    bad = [
        record("a", number="1"),
        record("b", sampled_at=NOW + DAY),
        record("c", kind="contact", result="negative"),
        record("d", colour="red"),
        record("e" * (MAX_REFERENCE_CHARACTERS + 1)),
        {"reference": "never told", "taken_back": True},
        {"attestation": "a.b.c"},
        {"reference": "f", "taken_back": "yes"},
        record("g", taken_back=True),
        record("h\u202e"),
    ]
    outcomes = told(offices.one, *bad, record("good"))
    unknown: list[Any] = [InvalidDocument, InvalidRequest, InvalidRequest, InvalidRequest, InvalidRequest, NotFound]
    assert outcomes == [*unknown, NotAuthorised, InvalidRequest, InvalidRequest, InvalidRequest, Taken.KEPT]
    no_objects = [None, 1, True, "record", [], [record("i")]]
    outcomes = intake(offices.one).take("app", [*no_objects, record("good")], NOW)
    assert [getattr(each, "code", each) for each in outcomes] == ["invalid-request"] * len(no_objects) + [Taken.PRESENT]
    (outcome, *_) = intake(offices.one).take("app", [record("c", kind="contact", result="negative")], NOW)
    assert isinstance(outcome, InvalidRequest)
    assert outcome.detail == "result: of contact one of reported"


def test_new_evidence_withdraws_the_codes_that_say_otherwise(offices: Offices) -> None:
    """A positive result must not wait until the green code in the hand has expired; the phone fetches another."""
    held = offices.one.claim(offices.one.code(evidence=[]), point := point_of())
    offices.one.issue("paper", evidence=[])
    assert told(offices.one, record(result="positive")) == [Taken.KEPT]
    assert withdrawn(offices) == 2
    renewed = offices.one.holding.renew(point, NOW + 1)
    assert (held.status, renewed.status) == (Status.GREEN, Status.RED)


def test_a_correction_undoes_what_the_result_made(offices: Offices) -> None:
    """A swapped tube: the red goes at once, not after ten days, and the person gets a green code again."""
    offices.one.claim(offices.one.code(evidence=[]), point := point_of())
    told(offices.one, record(result="positive"))
    assert offices.one.holding.renew(point, NOW + 1).status is Status.RED
    assert told(offices.one, record(result="negative"), at=NOW + 2) == [Taken.CORRECTED]
    assert offices.one.holding.renew(point, NOW + 3).status is Status.GREEN
    assert withdrawn(offices) == 2
    assert offices.rows("SELECT count(*) FROM issuer_evidence WHERE replaced_at IS NULL") == [(1,)]


def test_a_result_that_is_taken_back_in_its_own_second_goes_as_well(offices: Offices) -> None:
    """Of two decisions of one second the graver one stands, unless the other corrects it."""
    back = {"reference": "r1", "taken_back": True}
    assert told(offices.one, record(result="positive"), back) == [Taken.KEPT, Taken.CORRECTED]
    assert status_of(offices.one) == (Status.GREEN, Reason.NO_FINDING)
    assert told(offices.one, back) == [Taken.PRESENT]


def test_a_result_of_the_wrong_person_is_moved_to_the_right_one(offices: Offices) -> None:
    """One reference, another document: both are decided about anew, in one transaction."""
    other = resident_numbers(2)[1]
    told(offices.one, record(result="positive"))
    assert told(offices.one, record(result="positive", number=other), at=NOW + 1) == [Taken.CORRECTED]
    assert status_of(offices.one, at=NOW + 2) == (Status.GREEN, Reason.NO_FINDING)
    assert status_of(offices.one, other, at=NOW + 2) == (Status.RED, Reason.TEST_POSITIVE)


def test_a_late_result_counts_by_its_sample(offices: Offices) -> None:
    """A positive of five days ago that comes after yesterday's negative: red until ten days from its sample."""
    told(offices.one, record("new"))
    assert told(offices.one, record("old", age=5 * DAY, result="positive")) == [Taken.KEPT]
    assert status_of(offices.one) == (Status.RED, Reason.TEST_POSITIVE)
    assert status_of(offices.one, at=NOW + 6 * DAY)[0] is Status.GREEN


def test_references_are_the_reporters_own(offices: Offices) -> None:
    """Two laboratories number their tubes alike, and neither corrects the other."""
    assert told(offices.one, record(result="positive"), reporter="one") == [Taken.KEPT]
    assert told(offices.one, record(), reporter="other") == [Taken.KEPT]
    assert status_of(offices.one)[0] is Status.RED


def test_without_a_reference_the_content_stands_for_it(offices: Offices) -> None:
    """A feed that numbers nothing can be sent again, too."""
    plain = {name: value for name, value in record().items() if name != "reference"}
    assert told(offices.one, plain, plain) == [Taken.KEPT, Taken.PRESENT]


def test_a_decision_by_hand_binds(offices: Offices) -> None:
    """What people decided is not overturned by a machine's feed; when it ends, the evidence counts."""
    offices.one.issue("k", decision=by_hand(), evidence=[])
    told(offices.one, record())
    assert status_of(offices.one)[1] is Reason.CLOSE_CONTACT
    assert withdrawn(offices) == 0
    assert status_of(offices.one, at=NOW + 4 * DAY) == (Status.GREEN, Reason.TEST_RECENT)


def test_what_a_request_brings_does_not_lift_what_a_laboratory_reported(offices: Offices) -> None:
    """A red by a reported positive is not lifted by asking with a newer negative."""
    told(offices.one, record(result="positive", age=2 * DAY))
    row = offices.one.issue("k", evidence=[sampled(sampled_at=NOW - 3600)])
    assert row.text
    assert status_of(offices.one, at=NOW + 1) == (Status.RED, Reason.TEST_POSITIVE)


def test_contacts_decide_and_never_leave_the_issuer(offices: Offices) -> None:
    """On a code stand the reason and at most two pieces that hosts need; with whom somebody was does not."""

    contact = {"if": [{"var": "payload.latest.contact"}, True, False]}
    words = {"zh-CN": "密接", "zh-HK": "密切接觸", "en": "contact"}
    entry = {
        "id": "contact",
        "when": contact,
        "status": "yellow",
        "reason": "close-contact",
        "hours": 24,
        "text": words,
    }
    document = template("CN-41")
    rules = BySequence(document | {"entries": [entry, *document["entries"]]})
    office = offices.one
    object.__setattr__(office.issuance, "rules", rules)
    kinds = [("contact", "reported"), ("vaccination", "completed"), ("antigen", "negative"), ("symptoms", "reported")]
    told(office, *(record(kind, kind=kind, result=came, age=age * DAY) for age, (kind, came) in enumerate(kinds)))
    text_of = office.issue("k", NOW + 1, evidence=[sampled()]).text
    code = claims.decode(cose.verify(native.unwrap(text_of), office.issuance.own_key))
    assert (code.status, code.reason, code.rule_set) == (Status.YELLOW, Reason.CLOSE_CONTACT, (1, 2))
    assert [piece.kind.label for piece in code.evidence] == ["nucleic-acid", "antigen"]


def test_rules_that_cannot_tell_leave_what_stands(offices: Offices) -> None:
    """Nothing new is decided: a red goes on to its end, who has nothing is pending, and the fault is counted."""
    office = offices.one
    told(office, record(result="positive"))
    words = {"zh-CN": "一", "zh-HK": "一", "en": "one"}
    slip = {"<": [{"var": "payload.latest.stay.age"}, 1]}
    entry = {"id": "slip", "when": slip, "status": "yellow", "reason": "close-contact", "hours": 24, "text": words}
    document = template("CN-41")
    rules = BySequence(document | {"entries": [entry, *document["entries"]]})
    object.__setattr__(office.issuance, "rules", rules)
    told(office, record("r2"))
    other = resident_numbers(2)[1]
    assert status_of(office, at=NOW + 1) == (Status.RED, Reason.TEST_POSITIVE)
    assert status_of(office, other, at=NOW + 1) == (Status.PENDING, Reason.REVIEW_OPEN)
    assert rules.noted == ["slip"] * 3


def test_a_laboratory_signs_what_nobody_types(offices: Offices) -> None:
    """Of whatever province it is, and whoever brings it: by its key alone."""
    office = offices.one
    laboratories = Laboratories(office.engine)
    signed = {"attestation": attest(record(result="positive"), NOW, SIGNER)}
    assert told(office, signed) == [NotAuthorised]
    laboratories.add("shenzhen-7", jwk_of(LABORATORY.public_key()), "CN-44", NOW)
    assert told(office, signed, reporter="one") == [Taken.KEPT]
    assert told(office, signed, reporter="other") == [Taken.PRESENT]
    assert offices.rows("SELECT reporter FROM issuer_evidence") == [("laboratory:shenzhen-7",)]
    laboratories.revoke("shenzhen-7", NOW)
    assert told(office, {"attestation": attest(record("r2"), NOW, SIGNER)}) == [NotAuthorised]
    assert status_of(office)[0] is Status.RED
    with pytest.raises(NotFound):
        laboratories.revoke("shenzhen-7", NOW)
    with pytest.raises(Conflict):
        laboratories.add("again", jwk_of(LABORATORY.public_key()), "CN-44", NOW)
    assert [each.name for each in laboratories.all()] == ["shenzhen-7"]


def test_an_old_attestation_brought_again_undoes_no_correction(offices: Offices) -> None:
    """Who kept the first paper must not make the corrected person red again with it."""
    office = offices.one
    Laboratories(office.engine).add("lab", jwk_of(LABORATORY.public_key()), "CN-44", NOW)
    first = {"attestation": attest(record(result="positive"), NOW, SIGNER)}
    second = {"attestation": attest(record(), NOW + 60, SIGNER)}
    assert told(office, first, second, at=NOW + 60) == [Taken.KEPT, Taken.CORRECTED]
    assert told(office, first, at=NOW + 61) == [Conflict]
    assert told(office, {"attestation": attest(record(age=2 * DAY), NOW + 60, SIGNER)}, at=NOW + 61) == [Conflict]
    assert status_of(office, at=NOW + 62)[0] is Status.GREEN


@pytest.mark.parametrize(
    ("changes", "made_at", "error"),
    [
        ({}, NOW + DAY, InvalidRequest),
        ({}, 0, InvalidRequest),
        ({"kind": "colour"}, NOW, InvalidRequest),
        ({"reference": None}, NOW, InvalidRequest),
        ({"document": {"number": "1"}}, NOW, InvalidDocument),
    ],
)
def test_what_a_laboratory_may_not_sign(
    offices: Offices, changes: dict[str, Any], made_at: int, error: type[TongxingError]
) -> None:
    """Its signature makes nothing true that a record may not say."""
    Laboratories(offices.one.engine).add("lab", jwk_of(LABORATORY.public_key()), "CN-44", NOW)
    content = {name: value for name, value in record(**changes).items() if value is not None}
    assert told(offices.one, {"attestation": attest(content, made_at, SIGNER)}) == [error]


def test_a_signature_of_another_type_or_key_is_no_attestation(offices: Offices) -> None:
    """A laboratory's key signs other things as well; and its kid alone proves nothing."""
    office = offices.one
    Laboratories(office.engine).add("lab", jwk_of(LABORATORY.public_key()), "CN-44", NOW)
    thief = PemSigner(new_private_key(), SIGNER.kid)
    forged = [attest(record(), NOW, thief), jws.sign(record() | {"made_at": NOW}, SIGNER, "JWT"), "x", 7]
    outcomes = told(office, *({"attestation": each} for each in forged))
    assert ATTESTATION_TYPE == "tongxing-evidence+jws"
    assert outcomes == [NotAuthorised, NotAuthorised, NotAuthorised, InvalidRequest]
    for name, jwk, member in (
        ("?", jwk_of(LABORATORY.public_key()), "CN-44"),
        ("x", jwk_of(LABORATORY.public_key()), "cn"),
    ):
        with pytest.raises(InvalidRequest):
            Laboratories(office.engine).add(name, jwk, member, NOW)


RESULTS = st.sampled_from(["negative", "positive", "inconclusive"])
REPORTS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), RESULTS, st.integers(0, 11)), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(REPORTS)
def test_what_stands_is_the_last_word_under_each_reference_and_the_status_follows_from_it(
    offices: Offices, reports: list[tuple[str, str, int]]
) -> None:
    """Whatever was told before, in however many batches: the timeline is the last words, and decides as they would."""
    office = offices.one
    with office.engine.begin() as connection:
        for table in ("withdrawal", "idempotency", "credential", "decision_record", "decision", "evidence"):
            connection.execute(text(f"DELETE FROM issuer_{table}"))
    for number, (reference, result, days) in enumerate(reports):
        told(office, record(reference, result=result, age=days * DAY), at=NOW + number)
    last = {reference: (result, days) for reference, result, days in reports}
    expected = Status.GREEN
    if any(result == "positive" and days <= 9 for result, days in last.values()):
        expected = Status.RED
    elif any(result == "inconclusive" and days <= 6 for result, days in last.values()):
        expected = Status.PENDING
    assert status_of(office, at=NOW + 10)[0] is expected


def test_two_processes_with_the_same_batch(offices: Offices) -> None:
    """Both report the same people at once: each result once, one decision each, whoever was faster."""
    numbers = resident_numbers(12)
    batch = [record(f"r{place}", number=number, result="positive") for place, number in enumerate(numbers)]

    def deed(office: Office) -> list[Any]:
        return told(office, *batch)

    found = offices.at_once(deed, deed, deed)
    assert [sum(outcomes.count(Taken.KEPT) for outcomes in found)] == [12]
    assert offices.rows("SELECT count(*) FROM issuer_evidence") == [(12,)]
    assert offices.rows("SELECT count(*) FROM issuer_decision") == [(12,)]


def test_somebody_about_whom_more_and_more_becomes_known_ends_no_batch(offices: Offices) -> None:
    """Others report the same person at every moment: that record is told to come again, and all others are taken."""
    busy, *others = resident_numbers(4)
    subject = offices.one.issuance.subject_of(parse_document(None, busy))

    class Hurried(SqlPersonStore):
        def timelines(self, subjects: Any) -> Any:
            known = super().timelines(subjects)
            if subject in subjects:
                self.times += 1
                assert told(offices.one, record(f"{self.times}", number=busy, age=3 * DAY), reporter="other") == [
                    Taken.KEPT
                ]
            return known

        times = 0

    slow = offices.another()
    object.__setattr__(slow.issuance, "people", Hurried(slow.engine))
    batch = [record(number=number) | {"reference": number[-6:]} for number in (others[0], busy, *others[1:])]
    assert told(slow, *batch) == [Taken.KEPT, Conflict, Taken.KEPT, Taken.KEPT]
    assert told(offices.one, *batch) == [Taken.PRESENT, Taken.KEPT, Taken.PRESENT, Taken.PRESENT]


def test_a_code_that_is_made_while_a_result_comes_in_does_not_escape(offices: Offices) -> None:
    """Between the reading and the record of a green code its holder's positive arrives: no green code is released."""

    class Interrupted(SqlPersonStore):
        def timelines(self, subjects: Any) -> Any:
            known = super().timelines(subjects)
            if not self.done:
                self.done = True
                told(offices.one, record(result="positive", age=2 * DAY))
            return known

        done = False

    slow = offices.another()
    object.__setattr__(slow.issuance, "people", Interrupted(slow.engine))
    assert status_of(slow)[0] is Status.RED


def test_a_file_is_taken_line_by_line_and_again_after_a_kill(offices: Offices, tmp_path: Path) -> None:
    """A run that dies in the middle is run again: nothing is lost, nothing taken twice, each bad line is named."""
    numbers = resident_numbers(2 * MAX_BATCH + 40)
    lines = [json.dumps(record(f"r{place}", number=number)) for place, number in enumerate(numbers)]
    lines[3] = json.dumps(record("bad", number="1"))
    lines[700 % len(lines)] = "{"
    source = tmp_path / "results.ndjson"
    source.write_text("\n".join(lines), encoding="utf-8")

    def die(done: int) -> None:
        raise StorageUnavailable("killed")

    with pytest.raises(StorageUnavailable):
        import_file(intake(offices.one), source, "lab", lambda: NOW, progress=die)
    assert offices.rows("SELECT count(*) FROM issuer_evidence")[0][0] in (MAX_BATCH - 1, MAX_BATCH - 2)
    done = import_file(intake(offices.another()), source, "lab", lambda: NOW)
    assert (done.kept + done.present, done.corrected, done.rejected) == (len(lines) - 2, 0, 2)
    assert offices.rows("SELECT count(*) FROM issuer_evidence") == [(len(lines) - 2,)]
    rejected = [json.loads(line) for line in (tmp_path / "results.ndjson.rejected.ndjson").read_text().splitlines()]
    assert [each["number"] for each in rejected] == sorted([4, 700 % len(lines) + 1])
    assert numbers[5] not in json.dumps(rejected)


def test_no_room_for_the_list_of_bad_lines_is_told_as_such(offices: Offices, tmp_path: Path) -> None:
    """A list of bad lines may be as long as the file. What was taken until then stays."""
    file = tmp_path / "results.ndjson"
    file.write_text(json.dumps(record()) + "\n" + "{}\n" * 30_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Of one file: more than this database, and less than that list.
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024 * 1024, hard))
    try:
        with pytest.raises(StorageFull):
            import_file(intake(offices.one), file, "app", lambda: NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert told(offices.one, record(), reporter="import:app") == [Taken.PRESENT]


def test_a_spreadsheet_is_a_file_as_well(offices: Offices, tmp_path: Path) -> None:
    """CSV with its own columns; a cell of a spreadsheet says true in capitals."""
    source = tmp_path / "results.csv"
    head = "reference,document_number,kind,result,sampled_at,region,taken_back\n"
    row = f"r1,{NUMBER},nucleic-acid,positive,{STEP - DAY},410102,\n"
    source.write_text(head + row + "r1,,,,,,TRUE\nr2,,,,,,perhaps\n", encoding="utf-8")
    done = import_file(intake(offices.one), source, "lab", lambda: NOW)
    assert done == (1, 0, 1, 1)
    assert status_of(offices.one)[0] is Status.GREEN
    source.write_text("name,form\n", encoding="utf-8")
    with pytest.raises(InvalidRequest, match="reference"):
        import_file(intake(offices.one), source, "lab", lambda: NOW)


def test_versions_of_rules_and_their_faults_are_kept(offices: Offices) -> None:
    """In order, each once, and counted from any number of processes at once."""
    one, other = SqlRulesStore(offices.one.engine), SqlRulesStore(offices.another().engine)
    versions = [RulesVersion(number, f"{number}" * 64, NOW + number, None) for number in (2, 1)]
    for version in versions:
        one.add(version, f"document {version.sequence}", NOW)
    with pytest.raises(Conflict):
        other.add(versions[0], "another", NOW)
    assert other.versions() == sorted(versions)
    assert other.document(2) == "document 2"
    with pytest.raises(NotFound):
        one.document(3)

    def count(office: Office) -> None:
        for _ in range(5):
            SqlRulesStore(office.engine).note_faults({("a" * 64, "slip"): 2, ("a" * 64, "other"): 1}, NOW)

    assert offices.at_once(count, count) == [None, None]
    assert {fault.entry: fault.times for fault in one.faults()} == {"slip": 20, "other": 10}
