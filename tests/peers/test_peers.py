"""What others' implementations make of what we sign and draw, and we of theirs."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from credentials.errors import WrongSignature
from credentials.formats import native, presentation
from credentials.formats.native import claims
from credentials.keys import VerificationKey, compressed_point, jwk_of, kid_of, new_private_key
from credentials.model import Evidence, RuleSetReference, StatusCredential, StatusReference
from credentials.profile.limits import MAX_CREDENTIAL_BYTES
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Reason, Status
from credentials.qr.symbol import draw_png
from credentials.signing import PemSigner
from credentials.wire import cose

Ask = Callable[..., dict[str, Any]]

MEMBER = "CN-41"
NOW = 1_767_225_600
HOUR = 3_600


@pytest.fixture(scope="module")
def issuer_key() -> Any:
    return new_private_key()


@pytest.fixture(scope="module")
def holder_key() -> Any:
    return new_private_key()


@pytest.fixture(scope="module")
def signer(issuer_key: Any) -> PemSigner:
    return PemSigner(issuer_key, kid_of(MEMBER, issuer_key.public_key()))


@pytest.fixture(scope="module")
def credential(holder_key: Any) -> StatusCredential:
    return StatusCredential(
        issuer=MEMBER,
        issued_at=NOW,
        expires_at=NOW + 24 * HOUR,
        cti=bytes(range(8)),
        status=Status.GREEN,
        reason=Reason.TEST_RECENT,
        rule_set=RuleSetReference(1, 7),
        evaluated_before=30,
        evidence=(Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, NOW - 20 * HOUR, 410100),),
        holder_name="欧阳**",
        document_tail="002X",
        form=Form.PHONE,
        status_reference=StatusReference(3, 70_000),
        holder_key=compressed_point(holder_key.public_key()),
    )


@pytest.fixture(scope="module")
def text(credential: StatusCredential, signer: PemSigner) -> str:
    return native.issue_text(credential, signer)


def as_others_see(credential: StatusCredential) -> dict[str, Any]:
    """The claims as docs/wire-format.md writes them, in the JSON that ``peer.py`` answers in."""
    assert credential.holder_key is not None
    assert credential.status_reference is not None
    ours = {
        "0": 1,
        "1": 2,
        "2": [1, 7],
        "3": 30,
        "4": [[1, 1, NOW - 20 * HOUR, 410100]],
        "5": "欧阳**",
        "6": "002X",
        "7": 1,
        "8": [3, 70_000],
    }
    point = credential.holder_key
    cnf = {"1": {"1": 2, "-1": 1, "-2": point[1:].hex(), "-3": point[0] == 3}}
    return {
        "1": MEMBER,
        "4": NOW + 24 * HOUR,
        "6": NOW,
        "7": bytes(range(8)).hex(),
        "8": cnf,
        "-65537": ours,
    }


def test_cwt_reads_our_code(ask_peer: Ask, text: str, credential: StatusCredential, issuer_key: Any) -> None:
    """Another member must be able to check our codes with off-the-shelf COSE and the specification."""
    answer = ask_peer("read_code", text=text, key=jwk_of(issuer_key.public_key()))
    assert answer["claims"] == as_others_see(credential)


def test_cwt_reads_our_live_code(
    ask_peer: Ask, text: str, credential: StatusCredential, issuer_key: Any, holder_key: Any
) -> None:
    """The holder's signature must hold for anyone who rebuilds what it covers."""
    live = presentation.present(text, holder_key, NOW + 5)
    answer = ask_peer("read_live_code", text=live, key=jwk_of(issuer_key.public_key()))
    assert answer == {"claims": as_others_see(credential), "time": NOW + 5, "mode": 0, "rest": ""}


def test_we_read_what_cwt_signs(
    ask_peer: Ask, credential: StatusCredential, signer: PemSigner, issuer_key: Any
) -> None:
    """A member that issues with another library, in the profile's layout, must be accepted by our gates."""
    secret = issuer_key.private_numbers().private_value.to_bytes(32, "big")
    private = {
        **jwk_of(issuer_key.public_key()),
        "d": base64.urlsafe_b64encode(secret).rstrip(b"=").decode(),
    }
    sealed = ask_peer("seal", payload=claims.encode(credential).hex(), kid=signer.kid.hex(), key=private)
    envelope = cose.open_layout(bytes.fromhex(sealed["data"]), MAX_CREDENTIAL_BYTES)
    key = VerificationKey(signer.kid, MEMBER, "ES256", "credential", 0, NOW * 2, issuer_key.public_key())
    assert claims.decode(cose.verify(envelope, key)) == credential
    with pytest.raises(WrongSignature):
        cose.verify(envelope, key._replace(public_key=new_private_key().public_key()))


@pytest.mark.parametrize("level", ["M", "Q"])
def test_opencv_reads_our_picture(ask_peer: Ask, text: str, level: str) -> None:
    """Guards scan with readers that share no code with ours: both levels must read to the same text."""
    answer = ask_peer("read_picture", picture=base64.b64encode(draw_png(text, level=level)).decode())
    assert answer["text"] == text


def test_opencv_reads_our_live_picture(ask_peer: Ask, text: str, holder_key: Any) -> None:
    """The live code is the largest symbol that phones show, and the one most often scanned."""
    live = presentation.present(text, holder_key, NOW)
    answer = ask_peer("read_picture", picture=base64.b64encode(draw_png(live)).decode())
    assert answer["text"] == live
