"""The software signer."""

from __future__ import annotations

import pytest

from credentials.algorithms.table import FOR_MEMBERS, NATIVE
from credentials.errors import WrongSignature
from credentials.signing import PemSigner, Signer
from tests.samples import ISSUER_KEY, KEY, STRANGER_KEY


def test_a_signature_is_by_the_key_it_names() -> None:
    """A signer that named another key's kid would issue codes that verify nowhere."""
    signer: Signer = PemSigner(ISSUER_KEY, KEY.kid)
    assert (signer.kid, signer.algorithm) == (KEY.kid, "ES256")
    assert signer.algorithm in FOR_MEMBERS
    NATIVE.verify(KEY.public_key, signer.sign(b"message"), b"message")
    with pytest.raises(WrongSignature):
        NATIVE.verify(STRANGER_KEY.public_key(), signer.sign(b"message"), b"message")


def test_the_signer_knows_its_public_half() -> None:
    """The self-check of an issuer verifies with it before anything is released."""
    assert PemSigner(ISSUER_KEY, KEY.kid).public_key == KEY.public_key
