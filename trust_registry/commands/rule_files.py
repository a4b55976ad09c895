"""Signed rules at a command line, of gates and of an issuer: files, moments, and the key that signs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from credentials.errors import InvalidRequest, KeyRejected, Malformed, RuleSetInvalid, TooLarge
from credentials.keys import kid_of
from credentials.profile.limits import MAX_JWS_CHARACTERS, MAX_TIME_SECONDS
from credentials.signing import PemSigner
from credentials.wire import jws
from credentials.wire.strict_json import is_utf16
from service_kit.durable import write_atomic
from service_kit.inputs import Input
from service_kit.locale import BEIJING
from service_kit.terminal import print_json, print_result
from trust_registry.key_files import read_key, read_passphrase
from trust_registry.province.folder import STATE_FILE, ProvinceFolder

Parse = Callable[[object], object]
"""Checks a document. Raises RuleSetInvalid."""


def read_signed_or_plain(file: Input, parse: Parse) -> dict[str, Any]:
    """The document of rules, signed or not; the signature is not judged here. Raises RuleSetInvalid."""
    if file.data.lstrip().startswith(b"{"):
        return read_plain(file, parse)
    try:
        signed = jws.read(_compact(file)).payload
    except (Malformed, TooLarge) as error:
        why = "empty" if not file.data.strip() else "neither rules in JSON nor signed ones (a compact JWS)"
        why = "in UTF-16; save it in UTF-8" if is_utf16(file.data) else why
        raise RuleSetInvalid(f"{file.name}: {why}") from error
    return read_plain(Input(file.name, signed), parse)


def require_signed(file: Input, sign: str, typ: str) -> None:
    """Raise InvalidRequest for what was not signed yet, and for what another command signed.

    ``sign``: the command that does, as ``issuer rules sign``; ``typ``: of the JWS that it makes.
    """
    if file.data.lstrip().startswith(b"{"):
        how = f"tongxing {sign} {file.name} --key RULES-KEY.pem -o {Path(file.name).stem}.jws"
        raise InvalidRequest(f"{file.name}: not signed yet; sign it first: `{how}`")
    try:
        found = jws.read(_compact(file)).header.get("typ")
    except (Malformed, TooLarge) as error:
        raise InvalidRequest(
            f"{file.name}: not a signed file, as `tongxing {sign}` writes it ({error.detail})"
        ) from error
    if found != typ:
        raise InvalidRequest(
            f"{file.name}: another kind of signed file; `tongxing {sign}` writes the one that is meant"
        )


def read_plain(file: Input, parse: Parse) -> dict[str, Any]:
    """Rules in plain JSON. Raises RuleSetInvalid, naming the file, and the line where it is no JSON."""
    try:
        content = file.json()
        parse(content)
    except InvalidRequest as error:
        raise RuleSetInvalid(error.detail) from error
    except RuleSetInvalid as error:
        raise RuleSetInvalid(f"{file.name}: {error.detail}") from error
    return dict(content)


def _compact(file: Input) -> str:
    if len(file.data) > MAX_JWS_CHARACTERS or not file.data.isascii():
        raise Malformed("not a compact JWS")
    return file.data.decode("ascii").strip()


def write_rules(content: dict[str, Any], output: Path | None, parse: Parse) -> None:
    """Rules as their author reads them. Raises RuleSetInvalid for some that nobody would take."""
    parse(content)
    if output is None:
        print_json(content, indent=2)
    else:
        write_atomic(output, f"{json.dumps(content, ensure_ascii=False, indent=2)}\n".encode())


def sign_rules(
    sign: Callable[[dict[str, Any], PemSigner], str],
    content: dict[str, Any],
    key: Path,
    passphrase_file: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Sign ``content`` by ``sign`` with the member's rules key in ``key``, and write it. Raises KeyRejected, and what
    ``sign`` does."""
    private_key = read_key(key, read_passphrase(passphrase_file))
    kid = kid_of(str(content["member"]), private_key.public_key())
    _require_rules_key(key, kid)
    compact = sign(content, PemSigner(private_key, kid))
    if output is None:
        print_result(as_json, {"rules": compact}, [compact])
    else:
        write_atomic(output, compact.encode())
        print_result(as_json, {"file": str(output), "kid": kid.hex()}, [])


def _require_rules_key(path: Path, kid: bytes) -> None:
    """Raise KeyRejected for a key of which its province's folder says another use: everybody would refuse the rules.

    Of a key that lies elsewhere nothing is known here; the registry refuses what it signs.
    """
    folder = next((each for each in path.absolute().parents[:2] if (each / STATE_FILE).is_file()), None)
    if folder is None:
        return
    state = ProvinceFolder(folder, write_atomic).state()
    uses = {key.kid: key.use for key in state.keys} | {state.root_kid: "root"}
    fitting = ", ".join(str(folder / key.file) for key in state.keys if key.use == "rules")
    if uses.get(kid.hex(), "rules") != "rules":
        raise KeyRejected(f"{path}: this is a {uses[kid.hex()]} key; rules are signed with a rules key: {fitting}")
    if kid.hex() not in uses:
        raise KeyRejected(f"{path}: not a key of {state.member}, or the rules are another member's; its own: {fitting}")


def moment(text: str) -> int:
    """Seconds UTC of an option: a number of seconds, or ISO 8601; without an offset it is Beijing time."""
    try:
        if text.isascii() and text.isdecimal():
            seconds = int(text)
        else:
            time = datetime.fromisoformat(text)
            seconds = int((time if time.tzinfo else time.replace(tzinfo=BEIJING)).timestamp())
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is neither ISO 8601 (2026-11-21T12:00+08:00) nor seconds") from error
    if not 0 <= seconds <= MAX_TIME_SECONDS:
        raise click.BadParameter(f"{text!r} lies before 1970 or after 2106")
    return seconds
