"""What hangs on how a code is carried. A new form is a member of the closed list and a row here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from credentials.profile.limits import (
    MAX_CREDENTIAL_TEXT_CHARACTERS,
    MAX_LIFETIME_PAPER_SECONDS,
    MAX_LIFETIME_PHONE_SECONDS,
    MAX_PAPER_TEXT_CHARACTERS,
)
from credentials.profile.lists import Form
from credentials.profile.reasons import CHECK_DOCUMENT, COMPARE_HOLDER


class FormProfile(NamedTuple):
    """``max_lifetime_seconds``: from iat to exp, issuers keep it, gates check it. ``is_bound``: to a key of the
    holder's (cnf), and accepted only inside its live presentation. ``has_guardian``: whose phone shows it.
    ``max_text_characters``: what its symbol holds. ``symbol_level``: of error correction (ISO/IEC 18004), M or Q, at
    which an issuer draws it. ``note``: what an accepted one asks of the guard."""

    max_lifetime_seconds: int
    is_bound: bool
    has_guardian: bool
    max_text_characters: int
    symbol_level: str
    note: str


FORMS: Final[Mapping[Form, FormProfile]] = {
    Form.PHONE: FormProfile(
        MAX_LIFETIME_PHONE_SECONDS, True, False, MAX_CREDENTIAL_TEXT_CHARACTERS, "M", COMPARE_HOLDER
    ),
    Form.ASSISTED: FormProfile(
        MAX_LIFETIME_PHONE_SECONDS, True, True, MAX_CREDENTIAL_TEXT_CHARACTERS, "M", CHECK_DOCUMENT
    ),
    Form.PAPER: FormProfile(MAX_LIFETIME_PAPER_SECONDS, False, False, MAX_PAPER_TEXT_CHARACTERS, "Q", CHECK_DOCUMENT),
}
