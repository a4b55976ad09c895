"""What a credential may say, and what no issuer's key can make it say."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from credentials.errors import Malformed, TooLarge
from credentials.formats.native import claims
from credentials.formats.native.claims import (
    CNF,
    CTI,
    DECISION_REFERENCE,
    DOCUMENT_TAIL,
    EVALUATED_BEFORE,
    EVIDENCE,
    EXP,
    FORM,
    GUARDIAN,
    HOLDER_NAME,
    IAT,
    ISS,
    OURS,
    REASON,
    RULE_SET,
    SOURCE,
    STATUS,
    STATUS_REFERENCE,
)
from credentials.model import StatusCredential
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.lists import Form, Status
from tests.samples import (
    HOLDER_KEY,
    HOLDER_POINT,
    ISSUED_AT,
    claims_map,
    decode_map,
    largest,
    smallest,
    typical,
    verified,
)

ALL = [
    *map(typical, Form),
    *map(largest, Form),
    *(largest(form, converted=True) for form in Form),
    smallest(),
]
CONVERTED = largest(Form.PHONE, converted=True)
SAMPLE = [1, 1, ISSUED_AT, 410_102]


def changed(path: tuple[Any, ...], value: Any, base: StatusCredential) -> dict[Any, Any]:
    """The claims of ``base`` with another value at ``path``."""
    mapping = claims_map(base)
    place = mapping
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return mapping


def without(path: tuple[Any, ...], base: StatusCredential) -> dict[Any, Any]:
    mapping = claims_map(base)
    place = mapping
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return mapping


@pytest.mark.parametrize("credential", ALL)
def test_what_is_written_is_read(credential: StatusCredential) -> None:
    """A field that came back otherwise would be another person, another colour or another time."""
    assert claims.decode(verified(claims.encode(credential))) == credential


@pytest.mark.parametrize("credential", ALL)
def test_the_encoding_is_deterministic(credential: StatusCredential) -> None:
    """RFC 8949 section 4.2.1; cbor2's ``canonical`` is of RFC 7049, and our keys are chosen so that both agree."""
    payload = claims.encode(credential)
    assert cbor2.dumps(cbor2.loads(payload), canonical=True) == payload


def test_the_encoding_is_frozen() -> None:
    """Wallets and gates of other makers are built on these bytes."""
    assert claims.encode(smallest()).hex() == (
        "a5" "0165434e2d3431" "041a5e0be101" "061a5e0be100" "07485f0e8d3b21c6a974"
        "3a00010000" "a8" "0001" "0101" "02820000" "0300" "0480" "05612a" "066431323358" "0703"
    )  # fmt: skip


def test_claims_that_fit_no_form_are_not_encoded() -> None:
    """An issuer must hear of it before the code is signed and printed."""
    with pytest.raises(Malformed):
        claims.encode(typical()._replace(holder_name="王" * 100))


@pytest.mark.parametrize(
    "payload", [b"", b"\x00", b"\x80", b"\xa0", b"\xf6", b"\xa1\x01\x02", b"\xa1\x3a\x00\x01\x00\x00\x00"]
)
def test_what_is_no_claims_map_is_malformed(payload: bytes) -> None:
    """A member's key may sign anything; what it signed is not therefore a credential."""
    with pytest.raises(Malformed):
        claims.decode(verified(payload))


def test_a_payload_above_the_limit_is_too_large() -> None:
    """It is not even parsed."""
    with pytest.raises(TooLarge):
        claims.decode(verified(bytes(301)))


@pytest.mark.parametrize(
    "path",
    [(key,) for key in (ISS, EXP, IAT, CTI, OURS)]
    + [(OURS, key) for key in (STATUS, REASON, RULE_SET, EVALUATED_BEFORE, EVIDENCE, HOLDER_NAME, DOCUMENT_TAIL, FORM)],
)
def test_a_missing_claim_is_malformed(path: tuple[Any, ...]) -> None:
    """Nothing has a default: a missing colour is no colour."""
    with pytest.raises(Malformed):
        decode_map(without(path, typical()))


@pytest.mark.parametrize("path", [(2,), (5,), (0,), (-1,), ("iss",), (OURS, 12), (OURS, -1), (OURS, "0"), (OURS, b"")])
def test_an_unknown_claim_is_malformed(path: tuple[Any, ...]) -> None:
    """A claim that an old gate skipped in silence could mean "only together with": the map is closed."""
    with pytest.raises(Malformed):
        decode_map(changed(path, 1, typical()))


@pytest.mark.parametrize("credential", ALL)
def test_one_unknown_claim_beside_any_legal_set_is_malformed(credential: StatusCredential) -> None:
    """Counting keys is not knowing them: an unknown key must not pass in the place of an optional one."""
    for path in ((9,), (OURS, 12)):
        with pytest.raises(Malformed):
            decode_map(changed(path, 1, credential))


@pytest.mark.parametrize("odd", [True, 1.0])
def test_a_key_that_only_python_takes_for_one_is_malformed(odd: object) -> None:
    """1 == 1.0 == True in Python; the browser's twin finds no claim there, and two readers must agree."""
    with pytest.raises(Malformed):
        decode_map({(odd if key == 1 else key): value for key, value in claims_map(typical()).items()})
    mapping = claims_map(typical())
    mapping[OURS] = {(odd if key == 1 else key): value for key, value in mapping[OURS].items()}
    with pytest.raises(Malformed):
        decode_map(mapping)
    mapping = claims_map(typical(Form.PHONE))
    for cnf in (
        {odd: mapping[CNF][1]},
        {1: {(odd if key == 1 else key): value for key, value in mapping[CNF][1].items()}},
    ):
        with pytest.raises(Malformed):
            decode_map({**mapping, CNF: cnf})


@pytest.mark.parametrize(
    "path", [(CNF,), (OURS, STATUS_REFERENCE), (OURS, DECISION_REFERENCE), (OURS, SOURCE), (OURS, GUARDIAN)]
)
def test_null_is_not_absent(path: tuple[Any, ...]) -> None:
    """One meaning, one encoding: ``null`` where a claim can be left out would be a second."""
    with pytest.raises(Malformed):
        decode_map(changed(path, None, smallest()))


Rows = list[tuple[tuple[Any, ...], tuple[Any, ...]]]
WRONG_TIMES: tuple[Any, ...] = (
    *(None, True, "1790000400", 1.79e9, float(ISSUED_AT), ISSUED_AT * 1000, -1, 0, 2**32, 2**53 + 1, 2**64),
    [ISSUED_AT],
)
WRONG_NUMBERS: tuple[Any, ...] = (None, True, False, "1", 1.0, -1, b"\x01", [], {})
WRONG_PAIRS: tuple[Any, ...] = (1, [], [1], [1, 2, 3], "ab", {0: 1, 1: 2})

WRONG: Rows = [
    ((IAT,), WRONG_TIMES),
    ((EXP,), WRONG_TIMES),
    ((ISS,), (None, 41, "", "cn-41", "CN-99", "CN-41 ", b"CN-41", ["CN-41"], {})),
    ((CTI,), (None, 7, "12345678", b"", bytes(7), bytes(9), [bytes(8)])),
    *(((OURS, key), (*WRONG_NUMBERS, 0, 99)) for key in (STATUS, REASON, FORM)),
    ((OURS, RULE_SET), (None, *WRONG_PAIRS)),
    ((OURS, RULE_SET, 0), (*WRONG_NUMBERS, 24)),
    ((OURS, RULE_SET, 1), (*WRONG_NUMBERS, 65_536)),
    ((OURS, EVALUATED_BEFORE), (*WRONG_NUMBERS, 65_536)),
    ((OURS, EVIDENCE), (None, 1, {}, "", [1], [[]], [SAMPLE] * 3, [[*SAMPLE, 1]], [SAMPLE[:3]])),
    ((OURS, EVIDENCE, 0, 0), (*WRONG_NUMBERS, 0, 99)),
    ((OURS, EVIDENCE, 0, 1), (*WRONG_NUMBERS, 0, 99)),
    ((OURS, EVIDENCE, 0, 2), (*WRONG_TIMES, ISSUED_AT + 1, MIN_TIME_SECONDS - 600)),
    ((OURS, EVIDENCE, 0, 3), (*WRONG_NUMBERS, 0, 99, 160_000, 410_102.0, "410102", 2**40)),
    ((OURS, HOLDER_NAME), (None, 1, "", b"x", "a" * 25, "王" * 9, "王\n", "王\u202e", "王\u200b", "\x00", "a\u3000")),
    ((OURS, DOCUMENT_TAIL), (None, 1234, "", "123", "12345", b"123X", "12 4", "12-4", "\uff11234", "王123")),
    ((OURS, STATUS_REFERENCE), WRONG_PAIRS),
    ((OURS, STATUS_REFERENCE, 0), (*WRONG_NUMBERS, 65_536)),
    ((OURS, STATUS_REFERENCE, 1), (*WRONG_NUMBERS, 2**20)),
    ((OURS, DECISION_REFERENCE), (1, "1234567890123456", b"", bytes(15), bytes(17), [bytes(16)])),
]
WRONG_ON_A_PHONE: Rows = [
    ((OURS, SOURCE), (1, [], ["CN-41"], "abcde", {})),
    ((OURS, SOURCE, 0), (None, 41, "CN-99", [])),
    ((OURS, SOURCE, 1), (None, "12345678", bytes(7), bytes(9))),
    ((OURS, SOURCE, 2), (*WRONG_NUMBERS, 65_536)),
    ((OURS, SOURCE, 3), (*WRONG_NUMBERS, 2**20)),
    ((OURS, SOURCE, 4), WRONG_TIMES),
    ((CNF,), (1, [], {}, {2: {}}, {1: {}}, {1: [], 2: []}, {1: HOLDER_POINT})),
    ((CNF, 2), (b"kid", None)),
    ((CNF, 1, 1), (1, 3, None, "EC", 2.0)),
    ((CNF, 1, -1), (2, 8, None, "P-256", 1.0, True)),
    ((CNF, 1, -2), (None, 1, "x", b"", bytes(31), bytes(33))),
    ((CNF, 1, -3), (None, 0, 1, bytes(32), "odd")),
    ((CNF, 1, 3), (-7,)),
]


def cases(rows: Rows) -> list[tuple[tuple[Any, ...], Any]]:
    return [(path, value) for path, values in rows for value in values]


@pytest.mark.parametrize(("path", "value"), cases(WRONG))
def test_a_wrong_value_is_malformed(path: tuple[Any, ...], value: Any) -> None:
    """Times as floats, texts and milliseconds were accepted by somebody each (dgc-testdata #86); so was the rest."""
    with pytest.raises(Malformed):
        decode_map(changed(path, value, typical()))


@pytest.mark.parametrize(("path", "value"), cases(WRONG_ON_A_PHONE))
def test_a_wrong_part_of_a_phone_code_is_malformed(path: tuple[Any, ...], value: Any) -> None:
    """RFC 8747 allows five kinds of cnf and RFC 9053 four encodings of y; here there is one of each."""
    with pytest.raises(Malformed):
        decode_map(changed(path, value, CONVERTED))


@pytest.mark.parametrize(
    ("issued_at", "expires_at", "legal"),
    [
        (MIN_TIME_SECONDS, MIN_TIME_SECONDS + 1, True),
        (MIN_TIME_SECONDS - 1, ISSUED_AT, False),
        (ISSUED_AT, ISSUED_AT, False),
        (ISSUED_AT + 1, ISSUED_AT, False),
        (MAX_TIME_SECONDS - 1, MAX_TIME_SECONDS, True),
        (MAX_TIME_SECONDS, MAX_TIME_SECONDS + 1, False),
    ],
)
def test_a_code_expires_after_it_was_issued(issued_at: int, expires_at: int, legal: bool) -> None:
    """A lifetime of nothing or less passes every check that only asks whether it is too long."""
    mapping = claims_map(typical()._replace(issued_at=issued_at, expires_at=expires_at))
    if legal:
        assert decode_map(mapping).issued_at == issued_at
    else:
        with pytest.raises(Malformed):
            decode_map(mapping)


@pytest.mark.parametrize(
    ("credential", "wrong"),
    [
        (typical(Form.PHONE), {"holder_key": None}),
        (typical(Form.ASSISTED), {"holder_key": None}),
        (typical(Form.PAPER), {"holder_key": HOLDER_POINT}),
        (typical(Form.ASSISTED), {"guardian": None}),
        (typical(Form.PHONE), {"guardian": largest(Form.ASSISTED).guardian}),
        (typical(Form.PAPER), {"guardian": largest(Form.ASSISTED).guardian}),
        (CONVERTED, {"status": Status.YELLOW}),
        (CONVERTED, {"status": Status.RED}),
        (CONVERTED, {"decision_reference": bytes(16)}),
        (CONVERTED, {"evidence": typical().evidence}),
        (CONVERTED, {"evaluated_before": 1}),
    ],
)
def test_what_no_form_allows_is_malformed(credential: StatusCredential, wrong: dict[str, Any]) -> None:
    """Paper with a phone's key passes as either; a converted red recolours somebody by another member's word."""
    with pytest.raises(Malformed):
        claims.decode(verified(claims.encode(credential._replace(**wrong))))


@pytest.mark.parametrize("status", [Status.YELLOW, Status.RED, Status.PENDING])
def test_a_colour_without_a_decision_is_read(status: Status) -> None:
    """It is not malformed but ``no-decision``: the holder must be told how to complain, so it must be readable."""
    assert decode_map(claims_map(typical()._replace(status=status))).decision_reference is None


@pytest.mark.parametrize("name", ["王*", "欧阳**", "阿**·买**", "J*** S****", "\U00020bb7*", "a" * 24])
def test_every_kind_of_name_is_read(name: str) -> None:
    """Characters outside the BMP, middle dots and Latin names belong to citizens as well."""
    assert decode_map(claims_map(typical()._replace(holder_name=name))).holder_name == name


def test_the_holders_key_verifies() -> None:
    """y comes back from its sign bit."""
    assert claims.holder_public_key(typical(Form.PHONE)) == HOLDER_KEY.public_key()


@pytest.mark.parametrize("point", [None, b"\x02" + b"\xff" * 32])
def test_a_holder_key_off_the_curve_is_malformed(point: bytes | None) -> None:
    """An invalid point must end in a verdict, not in an exception of the library."""
    with pytest.raises(Malformed):
        claims.holder_public_key(typical(Form.PHONE)._replace(holder_key=point))
