"""Every error of the house, in one tree.

::

    TongxingError
    ├── CredentialError                 a code, or something signed, cannot be believed
    │   ├── Unreadable                  ended before any cryptography
    │   │   ├── NotACredential            not-a-credential
    │   │   ├── ChallengeShown            challenge-shown
    │   │   ├── TooLarge                  too-large
    │   │   └── Malformed                 malformed
    │   ├── Untrusted                   the key or the signature does not carry it
    │   │   ├── WrongSignature            wrong-signature
    │   │   ├── AlgorithmMismatch         algorithm-mismatch
    │   │   ├── IssuerMismatch            issuer-mismatch
    │   │   ├── KeyUseMismatch            key-use-mismatch
    │   │   ├── WrongEnvironment          wrong-environment
    │   │   ├── KeyNotActive              key-not-active
    │   │   ├── KeyDenied                 key-denied
    │   │   ├── NotPermitted              not-permitted
    │   │   ├── UnknownKey                unknown-key
    │   │   └── KeyRejected               key-rejected          (a key refused on its way in)
    │   ├── OutOfTime
    │   │   ├── Expired                   expired
    │   │   └── LifetimeTooLong           lifetime-too-long
    │   ├── TakenBack
    │   │   ├── Withdrawn                 withdrawn
    │   │   ├── SourceWithdrawn           source-withdrawn
    │   │   └── StatusReferenceInvalid    status-reference-invalid
    │   ├── NotShownByHolder
    │   │   ├── PresentationMissing       presentation-missing
    │   │   ├── PresentationExpired       presentation-expired
    │   │   ├── PresentationSignature     presentation-signature
    │   │   ├── ChallengeNotAnswered      challenge-not-answered
    │   │   └── Replayed                  replayed
    │   ├── NotRecognised               sound, but not good enough here
    │   │   ├── RecognitionDenied         recognition-denied
    │   │   ├── RuleFailed                rule-failed
    │   │   ├── StatusNotAccepted         status-not-accepted
    │   │   └── FormNotAccepted           form-not-accepted
    │   └── CannotTell                  this gate does not know enough
    │       ├── TrustMissing              trust-missing
    │       ├── TrustStale                trust-stale
    │       ├── TrustUnproven             trust-unproven
    │       ├── UnknownKeyOldList         unknown-key-old-list
    │       ├── MemberChanged             member-changed
    │       ├── StatusMissing             status-missing
    │       ├── StatusStale               status-stale
    │       ├── ClockInDoubt              clock-in-doubt
    │       ├── NoDecision                no-decision
    │       ├── ForeignKeysMissing        foreign-keys-missing
    │       ├── RulesMissing              rules-missing
    │       ├── RuleOpen                  rule-open
    │       ├── NonceRequired             nonce-required
    │       └── ReplayUnchecked           replay-unchecked
    ├── RequestError                    what somebody asked for cannot be done as asked
    │   ├── InvalidRequest                invalid-request
    │   ├── InvalidDocument               invalid-document      (an identity document's number)
    │   ├── InvalidName                   invalid-name          (no name that a code can show)
    │   ├── PictureUnreadable             picture-unreadable
    │   ├── TextTooLongForSymbol          text-too-long-for-symbol
    │   ├── NotFound                      not-found
    │   ├── Conflict                      conflict
    │   ├── IdempotencyConflict           idempotency-conflict
    │   ├── NotAuthenticated              not-authenticated
    │   ├── NotAuthorised                 not-authorised
    │   ├── RateLimited                   rate-limited
    │   ├── TooSlow                       too-slow              (a request's body)
    │   ├── QuotaExceeded                 quota-exceeded
    │   ├── StatementRejected             statement-rejected    (a province statement)
    │   ├── ApprovalRejected              approval-rejected     (an officer's signature on a draft)
    │   ├── SequenceNotNewer              sequence-not-newer
    │   ├── AheadOfTime                   ahead-of-time         (signed data as of a time to come)
    │   ├── ChainBroken                 a status segment does not follow the one before
    │   │   ├── SegmentMissing            segment-missing
    │   │   ├── SegmentRepeated           segment-repeated
    │   │   ├── SegmentBackdated          segment-backdated
    │   │   └── ChainForked               chain-forked
    │   ├── RecordBroken                the public record does not bear out what was said
    │   │   ├── RecordProofFailed         record-proof-failed
    │   │   ├── QuorumMissing             quorum-missing
    │   │   ├── RecordForked              record-forked
    │   │   └── WitnessAtOtherSize        witness-at-other-size
    │   ├── ProofOfPossessionFailed       proof-of-possession-failed
    │   ├── ClaimCodeRefused            a claim code that gives no code
    │   │   ├── ClaimCodeMistyped         claim-code-mistyped
    │   │   ├── ClaimCodeUnknown          claim-code-unknown
    │   │   ├── ClaimCodeExpired          claim-code-expired
    │   │   └── ClaimCodeUsed             claim-code-used
    │   ├── RenewalRefused              a phone that gets no further code
    │   │   ├── DeviceUnknown             device-unknown
    │   │   ├── DeviceReplaced            device-replaced
    │   │   ├── DeviceLost                device-lost
    │   │   └── CodeTakenBack             code-taken-back
    │   ├── HolderUnknown                 holder-unknown
    │   ├── DecisionRejected              decision-rejected
    │   ├── RuleSetInvalid                rule-set-invalid
    │   └── NotSignedIn                 the identity provider did not tell us who it is
    │       ├── SignInNotBegun            sign-in-not-begun     (not in this browser, or too long ago)
    │       ├── SignInDeclined            sign-in-declined
    │       ├── SignInUnproven            sign-in-unproven
    │       ├── SignInWithoutDocument     sign-in-without-document
    │       └── SignInNameDiffers         sign-in-name-differs
    └── OperationError                  our side, or the way to it, is at fault
        ├── SettingInvalid                setting-invalid
        ├── KeyNotListed                  key-not-listed        (our own key, which gates would refuse)
        ├── StateBehind                   state-behind          (gates know more than our database)
        ├── StorageUnavailable            storage-unavailable
        ├── StorageFull                   storage-full
        ├── SchemaOutdated                schema-outdated
        ├── StoreBehind                   store-behind          (a backup was restored, others have moved on)
        ├── FetchFailed                   fetch-failed
        ├── FetchTooLarge                 fetch-too-large
        ├── MetadataRejected              metadata-rejected     (trust metadata, at the client)
        ├── BundleRejected                bundle-rejected
        ├── SelfCheckFailed               self-check-failed     (we would have issued something wrong)
        ├── SignInUnavailable             sign-in-unavailable   (the identity provider does not do its part)
        ├── OutputUnwritable              output-unwritable     (a command's result, on standard output)
        └── Unavailable                   unavailable

Each class has a stable kebab-case ``code``. The texts stand in the catalogues, as ``reason.<code>.what`` for what a
verdict may say and as ``error.<code>`` for the rest; ``docs/reasons.md`` has a row for each, and a test names what is
missing.

Verification raises and never returns False: "not accepted" is a :class:`~credentials.verdict.Verdict`.
``detail`` is a short English technical phrase for engineers. It never holds personal data and never
repeats more than a name or a number of the input.
"""

from __future__ import annotations


class TongxingError(Exception):
    """Root of the tree. ``code`` is stable for ever; ``detail`` may be reworded at any time."""

    code: str

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


class CredentialError(TongxingError):
    """A code, or something signed, cannot be believed.

    ``reason``: a code of ``credentials/profile/reasons.py`` that has no class of its own here, since nobody catches it
    by itself. Its branch says whether it refuses or, below CannotTell, leaves the check open.
    """

    def __init__(self, detail: str = "", *, reason: str = "") -> None:
        super().__init__(detail)
        if reason:
            self.code = reason


class Unreadable(CredentialError):
    """Ended before any cryptography."""


class NotACredential(Unreadable):
    """The text is no code of a kind we know. ``known``: what it is, of ``credentials/profile/known_texts.py``."""

    code = "not-a-credential"

    def __init__(self, detail: str = "", *, known: str = "") -> None:
        super().__init__(detail)
        self.known = known


class ChallengeShown(Unreadable):
    """A gate's challenge, which a phone should have answered."""

    code = "challenge-shown"


class TooLarge(Unreadable):
    """More bytes or characters than the format allows; see :mod:`credentials.profile.limits`."""

    code = "too-large"


class Malformed(Unreadable):
    """The prefix fits, the content does not: layout, encoding, closed lists, types."""

    code = "malformed"


class Untrusted(CredentialError):
    """The key or the signature does not carry it."""


class WrongSignature(Untrusted):
    """The signature does not verify under the key that the kid names."""

    code = "wrong-signature"


class AlgorithmMismatch(Untrusted):
    """The algorithm is not the one pinned on the key."""

    code = "algorithm-mismatch"


class IssuerMismatch(Untrusted):
    """``iss`` is not the member to whom the key belongs (hcert-spec #52)."""

    code = "issuer-mismatch"


class KeyUseMismatch(Untrusted):
    """The key is registered for another use."""

    code = "key-use-mismatch"


class WrongEnvironment(Untrusted):
    """A demo or test member at a production gate (dcc-qa #192)."""

    code = "wrong-environment"


class KeyNotActive(Untrusted):
    """``iat`` lies outside the key's not-before and not-after."""

    code = "key-not-active"


class KeyDenied(Untrusted):
    """The key stands in the registry's denials: it verifies nothing, whatever the iat says."""

    code = "key-denied"


class NotPermitted(Untrusted):
    """The member may not issue this status or form."""

    code = "not-permitted"


class UnknownKey(Untrusted):
    """No member of a fresh trust list has this key. Never worded as forged."""

    code = "unknown-key"


class KeyRejected(Untrusted):
    """A key offered for use has the wrong curve, a private part, a bad coordinate or a taken kid."""

    code = "key-rejected"


class OutOfTime(CredentialError):
    """Outside the time in which it holds."""


class Expired(OutOfTime):
    """``now >= exp``."""

    code = "expired"


class LifetimeTooLong(OutOfTime):
    """``exp - iat`` is above the maximum of the form."""

    code = "lifetime-too-long"


class TakenBack(CredentialError):
    """Withdrawn, or not known to the status list it names."""


class Withdrawn(TakenBack):
    """The bit of its status index is set."""

    code = "withdrawn"


class SourceWithdrawn(TakenBack):
    """A converted code whose source was withdrawn or whose source key is denied."""

    code = "source-withdrawn"


class StatusReferenceInvalid(TakenBack):
    """No reference where one is needed, or one to a list that does not exist or is retired."""

    code = "status-reference-invalid"


class NotShownByHolder(CredentialError):
    """Not shown by the holder's key, here and now."""


class PresentationMissing(NotShownByHolder):
    """A phone code shown bare: a picture of it, or a printout."""

    code = "presentation-missing"


class PresentationExpired(NotShownByHolder):
    """Signed by the holder too long ago, or for a time to come."""

    code = "presentation-expired"


class PresentationSignature(NotShownByHolder):
    """The holder's signature is wrong."""

    code = "presentation-signature"


class ChallengeNotAnswered(NotShownByHolder):
    """It answers a nonce that this gate did not give out, that has ended or was used, or answers it by another key."""

    code = "challenge-not-answered"


class Replayed(NotShownByHolder):
    """The same live code was already shown."""

    code = "replayed"


class NotRecognised(CredentialError):
    """Sound, but not good enough here."""


class RecognitionDenied(NotRecognised):
    """The host member denies recognition of this issuer, with a reason and an expiry.

    ``words``: the reason, in each language in which people are told it."""

    code = "recognition-denied"

    def __init__(self, detail: str = "", *, words: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.words = words


class RuleFailed(NotRecognised):
    """A rule of the host member failed."""

    code = "rule-failed"


class StatusNotAccepted(NotRecognised):
    """The host member does not admit this status."""

    code = "status-not-accepted"


class FormNotAccepted(NotRecognised):
    """This gate does not take this form."""

    code = "form-not-accepted"


class CannotTell(CredentialError):
    """This gate does not know enough: check by hand."""


class TrustMissing(CannotTell):
    """No trust list at all."""

    code = "trust-missing"


class TrustStale(CannotTell):
    """The trust list is older than the policy allows."""

    code = "trust-stale"


class TrustUnproven(CannotTell):
    """The public record has not proven the trust list for longer than the policy allows."""

    code = "trust-unproven"


class UnknownKeyOldList(CannotTell):
    """Unknown key, and the trust list is old: perhaps a new member or key."""

    code = "unknown-key-old-list"


class MemberChanged(CannotTell):
    """The member's root key changed without the old one's signature, too recently."""

    code = "member-changed"


class StatusMissing(CannotTell):
    """No status data of this issuer."""

    code = "status-missing"


class StatusStale(CannotTell):
    """The status data of this issuer is older than the policy allows."""

    code = "status-stale"


class ClockInDoubt(CannotTell):
    """The gate's clock, or that of the code's maker, is wrong."""

    code = "clock-in-doubt"


class NoDecision(CannotTell):
    """A yellow, red or pending status without a decision reference: never shown as a colour."""

    code = "no-decision"


class ForeignKeysMissing(CannotTell):
    """A foreign card, and no list of the host member's of whose keys such cards are signed by."""

    code = "foreign-keys-missing"


class RulesMissing(CannotTell):
    """No rule set of the host member in force."""

    code = "rules-missing"


class RuleOpen(CannotTell):
    """No rule for a kind of evidence, or a rule that could not be evaluated."""

    code = "rule-open"


class NonceRequired(CannotTell):
    """A live code by the phone's clock, where the policy demands an answer to the gate's challenge."""

    code = "nonce-required"


class ReplayUnchecked(CannotTell):
    """No shared memory of what was shown, where the policy needs one."""

    code = "replay-unchecked"


class RequestError(TongxingError):
    """What somebody asked for cannot be done as asked."""


class InvalidRequest(RequestError):
    """A field is missing, unknown or has a wrong value."""

    code = "invalid-request"


class InvalidDocument(RequestError):
    """An identity document's number fails its checks."""

    code = "invalid-document"


class InvalidName(RequestError):
    """A person's name without a letter, with a symbol in it, or too long: no code could show it."""

    code = "invalid-name"


class PictureUnreadable(RequestError):
    """No QR symbol could be read from the picture, or it is no picture."""

    code = "picture-unreadable"


class TextTooLongForSymbol(RequestError):
    """The text does not fit the largest symbol of the budget."""

    code = "text-too-long-for-symbol"


class NotFound(RequestError):
    """No such thing, or not for this caller."""

    code = "not-found"


class Conflict(RequestError):
    """Not in this state: done already, or overtaken by somebody else."""

    code = "conflict"


class IdempotencyConflict(RequestError):
    """The same idempotency key with another body."""

    code = "idempotency-conflict"


class NotAuthenticated(RequestError):
    """No assertion, or one that does not verify."""

    code = "not-authenticated"


class NotAuthorised(RequestError):
    """Known, but without this right."""

    code = "not-authorised"


class RateLimited(RequestError):
    """Too many requests; try again after ``retry_after`` seconds."""

    code = "rate-limited"

    def __init__(self, detail: str = "", retry_after: int = 30) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooSlow(RequestError):
    """A request whose body did not come in time."""

    code = "too-slow"


class QuotaExceeded(RequestError):
    """More bytes or files than this member may hold."""

    code = "quota-exceeded"


class StatementRejected(RequestError):
    """A province statement whose signature, sequence or content is wrong."""

    code = "statement-rejected"


class ApprovalRejected(RequestError):
    """An officer's approval that does not count."""

    code = "approval-rejected"


class SequenceNotNewer(RequestError):
    """The sequence is not above the one held."""

    code = "sequence-not-newer"


class AheadOfTime(RequestError):
    """Signed data says that it is as of a time to come: it would look fresh for too long."""

    code = "ahead-of-time"


class ChainBroken(RequestError):
    """A status segment does not follow the one before; what is held stays, and goes stale rather than wrong."""


class SegmentMissing(ChainBroken):
    """A number further on than the next one."""

    code = "segment-missing"


class SegmentRepeated(ChainBroken):
    """A number that has been applied already."""

    code = "segment-repeated"


class SegmentBackdated(ChainBroken):
    """As of an earlier time than the one before."""

    code = "segment-backdated"


class ChainForked(ChainBroken):
    """It names another segment as the one before, or is another of the same number: two stories are told."""

    code = "chain-forked"


class RecordBroken(RequestError):
    """The public record does not bear out what was said of it."""


class RecordProofFailed(RecordBroken):
    """A proof does not lead to the root of its checkpoint: the leaf is not there, or the log was changed."""

    code = "record-proof-failed"


class QuorumMissing(RecordBroken):
    """Fewer witnesses have cosigned a checkpoint than the policy asks for."""

    code = "quorum-missing"


class RecordForked(RecordBroken):
    """A log has two histories: two roots for one size, or a later one that does not hold the earlier."""

    code = "record-forked"


class WitnessAtOtherSize(RecordBroken):
    """A witness has cosigned another size of a log last than the log takes for known; ``size`` says which."""

    code = "witness-at-other-size"

    def __init__(self, detail: str = "", size: int = 0) -> None:
        super().__init__(detail)
        self.size = size


class ProofOfPossessionFailed(RequestError):
    """The proof is not by the key, not for us, or too old."""

    code = "proof-of-possession-failed"


class ClaimCodeRefused(RequestError):
    """A claim code that gives no code."""


class ClaimCodeMistyped(ClaimCodeRefused):
    """Its check digits are wrong: no such claim code can exist."""

    code = "claim-code-mistyped"


class ClaimCodeUnknown(ClaimCodeRefused):
    """Never given out, or replaced by a newer one for the same person."""

    code = "claim-code-unknown"


class ClaimCodeExpired(ClaimCodeRefused):
    """Given out too long ago."""

    code = "claim-code-expired"


class ClaimCodeUsed(ClaimCodeRefused):
    """Used by another phone."""

    code = "claim-code-used"


class RenewalRefused(RequestError):
    """This phone gets no further code."""


class DeviceUnknown(RenewalRefused):
    """No code was ever claimed by this key."""

    code = "device-unknown"


class DeviceReplaced(RenewalRefused):
    """The code was claimed on another phone since."""

    code = "device-replaced"


class DeviceLost(RenewalRefused):
    """This phone was reported lost."""

    code = "device-lost"


class CodeTakenBack(RenewalRefused):
    """The phone's code was given up by its holder, or was issued in error."""

    code = "code-taken-back"


class HolderUnknown(RequestError):
    """Nothing is on file for this person."""

    code = "holder-unknown"


class DecisionRejected(RequestError):
    """A decision without basis, approver, end or the like."""

    code = "decision-rejected"


class RuleSetInvalid(RequestError):
    """A rule set that cannot be loaded: signature, structure, depth or operators."""

    code = "rule-set-invalid"


class NotSignedIn(RequestError):
    """A resident who signs in at the identity provider: it did not tell us who it is."""


class SignInNotBegun(NotSignedIn):
    """An answer of the identity provider to a sign-in that this browser did not begin, or too long ago."""

    code = "sign-in-not-begun"


class SignInDeclined(NotSignedIn):
    """The person cancelled, the identity provider said no, or it does not take its own code again."""

    code = "sign-in-declined"


class SignInUnproven(NotSignedIn):
    """What claims to be the identity provider's word is not: signature, recipient, time, nonce or sender are wrong."""

    code = "sign-in-unproven"


class SignInWithoutDocument(NotSignedIn):
    """The identity provider names nobody whom a code could be made for: no name, or no valid document number."""

    code = "sign-in-without-document"


class SignInNameDiffers(NotSignedIn):
    """Somebody is on file for the document, under another name than the identity provider's."""

    code = "sign-in-name-differs"


class OperationError(TongxingError):
    """Our side, or the way to it, is at fault."""


class SettingInvalid(OperationError):
    """A setting is missing, unknown or wrong; ``detail`` names it."""

    code = "setting-invalid"


class KeyNotListed(OperationError):
    """The trust list does not have the key that this issuer signs with: every gate would refuse its codes."""

    code = "key-not-listed"


class StateBehind(OperationError):
    """Gates know more of what this issuer signed than its database does: a backup was restored, or there are two."""

    code = "state-behind"


class StorageUnavailable(OperationError):
    """The database or cache cannot be reached or used. ``kept_nothing``: it certainly kept nothing of what was asked,
    and the same may be asked again at once."""

    code = "storage-unavailable"

    def __init__(self, detail: str = "", *, kept_nothing: bool = False) -> None:
        super().__init__(detail)
        self.kept_nothing = kept_nothing


class StorageFull(OperationError):
    """No space left; nothing acknowledged is lost."""

    code = "storage-full"


class SchemaOutdated(OperationError):
    """The database's schema is not the one that this version needs."""

    code = "schema-outdated"


class StoreBehind(OperationError):
    """What is stored here is older than what was published from it: a backup was restored."""

    code = "store-behind"


class FetchFailed(OperationError):
    """A fetch ended without the whole content. ``status``: the HTTP status, where there was an answer; ``address``: of
    what was fetched, for somebody at a terminal: it is not part of ``detail``, which goes into logs."""

    code = "fetch-failed"

    def __init__(self, detail: str = "", status: int | None = None, address: str = "") -> None:
        super().__init__(detail)
        self.status, self.address = status, address


class FetchTooLarge(OperationError):
    """More bytes than the limit of the fetch."""

    code = "fetch-too-large"


class MetadataRejected(OperationError):
    """Trust metadata with a wrong signature, version, hash or expiry."""

    code = "metadata-rejected"


class BundleRejected(OperationError):
    """An offline bundle that is damaged, incomplete, too large or older than what is held."""

    code = "bundle-rejected"


class SelfCheckFailed(OperationError):
    """What was about to be released does not pass our own checks."""

    code = "self-check-failed"


class SignInUnavailable(OperationError):
    """The identity provider does not answer, answers nonsense, or does not know us."""

    code = "sign-in-unavailable"


class OutputUnwritable(OperationError):
    """A command's result could not be written to its standard output, so nobody was told."""

    code = "output-unwritable"


class Unavailable(OperationError):
    """Not able to serve at present."""

    code = "unavailable"
