"""Looks for a text that a decoder of foreign cards answers with anything else than facts or a named error.

python -m tests.fuzz DECODER SECONDS [CORPUS], with atheris installed (``locks/requirements-fuzz.lock``). The corpus is
kept in a folder, by default ``build/fuzz/DECODER``; what is found ends the run and stands in that folder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import atheris
from cbor2 import CBORTag, dumps

with atheris.instrument_imports(include=["credentials"]):
    from credentials.errors import CredentialError
    from credentials.foreign.document import parse_foreign_keys
    from credentials.foreign.envelope import VerifiedCard
    from credentials.formats import eu_dcc, smart_health_card, table
    from credentials.recognition.card_rules import judged
    from credentials.wire.strict_json import read_json

from tests import dcc, published, shc

MAX_BYTES = 4096


def _text(data: bytes) -> None:
    table.unwrap(data.decode("utf-8", "surrogateescape"))


def _prefixed(prefix: str) -> Callable[[bytes], None]:
    return lambda data: _text(prefix.encode() + data)


def _eu_dcc_facts(data: bytes) -> None:
    facts = eu_dcc.read(VerifiedCard(data, dcc.key()))
    assert facts.original is not None
    list(judged(CARD_RULES, facts, facts.expires_at or 0))


CARD_RULES = published.as_rule_set().card_rules

DECODERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "text": (_text, [dcc.card_text().encode(), shc.card_jws().encode(), b"TX1:"]),
    "eu-dcc": (_prefixed("HC1:"), [dcc.card_text()[4:].encode()]),
    "eu-dcc-envelope": (
        lambda data: eu_dcc.unwrap(dcc.text_of_bytes(data)),
        [dumps(CBORTag(18, dcc.sign1(dumps(dcc.claims(dcc.certificate(v=[dcc.VACCINATION]))))))],
    ),
    "eu-dcc-facts": (_eu_dcc_facts, [eu_dcc.unwrap(dcc.card_text()).payload]),
    "smart-health-card": (_prefixed("shc:/"), [shc.numeric(shc.card_jws())[5:].encode()]),
    "smart-health-card-envelope": (
        lambda data: table.unwrap(shc.numeric(data.decode("latin-1"))),
        [shc.card_jws().encode()],
    ),
    "smart-health-card-facts": (
        lambda data: smart_health_card.read(VerifiedCard(shc.deflated(data), shc.key())),
        [b'{"iss":"https://a.example","nbf":1,"vc":{"type":["https://smarthealth.cards#health-card"]}}'],
    ),
    "smart-health-card-file": (smart_health_card.cards_in_file, [b'{"verifiableCredential":["a"]}']),
    "foreign-keys": (lambda data: parse_foreign_keys(read_json(data)), [b'{"member":"CN-44","keys":[]}']),
}
"""What is looked at, and with what it begins."""


def main(name: str, seconds: str, corpus: str = "") -> None:
    decode, seeds = DECODERS[name]
    folder = Path(corpus or f"build/fuzz/{name}")
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)

    def one(data: bytes) -> None:
        try:
            decode(data)
        except CredentialError:
            return

    limits = [f"-max_total_time={seconds}", f"-max_len={MAX_BYTES}", "-timeout=5", "-rss_limit_mb=1024"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}/found-", str(folder)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
