"""``tongxing verifier trust …``: whose foreign cards a member's gates read (境外证件签发方)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from credentials.errors import InvalidRequest, Malformed, TooLarge
from credentials.foreign.document import document_of, fingerprint, parse_foreign_keys, place_of, sign_foreign_keys
from credentials.foreign.keys import NO_COUNTRY, ForeignKey, ForeignKeys
from credentials.profile.words import label
from credentials.wire import jws
from service_kit.commands import Group
from service_kit.durable import write_atomic
from service_kit.inputs import INPUT, OUTPUT, FolderOrFile, Input
from service_kit.terminal import Styled, as_json, in_words, print_json, print_line, print_result
from trust_registry.commands.options import MEMBER, local_clock, passphrase_file
from trust_registry.commands.rule_files import sign_rules
from verifier.foreign.collecting import ImportedKeys, collected, merged
from verifier.foreign.key_lists import in_gdhcn, in_jwks, in_vci
from verifier.foreign.sources import import_certificates

_output = click.option("-o", "--output", type=OUTPUT, help="[default: standard output]")
_list = click.argument("foreign_keys", metavar="LIST", type=INPUT)


@click.group(cls=Group)
def trust() -> None:
    """Whose foreign cards this member's gates read (境外证件签发方): a list that its rules key signs."""


_member = click.option("--member", required=True, type=MEMBER, envvar="TONGXING_MEMBER", help="Whose list, as CN-44.")
_into = click.option("--into", type=INPUT, help="The list before this one, signed or not, to which the keys are added.")


def _import_command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that makes a list, with the options that all of them have."""

    def decorated(function: Callable[..., Any]) -> click.Command:
        return trust.command(name)(_member(_into(_output(as_json(function)))))

    return decorated


@_import_command("import-dcc")
@click.argument("source", type=FolderOrFile())
def import_dcc(source: Path | Input, **options: Any) -> None:
    """Make a list from certificates of EU signers: a folder of files (PEM, DER or base64), or a published JSON list.

    Certificates are not judged: who vouches for these keys is whoever signs the list. What is wrong with one is
    told, and stops none of the others. The list's number is the one after that of --into; keys of other formats stay.

    \b
    Example:
      tongxing verifier trust import-dcc signers/ --member CN-44 -o foreign-keys.json
    """
    _list_keys(_name_of(source), import_certificates(source), **options)


@_import_command("import-gdhcn")
@click.argument("source", metavar="FILE", type=INPUT)
def import_gdhcn(source: Input, **options: Any) -> None:
    """Make a list from a trust list of WHO's network (GDHCN, a DID document), for EU cards.

    Coordinates of another length are brought to theirs; what cannot be used is named, and stops none of the others.
    References to other documents are named, and not followed. Of --into all stays but keys of the same countries.

    \b
    Example:
      tongxing verifier trust import-gdhcn trustlist-dsc.json --member CN-44 --into foreign-keys.json -o next.json
    """
    _list_keys(source.name, collected(in_gdhcn(source, local_clock().now())), by_issuer=True, **options)


@_import_command("import-vci")
@click.argument("source", metavar="SNAPSHOT", type=INPUT)
def import_vci(source: Input, **options: Any) -> None:
    """Make a list from a snapshot of the VCI's directory of SMART Health Card issuers.

    An issuer without keys is named: perhaps the directory was not fetched whole. Withdrawals (crls) in the snapshot
    come along; where an issuer publishes some and they are not there, its cards that could be withdrawn stay open.

    \b
    Example:
      tongxing verifier trust import-vci vci_snapshot.json --member CN-44 --into foreign-keys.json -o next.json
    """
    _list_keys(source.name, collected(in_vci(source)), **options)


@_import_command("import-jwks")
@click.argument("issuer")
@click.argument("source", metavar="FILE", type=INPUT)
@click.option("--revoked", type=INPUT, multiple=True, help="Its withdrawn cards, a file for each key: crl/KID.json.")
def import_jwks(issuer: str, source: Input, revoked: tuple[Input, ...], **options: Any) -> None:
    """Make a list from the keys of one issuer (JWKS): of SMART Health Cards for an https address, of EU cards for a
    country's two letters.

    \b
    Example:
      tongxing verifier trust import-jwks https://example.org/issuer jwks.json --member CN-44 -o foreign-keys.json
    """
    _list_keys(source.name, collected(in_jwks(issuer, source, revoked)), by_issuer=True, **options)


def _list_keys(
    source: str,
    imported: ImportedKeys,
    member: str,
    into: Input | None,
    output: Path | None,
    as_json: bool,
    by_issuer: bool = False,
) -> None:
    """Write the list, and tell what was left out of it and what is odd."""
    before = None if into is None else _read(into)
    if into and before and before.member != member:
        raise click.BadParameter(f"{into.name}: the list of {before.member}", param_hint="--into")
    for text, told in (("foreign-keys.left-out", imported.left_out), ("foreign-keys.noted", imported.noted)):
        for place, why in told:
            print_line(in_words(label(text, place=place, why=why)), err=True)
    if not imported.keys:
        raise InvalidRequest(f"{source}: no key in it that a gate could use")
    keys = merged(before.keys if before else (), imported.keys, by_issuer=by_issuer)
    _warn_of_no_country(imported.keys)
    document = document_of(member, before.sequence + 1 if before else 1, local_clock().now(), keys)
    parse_foreign_keys(document)
    _write(document, output)
    if output is not None:
        counted = {
            "file": str(output),
            "keys": len(keys),
            "left_out": [{"place": place, "wrong": wrong} for place, wrong in imported.left_out],
            "noted": [{"place": place, "odd": odd} for place, odd in imported.noted],
        }
        print_result(as_json, counted, [f"{output}: {len(keys)} keys, {len(imported.left_out)} left out"])


@trust.command("sign")
@_list
@click.option("--key", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A rules key.")
@passphrase_file
@_output
@as_json
def sign(foreign_keys: Input, key: Path, passphrase_file: Path | None, output: Path | None, as_json: bool) -> None:
    """Check every key of a list and sign it with the member's rules key.

    \b
    Example:
      tongxing verifier trust sign foreign-keys.json --key guangdong/keys/rules-1.pem -o foreign-keys.jws
    """
    document = _document(foreign_keys)
    _parsed(foreign_keys.name, document)
    sign_rules(sign_foreign_keys, document, key, passphrase_file, output, as_json)


@trust.command("diff")
@click.argument("before", type=INPUT)
@click.argument("after", type=INPUT)
@as_json
def diff(before: Input, after: Input, as_json: bool) -> None:
    """Print which keys come and which go from one list to the other, signed or not; look at it before you sign.

    \b
    Example:
      tongxing verifier trust diff foreign-keys.jws foreign-keys-2.json
    """
    old, new = _by_fingerprint(_read(before)), _by_fingerprint(_read(after))
    gone = [place_of(old[each]) for each in old.keys() - new.keys()]
    come = [place_of(new[each]) for each in new.keys() - old.keys()]
    if as_json:
        print_json({"added": sorted(come), "removed": sorted(gone), "kept": len(old.keys() & new.keys())})
        return
    for mark, colour, places in (("+", "green", come), ("-", "red", gone)):
        for place in sorted(places):
            print_line(Styled(f"{mark} {place}", colour))
    print_line(f"+{len(come)} -{len(gone)} ={len(old.keys() & new.keys())}")


def _name_of(source: Path | Input) -> str:
    return str(source) if isinstance(source, Path) else source.name


def _warn_of_no_country(keys: Iterable[ForeignKey]) -> None:
    """Whoever signs must know: such a key may sign cards of every country."""
    for key in keys:
        if key.issuer == NO_COUNTRY:
            print_line(in_words(label("foreign-keys.no-country", place=place_of(key))), err=True)


def _by_fingerprint(keys: ForeignKeys) -> dict[str, ForeignKey]:
    return {fingerprint(key): key for key in keys.keys}


def _read(file: Input) -> ForeignKeys:
    return _parsed(file.name, _document(file))


def _document(file: Input) -> dict[str, Any]:
    """A list, signed or not; the signature is not judged here. Raises InvalidRequest, naming the file."""
    if file.data.lstrip().startswith(b"{"):
        return file.json_object()
    try:
        signed = jws.read(file.text().strip()).payload
    except (Malformed, TooLarge) as error:
        raise InvalidRequest(f"{file.name}: neither a list in JSON nor a signed one (a compact JWS)") from error
    return Input(file.name, signed).json_object()


def _parsed(name: str, document: dict[str, Any]) -> ForeignKeys:
    try:
        return parse_foreign_keys(document)
    except (Malformed, TooLarge) as error:
        raise InvalidRequest(f"{name}: {error.detail}") from error


def _write(document: dict[str, Any], output: Path | None) -> None:
    if output is None:
        print_json(document, indent=1)
    else:
        write_atomic(output, f"{json.dumps(document, ensure_ascii=False, indent=1)}\n".encode())
