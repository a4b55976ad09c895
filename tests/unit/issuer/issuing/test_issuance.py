"""Decide, allocate, sign, check, commit, and only then release."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from credentials.decisions.rules.document import BUILT_IN
from credentials.errors import (
    Conflict,
    DecisionRejected,
    IdempotencyConflict,
    InvalidRequest,
    Malformed,
    NotFound,
    ProofOfPossessionFailed,
    SelfCheckFailed,
    StorageUnavailable,
    TongxingError,
)
from credentials.formats import native
from credentials.formats.native import claims
from credentials.keys import compressed_point, new_private_key
from credentials.model import StatusCredential
from credentials.profile.limits import MAX_LIFETIME_PAPER_SECONDS, MAX_PAPER_TEXT_CHARACTERS
from credentials.profile.lists import Form, Guardian, Reason, Status
from credentials.signing import PemSigner
from issuer.decisions.deciding import MANUAL
from issuer.issuing.issuance import Ask, Issuance, Secrets, ask_for, issued_json, read_handle
from issuer.storage.holders import SqlPersonStore
from issuer.storage.indices import reference_of
from issuer.storage.ports.issuing import IssuedRow, Replay
from issuer.storage.sql import SqlIssuerStore
from tests.unit.issuer.office import (
    DAY,
    MEMBER,
    NOW,
    SECRETS,
    IssuerOnDisk,
    by_hand,
    paper,
    phone,
    resident_numbers,
    sampled,
)

CLIENT = "city-app"


def issue(issuer: IssuerOnDisk, fields: dict[str, Any], key: str | None = None, at: int = NOW) -> IssuedRow:
    return issuer.issuance.issue(CLIENT, ask_for(fields, key), at)


def outcomes(issuer: IssuerOnDisk, *asks: Ask, at: int = NOW) -> list[str]:
    """The code of each error, and "issued" for the others."""
    done = issuer.issuance.issue_many(CLIENT, asks, at)
    return [each.code if isinstance(each, TongxingError) else "issued" for each in done]


def test_paper_code(issuer: IssuerOnDisk) -> None:
    """What a gate reads is what was asked for and decided."""
    row = issue(issuer, paper())
    code = issuer.read(row.text)
    assert (code.issuer, code.form, code.holder_name, code.document_tail) == (MEMBER, Form.PAPER, "王**", "002X")
    assert (code.status, code.reason, code.rule_set) == (Status.GREEN, Reason.TEST_RECENT, BUILT_IN)
    assert (code.issued_at, code.expires_at) == (NOW, NOW + MAX_LIFETIME_PAPER_SECONDS)
    assert (code.decision_reference, code.holder_key) == (None, None)
    assert (row.form, row.issued_at, row.expires_at) == (Form.PAPER, code.issued_at, code.expires_at)
    assert code.status_reference == reference_of(row.place, SECRETS.index_key)


def test_phone_and_assisted_codes(issuer: IssuerOnDisk) -> None:
    """They are bound to the phone that proved its key, the relative's phone included."""
    holder = new_private_key()
    point = compressed_point(holder.public_key())
    assert issuer.read(issue(issuer, phone(holder)).text).holder_key == point
    assisted = issuer.read(issue(issuer, {**phone(holder), "form": "assisted", "guardian": "child"}).text)
    assert (assisted.form, assisted.guardian, assisted.holder_key) == (Form.ASSISTED, Guardian.CHILD, point)


@pytest.mark.parametrize("name", ["买买提·吐尔逊江·艾合买提", "𠮷田𠀋", "Wolfeschlegelsteinhausen Maximilian Ulrich"])
def test_longest_content_fits_its_symbol(issuer: IssuerOnDisk, name: str) -> None:
    """A request that is in order must never fail on its way because the symbol is full."""
    evidence = [sampled(), sampled(kind="antigen")]
    row = issue(issuer, paper(name=name, evidence=evidence, decision=by_hand(status="pending")))
    assert len(row.text) <= MAX_PAPER_TEXT_CHARACTERS


def test_manual_decision_ends_the_code(issuer: IssuerOnDisk) -> None:
    """A red by hand ends by itself with its decision, and carries a reference to it."""
    code = issuer.read(issue(issuer, paper(decision=by_hand(ends_at=NOW + DAY))).text)
    assert (code.status, code.rule_set, code.expires_at) == (Status.RED, MANUAL, NOW + DAY)
    assert code.decision_reference is not None
    late = issuer.read(issue(issuer, paper(decision=by_hand(ends_at=NOW + 10 * DAY))).text)
    assert late.expires_at == NOW + MAX_LIFETIME_PAPER_SECONDS


def test_red_by_rule_has_a_decision(issuer: IssuerOnDisk) -> None:
    """Without the reference no gate shows a colour."""
    code = issuer.read(issue(issuer, paper(evidence=[sampled(result="positive")])).text)
    assert (code.status, code.reason) == (Status.RED, Reason.TEST_POSITIVE)
    assert code.decision_reference is not None


def test_decision_that_is_refused_leaves_nothing(issuer: IssuerOnDisk) -> None:
    """No basis, no second approver, no red; and no row that would look like one."""
    for changes in ({"basis": "because"}, {"approver": "cdc/qian"}, {"ends_at": NOW + 15 * DAY}):
        with pytest.raises(DecisionRejected):
            issue(issuer, paper(decision=by_hand(**changes)))
    assert issuer.rows("issuer_decision") == issuer.rows("issuer_credential") == 0


def test_same_key_same_request_same_code(issuer: IssuerOnDisk) -> None:
    """An impatient client must not make two credentials."""
    row = issue(issuer, paper(), "k")
    assert issue(issuer, paper(), "k", NOW + 5) == row
    assert issue(issuer, paper()) != row
    assert issuer.rows("issuer_credential") == 2


def test_same_key_other_request_is_a_conflict(issuer: IssuerOnDisk) -> None:
    """One resident must never get another's code for a mistaken key."""
    issue(issuer, paper(), "k")
    with pytest.raises(IdempotencyConflict):
        issue(issuer, paper(name="李四"), "k")


def test_keys_are_the_clients_own(issuer: IssuerOnDisk) -> None:
    """Two applications that both number from 1 do not meet."""
    row = issue(issuer, paper(), "1")
    assert issuer.issuance.issue("other-app", ask_for(paper(name="李四"), "1"), NOW) != row


def test_key_is_free_again_when_its_code_has_expired(issuer: IssuerOnDisk) -> None:
    """A file of the same residents run again next week must not give last week's codes."""
    row = issue(issuer, paper(lifetime=3600), "k")
    assert issue(issuer, paper(lifetime=3600), "k", NOW + 3599) == row
    again = issue(issuer, paper(name="李四"), "k", NOW + 3600)
    assert again.issued_at == NOW + 3600
    assert issue(issuer, paper(name="李四"), "k", NOW + 3601) == again


def test_retry_works_though_the_proof_is_old_by_now(issuer: IssuerOnDisk) -> None:
    """A bulk run taken up again the next morning must get what was committed the evening before."""
    holder = new_private_key()
    fields = phone(holder)
    row = issue(issuer, fields, "k")
    assert issue(issuer, fields, "k", NOW + 3600) == row
    with pytest.raises(ProofOfPossessionFailed):
        issue(issuer, fields, "new", NOW + 3600)


def test_bad_ones_stop_no_other(issuer: IssuerOnDisk) -> None:
    """One blank name in a file of thousands is one line of the report."""
    asks = [
        ask_for(paper(), "a"),
        ask_for(paper(name=" "), "b"),
        ask_for(paper(document={"number": "1"}), "c"),
        ask_for(paper(decision=by_hand(basis="none")), "d"),
        ask_for(paper(name="李四"), "e"),
    ]
    assert outcomes(issuer, *asks) == ["issued", "invalid-name", "invalid-document", "decision-rejected", "issued"]
    assert issuer.rows("issuer_credential") == 2


def test_one_key_several_times_in_a_batch(issuer: IssuerOnDisk) -> None:
    """The first good one counts, as it would if each came alone: where batches begin must not matter."""
    asks = [
        ask_for(paper(name=" "), "k"),
        ask_for(paper(), "k"),
        ask_for(paper(), "k"),
        ask_for(paper(name="李四"), "k"),
        ask_for(paper(name=" "), "k"),
    ]
    wanted = ["invalid-name", "issued", "issued", "idempotency-conflict", "idempotency-conflict"]
    assert outcomes(issuer, *asks) == wanted
    assert outcomes(issuer, *asks[1:]) == wanted[1:]
    assert issuer.rows("issuer_credential") == 1


def test_batch_of_bad_ones_alone(issuer: IssuerOnDisk) -> None:
    """Nothing to issue opens no transaction."""
    assert outcomes(issuer, ask_for(paper(name=" "))) == ["invalid-name"]
    assert outcomes(issuer) == []


def test_lists_are_by_the_day_of_expiry(issuer: IssuerOnDisk) -> None:
    """A whole list can be retired when its day has passed."""
    rows = [issue(issuer, paper(lifetime=days * DAY), key) for key, days in (("a", 1), ("b", 1), ("c", 3))]
    first, second, third = (row.place for row in rows)
    assert (first.list_id, first.position + 1) == (second.list_id, second.position)
    assert third.list_id != first.list_id


class LyingSigner(PemSigner):
    """A security module that signs something else than it was given."""

    def sign(self, message: bytes) -> bytes:
        return super().sign(message + b"x")


def test_wrong_signer_is_caught_before_release(issuer: IssuerOnDisk) -> None:
    """A wrong key file or a faulty module must not be found out by the gates of 33 provinces."""
    thief = new_private_key()
    for signer in (PemSigner(thief, issuer.key.kid), LyingSigner(issuer.private_key, issuer.key.kid)):
        with pytest.raises(SelfCheckFailed, match="wrong-signature"):
            issuer.issuing_with(signer).issue(CLIENT, ask_for(paper(), "k"), NOW)
    assert issuer.rows("issuer_credential") == issuer.rows("issuer_decision") == issuer.rows("issuer_idempotency") == 0
    assert issue(issuer, paper(), "k").text


def test_what_was_signed_must_be_what_was_decided(issuer: IssuerOnDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that holds over other claims is as bad as one that does not hold."""
    sound = issuer.issuance.issue(CLIENT, ask_for(paper()), NOW)
    monkeypatch.setattr(native, "seal_text", lambda *_: sound.text)
    with pytest.raises(SelfCheckFailed, match="not what was decided"):
        issue(issuer, paper(), "k")


class Unplugged(SqlPersonStore):
    """A database that goes away between what is promised and what is kept."""

    def deed(self, subjects: Iterable[bytes]) -> Any:
        raise StorageUnavailable("gone")


def test_no_index_no_code(issuer: IssuerOnDisk) -> None:
    """A code that was released without its row could never be withdrawn."""
    with pytest.raises(StorageUnavailable):
        failing = Unplugged(issuer.engines[0])
        issuer.issuing_with(issuer.issuance.signer, people=failing).issue(CLIENT, ask_for(paper()), NOW)
    with issuer.engines[0].begin() as connection:
        connection.execute(text("DROP TABLE issuer_withdrawal"))
        connection.execute(text("DROP TABLE issuer_status_list"))
    with pytest.raises(StorageUnavailable):
        issue(issuer, paper())
    assert issuer.rows("issuer_credential") == 0


def test_a_record_that_fails_its_check_fails_alone(issuer: IssuerOnDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one record brings, a name for one, must end no batch: the others get their codes, in one transaction."""
    encode = claims.encode

    def refusing(credential: StatusCredential) -> bytes:
        if credential.holder_name.startswith("李"):
            raise Malformed("a name that the format does not hold")
        return encode(credential)

    monkeypatch.setattr(claims, "encode", refusing)
    names = ["王小明", "李四", "张三", "李五"]
    asks = [
        ask_for(paper(name=name, document={"number": number}), name)
        for name, number in zip(names, resident_numbers(4), strict=True)
    ]
    assert outcomes(issuer, *asks) == ["issued", "self-check-failed", "issued", "self-check-failed"]
    monkeypatch.undo()
    assert outcomes(issuer, *asks) == ["issued"] * 4
    assert issuer.rows("issuer_credential") == 4


def test_a_person_twice_in_a_batch(issuer: IssuerOnDisk) -> None:
    """A line that turns somebody red, and a later line of the same file with yesterday's test: red it is."""
    asks = [ask_for(paper(decision=by_hand()), "a"), ask_for(paper(), "b"), ask_for(paper(name="王大明"), "c")]
    rows = issuer.issuance.issue_many(CLIENT, asks, NOW)
    assert [issuer.read(row.text).status for row in rows if isinstance(row, IssuedRow)] == [Status.RED] * 3
    assert issuer.rows("issuer_withdrawal") == 0


def test_many_at_once_share_nothing(issuer: IssuerOnDisk) -> None:
    """Two workers must not get one index, nor one key two codes."""
    second = issuer.issuing_with(issuer.issuance.signer, issuer.another_process())
    found: list[tuple[str, IssuedRow]] = []

    def work(issuance: Any, number: int) -> None:
        for count in range(6):
            for key in (f"own {number} {count}", f"shared {count}"):
                found.append((key, issuance.issue(CLIENT, ask_for(paper(), key), NOW)))

    threads = [threading.Thread(target=work, args=(each, n)) for n, each in enumerate([issuer.issuance, second] * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 48
    assert len({key for key, _ in found}) == len({row.place for _, row in found}) == len(set(found)) == 30


class LateStore(SqlIssuerStore):
    """The first look finds nothing yet: another process uses the keys while this one signs."""

    looks = 0

    def find_keys(self, client_id: str, keys: Sequence[str], expiring_after: int) -> Mapping[str, Replay]:
        self.looks += 1
        return {} if self.looks == 1 else super().find_keys(client_id, keys, expiring_after)


def test_who_was_faster_is_found_at_the_record(issuer: IssuerOnDisk) -> None:
    """Two requests under one key at once: both get the one code, and the rest of a batch gets its own."""
    first = issue(issuer, paper(), "k")

    def late() -> Issuance:
        return issuer.issuing_with(issuer.issuance.signer, LateStore(issuer.engines[0]))

    assert late().issue(CLIENT, ask_for(paper(), "k"), NOW) == first
    with pytest.raises(IdempotencyConflict):
        late().issue(CLIENT, ask_for(paper(name="李四"), "k"), NOW)
    found = late().issue_many(CLIENT, [ask_for(paper(), "k"), ask_for(paper(), "other")], NOW)
    assert found[0] == first
    assert found[1] == issue(issuer, paper(), "other")


def test_a_record_that_is_always_refused_is_no_endless_loop(issuer: IssuerOnDisk) -> None:
    """What the database refuses for another reason than a taken key will not get better by signing on."""

    class Refusing(SqlPersonStore):
        def deed(self, subjects: Iterable[bytes]) -> Any:
            raise Conflict("refused")

    refusing = issuer.issuing_with(issuer.issuance.signer, people=Refusing(issuer.engines[0]))
    with pytest.raises(Conflict):
        refusing.issue(CLIENT, ask_for(paper()), NOW)
    outcomes = refusing.issue_many(CLIENT, [ask_for(paper(), "a"), ask_for(paper(name="李四"), "b")], NOW)
    assert [type(each) for each in outcomes] == [Conflict, Conflict]


@pytest.mark.parametrize("standing_at", [NOW, NOW + 5])
def test_a_decision_that_a_graver_of_its_second_or_a_newer_one_outdoes_is_told_at_once(
    issuer: IssuerOnDisk, standing_at: int
) -> None:
    """It was told of others who decide again and again, after five places had been spent on it."""
    first = issue(issuer, paper(decision=by_hand()), at=standing_at)
    milder = by_hand(status="yellow", approver="health-commission/wu")
    with pytest.raises(Conflict, match="ask again in a second"):
        issue(issuer, paper(decision=milder))
    last = issue(issuer, paper(name="李四", decision=by_hand(author="cdc/zhao")), at=standing_at)
    assert last.place.serial - first.place.serial <= 2
    assert issuer.read(issue(issuer, paper(decision=milder), at=standing_at + 1).text).status is Status.YELLOW


def test_a_decision_as_grave_or_graver_of_the_same_second_stands(issuer: IssuerOnDisk) -> None:
    """The order within a second is nobody's: the graver one counts, and the same one again is no conflict."""
    for number, status in enumerate(("pending", "yellow", "red", "red")):
        code = issuer.read(issue(issuer, paper(decision=by_hand(status=status)), f"{number}").text)
        assert code.status is Status.from_label(status)


def test_an_outdone_decision_stops_no_other_of_its_batch(issuer: IssuerOnDisk) -> None:
    """Only its own answer says so."""
    issue(issuer, paper(decision=by_hand()))
    other = next(iter(resident_numbers(7)))
    asks = [
        ask_for(paper(decision=by_hand(status="yellow")), "a"),
        ask_for(paper(document={"number": other}), "b"),
        ask_for(paper(), "c"),
    ]
    assert outcomes(issuer, *asks) == ["conflict", "issued", "issued"]


@pytest.mark.parametrize("key", ["", "x" * 65, "a\nb", "a\0b", 7])
def test_odd_keys_are_refused(key: Any) -> None:
    """What the database cannot hold must not end as its fault."""
    with pytest.raises(InvalidRequest):
        ask_for({}, key)


@pytest.mark.parametrize("fields", [{"name": "\ud800"}, {"lifetime": float("nan")}])
def test_what_is_no_json_is_refused(fields: dict[str, Any]) -> None:
    """Flask reads half a surrogate pair and NaN; neither has a canonical form."""
    with pytest.raises(InvalidRequest):
        ask_for(fields)


def test_without_a_key_the_content_is_the_key() -> None:
    """The order of fields says nothing."""
    assert ask_for({"a": 1, "b": 2}).key == ask_for({"b": 2, "a": 1}).key != ask_for({"a": 1, "b": 3}).key


def test_handle_leads_back_and_nothing_else_does(issuer: IssuerOnDisk) -> None:
    """A handle is 16 random bytes in hex; whatever else is offered is simply not found."""
    row = issue(issuer, paper())
    shown = issued_json(row)
    assert read_handle(shown["handle"]) == row.handle
    assert (shown["text"], shown["form"]) == (row.text, "paper")
    assert row.handle not in issuer.read(row.text)
    for wrong in ("", "zz", "00" * 15, "00" * 17, "é"):
        with pytest.raises(NotFound):
            read_handle(wrong)


def test_secrets_are_distinct() -> None:
    """The digest that tells a secret apart must not give away the keys."""
    assert len({*SECRETS}) == len(SECRETS)
    assert Secrets.derived_from(bytes(32)).digest != SECRETS.digest
