"""The desk's pages and forms. What each may be opened by stands beside it: a role, or whoever is signed in."""

# mypy: disable-error-code="untyped-decorator"
# (flask-smorest has no types.)

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Response, redirect, request

from credentials.decisions.by_hand import MAX_DAYS, NUMBER_BYTES, bases_at
from credentials.decisions.look_ups import LOOKED
from credentials.decisions.signatures import Signature
from credentials.decisions.staff import ADMINISTRATOR, APPROVER, AUDITOR, OPERATOR, revocation_text
from credentials.errors import (
    Conflict,
    DecisionRejected,
    InvalidDocument,
    InvalidName,
    InvalidRequest,
    NotAuthenticated,
    NotAuthorised,
    NotFound,
    RateLimited,
    StorageFull,
    StorageUnavailable,
    TongxingError,
    Unavailable,
    WrongSignature,
)
from credentials.identity import mask_name, parse_document
from credentials.profile.lists import Reason, Status
from credentials.profile.words import label
from issuer.desk.desk import CAP_REACHED, NamedPerson, Wish, difference
from issuer.http.desk import passkeys, sessions
from issuer.http.desk.sessions import Session
from issuer.http.sign_in_views import require_own_page
from issuer.record.proving import prove_by_hand
from issuer.service import STAFF_SIGN_INS, IssuerService, service
from issuer.staff.enrolment import enrol as keep_passkey
from issuer.staff.enrolment import invited
from issuer.storage.ports.staff import DECIDED, HELD, PROPOSED, AuditRow, ByHandRow, Shown
from service_kit.clock import DAY_SECONDS
from service_kit.http.bodies import Routes, takes
from service_kit.http.caller import caller
from service_kit.http.front.page import draw
from service_kit.http.front.sheet import how_long
from service_kit.http.openapi import content, described
from service_kit.http.static import answer as static_file
from service_kit.locale import BEIJING

MAX_FORM_BYTES = 128 * 1024
"""A thousand people by document and name."""
SHOWN_ACTS = 200
_MAX_DIGITS = 12
blueprint = Routes("desk", __name__, description="The desk of staff: pages", template_folder="templates")
_HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_FORM = "application/x-www-form-urlencoded"
_STORE = (StorageUnavailable, StorageFull)
_SIGNED_IN = (NotAuthenticated, NotAuthorised, *_STORE)
_REFUSED = (InvalidRequest, NotFound, Conflict, DecisionRejected, WrongSignature, RateLimited, *_SIGNED_IN)


def _page(*refusals: type[TongxingError], **more: Any) -> dict[str, Any]:
    answers = {
        "200": {"description": "The page", **content("text/html", {"type": "string"})},
        "303": {"description": "To sign in"},
    }
    return described(*refusals, responses=answers, **more)


def _file(what: str, media_type: str, *refusals: type[TongxingError]) -> dict[str, Any]:
    answers = {"200": {"description": what, **content(media_type, {"type": "string"})}}
    return described(*refusals, responses=answers)


def _form(*names: str) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in ("token", *names)}
    body = {"required": True, **content(_FORM, {"type": "object", "properties": properties})}
    answers = {"303": {"description": "Done: to the page that shows it"}}
    return described(*_REFUSED, InvalidDocument, InvalidName, responses=answers, requestBody=body)


@blueprint.get("/desk/desk.js")
@blueprint.doc(**_file("The script that asks for passkeys", "text/javascript"))
def desk_script() -> Response:
    """The one script of these pages."""
    return static_file(_HERE, "desk.js")


@blueprint.get("/desk/")
@blueprint.doc(**_page(*_SIGNED_IN))
def desk_home() -> Response:
    """What waits for whoever is signed in."""
    office = service()
    session = sessions.present(office)
    if session is None:
        return _to("sign-in")
    rows = [row for row in office.desk.store.waiting(office.now() - DAY_SECONDS) if _may_see(session, row)]
    is_shown = {AUDITOR, ADMINISTRATOR} & {*session.key.roles}
    disregarded = office.findings.at(office.now()) if is_shown else None
    return _draw("home", session, rows=[_told(row, office) for row in rows], disregarded=disregarded)


@blueprint.get("/desk/enrol/<secret>")
@blueprint.doc(**_page(NotFound, *_STORE))
def desk_enrol(secret: str) -> Response:
    """Make a passkey, by a one-time link."""
    office = service()
    known = invited(office.staff, secret, office.now())
    options = passkeys.creation_options(office, known.pseudonym)
    return _draw("enrol", None, secret=secret, known=known, options=options)


@blueprint.post("/desk/enrol/<secret>")
@blueprint.doc(**_form("credential"))
@takes(MAX_FORM_BYTES)
def desk_enrol_done(secret: str) -> Response:
    """Keep the passkey. It counts when administrators have vouched for it."""
    office = _foreign_form()
    made = passkeys.made_passkey(office, request.form.get("credential", ""))
    keep_passkey(office.staff, secret, made, office.now())
    return _to("sign-in", "?enrolled=1")


@blueprint.get("/desk/sign-in")
@blueprint.doc(**_page(*_STORE))
def desk_sign_in() -> Response:
    """Sign in by a passkey."""
    return _draw("sign_in", None, options=passkeys.sign_in_options(service()), enrolled="enrolled" in request.args)


@blueprint.post("/desk/sign-in")
@blueprint.doc(**_form("credential"))
@takes(MAX_FORM_BYTES)
def desk_signed_in() -> Response:
    """Begin a session."""
    office = _foreign_form()
    key = passkeys.signed_in(office, request.form.get("credential", ""))
    answer = _to("")
    sessions.begin(office, key, answer)
    return answer


@blueprint.post("/desk/sign-out")
@blueprint.doc(**_form())
def desk_sign_out() -> Response:
    """End the session."""
    office = service()
    answer = _to("sign-in")
    sessions.end(office, sessions.require(office), answer)
    return answer


@blueprint.get("/desk/propose")
@blueprint.doc(**_page(*_SIGNED_IN))
def desk_propose() -> Response:
    """Write down a decision about one person, or a list of them."""
    office = service()
    session = sessions.require(office, OPERATOR)
    units = [unit for unit in office.staff.units(APPROVER, office.now()) if unit != session.key.unit]
    statuses = {each.label: label(f"status.{each.label}") for each in Status}
    reasons = {each.label: label(f"status-reason.{each.label}") for each in Reason}
    bases = {each: label(f"basis.{each}") for each in bases_at(office.now())}
    return _draw("propose", session, units=units, statuses=statuses, reasons=reasons, bases=bases)


@blueprint.post("/desk/propose")
@blueprint.doc(**_form("people", "status", "reason", "basis", "days", "approver_unit"))
@takes(MAX_FORM_BYTES)
def desk_proposed() -> Response:
    """Keep the proposal; its author reads and signs it next."""
    office = service()
    session = sessions.require(office, OPERATOR)
    with _noting_refusals(office, session):
        row = office.desk.propose(session.key, _people(), _wish(), office.now())
    return _to(f"decisions/{row.number.hex()}")


@blueprint.get("/desk/decisions/<number>")
@blueprint.doc(**_page(NotFound, *_SIGNED_IN))
def desk_decision(number: str) -> Response:
    """A decision: whom it is about, what changes, and the exact text that is signed."""
    office = service()
    session = sessions.require(office)
    row = _seen(office, session, number)
    people, said = office.desk.store.people(row.number), row.said
    options = passkeys.request_options(office, row.digest, session.credential_id)
    shown = Shown(said.member, [each.subject for each in people])
    office.staff.store.note(AuditRow(office.now(), session.key.staff, LOOKED, row.number), shown=shown)
    return _draw(
        "decision", session, row=_told(row, office), people=people, options=options, step=_step(session, row),
        changes=difference(people, said.status), excesses=office.desk.excesses(row.number), pretty=_pretty(row.text),
        digest=row.digest.hex(), rest=_has_rest(session, row, people),
    )  # fmt: skip


@blueprint.post("/desk/decisions/<number>/<act>")
@blueprint.doc(**_form("credential"))
@takes(MAX_FORM_BYTES)
def desk_act(number: str, act: str) -> Response:
    """Sign a decision as its author (``sign``), approve, release or refuse it, or propose it anew for the rest."""
    office, at = service(), service().now()
    session = sessions.require(office)
    row = _seen(office, session, number)
    desk, key = office.desk, session.key
    with _noting_refusals(office, session, row.number):
        if act == "sign":
            desk.sign(key, row.number, _signature(session), at)
        elif act == "approve":
            desk.approve(key, row.number, _signature(session), at)
        elif act == "release":
            desk.release(key, row.number, _signature(session), at)
        elif act == "refuse":
            desk.refuse(key, row.number, at)
        elif act == "rest":
            row = desk.propose_rest(key, row.number, at)
        else:
            raise NotFound("no such act")
    return _to(f"decisions/{row.number.hex()}")


@blueprint.get("/desk/decisions/<number>/proof.json")
@blueprint.doc(
    **_file("What proves the decision", "application/json", NotFound, InvalidRequest, Unavailable, *_SIGNED_IN)
)
def desk_proof(number: str) -> Response:
    """The text, both signatures and the keys behind them, as one file; once the log's next checkpoint holds it."""
    office = service()
    row = _seen(office, sessions.require(office), number)
    answer = Response(prove_by_hand(office.record, row).content, content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="decision-{row.number.hex()}.json"'
    return answer


@blueprint.get("/desk/done")
@blueprint.doc(**_page(*_SIGNED_IN))
def desk_done() -> Response:
    """What I did; for auditors, what everybody did."""
    office = service()
    session = sessions.require(office)
    of = None if AUDITOR in session.key.roles else session.key.staff
    acts = office.staff.store.did(of, SHOWN_ACTS)
    return _draw("done", session, acts=[(*_act(each), each) for each in acts])


@blueprint.get("/desk/staff")
@blueprint.doc(**_page(*_SIGNED_IN))
def desk_staff() -> Response:
    """Keys of staff, and those that wait for vouchers."""
    office = service()
    session = sessions.require(office, ADMINISTRATOR, AUDITOR)
    at = office.now()
    keys = [_key_told(office, session, each, at) for each in office.staff.all(at)]
    return _draw("staff", session, keys=keys, vouches=ADMINISTRATOR in session.key.roles, made_at=at)


@blueprint.post("/desk/staff/<kid>/<act>")
@blueprint.doc(**_form("credential", "made_at"))
@takes(MAX_FORM_BYTES)
def desk_staff_act(kid: str, act: str) -> Response:
    """Vouch for a key (``vouch``), or end it (``revoke``)."""
    office, at = service(), service().now()
    session = sessions.require(office, ADMINISTRATOR)
    wanted = _hex(kid, "no such key")
    with _noting_refusals(office, session):
        if act == "vouch":
            office.staff.vouch(wanted, _signature(session), at)
        elif act == "revoke":
            made_at = _whole(request.form.get("made_at", ""), at - DAY_SECONDS, at)
            if made_at is None:
                raise InvalidRequest("made_at: open the page again")
            office.staff.revoke(wanted, made_at, _signature(session), at)
        else:
            raise NotFound("no such act")
    return _to("staff")


@contextmanager
def _noting_refusals(office: IssuerService, session: Session, number: bytes | None = None) -> Iterator[None]:
    """Count what is refused in this block, and keep who tried what they may not: in Zhengzhou nobody who looked could
    have seen the tries."""
    try:
        yield
    except TongxingError as error:
        office.metrics.count_turned_away(error.code)
        if isinstance(error, DecisionRejected | NotAuthorised | WrongSignature):
            office.staff.store.note(AuditRow(office.now(), session.key.staff, "turned-away", number))
        raise


def _draw(name: str, session: Session | None, **values: Any) -> Response:
    page = draw(f"desk/{name}.html", session=session, moment=_moment, **values)
    page.headers["Content-Security-Policy"] = _POLICY
    # Under no-referrer browsers send these forms with "Origin: null", which is no page of ours (Fetch, section 3.2).
    page.headers["Referrer-Policy"] = "same-origin"
    return page


def _to(place: str, more: str = "") -> Response:
    return redirect(f"{request.script_root}/desk/{place}{more}", 303)  # type: ignore[return-value]


def _foreign_form() -> IssuerService:
    """The service, for a form of somebody who is not signed in yet; counted by address."""
    office = service()
    office.limits.count(STAFF_SIGN_INS, caller())
    require_own_page(office.settings)
    return office


def _seen(office: IssuerService, session: Session, number: str) -> ByHandRow:
    wanted = _hex(number, "no decision of this number")
    row = office.desk.find(wanted if len(wanted) == NUMBER_BYTES else b"")
    if not _may_see(session, row):
        raise NotAuthorised("this decision is of other units")
    return row


def _may_see(session: Session, row: ByHandRow) -> bool:
    """Its author and their unit, the unit that approves; of all units auditors, administrators, and approvers what is
    held."""
    key, said = session.key, row.said
    if {AUDITOR, ADMINISTRATOR} & {*key.roles} or key.unit in (said.author_unit, said.approver_unit):
        return True
    return APPROVER in key.roles and row.state == HELD


def _step(session: Session, row: ByHandRow) -> str:
    """What this person can do next with a decision, by its signature: ``sign``, ``approve``, ``release`` or nothing."""
    key, said = session.key, row.said
    if row.state == PROPOSED and row.author_signature is None:
        return "sign" if row.author == key.staff else ""
    if row.state == PROPOSED:
        return "approve" if APPROVER in key.roles and key.unit == said.approver_unit else ""
    third = key.unit not in (said.author_unit, said.approver_unit)
    return "release" if row.state == HELD and third and {APPROVER, ADMINISTRATOR} & {*key.roles} else ""


def _told(row: ByHandRow, office: IssuerService) -> dict[str, Any]:
    said = row.said
    return {
        "number": row.number.hex(), "state": row.state, "said": said, "author": row.author, "approver": row.approver,
        "releaser": row.releaser, "age": how_long(max(0, office.now() - row.proposed_at)), "text": row.text,
        "is_signed": row.author_signature is not None, "is_open": row.state in (PROPOSED, HELD),
        "is_decided": row.state == DECIDED,
    }  # fmt: skip


def _key_told(office: IssuerService, session: Session, listed: Any, at: int) -> dict[str, Any]:
    vouch = hashlib.sha256(listed.row.text.encode()).digest()
    end = hashlib.sha256(revocation_text(office.settings.member, listed.row.kid, at)).digest()
    options = {name: passkeys.request_options(office, each, session.credential_id) for name, each in
               (("vouch", vouch), ("revoke", end))}  # fmt: skip
    return {"kid": listed.row.kid.hex(), "key": listed.key, "state": listed.state, "options": options,
            "vouchers": len(listed.row.vouchers), "text": _pretty(listed.row.text)}  # fmt: skip


def _has_rest(session: Session, row: ByHandRow, people: Any) -> bool:
    return row.author == session.key.staff and any(each.outcome == CAP_REACHED for each in people)


def _people() -> list[NamedPerson]:
    lines = [line.strip() for line in request.form.get("people", "").splitlines()]
    return [_named(number, line) for number, line in enumerate(lines, start=1) if line]


def _named(number: int, line: str) -> NamedPerson:
    document, _, name = line.replace("，", ",").replace(",", " ", 1).partition(" ")
    try:
        return NamedPerson(parse_document(None, document), mask_name(name.strip()) if name.strip() else "")
    except TongxingError as error:
        raise InvalidRequest(f"people: line {number}: {error.detail or error.code}") from error


def _wish() -> Wish:
    form = request.form
    days = _whole(form.get("days", ""), 1, MAX_DAYS)
    if days is None:
        raise InvalidRequest(f"days: 1 to {MAX_DAYS}")
    try:
        status, reason = Status.from_label(form.get("status")), Reason.from_label(form.get("reason"))
    except TongxingError as error:
        raise InvalidRequest("status and reason: of the lists") from error
    return Wish(status, reason, form.get("basis", ""), days, form.get("approver_unit", ""))


def _whole(text: str, least: int, most: int) -> int | None:
    """The number that a form's text is, within bounds. Of more digits than a time has it is none: Python itself refuses
    to read some thousand of them."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_number and least <= int(text) <= most else None


def _signature(session: Session) -> Signature:
    return sessions.signed_with(session, passkeys.read_answer(request.form.get("credential", "")))


def _hex(value: str, told: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except ValueError as error:
        raise NotFound(told) from error


def _act(row: AuditRow) -> tuple[str, Any]:
    return _moment(row.at), label(f"desk-act.{row.act}")


def _pretty(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2)


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M")
