"""Rehearsal (演练): what gates would say by a rule set, tried on made-up codes before it is signed.

Each case is issued with a key of the rehearsal's own, for the member that it names, and judged by the very judge of the
gates, so that what is rehearsed is what will be said. Nobody's data is needed, and the key is thrown away.

::

    {"at": "2026-11-21T12:00+08:00",       # the moment of the check; left out: now, or when the set comes into force
     "cases": [{"name": "a test of 47 hours", "expected": {"outcome": "accepted"},
                "evidence": [{"kind": "nucleic-acid", "result": "negative", "hours_ago": 47}]},
               {"name": "too old", "expected": {"outcome": "refused", "reason": "rule-failed", "rule": "nucleic-acid"},
                "evidence": [{"kind": "nucleic-acid", "result": "negative", "hours_ago": 48, "minutes_ago": 10}]}]}

A case may also say ``at``, ``issuer`` (default: another member), ``status``, ``form``, and of each piece of evidence
its ``region``. A case about an EU card has ``card`` in place of evidence, its content as published rules' tests have it
(``{"v": [{"tg": "840539006", …}]}``; name, date of birth and version may be left out), and ``issuer`` is a country.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from credentials.algorithms.table import NATIVE
from credentials.errors import InvalidRequest
from credentials.foreign.keys import ALL_KINDS, NO_COUNTRY, ForeignKey, ForeignKeys, is_country
from credentials.formats import eu_dcc, native, presentation
from credentials.keys import VerificationKey, compressed_point, kid_of, new_private_key
from credentials.model import Evidence, RuleSetReference, StatusCredential
from credentials.profile.forms import FORMS
from credentials.profile.limits import (
    DECISION_REFERENCE_BYTES,
    EVIDENCE_TIME_STEP_SECONDS,
    MAX_EVIDENCE,
    MAX_LIFETIME_WITHOUT_STATUS_SECONDS,
    MAX_TIME_SECONDS,
    MIN_TIME_SECONDS,
)
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status
from credentials.profile.members import is_member_id
from credentials.profile.reasons import Outcome
from credentials.recognition.authoring.made_up import read_fields, read_file, read_moment, read_name, read_place
from credentials.recognition.ruleset import RuleSet
from credentials.signing import PemSigner
from credentials.verdict import Verdict
from credentials.wire import base45, cbor
from trust_registry.client.trust.snapshot import TrustedKey, TrustSnapshot
from trust_registry.metadata.trust_list import MayIssue, MemberEntry, Names, kind_of
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import PROFILES, Policy
from verifier.judging.recipe import judge

_LATEST = MAX_TIME_SECONDS - MAX_LIFETIME_WITHOUT_STATUS_SECONDS
_ISSUERS = ("CN-41", "CN-33")
"""Who issued a case that does not say: the first of these that is not the host."""
_CASE = {"name", "expected", "evidence", "at", "issuer", "status", "form", "card"}
_CARD_CASE = _CASE - {"evidence", "status", "form"}
_CARD = {"ver": "1.3.0", "nam": {"fn": "演练", "fnt": "YANLIAN"}, "dob": "1990-01-01"}
"""What a made-up card says where its case says nothing."""
_PIECE = {"kind", "result", "hours_ago", "minutes_ago", "region"}
_EXPECTED = {"outcome", "reason", "rule"}


class ExpectedVerdict(NamedTuple):
    """What must come of a case. ``reason``: the first reason's code; ``rule``: the deciding rule; None: any."""

    outcome: str
    reason: str | None
    rule: str | None

    def is_met(self, verdict: Verdict) -> bool:
        """Whether the verdict is the expected one."""
        came = came_of(verdict)
        return came.outcome == self.outcome and self.reason in (None, came.reason) and self.rule in (None, came.rule)

    def __str__(self) -> str:
        return self.outcome + (f" ({', '.join(filter(None, self[1:]))})" if any(self[1:]) else "")


class MadeUpCard(NamedTuple):
    """An EU card: the country whose key signs it, and its content by the names of its schema."""

    issuer: str
    content: dict[str, Any]


class Case(NamedTuple):
    """One made-up code or card, the moment (seconds UTC) at which it is checked, and what must come of it."""

    name: str
    shown: StatusCredential | MadeUpCard
    at: int
    expected: ExpectedVerdict


def came_of(verdict: Verdict) -> ExpectedVerdict:
    """A verdict in the words of an expectation."""
    reason = verdict.reasons[0].code if verdict.reasons else None
    return ExpectedVerdict(verdict.outcome.value, reason, verdict.rules.rule if verdict.rules else None)


def read_cases(content: object, host: str, default_at: int) -> list[Case]:
    """The cases of a file for rules of ``host``. Raises InvalidRequest, naming the case."""
    return read_file(content, lambda entry, at: _case(entry, host, at), default_at, _LATEST)


class Rehearsal:
    """A gate of the rule set's member that holds this rule set, believes the rehearsal's key and nobody else's."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set, self._policy = rule_set, PROFILES["venue"]
        self._key, self._holder = new_private_key(), new_private_key()

    def judge(self, case: Case) -> Verdict:
        """What a gate would say of it."""
        issuer = case.shown.issuer
        public_key = self._key.public_key()
        signer = PemSigner(self._key, kid_of(issuer, public_key))
        trust = _trust(issuer, signer, self._policy, case.at)
        if isinstance(case.shown, MadeUpCard):
            foreign_keys = _foreign_keys(self._rule_set.member, issuer, signer, case.at)
            knowledge = Knowledge(trust, {}, (self._rule_set,), foreign_keys)
            return judge(_card_text(case.shown, signer, case.at), knowledge, case.at, self._policy)
        knowledge = Knowledge(trust, {}, (self._rule_set,))
        return judge(self._code(case.shown, signer, case.at), knowledge, case.at, self._policy)

    def _code(self, credential: StatusCredential, signer: PemSigner, at: int) -> str:
        if not FORMS[credential.form].is_bound:
            return native.issue_text(credential, signer)
        bound = credential._replace(holder_key=compressed_point(self._holder.public_key()))
        return presentation.present(native.issue_text(bound, signer), self._holder, at)


def _trust(issuer: str, signer: PemSigner, policy: Policy, at: int) -> TrustSnapshot:
    """A trust list of this moment that holds one key, which may sign anything."""
    may_issue = MayIssue(frozenset(Status), frozenset(Form))
    names = Names({"zh-CN": "演练", "en": "Rehearsal"})
    entry = MemberEntry(issuer, kind_of(issuer), names, 0, "", policy.environment, may_issue, "")
    key = VerificationKey(
        signer.kid, issuer, NATIVE.NAME, "credential", MIN_TIME_SECONDS, MAX_TIME_SECONDS, signer.public_key
    )
    return TrustSnapshot({}, {signer.kid: TrustedKey(key, entry, 0)}, {}, at, at, {}, {}, ())


def _case(value: object, host: str, default_at: int) -> Case:
    fields = read_fields(value, _CASE, "case")
    at = read_moment(fields.get("at", default_at), _LATEST)
    if "card" in fields:
        fields = read_fields(value, _CARD_CASE, "case of a card")
        return Case(read_name(fields), _card(fields), at, _expected(fields.get("expected")))
    name, evidence = read_name(fields), fields.get("evidence", [])
    if type(evidence) is not list or len(evidence) > MAX_EVIDENCE:
        raise InvalidRequest(f"evidence: not an array of at most {MAX_EVIDENCE}")
    issuer = fields.get("issuer", next(member for member in _ISSUERS if member != host))
    if not is_member_id(issuer):
        raise InvalidRequest("issuer: not a member id")
    status = Status.from_label(fields.get("status", "green"))
    form = Form.from_label(fields.get("form", "paper"))
    credential = StatusCredential(
        issuer=issuer,
        issued_at=at,
        expires_at=at + MAX_LIFETIME_WITHOUT_STATUS_SECONDS,
        cti=bytes(8),
        status=status,
        reason=Reason.NO_FINDING if status is Status.GREEN else Reason.REVIEW_OPEN,
        rule_set=RuleSetReference(0, 0),
        evaluated_before=0,
        evidence=tuple(_piece(piece, at) for piece in evidence),
        holder_name="演练",
        document_tail="0000",
        form=form,
        decision_reference=None if status is Status.GREEN else bytes(DECISION_REFERENCE_BYTES),
        guardian=Guardian.RELATIVE if FORMS[form].has_guardian else None,
    )
    return Case(name, credential, at, _expected(fields.get("expected")))


def _card(fields: Mapping[str, Any]) -> MadeUpCard:
    issuer, content = fields.get("issuer", NO_COUNTRY), fields["card"]
    if type(content) is not dict:
        raise InvalidRequest("card: not an object")
    if not is_country(issuer):
        raise InvalidRequest("issuer: of a card, two capital letters")
    return MadeUpCard(issuer, _CARD | content)


def _card_text(card: MadeUpCard, signer: PemSigner, at: int) -> str:
    """The card as its issuer would have written it at that moment (hcert-spec 1.3, sections 2 and 3)."""
    claims = {1: card.issuer, 4: at + MAX_LIFETIME_WITHOUT_STATUS_SECONDS, 6: at, -260: {1: card.content}}
    header, payload = cbor.dumps({1: NATIVE.COSE_NUMBER, 4: signer.kid}), cbor.dumps(claims)
    signature = signer.sign(cbor.dumps(["Signature1", header, b"", payload]))
    return eu_dcc.PREFIX + base45.encode(zlib.compress(cbor.dumps([header, {}, payload, signature])))


def _foreign_keys(host: str, issuer: str, signer: PemSigner, at: int) -> ForeignKeys:
    """The host's list with the rehearsal's key alone."""
    jwk = NATIVE.jwk_of(signer.public_key)
    key = ForeignKey(eu_dcc.NAME, issuer, signer.kid, NATIVE.NAME, jwk, ALL_KINDS, MIN_TIME_SECONDS, MAX_TIME_SECONDS)
    return ForeignKeys(host, 1, at, (key,))


def _piece(value: object, at: int) -> Evidence:
    fields = read_fields(value, _PIECE, "evidence")
    sampled_at, region = read_place(fields, at, "evidence")
    return Evidence(
        EvidenceKind.from_label(fields.get("kind")),
        EvidenceResult.from_label(fields.get("result")),
        sampled_at - sampled_at % EVIDENCE_TIME_STEP_SECONDS,
        region,
    )


def _expected(value: object) -> ExpectedVerdict:
    fields = read_fields(value, _EXPECTED, "expected")
    outcome, reason, rule = (fields.get(name) for name in ("outcome", "reason", "rule"))
    if outcome not in list(Outcome) or not all(each is None or type(each) is str for each in (reason, rule)):
        raise InvalidRequest(f"expected: outcome is one of {', '.join(Outcome)}; reason and rule are texts")
    return ExpectedVerdict(str(outcome), reason, rule)
