"""What phones ask for over HTTP: a claim code gives one phone its code, and the phone keeps it up from then on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from credentials.algorithms.table import PrivateKey
from credentials.formats import native
from credentials.formats.native import claims
from credentials.keys import compressed_point, jwk_of, new_private_key
from credentials.model import StatusCredential
from credentials.profile.lists import Form
from credentials.wire import cose
from issuer import service
from issuer.app import create_app
from issuer.config import IssuerSettings
from issuer.opening import prepare
from issuer.phones.claim_codes import CLAIM_CODE_SECONDS
from issuer.phones.holding import PAPERS_A_DAY
from issuer.requests.holder_proof import PAPER, RELEASE, make_proof
from issuer.service import IssuerService
from service_kit.http.auth import authorization
from service_kit.http.limits import Limit
from service_kit.settings import read_settings
from tests.doubles.clock import FixedClock
from tests.unit.issuer.office import AUDIENCE, DAY, MEMBER, NOW, NUMBER, by_hand, paper, sampled
from tests.unit.issuer.serving import environment, with_staff

APP = new_private_key()
HOUR = 3600


def registration(**changes: Any) -> dict[str, Any]:
    """Somebody whose phone is not at hand."""
    return paper(**{"form": "phone", **changes})


class Wallets:
    """The application, a client of it, and any number of phones."""

    def __init__(self, settings: IssuerSettings) -> None:
        self.clock = FixedClock(NOW)
        app = create_app(settings, self.clock)
        with_staff(app)
        self.office: IssuerService = app.extensions[service.EXTENSION]
        self.office.clients.add("city-app", jwk_of(APP.public_key()), NOW)
        self.client: FlaskClient = app.test_client()

    @property
    def now(self) -> int:
        return self.clock.now()

    def wait(self, seconds: int) -> None:
        self.clock.time += seconds

    def headers(self, **more: str) -> dict[str, str]:
        return authorization(APP, "city-app", AUDIENCE, self.now) | more

    def claim_code(self, **changes: Any) -> str:
        answer = self.client.post("/v1/claim-codes", json=registration(**changes), headers=self.headers())
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["code"])

    def claim(self, code: str, phone: PrivateKey) -> TestResponse:
        proof = make_proof(phone, AUDIENCE, self.now)
        return self.client.post("/v1/wallet/claims", json={"code": code, "holder_proof": proof})

    def ask(self, what: str, phone: PrivateKey, act: str | None = None) -> TestResponse:
        return self.client.post(f"/v1/wallet/{what}", json={"holder_proof": make_proof(phone, AUDIENCE, self.now, act)})

    def renew(self, phone: PrivateKey) -> TestResponse:
        return self.ask("renewals", phone)

    def paper(self, phone: PrivateKey) -> TestResponse:
        return self.ask("paper", phone, PAPER)

    def release(self, phone: PrivateKey) -> TestResponse:
        return self.ask("release", phone, RELEASE)

    def issue(self, key: str, **changes: Any) -> dict[str, Any]:
        """The province's application issues a paper code of the same person, with whatever is new."""
        headers = self.headers(**{"Idempotency-Key": key})
        answer = self.client.post("/v1/credentials", json=paper(**changes), headers=headers)
        assert answer.status_code == 201, answer.text
        return dict(answer.json or {})

    def withdraw(self, text: str, cause: str) -> None:
        """The province's staff find a code by what it shows and withdraw it."""
        with self.office.engine.connect() as connection:
            query = "SELECT handle FROM issuer_credential WHERE text = ?"
            handle = connection.exec_driver_sql(query, (text,)).scalar_one()
        path = f"/v1/credentials/{handle.hex()}/withdrawal"
        # No client asked for it, so none may withdraw it, whatever it knows.
        assert self.client.post(path, json={"cause": cause}, headers=self.headers()).status_code == 404
        assert self.office.withdraw(handle, cause, "desk/li")

    def withdrawn(self) -> dict[str, str]:
        """Text -> cause."""
        with self.office.engine.connect() as connection:
            query = "SELECT text, cause FROM issuer_withdrawal JOIN issuer_credential USING (serial)"
            return dict(tuple(row) for row in connection.exec_driver_sql(query))

    def read(self, text: str) -> StatusCredential:
        return claims.decode(cose.verify(native.unwrap(text), self.office.issuance.own_key))


@pytest.fixture
def wallets(tmp_path: Path) -> Iterator[Wallets]:
    settings = read_settings(IssuerSettings, environment(tmp_path, TONGXING_HOTLINE="0371-12320"))
    prepare(settings)
    wallets = Wallets(settings)
    yield wallets
    wallets.office.engine.dispose()


def told(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return dict(answer.json or {})


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, str((answer.json or {})["code"])


def test_a_claim_code_gives_a_code_bound_to_the_phone(wallets: Wallets) -> None:
    """What the wallet shows at once, and what gates read once the phone has signed around it."""
    phone = new_private_key()
    held = told(wallets.claim(wallets.claim_code(), phone), 201)
    assert held == {
        "text": held["text"],
        "form": "phone",
        "status": "green",
        "holder": {"name": "王**", "document_tail": "002X"},
        "issued_at": NOW,
        "expires_at": NOW + DAY,
    }
    code = wallets.read(held["text"])
    assert (code.form, code.holder_key) == (Form.PHONE, compressed_point(phone.public_key()))


def test_wallet_says_who_issues_and_what_time_it_is(wallets: Wallets) -> None:
    """A phone makes its proofs by the issuer's clock; an answer from a cache would make them old."""
    answer = wallets.client.get("/v1/wallet")
    assert told(answer) == {
        "audience": AUDIENCE,
        "environment": "production",
        "member": MEMBER,
        "names": {"zh": "河南", "en": "Henan"},
        "hotline": "0371-12320",
        "sign_in": False,
        "log": "",
        "now": NOW,
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_lost_answer_is_asked_for_again(wallets: Wallets) -> None:
    """The same phone gets the same code; a second phone with the same claim code gets nothing."""
    code, phone = wallets.claim_code(), new_private_key()
    first = told(wallets.claim(code, phone), 201)
    wallets.wait(CLAIM_CODE_SECONDS // 4)
    assert told(wallets.claim(code, phone), 201) == first
    assert code_of(wallets.claim(code, new_private_key())) == (409, "claim-code-used")
    assert told(wallets.renew(phone)) == first


def test_claim_codes_that_give_nothing(wallets: Wallets) -> None:
    """Each with a code of its own: what to do about it differs."""
    phone, code = new_private_key(), wallets.claim_code()
    wrong = f"{code[:-1]}{(int(code[-1]) + 1) % 10}"
    assert code_of(wallets.claim(wrong, phone)) == (422, "claim-code-mistyped")
    assert code_of(wallets.claim("0000000000000001", phone)) == (404, "claim-code-unknown")
    newer = wallets.claim_code()
    assert code_of(wallets.claim(code, phone)) == (404, "claim-code-unknown")
    wallets.wait(CLAIM_CODE_SECONDS)
    assert code_of(wallets.claim(newer, phone)) == (410, "claim-code-expired")


def test_a_second_phone_ends_the_first(wallets: Wallets) -> None:
    """One active phone for each resident; the old one is told, and its code is refused at gates."""
    old, new = new_private_key(), new_private_key()
    first = told(wallets.claim(wallets.claim_code(), old), 201)
    second = told(wallets.claim(wallets.claim_code(), new), 201)
    assert wallets.withdrawn() == {first["text"]: "device-replaced"}
    assert code_of(wallets.renew(old)) == (403, "device-replaced")
    assert code_of(wallets.paper(old)) == (403, "device-replaced")
    assert told(wallets.renew(new)) == second
    back = told(wallets.claim(wallets.claim_code(), old), 201)
    assert told(wallets.renew(old)) == back
    assert code_of(wallets.renew(new)) == (403, "device-replaced")


def test_renewed_when_half_its_life_is_over(wallets: Wallets) -> None:
    """And not before; the older one is left to expire, or the status lists would grow by every resident each day."""
    phone = new_private_key()
    first = told(wallets.claim(wallets.claim_code(), phone), 201)
    wallets.wait(DAY // 2 - 1)
    assert told(wallets.renew(phone)) == first
    wallets.wait(1)
    second = told(wallets.renew(phone))
    assert (second["issued_at"], second["expires_at"]) == (NOW + DAY // 2, NOW + DAY // 2 + DAY)
    assert told(wallets.renew(phone)) == second
    assert wallets.withdrawn() == {}
    wallets.wait(9 * DAY)
    assert told(wallets.renew(phone))["issued_at"] == wallets.now


def test_a_decision_by_hand_follows_the_phone(wallets: Wallets) -> None:
    """Red by hand: the green code dies, the phone gets red, and asking again does not lift it before its end."""
    phone = new_private_key()
    green = told(wallets.claim(wallets.claim_code(), phone), 201)
    wallets.issue("red", decision=by_hand(ends_at=NOW + 3 * HOUR))
    assert wallets.withdrawn() == {green["text"]: "status-changed"}
    red = told(wallets.renew(phone))
    assert (red["status"], red["expires_at"]) == ("red", NOW + 3 * HOUR)
    assert wallets.read(red["text"]).decision_reference is not None
    assert told(wallets.paper(phone), 201)["status"] == "red"
    assert wallets.read(wallets.issue("by rule")["text"]).status.label == "red"
    wallets.wait(3 * HOUR)
    assert told(wallets.renew(phone))["status"] == "green"


def test_what_becomes_known_reaches_the_phone(wallets: Wallets) -> None:
    """A newer test of the same person, whoever it came through, is in the next code though the old one is young."""
    phone = new_private_key()
    first = told(wallets.claim(wallets.claim_code(), phone), 201)
    same = wallets.issue("same facts")
    assert told(wallets.renew(phone)) == first
    newer = wallets.issue("newer", evidence=[sampled(sampled_at=NOW - HOUR)])
    second = told(wallets.renew(phone))
    (piece,) = wallets.read(second["text"]).evidence
    assert piece.sampled_at == (NOW - HOUR) // 600 * 600
    assert wallets.withdrawn() == {}
    wallets.issue("positive", evidence=[sampled(result="positive")])
    green = [each["text"] for each in (first, same, newer, second)]
    assert wallets.withdrawn() == dict.fromkeys(green, "status-changed")
    assert told(wallets.renew(phone))["status"] == "red"
    wallets.issue("no facts", evidence=[])
    assert told(wallets.renew(phone))["status"] == "red"


def test_facts_age(wallets: Wallets) -> None:
    """A renewal judges anew: what was pending for want of a clear test is not pending for ever."""
    phone = new_private_key()
    code = wallets.claim_code(evidence=[sampled(result="inconclusive")])
    assert told(wallets.claim(code, phone), 201)["status"] == "pending"
    wallets.wait(7 * DAY)
    assert told(wallets.renew(phone))["status"] == "green"


@pytest.mark.parametrize(
    ("cause", "status", "code"),
    [
        ("lost-device", 403, "device-lost"),
        ("holder-request", 403, "code-taken-back"),
        ("issued-in-error", 403, "code-taken-back"),
        ("status-changed", 200, None),
        ("superseded", 200, None),
    ],
)
def test_withdrawn_by_staff(wallets: Wallets, cause: str, status: int, code: str | None) -> None:
    """The phone is told plainly, or gets a fresh code at once if its holder is entitled to one."""
    phone = new_private_key()
    first = told(wallets.claim(wallets.claim_code(), phone), 201)
    wallets.wait(HOUR)
    wallets.withdraw(first["text"], cause)
    answer = wallets.renew(phone)
    assert answer.status_code == status
    if code is not None:
        assert code_of(answer) == code_of(wallets.paper(phone)) == (status, code)
        assert told(wallets.claim(wallets.claim_code(), phone), 201)["text"] != first["text"]
    assert told(wallets.renew(phone))["text"] != first["text"]


def test_a_lost_phone_loses_all_that_it_had(wallets: Wallets) -> None:
    """Staff hold one handle; the thief has the newer code as well, and may have printed."""
    phone = new_private_key()
    first = told(wallets.claim(wallets.claim_code(), phone), 201)
    wallets.wait(DAY // 2)
    second, printed = told(wallets.renew(phone)), told(wallets.paper(phone), 201)
    wallets.withdraw(first["text"], "lost-device")
    assert set(wallets.withdrawn()) == {each["text"] for each in (first, second, printed)}


def test_release(wallets: Wallets) -> None:
    """The code is withdrawn, paper stays good, and the phone is free for a new claim."""
    phone = new_private_key()
    assert code_of(wallets.release(phone)) == (404, "device-unknown")
    held = told(wallets.claim(wallets.claim_code(), phone), 201)
    told(wallets.paper(phone), 201)
    assert told(wallets.release(phone)) == {"withdrawn": True}
    assert told(wallets.release(phone)) == {"withdrawn": False}
    assert wallets.withdrawn() == {held["text"]: "holder-request"}
    assert code_of(wallets.renew(phone)) == (403, "code-taken-back")
    told(wallets.claim(wallets.claim_code(), phone), 201)


def test_paper(wallets: Wallets) -> None:
    """Of the same person, for a week, and so many a day."""
    phone = new_private_key()
    told(wallets.claim(wallets.claim_code(), phone), 201)
    for number in range(PAPERS_A_DAY):
        printed = told(wallets.paper(phone), 201)
        assert (printed["form"], printed["expires_at"] - printed["issued_at"]) == ("paper", 7 * DAY)
        assert code_of(wallets.paper(phone)) == (422, "proof-of-possession-failed"), number
        wallets.wait(1)
    code = wallets.read(printed["text"])
    assert (code.form, code.holder_key, code.holder_name) == (Form.PAPER, None, "王**")
    answer = wallets.paper(phone)
    assert code_of(answer) == (429, "rate-limited")
    wallets.wait(DAY)
    told(wallets.paper(phone), 201)


def test_a_proof_is_for_its_deed(wallets: Wallets) -> None:
    """A proof that somebody found in a log must not give paper, nor end the code; a renewal's gives what only the phone
    can show."""
    phone = new_private_key()
    told(wallets.claim(wallets.claim_code(), phone), 201)
    for what, act in (("paper", None), ("paper", RELEASE), ("release", None), ("release", PAPER), ("renewals", PAPER)):
        assert code_of(wallets.ask(what, phone, act)) == (422, "proof-of-possession-failed"), (what, act)
    other = make_proof(phone, "https://other.example/issuer", NOW)
    answer = wallets.client.post("/v1/wallet/renewals", json={"holder_proof": other})
    assert code_of(answer) == (422, "proof-of-possession-failed")
    old = make_proof(phone, AUDIENCE, NOW - HOUR)
    assert wallets.client.post("/v1/wallet/renewals", json={"holder_proof": old}).status_code == 422


def test_assisted_codes_are_records_of_their_own(wallets: Wallets) -> None:
    """A grandmother has her own phone and is on her daughter's as well; neither ends the other."""
    own, daughters = new_private_key(), new_private_key()
    first = told(wallets.claim(wallets.claim_code(), own), 201)
    second = told(wallets.claim(wallets.claim_code(form="assisted", guardian="child"), daughters), 201)
    assert (second["form"], wallets.withdrawn()) == ("assisted", {})
    assert (told(wallets.renew(own)), told(wallets.renew(daughters))) == (first, second)
    answer = wallets.claim(wallets.claim_code(), daughters)
    assert code_of(answer) == (400, "invalid-request")


def test_claim_codes_are_for_registered_clients(wallets: Wallets) -> None:
    """Name and number are no password: nobody else can have a claim code made."""
    for headers in ({}, authorization(new_private_key(), "city-app", AUDIENCE, NOW)):
        answer = wallets.client.post("/v1/claim-codes", json=registration(), headers=headers)
        assert code_of(answer) == (401, "not-authenticated")
    for fields in (paper(), registration(holder_proof="x"), registration(decision=by_hand(approver="cdc/qian"))):
        answer = wallets.client.post("/v1/claim-codes", json=fields, headers=wallets.headers())
        assert answer.status_code in (400, 422), answer.text
        assert NUMBER not in answer.text


def test_unknown_claim_codes_are_limited(wallets: Wallets, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever guesses is stopped, also with a right one; typing errors do not count, and phones go on renewing."""
    monkeypatch.setattr(service, "FAILED_CLAIMS", Limit("failed-claim", 1))
    phone, code = new_private_key(), wallets.claim_code()
    told(wallets.claim(code, phone), 201)
    for _ in range(5):
        assert code_of(wallets.claim("1", phone)) == (422, "claim-code-mistyped")
    unknown = "0000000000000001"
    assert code_of(wallets.claim(unknown, phone)) == (404, "claim-code-unknown")
    assert code_of(wallets.claim(unknown, phone)) == (429, "rate-limited")
    assert code_of(wallets.claim(code, phone)) == (429, "rate-limited")
    told(wallets.renew(phone))


def test_all_unknown_claim_codes_together_are_limited(wallets: Wallets, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thief with many addresses has them all counted."""
    monkeypatch.setattr(service, "ALL_FAILED_CLAIMS", Limit("failed-claims-altogether", 1))
    proof = make_proof(new_private_key(), AUDIENCE, NOW)
    answers = [
        wallets.client.post(
            "/v1/wallet/claims",
            json={"code": "0000000000000001", "holder_proof": proof},
            environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"},
        ).status_code
        for number in range(3)
    ]
    assert answers == [404, 429, 429]


def test_a_phone_is_limited(wallets: Wallets, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wallet in a loop harms itself alone."""
    monkeypatch.setattr(service, "RENEWALS", Limit("renewal", 1))
    phones = [new_private_key() for _ in range(2)]
    codes = [wallets.claim_code(), wallets.claim_code(form="assisted", guardian="child")]
    for code, phone in zip(codes, phones, strict=True):
        told(wallets.claim(code, phone), 201)
    told(wallets.renew(phones[0]))
    assert code_of(wallets.renew(phones[0])) == (429, "rate-limited")
    told(wallets.renew(phones[1]))


def test_nobody_is_in_the_database(wallets: Wallets) -> None:
    """What is kept to issue again names nobody, and a stolen database gives no claim code away."""
    code = wallets.claim_code()
    told(wallets.claim(code, new_private_key()), 201)
    path = wallets.office.settings.data_dir
    content = b"".join(file.read_bytes() for file in path.glob("issuer.sqlite*"))
    for secret in ("王小明", NUMBER, code, code.replace(" ", "")):
        assert secret.encode() not in content
