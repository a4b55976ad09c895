"""Passkeys at the desk (WebAuthn): what a browser is asked, and what of its answer is believed.

At enrolment the library reads what the authenticator made. Afterwards an assertion is read and checked by
:mod:`credentials.decisions.signatures`, at sign-in and over decisions alike: by the very code that anybody checks a
decision with. A sign-in signs a challenge that is no decision's digest.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

import structlog
from webauthn import generate_registration_options, options_to_json, verify_registration_response
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from credentials.algorithms.table import FOR_STAFF
from credentials.base64url import from_base64url, to_base64url
from credentials.decisions.signatures import (
    MAX_SIGNATURE_CHARACTERS,
    PasskeySignature,
    rp_id_of,
    verify_digest,
)
from credentials.decisions.staff import StaffKey
from credentials.errors import CredentialError, InvalidRequest, Malformed, NotAuthenticated
from credentials.profile.limits import KID_BYTES
from credentials.wire.strict_json import json_bytes, parse_json
from issuer.service import IssuerService

CHALLENGE_SECONDS = 300
_USER_BYTES = 32
_RANDOM_BYTES, _TIME_BYTES, _PROOF_BYTES = 8, 8, 16
_log = structlog.get_logger("desk")


def origin_of(issuer_url: str) -> str:
    """Where passkeys of this issuer sign: scheme, host and port of its base URL."""
    parts = urlsplit(issuer_url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def creation_options(office: IssuerService, pseudonym: str) -> str:
    """What ``navigator.credentials.create`` is asked for, as JSON."""
    challenge = _new_challenge(office)
    options = generate_registration_options(
        rp_id=rp_id_of(origin_of(office.settings.issuer_url)),
        rp_name="Tongxing",
        user_name=pseudonym,
        user_id=secrets.token_bytes(_USER_BYTES),
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        supported_pub_key_algs=[
            COSEAlgorithmIdentifier.ECDSA_SHA_256,
            COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
        ],
    )
    return options_to_json(options)


def sign_in_options(office: IssuerService) -> str:
    """What ``navigator.credentials.get`` is asked for by somebody who signs in, as JSON."""
    return request_options(office, _new_challenge(office), None)


def request_options(office: IssuerService, challenge: bytes, credential_id: bytes | None) -> str:
    """What ``navigator.credentials.get`` is asked for: a passkey, or this one alone, as JSON."""
    allowed = [] if credential_id is None else [{"type": "public-key", "id": to_base64url(credential_id)}]
    said = {"challenge": to_base64url(challenge), "allowCredentials": allowed, "userVerification": "required"}
    return json_bytes(said | {"rpId": rp_id_of(origin_of(office.settings.issuer_url))}).decode()


def made_passkey(office: IssuerService, answer: str) -> tuple[bytes, str, Any, str]:
    """Credential id, algorithm, public key and origin of what an authenticator made. Raises InvalidRequest."""
    origin = origin_of(office.settings.issuer_url)
    credential = _object(answer)
    challenge = _challenge_in(_part(credential, "clientDataJSON"))
    if not _use(office, challenge):
        raise InvalidRequest("credential: it took too long, or was sent twice; open the page again")
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id_of(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
        public_key = decoded_public_key_to_cryptography(decode_credential_public_key(made.credential_public_key))
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        _log.info("passkey-refused", error=type(error).__name__)
        raise InvalidRequest("credential: not a passkey for this site that asks who uses it") from error
    for name, algorithm in FOR_STAFF.items():
        if algorithm.is_public_key(public_key):
            return made.credential_id, name, public_key, origin
    raise InvalidRequest(f"credential: a key of another algorithm than {', '.join(FOR_STAFF)}")


def signed_in(office: IssuerService, answer: str) -> StaffKey:
    """Whose passkey answered a sign-in. Raises NotAuthenticated, saying no more than that, and InvalidRequest."""
    credential = _object(answer)
    assertion, at = read_answer(answer), office.now()
    if not _use(office, _challenge_in(assertion.client_data)):
        raise NotAuthenticated("it took too long, or was sent twice; sign in again")
    wanted = credential.get("id")
    rows = [row for row in office.staff.store.all_keys() if row.credential_id is not None]
    row = next((each for each in rows if to_base64url(each.credential_id or b"") == wanted), None)
    if row is None:
        raise NotAuthenticated("no passkey of staff here")
    key = office.staff.in_force(row.kid, at)
    try:
        verify_digest(assertion._replace(kid=key.kid), key.signing, _challenge_in(assertion.client_data))
    except CredentialError as error:
        raise NotAuthenticated("the passkey's answer does not hold") from error
    return key


def read_answer(answer: str) -> PasskeySignature:
    """An assertion as the page sent it; whose it is says the session. Raises InvalidRequest."""
    credential = _object(answer)
    parts = [_part(credential, name) for name in ("authenticatorData", "clientDataJSON", "signature")]
    return PasskeySignature(bytes(KID_BYTES), *parts)


def _new_challenge(office: IssuerService) -> bytes:
    """One that proves itself by the issuer's secret: nothing is kept for strangers who only open a page."""
    said = secrets.token_bytes(_RANDOM_BYTES) + (office.now() + CHALLENGE_SECONDS).to_bytes(_TIME_BYTES, "big")
    return said + _proof(office, said)


def _use(office: IssuerService, challenge: bytes) -> bool:
    """Use a challenge up; False for one that is not ours, that has ended, or that was used before."""
    said, at = challenge[: _RANDOM_BYTES + _TIME_BYTES], office.now()
    expires_at = int.from_bytes(said[_RANDOM_BYTES:], "big")
    if not hmac.compare_digest(challenge, said + _proof(office, said)) or expires_at <= at:
        return False
    return office.staff.store.use_challenge(hashlib.sha256(challenge).digest(), expires_at, at)


def _proof(office: IssuerService, said: bytes) -> bytes:
    return hmac.digest(office.issuance.secrets.desk_key, said, "sha256")[:_PROOF_BYTES]


def _object(answer: str) -> dict[str, Any]:
    if len(answer) > 4 * MAX_SIGNATURE_CHARACTERS:
        raise InvalidRequest("credential: too long")
    try:
        credential = parse_json(answer.encode("utf-8", "replace"))
    except Malformed as error:
        raise InvalidRequest("credential: a passkey's answer; it needs the page's script") from error
    if type(credential) is not dict:
        raise InvalidRequest("credential: a passkey's answer")
    return credential


def _part(credential: dict[str, Any], name: str) -> bytes:
    response = credential.get("response")
    value = response.get(name) if type(response) is dict else None
    if type(value) is not str:
        raise InvalidRequest(f"credential: no {name}")
    try:
        return from_base64url(value)
    except Malformed as error:
        raise InvalidRequest(f"credential: {name} is {error.detail}") from error


def _challenge_in(client_data: bytes) -> bytes:
    try:
        said = parse_json(client_data)
        return from_base64url(said["challenge"] if type(said) is dict else "")
    except (Malformed, KeyError, TypeError, AttributeError) as error:
        raise InvalidRequest("credential: no challenge in it") from error
