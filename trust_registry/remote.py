"""The registry seen from the command line of an officer or a province, over HTTP."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from credentials import errors
from credentials.errors import FetchFailed, TongxingError
from service_kit.auth import authorization
from service_kit.clock import Clock
from service_kit.fetch import Fetcher
from trust_registry.approval import Approval, DraftDocument, officer_id
from trust_registry.client.repository import MirrorFiles
from trust_registry.province import Submission

MAX_ANSWER_BYTES = 16 * 1024 * 1024


class RemoteRegistry:
    """A registry at ``url``, its base URL. Every method raises FetchFailed, FetchTooLarge, or the error whose
    code the registry answers with."""

    def __init__(self, url: str, fetcher: Fetcher, clock: Clock) -> None:
        self.url = url.rstrip("/")
        self._fetcher, self._clock = fetcher, clock

    @property
    def source(self) -> MirrorFiles:
        """Its mirror, to be verified."""
        return MirrorFiles(self._read)

    def state(self) -> dict[str, Any]:
        """What it says of itself."""
        return self._ask("GET", "/v1/state")

    def submit(self, submission: Submission) -> dict[str, Any]:
        """Bring a province's statement: its id, member, sequence and state."""
        return self._ask("POST", "/v1/statements", submission.to_fields())

    def make_draft(self, key: ec.EllipticCurvePrivateKey, wanted: dict[str, Any]) -> dict[str, Any]:
        """Have a draft made, as the officer whose key this is."""
        return self._ask("POST", "/v1/drafts", wanted, key)

    def draft(self, draft_id: str) -> DraftDocument:
        """A draft, to be reviewed."""
        answer = self._ask("GET", f"/v1/drafts/{draft_id}")
        try:
            return DraftDocument(
                message=base64.b64decode(answer["signed_bytes"], validate=True),
                trust_list=base64.b64decode(answer["trust_list"], validate=True),
                proofs={entry["statement"]: tuple(entry["proofs"]) for entry in answer["statements"]},
            )
        except (KeyError, TypeError, binascii.Error) as error:
            raise FetchFailed("the registry's draft cannot be read") from error

    def approve(self, draft_id: str, approval: Approval) -> dict[str, Any]:
        """Bring an officer's signature."""
        return self._ask("POST", f"/v1/drafts/{draft_id}/approvals", approval._asdict())

    def publish(self, key: ec.EllipticCurvePrivateKey, draft_id: str) -> dict[str, Any]:
        """Put a draft into force, as the officer whose key this is: the versions."""
        return self._ask("POST", f"/v1/drafts/{draft_id}/publication", {}, key)

    def deny(self, request: str) -> dict[str, Any]:
        """Bring a signed request for a denial: the denial."""
        return self._ask("POST", "/v1/denials", {"request": request})

    def log(self, since: int) -> list[dict[str, Any]]:
        """The next leaves of the log from number ``since`` on; none at its end."""
        leaves = self._ask("GET", f"/v1/log?since={since}").get("leaves")
        if not isinstance(leaves, list) or not all(map(_is_leaf, leaves)):
            raise FetchFailed("the registry's log cannot be read")
        return leaves

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers |= authorization(key, officer_id(key), self.url, self._clock.now())
        data = None if body is None else json.dumps(body).encode()
        answer = self._fetcher.send(method, self.url + path, limit=MAX_ANSWER_BYTES, body=data, headers=headers)
        fields = _fields(answer.body, answer.status)
        if answer.status >= 400:
            raise _error_of(fields, answer.status)
        return fields

    def _read(self, path: str) -> bytes | None:
        try:
            return self._fetcher.get(f"{self.url}/mirror/{path}", limit=MAX_ANSWER_BYTES).body
        except FetchFailed as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise


def _fields(body: bytes, status: int) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise FetchFailed(f"status {status}, and no JSON object", status)
    return fields


def _is_leaf(value: object) -> bool:
    kinds = {"number": int, "kind": str, "at": int, "content": str}
    return isinstance(value, dict) and all(type(value.get(name)) is kind for name, kind in kinds.items())


def _error_of(fields: dict[str, Any], status: int) -> TongxingError:
    """The error that the registry met, as if it had been met here."""
    code, detail = fields.get("code"), str(fields.get("detail", ""))
    for cls in _subclasses(errors.TongxingError):
        if getattr(cls, "code", None) == code:
            return cls(detail)
    return FetchFailed(f"status {status}: {code}", status)


def _subclasses(cls: type[TongxingError]) -> Iterator[type[TongxingError]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
