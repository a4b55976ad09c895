"""Errors over HTTP: problem documents (RFC 9457). The only map from our errors to HTTP statuses.

Inner errors and what a caller is told are different things: of a fault on our side the log has what is known and the
caller has the code alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import structlog
from flask import Flask, Response, g, json, request
from werkzeug.exceptions import HTTPException

from credentials import errors
from credentials.errors import TongxingError
from credentials.profile.words import Label
from service_kit.locale import TEXTS, UNEXPECTED, preferred_language, text_of
from service_kit.logs import places_of

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 30
"""What Retry-After says where the error names no time."""
MAX_DETAIL_CHARACTERS = 1000
_FIELD = re.compile(r"[a-z_]{1,32}")

STATUS_OF: Mapping[type[TongxingError], int] = {
    errors.CredentialError: 422,
    errors.RequestError: 400,
    errors.OperationError: 500,
    errors.TooLarge: 413,
    errors.InvalidDocument: 422,
    errors.InvalidName: 422,
    errors.PictureUnreadable: 422,
    errors.TextTooLongForSymbol: 422,
    errors.StatementRejected: 422,
    errors.ApprovalRejected: 422,
    errors.ProofOfPossessionFailed: 422,
    errors.DecisionRejected: 422,
    errors.RuleSetInvalid: 422,
    errors.NotAuthenticated: 401,
    errors.NotAuthorised: 403,
    errors.NotSignedIn: 403,
    errors.NotFound: 404,
    errors.ClaimCodeMistyped: 422,
    errors.ClaimCodeUnknown: 404,
    errors.ClaimCodeExpired: 410,
    errors.ClaimCodeUsed: 409,
    errors.DeviceUnknown: 404,
    errors.RenewalRefused: 403,
    errors.HolderUnknown: 404,
    errors.Conflict: 409,
    errors.IdempotencyConflict: 409,
    errors.SequenceNotNewer: 409,
    errors.ChainBroken: 409,
    errors.RecordBroken: 422,
    errors.RecordForked: 409,
    errors.WitnessAtOtherSize: 409,
    errors.QuotaExceeded: 413,
    errors.RateLimited: 429,
    errors.TooSlow: 408,
    errors.KeyNotListed: 503,
    errors.StateBehind: 503,
    errors.StorageUnavailable: 503,
    errors.Unavailable: 503,
    errors.SignInUnavailable: 503,
    errors.StorageFull: 507,
    errors.FetchFailed: 502,
    errors.FetchTooLarge: 502,
}
_CODE_OF_STATUS = {401: "not-authenticated", 403: "not-authorised", 404: "not-found", 409: "conflict", 413: "too-large",
                   429: "rate-limited"}  # fmt: skip
_DETAIL_OF_STATUS = {411: "a body needs a Content-Length", 413: "the body is larger than this route takes",
                     415: "Content-Type: application/json is what this route takes"}  # fmt: skip
_KEPT_HEADERS = ("Allow", "WWW-Authenticate", "Retry-After")
_log = structlog.get_logger("problems")


def install(app: Flask) -> None:
    """Turn every error of this application into a problem document. Call it last: flask-smorest sets its own."""
    app.register_error_handler(TongxingError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def status_of(error: TongxingError) -> int:
    """The HTTP status of an error: that of its nearest ancestor in the table."""
    return next(STATUS_OF[cls] for cls in type(error).__mro__ if cls in STATUS_OF)


def problem_of(error: TongxingError, status: int) -> Response:
    """The problem document of an error by a status below 500 that somebody else's protocol gives it."""
    return _problem(status, error.code, text_of(error), error.detail)


def _ours(error: TongxingError) -> Response:
    status = status_of(error)
    if status < 500:
        answer = _problem(status, error.code, text_of(error), error.detail)
        if isinstance(error, errors.RateLimited):
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    _log.error("fault", code=error.code, detail=error.detail, cause=type(error.__cause__).__name__)
    return _problem(status, error.code, text_of(error), "")


def _http(error: HTTPException) -> Response:
    """What Flask, flask-smorest and marshmallow refuse."""
    status = error.code or 500
    if status >= 500:
        return _problem(status, "unavailable", TEXTS["unavailable"], "")
    code = _CODE_OF_STATUS.get(status, "invalid-request")
    answer = _problem(status, code, TEXTS[code], _DETAIL_OF_STATUS.get(status) or _fields(error))
    for name, value in error.get_headers():
        if name in _KEPT_HEADERS:
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    # The one broad except of the HTTP edge. The message of a foreign error may hold anything, so only its type and the
    # places it went through are kept.
    _log.error("unexpected", error=type(error).__name__, places=places_of(error))
    return _problem(500, UNEXPECTED, TEXTS[UNEXPECTED], "")


def _problem(status: int, code: str, text: Label, detail: str) -> Response:
    language = preferred_language(request.headers.get("Accept-Language"))
    document: dict[str, Any] = {
        "type": f"urn:tongxing:problem:{code}",
        "title": text.of(language),
        **text.fields("title_"),
        "status": status,
        "code": code,
        # Whatever of the request a detail may repeat, it can be sent.
        "detail": detail[:MAX_DETAIL_CHARACTERS].encode(errors="replace").decode(),
        "request_id": g.get("request_id", ""),
    }
    answer = Response(json.dumps(document), status, content_type=CONTENT_TYPE)
    answer.headers["Content-Language"] = language
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _said(name: object) -> str:
    """A field's name as we write them, or a place in a list; a name that a caller made up may be anybody's."""
    return str(name) if isinstance(name, int) or _FIELD.fullmatch(str(name)) else "?"


def _fields(error: HTTPException) -> str:
    """Which fields a schema refused and why; marshmallow's messages do not repeat values."""
    messages = (getattr(error, "data", None) or {}).get("messages")
    return "; ".join(sorted(_flatten(messages))) if messages else ""


def _flatten(messages: Any, path: str = "") -> list[str]:
    if isinstance(messages, Mapping):
        return [
            line for name, inner in messages.items() for line in _flatten(inner, f"{path}.{_said(name)}".lstrip("."))
        ]
    return [f"{path}: {message}" for message in (messages if isinstance(messages, list) else [messages])]
