"""The samples: each a code, the knowledge and time it is judged with, and what must come of it, stated by hand.

``of`` is the reason or note whose bad sample it is. Boundaries and precedence have samples of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cbor2 import dumps

from credentials.formats import native
from credentials.formats.native import claims
from credentials.formats.presentation import challenge
from credentials.formats.presentation.challenge import Challenge
from credentials.model import StatusReference
from credentials.profile.limits import MAX_ISSUED_AHEAD_SECONDS
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status
from credentials.wire import base45, cbor, cose
from tests.dcc import RECOVERY, certificate
from tests.vectors.cast import DAY, HOUR, NOW, signer
from tests.vectors.codes import (
    ASKED,
    CONVERTED,
    DECISION,
    PAPER,
    PHONE,
    TEST,
    THIEF,
    altered,
    cnf,
    flip_payload,
    issue,
    other_algorithm,
    other_s,
    show,
    signed,
    zero_signature,
)
from tests.vectors.foreign import FRESH_TEST, VACCINATED, card
from tests.vectors.foreign import STRANGER as OTHER_SIGNER
from tests.vectors.knowledge import (
    EMPTY_LIST,
    ENDED_LIST,
    GUANGDONG,
    HENAN,
    LIST,
    NEWER_LIST,
    SICHUAN,
    STRANGER,
    WITHDRAWN_INDEX,
    ZHEJIANG,
)


@dataclass(frozen=True)
class Sample:
    """One row of the file."""

    name: str
    text: str
    outcome: str
    reasons: list[str] = field(default_factory=list)
    of: str = ""
    notes: list[str] = field(default_factory=list)
    status: str | None = "green"
    at: int = NOW
    clock_in_doubt: bool = False
    policy: str = "venue"
    trust: str | None = "fresh"
    statuses: dict[str, str] = field(default_factory=lambda: {HENAN: "henan", ZHEJIANG: "zhejiang"})
    rules: list[str] = field(default_factory=lambda: ["48 hours"])
    foreign_keys: str | None = None
    challenge: Challenge | None = None
    """What the gate has shown to this holder."""

    def to_json(self) -> dict[str, Any]:
        knowledge: dict[str, Any] = {"trust": self.trust, "statuses": self.statuses, "rules": self.rules}
        if self.foreign_keys is not None:
            knowledge["foreign_keys"] = self.foreign_keys
        expected = {"outcome": self.outcome, "reasons": self.reasons, "notes": self.notes, "status": self.status}
        return {
            "name": self.name,
            "of": self.of,
            "text": self.text,
            "at": self.at,
            "clock_in_doubt": self.clock_in_doubt,
            "policy": self.policy,
            "challenge": self.challenge and {"gate": self.challenge.gate, "nonce": self.challenge.nonce.hex()},
            "knowledge": knowledge,
            "expected": expected,
        }


def refused(code: str, text: str, name: str = "", **changes: Any) -> Sample:
    return replace(Sample(name or code, text, "refused", [code], code), **changes)


def undetermined(code: str, text: str, name: str = "", **changes: Any) -> Sample:
    return replace(Sample(name or code, text, "undetermined", [code], code), **changes)


def accepted(name: str, text: str, *notes: str, **changes: Any) -> Sample:
    return replace(Sample(name, text, "accepted", notes=list(notes)), **changes)


def samples() -> list[Sample]:
    """All of them, names unique."""
    chapters = (_good, _unreadable, _claims, _untrusted, _in_time, _shown, _answered, _taken_back, _converted,
                _recognised, _unknown, _orders, _foreign)  # fmt: skip
    made = [sample for chapter in chapters for sample in chapter()]
    assert len({sample.name for sample in made}) == len(made)
    return made


def _good() -> Iterator[Sample]:
    yield accepted("base: a live phone code", show(PHONE), "compare-holder", of="compare-holder")
    yield accepted("base: a paper code", issue(PAPER), "check-document", of="check-document")
    assisted = PHONE._replace(form=Form.ASSISTED, guardian=Guardian.CHILD)
    yield accepted("a relative's phone", show(assisted), "check-document")
    yield accepted("spaces and line ends around it", f"  {issue(PAPER)}\r\n", "check-document")
    yield accepted("%20 for the spaces of Base45", issue(PAPER).replace(" ", "%20"), "check-document")
    mirrored = altered(issue(PAPER), other_s)
    yield accepted("the signature's other s (r, n-s): no identity", mirrored, "check-document")
    yield accepted(
        "a trust list past its advised age", show(PHONE), "trust-aging", "compare-holder", of="trust-aging",
        trust="two days old",
    )  # fmt: skip
    yield accepted(
        "a trust list that the public record has not proven for two days", show(PHONE), "record-missing",
        "compare-holder", of="record-missing", trust="unproven for two days",
    )  # fmt: skip
    yield accepted("a trust list that the public record has not proven for a day", show(PHONE), "compare-holder",
                   trust="unproven for a day")  # fmt: skip
    yield accepted("the same at the border, on the gate's challenge", show(PHONE, **ASKED._asdict()),
                   "compare-holder", policy="border", challenge=ASKED, trust="unproven for a day")  # fmt: skip
    yield accepted("a denial that has ended", show(PHONE), "compare-holder", rules=["denied henan until now"])
    yield accepted("a rule set that is not in force yet, before one that is", show(PHONE), "compare-holder",
                   rules=["48 hours", "from tomorrow"])  # fmt: skip
    short = PAPER._replace(expires_at=NOW + 1, status_reference=None, issued_at=NOW - HOUR + 1)
    yield accepted("an hour's code without a status reference", issue(short), "check-document")
    last = PHONE.expires_at - 1
    yield accepted("a second before it expires", show(PHONE, last), "compare-holder", at=last)
    elsewhere = PAPER._replace(status_reference=StatusReference(EMPTY_LIST, 0))
    yield accepted("nothing withdrawn in its list", issue(elsewhere), "check-document")


def _unreadable() -> Iterator[Sample]:
    none: dict[str, Any] = {"status": None}
    yield refused("not-a-credential", "https://example.org/", **none)
    yield refused("not-a-credential", "", "empty", **none)
    yield refused("not-a-credential", issue(PAPER).replace("TX1:", "TX2:"), "a version to come", **none)
    yield refused("not-a-credential", issue(PAPER).replace("TX1:", "tx1:"), "prefix in small letters", **none)
    yield refused("challenge-shown", challenge.draw(ASKED), **none)
    yield refused("too-large", "TX1:" + "0" * 5000, **none)
    yield refused("too-large", "TX1:" + "0" * 420, "longer than any symbol of ours", **none)
    yield refused("malformed", issue(PAPER)[:-10], "cut off", **none)
    yield refused("malformed", issue(PAPER)[:-1] + "ü", "a character outside Base45", **none)
    yield refused("malformed", altered(issue(PAPER), lambda data: data.extend(b"\0")), "a byte after it", **none)
    yield refused("malformed", altered(issue(PAPER), lambda data: data.__delitem__(0)), "without its tag", **none)
    yield refused("malformed", altered(issue(PAPER), other_algorithm), "another alg in the header", **none)


def _claims() -> Iterator[Sample]:
    """Signed by the issuer, and still not to be believed: closed lists, types, combinations."""
    paper = cbor.loads(claims.encode(PAPER), 300)
    ours = claims.OURS

    def wrong(name: str, change: Callable[[dict[Any, Any]], None]) -> Sample:
        content = {**paper, ours: dict(paper[ours])}
        change(content)
        return refused("malformed", signed(dumps(content)), name, status=None)

    yield wrong("a status outside the closed list", lambda c: c[ours].update({claims.STATUS: 9}))
    yield wrong("a time as a float", lambda c: c.update({claims.EXP: float(PAPER.expires_at)}))
    yield wrong("a time as a text", lambda c: c.update({claims.EXP: str(PAPER.expires_at)}))
    yield wrong("a time in milliseconds", lambda c: c.update({claims.EXP: PAPER.expires_at * 1000}))
    yield wrong("true for a number", lambda c: c[ours].update({claims.STATUS: True}))
    yield wrong("an unknown claim", lambda c: c.update({99: 1}))
    yield wrong("an unknown key in our claim", lambda c: c[ours].update({23: 1}))
    yield wrong("a claim missing", lambda c: c.pop(claims.CTI))
    yield wrong("null for an optional claim", lambda c: c[ours].update({claims.GUARDIAN: None}))
    yield wrong("expiry before issue", lambda c: c.update({claims.EXP: PAPER.issued_at}))
    yield wrong("an unknown member", lambda c: c.update({claims.ISS: "CN-99"}))
    yield wrong("paper with a holder's key", lambda c: c.update(cnf()))
    yield wrong("a phone code without a holder's key", lambda c: c[ours].update({claims.FORM: int(Form.PHONE)}))
    yield wrong("a guardian on a paper code", lambda c: c[ours].update({claims.GUARDIAN: 1}))
    yield wrong(
        "three pieces of evidence", lambda c: c[ours].update({claims.EVIDENCE: paper[ours][claims.EVIDENCE] * 3})
    )
    encoded = claims.encode(PAPER)
    yield refused("malformed", signed(encoded + b"\0"), "bytes after the claims", status=None)
    yield refused("malformed", signed(b"\xa6" + encoded[1:] + b"\x01\x65CN-41"), "a claim twice", status=None)
    yield refused("malformed", signed(b"\xbf" + encoded[1:] + b"\xff"), "an indefinite length", status=None)
    yield refused("malformed", signed(b"\x81" * 60 + b"\x00"), "nested sixty deep", status=None)


def _untrusted() -> Iterator[Sample]:
    none: dict[str, Any] = {"status": None}
    yield refused("wrong-signature", altered(issue(PAPER), flip_payload), **none)
    yield refused("wrong-signature", altered(issue(PAPER), zero_signature), "r and s of zero", **none)
    yield refused("algorithm-mismatch", issue(PAPER, "credential-4"), **none)
    yield refused("issuer-mismatch", issue(PAPER, by=ZHEJIANG), **none)
    yield refused("key-use-mismatch", issue(PAPER, "status-1"), **none)
    yield refused("wrong-environment", issue(PAPER._replace(issuer=SICHUAN)), **none)
    yield refused("key-not-active", issue(PAPER, "credential-2"), **none)
    early = PAPER._replace(issued_at=NOW - 30 * DAY - 61, expires_at=NOW - 29 * DAY)
    yield refused("key-not-active", issue(early), "before the key was active", **none)
    yield refused("key-denied", issue(PAPER, "credential-3"), **none)
    before = PAPER._replace(issued_at=NOW - 2 * DAY)
    yield refused("key-denied", issue(before, "credential-3"), "a denied key that writes an earlier iat", **none)
    red = PAPER._replace(issuer=ZHEJIANG, status=Status.RED, decision_reference=DECISION)
    yield refused("not-permitted", issue(red), **none)
    yield refused("unknown-key", issue(PAPER._replace(issuer=STRANGER)), **none)


def _in_time() -> Iterator[Sample]:
    yield refused("expired", show(PHONE, PHONE.expires_at), "now == exp", at=PHONE.expires_at)
    yield refused("expired", issue(PAPER), "expired at a time that is only a lower bound", at=PAPER.expires_at,
                  clock_in_doubt=True, reasons=["expired", "clock-in-doubt"])  # fmt: skip
    yield refused("lifetime-too-long", issue(PAPER._replace(expires_at=PAPER.issued_at + 7 * DAY + 1)))
    yield refused(
        "lifetime-too-long", show(PHONE._replace(expires_at=PHONE.issued_at + DAY + 1)), "a phone code of a day"
    )
    yield undetermined("clock-in-doubt", issue(PAPER), clock_in_doubt=True)
    later = PAPER._replace(issued_at=NOW + MAX_ISSUED_AHEAD_SECONDS + 1)
    yield undetermined("clock-in-doubt", issue(later), "issued in the future")
    yield accepted(
        "issued within the skew", issue(PAPER._replace(issued_at=NOW + MAX_ISSUED_AHEAD_SECONDS)), "check-document"
    )


def _shown() -> Iterator[Sample]:
    yield refused("presentation-missing", issue(PHONE))
    yield refused("presentation-expired", show(PHONE, NOW - 91), "a screenshot")
    yield refused("presentation-expired", show(PHONE, NOW + 31), "drawn for later")
    yield accepted("at the end of its window", show(PHONE, NOW - 90), "compare-holder")
    yield accepted("at the beginning of its window", show(PHONE, NOW + 30), "compare-holder")
    yield refused("presentation-signature", show(PHONE, key=THIEF))
    off_curve = PHONE._replace(holder_key=b"\x02" + b"\xff" * 32)
    yield refused("malformed", show(off_curve), "a holder's key that is on no curve")
    yield refused("malformed", show(PAPER), "paper inside a presentation")
    yield undetermined("clock-in-doubt", show(PHONE, NOW + HOUR), "a live code at a slow gate", clock_in_doubt=True)
    yield refused("presentation-expired", show(PHONE, NOW - HOUR), "too old whatever the clock", clock_in_doubt=True,
                  reasons=["presentation-expired", "clock-in-doubt"])  # fmt: skip


def _answered() -> Iterator[Sample]:
    """By a challenge of the gate, which needs no clock of the phone's."""
    asked, before = ASKED._asdict(), ASKED._asdict() | {"nonce": bytes(16)}
    yield accepted("an answer to the gate's challenge", show(PHONE, **asked), "compare-holder", challenge=ASKED)
    yield accepted("an answer at the border", show(PHONE, **asked), "compare-holder", challenge=ASKED, policy="border")
    reset = show(PHONE, 3600, **asked)
    yield accepted("an answer of a phone whose clock says 1970", reset, "compare-holder", challenge=ASKED)
    yield accepted("a code by the phone's clock, though asked", show(PHONE), "compare-holder", challenge=ASKED)
    yield refused("challenge-not-answered", show(PHONE, **asked))
    yield refused("challenge-not-answered", show(PHONE, **before), "an answer to the challenge before", challenge=ASKED)
    other = ASKED._replace(gate="东门")
    yield refused("challenge-not-answered", show(PHONE, **asked), "an answer to another gate", challenge=other)
    thief = show(PHONE, key=THIEF, **asked)
    yield refused("challenge-not-answered", thief, "another phone's answer", challenge=ASKED)
    yield refused("malformed", show(PAPER, **asked), "paper that answers", challenge=ASKED)
    yield undetermined("nonce-required", show(PHONE), policy="border")
    yield undetermined("nonce-required", show(PHONE), "asked, and shown by the phone's clock", policy="border",
                       challenge=ASKED)  # fmt: skip
    yield refused("presentation-expired", show(PHONE, NOW - 91), "a screenshot at the border", policy="border")
    yield undetermined("clock-in-doubt", show(PHONE, **asked), "an answer at a gate whose clock is slow",
                       clock_in_doubt=True, challenge=ASKED)  # fmt: skip


def _taken_back() -> Iterator[Sample]:
    def referring(number: int, index: int, **changes: Any) -> str:
        return issue(PAPER._replace(status_reference=StatusReference(number, index), **changes))

    yield refused("withdrawn", referring(LIST, WITHDRAWN_INDEX))
    yield refused("withdrawn", referring(LIST, 1_048_575), "the last bit of a list")
    yield accepted("the bit before a withdrawn one", referring(LIST, WITHDRAWN_INDEX - 1), "check-document")
    yield refused("status-reference-invalid", referring(NEWER_LIST, 0), "no such list")
    yield refused("status-reference-invalid", referring(ENDED_LIST, 0), "a list that has ended")
    bare = PAPER._replace(status_reference=None)
    yield refused("status-reference-invalid", issue(bare), "no reference on a code of over an hour")
    yield undetermined("status-missing", issue(PAPER), statuses={})
    yield undetermined("status-stale", issue(PAPER), statuses={HENAN: "henan two days old"})
    yield undetermined(
        "status-stale", referring(NEWER_LIST, 0, issued_at=NOW - 30), "a list opened after the gate's data"
    )
    yield refused("withdrawn", referring(LIST, WITHDRAWN_INDEX), "withdrawn in stale data",
                  statuses={HENAN: "henan two days old"})  # fmt: skip


def _converted() -> Iterator[Sample]:
    def by_source(**changes: Any) -> str:
        return issue(CONVERTED._replace(source=replace(CONVERTED.source, **changes)))  # type: ignore[type-var]

    yield accepted("a converted code", issue(CONVERTED), "check-document")
    yield refused("source-withdrawn", by_source(index=WITHDRAWN_INDEX))
    denied = signer(HENAN, "credential-3").kid
    yield refused("source-withdrawn", by_source(kid=denied), "a source by a denied key")
    yield refused("unknown-key", by_source(kid=bytes(8)), "a source by an unknown key")
    yield refused("issuer-mismatch", by_source(issuer=GUANGDONG), "a source of another member than its key's")
    yield refused("lifetime-too-long", by_source(expires_at=NOW + DAY - 1), "longer than its source")
    yield undetermined("status-missing", issue(CONVERTED), "no data of the source's issuer",
                       statuses={ZHEJIANG: "zhejiang"})  # fmt: skip
    yield undetermined("member-changed", issue(CONVERTED), "the source's issuer changed", trust="with a changed member")
    yield refused("recognition-denied", issue(CONVERTED), "a source that the host denies", rules=["denies henan"])
    red = cbor.loads(claims.encode(CONVERTED), 300)
    red[claims.OURS] |= {claims.STATUS: int(Status.RED)}
    text = native.PREFIX + base45.encode(cose.seal(dumps(red), signer(ZHEJIANG, "credential-1")))
    yield refused("malformed", text, "a red code that was converted", status=None)


def _recognised() -> Iterator[Sample]:
    yield refused("recognition-denied", issue(PAPER), rules=["denies henan"])
    red = PAPER._replace(status=Status.RED, reason=Reason.TEST_POSITIVE, decision_reference=DECISION)
    yield refused("status-not-accepted", issue(red), status="red")
    yield refused("form-not-accepted", issue(PAPER), rules=["phones only"])
    yield refused("form-not-accepted", issue(PAPER), "paper at the border", policy="border")
    old = TEST._replace(sampled_at=NOW - 49 * HOUR)
    yield refused("rule-failed", issue(PAPER._replace(evidence=(old,))), "a test too old")
    positive = TEST._replace(result=EvidenceResult.POSITIVE)
    yield refused("rule-failed", issue(PAPER._replace(evidence=(positive,))), "a positive test on a green code")
    edge = TEST._replace(sampled_at=NOW - 48 * HOUR)
    yield accepted("a test of exactly 48 hours", issue(PAPER._replace(evidence=(edge,))), "check-document")
    yield refused("rule-failed", issue(PAPER._replace(evidence=())), "no evidence")
    exempt = TEST._replace(kind=EvidenceKind.EXEMPTION, result=EvidenceResult.COMPLETED)
    yield accepted("an exemption from testing", issue(PAPER._replace(evidence=(exempt,))), "check-document")
    past = exempt._replace(sampled_at=NOW - 31 * 24 * HOUR)
    yield refused("rule-failed", issue(PAPER._replace(evidence=(past,))), "an exemption that has run out")
    travel = TEST._replace(kind=EvidenceKind.TRAVEL, result=EvidenceResult.COMPLETED)
    yield undetermined("rule-open", issue(PAPER._replace(evidence=(travel,))), "no rule for a kind of evidence",
                       rules=["no rule but for tests"])  # fmt: skip
    yield undetermined("rule-open", issue(PAPER), "a rule that compares a date with a colour",
                       rules=["compares a date with a colour"])  # fmt: skip
    yield undetermined("rules-missing", issue(PAPER), rules=[])
    yield undetermined("rules-missing", issue(PAPER), "rules that have not begun", rules=["from tomorrow"])
    yield undetermined("rules-missing", issue(PAPER), "rules that have ended", rules=["until now"])


def _unknown() -> Iterator[Sample]:
    none: dict[str, Any] = {"status": None}
    stranger = issue(PAPER._replace(issuer=STRANGER))
    yield undetermined("trust-missing", issue(PAPER), trust=None, **none)
    yield undetermined("trust-stale", issue(PAPER), trust="four days old")
    yield undetermined("trust-unproven", show(PHONE, **ASKED._asdict()), policy="border", challenge=ASKED,
                       trust="unproven for two days")  # fmt: skip
    yield undetermined("unknown-key-old-list", stranger, trust="three hours old", **none)
    yield undetermined("unknown-key-old-list", stranger, "an unknown key while an entry cannot be read",
                       trust="with an unreadable entry", **none)  # fmt: skip
    yield undetermined("member-changed", issue(PAPER), trust="with a changed member", **none)
    for status in (Status.YELLOW, Status.RED, Status.PENDING):
        text = issue(PAPER._replace(status=status))
        yield undetermined("no-decision", text, f"a {status.label} without a decision", **none)


def _orders() -> Iterator[Sample]:
    """A refusal goes before what is open, and the more important reason before the other."""
    withdrawn = issue(PAPER._replace(status_reference=StatusReference(LIST, WITHDRAWN_INDEX)))
    yield refused("withdrawn", withdrawn, "refused, though the trust list is stale", trust="four days old",
                  reasons=["withdrawn", "trust-stale"])  # fmt: skip
    yield undetermined("trust-stale", issue(PAPER), "stale, without status and without rules", trust="four days old",
                       statuses={}, rules=[], reasons=["trust-stale", "status-missing", "rules-missing"])  # fmt: skip
    old = issue(PAPER._replace(evidence=(TEST._replace(sampled_at=NOW - 49 * HOUR),)))
    yield refused("rule-failed", old, "a rule fails, though status is missing", statuses={},
                  reasons=["rule-failed", "status-missing"])  # fmt: skip
    yield undetermined("status-stale", show(PHONE, **ASKED._asdict()), "two days of status at the border",
                       policy="border", challenge=ASKED, statuses={HENAN: "henan two days old"})  # fmt: skip
    yield undetermined("status-stale", show(PHONE), "two days of status at the border, and no answer",
                       policy="border", statuses={HENAN: "henan two days old"},
                       reasons=["status-stale", "nonce-required"])  # fmt: skip


def _foreign() -> Iterator[Sample]:
    """Cards that no member signed: by the host's list of keys and by its rules, and never a colour."""
    austria: dict[str, Any] = {"status": None, "foreign_keys": "austria"}
    eyes = "compare-travel-document"
    yield undetermined("foreign-keys-missing", card(), status=None)
    yield accepted("an EU card of a test", card(), eyes, of=eyes, **austria)
    yield accepted("a card by the second key of its kid", card(), eyes,
                   **austria | {"foreign_keys": "austria, two keys of one kid"})  # fmt: skip
    yield accepted("the last second of a card", card(exp=NOW), eyes, **austria)
    yield refused("expired", card(exp=NOW - 1), "a card that has ended", **austria)
    yield refused("malformed", card()[:-10], "a card cut off", **austria)
    yield refused("malformed", card(certificate()), "a card about nothing", **austria)
    yield refused("wrong-signature", card(key=OTHER_SIGNER), "a card by a stranger with the right kid", **austria)
    yield refused("unknown-key", card(), "a card of an unknown issuer", **austria | {"foreign_keys": "another kid"})
    yield undetermined("unknown-key-old-list", card(), "a card of an unknown issuer, on an old list",
                       **austria | {"foreign_keys": "another kid", "trust": "three hours old"})  # fmt: skip
    yield refused("issuer-mismatch", card(), "a card that names another country than its key",
                  **austria | {"foreign_keys": "germany, by the same kid"})  # fmt: skip
    yield refused("key-use-mismatch", card(), "a test by a key for vaccinations",
                  **austria | {"foreign_keys": "austria, for vaccinations"})  # fmt: skip
    yield refused("key-not-active", card(), "a card younger than its key's end",
                  **austria | {"foreign_keys": "austria, until yesterday"})  # fmt: skip
    yield undetermined("clock-in-doubt", card(), "a card at a clock in doubt", clock_in_doubt=True, **austria)
    positive = certificate(t=[FRESH_TEST | {"tr": "260373001"}])
    yield refused("rule-failed", card(positive), "a card of a positive test", **austria)
    yield refused("rule-failed", card(VACCINATED), "a card of a vaccination where a test is needed", **austria)
    other = certificate(t=[FRESH_TEST | {"tg": "16541001"}])
    yield undetermined("rule-open", card(other), "a card about another disease", **austria)
    yield undetermined("rule-open", card(certificate(r=[RECOVERY])), "a kind of card without a rule",
                       rules=["no rule but for tests"], **austria)  # fmt: skip
    yield undetermined("rules-missing", card(), "a card without rules", rules=[], **austria)
    yield undetermined("parts-missing", "shc:/1/3/5676", status=None)
    yield refused("parts-mixed", "shc:/1/3/5676\nshc:/2/4/5676", status=None)
