"""Signing in (登录): a resident proves who they are at the identity provider, and gets a claim code for this browser.

1. ``begin``: this browser gets a cookie with a random value, and is sent to the provider. State, nonce and PKCE
   verifier are made from that value by a key of the issuer's: nothing is kept here, so that any worker can go on, and
   nobody can fill a table. Who has the cookie but not the key knows none of the three.
2. The provider sends it back with a code. ``finish`` goes on only where the state is that of this browser's cookie: an
   answer that somebody else's browser was given (login CSRF) ends here, and one that was begun too long ago.
3. The code is redeemed with this browser's verifier, and the ID token must carry its nonce: a code from elsewhere does
   neither. Then the provider's word about name and document is read.
4. The document leads to the subject by the same function as a request for a code does; for that subject a claim code is
   made, if somebody is on file. Name and number go no further than here.

What comes of it reaches the page as a cookie of the same browser, not in an address: see
:mod:`issuer.http.sign_in_views`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from secrets import token_bytes
from typing import NamedTuple

from credentials.base64url import to_base64url
from credentials.errors import (
    InvalidDocument,
    InvalidName,
    InvalidRequest,
    SignInNotBegun,
    SignInWithoutDocument,
)
from credentials.identity import mask_name, parse_document
from credentials.profile.limits import MAX_NAME_CHARACTERS
from issuer.issuing.issuance import Issuance
from issuer.phones.claim_codes import ClaimCode, ClaimCodes
from issuer.requests.request import MAX_FIELD_CHARACTERS
from issuer.sign_in.identity_provider import Attempt, IdentityProvider

CALLBACK = "/v1/sign-in/callback"
"""Behind the issuer's base URL; the provider knows the whole as our one redirect URI."""
BEGUN_SECONDS = 600
"""For signing in at the provider, with its password, message and face."""
WORKERS_APART_SECONDS = 60
"""Between the clocks of two of our own machines."""
AUTHOR = "sign-in"
"""Stands where claim codes name the client that asked for them."""
_VALUE_BYTES = 32
_BEGUN = re.compile(r"([0-9]{1,12})\.[A-Za-z0-9_-]{43}")


class Begun(NamedTuple):
    """``cookie``: for this browser alone. ``address``: where it goes to sign in."""

    cookie: str
    address: str


class SignIn:
    """The sign-in of one issuer. Safe to use from several threads and processes: it keeps nothing."""

    def __init__(
        self,
        provider: IdentityProvider,
        issuance: Issuance,
        claim_codes: ClaimCodes,
        name_claim: str,
        document_claim: str,
    ) -> None:
        self._provider, self._issuance, self._claim_codes = provider, issuance, claim_codes
        self._name_claim, self._document_claim = name_claim, document_claim

    def begin(self, at: int, language: str | None = None) -> Begun:
        """Begin at ``at`` (seconds UTC), asking in one of LANGUAGES. Raises SignInUnavailable."""
        cookie = f"{at}.{to_base64url(token_bytes(_VALUE_BYTES))}"
        return Begun(cookie, self._provider.address(self._attempt(cookie), language))

    def finish(self, cookie: str | None, answer: Mapping[str, str], at: int) -> ClaimCode:
        """The claim code for whoever signed in. ``answer``: the parameters that the provider sent the browser with.

        Raises NotSignedIn, SignInUnavailable, HolderUnknown, StorageUnavailable, StorageFull.
        """
        attempt = self._begun(cookie, answer.get("state", ""), at)
        claims = self._provider.claims(answer, attempt, frozenset({self._name_claim, self._document_claim}))
        name = claims.get(self._name_claim)
        number = claims.get(self._document_claim)
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARACTERS:
            raise SignInWithoutDocument(f"no name in the claim {self._name_claim}")
        if not isinstance(number, str) or not 0 < len(number) <= MAX_FIELD_CHARACTERS:
            raise SignInWithoutDocument(f"no document number in the claim {self._document_claim}")
        try:
            subject, holder_name = self._issuance.subject_of(parse_document(None, number)), mask_name(name)
        except (InvalidDocument, InvalidName, InvalidRequest) as error:
            raise SignInWithoutDocument(error.detail) from error
        return self._claim_codes.make_for(subject, holder_name, AUTHOR, at)

    def _begun(self, cookie: str | None, state: str, at: int) -> Attempt:
        """What this browser's sign-in was begun with, if the provider's answer is to that one."""
        found = _BEGUN.fullmatch(cookie or "")
        if found is None:
            raise SignInNotBegun("no sign-in was begun in this browser")
        attempt = self._attempt(found[0])
        # The time is signed along, for it is in what the state is made from.
        if not hmac.compare_digest(attempt.state.encode(), state.encode()):
            raise SignInNotBegun("another sign-in than the one begun in this browser")
        if not -WORKERS_APART_SECONDS <= at - int(found[1]) < BEGUN_SECONDS:
            raise SignInNotBegun("begun too long ago")
        return attempt

    def _attempt(self, cookie: str) -> Attempt:
        key = self._issuance.secrets.sign_in_key
        made = (hmac.digest(key, f"{part}:{cookie}".encode(), "sha256") for part in Attempt._fields)
        return Attempt(*map(to_base64url, made))
