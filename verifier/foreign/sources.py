"""Where signers' certificates come from: a folder of certificate files, or a list in JSON as it is published.

What is wrong with one entry is told by its name and stops none of the others.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from credentials.errors import InvalidRequest, KeyRejected, Malformed
from credentials.foreign.document import MAX_FOREIGN_KEYS
from credentials.foreign.keys import country_of
from credentials.wire.strict_json import read_json
from service_kit.inputs import Input
from verifier.foreign.certificates import MAX_CERTIFICATE_BYTES, Certificate, key_of
from verifier.foreign.collecting import ImportedEntry, ImportedKeys, collected, left_out

SUFFIXES = frozenset({".pem", ".crt", ".cer", ".der", ".txt", ".b64"})
MAX_FILES = 4 * MAX_FOREIGN_KEYS
"""In a folder and below it."""
_DEPTH = 12
"""Levels of a list in JSON that are looked through."""
_CERTIFICATE_FIELDS = ("rawData", "certificate", "CERTIFICATE", "x5c")
"""By which published lists call the certificate: the EU gateway's, apps' and test data's."""
_PEM_BEGIN, _PEM_END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


class Found(NamedTuple):
    """One entry: where it stands, for people, and the certificate, or what is wrong with it."""

    place: str
    certificate: Certificate | str


def import_certificates(source: Path | Input) -> ImportedKeys:
    """The keys of a folder or of a list in JSON, each once. Raises InvalidRequest for a source that cannot be read."""
    return collected(map(_entry_of, _in_folder(source) if isinstance(source, Path) else _in_json(source)))


def _entry_of(found: Found) -> ImportedEntry:
    place, certificate = found
    try:
        if isinstance(certificate, str):
            raise KeyRejected(certificate)
        return ImportedEntry(place, key_of(certificate))
    except KeyRejected as error:
        return left_out(place, error.detail)


def _in_folder(folder: Path) -> Iterator[Found]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if len(paths) > MAX_FILES:
        raise InvalidRequest(f"{folder}: more than {MAX_FILES} certificate files")
    for path in paths:
        place = str(path.relative_to(folder))
        try:
            with path.open("rb") as file:
                data = file.read(8 * MAX_CERTIFICATE_BYTES + 1)
        except OSError as error:
            yield Found(place, f"cannot be read: {error.strerror}")
            continue
        yield from _in_file(place, data)


def _in_file(place: str, data: bytes) -> Iterator[Found]:
    if _PEM_BEGIN in data:
        # Several may stand in one file; one that is cut off ends nowhere, and is no base64 with the next one's head.
        for number, part in enumerate(data.split(_PEM_BEGIN)[1:], 1):
            body, end, _ = part.partition(_PEM_END)
            yield Found(f"{place}[{number}]", _decoded(body.decode("latin-1")) if end else "cut off")
    elif data.startswith(b"\x30"):
        yield Found(place, Certificate(data))
    else:
        yield Found(place, _decoded(data.decode("latin-1")))


def _in_json(file: Input) -> Iterator[Found]:
    found = list(_walk(_json_of(file), "", None, _DEPTH))
    if not found:
        raise InvalidRequest(f"{file.name}: no certificates in it: {', '.join(_CERTIFICATE_FIELDS)} are looked for")
    yield from found


def _json_of(file: Input) -> Any:
    """As JSON; some lists have a line with a signature before it, which is nothing that this trust rests on."""
    head, _, rest = file.data.partition(b"\n")
    if rest.lstrip().startswith((b"{", b"[")) and not head.lstrip().startswith((b"{", b"[")):
        try:
            return read_json(rest)
        except Malformed as error:
            raise InvalidRequest(f"{file.name}: not JSON after its first line ({error.detail})") from error
    return file.json()


def _walk(value: Any, place: str, country: str | None, levels: int) -> Iterator[Found]:
    if levels == 0:
        return
    if type(value) is list:
        for number, item in enumerate(value):
            yield from _walk(item, f"{place}[{number}]", country, levels - 1)
    elif type(value) is dict:
        country = country_of(value.get("country")) or country
        field = next((name for name in _CERTIFICATE_FIELDS if name in value), None)
        if field is not None:
            yield from _entry(value, field, place, country)
            return
        for name, item in value.items():
            yield from _walk(item, f"{place}.{name}".lstrip("."), country, levels - 1)


def _entry(entry: Mapping[str, Any], field: str, place: str, country: str | None) -> Iterator[Found]:
    texts = entry[field] if type(entry[field]) is list else [entry[field]]
    # Of a chain only the first is the signer; an empty one is told like any other that is none.
    for text in texts[:1] or [None]:
        certificate = _decoded(text)
        if isinstance(certificate, Certificate):
            certificate = certificate._replace(kid=_kid(entry.get("kid")), country=country)
        yield Found(place or field, certificate)


def _decoded(text: object) -> Certificate | str:
    if type(text) is not str or len(text) > 2 * MAX_CERTIFICATE_BYTES:
        return "no text, or too long for a certificate"
    lines = (line for line in text.splitlines() if not line.startswith("-----"))
    try:
        return Certificate(base64.b64decode("".join("".join(lines).split()), validate=True))
    except (binascii.Error, ValueError):
        return "neither a certificate nor the base64 of one"


def _kid(value: object) -> bytes | None:
    """Of the entry; None where it has none that can be read, and the certificate's own is taken."""
    if type(value) is not str or not value.isascii() or len(value) > 88:
        return None
    try:
        return base64.b64decode(value, validate=True) or None
    except (binascii.Error, ValueError):
        return None
