"""Signing, and reading our own output as a gate would, before anything is released."""

from __future__ import annotations

from collections.abc import Sequence

from credentials.errors import CredentialError, SelfCheckFailed, Untrusted
from credentials.formats import native
from credentials.formats.native import claims
from credentials.keys import VerificationKey
from credentials.model import StatusCredential
from credentials.signing import Signer
from credentials.wire import cose


def sealed_texts(
    credentials: Sequence[StatusCredential], signer: Signer, own_key: VerificationKey
) -> list[str | SelfCheckFailed]:
    """The texts of signed codes, in order; for one that a gate would not read as it was meant, the error in its place.

    A signer with a wrong key, or a faulty security module, must not be found out by the gates of 33 provinces: for all
    of them it raises SelfCheckFailed. What one record brings harms that record alone.
    """
    try:
        # Each part is done for all before the next part, which takes less time.
        return [*_sealed(credentials, signer, own_key)]
    except Untrusted as error:
        raise SelfCheckFailed(error.code) from error
    except (CredentialError, SelfCheckFailed) as error:
        if len(credentials) == 1:
            return [SelfCheckFailed(error.code if isinstance(error, CredentialError) else error.detail)]
    return [text for each in credentials for text in sealed_texts([each], signer, own_key)]


def _sealed(credentials: Sequence[StatusCredential], signer: Signer, own_key: VerificationKey) -> list[str]:
    """Compared are the credentials, and the very bytes of their encoding besides."""
    payloads = [claims.encode(credential) for credential in credentials]
    texts = [
        native.seal_text(payload, credential.form, signer)
        for payload, credential in zip(payloads, credentials, strict=True)
    ]
    verified = [cose.verify(envelope, own_key) for envelope in map(native.unwrap, texts)]
    same = [each.payload for each in verified] == payloads
    if not same or [claims.decode(each) for each in verified] != list(credentials):
        raise SelfCheckFailed("what was signed is not what was decided")
    return texts
