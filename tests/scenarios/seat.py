"""Somebody of staff before a browser with a passkey, at the desk of an issuer that runs in a process of its own."""

from __future__ import annotations

import hashlib
import html
import http.client
import json
import re
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import cbor2

from credentials.base64url import to_base64url
from credentials.decisions.signatures import rp_id_of
from demonstration.cast import ActingProvince
from demonstration.world import HOST
from issuer.staff.enrolment import invite
from tests.staff import Person, assertion

_FORM = "application/x-www-form-urlencoded"


class Page(NamedTuple):
    """An answer of the desk: status, where it leads to, and the text; of a refusal its code."""

    status: int
    location: str
    text: str

    @property
    def code(self) -> str:
        """The stable code of a refusal; empty for an answer that is none."""
        return str(json.loads(self.text)["type"]).rpartition(":")[2] if self.status >= 400 else ""


def _invited(province: ActingProvince, pseudonym: str, unit: str, role: str) -> str:
    """A link's secret, as `issuer staff invite` makes it, in this process: a command takes two seconds."""
    office = province.hands.opened()
    try:
        return invite(office.staff, pseudonym, unit, [role], office.now()).secret
    finally:
        office.engine.dispose()


class Seat:
    """``pseudonym`` of ``unit`` with a passkey of their own; enrolled by a link, and not signed in yet."""

    def __init__(self, province: ActingProvince, pseudonym: str, unit: str, role: str) -> None:
        server, self._cookies = province.server, ""
        self._port, self._origin = server.port, server.url("issuer").removesuffix("/issuer")
        self.person = Person(pseudonym, unit, role, origin=self._origin, member=province.home.member)
        self.staff = self.person.key.staff
        link = f"/issuer/desk/enrol/{_invited(province, pseudonym, unit, role)}"
        done = self.post(link, {"credential": self._made_passkey(self._challenge(link))})
        assert done.status == 303, done.text

    @property
    def _credential_id(self) -> bytes:
        return b"of " + self.person.key.staff.encode()

    def sign_in(self) -> Page:
        """By the passkey."""
        place = "/issuer/desk/sign-in"
        return self.post(place, {"credential": self._answer(self._challenge(place))})

    def get(self, path: str) -> Page:
        """A page, in English."""
        return self._send("GET", path, None, {"Accept": "text/html", "Accept-Language": "en"})

    def post(self, path: str, fields: dict[str, str]) -> Page:
        """A form of the desk's own page."""
        headers = {"Origin": self._origin, "Content-Type": _FORM, "Accept": "application/json"}
        return self._send("POST", path, urlencode(fields).encode(), headers)

    def act(self, path: str, page: str = "", **fields: str) -> Page:
        """A form of the session; signed by the passkey over the text that ``page`` shows, where one is named, whether
        or not the page asks for that."""
        signed = {"credential": self._answer(self._digest(page))} if page else {}
        return self.post(path, {"token": self._token(), **signed, **fields})

    def propose(self, numbers: list[str], approver_unit: str) -> Page:
        """A red about these people, of three days."""
        return self.act(
            "/issuer/desk/propose", people="\n".join(numbers), status="red", reason="close-contact",
            basis="infectious-diseases-law-39", days="3", approver_unit=approver_unit,
        )  # fmt: skip

    def put_forward(self, numbers: list[str], approver_unit: str) -> str:
        """The same, signed by its author; the decision's page."""
        proposed = self.propose(numbers, approver_unit)
        assert proposed.status == 303, proposed.text
        page = proposed.location
        signed = self.act(f"{page}/sign", page)
        assert signed.status == 303, signed.text
        return page

    def _token(self) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.get("/issuer/desk/").text)
        return found[1] if found else ""

    def _digest(self, page: str) -> str:
        """Of the text on a decision's page, as a passkey is challenged with it."""
        found = re.search(r"<code>([0-9a-f]{64})</code>", self.get(page).text)
        assert found is not None
        return to_base64url(bytes.fromhex(found[1]))

    def _challenge(self, path: str) -> str:
        """What the page's script is told to ask the passkey with."""
        found = re.search(r'data-options="([^"]*)"', self.get(path).text)
        assert found is not None
        return str(json.loads(html.unescape(found[1]))["challenge"])

    def _answer(self, challenge: str) -> str:
        made = assertion(self.person, b"", challenge=challenge)
        return self._credential(
            clientDataJSON=made.client_data, authenticatorData=made.authenticator_data, signature=made.signature
        )

    def _made_passkey(self, challenge: str) -> str:
        numbers = self.person.private_key.public_key().public_numbers()
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        scope = hashlib.sha256(rp_id_of(self._origin).encode()).digest()
        name = self._credential_id
        data = scope + b"\x45" + bytes(4) + bytes(16) + len(name).to_bytes(2, "big") + name + key
        client = {"type": "webauthn.create", "challenge": challenge, "origin": self._origin}
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(clientDataJSON=json.dumps(client).encode(), attestationObject=attestation)

    def _credential(self, **parts: bytes) -> str:
        name = to_base64url(self._credential_id)
        response = {part: to_base64url(value) for part, value in parts.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Page:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=60)
        host = urlsplit(self._origin).netloc
        connection.request(method, path, body, {"Host": host, "Cookie": self._cookies, **headers})
        answer = connection.getresponse()
        text = answer.read().decode()
        given = [each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie", [])]
        if given:
            self._cookies = "; ".join(given)
        connection.close()
        return Page(answer.status, urlsplit(answer.headers.get("Location", "")).path, text)
