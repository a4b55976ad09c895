"""What a real server makes of what it is sent, where the framework below it would not notice."""

from __future__ import annotations

import gc
import io
import json
import os
import socket
import stat
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder

from credentials.keys import new_private_key
from diagnosis.authority import callers_address
from diagnosis.deployment import Deployment
from issuer.config import IssuerSettings
from issuer.holder_proof import make_proof
from issuer.service import FAILED_CLAIMS, prepare
from service_kit.clock import SystemClock
from service_kit.settings import read_settings
from tests.scenarios.serving import ROOT, SECONDS, Answer, Served, environment, read_answer, serve
from tests.unit.issuer.issuing import AUDIENCE
from tests.unit.issuer.serving import environment as issuers
from wsgi import Opening

WORKERS = 2


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two workers without Redis, which nobody stands in front of."""
    yield from _issuer(tmp_path_factory.mktemp("issuer"), {})


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same behind a proxy that hands on whatever a caller writes, and writes its own word under a name of ours."""
    chosen = {"TONGXING_TRUSTED_PROXIES": "1", "TONGXING_CALLER_HEADER": "CallerAddress"}
    yield from _issuer(tmp_path_factory.mktemp("proxied"), chosen)


def _issuer(folder: Path, more: dict[str, str]) -> Iterator[Served]:
    settings = issuers(folder) | {"TONGXING_LOG_LEVEL": "WARNING"} | more
    prepare(read_settings(IssuerSettings, settings))
    with serve(settings, folder, "issuer", WORKERS) as served:
        served.wait_whole(WORKERS)
        yield served


def ask(served: Served, head: str, headers: list[str], body: bytes = b"") -> Answer:
    """Headers as they are written: the names matter here."""
    lines = [head, "Connection: close", f"Content-Length: {len(body)}", *headers]
    with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return read_answer(connection)


def test_an_address_made_up_in_a_header_with_underscores_turns_limits_off(issuer: Served) -> None:
    """WSGI has one name for X_Forwarded_For and X-Forwarded-For, and the last of them is what a service sees: with
    either, 240 claim codes were looked up instead of 60. Where no proxy is told of, neither is believed."""
    wrong = {"code": "0000000000000001", "holder_proof": make_proof(new_private_key(), AUDIENCE, SystemClock().now())}
    body, found = json.dumps(wrong).encode(), []
    for number in range(FAILED_CLAIMS.most + 6):
        address = f"198.51.100.{number}"
        names = ["X_Forwarded_For", "X-Forwarded-For", "X-Forwarded_For", "Forwarded", "X_Real_IP", "Remote_Addr"]
        names = names[number % 6 :] + names[: number % 6]
        headers = ["Host: localhost", "Content-Type: application/json", *(f"{name}: {address}" for name in names)]
        found.append(ask(issuer, "POST /issuer/v1/wallet/claims HTTP/1.1", headers, body).status)
    assert found == [404] * FAILED_CLAIMS.most + [429] * 6


def test_an_address_made_up_beside_the_one_that_the_proxy_writes(behind_a_proxy: Served) -> None:
    """Of a header's name without hyphens there is no second spelling: with underscores or hyphens it is another name,
    in other cases it is the same and comes before the proxy's, wherever in the head that stands."""
    wrong = {"code": "0000000000000001", "holder_proof": make_proof(new_private_key(), AUDIENCE, SystemClock().now())}
    body, found = json.dumps(wrong).encode(), []
    names = ["Caller_Address", "CALLER-ADDRESS", "CallerAddress_", "_CallerAddress", "X_Forwarded_For", "Forwarded"]
    for number in range(FAILED_CLAIMS.most + 6):
        made_up = [f"{name}: 198.51.100.{number}" for name in (*names, "calleraddress", "CallerAddress")]
        lines = [*made_up[number % 3 :], "CallerAddress: 203.0.113.7", *made_up[: number % 3]]
        headers = ["Host: localhost", *lines, "Content-Type: application/json"]
        found.append(ask(behind_a_proxy, "POST /issuer/v1/wallet/claims HTTP/1.1", headers, body).status)
    assert found == [404] * FAILED_CLAIMS.most + [429] * 6


@pytest.mark.parametrize("believed", [True, False], ids=["past the proxy", "nobody is believed"])
def test_a_way_past_the_proxy_is_found_under_any_name(
    behind_a_proxy: Served, issuer: Served, tmp_path: Path, believed: bool
) -> None:
    """The doctor writes the header itself: a service that goes by what it wrote would go by anybody."""
    served = behind_a_proxy if believed else issuer
    names = {"TONGXING_TRUSTED_PROXIES": "1", "TONGXING_CALLER_HEADER": "CallerAddress"}
    settings = issuers(tmp_path, **names, TONGXING_ISSUER_URL=f"http://127.0.0.1:{served.port}/issuer")
    with Deployment(settings, ["issuer"]) as deployment:
        deployment.settings["issuer"] = read_settings(IssuerSettings, settings)
        finding = callers_address(deployment)
    assert (finding and finding.code) == ("address-by-caller" if believed else None)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "user@evil.example", "localhost\\@evil.example"])
def test_a_redirect_leads_where_the_host_header_says(issuer: Served, host: str) -> None:
    """A shared cache would send everybody there, and in the clear."""
    for head in ("GET /issuer/wallet HTTP/1.1", "GET http://evil.example/issuer/wallet HTTP/1.1"):
        answer = ask(issuer, head, [f"Host: {host}", f"X-Forwarded-Host: {host}", "X-Forwarded-Proto: http"])
        assert answer.status in (308, 400)
        assert answer.headers.get("location", "/issuer/wallet/") == "/issuer/wallet/"


def tongxing(*arguments: str, settings: dict[str, str] | None = None, umask: int = 0o022) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env=environment(settings or {}),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
        umask=umask,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("umask", [0o000, 0o077], ids=["umask 000", "umask 077"])
def test_folders_that_anybody_can_write_into_and_keys_that_anybody_can_read(tmp_path: Path, umask: int) -> None:
    """A service that was started with umask 000 left them so, and any account could put its own files there. With 077
    the web server must read the mirror all the same."""
    assert tongxing("province", "init", str(tmp_path / "henan"), "--member", "CN-41", umask=umask)[0] == 0
    assert tongxing("registry", "init", str(tmp_path / "registry"), umask=umask)[0] == 0
    settings = issuers(tmp_path / "issuer")
    assert tongxing("issuer", "init", settings=settings, umask=umask)[0] == 0
    made = [*tmp_path.rglob("*")]
    assert len(made) > 20
    assert not [path for path in made if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)]
    secret = [path for path in made if path.suffix in (".pem", ".secret", ".sqlite") or path.name.endswith("lock")]
    assert len(secret) > 10
    assert not [path for path in secret if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    mirror = [path for path in made if "mirror" in path.parts]
    assert len(mirror) > 5
    assert all(path.stat().st_mode & stat.S_IROTH for path in (*mirror, tmp_path / "registry"))


@pytest.mark.parametrize("setting", ["TONGXING_KEY_FILE", "TONGXING_STATUS_KEY_FILE", "TONGXING_KEY_PASSPHRASE_FILE"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_a_secret_that_is_no_regular_file_hangs_the_start(tmp_path: Path, setting: str, kind: str) -> None:
    """A pipe was waited for, for ever; a device would never end."""
    place = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(place, 0o600)
    elif kind == "folder":
        place.mkdir(0o700)
    settings = issuers(tmp_path) | {setting: "/dev/zero" if kind == "device" else str(place)}
    code, told = tongxing("issuer", "init", settings=settings)
    assert (code, setting in told or str(place) in told or "/dev/zero" in told) == (64, True), told


def test_a_service_that_cannot_open_remembers_what_strangers_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one exception that said why was raised for each request, and its traceback held them all."""
    monkeypatch.setenv("TONGXING_ROLES", "nothing")
    opening, sent = Opening(), []

    for _ in range(50):
        sent.append(weakref.ref(stream := io.BytesIO(b"x")))
        environ = EnvironBuilder(method="POST", path="/issuer/v1/credentials", input_stream=stream).get_environ()
        del stream
        answer = opening.use(environ, lambda status, headers: None)
        assert b"unavailable" in b"".join(answer)
        del environ, answer
    gc.collect()
    assert len([each for each in sent if each() is not None]) <= 1
