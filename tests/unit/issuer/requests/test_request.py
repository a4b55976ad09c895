"""One reading of a request, wherever it comes from; what cannot be carried out ends here."""

from __future__ import annotations

import copy
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import InvalidDocument, InvalidName, InvalidRequest, ProofOfPossessionFailed, RequestError
from credentials.keys import compressed_point, new_private_key
from credentials.profile.limits import MAX_LIFETIME_PAPER_SECONDS, MAX_LIFETIME_PHONE_SECONDS, MIN_TIME_SECONDS
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status
from issuer.requests.request import FUTURE_SAMPLE_SECONDS, IssueRequest, faults_of, read_registration, read_request
from service_kit.locale import BEIJING
from tests.unit.issuer.office import AUDIENCE, NOW, NUMBER, by_hand, paper, phone, sampled

HOLDER = new_private_key()


def read(fields: dict[str, Any]) -> IssueRequest:
    return read_request(fields, AUDIENCE, NOW)


def asked(form: str) -> dict[str, Any]:
    return {**paper(), "form": form}


def test_paper() -> None:
    """The whole name and number go no further than this; the tail and the mask do."""
    request = read(paper())
    assert (request.form, request.holder_name, request.document.tail) == (Form.PAPER, "王**", "002X")
    assert (request.lifetime, request.holder_point, request.manual) == (MAX_LIFETIME_PAPER_SECONDS, None, None)
    assert "王小明" not in repr(request)
    (piece,) = request.evidence
    assert (piece.kind, piece.result, piece.region) == (EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, 410102)


def test_phone_and_assisted() -> None:
    """A phone code is bound to the phone that proved its key; a relative's phone says whose it is."""
    request = read(phone(HOLDER))
    assert request.holder_point == compressed_point(HOLDER.public_key())
    assert (request.lifetime, request.guardian) == (MAX_LIFETIME_PHONE_SECONDS, None)
    assert read({**phone(HOLDER), "form": "assisted", "guardian": "child"}).guardian is Guardian.CHILD


def test_registration_is_a_request_without_the_phone() -> None:
    """Staff put a person on file whose phone proves its key later; paper has no phone to wait for."""
    registered = read_registration(asked("phone"), NOW)
    assert registered == read(phone(HOLDER))._replace(holder_point=None)
    assert read_registration({**asked("assisted"), "guardian": "child"}, NOW).guardian is Guardian.CHILD
    for wrong in (paper(), phone(HOLDER), asked("assisted"), asked("phone") | {"colour": "green"}):
        with pytest.raises(InvalidRequest):
            read_registration(wrong, NOW)


def test_sample_is_rounded_down() -> None:
    """A code must not seem fresher than its sample, nor tell the minute it was taken."""
    (piece,) = read(paper(evidence=[sampled(sampled_at=NOW - 1)])).evidence
    assert piece.sampled_at == NOW - NOW % 600
    assert read(paper(evidence=[sampled(sampled_at=MIN_TIME_SECONDS)])).evidence[0].sampled_at == MIN_TIME_SECONDS


def test_manual_decision() -> None:
    """Read as given; whether it is in order is for the decision to say."""
    manual = read(paper(decision=by_hand())).manual
    assert manual is not None
    assert (manual.said.status, manual.said.reason) == (Status.RED, Reason.CLOSE_CONTACT)


DECISION = by_hand().about(NUMBER)


@pytest.mark.parametrize("wrong", [
    paper(name=""), paper(name=None), paper(name="x" * 129), paper(name="   "), paper(name="·"), paper(name="\ud800"),
    paper(document=None), paper(document={}), paper(document={"number": 7}), paper(document={"number": "1", "x": 1}),
    paper(document={"number": "1", "kind": 7}), paper(form="screenshot"), paper(form=None), paper(form=["paper"]),
    paper(evidence=None), paper(evidence={}), paper(evidence=[sampled()] * 3), paper(evidence=["negative"]),
    paper(evidence=[sampled(kind="horoscope")]), paper(evidence=[sampled(result="good")]),
    paper(evidence=[sampled(region=410)]), paper(evidence=[sampled(region="410102")]),
    paper(evidence=[sampled(sampled_at=str(NOW))]), paper(evidence=[sampled(sampled_at=float(NOW))]),
    paper(evidence=[sampled(sampled_at=True)]), paper(evidence=[sampled(sampled_at=MIN_TIME_SECONDS - 1)]),
    paper(evidence=[sampled(sampled_at=NOW + FUTURE_SAMPLE_SECONDS + 1)]), paper(evidence=[sampled(note="x")]),
    paper(holder_proof="x.y.z"), paper(form="phone"), paper(form="phone", holder_proof=7), paper(guardian="child"),
    paper(lifetime=59), paper(lifetime=MAX_LIFETIME_PAPER_SECONDS + 1), paper(lifetime="3600"), paper(lifetime=True),
    paper(decision={}), paper(decision="red"), paper(decision=dict(by_hand())), paper(colour="green"),
    paper(decision=DECISION | {"salt": "00"}), paper(decision=DECISION | {"salt": 7}),
    paper(decision=DECISION | {"text": 7}), paper(decision=DECISION | {"text": "{}"}),
    paper(decision=DECISION | {"text": "\ud800"}), paper(decision=DECISION | {"author": "cdc/zhang"}),
    paper(decision=DECISION | {"approver": {}}), paper(decision=DECISION | {"why": "x"}),
    paper(decision=DECISION | {"salt": "g" * 64}),
    {**phone(HOLDER), "form": "assisted"}, {**phone(HOLDER), "guardian": "child"},
    {**phone(HOLDER), "lifetime": MAX_LIFETIME_PHONE_SECONDS + 1},
])  # fmt: skip
def test_what_cannot_be_carried_out_is_refused(wrong: dict[str, Any]) -> None:
    """Named by field and without repeating what stood in it."""
    with pytest.raises((InvalidRequest, InvalidName)) as caught:
        read(wrong)
    assert "小明" not in str(caught.value)


def test_documents_and_proofs_have_errors_of_their_own() -> None:
    """Whoever mistyped a number must be told so, without the number."""
    with pytest.raises(InvalidDocument) as caught:
        read(paper(document={"number": "110105194912310021"}))
    assert "1949" not in str(caught.value)
    with pytest.raises(ProofOfPossessionFailed):
        read(phone(HOLDER, NOW - 3600))


def with_birth(born: date, region: str = "110105") -> str:
    """A number of 18 characters; ``region``: the six before the birth date."""
    body = f"{region}{born:%Y%m%d}002"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


@pytest.mark.parametrize("region", ["110105", "810000", "911124"])
def test_born_today_is_somebody_and_born_tomorrow_or_in_9999_is_nobody(region: str) -> None:
    """Of residents, of residents from Hong Kong, of foreigners; a number alone cannot tell, for it has no clock."""
    today = datetime.fromtimestamp(NOW, BEIJING).date()
    assert read(paper(document={"number": with_birth(today, region)})).document.born == today
    for born in (today + timedelta(days=1), date(9999, 12, 31)):
        asked_for = paper(document={"number": with_birth(born, region)})
        with pytest.raises(InvalidDocument, match="in the future"):
            read(asked_for)
        with pytest.raises(InvalidDocument, match="in the future"):
            read_registration({**asked_for, "form": "phone"}, NOW)
        assert [path for path, _ in faults_of(asked_for, NOW)] == ["document"]


def test_born_today_in_beijing_while_it_is_yesterday_elsewhere() -> None:
    """A child of the first hours of a day has its number that day."""
    midnight = NOW - (NOW + 8 * 3600) % 86_400
    born = datetime.fromtimestamp(midnight, BEIJING).date()
    assert (
        read_request(paper(document={"number": with_birth(born)}, evidence=[]), AUDIENCE, midnight).document.born
        == born
    )
    with pytest.raises(InvalidDocument):
        read_request(paper(document={"number": with_birth(born)}, evidence=[]), AUDIENCE, midnight - 1)


PLACES = [(), ("document",), ("evidence", 0), ("decision",)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(place=st.sampled_from(PLACES), data=st.data(), value=JSON)
def test_no_value_anywhere_breaks_the_reader(place: tuple[Any, ...], data: st.DataObject, value: Any) -> None:
    """Whatever a client sends in whatever place is read or refused, never a fault of ours."""
    fields = copy.deepcopy(paper(decision=by_hand(), lifetime=3600, guardian=None))
    target: Any = fields
    for step in place:
        target = target[step]
    target[data.draw(st.sampled_from(sorted(target)) | st.text(max_size=4))] = value
    with suppress(RequestError):
        read(fields)
