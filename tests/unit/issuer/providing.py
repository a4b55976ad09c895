"""An identity provider of tests that says whatever a test wants it to say, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from issuer.sign_in.identity_provider import Registration
from tests.unit.issuer.office import AUDIENCE, NOW, NUMBER
from tests.unit.service_kit.answering import Answering, answering

CLIENT = "tongxing"
SECRET = "s3cret of tests/+:%"
CALLBACK = f"{AUDIENCE}/v1/sign-in/callback"
NAME_CLAIM, DOCUMENT_CLAIM = "name", "document_number"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WANTED = frozenset({NAME_CLAIM, DOCUMENT_CLAIM})


class Provider:
    """Honest until told otherwise. ``key``: its RSA key, published under ``kid``."""

    def __init__(self, server: Answering) -> None:
        self.server, self.url = server, server.url
        self.kid, self.key = "first", KEY
        self.describes()
        self.publishes(self.jwk())

    def registration(self, **changes: Any) -> Registration:
        """What it has agreed on with us."""
        return Registration(self.url, CLIENT, CALLBACK, "openid profile", "RS256", SECRET)._replace(**changes)

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """Its public key."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", **changes}

    def describes(self, **changes: Any) -> None:
        """Publish a discovery document, changed; a change to None leaves the entry out."""
        document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "authorization_response_iss_parameter_supported": True,
            **changes,
        }
        self.says("/.well-known/openid-configuration", {name: value for name, value in document.items() if value})

    def publishes(self, *jwks: Any) -> None:
        """Publish these keys."""
        self.says("/keys", {"keys": list(jwks)})

    def says(self, path: str, body: Any, status: str = "200 OK") -> None:
        """Answer a path with JSON."""
        self.server.answer(path, f"{status}\nContent-Type: application/json", json.dumps(body).encode())

    def redeems(self, token: str) -> None:
        """Take any code for this ID token."""
        self.says("/token", {"access_token": "of-tests", "token_type": "Bearer", "id_token": token})

    def claims(self, nonce: str, **changes: Any) -> dict[str, Any]:
        """What an honest ID token says of Wang Xiaoming; a change to None leaves the claim out."""
        claims = {
            "iss": self.url,
            "sub": "wang",
            "aud": CLIENT,
            "nonce": nonce,
            "iat": NOW,
            "exp": NOW + 600,
            NAME_CLAIM: "王小明",
            DOCUMENT_CLAIM: NUMBER,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, nonce: str, **changes: Any) -> str:
        """An ID token, signed."""
        return jwt.encode(self.claims(nonce, **changes), self.key, "RS256", headers={"kid": self.kid})

    def requests(self, path: str) -> list[str]:
        """What was sent to a path: heads and bodies."""
        return [head for head in self.server.heads if head.split(" ", 2)[1] == path]


def asked(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider for as long as the block lasts."""
    with answering() as server:
        yield Provider(server)
