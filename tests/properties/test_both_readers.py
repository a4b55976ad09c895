"""The reader in Python and the one in browsers take the same documents, refuse the same, and by the same name.

Documents are changed and then signed, as by an issuer gone wrong or by another program: rule sets of any JSON,
snapshots and segments of any CBOR, expressions of CertLogic, trust lists. Where both take one, all that they have read
of it is compared, and what it says of codes. There is no difference that is let pass.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from typing import Any

import pytest
from cbor2 import dumps
from hypothesis import example, given, settings
from hypothesis import strategies as st

from credentials.errors import RuleOpen, TongxingError
from credentials.keys import VerificationKey
from credentials.model import Evidence, StatusCredential
from credentials.profile.limits import MAX_STATUS_SEQUENCE
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Status
from credentials.recognition.authoring.template import template
from credentials.recognition.language.certlogic import RuleState, compile_rule, compile_sound_parts
from credentials.recognition.language.instants import DateTime
from credentials.recognition.ruleset import RuleResult, RuleSet
from credentials.status import segment, snapshot
from credentials.status.snapshot import StatusList, StatusSnapshot
from credentials.verdict import to_json
from credentials.wire import cose
from credentials.wire.cbor import load_fields
from credentials.wire.strict_json import parse_json
from tests.properties.signed_json import RAW, VALUES, Raw, compact, places, with_changes, written
from tests.properties.test_both_judges import SNAPSHOT, TEXTS, VECTORS, gates
from tests.vectors.cast import DAY, HOUR, NOW, signer
from tests.vectors.codes import PAPER, TEST
from tests.vectors.knowledge import GUANGDONG, HENAN, ZHEJIANG
from tests.vectors.reading import read_challenge, read_policy, read_trust
from tests.web.twin import NodeTwin
from trust_registry.client.members.member_files import listed_key, read_member_file
from verifier.judging.knowledge import Knowledge
from verifier.judging.recipe import judge

EXAMPLES = settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "300")))
"""Of each kind; ``make fuzz`` asks for 20,000."""
TRUST = VECTORS["trusts"]["fresh"]
TRUSTED = read_trust(TRUST)
RULES_KEY, STATUS_KEY = signer(GUANGDONG, "rules-1"), signer(HENAN, "status-1")
HEADER = {"alg": "ES256", "kid": RULES_KEY.kid.hex(), "typ": "tongxing-rules+jws"}
_BASE = template(GUANGDONG, 48, valid_from=NOW - 30 * DAY)
_SAID = {"zh": "{truth} 与 {nucleic_acid_hours}", "en": "{truth}, {nucleic_acid_hours}"}
_LOGIC = {
    "if": [
        {"in": [{"var": "payload.status"}, ["green", "yellow"]]},
        {"and": [{"var": "external.parameters.truth"}, {"<": [{"+": [1, 2]}, 4]}]},
        {"reduce": [{"var": "payload.evidence"}, {"and": [{"var": "current.region"}, {"var": "accumulator"}]}, True]},
    ]
}
DOCUMENT = _BASE | {
    "parameters": _BASE["parameters"] | {"truth": True},
    "value_sets": {"risk_regions": [440305, "x", False], "disease-agent-targeted": ["840539006"]},
    "accepted_forms": ["phone", "paper"],
    "valid_until": NOW + 30 * DAY,
    "rules": [
        *_BASE["rules"],
        {"id": "all", "kinds": ["nucleic-acid", "none"], "logic": _LOGIC, "text": _SAID, "needed": _SAID},
    ],
    "denials": [{"member": ZHEJIANG, "reason": {"zh": "核查", "en": "Review"}, "expires_at": NOW + DAY, "comment": ""}],
    "card_rules": [
        {
            "id": "VR-DE-0001",
            "format": "eu-dcc",
            "kind": "vaccination",
            "country": "DE",
            "issuers": ["DE", "AT"],
            "schema": "1.3.0",
            "valid_from": NOW - DAY,
            "valid_until": NOW + DAY,
            "logic": {"in": [{"var": "payload.v.0.tg"}, {"var": "external.valueSets.disease-agent-targeted"}]},
            "text": _SAID,
            "needed": _SAID,
        },
        {"id": "open", "format": "eu-dcc", "kind": "general", "country": "XX", "schema": "1.0.0", "valid_from": NOW}
        | {"text": _SAID, "needed": _SAID, "comment": "cut off"},
    ],
}


def _with_text(text: str) -> dict[str, Any]:
    return DOCUMENT | {"rules": [DOCUMENT["rules"][0] | {"text": {"zh": text, "en": text}}]}


VACCINATION = Evidence(EvidenceKind.VACCINATION, EvidenceResult.COMPLETED, NOW - 40 * DAY, 410_000)
JOURNEY = Evidence(EvidenceKind.TRAVEL, EvidenceResult.NEGATIVE, NOW - DAY, 440_305)
OLD = TEST._replace(sampled_at=NOW - 60 * HOUR)
SAMPLES = [PAPER._replace(evidence=evidence) for evidence in ((), (TEST,), (OLD, JOURNEY), (VACCINATION, TEST))]
SAMPLES.append(PAPER._replace(status=Status.YELLOW, form=Form.PHONE))


def as_json(credential: StatusCredential) -> dict[str, Any]:
    """What rules look at, as the browser's judge has it."""
    evidence = [
        {"kind": kind.label, "result": result.label, "sampledAt": sampled_at, "region": region}
        for kind, result, sampled_at, region in credential.evidence
    ]
    labels = {name: getattr(credential, name).label for name in ("status", "reason", "form")}
    return {**labels, "issuedAt": credential.issued_at, "evidence": evidence}


SAMPLES_JSON = [as_json(sample) for sample in SAMPLES]


def ours(data: bytes) -> dict[str, Any]:
    """What our reader makes of a file of rules."""
    try:
        return _told(read_member_file("rules.jws", data, GUANGDONG, TRUSTED).rule_set)
    except TongxingError as error:
        return {"code": error.code}


def _told(read: RuleSet) -> dict[str, Any]:
    lists = (read.accepted_statuses, read.accepted_forms)
    return {
        "head": [read.member, read.rule_set, read.version, read.sequence, read.valid_from, read.valid_until],
        "lists": [sorted(entry.label for entry in each) for each in lists],
        "texts": [
            [
                rule.id,
                sorted(EvidenceKind(kind).label if kind else "none" for kind in rule.kinds),
                [*rule.text],
                [*rule.needed],
            ]
            for rule in read.rules
        ],
        "denials": {
            member: {"reason": [*denial.reason], "expiresAt": denial.expires_at}
            for member, denial in read.denials.items()
        },
        "cards": [
            [
                rule.id,
                rule.format,
                rule.kind or "general",
                rule.country,
                sorted(rule.issuers),
                [*rule.schema],
                rule.valid_from,
                rule.valid_until,
                [*rule.text],
                [*rule.needed],
            ]
            for rule in read.card_rules
        ],
        "said": [_said(read.judge(sample, NOW)) for sample in SAMPLES],
    }


def _said(result: RuleResult) -> list[str | None]:
    named = result.rule is not None and result.state is not RuleState.PASS
    return [result.state.value, result.rule.id if result.rule is not None and named else None]


def same_rules(twin: NodeTwin, header: bytes, payload: bytes) -> None:
    text = compact(header, payload, RULES_KEY)
    theirs = twin("rules", compact=text, member=GUANGDONG, trust=TRUST, samples=SAMPLES_JSON, at=NOW)
    assert theirs == ours(text.encode())


@st.composite
def rule_documents(draw: st.DrawFn) -> bytes:
    """The JSON of a changed rule set, now and then with one of its bytes changed as well."""
    payload = written(with_changes(draw, DOCUMENT, VALUES)).encode("utf-8", "surrogatepass")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1]))):
        at = draw(st.integers(0, len(payload)))
        odd = draw(st.binary(max_size=2) | st.sampled_from([b"\xef\xbb\xbf", b'"', b"{", b"\\", b" ", b"\x0b", b"0"]))
        payload = payload[:at] + odd + payload[at + draw(st.integers(0, 2)) :]
    return payload


@EXAMPLES
@given(rule_documents())
def test_rule_sets_of_any_json(node_judge: NodeTwin, payload: bytes) -> None:
    """Fields, texts, parameters, logic; numbers and names as another language writes them."""
    same_rules(node_judge, json.dumps(HEADER).encode(), payload)


def _with_truth(value: Raw) -> str:
    return written(DOCUMENT | {"parameters": DOCUMENT["parameters"] | {"truth": value}})


def _rule_of(logic: str) -> str:
    rule = written(DOCUMENT["rules"][0] | {"logic": Raw(logic)})
    return written(DOCUMENT | {"rules": [Raw(rule)]})


_LONG, _REDUCED = "\U00020bb7" * 198, '{"reduce":[{"var":"payload.evidence"},{"===":[{"var":"%s"},1]},true]}'
NAMED = {
    "path of 200 characters beyond the BMP": _rule_of(_REDUCED % f"current.{_LONG[:192]}"),
    "path of 201 characters beyond the BMP": _rule_of(_REDUCED % f"current.{_LONG[:193]}"),
    "path of 200 characters": _rule_of(_REDUCED % f"current.{'a' * 192}"),
    "path of 201 characters": _rule_of(_REDUCED % f"current.{'a' * 193}"),
    **{
        f"path with U+{ord(separator):04X}": _rule_of(_REDUCED % f"current.a{json.dumps(separator)[1:-1]}b")
        for separator in "\n\r\x0b\x0c\x1c\x85\u2028\u2029"
    },
    "path that ends in a line": _rule_of('{"var":"payload.status\\n"}'),
    "text of 300 characters beyond the BMP": written(_with_text("\U00020bb7" * 300)),
    "text of 301 characters beyond the BMP": written(_with_text("\U00020bb7" * 301)),
    "comment of 1000 characters beyond the BMP": written(DOCUMENT | {"comment": "\U00020bb7" * 1000}),
    "comment of 1001 characters beyond the BMP": written(DOCUMENT | {"comment": "\U00020bb7" * 1001}),
    **{f"version {number}": written(DOCUMENT | {"version": Raw(number)}) for number in RAW},
    **{f"parameter {number}": _with_truth(Raw(number)) for number in RAW},
    **{f"logic {number}": _rule_of(f'{{"<":[{number},{{"+":[{number},1]}}]}}') for number in RAW},
    **{f"added days {number}": _rule_of(f'{{"plusTime":["2022-11-21",{number},"day"]}}') for number in RAW},
    **{f"part of a text {number}": _rule_of(f'{{"!":[{{"extractFromUVCI":["a",{number}]}}]}}') for number in RAW},
    **{f"{name} is null": written(DOCUMENT | {name: None}) for name in DOCUMENT},
    **{f"{name} is left out": written({key: DOCUMENT[key] for key in DOCUMENT if key != name}) for name in DOCUMENT},
    "byte order mark": "\ufeff" + written(DOCUMENT),
    "64 levels": _rule_of("[" * 60 + "1" + "]" * 60),
    "65 levels": _rule_of("[" * 62 + "1" + "]" * 62),
    "name twice": written(DOCUMENT)[:-1] + ',"version":1}',
    "name twice, once escaped": written(DOCUMENT)[:-1] + ',"versio\\u006e":1}',
    "bad branch": _rule_of('{"if":[true,true,{"or":[1]}]}'),
    "bad branch that is reached": _rule_of('{"if":[false,true,{"or":[1]}]}'),
    "reduced over nothing by no expression": _rule_of('{"reduce":[[],null,true]}'),
    "129 items": _rule_of('{"reduce":[[' + "1," * 128 + '1],true,true]}'),
    "dates compared": _rule_of('{"===":[{"var":"payload.issuedAt"},{"var":"payload.issuedAt"}]}'),
    "year 0": _rule_of('{"after":[{"plusTime":["0000-01-01",0,"day"]},{"plusTime":["2022",0,"day"]}]}'),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_rule_sets_at_each_bound_of_the_grammar(node_judge: NodeTwin, name: str) -> None:
    """Units of length, separators, spellings of numbers, what is null or left out, twice or too deep."""
    same_rules(node_judge, json.dumps(HEADER).encode(), NAMED[name].encode())


FAULTS = {
    "nothing": b"",
    "blanks": b" \t\r\n",
    "other blanks": b"\x0b1",
    "byte order mark": b"\xef\xbb\xbf1",
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf1",
    "UTF-16, marked": b"\xff\xfe1\0",
    "UTF-16, unmarked": b"\0001",
    "not UTF-8": b'"\xff"',
    "half a pair in UTF-8": b'"\xed\xa0\x80"',
    "too long a spelling": b'"\xc0\x80"',
    "beyond Unicode": b'"\xf4\x90\x80\x80"',
    "half a pair": b'"\\ud800"',
    "the halves turned": b'"\\udc00\\ud800"',
    "half a pair in a name": b'{"\\udfff":1}',
    "a pair": b'"\\ud800\\udc00"',
    "a name twice": b'{"a":1,"a":1}',
    "a name twice, once escaped": b'{"a":1,"\\u0061":1}',
    "a name twice, deep": b'[{"b":[{"a":1,"a":2}]}]',
    "one name in two objects": b'[{"a":1},{"a":1}]',
    "__proto__ twice": b'{"__proto__":1,"__proto__":2}',
    "not a number": b"NaN",
    "endless": b"-Infinity",
    "beyond a double": b"1e309",
    "below a double": b"1e-400",
    "300 characters": b"1" * 300,
    "301 characters": b"1" * 301,
    "301 characters of a fraction": b"0." + b"1" * 299,
    "zero before a digit": b"01",
    "plus": b"+1",
    "point without digits": b"1.",
    "minus alone": b"-",
    "hexadecimal": b"0x1",
    "comma at the end": b"[1,]",
    "comment": b"1//",
    "single quotes": b"'a'",
    "control in a text": b'"\x1f"',
    "DEL in a text": b'"\x7f"',
    "U+2028 in a text": '"\u2028"'.encode(),
    "odd escape": b'"\\x41"',
    "short escape": b'"\\u12"',
    "text without end": b'"a',
    "escape at the end": b'"\\',
    "two values": b"1 2",
    "64 levels": b"[" * 64 + b"]" * 64,
    "65 levels": b"[" * 65 + b"]" * 65,
    "65 levels that are a text": b'"' + b"[" * 65 + b'"',
    "levels without end": b"[" * 100_000,
    "brackets that do not meet": b"[}",
}


def json_code(data: bytes) -> str | None:
    try:
        parse_json(data)
    except TongxingError as error:
        return error.code
    return None


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_of_json_has_one_code_in_both(node_judge: NodeTwin, name: str) -> None:
    """The words may differ; a document that one of them takes must not be refused by the other."""
    assert node_judge("jsonCode", bytes=FAULTS[name].hex()) == json_code(FAULTS[name])


@EXAMPLES
@given(
    st.lists(
        st.sampled_from([*FAULTS.values(), *map(bytes, zip(b'[]{}:,"\\ 0123456789eE.-+ntfu\xc3\xa9'))]), max_size=9
    )
)
def test_any_json(node_judge: NodeTwin, parts: list[bytes]) -> None:
    """Faults within faults, and what only looks like one."""
    data = b"".join(part for part in parts if len(part) < 1000)
    assert node_judge("jsonCode", bytes=data.hex()) == json_code(data)


@EXAMPLES
@given(st.data())
def test_headers_of_any_json(node_judge: NodeTwin, data: st.DataObject) -> None:
    """``alg``, ``kid``, ``typ``, ``crit``, ``b64``, and members that nobody knows."""
    more = {"b64": False, "crit": ["b64"], "jwk": {"kty": "EC"}, "x": 1}
    named = data.draw(st.lists(st.sampled_from(sorted(more)), max_size=1))
    header = with_changes(data.draw, HEADER | {name: more[name] for name in named}, VALUES)
    same_rules(node_judge, written(header).encode("utf-8", "surrogatepass"), written(DOCUMENT).encode())


@EXAMPLES
@given(st.integers(0, 4000), st.sampled_from(["", "=", "A", ".", "-", "_", "+", " ", "\n", "é", "\U00020bb7", "AAAA"]))
def test_changed_characters_of_signed_json(node_judge: NodeTwin, at: int, odd: str) -> None:
    """Base64url has one way to write a thing."""
    text = compact(json.dumps(HEADER).encode(), written(DOCUMENT).encode(), RULES_KEY)
    at = at % (len(text) + 1)
    text = text[:at] + odd + text[at + 1 :]
    theirs = node_judge("rules", compact=text, member=GUANGDONG, trust=TRUST, samples=SAMPLES_JSON, at=NOW)
    assert theirs == ours(text.encode())


PATHS = [
    "",
    "x",
    "x.0",
    "x.k",
    "y",
    "y.1",
    "s",
    "d",
    "accumulator",
    "current",
    "data.x",
    "current.\u2028",
    "z.z",
    "a..b",
]
OPERATORS = [
    "var", "if", "and", "!", "===", "in", "+", "<", ">", "<=", ">=", "after", "before", "not-after", "not-before",
    "plusTime", "reduce", "extractFromUVCI", "dccDateOfBirth", "or", "toString",
]  # fmt: skip
DATES = [
    "2022-02-28T01:02:03+08:00", "2022-02-28T01:02:03.5Z", "2022", "2022-02", "2022-02-30", "0000-01-01", "9999-12-31",
    "2022-02-28T24:00:00Z", "2022-02-28T23:59:60Z", "2020-02-29", "2022-02-28T01:02:03", "0001-01-01T00:00:00+23:59",
    "2022-02-28T01:02:03.123456+8", "2022-2-8", "URN:UVCI:01:CN:ABC/1#2",
]  # fmt: skip
INTEGERS = st.integers(-(2**53) - 1, 2**53 + 1) | st.integers(-3, 3) | st.sampled_from([2**53 - 1, 10**6, 10**6 + 1])
SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | INTEGERS | st.just(0.5) | st.sampled_from(DATES) | st.text(max_size=3)
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ks0"), inner, max_size=2)
)
EXPRESSIONS = st.recursive(
    SCALARS | st.builds(lambda path: {"var": path}, st.sampled_from(PATHS)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(
            lambda name, operands: {name: operands}, st.sampled_from(OPERATORS), st.lists(inner, min_size=1, max_size=3)
        )
        | st.builds(lambda one, two: {"===": [one, two]}, inner, inner)
        | st.builds(lambda one, two, three: {"if": [one, two, three]}, inner, inner, inner)
        | st.builds(lambda one, two, three: {"reduce": [one, two, three]}, inner, inner, inner)
        | st.builds(
            lambda operand, amount, unit: {"plusTime": [operand, amount, unit]},
            inner,
            st.integers(-20_000, 20_000) | INTEGERS,
            st.sampled_from(["hour", "day", "month", "year", "week"]),
        )
        | st.builds(lambda operand, index: {"extractFromUVCI": [operand, index]}, inner, INTEGERS)
    ),
    max_leaves=25,
)
FACTS = st.fixed_dictionaries(
    {"x": TREES, "y": st.lists(SCALARS, max_size=5), "s": st.text(max_size=4), "d": st.sampled_from(DATES)}
)


def _plain(value: Any) -> Any:
    """As the twin writes it; a moment by its only field."""
    if type(value) is list:
        return [_plain(item) for item in value]
    return {"milliseconds": int(value)} if isinstance(value, DateTime) else value


def decided(logic: Any, data: Any, *, sound: bool) -> dict[str, Any]:
    try:
        return {"value": _plain((compile_sound_parts if sound else compile_rule)(logic)(data))}
    except (RuleOpen, TongxingError) as error:
        return {"code": error.code}


@EXAMPLES
@given(EXPRESSIONS, FACTS)
def test_any_expression(node_judge: NodeTwin, logic: Any, facts: Any) -> None:
    """Whole, as its author is told; and its sound parts, as gates take it when it is in force."""
    # Both read the same text: what is beyond a double is not the same number to them.
    logic, facts = (json.loads(json.dumps(each)) for each in (logic, facts))
    for sound in (False, True):
        theirs = node_judge("decide", logic=logic, data=facts, sound=sound)
        assert theirs == json.loads(json.dumps(decided(logic, facts, sound=sound)))


STATE = StatusSnapshot(
    HENAN,
    3,
    NOW - 60,
    NOW + DAY,
    {number: StatusList.of(number, NOW + 2 * DAY, indices) for number, indices in ((3, [5, 77, 1_048_575]), (4, []))},
    b"\x07" * 32,
)
NEXT = segment.Segment(
    HENAN, 4, NOW - 30, STATE.head, {9: NOW + 3 * DAY}, {3: StatusList.of(3, NOW, [6, 9000]).withdrawn}
)
NUMBERS = st.integers(-1, 24) | st.sampled_from(
    [2**16 - 1, 2**16, 2**20 - 1, 2**20, 2**32 - 1, 2**32, 2**53 - 1, 2**53]
)
CBOR: st.SearchStrategy[Any] = (
    NUMBERS | st.integers(NOW - 61, NOW - 59) | st.none() | st.booleans() | st.just(1.0) | st.binary(max_size=33)
    | st.sampled_from(["status-snapshot", "status-segment", HENAN, ZHEJIANG])
    | st.sampled_from([b"\x07" * 32, bytes(32), b"\x9c\x19\x80\xd0"])
    | st.lists(st.lists(NUMBERS | st.binary(max_size=4), min_size=1, max_size=5), max_size=2)
)  # fmt: skip


@st.composite
def changed_files(draw: st.DrawFn, payload: bytes) -> bytes:
    """A signed file whose content was changed, by its fields or by its bytes."""
    if draw(st.booleans()):
        fields = dict(enumerate(load_fields(payload, len(payload), 7), start=1))
        payload = dumps(with_changes(draw, fields, CBOR))
    else:
        raw = bytearray(payload)
        for _ in range(draw(st.integers(1, 3))):
            raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
        payload = bytes(raw[: draw(st.sampled_from([len(raw), len(raw), len(raw) - 1, 60]))])
    return cose.seal(payload.ljust(24, b"\0"), STATUS_KEY)


def status_by_ours(status: bytes, following: list[bytes]) -> tuple[list[list[str]], Any]:
    """The failures, and what is held in the end, as the twin tells it."""
    failures: list[list[str]] = []
    held: StatusSnapshot | None = None
    file = "status.cose"
    try:
        held = snapshot.open(status, _key(status))
        for each in following:
            file = f"segments/{held.sequence + 1}.cose"
            held = segment.apply(held, segment.open(each, _key(each)))
    except TongxingError as error:
        failures.append([file, error.code])
    return failures, held and _as_told(held)


def _key(data: bytes) -> VerificationKey:
    return listed_key(cose.open_layout(data, 2**24).kid, HENAN, "status", TRUSTED)


def _as_told(held: StatusSnapshot) -> dict[str, Any]:
    lists = [[number, each.expires_at, list(each.withdrawn)] for number, each in held.lists.items()]
    return {
        "member": held.member, "sequence": held.sequence, "asOf": held.as_of, "expiresAt": held.expires_at,
        "lists": lists, "head": held.head.hex(),
    }  # fmt: skip


def same_status(twin: NodeTwin, status: bytes, following: list[bytes]) -> None:
    texts = [base64.b64encode(each).decode() for each in (status, *following)]
    document = SNAPSHOT | {"trust": TRUST, "rules": [], "statuses": {HENAN: texts[0]}, "segments": {HENAN: texts[1:]}}
    told = twin("learn", name="status", snapshot=document)
    theirs = [[failure["file"], failure["code"]] for failure in told["failures"]], told["statuses"].get(HENAN)
    assert theirs == status_by_ours(status, following)


@EXAMPLES
@given(changed_files(snapshot.encode(STATE)))
@example(snapshot.seal(replace(STATE, sequence=MAX_STATUS_SEQUENCE), STATUS_KEY))
def test_any_snapshot(node_judge: NodeTwin, data: bytes) -> None:
    """What a member's status key can sign: any fields, counts, orders and codings."""
    same_status(node_judge, data, [segment.seal(NEXT, STATUS_KEY)])


@EXAMPLES
@given(changed_files(segment.encode(NEXT)))
@example(segment.seal(replace(NEXT, number=MAX_STATUS_SEQUENCE), STATUS_KEY))
def test_any_segment(node_judge: NodeTwin, data: bytes) -> None:
    """The chain breaks at the same link for both, or goes on for both, to the same state."""
    same_status(node_judge, snapshot.seal(STATE, STATUS_KEY), [data])


TRUST_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "not_before": st.integers(NOW - HOUR - 1, NOW - HOUR + 61),
    "not_after": st.integers(NOW - HOUR - 1, NOW + 1),
    "changed_until": st.sampled_from([0, NOW - 1, NOW, NOW + 1]),
    "use": st.sampled_from(["credential", "status", "rules", "log"]),
    "algorithm": st.sampled_from(["ES256", "SGD_SM3_SM2"]),
    "environment": st.sampled_from(["production", "test", "demo"]),
    "statuses": st.lists(st.sampled_from(["green", "yellow", "red", "pending"]), unique=True),
    "forms": st.lists(st.sampled_from(["phone", "assisted", "paper"]), unique=True),
    "registry_time": st.integers(NOW - 5 * DAY, NOW + 2 * HOUR),
    "whole": st.booleans(),
    "hotline": st.sampled_from(["", "0371-12320", "12320"]),
}


@EXAMPLES
@given(st.data(), st.sampled_from(TEXTS), gates)
def test_any_trust(node_judge: NodeTwin, data: st.DataObject, text: str, gate: dict[str, Any]) -> None:
    """Keys of other times, uses and members, what members may issue, how old the list is, whom it denies."""
    trust = json.loads(json.dumps(TRUST))
    for _ in range(data.draw(st.integers(1, 3))):
        way = data.draw(st.sampled_from([way for way in places(trust)[1:] if way[-1] in TRUST_VALUES]))
        place = trust
        for key in way[:-1]:
            place = place[key]
        place[way[-1]] = data.draw(TRUST_VALUES[way[-1]])
    if data.draw(st.booleans()):
        kid = data.draw(st.sampled_from([key["kid"] for member in trust["members"] for key in member["keys"]]))
        trust["denied"].append({"kid": kid, "reason": "lost", "denied_at": NOW - HOUR})
    node_judge("learn", name="trust", snapshot=SNAPSHOT | {"trust": trust, "rules": [], "statuses": {}})
    theirs = node_judge("check", knowledge="trust", text=text, **gate)
    verdict = judge(
        text, Knowledge(read_trust(trust)), gate["at"], read_policy(gate["policy"]),
        clock_in_doubt=gate["clock_in_doubt"], challenge=read_challenge(gate["challenge"]),
    )  # fmt: skip
    assert theirs == to_json(verdict)
