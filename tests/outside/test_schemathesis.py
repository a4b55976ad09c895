"""The three interfaces, and the desk of staff by each role in turn, against their own OpenAPI documents, by other
people's program: schemathesis makes requests that fit a document and requests that do not. No answer is a fault of
ours, none has a status or a body that is not told.

The same requests each time: nothing here is left to chance.
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from werkzeug.middleware.dispatcher import DispatcherMiddleware

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.core.result import Ok
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

from credentials.keys import jwk_of, new_private_key
from issuer import service as issuing
from issuer.app import create_app as create_issuer
from issuer.config import IssuerSettings
from issuer.http.desk.sessions import token_of
from issuer.http.sign_in_views import cookie_name
from issuer.opening import prepare
from issuer.storage.ports.staff import AuditRow, SessionRow
from service_kit.http.auth import authorization
from service_kit.http.web import combine
from service_kit.settings import read_settings
from tests.doubles.clock import FixedClock
from tests.staff import ORIGIN
from tests.unit.issuer.http.test_desk_views import BY_ROLE, Desks, proposed
from tests.unit.issuer.office import AUDIENCE as ISSUER
from tests.unit.issuer.office import NOW as ISSUER_NOW
from tests.unit.issuer.office import paper
from tests.unit.issuer.serving import environment
from tests.unit.trust_registry.founded import AUDIENCE as REGISTRY
from tests.unit.trust_registry.founded import NOW as REGISTRY_NOW
from tests.unit.trust_registry.founded import FoundedRegistry
from tests.unit.verifier.mirrored import HOST, MirroredRegistry, write_root
from trust_registry import service as registering
from trust_registry.app import create_app as create_registry
from trust_registry.config import RegistrySettings
from verifier import service as checking
from verifier.app import create_app as create_verifier
from verifier.config import VerifierSettings

EXAMPLES = 4
"""Of each operation and kind of request; three of them are signed in."""
DESK = "/desk/"
"""Part of the paths of which staff who are signed in are asked."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
"""Not among them: that what fits the document is taken. What is signed inside a body no document can describe."""
CLIENT = new_private_key()


class House(NamedTuple):
    """A service under its path, how its callers prove themselves, and names of what is there."""

    app: Any
    name: str
    proof: Callable[[], dict[str, str]]
    there: dict[str, str]
    fields: Callable[[Mapping[str, str]], dict[str, str]] = lambda proof: {}
    """What a form carries beside the proof in the headers."""


def mounted(app: Flask) -> DispatcherMiddleware:
    return DispatcherMiddleware(combine([app]), {f"/{app.name}": app})


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    with ExitStack() as stack:
        yield {
            "registry": registry(tmp_path_factory.mktemp("registry"), stack),
            "issuer": issuer(tmp_path_factory.mktemp("issuer"), stack),
            "verifier": verifier(tmp_path_factory.mktemp("verifier"), stack),
            "desk": desk(tmp_path_factory.mktemp("desk"), stack),
        }


def registry(folder: Path, stack: ExitStack) -> House:
    founded = stack.enter_context(FoundedRegistry(folder))
    app = create_registry(
        RegistrySettings(data_dir=founded.folder, registry_url=f"{REGISTRY}/"), FixedClock(REGISTRY_NOW)
    )
    stack.callback(app.extensions[registering.EXTENSION].publication.storage.engine.dispose)
    province = founded.province()
    province.make_statement(REGISTRY, REGISTRY_NOW)
    asking = app.test_client()
    statement = asking.post("/v1/statements", json=province.submission().to_fields()).json

    def proof() -> dict[str, str]:
        return authorization(founded.officer_keys[0], founded.keyids[0], REGISTRY, REGISTRY_NOW)

    draft = asking.post("/v1/drafts", json={}, headers=proof()).json
    assert statement is not None
    assert draft is not None
    there = {"statement_id": statement["id"], "draft_id": draft["id"], "member": "CN-41", "number": "1"}
    return House(mounted(app), "registry", proof, there | {"path": "metadata/timestamp.json"})


def issuer(folder: Path, stack: ExitStack) -> House:
    own = read_settings(IssuerSettings, environment(folder))
    prepare(own)
    app = create_issuer(own, FixedClock(ISSUER_NOW))
    office = app.extensions[issuing.EXTENSION]
    stack.callback(office.engine.dispose)
    office.clients.add("city-app", jwk_of(CLIENT.public_key()), ISSUER_NOW)

    def proof() -> dict[str, str]:
        return authorization(CLIENT, "city-app", ISSUER, ISSUER_NOW)

    issued = app.test_client().post("/v1/credentials", json=paper(), headers=proof() | {"Idempotency-Key": "k"}).json
    assert issued is not None
    return House(mounted(app), "issuer", proof, {"handle": issued["handle"]})


def desk(folder: Path, stack: ExitStack) -> House:
    """The issuer before a browser of an operator, an approver, an auditor and an administrator in turn."""
    own = read_settings(IssuerSettings, environment(folder))
    prepare(own)
    desks = Desks(own)
    stack.callback(desks.office.engine.dispose)
    number, cookie = proposed(desks), cookie_name(own, "tongxing-desk")
    turns = itertools.cycle(BY_ROLE.values())

    def proof() -> dict[str, str]:
        secret, digest = secrets.token_hex(16), hashlib.sha256
        session = SessionRow(digest(secret.encode()).digest(), next(turns).key.kid, ISSUER_NOW, ISSUER_NOW)
        desks.office.staff.store.begin_session(session, AuditRow(ISSUER_NOW, "unit/person", "signed-in"))
        return {"Cookie": f"{cookie}={secret}", "Origin": ORIGIN, "Accept": "application/json"}

    def fields(proof: Mapping[str, str]) -> dict[str, str]:
        return {"token": token_of(proof["Cookie"].partition("=")[2])}

    there = {"number": number, "kid": BY_ROLE["operator"].key.kid.hex(), "act": "approve"}
    return House(mounted(desks.app), "issuer", proof, there, fields)


def verifier(folder: Path, stack: ExitStack) -> House:
    root = write_root(folder, MirroredRegistry())
    app = create_verifier(VerifierSettings(data_dir=folder, trust_root=root, member=HOST, environment="demo"))
    stack.callback(app.extensions[checking.EXTENSION].freshness.stop)
    return House(mounted(app), "verifier", dict, {})


@schemathesis.serializer("application/cose", "application/jose", "application/statuslist+jwt")
def signed(_: Any, value: Any) -> bytes:
    """A member's signed file: bytes as they are."""
    return value if isinstance(value, bytes) else str(value).encode()


# Whoever asks for a file of the mirror in the same process does not close it.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("role", "mode"),
    [
        *itertools.product(["registry", "issuer", "verifier"], [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]),
        # A form's fields are texts, and there is none that is not: wrong ones are in the desk's own tests.
        ("desk", GenerationMode.POSITIVE),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_an_interface_keeps_to_its_document(houses: dict[str, House], role: str, mode: GenerationMode) -> None:
    """Whoever writes a client from the document must never meet what it does not tell."""
    house = houses[role]
    schema = schemathesis.openapi.from_wsgi(f"/{house.name}/openapi.json", house.app)
    failures: list[str] = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found.err()
        operation = found.ok()
        # Of the desk every fourth asks without having signed in.
        if role in ("issuer", "desk") and (role == "desk") != (DESK in operation.path):
            continue
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            _ask(strategy, house)
        except Unsatisfiable:
            # Nothing of it can be wrong: no body, no parameter.
            continue
        except Exception as error:
            failures.append(f"{operation.label}: {type(error).__name__}: {error}")
    assert failures == []


def _ask(strategy: Any, house: House) -> None:
    turn = 0

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case: Any) -> None:
        nonlocal turn
        turn += 1
        if turn % 2:
            case.path_parameters.update(
                {name: house.there[name] for name in case.path_parameters if name in house.there}
            )
        proof = house.proof() if turn % 4 else None
        if proof is not None and isinstance(case.body, dict):
            case.body = case.body | house.fields(proof)
        answer = case.call(headers=proof)
        case.validate_response(answer, checks=CHECKS)

    ask()
