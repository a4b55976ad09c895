"""Claim codes are typed by people, read out over the phone, and guessed at by thieves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from credentials.errors import (
    ClaimCodeExpired,
    ClaimCodeMistyped,
    Conflict,
    DecisionRejected,
    HolderUnknown,
    SignInNameDiffers,
)
from credentials.identity import parse_document
from credentials.keys import compressed_point, new_private_key
from credentials.profile.lists import Status
from credentials.signing import PemSigner
from issuer.evidence.intake import Intake, Taken
from issuer.evidence.laboratories import Laboratories
from issuer.issuing.consequences import in_force
from issuer.phones.claim_codes import (
    DIGITS,
    SIGN_IN_CLAIM_CODE_SECONDS,
    ClaimCodes,
    draw_claim_code,
    read_claim_code,
)
from issuer.phones.holding import Holding
from issuer.storage.deeds import SqlPersonDeed
from issuer.storage.holders import SqlPersonStore
from tests.unit.issuer.office import DAY, NOW, NUMBER, IssuerOnDisk, by_hand, decided, paper, sampled

POINT = compressed_point(new_private_key().public_key())
sound = st.integers(0, 10**14 - 1).map(lambda body: f"{body * 100 + 98 - body * 100 % 97:0{DIGITS}d}")


@pytest.fixture
def codes(issuer: IssuerOnDisk) -> ClaimCodes:
    return ClaimCodes(SqlPersonStore(issuer.engines[0]), issuer.issuance)


@pytest.fixture
def holding(codes: ClaimCodes) -> Holding:
    store = codes.store
    assert isinstance(store, SqlPersonStore)
    return Holding(store, codes.issuance)


def test_what_is_drawn_is_sound() -> None:
    """And no two are the same; they begin with any digit."""
    drawn = [draw_claim_code() for _ in range(500)]
    assert [read_claim_code(code) for code in drawn] == drawn
    assert len(set(drawn)) == len(drawn)
    assert {code[0] for code in drawn} == set("0123456789")


@given(sound, st.integers(0, DIGITS - 1), st.integers(1, 9))
def test_a_wrong_digit_is_found(code: str, place: int, more: int) -> None:
    """The commonest slip must cost no try."""
    digit = (int(code[place]) + more) % 10
    with pytest.raises(ClaimCodeMistyped):
        read_claim_code(f"{code[:place]}{digit}{code[place + 1 :]}")


@given(sound, st.data())
def test_digits_that_changed_places_are_found(code: str, data: st.DataObject) -> None:
    """The second commonest: neighbours, or one digit further on."""
    first, apart = data.draw(st.integers(0, DIGITS - 3)), data.draw(st.integers(1, 2))
    swapped = list(code)
    swapped[first], swapped[first + apart] = swapped[first + apart], swapped[first]
    if swapped != list(code):
        with pytest.raises(ClaimCodeMistyped):
            read_claim_code("".join(swapped))


@pytest.mark.parametrize(
    "typed",
    [
        "0000 0000 0000 0098",
        "0000-0000-0000-0098",
        "0000000000000098\n",
        "００００ ００００ ００００ ００９８",
        "0000.0000.0000.0098",
    ],
)
def test_however_it_is_typed(typed: str) -> None:
    """Groups, hyphens, a trailing newline and the full-width digits of a Chinese keyboard do not matter."""
    assert read_claim_code(typed) == "0000000000000098"


@pytest.mark.parametrize(
    "typed", ["", "98", "0000 0000 0000 0099", "0" * 15 + "980", "O000 0000 0000 0098", "٠" * 14 + "98"]
)
def test_what_is_no_claim_code(typed: str) -> None:
    """Too short, too long, letters, digits of another script, wrong check digits."""
    with pytest.raises(ClaimCodeMistyped):
        read_claim_code(typed)


def test_for_somebody_who_signed_in(codes: ClaimCodes, holding: Holding) -> None:
    """Who is on file and was recognised in another way gets a claim code of minutes; nobody else does."""
    subject = codes.issuance.subject_of(parse_document(None, NUMBER))
    with pytest.raises(HolderUnknown):
        codes.make_for(subject, "王**", "sign-in", NOW)
    codes.make({**paper(), "form": "assisted", "guardian": "child"}, "app", NOW)
    with pytest.raises(HolderUnknown):
        codes.make_for(subject, "王**", "sign-in", NOW)
    codes.make({**paper(), "form": "phone"}, "app", NOW)
    with pytest.raises(SignInNameDiffers):
        codes.make_for(subject, "李*", "sign-in", NOW)
    made = codes.make_for(subject, "王**", "sign-in", NOW)
    digest = codes.digest(read_claim_code(made.text))
    assert made.expires_at == NOW + SIGN_IN_CLAIM_CODE_SECONDS
    with pytest.raises(ClaimCodeExpired):
        holding.claim(digest, POINT, made.expires_at)
    assert holding.claim(digest, POINT, made.expires_at - 1).status is Status.GREEN


def test_a_decision_that_comes_with_it(codes: ClaimCodes, holding: Holding) -> None:
    """It stands from then on: nobody escapes it by not using the claim code, or by having another one made."""
    asked = {**paper(), "form": "phone"}
    with pytest.raises(DecisionRejected):
        codes.make(decided(asked, by_hand(approver="cdc/qian")), "app", NOW)
    first = codes.make(asked, "app", NOW)
    assert holding.claim(codes.digest(read_claim_code(first.text)), POINT, NOW).status is Status.GREEN
    codes.make(decided(asked, by_hand(status="yellow", ends_at=NOW + DAY)), "app", NOW)
    held = holding.renew(POINT, NOW + 60)
    assert (held.status, held.issued.expires_at) == (Status.YELLOW, NOW + DAY)
    again = codes.make(asked, "app", NOW + 120)
    other = compressed_point(new_private_key().public_key())
    assert holding.claim(codes.digest(read_claim_code(again.text)), other, NOW + 180).status is Status.YELLOW
    assert holding.renew(other, NOW + DAY).status is Status.GREEN


def test_a_decision_that_comes_with_it_withdraws_what_says_otherwise(
    codes: ClaimCodes, holding: Holding, issuer: IssuerOnDisk
) -> None:
    """The phone's green code is refused at gates with the next publication, long before it renews."""
    asked = {**paper(), "form": "phone"}
    made = codes.make(asked, "app", NOW)
    holding.claim(codes.digest(read_claim_code(made.text)), POINT, NOW)
    assert issuer.rows("issuer_withdrawal") == 0
    codes.make(decided(asked, by_hand()), "app", NOW)
    assert issuer.rows("issuer_withdrawal") == 1


def test_the_page_says_what_the_code_does() -> None:
    """Whoever writes another phone begins with docs/wallet.md."""
    page = (Path(__file__).parents[4] / "docs" / "wallet.md").read_text("utf-8")
    assert "MOD 97-10" in page
    assert "0000 0000 0000 0098" in page


def test_a_decision_with_a_claim_code_that_a_graver_of_its_second_outdoes_is_told_so(codes: ClaimCodes) -> None:
    """As with a code: what is told is true, and helps."""
    asked = paper(form="phone", decision=by_hand())
    codes.make(asked, "app", NOW)
    milder = decided(asked, by_hand(status="yellow"))
    with pytest.raises(Conflict, match="ask again in a second"):
        codes.make(milder, "app", NOW)
    assert codes.make(milder, "app", NOW + 1)


class InterruptedStore(SqlPersonStore):
    """Somebody else is faster than the next deed, once."""

    def __init__(self, engine: Engine, faster: Callable[[], object]) -> None:
        super().__init__(engine)
        self.faster: Callable[[], object] | None = faster

    @contextmanager
    def deed(self, subjects: Iterable[bytes]) -> Iterator[SqlPersonDeed]:
        faster, self.faster = self.faster, None
        if faster:
            faster()
        with super().deed(subjects) as deed:
            yield deed


def test_a_result_that_is_taken_back_while_a_claim_code_is_made_does_not_decide(issuer: IssuerOnDisk) -> None:
    """What was decided on a timeline that is not so any more would turn somebody red again whom a correction freed."""
    engine = issuer.engines[0]
    intake = Intake(issuer.issuance, Laboratories(engine))
    record = {"reference": "r1", "document": {"number": NUMBER}, **sampled(result="positive")}
    assert intake.take("hospital", [record], NOW - 100) == [Taken.KEPT]
    people = InterruptedStore(engine, lambda: intake.take("hospital", [{"reference": "r1", "taken_back": True}], NOW))
    issuance = issuer.issuing_with(PemSigner(issuer.private_key, issuer.key.kid), people=people)
    ClaimCodes(people, issuance).make(paper(form="phone"), "app", NOW)
    subject = issuance.subject_of(parse_document(None, NUMBER))
    known = in_force(people.decisions([subject], NOW), NOW)[subject]
    assert known.by_rule and known.by_rule.decision.status is Status.GREEN
