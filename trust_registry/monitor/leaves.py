"""Leaves as a monitor reads them, and what those of a registry say was done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from credentials.errors import Malformed
from credentials.wire.strict_json import parse_json

UNREADABLE = "unreadable"
"""The kind of a leaf that is not written as this software writes them."""
_KIND = re.compile(r"[a-z][a-z-]{0,31}")
_DIGITS = 32
"""Of a digest: enough that nobody makes a second one."""


class ReadLeaf(NamedTuple):
    """One leaf: its number from 0, what kind of deed, when (seconds UTC), and what it says."""

    number: int
    kind: str
    at: int
    content: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A field as text; empty where there is none, which is nobody's name or digest."""
        value = self.content.get(name)
        return value if isinstance(value, str) else ""


def read_leaf(entry: bytes, number: int) -> ReadLeaf:
    """A leaf of this number. Raises Malformed for one that says another, or is not written so."""
    fields = parse_json(entry)
    if not isinstance(fields, dict) or set(fields) != {"at", "content", "kind", "number"}:
        raise Malformed("not at, content, kind and number")
    leaf = ReadLeaf(fields["number"], fields["kind"], fields["at"], fields["content"])
    if not (
        isinstance(leaf.kind, str)
        and _KIND.fullmatch(leaf.kind)
        and type(leaf.at) is int
        and isinstance(leaf.content, dict)
    ):
        raise Malformed("kind, at or content is of another type")
    if type(leaf.number) is not int or leaf.number != number:
        raise Malformed(f"says that its number is {str(leaf.number)[:20]}")
    return leaf


def deed_of(leaf: ReadLeaf) -> str | None:
    """The deed of a registry that a leaf stands for, as whoever sees it in force would name it; None for any other.

    One of :func:`list_in_force`, :func:`root_in_force`, :func:`denial_in_force`, :func:`statement_in_force`.
    """
    if leaf.kind == "list-published":
        return list_in_force(leaf.text("trust_list"))
    if leaf.kind == "root-published":
        return root_in_force(leaf.content.get("version"), leaf.text("root"))
    if leaf.kind == "key-denied":
        return denial_in_force(leaf.text("kid"))
    if leaf.kind == "statement-received":
        return statement_in_force(leaf.text("member"), leaf.text("digest"))
    return None


def list_in_force(digest: str) -> str:
    """A trust list, by its SHA-256 in hex."""
    return f"list {digest[:_DIGITS]}"


def root_in_force(version: object, digest: str) -> str:
    """A root after the first, by its SHA-256 in hex."""
    return f"root {version} {digest[:_DIGITS]}"


def denial_in_force(kid: str) -> str:
    """A key's denial, by its kid in hex."""
    return f"denial {kid[:_DIGITS]}"


def statement_in_force(member: str, digest: str) -> str:
    """A member's statement, by its digest."""
    return f"statement {member[:_DIGITS]} {digest[:_DIGITS]}"
