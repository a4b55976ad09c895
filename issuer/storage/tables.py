"""The issuer's tables. The database itself refuses a credential without a decision, and a decision without a basis."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from service_kit.storage.logbook import logbook_tables

metadata = MetaData()
log = logbook_tables(metadata, "issuer_log")
# A file that proves a decision carries these, out of a log of millions.
OF_STAFF = "kind IN ('staff-key', 'staff-key-ended')"
Index("issuer_log_of_staff", log.leaf.c.number, sqlite_where=text(OF_STAFF), postgresql_where=text(OF_STAFF))


class _Octets(LargeBinary):
    """Bytes as they are: the drivers take them so, and wrapping each once more is felt in a bulk run."""

    def bind_processor(self, dialect: Dialect) -> None:
        return None


# SQLite makes only INTEGER the row's own key; PostgreSQL needs 64 bits.
_Serial = BigInteger().with_variant(Integer(), "sqlite")

counter = Table(
    "issuer_counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

secret_check = Table(
    "issuer_secret_check",
    metadata,
    Column("digest", _Octets(32), primary_key=True),
)

status_list = Table(
    "issuer_status_list",
    metadata,
    Column("list_id", Integer, primary_key=True, autoincrement=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("next_position", Integer, nullable=False),
    # The segment that announced it; NULL until one has. And the last one that set a bit in it.
    Column("opened_in", BigInteger),
    Column("changed_in", BigInteger),
    CheckConstraint("next_position BETWEEN 0 AND 1048576", name="issuer_position_in_list"),
    Index("issuer_status_list_by_expiry", "expires_at"),
)

decision = Table(
    "issuer_decision",
    metadata,
    Column("decision_id", _Serial, primary_key=True, autoincrement=False),
    Column("subject", _Octets(32), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("reason", SmallInteger, nullable=False),
    Column("rule_set", SmallInteger, nullable=False),
    Column("rule_set_version", Integer, nullable=False),
    Column("basis", String(64), nullable=False),
    Column("evidence", _Octets, nullable=False),
    Column("unit", String(64), nullable=False),
    Column("author", String(64), nullable=False),
    Column("approver", String(64)),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("appeal_until", BigInteger, nullable=False),
    # Of one by hand: what ties all of this row together, by a key that is not in the database.
    Column("bond", _Octets(32)),
    CheckConstraint("length(trim(basis)) > 0", name="issuer_basis_named"),
    CheckConstraint("(basis = 'rule') = (approver IS NULL)", name="issuer_manual_needs_approver"),
    CheckConstraint("(basis = 'rule') = (rule_set > 0)", name="issuer_rule_has_rule_set"),
    CheckConstraint("substr(author, 1, length(unit) + 1) = unit || '/'", name="issuer_author_of_unit"),
    CheckConstraint(
        "lower(substr(approver, 1, length(unit) + 1)) <> lower(unit) || '/'", name="issuer_approver_of_another_unit"
    ),
    CheckConstraint("ends_at > starts_at", name="issuer_ends_by_itself"),
    CheckConstraint("basis = 'rule' OR ends_at - starts_at <= 1209600", name="issuer_manual_ends_in_14_days"),
)

# Few are made by hand; whether one stands is asked for whoever is issued something.
Index(
    "issuer_decision_by_hand",
    decision.c.subject,
    sqlite_where=decision.c.approver.is_not(None),
    postgresql_where=decision.c.approver.is_not(None),
)

# What is in force about a person, and by it which codes of theirs may be alive: no code outlives its decision.
Index("issuer_decision_of_person", decision.c.subject, decision.c.ends_at)

# What the log has of a decision. `sealed` (salt and digest of the text) and `text` are those that its person is shown;
# NULL of a green one, which no code names, and once they are deleted. `leaf`: NULL until one counts it.
decision_record = Table(
    "issuer_decision_record",
    metadata,
    Column("decision_id", _Serial, ForeignKey("issuer_decision.decision_id"), primary_key=True, autoincrement=False),
    Column("status", SmallInteger, nullable=False),
    Column("region", Integer, nullable=False),
    Column("basis", String(64), nullable=False),
    Column("commitment", _Octets(32), nullable=False),
    Column("sealed", _Octets(64)),
    Column("text", Text),
    Column("leaf", BigInteger),
    CheckConstraint("(sealed IS NULL) = (text IS NULL)", name="issuer_record_whole_or_deleted"),
)
Index(
    "issuer_decision_unsealed",
    decision_record.c.status,
    decision_record.c.decision_id,
    sqlite_where=decision_record.c.leaf.is_(None),
    postgresql_where=decision_record.c.leaf.is_(None),
)

# By which those who decided find the leaf of their text.
Index(
    "issuer_decision_by_commitment",
    decision_record.c.commitment,
    sqlite_where=decision_record.c.sealed.is_not(None),
    postgresql_where=decision_record.c.sealed.is_not(None),
)

# Each the first checkpoint of the log, with what enough witnesses signed below it, that holds some decision by hand.
cosigned = Table(
    "issuer_log_cosigned",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", _Octets, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)

# The commitments below the root in a leaf, 32 bytes each, in order.
sealed_batch = Table(
    "issuer_sealed_batch",
    metadata,
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("commitments", _Octets, nullable=False),
)

# Since the last public count: how many of a kind and status, by region and basis.
tally = Table(
    "issuer_tally",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("status", SmallInteger, primary_key=True, autoincrement=False),
    Column("region", Integer, primary_key=True, autoincrement=False),
    Column("basis", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

credential = Table(
    "issuer_credential",
    metadata,
    Column("serial", _Serial, primary_key=True, autoincrement=False),
    Column("handle", _Octets(16), nullable=False, unique=True),
    Column("decision_id", _Serial, ForeignKey("issuer_decision.decision_id"), nullable=False),
    Column("form", SmallInteger, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    # Whose the handle is: no other client may use it. NULL: issued before this was kept, and nobody's.
    Column("client_id", String(64)),
    Index("issuer_credential_by_decision", "decision_id"),
)

withdrawal = Table(
    "issuer_withdrawal",
    metadata,
    Column("serial", _Serial, ForeignKey("issuer_credential.serial"), primary_key=True, autoincrement=False),
    Column("withdrawn_at", BigInteger, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("author", String(64), nullable=False),
    # The segment that carries it, and the leaf of the log that counts it; NULL until one does.
    Column("segment", BigInteger),
    Column("leaf", BigInteger),
    # Whether it was looked at when the time for another code was over.
    Column("settled", Boolean, nullable=False, server_default=false()),
)
Index(
    "issuer_withdrawal_unsettled",
    withdrawal.c.withdrawn_at,
    sqlite_where=~withdrawal.c.settled,
    postgresql_where=~withdrawal.c.settled,
)
Index(
    "issuer_withdrawal_unsealed",
    withdrawal.c.serial,
    sqlite_where=withdrawal.c.leaf.is_(None),
    postgresql_where=withdrawal.c.leaf.is_(None),
)
Index(
    "issuer_withdrawal_waiting",
    withdrawal.c.serial,
    sqlite_where=withdrawal.c.segment.is_(None),
    postgresql_where=withdrawal.c.segment.is_(None),
)

# Bits that gates have seen, of codes that were lost with a database: set for good, and a place that nobody gets.
seen_withdrawal = Table(
    "issuer_seen_withdrawal",
    metadata,
    Column("serial", _Serial, primary_key=True, autoincrement=False),
    Column("segment", BigInteger, nullable=False),
)

segment = Table(
    "issuer_segment",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("as_of", BigInteger, nullable=False),
    Column("digest", _Octets(32), nullable=False),
    Column("payload", _Octets, nullable=False),
    Column("delivered", Boolean, nullable=False),
)

# What was last brought to the mirror under a name, and made from which segment by which key.
delivery = Table(
    "issuer_delivery",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("segment", BigInteger, nullable=False),
    Column("kid", _Octets(8), nullable=False),
    Column("delivered_at", BigInteger, nullable=False),
)

claim = Table(
    "issuer_claim",
    metadata,
    Column("work", String(32), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("until", BigInteger, nullable=False),
)

idempotency = Table(
    "issuer_idempotency",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("body_hash", _Octets(32), nullable=False),
    Column("serial", _Serial, ForeignKey("issuer_credential.serial"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("issuer_idempotency_by_expiry", "expires_at"),
)

client = Table(
    "issuer_client",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

used_assertion = Table(
    "issuer_used_assertion",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("jti", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("issuer_used_assertion_by_expiry", "expires_at"),
)

# Tries at secrets, by a keyed digest of who tried.
kept_count = Table(
    "issuer_kept_count",
    metadata,
    Column("name", _Octets(32), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("issuer_kept_count_by_expiry", "expires_at"),
)

# A person as far as it takes to issue to them again. `version` grows with whatever becomes known.
holder = Table(
    "issuer_holder",
    metadata,
    Column("holder_id", _Serial, primary_key=True),
    Column("subject", _Octets(32), nullable=False),
    Column("form", SmallInteger, nullable=False),
    Column("name", String(32), nullable=False),
    Column("document_tail", String(4), nullable=False),
    Column("guardian", SmallInteger),
    Column("lifetime", Integer, nullable=False),
    Column("evidence", _Octets, nullable=False),
    Column("version", Integer, nullable=False),
    # Where the newest of the evidence was found; 0 for none.
    Column("region", Integer, nullable=False, server_default="0"),
    UniqueConstraint("subject", "form", name="issuer_holder_once"),
    Index("issuer_holder_by_region", "region"),
    CheckConstraint("form IN (1, 2)", name="issuer_holder_has_a_phone"),
)

# A phone by its key. `serial`: the code that it should show; `version`: what was known of its holder for it.
device = Table(
    "issuer_device",
    metadata,
    Column("device_id", _Serial, primary_key=True),
    Column("holder_id", _Serial, ForeignKey("issuer_holder.holder_id"), nullable=False),
    Column("point", _Octets(33), nullable=False, unique=True),
    Column("serial", _Serial, ForeignKey("issuer_credential.serial"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Column("paper_proved_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_as", String(32)),
    CheckConstraint("(ended_at IS NULL) = (ended_as IS NULL)", name="issuer_device_ended_for_a_cause"),
    Index("issuer_device_by_holder", "holder_id"),
)
Index(
    "issuer_device_active",
    device.c.holder_id,
    unique=True,
    sqlite_where=device.c.ended_at.is_(None),
    postgresql_where=device.c.ended_at.is_(None),
)

# What a phone was given and may still be alive.
device_code = Table(
    "issuer_device_code",
    metadata,
    Column("serial", _Serial, ForeignKey("issuer_credential.serial"), primary_key=True, autoincrement=False),
    Column("device_id", _Serial, ForeignKey("issuer_device.device_id"), nullable=False),
    Column("form", SmallInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("issuer_device_code_by_device", "device_id"),
)

claim_code = Table(
    "issuer_claim_code",
    metadata,
    Column("digest", _Octets(32), primary_key=True),
    Column("holder_id", _Serial, ForeignKey("issuer_holder.holder_id"), nullable=False),
    Column("author", String(64), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    # The key of the phone that used it.
    Column("point", _Octets(33)),
    Index("issuer_claim_code_by_holder", "holder_id"),
    Index("issuer_claim_code_by_expiry", "expires_at"),
)

# The status rules that the province signed, each version as it is signed.
status_rules = Table(
    "issuer_status_rules",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger),
    Column("document", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
)

# How often an entry of the rules of this digest could not be evaluated.
rule_fault = Table(
    "issuer_rule_fault",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("entry", String(40), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

# What is known of a person, as it was reported; kind and the rest NULL: taken back. `replaced_at`: corrected since.
evidence = Table(
    "issuer_evidence",
    metadata,
    Column("evidence_id", _Serial, primary_key=True),
    Column("subject", _Octets(32), nullable=False),
    Column("kind", SmallInteger),
    Column("result", SmallInteger),
    Column("sampled_at", BigInteger),
    Column("region", Integer),
    Column("reporter", String(80), nullable=False),
    Column("reference", String(64), nullable=False),
    # When it was signed; 0: nobody signed it.
    Column("made_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("replaced_at", BigInteger),
    CheckConstraint(
        "(kind IS NULL) = (result IS NULL) AND (kind IS NULL) = (sampled_at IS NULL)"
        " AND (kind IS NULL) = (region IS NULL)",
        name="issuer_evidence_whole_or_taken_back",
    ),
)
_standing = evidence.c.replaced_at.is_(None)
Index("issuer_evidence_of_person", evidence.c.subject, evidence.c.evidence_id)
Index(
    "issuer_evidence_once",
    evidence.c.reporter,
    evidence.c.reference,
    unique=True,
    sqlite_where=_standing,
    postgresql_where=_standing,
)

# A laboratory by its public key; `member`: the province that it works for.
laboratory = Table(
    "issuer_laboratory",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kid", _Octets(8), nullable=False, unique=True),
    Column("jwk", Text, nullable=False),
    Column("member", String(16), nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

# A key of staff. `text`: what administrators vouch for; `vouchers`: their signatures, a JSON list.
staff_key = Table(
    "issuer_staff_key",
    metadata,
    Column("kid", _Octets(8), primary_key=True),
    Column("text", Text, nullable=False),
    Column("vouchers", Text, nullable=False),
    Column("credential_id", _Octets, unique=True),
    Column("asked_at", BigInteger, nullable=False),
    Column("vouched_at", BigInteger),
    Column("in_force_at", BigInteger),
    # Of the province's log.
    Column("leaf", BigInteger),
    Column("revoked_at", BigInteger),
    Column("revocation", Text),
    CheckConstraint("(vouched_at IS NULL) = (in_force_at IS NULL)", name="issuer_staff_key_vouched_whole"),
)

# One-time links to enrol by.
staff_invitation = Table(
    "issuer_staff_invitation",
    metadata,
    Column("digest", _Octets(32), primary_key=True),
    Column("pseudonym", String(16), nullable=False),
    Column("unit", String(48), nullable=False),
    Column("roles", String(64), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

staff_challenge = Table(
    "issuer_staff_challenge",
    metadata,
    Column("digest", _Octets(32), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)

staff_session = Table(
    "issuer_staff_session",
    metadata,
    Column("digest", _Octets(32), primary_key=True),
    Column("kid", _Octets(8), ForeignKey("issuer_staff_key.kid"), nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

# What staff did. `number`: of the decision that it was about.
staff_audit = Table(
    "issuer_staff_audit",
    metadata,
    Column("audit_id", _Serial, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("staff", String(64), nullable=False),
    Column("act", String(32), nullable=False),
    Column("number", _Octets(16)),
    Index("issuer_staff_audit_of_person", "staff", "audit_id"),
)

# That somebody of staff was shown a person. `text`: what the person is told of it; `leaf`: NULL until one counts it.
look_up = Table(
    "issuer_look_up",
    metadata,
    Column("look_up_id", _Serial, primary_key=True),
    Column("subject", _Octets(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", String(256), nullable=False),
    Column("leaf", BigInteger),
    Index("issuer_look_up_of_person", "subject", "look_up_id"),
    Index("issuer_look_up_by_age", "at"),
)
Index(
    "issuer_look_up_unsealed",
    look_up.c.at,
    sqlite_where=look_up.c.leaf.is_(None),
    postgresql_where=look_up.c.leaf.is_(None),
)

# A decision by hand with its signatures, JSON each. The number is used once, for good.
by_hand = Table(
    "issuer_by_hand",
    metadata,
    Column("number", _Octets(16), primary_key=True),
    Column("text", Text, nullable=False),
    Column("salt", _Octets(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("author", String(64), nullable=False),
    Column("author_signature", Text),
    Column("approver", String(64)),
    Column("approver_signature", Text),
    Column("releaser", String(64)),
    Column("releaser_signature", Text),
    Column("decided_at", BigInteger),
    CheckConstraint(
        "state <> 'decided' OR (author_signature IS NOT NULL AND approver_signature IS NOT NULL)",
        name="issuer_by_hand_signed_by_two",
    ),
    CheckConstraint("author <> approver", name="issuer_by_hand_of_two"),
    Index("issuer_by_hand_waiting", "state", "proposed_at"),
)

by_hand_person = Table(
    "issuer_by_hand_person",
    metadata,
    Column("number", _Octets(16), ForeignKey("issuer_by_hand.number"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("subject", _Octets(32), nullable=False),
    Column("person", _Octets(32), nullable=False),
    Column("salt", _Octets(32), nullable=False),
    Column("before", String(16), nullable=False),
    Column("name", String(32), nullable=False),
    Column("tail", String(4), nullable=False),
    Column("outcome", String(32)),
)

# How many people an approver has decided about on a day (of UTC, from 1970); `told`: the cap has left its leaf.
approvals = Table(
    "issuer_approvals",
    metadata,
    Column("approver", String(64), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("people", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
)
