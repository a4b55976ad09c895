"""A second reader, written from ``docs/wire-format.md`` as simply as can be: no library, no big integers, no speed.

It shares nothing with the reader that it is held against but the value it gives back.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

from credentials.model import Evidence, RuleSetReference, Source, StatusCredential, StatusReference
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
PROVINCES = (
    {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46}
    | {50, 51, 52, 53, 54, 61, 62, 63, 64, 65}
    | {71, 81, 82}
)  # fmt: skip
DISTRICTS = (
    {1, 2, 4, 5, 6, 7, 8, 9, 15, 19, 22, 23, 29, 31, 33, 35, 37, 40, 42, 43, 46, 47, 49, 51, 52, 53, 57}
    | {60, 64, 67, 68, 72, 79, 80, 83, 86, 88, 90, 94, 95, 96, 97}
)  # fmt: skip
"""Of the customs, by the first two digits of their codes."""
MEMBERS = (
    {f"CN-{code}" for code in PROVINCES}
    | {"CN-XPCC", "CN-D-HC", "CN-D-IM", "CN-D-CU"}
    | {f"CN-D-CU{code:02}" for code in DISTRICTS}
)
PAGE = (Path(__file__).parents[2] / "docs" / "wire-format.md").read_text("utf-8")
CELLS = re.findall(r"^\| ([^|]*) \|", PAGE.split("<!-- example: characters -->")[1].split("\n\n")[0], re.MULTILINE)
RANGES = re.findall(r"\b([0-9A-F]{4,5})(?:–([0-9A-F]{4,5}))?", " ".join(CELLS))
HIDDEN = {code for first, last in RANGES for code in range(int(first, 16), int(last or first, 16) + 1)}
"""The table of the page; the last two of each plane are in its words."""
YEAR_2020, YEAR_2106 = 1_577_836_800, 2**32 - 1


class Refused(Exception):
    """Not what the page says."""


def require(condition: bool) -> None:
    if not condition:
        raise Refused


def base45_encode(data: bytes) -> str:
    """RFC 9285 section 4, two bytes at a time."""
    text = ""
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        value = int.from_bytes(pair, "big")
        text += BASE45[value % 45] + BASE45[value // 45 % 45]
        if len(pair) == 2:
            text += BASE45[value // 2025]
    return text


def base45_decode(text: str) -> bytes:
    """RFC 9285 sections 4 and 6, three characters at a time."""
    data = b""
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        require(len(group) > 1 and all(char in BASE45 for char in group))
        value = sum(BASE45.index(char) * 45**power for power, char in enumerate(group))
        width = len(group) - 1
        require(value < 256**width)
        data += value.to_bytes(width, "big")
    return data


class Map(list[tuple[Any, Any]]):
    """A CBOR map: pairs as they stand, so that 1, 1.0 and True stay apart."""


def cbor_decode(data: bytes) -> Any:
    """RFC 8949 section 3, without what the page forbids: exactly one item, eight levels."""
    value, end = _item(data, 0, 0)
    require(end == len(data))
    return value


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    require(at < len(data))
    major, low = data[at] >> 5, data[at] & 31
    if major == 7:
        return _special(data, at, low)
    number, at = _argument(data, at, low)
    if major in (0, 1):
        return (number if major == 0 else -1 - number), at
    if major in (2, 3):
        content = data[at : at + number]
        require(len(content) == number)
        return (content if major == 2 else _text(content)), at + number
    require(major != 6 and depth < 8 and number <= len(data))
    values = []
    for _ in range(number * (major - 3)):
        value, at = _item(data, at, depth + 1)
        values.append(value)
    if major == 4:
        return values, at
    pairs = Map(zip(values[::2], values[1::2], strict=True))
    keys = [(type(key), repr(key)) for key, _ in pairs]
    require(len(set(keys)) == len(keys))
    return pairs, at


def _argument(data: bytes, at: int, low: int) -> tuple[int, int]:
    if low < 24:
        return low, at + 1
    require(low < 28)
    width = 1 << (low - 24)
    content = data[at + 1 : at + 1 + width]
    require(len(content) == width)
    return int.from_bytes(content, "big"), at + 1 + width


def _special(data: bytes, at: int, low: int) -> tuple[Any, int]:
    if 20 <= low <= 22:
        return (False, True, None)[low - 20], at + 1
    # Floats of two, four and eight bytes; everything else has no place in a claim.
    require(25 <= low <= 27)
    width = 1 << (low - 24)
    content = data[at + 1 : at + 1 + width]
    require(len(content) == width)
    return struct.unpack({2: ">e", 4: ">f", 8: ">d"}[width], content)[0], at + 1 + width


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused from error


def number(value: Any, least: int, most: int) -> int:
    require(type(value) is int and least <= value <= most)
    return int(value)


def octets(value: Any, length: int) -> bytes:
    require(type(value) is bytes and len(value) == length)
    return bytes(value)


def array(value: Any, length: int) -> list[Any]:
    require(type(value) is list and len(value) == length)
    return list(value)


def fields(value: Any, required: set[int], optional: set[int]) -> dict[int, Any]:
    require(type(value) is Map and all(type(key) is int for key, _ in value))
    found = dict(value)
    require(required <= found.keys() <= required | optional)
    return found


def claims_decode(payload: bytes) -> StatusCredential:
    """Section 4 of the page, line by line."""
    require(len(payload) <= 300)
    claims = fields(cbor_decode(payload), {1, 4, 6, 7, -65537}, {8})
    ours = fields(claims[-65537], set(range(8)), {8, 9, 10, 11})
    issued_at = number(claims[6], YEAR_2020, YEAR_2106)
    expires_at = number(claims[4], issued_at + 1, YEAR_2106)
    rule_set, version = array(ours[2], 2)
    require(type(ours[4]) is list and len(ours[4]) <= 2)
    form = Form(number(ours[7], 1, 3))
    status = Status(number(ours[0], 1, 4))
    credential = StatusCredential(
        issuer=member(claims[1]),
        issued_at=issued_at,
        expires_at=expires_at,
        cti=octets(claims[7], 8),
        status=status,
        reason=Reason(number(ours[1], 1, 12)),
        rule_set=RuleSetReference(number(rule_set, 0, 23), number(version, 0, 65_535)),
        evaluated_before=number(ours[3], 0, 65_535),
        evidence=tuple(evidence(item) for item in ours[4]),
        holder_name=name(ours[5]),
        document_tail=tail(ours[6]),
        form=form,
        status_reference=StatusReference(*place(*array(ours[8], 2))) if 8 in ours else None,
        decision_reference=octets(ours[9], 16) if 9 in ours else None,
        source=source(ours[10]) if 10 in ours else None,
        guardian=Guardian(number(ours[11], 1, 6)) if 11 in ours else None,
        holder_key=holder_key(claims[8]) if 8 in claims else None,
    )
    require((8 in claims) == (form in (Form.PHONE, Form.ASSISTED)))
    require((11 in ours) == (form is Form.ASSISTED))
    if 10 in ours:
        require(status is Status.GREEN and ours[3] == 0 and len(ours[4]) <= 1 and 9 not in ours)
    return credential


def member(value: Any) -> str:
    require(type(value) is str and value in MEMBERS)
    return str(value)


def place(list_number: Any, index: Any) -> tuple[int, int]:
    return number(list_number, 0, 65_535), number(index, 0, 2**20 - 1)


def evidence(value: Any) -> Evidence:
    kind, result, sampled_at, region = array(value, 4)
    number(sampled_at, YEAR_2020, YEAR_2106)
    number(region, 110_000, 829_999)
    require(sampled_at % 600 == 0 and region // 10_000 in PROVINCES | {66})
    return Evidence(EvidenceKind(number(kind, 1, 7)), EvidenceResult(number(result, 1, 4)), sampled_at, region)


def source(value: Any) -> Source:
    issuer, kid, list_number, index, expires_at = array(value, 5)
    times = number(expires_at, YEAR_2020, YEAR_2106)
    return Source(member(issuer), octets(kid, 8), *place(list_number, index), times)


def name(value: Any) -> str:
    require(type(value) is str and 1 <= len(value.encode()) <= 24)
    for char in value:
        require(ord(char) not in HIDDEN and ord(char) & 0xFFFF < 0xFFFE)
    return str(value)


def tail(value: Any) -> str:
    require(type(value) is str and len(value) == 4)
    require(all(char in BASE45[:36] + BASE45[10:36].lower() for char in value))
    return str(value)


def holder_key(value: Any) -> bytes:
    key = fields(fields(value, {1}, set())[1], {1, -1, -2, -3}, set())
    require(number(key[1], 2, 2) == 2 and number(key[-1], 1, 1) == 1 and type(key[-3]) is bool)
    return bytes([2 + key[-3]]) + octets(key[-2], 32)
