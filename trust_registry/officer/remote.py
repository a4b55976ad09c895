"""The registry seen from the command line of an officer or a province, over HTTP."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from itertools import count
from typing import Any

from credentials import errors
from credentials.algorithms.table import PrivateKey
from credentials.errors import FetchFailed, TongxingError
from service_kit.clock import Clock
from service_kit.fetch import Fetcher
from service_kit.http.auth import authorization
from trust_registry.client.trust.repository import MirrorFiles
from trust_registry.officer.approval import Approval, DraftDocument, officer_id
from trust_registry.province.folder import Submission
from trust_registry.record.log import MAX_PAGE

MAX_ANSWER_BYTES = 16 * 1024 * 1024
PATH = "/registry"
"""Under which `tongxing serve` has the registry; addresses are often given without it."""
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
"""Of a draft or statement. Anything else would name another place in the address that it goes into."""
_STATEMENT = {"id": str, "member": str, "sequence": int, "state": str}
_VERSIONS = {"targets": int, "timestamp": int}
_STATE = {
    "members": [str],
    "denied": int,
    "officers": [str],
    "now": int,
    "versions": {str: int},
    "expiries": {str: int},
    "submitted": [_STATEMENT],
}
_CHANGE = {"member": str, "what": str, "kid": (str, type(None)), "zh": str, "en": str}
_WAITING = {
    "id": str,
    "members": [str],
    "ends_at": int,
    "created_by": str,
    "approved_by": [str],
    "missing": [str],
    "threshold": int,
}
_LEAF = {"number": int, "kind": str, "at": int, "content": str}


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
        return self._ask("GET", "/v1/state", shape=_STATE)

    def submit(self, submission: Submission, key: PrivateKey | None = None) -> dict[str, Any]:
        """Bring a province's statement, perhaps as an officer with this key: its id, member, sequence and state."""
        return self._ask("POST", "/v1/statements", submission.to_fields(), key, shape=_STATEMENT)

    def drop(self, key: PrivateKey, statement_id: str) -> dict[str, Any]:
        """Drop a statement that waits, as the officer whose key this is: what was dropped."""
        return self._ask("DELETE", _place("statement", statement_id), None, key)

    def make_draft(self, key: PrivateKey, wanted: dict[str, Any]) -> dict[str, Any]:
        """Have a draft made, as the officer whose key this is."""
        return self._ask("POST", "/v1/drafts", wanted, key, shape={"id": str, "diff": [_CHANGE]})

    def drafts(self) -> list[dict[str, Any]]:
        """The drafts that officers may still sign, oldest first."""
        found: list[dict[str, Any]] = self._ask("GET", "/v1/drafts", shape={"drafts": [_WAITING]})["drafts"]
        return found

    def draft(self, draft_id: str) -> DraftDocument:
        """A draft, to be reviewed."""
        answer = self._ask("GET", _place("draft", draft_id))
        try:
            return DraftDocument(
                message=base64.b64decode(answer["signed_bytes"], validate=True),
                trust_list=base64.b64decode(answer["trust_list"], validate=True),
                proofs={entry["statement"]: tuple(entry["proofs"]) for entry in answer["statements"]},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FetchFailed(f"{self.url}: the registry's draft cannot be read") from error

    def approve(self, draft_id: str, approval: Approval) -> dict[str, Any]:
        """Bring an officer's signature."""
        shape = {"approved_by": [str], "threshold": int}
        return self._ask("POST", f"{_place('draft', draft_id)}/approvals", approval._asdict(), shape=shape)

    def publish(self, key: PrivateKey, draft_id: str) -> dict[str, Any]:
        """Put a draft into force, as the officer whose key this is: the versions."""
        return self._ask("POST", f"{_place('draft', draft_id)}/publication", {}, key, shape=_VERSIONS)

    def deny(self, request: str) -> dict[str, Any]:
        """Bring a signed request for a denial: the denial."""
        return self._ask("POST", "/v1/denials", {"request": request}, shape={"kid": str, "sequence": int})

    def log(self, since: int) -> list[dict[str, Any]]:
        """The next leaves of the log from number ``since`` on, at most ``log.MAX_PAGE``; none at its end."""
        leaves = self._ask("GET", f"/v1/log?since={since}").get("leaves")
        # In order and without a gap: whoever asks for the next page must come further by it.
        if not isinstance(leaves, list) or len(leaves) > MAX_PAGE or not all(map(_is_leaf, leaves, count(since))):
            raise FetchFailed(f"{self.url}: the registry's log cannot be read")
        return leaves

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        key: PrivateKey | None = None,
        shape: Any = dict,
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers |= authorization(key, officer_id(key), self.url, self._clock.now())
        data = None if body is None else json.dumps(body).encode()
        answer = self._fetcher.send(method, self.url + path, limit=MAX_ANSWER_BYTES, body=data, headers=headers)
        fields = _fields(answer.body)
        if answer.status >= 400 or fields is None:
            raise self._error(fields or {}, answer.status)
        if not _fits(fields, shape):
            raise FetchFailed(f"{self.url}{path}: not the answer of a registry", answer.status)
        return fields

    def _error(self, fields: dict[str, Any], status: int) -> TongxingError:
        """The error that the registry met, as if it had been met here; or that this is no registry."""
        known = _error_of(fields)
        is_route = status == HTTPStatus.NOT_FOUND and not fields.get("detail")
        if known is not None and not is_route:
            return known
        meant = did_you_mean(self.url)
        if is_route:
            return errors.NotFound(f"{self.url}: no registry there{meant}")
        return FetchFailed(f"{self.url}: status {status}, and not the answer of a registry{meant}", status)

    def _read(self, path: str) -> bytes | None:
        try:
            return self._fetcher.get(f"{self.url}/mirror/{path}", limit=MAX_ANSWER_BYTES).body
        except FetchFailed as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise


def did_you_mean(url: str) -> str:
    """What was most likely meant by the base URL ``url`` at which no registry answers; empty for one in full."""
    return "" if url.endswith(PATH) else f"; did you mean {url}{PATH} ?"


def _place(kind: str, given: str) -> str:
    """Where a draft or statement stands. Raises NotFound for what is no id, as the registry does for an unknown one."""
    if not _ID.fullmatch(given):
        lists = {"draft": "registry drafts", "statement": "registry state"}[kind]
        told = f"{kind} {given[:40]}: none of this id (32 hex digits); `tongxing {lists}` lists them"
        raise errors.NotFound(told)
    return f"/v1/{kind}s/{given}"


def _fields(body: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _fits(value: Any, shape: Any) -> bool:
    """Whether an answer has the members that are used, each of its type: what it says is printed, never obeyed."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(each, shape[0]) for each in value)
    if isinstance(shape, dict) and str in shape:
        return isinstance(value, dict) and all(_fits(each, shape[str]) for each in value.values())
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_fits(value.get(name), inner) for name, inner in shape.items())
    return type(value) in (shape if isinstance(shape, tuple) else (shape,))


def _is_leaf(value: object, number: int) -> bool:
    return _fits(value, _LEAF) and isinstance(value, dict) and value["number"] == number


def _error_of(fields: dict[str, Any]) -> TongxingError | None:
    code, detail = fields.get("code"), str(fields.get("detail", ""))
    for cls in _subclasses(errors.TongxingError):
        if isinstance(code, str) and getattr(cls, "code", None) == code:
            return cls(detail)
    return None


def _subclasses(cls: type[TongxingError]) -> Iterator[type[TongxingError]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
