"""Whatever is sent to real servers, and whatever goes wrong in them: nobody is in what they write down or show."""

from __future__ import annotations

import base64
import http.client
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from credentials.algorithms.table import NATIVE
from credentials.formats import native
from credentials.formats.native import claims
from credentials.keys import VerificationKey, jwk_of, load_private_key, new_private_key
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.wire import cose
from demonstration.cast import CLIENT, ActingProvince, Registry
from demonstration.phone import Phone
from demonstration.residents import resident_id
from demonstration.world import HOST, Server, World
from service_kit.clock import SystemClock
from service_kit.http.auth import authorization
from tests.scenarios.deployment import deployed, request

NAME, OTHER_NAME, MASKED = "欧阳小明", "阿依古丽·艾合买提江", "欧阳**"
NUMBER, OTHER_NUMBER, PASSPORT = resident_id(410102, "19850312", 123), resident_id(410102, "19991231", 45), "E12345678"
CALLER = "203.0.113.77"
SANE_ID = "trace-0001-of-this-test"
"""A request id such as a proxy makes."""


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Caller:
    """Sends anything, and keeps what it must not find again and every answer that was a problem."""

    def __init__(self, province: ActingProvince, registry: Registry, folder: Path) -> None:
        self.province, self.registry = province, registry
        self.key = load_private_key((folder / province.home.name / "city-app.pem").read_bytes())
        self.secrets = {NAME, OTHER_NAME, MASKED, NUMBER, OTHER_NUMBER, PASSPORT, CALLER, "TX1:", "TXP1:", "eyJ"}
        self.problems: list[Answer] = []

    def send(self, server: Server, method: str, path: str, body: Any = None, headers: Any = None) -> Answer:
        """One request, sent as it is. A JSON body unless it is bytes."""
        connection = http.client.HTTPConnection(HOST, server.port, timeout=30)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        noise = {"User-Agent": NUMBER, "X-Forwarded-For": CALLER, "Referer": f"https://{PASSPORT}/"}
        connection.request(method, path, data, {"Content-Type": "application/json", **noise, **(headers or {})})
        got = connection.getresponse()
        answer = Answer(got.status, got.headers, got.read())
        connection.close()
        if answer.status >= 400:
            self.problems.append(answer)
        return answer

    def issuer(self, method: str, path: str, body: Any = None, key: str = "", **more: str) -> Answer:
        """As the province's application."""
        now = SystemClock().now()
        headers = authorization(self.key, CLIENT, self.province.server.url("issuer"), now) | more
        self.secrets.add(headers["Authorization"].rpartition(".")[2])
        if key:
            self.secrets.add(key)
            headers["Idempotency-Key"] = key
        return self.send(self.province.server, method, f"/issuer/v1/credentials{path}", body, headers)

    def issue(self, key: str, **fields: Any) -> dict[str, Any]:
        answer = self.issuer("POST", "", request(**fields), key)
        assert answer.status == 201, answer.body
        issued: dict[str, Any] = json.loads(answer.body)
        self.secrets |= {issued["handle"], issued["text"][8:40], *self._ids(issued["text"])}
        return issued

    def check(self, text: str) -> Answer:
        return self.send(self.province.server, "POST", "/verifier/v1/check", {"text": text, "lane": "gate-1"})

    def _ids(self, text: str) -> set[str]:
        public_key = self.province.signer("credential-1").public_key
        kid = bytes.fromhex(self.province.kid("credential-1"))
        key = VerificationKey(
            kid, self.province.home.member, NATIVE.NAME, "credential", 0, MAX_TIME_SECONDS, public_key
        )
        cti = claims.decode(cose.verify(native.unwrap(text), key)).cti
        return {cti.hex(), cti.hex().upper(), base64.b64encode(cti).decode(), base64.urlsafe_b64encode(cti).decode()}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Caller]]:
    folder = tmp_path_factory.mktemp("deployment")
    with deployed(folder) as (world, registry, province):
        caller = Caller(province, registry, folder)
        for secret in [*folder.glob("*/keys-of-the-province/keys/*.pem"), *folder.glob("registry/o*/*.pem")]:
            caller.secrets |= {line for line in secret.read_text().splitlines() if len(line) > 20}
        caller.secrets.add((folder / province.home.name / "issuer.secret").read_bytes().hex())
        everyday(caller, world)
        garbage(caller, world)
        faults(caller, folder)
        yield world, caller


def everyday(caller: Caller, world: World) -> None:
    """Issue, show, check, withdraw."""
    paper = caller.issue(f"key-of-{PASSPORT}", name=NAME, number=NUMBER)
    phone = Phone(world.folder / "phone")
    phone.make_key()
    proof = phone.proof(caller.province.server.url("issuer"), SystemClock().now())
    code = caller.issue("key-2-of-the-test", name=OTHER_NAME, number=OTHER_NUMBER, form="phone", holder_proof=proof)
    phone.keep(code["text"])
    live = phone.show(SystemClock().now())
    caller.secrets |= {proof.rpartition(".")[2], live[8:40]}
    for kind in ("png", "svg"):
        assert caller.issuer("GET", f"/{paper['handle']}/symbol.{kind}").status == 200
    for text, outcome in ((paper["text"], "accepted"), (live, "accepted"), (code["text"], "refused")):
        verdict = json.loads(caller.check(text).body)
        assert verdict["outcome"] == outcome, verdict
    assert caller.issuer("POST", f"/{paper['handle']}/withdrawal", {"cause": "superseded"}).status == 200
    caller.province.publish_status()
    caller.province.wait_for_withdrawals(caller.province.home.member, 1)
    assert json.loads(caller.check(paper["text"]).body)["reasons"][0]["code"] == "withdrawn"
    texts = [paper["text"], live, paper["text"][:-2] + "00", f"TX1:{NUMBER}", NAME]
    assert caller.send(caller.province.server, "POST", "/verifier/v1/check/batch", {"texts": texts}).status == 200


def garbage(caller: Caller, world: World) -> None:
    """What callers get wrong, each time with a person in it."""
    handle = caller.issue("key-3-of-the-test", name=NAME, number=NUMBER)["handle"]
    for body in (
        {**request(NAME, NUMBER), NAME: NUMBER, PASSPORT: NAME},
        request(NAME, NUMBER[:-1] + "0"),
        request(NAME, NUMBER, "screenshot"),
        {"name": [NAME], "document": NUMBER},
        {**request(NAME, NUMBER), "decision": {"status": NAME, "author": NAME}},
        json.dumps(request(NAME, NUMBER), ensure_ascii=False).encode("gb18030"),
        (NAME * 9000).encode(),
        b'{"name": ' * 3000,
        f'{{"name": "{NAME}"'.encode(),
    ):
        caller.issuer("POST", "", body, "key-4-of-the-test")
    caller.issuer("POST", "", request(OTHER_NAME, OTHER_NUMBER), "key-3-of-the-test")
    caller.issuer("POST", f"/{handle}/withdrawal", {"cause": NAME})
    forged = {"Authorization": f"Bearer eyJ{PASSPORT}.eyJ.{NUMBER}", "Idempotency-Key": PASSPORT}
    caller.send(caller.province.server, "POST", "/issuer/v1/credentials", request(NAME, NUMBER), forged)
    caller.issuer("GET", f"/{'0' * 31}{handle[0]}/symbol.png")
    for server in world.servers:
        for role in server.roles:
            for path in (f"/{role}/v1/{PASSPORT}?name={NUMBER}&text=TX1:{PASSPORT}", f"/{role}/v1/state"):
                caller.send(server, "DELETE", path, headers={"X-Request-Id": f"{PASSPORT} {NUMBER}"})
                caller.send(server, "POST", path, {NAME: NAME}, {"Authorization": f"Bearer eyJ{PASSPORT}.eyJ.{NUMBER}"})
    for path in ("/registry/v1/statements", "/registry/v1/denials", "/registry/v1/drafts"):
        caller.send(
            caller.registry.server, "POST", path, {"statement": NAME, PASSPORT: NUMBER, "request": f"eyJ{NUMBER}"}
        )
    for path in ("status", "rules", "token-status-lists/3"):
        caller.send(caller.registry.server, "PUT", f"/registry/v1/members/CN-41/{path}", f"{NAME} {NUMBER}".encode())
    caller.send(caller.registry.server, "GET", f"/registry/mirror/members/{PASSPORT}/{NUMBER}")
    for text in (NAME, 41, None):
        caller.send(caller.province.server, "POST", "/verifier/v1/check", {"text": text, "lane": NAME, NUMBER: NAME})


def faults(caller: Caller, folder: Path) -> None:
    """What goes wrong on our side: a row that nobody wrote so, and a table that is gone."""
    handle = caller.issue("key-5-of-the-test", name=NAME, number=NUMBER)["handle"]
    broken = new_private_key()
    connection = sqlite3.connect(folder / caller.province.home.name / "issuer.sqlite")
    jwk = json.dumps(jwk_of(broken.public_key()))[:-9] + NAME
    connection.execute("INSERT INTO issuer_client (client_id, jwk, added_at) VALUES ('broken-app', ?, 1)", (jwk,))
    connection.commit()
    headers = authorization(broken, "broken-app", caller.province.server.url("issuer"), SystemClock().now())
    unexpected = caller.send(
        caller.province.server, "POST", "/issuer/v1/credentials", request(NAME, NUMBER),
        headers | {"Idempotency-Key": "key-6-of-the-test", "X-Request-Id": SANE_ID},
    )  # fmt: skip
    assert json.loads(unexpected.body)["code"] == "unexpected", unexpected.body
    connection.execute("DROP TABLE issuer_withdrawal")
    connection.commit()
    connection.close()
    unavailable = caller.issuer("POST", f"/{handle}/withdrawal", {"cause": "superseded"})
    assert json.loads(unavailable.body)["code"] == "storage-unavailable", unavailable.body


def lines(world: World) -> list[dict[str, Any]]:
    """Every line that the services logged. Only the server around them writes lines of its own, at start and end."""
    text = "".join(server.log.read_text() for server in world.servers)
    foreign = [line for line in text.splitlines() if not line.startswith("{")]
    assert [line for line in foreign if not re.match(r"\[(INFO|WARNING)\] ", line)] == []
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_no_log_holds_anybody(scene: tuple[World, Caller]) -> None:
    """Logs are copied, kept for years and read by many: the 2020 leaks began with such copies."""
    world, caller = scene
    assert len(lines(world)) > 60
    written = "".join(server.log.read_text() for server in world.servers)
    assert sorted(secret for secret in caller.secrets if secret in written) == []


def test_no_metric_holds_anybody(scene: tuple[World, Caller]) -> None:
    """Metrics have no login and go to a system of other people; each odd label would be there for ever."""
    world, caller = scene
    for server in world.servers:
        for role in server.roles:
            scraped = caller.send(server, "GET", f"/{role}/metrics").body.decode()
            assert "tongxing_requests_total" in scraped
            assert sorted(secret for secret in caller.secrets if secret in scraped) == []


def test_no_problem_document_holds_anybody(scene: tuple[World, Caller]) -> None:
    """A client logs what it is answered."""
    _, caller = scene
    statuses = {answer.status for answer in caller.problems}
    assert {400, 401, 404, 405, 409, 413, 422, 500, 503} <= statuses
    for answer in caller.problems:
        text = json.dumps(json.loads(answer.body), ensure_ascii=False) + str(answer.headers)
        assert sorted(secret for secret in caller.secrets if secret in text) == [], text


def test_no_list_of_processes_holds_anybody(scene: tuple[World, Caller]) -> None:
    """Everybody on the machine can read it: keys and passphrases are named by file."""
    world, caller = scene
    for server in world.servers:
        assert server.process is not None
        shown = _shown(server.process.pid)
        assert sorted(secret for secret in caller.secrets if secret.encode() in shown) == []


def test_each_request_can_be_followed_by_its_id(scene: tuple[World, Caller]) -> None:
    """Whoever calls the hotline reads an id from the screen: it leads to every line of that request and no other."""
    world, caller = scene
    written = lines(world)
    assert [
        line for line in written if line["event"] in ("request", "fault", "unexpected") and not line.get("request_id")
    ] == []
    ids = {line["request_id"] for line in written if line["event"] == "request"}
    for answer in caller.problems:
        assert json.loads(answer.body)["request_id"] == answer.headers["X-Request-Id"]
        assert answer.headers["X-Request-Id"] in ids
    followed = [line["event"] for line in written if line.get("request_id") == SANE_ID]
    assert followed == ["unexpected", "request"]


def _shown(pid: int) -> bytes:
    """What a list of processes shows of one; the settings of coverage, which look like a token, are the tests' own."""
    parts = [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ", "comm")]
    return b"\0".join(part for part in b"\0".join(parts).split(b"\0") if not part.startswith(b"COVERAGE_"))
