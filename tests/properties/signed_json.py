"""Signed JSON of any content, sound and not: what nobody's writer makes, but a stranger's or a broken one may."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from credentials.base64url import to_base64url
from credentials.signing import PemSigner

Draw = Callable[[st.SearchStrategy[Any]], Any]
"""Of a composite strategy, and of ``st.data()``."""
PLACE = "\x00"
RAW = [
    "1.0", "-0", "-0.0", "1e2", "1E+0", "0.5", "1e-7", "2.50e1", "9007199254740991", "9007199254740992",
    "9007199254740993", "9007199254740991.4", "-9007199254740993", "1e400", "-1e400", "4e15", "1" * 300, "1" * 301,
    "1e22", "NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "0x1",
    '"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"',
    '"\\u0000"', '"\t"', '"\x7f"', '"\\/"', '"\\x"', "undefined", "[1,]", "{,}", "tru", "",
    '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"__proto__":1}', '{"":{}}', "[" * 40 + "]" * 40, "[" * 80 + "]" * 80,
]  # fmt: skip
"""JSON as text, some of which is none."""
WORDS = [
    "", " ", "x", "var", "if", "and", "green", "yellow", "phone", "none", "nucleic-acid", "travel", "CN-44", "CN-41",
    "{nucleic_acid_hours}", "{truth}", "{}", "{{truth}}", "payload.status", "payload.latest.travel.region",
    "external.parameters.truth", "external.parameters.nucleic_acid_hours", "external.valueSets.risk_regions",
    "external.validationClock", "data.payload.status", "current.result", "current.\u2028", "accumulator.\n", "current.",
    "payload.evidence.0.kind", "payload.evidence.2", "2022-11-21", "0000-01-01", "9999-12-31T23:59:59Z", "hour",
    "\ue863", "\U00031350", "\U0002ebf0\U0002ebf0", "\u2028", "\u200b", "\u3164", "\ufeff", "\U000e0041", "字" * 300,
    "\U00020bb7" * 101, "\U00020bb7" * 200, "a" * 200, "a" * 201, "a" * 301, "month",
    "__proto__", "constructor", "hasOwnProperty",
]  # fmt: skip
NUMBERS = [0, 1, -1, 23, 24, 48, 64, 65_535, 65_536, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53, 10**6, 10**6 + 1]
TIMES = st.integers(1_577_836_799, 1_577_836_801) | st.integers(1_668_900_000, 1_669_100_000)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


class Raw:
    """Stands in a value for JSON that is written as it is."""

    def __init__(self, text: str) -> None:
        self.text = text


SCALARS: st.SearchStrategy[Any] = (
    st.sampled_from([None, True, False])
    | st.sampled_from(NUMBERS)
    | st.sampled_from(WORDS)
    | st.sampled_from(RAW).map(Raw)
    | TIMES
    | ANY_TEXT
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | ANY_TEXT, inner, max_size=2),
    max_leaves=5,
)


def places(value: Any) -> list[list[Any]]:
    """The way to each value, innermost and on the way; the whole itself first."""
    inner = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
    return [[], *([key, *way] for key, each in inner for way in places(each))]


def with_changes(draw: Draw, document: Any, others: st.SearchStrategy[Any]) -> Any:
    """``document`` with one to three of its values, names or items changed, doubled, moved or gone."""
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        way = draw(st.sampled_from(places(document)))
        document = _changed(draw, document, way, others) if way else document
    return document


def _changed(draw: Draw, value: Any, way: list[Any], others: st.SearchStrategy[Any]) -> Any:
    if not way:
        return draw(others)
    changed = dict(value) if type(value) is dict else list(value)
    key, *rest = way
    deed = "go on" if rest else draw(st.sampled_from(["put", "put", "put", "remove", "add", "rename", "nudge"]))
    if deed == "remove":
        del changed[key]
    elif deed == "add" and type(changed) is list:
        changed.insert(key, draw(others | st.sampled_from(changed)))
    elif deed in ("add", "rename") and type(changed) is dict:
        name = draw(st.sampled_from([*WORDS, *changed]) | ANY_TEXT)
        changed[name] = changed[key] if deed == "add" else changed.pop(key)
    elif deed == "nudge" and type(changed[key]) is int:
        changed[key] += draw(st.sampled_from([-1, 1]))
    else:
        changed[key] = _changed(draw, changed[key], rest, others)
    return changed


def written(value: Any) -> str:
    """JSON as a stranger's writer would make it, with what it must not hold left as it is."""
    if isinstance(value, Raw):
        return value.text
    if type(value) is dict:
        return "{" + ",".join(f"{json.dumps(name)}:{written(each)}" for name, each in value.items()) + "}"
    if type(value) is list:
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=type(value) is str and len(value) % 2 == 0)


def compact(header: bytes, payload: bytes, signer: PemSigner) -> str:
    """A compact JWS over any bytes."""
    signed = f"{to_base64url(header)}.{to_base64url(payload)}"
    return f"{signed}.{to_base64url(signer.sign(signed.encode()))}"
