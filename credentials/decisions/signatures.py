"""What a person of staff signs with, and whether it holds: a passkey's assertion, or a JWS by a key file.

Both sign the SHA-256 of one text, and are kept with it, so that anybody who is shown them can check, offline and for
good, that these two keys signed these very bytes::

    {"kid": "<16 hex>", "authenticator_data": "<base64url>", "client_data": "<base64url>", "signature": "<base64url>"}
    {"jws": "<compact JWS, typ tongxing-signed-text+jws, over {\\"sha256\\": \\"<64 hex>\\"}>"}

An assertion's challenge is the digest of the text. The counter in it is ignored: synced passkeys always say 0. No
assertion carries a time; what is believed of the time is when the province's log first held it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from credentials.algorithms.table import FOR_STAFF, NATIVE
from credentials.base64url import from_base64url, to_base64url
from credentials.errors import AlgorithmMismatch, Malformed, TooLarge, WrongSignature
from credentials.profile.limits import KID_BYTES
from credentials.signing import Signer
from credentials.wire import jws
from credentials.wire.strict_json import hex_bytes, parse_json

SIGNED_TEXT_TYPE: Final = "tongxing-signed-text+jws"
"""``typ`` of the JWS (RFC 8725 section 3.11)."""
MAX_SIGNATURE_CHARACTERS = 4_096
"""Of a JWS, and of each part of an assertion."""
_PASSKEY = frozenset({"kid", "authenticator_data", "client_data", "signature"})
_GET = "webauthn.get"
_RP_ID_HASH_BYTES = 32
_FLAGS_AT = 32
_MIN_AUTHENTICATOR_DATA_BYTES = 37
"""rpIdHash, flags, counter (WebAuthn section 6.1)."""
_PRESENT, _VERIFIED = 0x01, 0x04


class SigningKey(NamedTuple):
    """A key of staff. ``algorithm``: a name of :data:`FOR_STAFF`; ``origin``: where a passkey signs, as
    ``https://code.henan.example``, or empty for a key file."""

    kid: bytes
    algorithm: str
    public_key: Any
    origin: str = ""


class PasskeySignature(NamedTuple):
    """An assertion (WebAuthn section 6.3.3), and the key that it is said to be by."""

    kid: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    def to_json(self) -> dict[str, str]:
        """As it is kept and shown."""
        parts = self._asdict()
        return {name: to_base64url(part) for name, part in parts.items()} | {"kid": self.kid.hex()}


class KeyFileSignature(NamedTuple):
    """A JWS by a key that lies in a file."""

    kid: bytes
    compact: str

    def to_json(self) -> dict[str, str]:
        """As it is kept and shown."""
        return {"jws": self.compact}


Signature = PasskeySignature | KeyFileSignature


def sign_text(text: bytes, signer: Signer) -> KeyFileSignature:
    """The text signed by a key in a file."""
    return KeyFileSignature(
        signer.kid, jws.sign({"sha256": hashlib.sha256(text).hexdigest()}, signer, SIGNED_TEXT_TYPE)
    )


def read_signature(value: object) -> Signature:
    """Take a signature apart, without believing it. Raises Malformed, TooLarge."""
    if type(value) is not dict or not all(type(part) is str for part in value.values()):
        raise Malformed("signature: an object of texts: an assertion of a passkey, or jws")
    if any(len(part) > MAX_SIGNATURE_CHARACTERS for part in value.values()):
        raise TooLarge(f"signature: more than {MAX_SIGNATURE_CHARACTERS} characters in a part")
    if value.keys() == {"jws"}:
        return KeyFileSignature(hex_bytes(jws.read(value["jws"]).kid, KID_BYTES, "kid"), value["jws"])
    if value.keys() != _PASSKEY:
        raise Malformed(f"signature: either jws, or {', '.join(sorted(_PASSKEY))}")
    parts = {name: from_base64url(value[name]) for name in _PASSKEY - {"kid"}}
    return PasskeySignature(kid=hex_bytes(value["kid"], KID_BYTES, "kid"), **parts)


def verify_text(signature: Signature, key: SigningKey, text: bytes) -> None:
    """Return when ``key`` signed ``text``. Raises WrongSignature, saying which part is another's, AlgorithmMismatch,
    Malformed."""
    verify_digest(signature, key, hashlib.sha256(text).digest())


def verify_digest(signature: Signature, key: SigningKey, digest: bytes) -> None:
    """As :func:`verify_text`, of a text of which the SHA-256 is at hand, or of a challenge that is no text's."""
    if signature.kid != key.kid:
        raise WrongSignature("signed by another key")
    if isinstance(signature, KeyFileSignature):
        _verify_jws(signature, key, digest)
    else:
        _verify_assertion(signature, key, digest)


def rp_id_of(origin: str) -> str:
    """For whom a passkey is, by where it signs: the host of the origin."""
    return origin.partition("://")[2].partition(":")[0]


def _verify_jws(signature: KeyFileSignature, key: SigningKey, digest: bytes) -> None:
    if key.origin or key.algorithm != NATIVE.NAME:
        # A passkey's private key is in no file; who has one there has copied it out of an authenticator.
        raise AlgorithmMismatch("a JWS by a key that is a passkey")
    payload = jws.verify(jws.read(signature.compact), key.public_key, SIGNED_TEXT_TYPE)
    if payload != {"sha256": digest.hex()}:
        raise WrongSignature("a signature over another text")


def _verify_assertion(signature: PasskeySignature, key: SigningKey, digest: bytes) -> None:
    """WebAuthn section 7.2, the steps that do not need a session."""
    if not key.origin:
        raise AlgorithmMismatch("an assertion by a key that is no passkey")
    said = _client_data(signature.client_data)
    if said.get("type") != _GET:
        raise WrongSignature("type: not an assertion")
    if said.get("challenge") != to_base64url(digest):
        raise WrongSignature("challenge: a signature over another text")
    if said.get("origin") != key.origin or said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise WrongSignature("origin: signed at another site")
    _require_flags(signature.authenticator_data, rp_id_of(key.origin))
    message = signature.authenticator_data + hashlib.sha256(signature.client_data).digest()
    algorithm = FOR_STAFF[key.algorithm]
    raw = NATIVE.from_der(signature.signature) if algorithm is NATIVE else signature.signature
    algorithm.verify(key.public_key, raw, message)


def _require_flags(data: bytes, rp_id: str) -> None:
    if len(data) < _MIN_AUTHENTICATOR_DATA_BYTES:
        raise Malformed("authenticator_data: fewer than 37 bytes")
    if data[:_RP_ID_HASH_BYTES] != hashlib.sha256(rp_id.encode()).digest():
        raise WrongSignature("rpIdHash: a passkey of another site")
    if not data[_FLAGS_AT] & _PRESENT:
        raise WrongSignature("flags: nobody was present")
    if not data[_FLAGS_AT] & _VERIFIED:
        raise WrongSignature("flags: the user was not verified")


def _client_data(data: bytes) -> Mapping[str, Any]:
    said = parse_json(data)
    if type(said) is not dict:
        raise Malformed("client_data: not a JSON object")
    return said
