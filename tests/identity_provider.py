"""A real identity provider for tests: the certified npm package ``oidc-provider``, run by Node.js as a process."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.servers import HOST, PATIENCE_SECONDS, NoServer

ROOT = Path(__file__).parents[1]
SCRIPT = Path(__file__).with_suffix(".mjs")
PACKAGE = ROOT / "node_modules" / "oidc-provider"


class IdentityProvider:
    """One provider, running. ``accounts``: the claims of each person who has one, by the account's id.

    ``in_id_token``: all claims stand in the ID token; otherwise most are had at the userinfo endpoint alone. ``host``:
    by which of its names this machine is called; to browsers ``localhost`` is another site than 127.0.0.1.
    """

    def __init__(
        self,
        client: dict[str, Any],
        accounts: dict[str, dict[str, Any]],
        *,
        keys: list[dict[str, Any]] | None = None,
        in_id_token: bool = False,
        host: str = HOST,
    ) -> None:
        self._node = _node()
        self._settings = {
            "host": host,
            "port": 0,
            "clients": [client],
            "accounts": accounts,
            "keys": keys or [signing_key("first")],
            "in_id_token": in_id_token,
        }
        self._start()

    @property
    def url(self) -> str:
        """Its issuer identifier."""
        return f"http://{self._settings['host']}:{self._settings['port']}"

    def restart(self, **changes: Any) -> None:
        """Stop it and start it at the same address, with other ``keys`` or a changed ``client``."""
        self.stop()
        if "client" in changes:
            changes["clients"] = [changes.pop("client")]
        self._settings |= changes
        self._start()

    def stop(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.communicate()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [self._node, SCRIPT], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(self._settings) + "\n")
        self._process.stdin.flush()
        port = self._process.stdout.readline()
        if not port:
            raise RuntimeError(f"the identity provider ended with {self._process.wait(PATIENCE_SECONDS)}")
        self._settings["port"] = int(port)


def signing_key(kid: str, algorithm: str = "RS256") -> dict[str, Any]:
    """A new key of a provider, private, as a JWK: for RS256 or ES256."""
    key: Any = ec.generate_private_key(ec.SECP256R1())
    if algorithm == "RS256":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made: Any = jwt.get_algorithm_by_name(algorithm)
    jwk = {**made.to_jwk(key, as_dict=True), "kid": kid, "use": "sig", "alg": algorithm}
    # The provider publishes what it is given: "sign" alone beside a public key would say that it verifies nothing.
    jwk.pop("key_ops", None)
    return jwk


@contextmanager
def identity_provider(client: dict[str, Any], accounts: dict[str, Any], **options: Any) -> Iterator[IdentityProvider]:
    """A provider for as long as the block lasts. Raises NoServer where Node.js or the package is missing."""
    provider = IdentityProvider(client, accounts, **options)
    try:
        yield provider
    finally:
        provider.stop()


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise NoServer("no identity provider: Node.js is not on the PATH")
    if not PACKAGE.is_dir():
        raise NoServer("no identity provider: the npm package oidc-provider is not in node_modules (npm ci)")
    return node
