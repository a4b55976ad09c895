"""The nginx configuration that is shipped, tried with a real nginx in front of real services."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from demonstration.world import free_port
from diagnosis.authority import callers_address, issuer_answers
from diagnosis.deployment import Deployment
from issuer.config import IssuerSettings
from issuer.opening import prepare
from service_kit.clock import SystemClock
from service_kit.durable import write_atomic
from service_kit.http.bodies import MAX_BODY_BYTES
from service_kit.http.static import cache_control, publish
from service_kit.settings import read_settings
from tests.deploy.proxied import Nginx, Page
from tests.scenarios.serving import Served, serve
from tests.unit.issuer.serving import environment
from trust_registry.http.views import MAX_DRAFT_BYTES
from trust_registry.mirror.offered import MAX_STATUS_FILE_BYTES
from trust_registry.root.founding import TRUST_ROOT, found
from verifier.http.views import MAX_BATCH_BYTES

pytestmark = pytest.mark.skipif(not shutil.which("nginx"), reason="no nginx on this machine (Debian: nginx-light)")

MIRROR = "/registry/mirror"
PERSON = "110105194912310021"
VERSIONED = "metadata/1.root.json"
PATHS = [
    VERSIONED,
    "metadata/timestamp.json",
    f"targets/{'0f' * 32}.trust-list.json",
    f"targets/{'0f' * 31}.trust-list.json",
    "members/CN-41/status.cose",
    "members/CN-41/rules.jws",
    "members/CN-41/news.json",
    "members/CN-41/segments/12.cose",
    "members/CN-41/rules/3.jws",
    "members/CN-41/token-status-lists/3.jwt",
    "members/CN-41/8segments.cose",
    "log/tile/0/x001/067.p/5",
]


class House:
    """nginx, the registry behind it, and its folder."""

    def __init__(self, nginx: Nginx, registry: Served, folder: Path, places: dict[str, str]) -> None:
        self.nginx, self.registry, self.folder, self.places = nginx, registry, folder, places
        self.mirror = folder / "registry" / "mirror"
        self.url = f"https://localhost:{nginx.port}/registry"

    def file(self, path: str, method: str = "GET", **headers: str) -> Page:
        """A file of the mirror."""
        return self.nginx.ask(f"{MIRROR}/{path}", method, **headers)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder, port = tmp_path_factory.mktemp("house"), free_port()
    found(folder / "registry", write_atomic, None, SystemClock().now())
    for path in PATHS[2:]:
        publish(
            folder / "registry" / "mirror" / path,
            b'{"signed": "' + path.encode() * 100 + b'"}',
            folder / "publishing.lock",
        )
    settings = {
        "TONGXING_DATA_DIR": str(folder / "registry"),
        "TONGXING_REGISTRY_URL": f"https://localhost:{port}/registry",
    }
    with serve(settings, folder, "registry", workers=2) as registry:
        registry.wait_whole(2)
        places = {"TONGXING_MIRROR": str(folder / "registry" / "mirror"), "TONGXING_REGISTRY_HOST": "localhost"}
        places["TONGXING_REGISTRY_SERVER"] = f"127.0.0.1:{registry.port}"
        for name in ("henan", "guangdong", "zhejiang"):
            places[f"TONGXING_{name.upper()}_HOST"] = f"{name}.test"
            places[f"TONGXING_{name.upper()}_SERVER"] = f"127.0.0.1:{registry.port}"
        # A province that is away.
        places["TONGXING_ZHEJIANG_SERVER"] = f"127.0.0.1:{free_port()}"
        (folder / "nginx").mkdir()
        with Nginx(folder / "nginx", places, port) as nginx:
            registry.wait(lambda: _answers(port))
            yield House(nginx, registry, folder, places)


def _wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def _answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        return True


@pytest.mark.parametrize("path", PATHS)
def test_a_file_has_the_same_headers_as_from_the_service(house: House, path: str) -> None:
    """One may take over from the other: what caches and gates hold of one must count with the other."""
    for encoding in ("identity", "gzip"):
        ours = house.registry.get(f"{MIRROR}/{path}", Accept_Encoding=encoding)
        nginx = house.file(path, Accept_Encoding=encoding)
        assert (nginx.status, nginx.body) == (ours.status, ours.body) == (200, nginx.body)
        for name in ("etag", "last-modified", "content-type", "content-length", "content-encoding", "vary"):
            assert nginx.headers.get(name) == ours.headers.get(name), name
        assert nginx.headers["cache-control"] == ours.headers["cache-control"] == cache_control(path)
        assert nginx.headers["x-content-type-options"] == "nosniff"
        # What was fetched from one is held in the eyes of the other.
        assert house.file(path, Accept_Encoding=encoding, If_None_Match=ours.headers["etag"]).status == 304


def test_a_file_is_compressed_for_who_takes_it(house: House) -> None:
    """Once, at publication; a gate that asks for identity gets the file as it is signed."""
    packed = house.file(VERSIONED, Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == (house.mirror / VERSIONED).read_bytes()
    assert house.file(VERSIONED, Via="1.1 proxy", Accept_Encoding="gzip").headers["content-encoding"] == "gzip"


def test_a_file_can_be_asked_for_in_parts(house: House) -> None:
    """A bundle over a bad line goes on where it stopped, and not with another version."""
    whole = house.file(VERSIONED)
    part = house.file(VERSIONED, Range="bytes=10-19", If_Range=whole.headers["etag"])
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert house.file(VERSIONED, Range="bytes=10-19", If_Range='"x"').body == whole.body
    assert house.file(VERSIONED, Range="bytes=99999999-").status == 416
    head = house.file(VERSIONED, "HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", str(len(whole.body)))


def test_scripts_of_any_site_may_read_the_mirror_and_nothing_else(house: House) -> None:
    """As from the service: one may take over from the other."""
    origin = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
    names = ("access-control-allow-origin", "access-control-expose-headers")
    ours, nginx = house.registry.get(f"{MIRROR}/{VERSIONED}"), house.file(VERSIONED, **origin)
    assert [nginx.headers[name] for name in names] == [ours.headers[name] for name in names]
    held = house.file(VERSIONED, If_None_Match=nginx.headers["etag"])
    assert (held.status, held.headers["access-control-allow-origin"]) == (304, "*")
    asked = house.file(VERSIONED, "OPTIONS", **origin)
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, "*")
    assert "If-None-Match" in asked.headers["access-control-allow-headers"]
    for path in ("/registry/v1/state", "/registry/", "/", "/look/theme.css", "/nowhere"):
        for method in ("GET", "OPTIONS"):
            assert names[0] not in house.nginx.ask(path, method, **origin).headers


def test_a_range_in_another_unit_is_the_whole(house: House) -> None:
    """RFC 9110 section 14.2; and of several parts, which an attacker multiplies, the whole once."""
    whole = house.file(VERSIONED)
    for asked in ("lines=1-2", "bytes=0-1,3-4"):
        assert house.file(VERSIONED, Range=asked).body == whole.body


def test_two_changes_of_one_second_are_two_versions(house: House) -> None:
    """nginx knows seconds and size alone: a gate would be told that the older timestamp still holds."""
    seen = set()
    for version in range(3):
        publish(
            house.mirror / "members" / "CN-41" / "fast.json",
            b'{"version": %d}' % version,
            house.mirror.parent / "publishing.lock",
        )
        page = house.file("members/CN-41/fast.json")
        seen.add((page.headers["etag"], parsedate_to_datetime(page.headers["last-modified"])))
    assert len({etag for etag, _ in seen}) == 3


@pytest.mark.parametrize(
    "path",
    [
        "",
        "metadata",
        "metadata/",
        "../registry.sqlite",
        "%2e%2e/online/timestamp.pem",
        "..%2fonline/timestamp.pem",
        "metadata/..%2f..%2fonline/timestamp.pem",
        f"{VERSIONED}.gz",
        "metadata/.1.root.json.abcd1234",
        ".git/config",
        "metadata/9.root.json",
    ],
)
def test_nothing_else_is_served(house: House, path: str) -> None:
    """Keys lie one folder above the mirror, and half-written files within; and no cache keeps a 404."""
    write_atomic(house.mirror / "metadata" / ".1.root.json.abcd1234", b"{")
    missing = house.file(path)
    assert missing.status in (404, 400)
    if missing.status == 404 and missing.headers["content-type"] == "application/problem+json":
        assert json.loads(missing.body)["code"] == "not-found"
        assert missing.headers["cache-control"] == "no-store"


def test_a_mirror_takes_nothing(house: House) -> None:
    """Files come in by the service, which checks them."""
    for method in ("PUT", "DELETE", "POST"):
        assert house.nginx.ask(f"{MIRROR}/{VERSIONED}", method, b"{}").status == 405


def test_the_rest_is_handed_on_with_its_id(house: House) -> None:
    """One id leads from nginx's log to the service's; a caller cannot choose it, nor its own address."""
    forged = {"X_Request_Id": "forged-by-caller", "X_Forwarded_For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    state = house.nginx.ask("/registry/v1/state", **forged)
    assert state.status == 200
    request_id = state.headers["x-request-id"]
    assert request_id != "forged-by-caller"
    # Both write their line when the answer has gone out, which may be after it has come in here.
    _wait_for(lambda: f'"request_id":"{request_id}"' in house.nginx.access_log())
    _wait_for(lambda: f'"request_id": "{request_id}"' in house.registry.log.read_text())


def test_what_a_service_is_told_of_its_caller(tmp_path: Path, house: House) -> None:
    """Limits count by address: it must be the caller's own, and not what the caller claims."""
    lines = ["GET /registry/v1/state HTTP/1.1", "Host: localhost", "X-Forwarded-For: 203.0.113.9"]
    lines += ["X_Forwarded_For: 203.0.113.9", "X-Forwarded_For: 203.0.113.9", "x_real_ip: 203.0.113.9"]
    lines += ["X-Forwarded-Host: evil.test", "Forwarded: for=203.0.113.9", "", ""]
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        names = house.places | {"TONGXING_REGISTRY_SERVER": f"127.0.0.1:{listener.getsockname()[1]}"}
        with Nginx(tmp_path, names, port) as nginx:
            house.registry.wait(lambda: _answers(port))
            with (
                socket.create_connection(("127.0.0.1", port), timeout=30) as bare,
                nginx.trusting().wrap_socket(bare, server_hostname="localhost") as asking,
            ):
                asking.sendall("\r\n".join(lines).encode())
                handed_on, _ = listener.accept()
                with handed_on:
                    head = handed_on.recv(65_536).decode().lower()
    assert "x-forwarded-for: 127.0.0.1\r\n" in head
    assert "x-forwarded-proto: https\r\n" in head
    assert "203.0.113.9" not in head
    assert "evil.test" not in head


def test_the_doctor_of_an_issuer_comes_through(tmp_path: Path, house: House) -> None:
    """The state stays inside, for whoever asks by the public name: the doctor said that no issuer answers there."""
    port = free_port()
    settings = environment(
        tmp_path, TONGXING_ISSUER_URL=f"https://localhost:{port}/issuer", TONGXING_TRUSTED_PROXIES="1"
    )
    prepare(read_settings(IssuerSettings, settings))
    names = house.places | {"TONGXING_REGISTRY_HOST": "registry.test", "TONGXING_HENAN_HOST": "localhost"}
    with serve(settings, tmp_path, "issuer") as issuer:
        issuer.wait_whole(1)
        with (
            Nginx(tmp_path, names | {"TONGXING_HENAN_SERVER": f"127.0.0.1:{issuer.port}"}, port) as nginx,
            Deployment(settings, ["issuer"]) as deployment,
        ):
            issuer.wait(lambda: _answers(port))
            office = read_settings(IssuerSettings, settings | {"TONGXING_CA_FILE": str(nginx.certificate)})
            deployment.settings["issuer"] = office
            deployment.keys["credential"] = office.private_key(office.key_file)
            assert (issuer_answers(deployment), callers_address(deployment)) == (None, None)
            deployment.settings["issuer"] = replace(office, member="CN-44")
            found = issuer_answers(deployment)
            assert found is not None
            assert (found.code, found.detail) == ("issuer-other", "member")


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/issuer/v1/credentials", MAX_BODY_BYTES),
        ("/verifier/v1/check", MAX_BODY_BYTES),
        ("/verifier/v1/check/batch", MAX_BATCH_BYTES),
        ("/registry/v1/drafts", MAX_DRAFT_BYTES),
        ("/registry/v1/members/CN-41/status", MAX_STATUS_FILE_BYTES),
    ],
)
def test_too_large_a_body_is_refused_before_the_service(house: House, path: str, most: int) -> None:
    """With the limit that the service itself has: neither more nor less."""
    host = "localhost" if path.startswith("/registry") else "henan.test"
    refused = house.nginx.ask(path, "PUT", bytes(most + 1), host)
    assert (refused.status, json.loads(refused.body)["code"]) == (413, "too-large")
    assert "x-content-type-options" not in refused.headers, "from nginx and not from the service"
    assert house.nginx.ask(path, "PUT", bytes(most), host).status != 413


def test_a_service_that_is_away_is_said(house: House) -> None:
    """In the form in which clients know problems, with when to come again."""
    away = house.nginx.ask("/verifier/v1/state", host="zhejiang.test")
    assert (away.status, json.loads(away.body)["code"]) == (503, "unavailable")
    assert int(away.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "path", ["/registry/metrics", "/metrics", "/readyz", "/registry/readyz", "/issuer/v1/state", "/nowhere"]
)
def test_what_has_no_login_stays_inside(house: House, path: str) -> None:
    """Counts and ages are for those who run it."""
    assert house.nginx.ask(path).status == 404


@pytest.mark.parametrize("path", ["/", "/look/theme.css", "/registry/", "/registry/docs"])
def test_pages_for_people_are_handed_on(house: House, path: str) -> None:
    """Whoever types the name alone must see what is there, and not a problem document."""
    page = house.nginx.ask(path)
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/")


def test_nothing_is_said_in_the_clear(house: House) -> None:
    """Not even that there is something: a redirect would come after the code was read on the way."""
    with socket.create_connection(("127.0.0.1", house.nginx.port), timeout=30) as connection:
        connection.sendall(b"GET /registry/v1/state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 400 ")
    assert "max-age" in house.nginx.ask("/registry/v1/state").headers["strict-transport-security"]


def test_another_name_is_not_served(house: House) -> None:
    """Whoever points a name of theirs at this machine gets nothing under it."""
    assert house.nginx.ask("/registry/v1/state", host="evil.test").status in (404, 421, 503)
    assert house.nginx.ask(f"{MIRROR}/{VERSIONED}", host="henan.test").status == 404


def test_nobody_is_in_the_log(house: House) -> None:
    """Not the address, not the query, not what stands in a path."""
    house.nginx.ask(f"/issuer/v1/credentials/{PERSON}/symbol.png?name={PERSON}", host="henan.test", User_Agent=PERSON)
    house.nginx.ask(f"/{PERSON}?{PERSON}", Referer=PERSON)
    _wait_for(lambda: house.nginx.access_log().count('"route":"/issuer/v1/credentials"'))
    log = house.nginx.access_log()
    assert PERSON not in log
    assert "127.0.0.1" not in log
    assert all(json.loads(line) for line in log.splitlines())


def test_gates_go_on_while_the_registry_is_away(house: House, tmp_path: Path) -> None:
    """The mirror is files: updating the registry's software must not make a single gate stale. And a private authority
    is believed where it is named, and nowhere else."""
    settings = {
        "TONGXING_DATA_DIR": str(tmp_path / "gate"),
        "TONGXING_MEMBER": "CN-44",
        "TONGXING_TRUST_ROOT": str(house.folder / "registry" / TRUST_ROOT),
        "TONGXING_REGISTRY_URL": house.url,
        "TONGXING_POLL_SECONDS": "1",
    }
    with serve(settings, tmp_path, "verifier") as untrusting:
        untrusting.wait_whole(1)
        untrusting.wait(lambda: b"fetch-failed" in untrusting.get("/verifier/v1/state").body)
        assert untrusting.get("/readyz").status == 503
        assert untrusting.stop() == 0
    house.registry.stop()
    with serve(settings | {"TONGXING_CA_FILE": str(house.nginx.certificate)}, tmp_path, "verifier") as gate:
        gate.wait_ready()
        assert house.nginx.ask("/registry/v1/state").status == 503
        assert gate.stop() == 0
