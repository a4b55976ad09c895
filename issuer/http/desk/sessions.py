"""Who is signed in at the desk: a cookie of this browser, the session in the database, and a token in every form.

The cookie is HttpOnly and SameSite=Strict, and behind https its name begins with ``__Host-``. A form carries a token
made from the session's secret, so that a page of another site, which cannot read it, sends none that counts.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import NamedTuple

from flask import Response, request

from credentials.decisions.signatures import PasskeySignature
from credentials.decisions.staff import StaffKey
from credentials.errors import NotAuthenticated, NotAuthorised, TongxingError
from issuer.http.sign_in_views import cookie_name, require_own_page, set_cookie
from issuer.service import IssuerService
from issuer.storage.ports.staff import AuditRow, SessionRow
from service_kit.clock import HOUR_SECONDS

SESSION_SECONDS = 10 * HOUR_SECONDS
"""A working day; then one signs in anew, idle or not."""
_COOKIE = "tongxing-desk"
_SECRET_BYTES = 32


class Session(NamedTuple):
    """Somebody signed in, by which key; ``token``: what their forms carry."""

    key: StaffKey
    credential_id: bytes
    token: str


def begin(office: IssuerService, key: StaffKey, answer: Response) -> None:
    """Sign somebody in with the present answer."""
    secret, at = secrets.token_urlsafe(_SECRET_BYTES), office.now()
    began = SessionRow(_digest(secret), key.kid, at, at)
    office.staff.store.begin_session(began, AuditRow(at, key.staff, "signed-in"))
    set_cookie(answer, office.settings, _COOKIE, secret, SESSION_SECONDS, "Strict")


def end(office: IssuerService, session: Session, answer: Response) -> None:
    """Sign them out."""
    did = AuditRow(office.now(), session.key.staff, "signed-out")
    office.staff.store.end_session(_digest(_secret(office)), did)
    set_cookie(answer, office.settings, _COOKIE, "", 0, "Strict")


def present(office: IssuerService) -> Session | None:
    """Who sends the present request; None: nobody who is signed in, or whose key counts no more."""
    secret, at = _secret(office), office.now()
    if not secret:
        return None
    idle = office.settings.staff_idle_seconds
    row = office.staff.store.session(_digest(secret), at - SESSION_SECONDS, at - idle, at)
    if row is None:
        return None
    try:
        key = office.staff.in_force(row.kid, at)
    except TongxingError:
        return None
    return Session(key, office.staff.row(row.kid).credential_id or b"", token_of(secret))


def require(office: IssuerService, *roles: str) -> Session:
    """Who sends the present request, which may be of one of these roles (none named: of any). Raises NotAuthenticated,
    NotAuthorised."""
    session = present(office)
    if session is None:
        raise NotAuthenticated("nobody is signed in; sign in at /desk/sign-in")
    if roles and not {*roles} & {*session.key.roles}:
        raise NotAuthorised(f"for {' and '.join(roles)} alone")
    if request.method == "POST":
        require_own_page(office.settings)
        if not hmac.compare_digest(request.form.get("token", "").encode(), session.token.encode()):
            raise NotAuthorised("this form is not of your session; open the page again")
    return session


def signed_with(session: Session, answer: PasskeySignature) -> PasskeySignature:
    """The assertion as one by the key that is signed in."""
    return answer._replace(kid=session.key.kid)


def token_of(secret: str) -> str:
    """What the forms of a session carry."""
    return hashlib.sha256(b"form:" + secret.encode()).hexdigest()


def _secret(office: IssuerService) -> str:
    return request.cookies.get(cookie_name(office.settings, _COOKIE), "")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
