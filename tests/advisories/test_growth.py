"""No parser that strangers or one member reach costs more than in proportion: twice the input, at most 2.5 times the
work. A body of digits in runs of 4,300 once cost the square of its length, and 4 MiB of it stopped a registry for 18 s.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cbor2
import pytest
from PIL import Image

from credentials.base64url import from_base64url, to_base64url
from credentials.decisions.rules.document import parse_status_rules
from credentials.decisions.rules.template import built_in, template
from credentials.formats import native, presentation, table
from credentials.formats.presentation import challenge
from credentials.identity import mask_name, parse_document
from credentials.profile.facts import Fact, FactKind, FactResult
from credentials.profile.limits import MAX_SEGMENT_BYTES, MAX_STATUS_LIST_BYTES, MAX_TEXT_CHARACTERS
from credentials.qr import read_texts
from credentials.recognition.document import parse_rule_set
from credentials.status import gaps, segment, snapshot, token
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusList, StatusSnapshot
from credentials.wire import base45, cbor, cose, inflate, jws
from credentials.wire.strict_json import read_json
from issuer.bulk.lines import read_lines
from issuer.decisions.deciding import pieces_for_a_code
from issuer.evidence.importing import OF_EVIDENCE
from issuer.evidence.record import read_record
from issuer.phones.claim_codes import read_claim_code
from issuer.requests.holder_proof import read_proof
from issuer.requests.request import faults_of
from issuer.sign_in import id_token
from service_kit.http.auth import MAX_ASSERTION_CHARACTERS, authenticate
from service_kit.http.caller import read_address
from service_kit.locale import preferred_language
from service_kit.terminal import escaped
from tests.growth import MOST, per_doubling
from trust_registry.client.members.news import read_news_if_sound
from trust_registry.client.trust.bundle import read_bundle
from trust_registry.client.trust.pins import read_pins
from trust_registry.client.trust.repository import read_root
from trust_registry.metadata.denials import read_denials
from trust_registry.metadata.statement import read_statement
from trust_registry.metadata.trust_list import read_trust_list
from trust_registry.repository.files import parse_metadata
from trust_registry.root.succession import read_succession
from verifier.snapshot.delta import read_position

_FOLDER = tempfile.TemporaryDirectory(prefix="tongxing-growth-")
RECORD = {"reference": "1", "document": {"number": "11010519491231002X"}, "kind": "antigen", "result": "negative"}
STATUS_RULES = parse_status_rules(built_in("CN-41"))
LONG = 400_000
"""Characters of a signed document."""
HEADER = 32_768
"""Bytes of a header's value, of the 64 KiB that a whole head may have."""


class Row(NamedTuple):
    """A parser, what makes its input of a length, and the largest length that is tried."""

    name: str
    work: Callable[[Any], object]
    make: Callable[[int], Any]
    largest: int


def repeated(unit: bytes, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    return lambda length: before + unit * (length // len(unit)) + after


def text_of(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    return lambda length: before + unit * (length // len(unit)) + after


def numbered(entry: str, before: str, after: str) -> Callable[[int], bytes]:
    """So many different entries, by commas."""

    def made(length: int) -> bytes:
        entries = (entry.format(number) for number in range(length // len(entry.format(10**6))))
        return (before + ",".join(entries) + after).encode()

    return made


def colliding(length: int) -> bytes:
    """A payload whose map has keys that share one hash in Python."""
    keys = [bytes([0x92]) + bytes(0x20 | number >> bit & 1 for bit in range(18)) for number in range(length // 20)]
    return b"\xa1\x01" + b"\xba" + len(keys).to_bytes(4, "big") + b"".join(key + b"\0" for key in keys)


JSON = [
    Row(f"json {name}", read_json, make, 200_000)
    for name, make in {
        "runs of digits": repeated(b"1" * 4300 + b",", b"[", b"1]"),
        "one run of digits": repeated(b"1"),
        "a float of digits": repeated(b"1", b"0."),
        "an exponent of digits": repeated(b"1", b"1e"),
        "brackets": repeated(b"["),
        "brackets that close": repeated(b"[],", b"[", b"1]"),
        "names and braces": repeated(b'{"a":'),
        "quotes": repeated(b'"'),
        "escaped quotes": repeated(b'\\"'),
        "quotes and backslashes": repeated(b'"\\'),
        "one text": repeated(b"a", b'"', b'"'),
        "escapes": repeated(b"\\u0061", b'"', b'"'),
        "half characters": repeated(b"\\ud800", b'"', b'"'),
        "spaces": repeated(b" "),
        "wide characters": repeated("𫟰".encode(), b'"', b'"'),
        "many names": numbered('"{}":1', "{", "}"),
        "many equal names": repeated(b'"a":1,', b"{", b'"a":1}'),
        "many arrays": repeated(b"[[1],[2]],", b"[", b"1]"),
        "byte order marks": repeated(b"\xef\xbb\xbf"),
    }.items()
]

CODES = [
    Row("base45", base45.decode, text_of("BB8"), MAX_TEXT_CHARACTERS),
    Row("base45 of the largest digits", base45.decode, text_of(":::"), MAX_TEXT_CHARACTERS),
    Row("inflate", lambda data: inflate.inflate(data, MAX_STATUS_LIST_BYTES), lambda n: zlib.compress(bytes(n)), 2**17),
    Row("cose", lambda data: cose.open_layout(data, len(data)), repeated(b"\xd2\x84"), MAX_SEGMENT_BYTES),
    *[
        Row(f"code {prefix}{unit!r}", table.unwrap, text_of(unit, prefix), MAX_TEXT_CHARACTERS)
        for prefix in ("", native.PREFIX, presentation.PREFIX, challenge.PREFIX)
        for unit in (" ", "0", "BB8", ":", "\u3000", "健")
    ],
]

CBOR = [
    Row(f"cbor {name}", lambda data: cbor.load_fields(data, len(data), 1), make, 200_000)
    for name, make in {
        "keys of one hash": colliding,
        "arrays": repeated(b"\x81", b"\xa1\x01"),
        "empty arrays": lambda n: b"\xa1\x01\x9a" + n.to_bytes(4, "big") + b"\x80" * n,
        "texts as keys": lambda n: b"\xa1\x01" + cbor2.dumps({str(number): 0 for number in range(n // 8)}),
        "one text": lambda n: b"\xa1\x01" + cbor2.dumps("a" * n),
        "a big number": lambda n: b"\xa1\x01\xc2" + cbor2.dumps(b"\xff" * n),
        "a length of gigabytes": repeated(b"\x9b" + b"\xff" * 8, b"\xa1\x01"),
    }.items()
]


def every_other(number: int) -> array[int]:
    return gaps.ascending(range(0, 2 * number, 2))


def crafted(**changes: Any) -> bytes:
    """A segment's payload that our own writer would not write."""
    kind, member, number, as_of, previous, opened, withdrawn = cbor.load_fields(segment.encode(SEGMENT), 1000, 7)
    return cbor.dump_fields(
        [kind, member, number, as_of, previous, changes.get("opened", opened), changes.get("changes", withdrawn)]
    )


def snapshot_of(withdrawn: array[int]) -> bytes:
    lists = {3: StatusList.of_ascending(3, NOW + 60, withdrawn)}
    return snapshot.encode(StatusSnapshot("CN-41", 1, NOW, NOW + 60, lists, bytes(32)))


NOW = 1_795_000_000
SEGMENT = Segment("CN-41", 7, NOW, b"\x01" * 32, {}, {3: every_other(1)})
FULL = StatusList.of_ascending(3, NOW + 60, array("I", range(1, 2**20, 2)))
STATUS = [
    Row("gaps", lambda data: gaps.decode(8 * len(data) // 2, 1, data), repeated(b"\xaa"), MAX_STATUS_LIST_BYTES),
    Row("gaps of zeros", lambda data: gaps.decode(len(data), 0, data), repeated(b"\0"), MAX_STATUS_LIST_BYTES),
    Row(
        "a segment", segment.decode, lambda n: segment.encode(replace(SEGMENT, withdrawn={3: every_other(n)})), 100_000
    ),
    Row("a segment of many lists", segment.decode, lambda n: crafted(opened=[[i, 2] for i in range(n // 8)]), 100_000),
    Row(
        "a segment of changes",
        segment.decode,
        lambda n: crafted(changes=[[i, 1, 0, b"\x80"] for i in range(n // 8)]),
        100_000,
    ),
    Row("changes of a full list", FULL.with_set, lambda n: array("I", range(0, 2 * n, 2)), 2**17),
    Row("changes of one share", FULL.with_set, lambda n: array("I", range(0, 2 * n, 2)), 2**15),
    Row("a snapshot", snapshot.decode, lambda n: snapshot_of(every_other(n)), 100_000),
    Row("token status list", lambda text: token.unwrap_token(text), text_of("e30"), 200_000),
    Row("a token's bits", token.inflate_list, lambda n: token.deflate_list(bytes(n)), MAX_STATUS_LIST_BYTES),
]

JWS = [
    Row("jws of dots", jws.read, text_of("."), LONG),
    Row("jws of one segment", jws.read, text_of("a"), LONG),
    Row("jws payload", jws.read, text_of("a", "e30.", ".AAAA"), LONG),
    Row("jws header", jws.read, lambda n: f"{to_base64url(b'[' * n)}.e30.AAAA", 12_000),
    Row("base64url", from_base64url, text_of("AAAA"), LONG),
    Row("base64url with padding", from_base64url, text_of("="), LONG),
]


def rule_set(**changes: Any) -> dict[str, Any]:
    frame = {"member": "CN-44", "rule_set": 0, "version": 1, "sequence": 1, "previous": "0" * 64}
    lists: dict[str, Any] = {"parameters": {}, "value_sets": {}, "rules": [], "denials": []}
    return frame | {"valid_from": 1_668_902_400, "accepted_statuses": ["green"]} | lists | changes


def rule(logic: Any, text: str = "x") -> dict[str, Any]:
    words = {"zh": text, "en": text}
    return {"id": "a", "kinds": ["nucleic-acid"], "logic": logic, "text": words, "needed": words}


RULES = [
    Row(f"rules with {name}", parse_rule_set, make, 4096)
    for name, make in {
        "a value set": lambda n: rule_set(value_sets={"a": list(range(n))}),
        "many parameters": lambda n: rule_set(parameters={f"a{number}": 1 for number in range(n)}),
        "many rules": lambda n: rule_set(rules=[rule({"==": [1, 1]}) for _ in range(n)]),
        "a wide rule": lambda n: rule_set(rules=[rule({"and": [{"==": [1, 1]}] * n})]),
        "one operator in another": lambda n: rule_set(rules=[rule(nested(n // 128))]),
        "places to fill in": lambda n: rule_set(parameters={"a": 1}, rules=[rule({"==": [1, 1]}, "{a}" * n)]),
        "braces that never close": lambda n: rule_set(rules=[rule({"==": [1, 1]}, "{" * n)]),
        "many denials": lambda n: rule_set(denials=[{"member": "CN-33"}] * n),
    }.items()
]


def nested(levels: int) -> Any:
    logic: Any = {"==": [1, 1]}
    for _ in range(levels):
        logic = {"!": [logic]}
    return logic


def enter(header: str) -> object:
    return authenticate(header, lambda _: None, "https://code.example/issuer", 0, None)  # type: ignore[arg-type]


TYPED = [
    Row(f"{name} of {unit!r}", work, text_of(unit), largest)
    for name, work, largest in (
        ("a name", mask_name, 4096),
        ("a document's number", lambda text: parse_document(None, text), 4096),
        ("a claim code", read_claim_code, 4096),
        ("an address", read_address, HEADER),
        ("a position", read_position, HEADER),
        ("a language", preferred_language, HEADER),
        ("an assertion", enter, MAX_ASSERTION_CHARACTERS),
    )
    for unit in ("1", " ", "a", ".", "-", ",", "[", ":", "A1 ", "·", "e\u0301", "\ufdfa", "zh;q=0.1,", "%", "Bearer ")
]


def signed_by_nobody(payload: Callable[[int], bytes], header: dict[str, str]) -> Callable[[int], str]:
    """A compact JWS whose header and payload are read before its signature is looked at."""
    head = to_base64url(json.dumps(header).encode())
    return lambda length: f"{head}.{to_base64url(payload(length))}.{'A' * 86}"


def zipped(length: int) -> bytes:
    """An offline bundle of so many small files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as bundle:
        for number in range(length // 128):
            bundle.writestr(f"members/CN-41/segments/{number + 1}.cose", b"x")
    return content.getvalue()


DIGITS = repeated(b"1" * 4300 + b",", b"[", b"1]")
NAMES = numbered('"{}":1', "{", "}")
TRUST = [
    Row(f"{name} of {kind}", work, make, largest)
    for name, work, largest in (
        ("news", read_news_if_sound, 200_000),
        ("denials", read_denials, 200_000),
        ("a trust list", read_trust_list, 200_000),
        ("a root", read_root, 200_000),
        ("metadata", parse_metadata, 200_000),
        ("what a gate remembers", read_pins, 200_000),
        ("a succession", read_succession, 200_000),
    )
    for kind, make in {
        "digits": DIGITS,
        "names": NAMES,
        "brackets": repeated(b"["),
        "signatures": numbered('{{"keyid":"{}","sig":""}}', '{"signatures":[', '],"signed":{"_type":"root"}}'),
        "members": numbered('{{"id":"CN-{}"}}', '{"members":[', '],"denied":[],"version":1}'),
    }.items()
]
SIGNED = [
    Row(f"{name} of {kind}", work, signed_by_nobody(make, header), largest)
    for name, work, header, largest in (
        ("a statement", read_statement, {"alg": "ES256", "typ": "tongxing-statement+jws", "kid": "0" * 16}, 40_000),
        ("a phone's proof", lambda text: read_proof(text, "a", NOW), {"alg": "ES256", "typ": "JWT"}, 4096),
        ("a provider's word", id_token.key_id, {"alg": "ES256", "kid": "a"}, 20_000),
    )
    for kind, make in {"digits": DIGITS, "names": NAMES, "brackets": repeated(b"[")}.items()
]


def record_with(name: str, value: str) -> object:
    return read_record({**RECORD, name: value}, NOW)


DECIDED = [
    Row("status rules with many entries", lambda n: parse_status_rules(status_rules(n)), lambda n: n, 4_000),
    Row("status rules with a wide entry",
        lambda n: parse_status_rules(status_rules(1, {"and": [{"===": [1, 1]}] * n})), lambda n: n, 2_000),
    Row("a long timeline", lambda facts: STATUS_RULES.decide(facts, NOW),
        lambda n: [Fact(FactKind.STAY, FactResult.REPORTED, NOW - age, 410_100) for age in range(n)], 20_000),
    Row("facts for a code", pieces_for_a_code,
        lambda n: [Fact(FactKind.ANTIGEN, FactResult.NEGATIVE, NOW - age, 410_100) for age in range(n)], 20_000),
    *[Row(f"a record with a long {name}", partial(record_with, name), text_of("1"), 100_000)
      for name in ("reference", "kind", "sampled_at", "region")],
    Row("a record about a long number",
        lambda text: read_record(RECORD | {"document": {"number": text}}, NOW), text_of("1"), 100_000),
    Row("a record of many fields", lambda n: read_record(dict.fromkeys(map(str, range(n))), NOW), lambda n: n, 20_000),
    Row("lines of evidence", lambda path: [*read_lines(path, columns=OF_EVIDENCE)],
        lambda n: written(b"kind,region\n" + b"1,2\n" * (n // 4)), 99_998),
]  # fmt: skip
BROUGHT = [
    Row("a bundle of files", lambda data: read_bundle(data, b"{}", NOW), zipped, 100_000),
    Row("a request", lambda text: faults_of({"name": text, "form": text, "document": {"number": text}}, NOW),
        text_of("1"), 100_000),
    Row("many kinds of evidence", lambda n: faults_of({"evidence": [{"kind": "x"}] * n}, NOW), lambda n: n, 10_000),
    Row("keys of a provider", lambda keys: id_token.keys_for("a", {"keys": keys}, "ES256"),
        lambda n: [{"kty": "EC", "kid": "a", "crv": "P-256"}] * (n // 64), 64_000),
    *[Row(f"a terminal and {unit!r}", escaped, text_of(unit), 200_000) for unit in ("a", "\x1b", "\u202e", "健")],
    Row("lines of a bulk", lambda path: [*read_lines(path)], lambda n: written(b"a,b\n" + b"1,2\n" * (n // 4)), 99_999),
    Row("quotes of a bulk", lambda path: [*read_lines(path)], lambda n: written(b'name\n' + b'"' * n), 100_000),
]  # fmt: skip


def status_rules(count: int, when: Any = None) -> dict[str, Any]:
    document = template("CN-41")
    last = document["entries"][-1]
    first = last | {"when": {"===": [1, 1]} if when is None else when}
    return document | {"entries": [*(first | {"id": f"e{number}"} for number in range(count)), last]}


def written(content: bytes) -> Path:
    """In a file, which goes with the process."""
    path = Path(_FOLDER.name) / f"{len(content)}.csv"
    path.write_bytes(content)
    return path


def picture(pixels: int) -> bytes:
    """A PNG of so many pixels, of noise in which a reader looks for symbols everywhere."""
    side = int(pixels**0.5)
    noise = zlib.compress(b"", 0)  # any bytes: what follows makes as many as the picture needs
    data = (bytes(range(256)) + noise) * (side * side // 256 + 1)
    content = io.BytesIO()
    Image.frombytes("L", (side, side), data[: side * side]).save(content, "PNG")
    return content.getvalue()


PICTURES = [Row("a picture", read_texts, picture, 2_000_000)]

ROWS = [*JSON, *CODES, *CBOR, *STATUS, *JWS, *RULES, *TYPED, *TRUST, *SIGNED, *DECIDED, *BROUGHT, *PICTURES]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_twice_the_input_is_twice_the_work(row: Row) -> None:
    """Whoever sends one request must not get the work of a thousand."""
    assert per_doubling(row.work, row.make, row.largest) <= MOST


def test_the_square_is_found() -> None:
    """A test that cannot fail would let the next one through."""

    def square(text: str) -> None:
        for start in range(0, len(text), 16):
            hash(text[start:])

    assert per_doubling(square, text_of("a"), 40_000) > MOST
