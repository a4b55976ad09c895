"""The holder's phone on the command line."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from click.testing import CliRunner

from credentials.errors import Conflict, NotACredential, NotFound
from credentials.formats import presentation
from credentials.formats.presentation import challenge
from credentials.formats.presentation.challenge import Challenge
from credentials.keys import compressed_point, load_private_key
from demonstration.phone import Phone, holder
from issuer.requests.holder_proof import proven_point

ISSUER = "http://127.0.0.1:1/issuer"


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    """A second key would make the code that is bound to the first one useless."""
    phone = Phone(tmp_path / "phone")
    phone.make_key()
    key = tmp_path / "phone" / "holder.pem"
    assert key.stat().st_mode & 0o077 == 0
    with pytest.raises(Conflict):
        phone.make_key()
    assert proven_point(phone.proof(ISSUER, 1_790_000_000), ISSUER, 1_790_000_000) == compressed_point(
        load_private_key(key.read_bytes()).public_key()
    )


def test_it_keeps_codes_and_nothing_else(tmp_path: Path) -> None:
    """What is no code must be refused when it comes, not when the guard waits."""
    phone = Phone(tmp_path)
    phone.make_key()
    with pytest.raises(NotFound, match="holder keep"):
        phone.show(1_790_000_000)
    with pytest.raises(NotACredential):
        phone.keep("hello")


def test_a_phone_without_a_key_says_how_to_make_one(tmp_path: Path) -> None:
    """Whoever begins with the second step is told the first one, not that a setting is wrong."""
    with pytest.raises(NotFound, match="holder new"):
        Phone(tmp_path).proof(ISSUER, 1_790_000_000)


def test_the_commands_make_prove_keep_and_show(tmp_path: Path, phone_code: str) -> None:
    """The README's lines for trying a phone by hand."""
    folder, run = str(tmp_path / "phone"), functools.partial(CliRunner().invoke, color=True)
    assert run(holder, ["new", folder]).exit_code == 0
    assert run(holder, ["proof", folder, "--issuer", ISSUER]).output.count(".") == 2
    assert run(holder, ["keep", folder], input=phone_code + "\n").exit_code == 0
    shown = run(holder, ["show", folder]).output.rstrip("\n")
    assert presentation.unwrap(shown).mode is presentation.Mode.TIME
    asked = challenge.draw(Challenge("gate", bytes(16)))
    answered = run(holder, ["show", folder, "--challenge", "-", "--clock-offset", "-9999"], input=asked).output
    live = presentation.unwrap(answered.rstrip("\n"))
    key = load_private_key((tmp_path / "phone" / "holder.pem").read_bytes()).public_key()
    presentation.verify(live, key, bytes(16), "gate")
    assert isinstance(run(holder, ["show", folder, "--challenge", "-"], input="TX1:").exception, NotACredential)
    assert "\x1b[" in run(holder, ["show", folder, "--qr"]).output
