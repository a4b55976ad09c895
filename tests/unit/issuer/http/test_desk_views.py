"""The desk over HTTP: every route for every role, sessions, forms of other sites, and a decision from link to list."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from credentials.base64url import from_base64url, to_base64url
from credentials.decisions.staff import ADMINISTRATOR, APPROVER, AUDITOR, OPERATOR
from credentials.keys import new_private_key
from issuer.app import create_app
from issuer.config import IssuerSettings
from issuer.opening import prepare
from issuer.service import EXTENSION, IssuerService
from issuer.staff.enrolment import invite
from issuer.storage import tables
from issuer.storage.ports.staff import AuditRow
from service_kit.clock import HOUR_SECONDS
from service_kit.settings import read_settings
from tests.doubles.clock import FixedClock
from tests.staff import ORIGIN, Person, Staff, assertion
from tests.unit.issuer.office import NOW, resident_numbers
from tests.unit.issuer.serving import environment

STAFF = Staff(ORIGIN)
AUDIT = Person("jian", "audit", AUDITOR, origin=ORIGIN)
STAFF.others.append(AUDIT)
BY_ROLE = {
    OPERATOR: STAFF.author,
    APPROVER: STAFF.approver,
    AUDITOR: AUDIT,
    ADMINISTRATOR: STAFF.administrators[0],
}
NUMBERS = resident_numbers(5)
ALL = frozenset(BY_ROLE)


class Desks:
    """The application, and browsers before it."""

    def __init__(self, settings: IssuerSettings) -> None:
        self.clock = FixedClock(NOW)
        self.app = create_app(settings, self.clock)
        self.office: IssuerService = self.app.extensions[EXTENSION]
        for row in STAFF.rows():
            kept = row._replace(credential_id=b"credential" + row.kid)
            self.office.staff.store.add_key(kept, AuditRow(NOW, "office-1/admin-1", "key-added"))
        self.office.staff.root = lambda: STAFF.root

    def browser(self) -> Browser:
        return Browser(self.app.test_client())

    def signed_in(self, person: Person) -> Browser:
        browser = self.browser()
        assert browser.sign_in(person).status_code == 303
        return browser


class Browser:
    """One browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=ORIGIN, headers={"Accept": "text/html"})

    def post(self, path: str, fields: dict[str, str], **headers: str) -> TestResponse:
        sent = {"Origin": ORIGIN, "Accept": "application/json", **headers}
        return self.client.post(path, data=fields, base_url=ORIGIN, headers=sent)

    def options(self, path: str) -> dict[str, Any]:
        """What the page's script is told to ask the passkey for."""
        found = re.search(r'data-options="([^"]*)"', self.get(path).text)
        assert found is not None
        options: dict[str, Any] = json.loads(html.unescape(found[1]))
        return options

    def sign_in(self, person: Person, **said: Any) -> TestResponse:
        return self.post("/desk/sign-in", {"credential": answer(person, self.options("/desk/sign-in"), **said)})

    def token(self) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.get("/desk/").text)
        assert found is not None
        return found[1]

    def act(self, path: str, person: Person | None = None, page: str = "", **fields: Any) -> TestResponse:
        """A form of the signed-in person, by their passkey if one signs."""
        credential = {} if person is None else {"credential": answer(person, self.options(page))}
        return self.post(path, {"token": self.token(), **credential, **fields})


def answer(person: Person, options: dict[str, Any], **said: Any) -> str:
    """What a browser has from an authenticator."""
    made = assertion(person, b"", **{"challenge": options["challenge"], **said})
    response = {
        "clientDataJSON": to_base64url(made.client_data),
        "authenticatorData": to_base64url(made.authenticator_data),
        "signature": to_base64url(made.signature),
    }
    name = to_base64url(b"credential" + person.key.kid)
    return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def made_passkey(options: dict[str, Any], origin: str = ORIGIN, flags: int = 0x45) -> str:
    """What a browser has from an authenticator that made a passkey."""
    numbers = new_private_key().public_key().public_numbers()
    key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
    scope = hashlib.sha256(b"code.example").digest()
    data = scope + bytes([flags]) + bytes(4) + bytes(16) + (8).to_bytes(2, "big") + b"new-cred" + key
    client = {"type": "webauthn.create", "challenge": options["challenge"], "origin": origin}
    response = {
        "clientDataJSON": to_base64url(json.dumps(client).encode()),
        "attestationObject": to_base64url(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
    }
    name = to_base64url(b"new-cred")
    return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Desks]:
    settings = read_settings(IssuerSettings, environment(tmp_path))
    prepare(settings)
    desks = Desks(settings)
    yield desks
    desks.office.engine.dispose()


def proposed(desks: Desks, *numbers: str) -> str:
    """A decision that its author has signed; its number."""
    browser = desks.signed_in(STAFF.author)
    wish: dict[str, Any] = {"status": "red", "reason": "close-contact", "days": "3"}
    wish |= {"basis": "infectious-diseases-law-39"}
    people = "\n".join(f"{number} 王小明" for number in numbers or NUMBERS[:1])
    done = browser.act("/desk/propose", people=people, approver_unit="health-commission", **wish)
    assert done.status_code == 303, done.text
    page = done.location
    assert browser.act(f"{page}/sign", STAFF.author, page).status_code == 303
    return page.rpartition("/")[2]


def test_strangers_who_open_the_sign_in_page_leave_nothing_in_the_database(desks: Desks) -> None:
    """A row for each look filled it without end: nothing counted them, and only somebody who signed in removed any."""
    for _ in range(3):
        assert desks.browser().get("/desk/sign-in").status_code == 200
    with desks.office.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.staff_challenge)).scalar_one() == 0


def test_a_challenge_signs_in_once_also_when_the_clock_goes_back(desks: Desks) -> None:
    browser = desks.browser()
    credential = {"credential": answer(STAFF.author, browser.options("/desk/sign-in"))}
    assert [browser.post("/desk/sign-in", credential).status_code for _ in range(2)] == [303, 401]
    desks.clock.time += HOUR_SECONDS
    assert browser.sign_in(STAFF.approver).status_code == 303
    desks.clock.time -= HOUR_SECONDS
    assert browser.post("/desk/sign-in", credential).status_code == 401


def test_a_challenge_that_is_not_ours_or_has_ended_signs_nobody_in(desks: Desks) -> None:
    """Each bit of it counts, the time in it above all."""
    browser = desks.browser()
    ours = from_base64url(browser.options("/desk/sign-in")["challenge"])
    others = [bytes(32), ours[:-1], ours + b"x", b"", *(altered(ours, place) for place in (0, 8, 15, 16, 31))]
    for challenge in others:
        credential = answer(STAFF.author, {"challenge": to_base64url(challenge)})
        assert browser.post("/desk/sign-in", {"credential": credential}).status_code == 401, challenge.hex()
    desks.clock.time += 300
    credential = answer(STAFF.author, {"challenge": to_base64url(ours)})
    assert browser.post("/desk/sign-in", {"credential": credential}).status_code == 401


def altered(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


ROUTES: list[tuple[str, str, frozenset[str]]] = [
    ("GET", "/desk/", ALL),
    ("GET", "/desk/propose", frozenset({OPERATOR})),
    ("POST", "/desk/propose", frozenset({OPERATOR})),
    ("GET", "/desk/decisions/<number>", ALL),
    ("GET", "/desk/decisions/<number>/proof.json", ALL),
    ("POST", "/desk/decisions/<number>/<act>", ALL),
    ("GET", "/desk/done", ALL),
    ("GET", "/desk/staff", frozenset({AUDITOR, ADMINISTRATOR})),
    ("POST", "/desk/staff/<kid>/<act>", frozenset({ADMINISTRATOR})),
    ("POST", "/desk/sign-out", ALL),
]
OPEN = {"/desk/desk.js", "/desk/enrol/<secret>", "/desk/sign-in"}


def test_every_route_is_in_the_table(desks: Desks) -> None:
    """Who adds one says here who may open it."""
    rules = {str(rule) for rule in desks.app.url_map.iter_rules() if str(rule).startswith("/desk/")}
    assert rules == {path for _, path, _ in ROUTES} | OPEN


@pytest.mark.parametrize("role", [None, *sorted(ALL)])
def test_every_route_for_every_role(desks: Desks, role: str | None) -> None:
    """Nobody who is not signed in gets anything, and each role what is its own."""
    number = proposed(desks)
    kid = STAFF.author.key.kid.hex()
    browser = desks.browser() if role is None else desks.signed_in(BY_ROLE[role])
    for method, path, roles in ROUTES:
        place = path.replace("<number>", number).replace("<kid>", kid).replace("<act>", "vouch")
        if method == "GET":
            done = browser.get(place)
        else:
            done = browser.post(place, {"token": browser.token() if role else ""})
        if role is None:
            assert done.status_code == (303 if path == "/desk/" else 401), place
        elif role in roles:
            assert done.status_code not in (401, 403) and done.status_code < 500, (place, done.text)
        else:
            assert done.status_code == 403, place


def test_a_form_of_another_site_is_none(desks: Desks) -> None:
    """Without the session's token, with another's, or from a page of another address."""
    browser, other = desks.signed_in(STAFF.author), desks.signed_in(AUDIT)
    for fields in ({}, {"token": ""}, {"token": other.token()}):
        assert browser.post("/desk/sign-out", fields).status_code == 403
    token = browser.token()
    assert browser.post("/desk/sign-out", {"token": token}, Origin="https://evil.example").status_code == 403
    assert browser.post("/desk/sign-in", {"credential": "{}"}, Origin="https://evil.example").status_code == 403
    assert browser.post("/desk/sign-out", {"token": token}).status_code == 303
    assert browser.get("/desk/done").status_code == 401


def test_pages_allow_one_script_of_our_own_and_no_other_site(desks: Desks) -> None:
    """Whatever a hole puts into these pages does not run."""
    answered = desks.signed_in(STAFF.author).get("/desk/")
    policy = answered.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "unsafe" not in policy and "form-action 'self'" in policy
    assert answered.headers["Cache-Control"] == "no-store"
    # Else browsers send our own forms with an Origin of null, and each is refused.
    assert answered.headers["Referrer-Policy"] == "same-origin"
    script = desks.browser().get("/desk/desk.js")
    assert script.mimetype == "text/javascript" and b"navigator.credentials" in script.data
    script.close()


def test_a_session_ends_idle_and_with_its_key(desks: Desks) -> None:
    """A desk that somebody walked away from, and a colleague who was dismissed."""
    browser = desks.signed_in(STAFF.author)
    for _ in range(3):
        desks.clock.time += 800
        assert browser.get("/desk/done").status_code == 200
    desks.clock.time += 901
    assert browser.get("/desk/done").status_code == 401
    browser, administrator = desks.signed_in(STAFF.author), desks.signed_in(STAFF.administrators[0])
    kid = STAFF.author.key.kid
    page = administrator.get("/desk/staff").text
    card = page[page.index(f"staff/{kid.hex()}/revoke") :]
    found = re.search(r'data-options="([^"]*)"', card)
    assert found is not None
    credential = answer(STAFF.administrators[0], json.loads(html.unescape(found[1])))
    fields = {"token": administrator.token(), "credential": credential, "made_at": str(desks.clock.time)}
    assert administrator.post(f"/desk/staff/{kid.hex()}/revoke", fields | {"made_at": "0"}).status_code == 400
    # Python reads no number of some thousand digits.
    endless = fields | {"made_at": f"{desks.clock.time}".rjust(12, "0") + "9" * 5_000}
    assert administrator.post(f"/desk/staff/{kid.hex()}/revoke", endless).status_code == 400
    assert administrator.post(f"/desk/staff/{kid.hex()}/revoke", fields).status_code == 303
    assert browser.get("/desk/done").status_code == 401
    assert desks.browser().sign_in(STAFF.author).status_code == 403


def test_who_is_nobody_is_not_signed_in(desks: Desks) -> None:
    """Another's passkey, one of another site, nobody present, an answer used twice, an old one."""
    stranger = Person("x", "cdc", OPERATOR, origin=ORIGIN)
    assert desks.browser().sign_in(stranger).status_code == 401
    for said in ({"origin": "https://evil.example"}, {"flags": 0x01}, {"type": "webauthn.create"}, {"rp_id": "evil"}):
        assert desks.browser().sign_in(STAFF.author, **said).status_code == 401
    browser = desks.browser()
    used = answer(STAFF.author, browser.options("/desk/sign-in"))
    assert browser.post("/desk/sign-in", {"credential": used}).status_code == 303
    assert desks.browser().post("/desk/sign-in", {"credential": used}).status_code == 401
    late = answer(STAFF.author, browser.options("/desk/sign-in"))
    desks.clock.time += 301
    assert desks.browser().post("/desk/sign-in", {"credential": late}).status_code == 401
    for broken in ("", "[]", "{}", json.dumps({"response": {}}), "x" * 20_000):
        assert desks.browser().post("/desk/sign-in", {"credential": broken}).status_code == 400


def test_from_a_link_to_a_key_in_force(desks: Desks) -> None:
    """Good once; two administrators vouch; it counts after the delay."""
    made = invite(desks.office.staff, "zhou", "cdc", [OPERATOR], NOW)
    page, browser = f"/desk/enrol/{made.secret}", desks.browser()
    assert browser.get(page + "x").status_code == 404
    for broken in (
        made_passkey(browser.options(page), origin="https://evil.example"),
        made_passkey(browser.options(page), flags=0x41),
        "{}",
    ):
        assert browser.post(page, {"credential": broken}).status_code == 400
    credential = made_passkey(browser.options(page))
    assert browser.post(page, {"credential": credential}).status_code == 303
    assert browser.post(page, {"credential": credential}).status_code in (400, 404)
    assert browser.get(page).status_code == 404
    (row,) = [each for each in desks.office.staff.store.all_keys() if each.credential_id == b"new-cred"]
    for administrator in STAFF.administrators:
        signed_in = desks.signed_in(administrator)
        listed = signed_in.get("/desk/staff").text
        card = listed[listed.index(f"staff/{row.kid.hex()}/vouch") :]
        found = re.search(r'data-options="([^"]*)"', card)
        assert found is not None
        answered = answer(administrator, json.loads(html.unescape(found[1])))
        done = signed_in.act(f"/desk/staff/{row.kid.hex()}/vouch", credential=answered)
        assert done.status_code == 303, done.text
    states = {each.row.kid: each.state for each in desks.office.staff.all(NOW)}
    assert states[row.kid] == "delayed"
    assert {each.row.kid: each.state for each in desks.office.staff.all(NOW + 86_400)}[row.kid] == "in-force"


def test_a_decision_from_its_text_to_its_proof(desks: Desks) -> None:
    """What the approver sees is what is signed: the text, its digest, whom it is about."""
    number = proposed(desks, *NUMBERS[:2])
    browser, page = desks.signed_in(STAFF.approver), f"/desk/decisions/{number}"
    shown = html.unescape(browser.get(page).text)
    text = desks.office.desk.find(bytes.fromhex(number)).text
    assert hashlib.sha256(text.encode()).hexdigest() in shown
    assert json.dumps(json.loads(text), ensure_ascii=False, indent=2) in shown
    assert "王**" in shown and NUMBERS[0][-4:] in shown and NUMBERS[0] not in shown
    assert from_base64url(browser.options(page)["challenge"]) == hashlib.sha256(text.encode()).digest()
    assert browser.get(f"{page}/proof.json").status_code == 400
    assert browser.act(f"{page}/dance").status_code == 404
    assert browser.act(f"{page}/approve", STAFF.approver, page).status_code == 303
    # This office publishes no log: what it says has nothing to stand on yet.
    assert browser.get(f"{page}/proof.json").status_code == 503
    assert {each.act for each in desks.office.staff.store.did(STAFF.approver.key.staff, 9)} >= {"looked", "approved"}
    done = browser.get("/desk/done?lang=en").text
    assert "Approved a decision" in done and "Signed in" in done
    assert "Proposed a decision" in desks.signed_in(AUDIT).get("/desk/done?lang=en").text


def test_who_tries_what_they_may_not_is_kept_and_counted(desks: Desks) -> None:
    """A colleague of the author's unit who approves; what is only mistyped is counted and nobody's try."""
    number = proposed(desks)
    page, colleague = f"/desk/decisions/{number}", desks.signed_in(STAFF.named("cdc/qian"))
    shown = re.search(r"<code>([0-9a-f]{64})</code>", colleague.get(page).text)
    assert shown is not None
    credential = answer(STAFF.named("cdc/qian"), {"challenge": to_base64url(bytes.fromhex(shown[1]))})
    assert colleague.act(f"{page}/approve", credential=credential).status_code == 422
    assert colleague.act(f"{page}/approve", credential="{}").status_code == 400
    tries = [each for each in desks.office.staff.store.did("cdc/qian", 9) if each.act == "turned-away"]
    assert [each.number for each in tries] == [bytes.fromhex(number)]
    metrics = desks.browser().get("/metrics").text
    for code in ("decision-rejected", "invalid-request"):
        assert f'tongxing_desk_refused_total{{code="{code}"}} 1.0' in metrics
    assert "Tried what they may not" in desks.signed_in(AUDIT).get("/desk/done?lang=en").text


def test_decisions_of_other_units_are_not_shown(desks: Desks) -> None:
    """Who has no part in it learns nothing of it, not even by its number."""
    number = proposed(desks)
    page = f"/desk/decisions/{number}"
    assert desks.signed_in(STAFF.named("center/sun")).get(page).status_code == 403
    assert desks.signed_in(STAFF.named("cdc/zhao")).get(page).status_code == 200
    assert number not in desks.signed_in(STAFF.named("center/sun")).get("/desk/").text
    assert number in desks.signed_in(STAFF.approver).get("/desk/").text
    for nothing in ("00" * 16, "00", "x"):
        assert desks.signed_in(AUDIT).get(f"/desk/decisions/{nothing}").status_code == 404
    assert desks.signed_in(STAFF.author).act(f"{page}/refuse").status_code == 303


@pytest.mark.parametrize(
    "change",
    [
        {"people": ""}, {"people": "12345"}, {"people": f"{NUMBERS[0]}\n{NUMBERS[0]}"}, {"status": "blue"},
        {"reason": ""}, {"basis": "because"}, {"days": "15"}, {"days": "x"},
        {"days": "0001" + "9" * 5_000}, {"approver_unit": "cdc"},
    ],
)  # fmt: skip
def test_what_cannot_be_proposed_is_told(desks: Desks, change: dict[str, str]) -> None:
    """By the field, and for a list by the line; no number is repeated."""
    wish: dict[str, Any] = {"people": NUMBERS[0], "status": "red", "reason": "close-contact", "days": "3"}
    wish |= {"basis": "infectious-diseases-law-39", "approver_unit": "health-commission"}
    done = desks.signed_in(STAFF.author).act("/desk/propose", **(wish | change))
    assert done.status_code in (400, 422)
    assert NUMBERS[0] not in done.text
