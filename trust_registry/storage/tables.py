"""The registry's tables. Times are seconds UTC; kids, digests and signatures are hex."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from service_kit.storage.logbook import logbook_tables

metadata = MetaData()

write_lock = Table(
    "registry_write_lock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("taken", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="registry_write_lock_single"),
)

statement = Table(
    "registry_statement",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("member", String(16), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("compact", Text, nullable=False),
    Column("proofs", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("vouched", Boolean),
    UniqueConstraint("member", "digest", name="registry_statement_once"),
)

draft = Table(
    "registry_draft",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("base", BigInteger, nullable=False),
    Column("trust_list", LargeBinary, nullable=False),
    Column("message", LargeBinary, nullable=False),
    Column("statement_ids", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("state", String(16), nullable=False),
)

approval = Table(
    "registry_approval",
    metadata,
    Column("draft", String(32), ForeignKey("registry_draft.id"), primary_key=True),
    Column("keyid", String(64), primary_key=True),
    Column("signature", String(256), nullable=False),
    Column("approved_at", BigInteger, nullable=False),
)

denial = Table(
    "registry_denial",
    metadata,
    Column("kid", String(16), primary_key=True),
    Column("asked_by", String(64), nullable=False),
    Column("request", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
)

repository_file = Table(
    "registry_repository_file",
    metadata,
    Column("path", String(128), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

member_file = Table(
    "registry_member_file",
    metadata,
    Column("member", String(16), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    # Empty where a program before 0003 wrote the row, which may still serve while this one begins.
    Column("kid", String(16)),
    Column("as_of", BigInteger),
    Column("head", String(64)),
    Column("valid_from", BigInteger),
    Column("valid_until", BigInteger),
    Index("registry_member_file_order", "member", "sequence"),
)

log = logbook_tables(metadata, "registry_log")

used_assertion = Table(
    "registry_request_id",
    metadata,
    Column("client", String(64), key="client_id", primary_key=True),
    Column("jti", String(128), primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)
