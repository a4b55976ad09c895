"""The page for programmers (接口文档): a service's OpenAPI document, drawn for people.

By ourselves, because the renderers that there are do not stand our Content Security Policy, or fail people who need
contrast: docs/adr/0017-the-interface-page-is-our-own.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from flask import Flask, current_app
from markupsafe import Markup, escape

from credentials.profile.words import Label, label
from service_kit.http.front.front import Link, Way
from service_kit.http.openapi import CODES, Interface, operations
from service_kit.locale import TEXTS

PLACE = "docs"
EXTENSION = "tongxing_reference"
PROGRAMMERS = Way(
    label("page.programmers"),
    label("page.programmers-what"),
    [
        Link(label("page.reference"), PLACE, speaks=True),
        Link(label("page.openapi-document"), "openapi.json"),
    ],
)
_QUOTED = re.compile(r"``(.+?)``|`(.+?)`", re.DOTALL)
_BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "maxProperties": "at most {} entries",
    "minimum": "from {}",
    "maximum": "to {}",
    "pattern": "`{}`",
    "format": "{}",
}


class Kind(NamedTuple):
    """What a value is: words before a schema's name, and that name or nothing."""

    words: str
    schema: str = ""


class Field(NamedTuple):
    """A field of a body, or a parameter."""

    name: str
    kind: Kind
    is_required: bool
    meaning: str
    values: list[str]


class Reference:
    """What the page shows of one interface. The document is made at the first look: by then all views are in it."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The OpenAPI document."""
        made: dict[str, Any] = self._interface.spec.to_dict()
        return made

    def operations(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Path, method and description of each operation."""
        return operations(self.document)

    def parameters(self, path: str, operation: Mapping[str, Any]) -> list[Field]:
        """What stands in the path, the query and the headers of an operation."""
        shared = self.document["paths"][path].get("parameters", [])
        found = [self.resolved(each) for each in [*shared, *operation.get("parameters", [])]]
        return [
            _field(
                f"{each['name']} ({each['in']})", each["schema"], bool(each.get("required")), each.get("description")
            )
            for each in found
        ]

    def fields(self, schema: Mapping[str, Any]) -> list[Field]:
        """The fields of an object."""
        whole = self.resolved(schema)
        needed = whole.get("required", [])
        return [_field(name, inner, name in needed) for name, inner in whole.get("properties", {}).items()]

    def resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference refers to; anything else as it is."""
        while "$ref" in part:
            found: Any = self.document
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            part = found
        return part

    def codes(self) -> list[tuple[str, Label, list[str]]]:
        """Each code that an operation may be refused with, its text, and its HTTP statuses."""
        found: dict[str, set[str]] = {}
        for _, _, operation in self.operations():
            for status, answer in operation["responses"].items():
                for code in answer.get(CODES, ()):
                    found.setdefault(code, set()).add(status)
        return [(code, TEXTS.get(code, TEXTS["credential-error"]), sorted(found[code])) for code in sorted(found)]


def add_reference(app: Flask, interface: Interface) -> None:
    """Have the page show this interface."""
    app.extensions[EXTENSION] = Reference(interface)


def values() -> dict[str, Any]:
    """What the page is given."""
    return {
        "reference": current_app.extensions[EXTENSION],
        "kind_of": kind_of,
        "prose": prose,
        "indented": indented,
    }


def kind_of(schema: Mapping[str, Any]) -> Kind:
    """What a value of ``schema`` is."""
    if "$ref" in schema:
        return Kind("", schema["$ref"].rpartition("/")[2])
    types = schema.get("type", "any")
    words = " or ".join([types] if isinstance(types, str) else types)
    for name, word in (("items", "array of"), ("additionalProperties", "map to")):
        if schema.get(name):
            inner = kind_of(schema[name])
            return Kind(f"{word} {inner.words}".strip(), inner.schema)
    choices = [kind_of(each) for each in schema.get("anyOf", ())]
    if choices:
        return Kind(" or ".join(each.words for each in choices if each.words) + " or", choices[0].schema)
    return Kind(words)


def prose(text: str) -> Markup:
    """Text in which code stands in backticks, as HTML."""
    pieces: Iterator[str] = iter(_QUOTED.split(text))
    made = Markup(escape(next(pieces)))
    for double, single, after in zip(pieces, pieces, pieces, strict=True):
        made += Markup("<code>{}</code>").format(double or single) + after
    return made


def indented(example: Any) -> str:
    """An example, to be read."""
    return json.dumps(example, ensure_ascii=False, indent=2)


def _field(name: str, schema: Mapping[str, Any], is_required: bool, meaning: str | None = None) -> Field:
    inner = schema.get("items") or schema
    bounds = [words.format(schema[bound]) for bound, words in _BOUNDS.items() if bound in schema]
    said = [meaning or schema.get("description", ""), ", ".join(bounds)]
    values = [str(value) for value in inner.get("enum", ()) if value is not None]
    return Field(name, kind_of(schema), is_required, ". ".join(filter(None, said)), values)
