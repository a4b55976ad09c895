"""Signing in over HTTP. The wallet's page begins it, the provider sends the browser back, the page is told how it went.

Two cookies of this one browser carry it, HttpOnly, for minutes. Behind https their names begin with ``__Host-``: no
other host of the same domain, of which governments have hundreds, can put one of its own in their place and so have a
resident's phone claim a stranger's code.

- what was begun: SameSite=Lax, because the provider's redirect comes from another site
- the claim code: SameSite=Strict, because our own page alone asks for it. In an address, even behind ``#``, it would
  stand in the browser's history and be a link that one person can send another. The page never sees it.
"""

# mypy: disable-error-code="untyped-decorator"
# (flask-smorest has no types.)

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Response, after_this_request, jsonify, redirect, request

from credentials.errors import (
    NotAuthorised,
    NotFound,
    OperationError,
    RateLimited,
    SignInNotBegun,
    StorageUnavailable,
    TongxingError,
)
from issuer.config import IssuerSettings
from issuer.http.schemas import SignInBegunSchema, SignInSchema
from issuer.phones.claim_codes import SIGN_IN_CLAIM_CODE_SECONDS
from issuer.service import SIGN_INS, IssuerService, service
from issuer.sign_in.sign_in import BEGUN_SECONDS, CALLBACK, SignIn
from service_kit.http.bodies import Routes
from service_kit.http.caller import caller
from service_kit.http.openapi import described

blueprint = Routes("sign-in", __name__, description="Who signs in gets a claim code")
WALLET = "/wallet/"
DONE = "done"
_BEGUN, _CLAIM = "tongxing-sign-in", "tongxing-claim"
_log = structlog.get_logger("sign-in")


@blueprint.post("/v1/sign-in")
@blueprint.arguments(SignInSchema, example={"language": "zh-CN"})
@blueprint.response(200, SignInBegunSchema, description="Where to go")
@blueprint.doc(**described(NotFound, NotAuthorised, RateLimited, StorageUnavailable))
def begin(fields: dict[str, Any]) -> Response:
    """Begin: where to send the browser. Not a link, so that no other page can have somebody sign in unawares."""
    office = service()
    sign_in = _set_up(office)
    require_own_page(office.settings)
    _count(office)
    begun = sign_in.begin(office.now(), fields.get("language"))
    answer = jsonify(location=begun.address)
    set_cookie(answer, office.settings, _BEGUN, begun.cookie, BEGUN_SECONDS, "Lax")
    return answer


@blueprint.get(CALLBACK)
@blueprint.response(303, description="To the wallet, which reads behind # how it went")
@blueprint.doc(**described(NotFound))
def finish() -> Response:
    """Where the provider sends the browser. Always goes on to the wallet, whatever happened."""
    office = service()
    sign_in, settings = _set_up(office), office.settings
    try:
        _count(office)
        code = sign_in.finish(request.cookies.get(cookie_name(settings, _BEGUN)), _parameters(), office.now()).text
    except TongxingError as error:
        log = _log.error if isinstance(error, OperationError) else _log.info
        log("not signed in", code=error.code, detail=error.detail)
        return _to_wallet(office, error.code)
    answer = _to_wallet(office, DONE)
    set_cookie(answer, settings, _BEGUN, "", 0, "Lax")
    set_cookie(answer, settings, _CLAIM, code.replace(" ", ""), SIGN_IN_CLAIM_CODE_SECONDS, "Strict")
    return answer


def claim_code_of_browser(settings: IssuerSettings) -> str:
    """The claim code that this browser has from signing in. Raises SignInNotBegun when there is none, or no more."""
    code = request.cookies.get(cookie_name(settings, _CLAIM))
    if not code:
        raise SignInNotBegun("no code, and none that this browser has from signing in")
    return code


def forget_claim_code(settings: IssuerSettings) -> None:
    """It has been used: have the browser forget it with the present answer."""

    @after_this_request
    def forget(answer: Response) -> Response:
        set_cookie(answer, settings, _CLAIM, "", 0, "Strict")
        return answer


def _set_up(office: IssuerService) -> SignIn:
    if office.sign_in is None:
        raise NotFound("sign-in is not set up here")
    return office.sign_in


def _count(office: IssuerService) -> None:
    office.limits.count(SIGN_INS, caller())


def require_own_page(settings: IssuerSettings) -> None:
    """Raise NotAuthorised where a browser says that another site's page asks. Browsers say so with each POST."""
    origin, own = request.headers.get("Origin"), urlsplit(settings.issuer_url)
    if origin is not None and origin.lower() != f"{own.scheme}://{own.netloc}".lower():
        raise NotAuthorised("asked by a page of another address than TONGXING_ISSUER_URL")


def _parameters() -> dict[str, str]:
    """Those of the address; one that stands there twice counts as not there (RFC 6749 section 3.1)."""
    return {name: values[0] for name, values in request.args.lists() if len(values) == 1}


def _to_wallet(office: IssuerService, outcome: str) -> Response:
    office.metrics.count_sign_in(outcome)
    # To an address from the settings alone: neither a parameter nor the Host header decides where somebody ends up.
    return redirect(f"{office.settings.audience}{WALLET}#sign-in={outcome}", 303)  # type: ignore[return-value]


def cookie_name(settings: IssuerSettings, name: str) -> str:
    """A cookie's name, which behind https no other host of the domain can give one."""
    return f"__Host-{name}" if _is_https(settings) else name


def set_cookie(answer: Response, settings: IssuerSettings, name: str, value: str, seconds: int, same_site: str) -> None:
    """An empty value of no seconds takes it away."""
    answer.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=seconds,
        path="/",
        secure=_is_https(settings),
        httponly=True,
        samesite=same_site,
    )


def _is_https(settings: IssuerSettings) -> bool:
    """False on this machine alone (:func:`service_kit.fetch.require_safe`)."""
    return settings.issuer_url.lower().startswith("https:")
