"""``tongxing issuer staff …``: whose keys sign decisions by hand, and who vouched for them."""

from __future__ import annotations

from pathlib import Path

import click

from credentials.algorithms.table import NATIVE
from credentials.decisions.signatures import Signature, read_signature, sign_text
from credentials.decisions.staff import ROLES, StaffKey, read_staff_key, revocation_text
from credentials.errors import InvalidRequest
from credentials.keys import jwk_of, kid_of, new_private_key, public_key_from_jwk
from credentials.profile.limits import KID_BYTES
from credentials.signing import PemSigner
from issuer.commands.opening import opened
from issuer.service import IssuerService
from issuer.staff.enrolment import invite
from issuer.staff.keys import record_of
from issuer.storage.ports.staff import AuditRow
from service_kit.commands import Group
from service_kit.inputs import INPUT, Input
from service_kit.terminal import as_json, print_json, print_line, print_result
from trust_registry.commands.options import passphrase_file
from trust_registry.key_files import public_jwk, read_key, read_passphrase, write_key

_unit = click.option("--unit", required=True, help="Their unit, as cdc: 1 to 48 characters.")
_roles = click.option(
    "--role", "roles", required=True, multiple=True, type=click.Choice(ROLES), help="May be repeated."
)
_key = click.option(
    "--key", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Sign by this key file now."
)
_signature = click.option("--signature", type=INPUT, help="What `decision sign` gave for it on another machine.")


@click.group(cls=Group)
def staff() -> None:
    """Staff (经办人员) who decide by hand: each by a passkey at the desk, machines by a key file."""


@staff.command("invite")
@click.argument("pseudonym")
@_unit
@_roles
@as_json
def invite_command(pseudonym: str, unit: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Print a link by which PSEUDONYM enrols a passkey, once, within a day. Hand it over yourself.

    Two administrators then vouch for the key, at the desk or by `staff vouch`; it counts after a delay.

    \b
    Example:
      tongxing issuer staff invite zhang-7 --unit cdc --role operator
    """
    office = opened()
    made = invite(office.staff, pseudonym, unit, roles, office.now())
    office.staff.store.note(AuditRow(office.now(), f"{unit}/{pseudonym}", "invited"))
    link = f"{office.settings.audience}/desk/enrol/{made.secret}"
    print_result(as_json, {"link": link, "expires_at": made.expires_at}, [link])


@staff.command("new-key")
@click.argument("key", metavar="KEY.pem", type=click.Path(path_type=Path))
@passphrase_file
@as_json
def new_key(key: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Make a key file for a machine or a person without a browser, and print its public key for `staff add`.

    \b
    Example:
      tongxing issuer staff new-key zhao.pem > zhao.jwk
    """
    made = new_private_key()
    write_key(key, made, read_passphrase(passphrase_file))
    print_json(jwk_of(made.public_key()))


@staff.command("add")
@click.argument("pseudonym")
@click.argument("jwk", type=INPUT)
@_unit
@_roles
@as_json
def add_command(pseudonym: str, jwk: Input, unit: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Register the public key of PSEUDONYM's key file, a JWK or a PEM file, or -. It waits for vouchers.

    \b
    Example:
      tongxing issuer staff add zhao zhao.jwk --unit cdc --role operator
    """
    public_key, office = public_key_from_jwk(public_jwk(jwk)), opened()
    key = StaffKey(
        office.settings.member, pseudonym, unit, tuple(sorted(set(roles))), NATIVE.NAME, public_key, "", office.now()
    )  # fmt: skip
    row = office.staff.add(key, office.now())
    lines = [f"{row.kid.hex()} waits; have it vouched for: `tongxing issuer staff vouch {row.kid.hex()} --key …`"]
    print_result(as_json, {"kid": row.kid.hex(), "text": row.text}, lines)


@staff.command("show")
@click.argument("kid")
def show_command(kid: str) -> None:
    """Print the text of key KID, which its vouchers sign: `tongxing issuer decision sign` signs it anywhere.

    \b
    Example:
      tongxing issuer staff show 0f3c… > zhao.json
    """
    print_line(opened().staff.row(_read_kid(kid)).text)


@staff.command("vouch")
@click.argument("kid")
@_key
@passphrase_file
@_signature
@as_json
def vouch_command(
    kid: str, key: Path | None, passphrase_file: Path | None, signature: Input | None, as_json: bool
) -> None:
    """Sign key KID as an administrator, or by the province's root key for the first two administrators.

    With the second signature it is vouched for, and counts after the delay of TONGXING_STAFF_DELAY_SECONDS.

    \b
    Examples:
      tongxing issuer staff vouch 0f3c… --key admin-1.pem
      tongxing issuer staff vouch 0f3c… --signature signature.json
    """
    office, wanted = opened(leaves_leaf=True), _read_kid(kid)
    text = office.staff.row(wanted).text.encode()
    row = office.staff.vouch(wanted, _signed(office, text, key, passphrase_file, signature), office.now())
    about = read_staff_key(text)
    state = "waits for another" if row.vouched_at is None else f"counts from {row.in_force_at} on (seconds UTC)"
    told = {"kid": kid, "vouchers": len(row.vouchers), "in_force_at": row.in_force_at}
    print_result(as_json, told, [f"{about.staff} ({', '.join(about.roles)}): {state}"])


@staff.command("revoke")
@click.argument("kid")
@_key
@passphrase_file
@as_json
def revoke_command(kid: str, key: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """End key KID for good, signed by an administrator or the root key. What it has signed stands.

    \b
    Example:
      tongxing issuer staff revoke 0f3c… --key admin-1.pem
    """
    office, wanted = opened(leaves_leaf=True), _read_kid(kid)
    at = office.now()
    text = revocation_text(office.settings.member, wanted, at)
    office.staff.revoke(wanted, at, _signed(office, text, key, passphrase_file, None), at)
    print_result(as_json, {"kid": kid}, [f"{kid} signs nothing any more"])


@staff.command("list")
@as_json
def list_command(as_json: bool) -> None:
    """List the keys and how each stands: waiting, delayed, in-force, ended; unsigned: written in by nobody who may.

    \b
    Example:
      tongxing issuer staff list --json
    """
    office = opened()
    found = [record_of(each) for each in office.staff.all(office.now())]
    lines = [
        f"{each['kid']}  {each['unit']}/{each['pseudonym']}  {'+'.join(each['roles'])}  {each['state']}"
        for each in found
    ]
    print_result(as_json, {"keys": found}, lines or ["no staff"])


def signer_of(key: Path, passphrase_file: Path | None, member: str) -> PemSigner:
    """The signer of a key file of a member. Raises KeyRejected, SettingInvalid."""
    private_key = read_key(key, read_passphrase(passphrase_file))
    return PemSigner(private_key, kid_of(member, private_key.public_key()))


def _signed(
    office: IssuerService, text: bytes, key: Path | None, passphrase_file: Path | None, signature: Input | None
) -> Signature:
    if (key is None) == (signature is None):
        raise InvalidRequest("either --key KEY.pem, or --signature FILE made by `tongxing issuer decision sign`")
    if signature is not None:
        return read_signature(signature.json())
    assert key is not None
    return sign_text(text, signer_of(key, passphrase_file, office.settings.member))


def _read_kid(text: str) -> bytes:
    try:
        kid = bytes.fromhex(text)
    except ValueError:
        kid = b""
    if len(kid) != KID_BYTES:
        raise InvalidRequest("kid: 16 hex digits, as `tongxing issuer staff list` names them")
    return kid
