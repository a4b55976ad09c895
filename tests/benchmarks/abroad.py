"""Foreign cards from their text to the verdict, and the same cards in the same minutes at other people's packages.

A peer verifies and decodes a card and no more; ours judges it as well. Each round asks each of them in turn, in a
process of their own, and measures one bare verification beside it.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from cbor2 import dumps
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from credentials.algorithms import es256
from credentials.formats import eu_dcc
from credentials.profile.reasons import Outcome
from hatch_build import BuildFailed, ready_node
from tests import dcc, shc
from tests.benchmarks import scene
from tests.benchmarks.feed import Figure
from tests.benchmarks.measuring import INPUTS
from tests.benchmarks.rows import bare_verifications
from tests.samples import ISSUER_KEY
from tests.vectors.cast import DAY, HOUR, NOW, YEAR
from verifier.judging.policy import PROFILES
from verifier.judging.recipe import judge

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv" / "peers"
NODE_PEERS = ("@pathcheck/dcc-sdk", "dcc-utils", "jose")
EU_BUDGET, SHC_BUDGET = 1.70, 1.60
"""Of ours, in V, uncompiled."""
ROUNDS = 40


def _certificate() -> x509.Certificate:
    """The signer's, as EU cards' are published."""
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "AT")])
    first, last = datetime(2021, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, ISSUER_KEY.public_key(), 1, first, last)
    return builder.sign(ISSUER_KEY, hashes.SHA256())


CERTIFICATE = _certificate()
KID = CERTIFICATE.fingerprint(hashes.SHA256())[:8]
"""By which a reader finds the certificate (hcert-spec 1.3, section 3.3.2)."""
Ask = Callable[[], dict[str, Any]]


def figures() -> list[Figure]:
    """Ours and the peers', each in bare verifications; a peer that cannot be had is named."""
    texts = {"dcc": list(_eu_cards()), "shc": list(_health_cards())}
    with ExitStack() as stack:
        asked = [stack.enter_context(peer) for peer in (_python(texts), _node(texts))]
        rounds = list(_rounds(texts, [ask for ask in asked if ask is not None]))
    return list(_told(rounds))


def _rounds(texts: dict[str, list[str]], peers: list[Ask]) -> Iterator[dict[str, Any]]:
    """Each round's costs by name, in V; texts where a peer says why it does not work."""
    bare = bare_verifications(map(eu_dcc.unwrap, texts["dcc"]), ISSUER_KEY.public_key())  # type: ignore[arg-type]
    ours = {f"ours: {name}": _judging(each) for name, each in texts.items()}
    for _ in range(ROUNDS):
        unit = _microseconds(lambda: [bare(number) for number in range(INPUTS)])
        found: dict[str, Any] = {name: _microseconds(call) / unit for name, call in ours.items()}
        for ask in peers:
            found |= {name: cost if isinstance(cost, str) else cost / unit for name, cost in ask().items()}
        yield found


def _told(rounds: list[dict[str, Any]]) -> Iterator[Figure]:
    names = {"ours: dcc": ("an EU card to its verdict", EU_BUDGET), "ours: shc": ("a SMART Health Card", SHC_BUDGET)}
    for name, first in rounds[0].items():
        if isinstance(first, str):
            print(f"Skipped: {name}: {first}")
            continue
        said, budget = names.get(name, (f"the same cards by {name}, signature and content alone", None))
        yield Figure(said, median(each[name] for each in rounds), "V", budget)


def _judging(texts: list[str]) -> Callable[[], object]:
    known = replace(scene.knowledge(), foreign_keys=dcc.keys(replace(dcc.key(), kid=KID), shc.key()))
    venue = PROFILES["venue"]
    outcomes = {judge(text, known, NOW, venue).outcome for text in texts}
    assert outcomes == {Outcome.ACCEPTED}, "what is measured must be what is meant"
    return lambda: [judge(text, known, NOW, venue) for text in texts]


def _microseconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return (perf_counter() - began) * 1e6 / INPUTS


def _eu_cards() -> Iterator[str]:
    for number in range(INPUTS):
        sampled = datetime.fromtimestamp(NOW - HOUR - number, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        content = dcc.certificate(t=[dcc.TEST | {"sc": sampled}])
        payload = dumps(dcc.claims(content, iat=NOW - DAY, exp=NOW + YEAR))
        yield dcc.text_of_parts(dcc.sign1(payload, {1: es256.COSE_NUMBER, 4: KID}))


def _health_cards() -> Iterator[str]:
    for number in range(INPUTS):
        sampled = datetime.fromtimestamp(NOW - HOUR - number, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield shc.numeric(shc.card_jws(shc.PATIENT, shc.TEST | {"effectiveDateTime": sampled}, nbf=NOW - DAY))


@contextmanager
def _python(texts: dict[str, list[str]]) -> Iterator[Ask | None]:
    python = PEERS / "bin" / "python"
    if not (PEERS / "installed").exists():
        print("Skipped: cwt: its environment .venv/peers is missing: make bench sets it up")
        yield None
        return
    with _asked(
        [python, "-I", ROOT / "tests" / "peers" / "cards.py"],
        texts | {"certificate": CERTIFICATE.public_bytes(serialization.Encoding.PEM).decode()},
    ) as ask:
        yield ask


@contextmanager
def _node(texts: dict[str, list[str]]) -> Iterator[Ask | None]:
    if not (PEERS / "node_modules").is_dir():
        print(f"Skipped: {', '.join(NODE_PEERS)}: .venv/peers/node_modules is missing: make bench sets it up")
        yield None
        return
    try:
        node = ready_node(ROOT)
    except BuildFailed as failed:
        print(f"Skipped: {', '.join(NODE_PEERS)}: {failed}")
        yield None
        return
    der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    spki = base64.b64encode(ISSUER_KEY.public_key().public_bytes(*der)).decode()
    setup = texts | {"spki": spki, "kid": base64.b64encode(KID).decode(), "jwk": shc.JWK}
    with _asked([*node, ROOT / "tests" / "peers" / "cards.mjs", PEERS], setup) as ask:
        yield ask


@contextmanager
def _asked(command: list[Any], setup: dict[str, Any]) -> Iterator[Ask]:
    """A process that answers a line for a line. It ends with its input."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([str(part) for part in command], text=True, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answers = process.stdin, process.stdout
        print(json.dumps(setup), file=asked, flush=True)

        def ask() -> dict[str, Any]:
            print("round", file=asked, flush=True)
            answer = answers.readline()
            assert answer, f"{command[-1]} ended"
            return dict(json.loads(answer))

        yield ask
        asked.close()
