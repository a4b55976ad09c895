"""Somebody who is red shows another code; one client reaches for another's codes; a name that is a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import TongxingError
from credentials.keys import compressed_point, jwk_of, new_private_key
from credentials.profile.lists import Status
from credentials.signing import PemSigner
from issuer.app import create_app
from issuer.bulk.run import issue_file
from issuer.config import IssuerSettings
from issuer.issuing.consequences import living
from issuer.issuing.issuance import Issuance, ask_for
from issuer.opening import prepare
from issuer.phones.holding import Holding
from issuer.requests.request import read_request
from issuer.service import EXTENSION, IssuerService
from service_kit.http.auth import authorization
from service_kit.settings import read_settings
from tests.contract.test_holders import KEY, Office
from tests.doubles.clock import FixedClock
from tests.unit.issuer.office import AUDIENCE, DAY, NOW, by_hand, own_key, paper, phone, sampled
from tests.unit.issuer.serving import environment

LATER = NOW + DAY // 2
"""When red is decided: a phone's code of NOW is renewed by then."""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(f"sqlite:///{tmp_path / 'issuer.sqlite'}")
    yield office
    office.engine.dispose()


def statuses_of(office: Office) -> set[Status]:
    """The statuses of this one person's codes that gates take."""
    subject = office.issuance.facts_of(read_request(paper(), "", NOW)).subject
    with office.store.deed([subject]) as deed:
        return {each.status for each in living(deed.codes(LATER), LATER)}


def ask(office: Office, key: str, at: int = LATER, client: str = "app", **fields: Any) -> Any:
    return office.issuance.issue(client, ask_for(paper(**fields), key), at)


RED: dict[str, Callable[[Office], Any]] = {
    "by hand": lambda office: ask(office, "red", decision=by_hand()),
    "by another client": lambda office: ask(office, "red", client="hospital", decision=by_hand()),
    "by a positive test": lambda office: ask(office, "red", evidence=[positive()]),
    "with a claim code": lambda office: office.code(LATER, decision=by_hand()),
    "with a claim code for a relative": lambda office: office.code(
        LATER, form="assisted", guardian="child", decision=by_hand()
    ),
}


def positive() -> dict[str, Any]:
    return sampled(result="positive", sampled_at=LATER - 3600)


@pytest.mark.parametrize("red", RED)
def test_green_codes_of_applications_outlive_red(office: Office, red: str) -> None:
    """Paper and a phone code that an application asked for passed for up to seven days: only claimed phones were told.
    And one more paper, a printed one of the phone, a relative's phone, a claim code in somebody's pocket."""
    own, relatives = (compressed_point(new_private_key().public_key()) for _ in range(2))
    ask(office, "paper", NOW)
    ask(office, "second paper", NOW, client="hospital")
    office.issuance.issue("app", ask_for(phone(new_private_key(), NOW), "phone"), NOW)
    office.claim(office.code(), own)
    office.claim(office.code(form="assisted", guardian="child"), relatives)
    pocket = office.code()
    assert statuses_of(office) == {Status.GREEN}
    RED[red](office)
    assert statuses_of(office) <= {Status.RED}
    for point in (own, relatives):
        assert office.holding.renew(point, LATER).status is Status.RED
    with suppress(TongxingError):
        assert office.claim(pocket, compressed_point(new_private_key().public_key()), LATER).status is Status.RED
    assert statuses_of(office) == {Status.RED}


@pytest.mark.parametrize("red", RED)
def test_a_green_paper_is_recorded_after_the_red_that_it_does_not_know(office: Office, red: str) -> None:
    """It was judged by the decisions that stood when it was asked for, and recorded when red stood."""
    late = interrupted(office, lambda: RED[red](office))
    with suppress(TongxingError):
        late.issue("app", ask_for(paper(), "paper"), LATER)
    assert statuses_of(office) <= {Status.RED}


def test_a_relatives_phone_renews_while_red_comes_with_a_claim_code(office: Office) -> None:
    """It was handed green, and the red code was withdrawn by it."""
    relatives = compressed_point(new_private_key().public_key())
    office.claim(office.code(form="assisted", guardian="child"), relatives)
    late = interrupted(office, lambda: RED["with a claim code"](office))
    assert Holding(office.store, late).renew(relatives, LATER).status is Status.RED
    assert statuses_of(office) == {Status.RED}


class InterruptedSigner(PemSigner):
    """Signs, and once, before what it signed can be recorded, has something else done."""

    between: Callable[[], Any] | None = None

    def sign(self, message: bytes) -> bytes:
        between, self.between = self.between, None
        if between:
            between()
        return super().sign(message)


def interrupted(office: Office, between: Callable[[], Any]) -> Issuance:
    """The issuer's work as another process does it, stopped in the middle while ``between`` is done."""
    signer = InterruptedSigner(KEY, own_key(KEY).kid)
    signer.between = between
    return replace(office.issuance, signer=signer)


class Clients:
    """An issuer over HTTP with two clients."""

    def __init__(self, folder: Path) -> None:
        settings = read_settings(IssuerSettings, environment(folder))
        prepare(settings)
        app = create_app(settings, FixedClock(NOW))
        self.office: IssuerService = app.extensions[EXTENSION]
        self.keys = {name: new_private_key() for name in ("city", "school")}
        for name, key in self.keys.items():
            self.office.clients.add(name, jwk_of(key.public_key()), NOW)
        self._client = app.test_client()

    def send(self, client: str, method: str, path: str, body: Any = None) -> Any:
        headers = authorization(self.keys[client], client, AUDIENCE, NOW) | {"Idempotency-Key": "one"}
        return self._client.open(path, method=method, json=body, headers=headers)


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[Clients]:
    clients = Clients(tmp_path)
    yield clients
    clients.office.engine.dispose()


def test_a_client_draws_or_withdraws_codes_whose_handle_it_learnt(clients: Clients) -> None:
    """Each could do either with any handle. To another client the handle does not exist, whatever it asks for."""
    place = f"/v1/credentials/{clients.send('city', 'POST', '/v1/credentials', paper()).json['handle']}"
    for method, path in (("GET", "symbol.png"), ("GET", "symbol.svg"), ("POST", "withdrawal")):
        body = {"cause": "superseded"} if method == "POST" else None
        answer = clients.send("school", method, f"{place}/{path}", body)
        assert (answer.status_code, answer.json["code"]) == (404, "not-found")
    assert clients.send("city", "GET", f"{place}/symbol.png").status_code == 200
    assert clients.send("city", "POST", f"{place}/withdrawal", {"cause": "superseded"}).json == {"withdrawn": True}


def test_a_client_has_another_clients_code_by_its_idempotency_key(clients: Clients) -> None:
    """Keys are numbers of orders, easily guessed: each client has its own."""
    first = clients.send("city", "POST", "/v1/credentials", paper()).json
    assert clients.send("school", "POST", "/v1/credentials", paper()).json["handle"] != first["handle"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u3164",
        "\u2800\u2800",
        "\u115f\u1160",
        "\uffa0",
        "\u200b",
        "\u00ad",
        "✅ 通过 放行",
        "王小明 ✔",
        "王小明\U0001f7e2",
        "王小明①",
        "■■■",
        "···",
        "---",
    ],
)
def test_a_name_that_is_blank_or_a_verdict(clients: Clients, name: str) -> None:
    """Blanks and fillers are no name, and a tick beside one is read by a guard before the name is."""
    answer = clients.send("city", "POST", "/v1/credentials", paper(name=name))
    assert answer.status_code == 422


def test_one_name_of_a_bulk_stops_all_that_come_after_it(office: Office, tmp_path: Path) -> None:
    """A character that the reader of codes did not know ended a bulk of 600 with no line told, at every run again."""
    lines = [
        paper(name="王小明"),
        paper(name="王\U00031350"),
        paper(name="王\ue000"),
        paper(name="\u3164"),
        paper(name="李"),
    ]
    source = tmp_path / "people.ndjson"
    source.write_text("".join(f"{json.dumps({**line, 'key': f'{n}'})}\n" for n, line in enumerate(lines)))
    result = issue_file(office.issuance, source, tmp_path / "codes.ndjson", lambda: NOW)
    assert result.issued + result.rejected == len(lines)
    rejected = (tmp_path / "codes.ndjson.rejected.ndjson").read_text().splitlines()
    assert [json.loads(line)["number"] for line in rejected] == [4]
