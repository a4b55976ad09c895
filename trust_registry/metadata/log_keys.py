"""A member's keys of the public record, as its own statement names them: of its log and of its witness.

The field ``logs`` of a statement, which gates before it ignore::

    {"vkey": "tongxing/CN-41/log+33d7b496+AeHT…", "url": "https://…" | null, "not_before": s, "not_after": s,
     "proof": base64 of the key's own signature}

Type 1 of a vkey is a log, type 4 a witness. The name is the log's origin, or the witness's name: it stays when the key
changes. The proof is a signature over ``tongxing-log-key/v1``, a line end, and the entry without its proof and with
``member``, as canonical JSON: a text that is neither a checkpoint nor a cosignature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from credentials.errors import CredentialError, KeyRejected, Malformed, StatementRejected, WrongSignature
from credentials.log import ed25519
from credentials.log.keys import LOG, WITNESS, NoteKey, NoteSigner, from_base64, read_vkey, to_base64
from credentials.wire.strict_json import json_bytes
from trust_registry.metadata import fields
from trust_registry.metadata.statement import Statement

MAX_LOG_KEYS = 16
"""Of one member, old and new, of log and witness."""
MAX_URL_CHARACTERS = 512
USES: Mapping[int, str] = {LOG: "log", WITNESS: "witness"}
_POSSESSION = b"tongxing-log-key/v1\n"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:/_~-]{0,127}")
"""As a URL without its scheme, in letters that look like no others: officers compare these names by eye."""
_URL = re.compile(r"https?://[!-~]+")


class LogKey(NamedTuple):
    """A key of a member's log or witness. ``url``: where its tiles are, or where checkpoints are brought; times in
    seconds UTC, ``not_after`` exclusive."""

    member: str
    key: NoteKey
    url: str | None
    not_before: int
    not_after: int

    @property
    def use(self) -> str:
        """``log`` or ``witness``."""
        return USES[self.key.type]

    def is_active(self, at: int) -> bool:
        """Whether what it signs at ``at`` counts."""
        return self.not_before <= at < self.not_after


def log_keys_of(statement: Statement) -> list[LogKey]:
    """The sound keys of a statement's field ``logs``. What is not sound is left out: no resident is refused for it."""
    found = []
    for value in statement.logs if isinstance(statement.logs, list) else []:
        try:
            found.append(read_log_key(statement.member, value))
        except CredentialError:
            continue
    return found[:MAX_LOG_KEYS]


def witness_keys_of(statements: Iterable[Statement]) -> set[NoteKey]:
    """The keys of all witnesses that these members name, old and new."""
    keys = (each for statement in statements for each in log_keys_of(statement))
    return {each.key for each in keys if each.use == USES[WITNESS]}


def keys_named(statement: Statement, wanted: Mapping[str, NoteKey]) -> Iterator[LogKey]:
    """Those of these keys, by vkey, that a statement names. Their proofs of possession are not verified once more:
    whoever asks for a key by its vkey believes what that key signs, whoever else names it."""
    values = statement.logs if isinstance(statement.logs, list) else []
    for value in values[:MAX_LOG_KEYS]:
        vkey = value.get("vkey") if isinstance(value, dict) else None
        if not isinstance(vkey, str) or vkey not in wanted:
            continue
        try:
            yield LogKey(statement.member, wanted[vkey], None, *_times(value))
        except CredentialError:
            continue


def check_log_keys(statement: Statement) -> list[LogKey]:
    """The keys of a statement's field ``logs``, when all of them are sound; none where there is no such field.

    At most 16; every key is there once, and all of a use bear one name. For enrolment. Raises StatementRejected, naming
    what is wrong.
    """
    if statement.logs is None:
        return []
    try:
        values = fields.items({"logs": statement.logs}, "logs", MAX_LOG_KEYS)
        keys = [read_log_key(statement.member, value) for value in values]
    except CredentialError as error:
        raise StatementRejected(f"logs: {error}") from error
    if len({each.key.public_key for each in keys}) != len(keys):
        # A cosignature does not say whose it is: one key in two places is one witness counted twice.
        raise StatementRejected("logs: a key stands twice; each log and witness has one of its own")
    for use in USES.values():
        if len({each.key.name for each in keys if each.use == use}) > 1:
            raise StatementRejected(f"logs: two names of a {use}; a member has one, which stays when its key changes")
    return keys


def read_log_key(member: str, value: object) -> LogKey:
    """One key, once it has proved that the member has it. Raises Malformed, TooLarge, KeyRejected, WrongSignature."""
    document = fields.mapping(value, "a key of logs")
    key = read_vkey(fields.text(document, "vkey", MAX_URL_CHARACTERS))
    if not _NAME.fullmatch(key.name):
        raise KeyRejected("the name of a log or witness is a URL without its scheme, at most 128 characters")
    not_before, not_after = _times(document)
    if not_before >= not_after:
        raise KeyRejected("not_after is not later than not_before")
    found = LogKey(member, key, _url(document), not_before, not_after)
    proof = from_base64(fields.text(document, "proof", MAX_URL_CHARACTERS))
    try:
        ed25519.verify(key.public_key, proof, _possession(found))
    except WrongSignature as error:
        raise WrongSignature(f"the proof of {found.use} {key.id.hex()} is not by its key") from error
    return found


def log_key_to_json(key: LogKey, signer: NoteSigner) -> dict[str, Any]:
    """The key as it stands in a statement, its possession proved by ``signer``."""
    return {**_fields(key), "proof": to_base64(signer.private_key.sign(_possession(key)))}


def _possession(key: LogKey) -> bytes:
    return _POSSESSION + json_bytes({**_fields(key), "member": key.member})


def _times(document: Mapping[str, Any]) -> tuple[int, int]:
    return fields.time(document, "not_before"), fields.time(document, "not_after")


def _fields(key: LogKey) -> dict[str, Any]:
    return {"vkey": key.key.vkey, "url": key.url, "not_before": key.not_before, "not_after": key.not_after}


def _url(document: Mapping[str, Any]) -> str | None:
    if document.get("url") is None:
        return None
    url = fields.text(document, "url", MAX_URL_CHARACTERS)
    if not _URL.fullmatch(url):
        raise Malformed("url is no address of http or https")
    return url
