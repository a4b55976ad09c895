"""No route costs more than in proportion to what a stranger sends: by body, header, query string, cookie or path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from issuer import service as issuing
from issuer.app import create_app as create_issuer
from issuer.config import IssuerSettings
from issuer.opening import prepare
from service_kit.http.bodies import MAX_BODY_BYTES
from service_kit.logs import configure
from service_kit.settings import read_settings
from tests.doubles.clock import FixedClock
from tests.growth import MOST, per_doubling
from tests.unit.issuer.office import NOW as ISSUER_NOW
from tests.unit.issuer.serving import environment
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from tests.unit.verifier.mirrored import HOST, MirroredRegistry, write_root
from trust_registry import service as registering
from trust_registry.app import create_app as create_registry
from trust_registry.config import RegistrySettings
from trust_registry.witness import service as witnessing
from trust_registry.witness.app import create_app as create_witness
from trust_registry.witness.config import WitnessSettings
from verifier import service as checking
from verifier.app import create_app as create_verifier
from verifier.config import VerifierSettings

LARGEST_HEADER = 32_768
LARGEST_BODY = 4 * 1024 * 1024
RUN = b"1" * 4300 + b","


@pytest.fixture(autouse=True)
def quiet() -> None:
    """A line of the log for each request would be counted among what the request costs."""
    configure("CRITICAL")


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Flask]]:
    with ExitStack() as stack:
        founded = stack.enter_context(FoundedRegistry(tmp_path_factory.mktemp("registry")))
        own = RegistrySettings(data_dir=founded.folder, registry_url=f"{AUDIENCE}/")
        registry = create_registry(own, FixedClock(NOW))
        stack.callback(registry.extensions[registering.EXTENSION].publication.storage.engine.dispose)
        issuer_settings = read_settings(IssuerSettings, environment(tmp_path_factory.mktemp("issuer")))
        prepare(issuer_settings)
        issuer = create_issuer(issuer_settings, FixedClock(ISSUER_NOW))
        stack.callback(issuer.extensions[issuing.EXTENSION].engine.dispose)
        folder = tmp_path_factory.mktemp("gate")
        gate = VerifierSettings(data_dir=folder, trust_root=write_root(folder, MirroredRegistry()), member=HOST)
        verifier = create_verifier(gate)
        stack.callback(verifier.extensions[checking.EXTENSION].freshness.stop)
        witness = create_witness(_witness_settings(tmp_path_factory.mktemp("witness"), founded), FixedClock(NOW))
        stack.callback(witness.extensions[witnessing.EXTENSION].upkeep.stop)
        yield {"registry": registry, "issuer": issuer, "verifier": verifier, "witness": witness}


def _witness_settings(folder: Path, registry: FoundedRegistry) -> WitnessSettings:
    key = folder / "witness.pem"
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(*form))
    key.chmod(0o600)
    return WitnessSettings(
        data_dir=folder,
        registry_url=AUDIENCE,
        trust_root=registry.folder / "trust-root.json",
        witness_name="tongxing/CN-41/witness",
        witness_key_file=key,
    )


class Sent(NamedTuple):
    """A request of a length: to which service, how, and the largest that is tried."""

    name: str
    service: str
    make: Callable[[int], dict[str, Any]]
    largest: int


def body(method: str, path: str, unit: bytes, kind: str = "application/json") -> Callable[[int], dict[str, Any]]:
    return lambda length: {
        "method": method,
        "path": path,
        "data": unit * max(1, length // len(unit)),
        "content_type": kind,
    }


def header(name: str, unit: str, path: str = "/v1/state") -> Callable[[int], dict[str, Any]]:
    return lambda length: {"method": "GET", "path": path, "headers": {name: unit * (length // len(unit))}}


def asked(start: str, unit: str) -> Callable[[int], dict[str, Any]]:
    return lambda length: {"method": "GET", "path": start + unit * (length // len(unit))}


BODIES = [
    Sent(f"{service} {method} {path} {unit[:8]!r}", service, body(method, path, unit), largest)
    for service, method, path, largest in (
        ("registry", "POST", "/nowhere", LARGEST_BODY),
        ("registry", "GET", "/v1/state", LARGEST_BODY),
        ("registry", "POST", "/v1/statements", 200_000),
        ("registry", "POST", "/v1/drafts", 200_000),
        ("registry", "POST", "/v1/denials", 16_384),
        ("registry", "PUT", "/v1/members/CN-41/status", LARGEST_BODY),
        ("registry", "POST", "/v1/log/cosignatures", 16_384),
        ("registry", "PUT", "/v1/members/CN-41/log/0", 1024 * 1024),
        ("issuer", "POST", "/v1/credentials", 16_384),
        ("issuer", "POST", "/v1/wallet/claims", 16_384),
        ("verifier", "POST", "/v1/check", 16_384),
        ("verifier", "POST", "/v1/check/batch", 1024 * 1024),
        ("verifier", "POST", "/nowhere", LARGEST_BODY),
        ("witness", "POST", "/add-checkpoint", LARGEST_BODY),
    )
    for unit in (RUN, b"[", b'"\\')
]
HEADERS = [
    Sent(f"{service} {name} {unit!r}", service, header(name, unit), LARGEST_HEADER)
    for service, name, unit in (
        ("registry", "Accept-Language", "zh;q=0.1,"),
        ("registry", "Accept", "text/html;q=0.1,"),
        ("registry", "Accept", 'a/b;c="\\"'),
        ("registry", "Cookie", "a=b;"),
        ("registry", "Cookie", 'a="\\"'),
        ("registry", "X-Request-Id", "a"),
        ("issuer", "Authorization", "Bearer "),
        ("issuer", "Cookie", "="),
        ("verifier", "Accept-Encoding", "gzip;q=0.1,"),
    )
]
MIRROR = [
    Sent(f"mirror {name} {unit!r}", "registry", header(name, unit, "/mirror/metadata/timestamp.json"), LARGEST_HEADER)
    for name, unit in (
        ("Range", "bytes=0-"),
        ("Range", "0-,"),
        ("If-None-Match", '"a",'),
        ("If-None-Match", '"'),
        ("If-Modified-Since", "Mon, "),
        ("If-Range", '"'),
        ("Accept-Encoding", "gzip;q=0.1,"),
    )
]
PLACES = [
    Sent("a path of slashes", "registry", asked("/", "a/"), 8192),
    Sent("a path of the mirror", "registry", asked("/mirror/", "../"), 8192),
    Sent("a query of names", "registry", asked("/v1/log?", "a=1&"), 8192),
    Sent("a query of digits", "registry", asked("/v1/log?since=", "1"), 8192),
    Sent("a position", "verifier", asked("/v1/snapshot?since=", "~41.1.1.AAAA"), 8192),
    Sent("an answer to sign-in", "issuer", asked("/v1/sign-in/callback?code=", "a"), 8192),
]
SENT = [*BODIES, *HEADERS, *MIRROR, *PLACES]
OF_ALL = "GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /docs", "GET /", "GET /look/<name>"
ROUTES = {
    "registry": (
        *OF_ALL,
        "POST /v1/statements",
        "GET /v1/statements/<statement_id>",
        "DELETE /v1/statements/<statement_id>",
        "POST /v1/drafts",
        "GET /v1/drafts",
        "GET /v1/drafts/<draft_id>",
        "POST /v1/drafts/<draft_id>/approvals",
        "POST /v1/drafts/<draft_id>/publication",
        "POST /v1/denials",
        "GET /v1/log",
        "POST /v1/log/cosignatures",
        "GET /v1/state",
        "PUT /v1/members/<member>/status",
        "PUT /v1/members/<member>/segments/<int:number>",
        "PUT /v1/members/<member>/rules",
        "PUT /v1/members/<member>/status-rules/<int:number>",
        "PUT /v1/members/<member>/foreign-keys",
        "PUT /v1/members/<member>/token-status-lists/<int:number>",
        "PUT /v1/members/<member>/log/<int:old>",
        "GET /mirror/<path:path>",
    ),
    "issuer": (
        *OF_ALL,
        "POST /v1/credentials",
        "POST /v1/credentials/<handle>/withdrawal",
        "GET /v1/credentials/<handle>/symbol.png",
        "GET /v1/credentials/<handle>/symbol.svg",
        "GET /v1/state",
        "POST /v1/claim-codes",
        "POST /v1/evidence",
        "GET /v1/wallet",
        "POST /v1/wallet/claims",
        "POST /v1/wallet/renewals",
        "POST /v1/wallet/paper",
        "POST /v1/wallet/decision",
        "POST /v1/wallet/look-ups",
        "POST /v1/wallet/release",
        "POST /v1/sign-in",
        "GET /v1/sign-in/callback",
        "GET /wallet/",
        "GET /wallet/<path:path>",
        "GET /desk/",
        "GET /desk/desk.js",
        "GET /desk/enrol/<secret>",
        "POST /desk/enrol/<secret>",
        "GET /desk/sign-in",
        "POST /desk/sign-in",
        "POST /desk/sign-out",
        "GET /desk/propose",
        "POST /desk/propose",
        "GET /desk/decisions/<number>",
        "POST /desk/decisions/<number>/<act>",
        "GET /desk/decisions/<number>/proof.json",
        "GET /desk/done",
        "GET /desk/staff",
        "POST /desk/staff/<kid>/<act>",
    ),
    "verifier": (
        *OF_ALL,
        "POST /v1/check",
        "POST /v1/check/batch",
        "POST /v1/challenge",
        "GET /v1/state",
        "GET /v1/snapshot",
        "GET /about",
        "GET /<path:path>",
        "GET /proof/",
        "GET /proof/<path:path>",
    ),
    "witness": (*OF_ALL, "POST /add-checkpoint"),
}
PLACE = re.compile("<(int:)?[a-z_:]+>")


def to_route(method: str, path: str) -> Callable[[int], dict[str, Any]]:
    """A body of digits of a length, a place in the path of a length, or else a query string."""
    if method != "GET":
        return body(method, PLACE.sub("1", path), b"1")
    if not PLACE.search(path):
        return asked(f"{path}?a=", "1")
    return lambda length: {"method": method, "path": PLACE.sub("1" * length, path)}


EACH = [
    Sent(f"{service} {route}", service, to_route(*route.split(" ")), MAX_BODY_BYTES if route[0] != "G" else 8192)
    for service, routes in ROUTES.items()
    for route in routes
]


def test_no_route_is_left_out(apps: dict[str, Flask]) -> None:
    """A route that somebody adds stands in the table above, and is measured."""
    for service, app in apps.items():
        there = {
            f"{method} {rule.rule}"
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        assert there == set(ROUTES[service])


@pytest.mark.parametrize("sent", [*SENT, *EACH], ids=[each.name for each in (*SENT, *EACH)])
def test_twice_as_much_sent_is_twice_the_work(apps: dict[str, Flask], sent: Sent) -> None:
    """Also for an address that does not exist, and for a body that nobody asked for."""
    client = apps[sent.service].test_client()

    def ask(request: dict[str, Any]) -> None:
        answer = client.open(**request, buffered=True)
        # This gate has no trust list, and so is not ready.
        assert answer.status_code < 500 or request["path"].startswith("/readyz")
        answer.close()

    assert per_doubling(ask, sent.make, sent.largest) <= MOST
