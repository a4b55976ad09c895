"""The file by which a resident proves a decision (决定证明): to a court, to another province, offline and for good.

One JSON object::

    {"format": "tongxing-decision/1",
     "code": "TX1:…",                       the code that names the decision; null in a copy for those who decided
     "text": "{…}",                         the decision, byte for byte
     "salt": "<64 hex>",
     "index": 3, "path": ["<64 hex>", …],   where it stands below the root in the leaf; of a decision by hand 0 and []
     "proof": "c2sp.org/tlog-proof@v1…",    the leaf (its ``extra``) in the province's log
     "signatures": {…}}                     of a decision by hand, who signed it (signatories.py)

What it shows when it holds: the province's key signed a code that names this very text and no other, the text is
counted by a leaf of the log that everybody reads, and whoever cosigned that log had seen it by then; and of a decision
by hand, which two people signed it. It asks nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from credentials.decisions.leaves import DECIDED_BY_HAND, SALT_BYTES, Leaf, reference, require_committed, sealed
from credentials.decisions.signatories import Counted, Signatories, check_signatures
from credentials.decisions.staff import RootKeys
from credentials.errors import IssuerMismatch, Malformed, RecordProofFailed, TooLarge
from credentials.formats import native
from credentials.formats.native import claims
from credentials.keys import VerificationKey
from credentials.log.checkpoint import Checkpoint, read_checkpoint
from credentials.log.keys import NoteKey, time_of
from credentials.log.note import Note, check
from credentials.log.proof import LogProof, read_proof
from credentials.log.tree import HASH_BYTES, MAX_PROOF_HASHES, check_inclusion, leaf_hash
from credentials.model import StatusCredential
from credentials.profile.members import is_member_id
from credentials.wire import cose
from credentials.wire.strict_json import hex_bytes, json_bytes, parse_json

FORMAT: Final = "tongxing-decision/1"
MAX_FILE_BYTES = 512 * 1024
_FIELDS = frozenset({"format", "code", "text", "salt", "index", "path", "proof"})


class DecisionFile(NamedTuple):
    """What a file holds, not believed yet. ``code``: None where it is about no one person; ``place``, ``path``: below
    the root in the leaf, hashes of 32 bytes; ``signatures``: as JSON has them."""

    code: str | None
    text: str
    salt: bytes
    place: int
    path: tuple[bytes, ...]
    proof: LogProof
    signatures: Mapping[str, Any] | None = None

    @property
    def content(self) -> bytes:
        """The file."""
        signed = {} if self.signatures is None else {"signatures": self.signatures}
        return json_bytes(
            {
                "format": FORMAT,
                "code": self.code,
                "text": self.text,
                "salt": self.salt.hex(),
                "index": self.place,
                "path": [each.hex() for each in self.path],
                "proof": self.proof.content.decode(),
            }
            | signed
        )


class ProvedDecision(NamedTuple):
    """A decision that was proved. ``code``: None where the file names none; ``told``: its text as JSON; ``number``,
    ``leaf``: where it is counted; ``cosigned``: witnesses by name, each with the time of its cosignature (seconds UTC);
    ``signed``: of a decision by hand, None where the file carries no signatures."""

    code: StatusCredential | None
    told: Mapping[str, Any]
    number: int
    leaf: Leaf
    checkpoint: Checkpoint
    cosigned: Mapping[str, int]
    signed: Signatories | None = None


def is_decision_file(content: bytes) -> bool:
    """Whether a file is one of these, and not a bare proof of a log."""
    return content.lstrip()[:1] == b"{"


def read_decision_file(content: bytes) -> DecisionFile:
    """Take a file apart, without believing it. Raises TooLarge above 512 KiB, Malformed, naming the field."""
    if len(content) > MAX_FILE_BYTES:
        raise TooLarge(f"more than {MAX_FILE_BYTES} bytes")
    fields = parse_json(content)
    if not isinstance(fields, dict) or fields.keys() - {"signatures"} != _FIELDS or fields["format"] != FORMAT:
        raise Malformed(f"no file of a decision: an object of {', '.join(sorted(_FIELDS))}, format {FORMAT}")
    text, proof = (_text(fields[name], name) for name in ("text", "proof"))
    code = None if fields["code"] is None else _text(fields["code"], "code")
    index, path = fields["index"], fields["path"]
    if type(index) is not int or index < 0 or not isinstance(path, list) or len(path) > MAX_PROOF_HASHES:
        raise Malformed("index is no number from 0, or path no list of hashes")
    hashes = tuple(hex_bytes(each, HASH_BYTES, "path") for each in path)
    signatures = fields.get("signatures")
    if signatures is not None and not isinstance(signatures, dict):
        raise Malformed("signatures is no object")
    salt = hex_bytes(fields["salt"], SALT_BYTES, "salt")
    return DecisionFile(code, text, salt, index, hashes, read_proof(proof.encode()), signatures)


def check_decision(
    file: DecisionFile,
    key_of: Callable[[bytes], VerificationKey],
    logs_of: Callable[[str], Iterable[NoteKey]],
    witnesses: Collection[NoteKey],
    root_of: Callable[[str], RootKeys | None],
) -> ProvedDecision:
    """Check a file. ``key_of``: the listed key of a kid, raising what it likes for none; ``logs_of``: the keys of a
    member's log; ``witnesses``: whose cosignatures are told; ``root_of``: a member's root keys, by which signatures of
    staff are judged. The time of checking is not judged: an old decision stays proved.

    Raises RecordProofFailed, saying what does not hold, IssuerMismatch, and every CredentialError of a code that no
    gate would read.
    """
    hidden = sealed(file.salt, file.text.encode())
    code = None if file.code is None else _code(file.code, key_of, hidden)
    told = _told(file.text, code)
    entry = file.proof.extra
    if entry is None:
        raise Malformed("the proof carries no leaf")
    leaf = _leaf(entry)
    require_committed(leaf, hidden, file.place, file.path)
    if leaf.content.get("status") != told["status"]:
        raise RecordProofFailed("the leaf counts people of another status")
    note, checkpoint = file.proof.note, read_checkpoint(file.proof.note)
    check(note, [key for key in logs_of(told["member"]) if key.name == checkpoint.origin])
    check_inclusion(leaf_hash(entry), file.proof.number, checkpoint.size, checkpoint.root, file.proof.hashes)
    cosigned = _cosigned(note, witnesses)
    counted = Counted(file.proof.number, leaf, checkpoint, min(cosigned.values(), default=None))
    signed = _signed(file, counted, root_of(told["member"]))
    return ProvedDecision(code, told, file.proof.number, leaf, checkpoint, cosigned, signed)


def _code(text: str, key_of: Callable[[bytes], VerificationKey], hidden: bytes) -> StatusCredential:
    """The code, when it names the decision."""
    envelope = native.unwrap(text)
    key = key_of(envelope.kid)
    code = claims.decode(cose.verify(envelope, key))
    if code.issuer != key.member:
        raise IssuerMismatch("the code names another member than the one whose key signed it")
    if code.decision_reference is None or reference(hidden, code.cti) != code.decision_reference:
        raise RecordProofFailed("the code names another decision than this text")
    return code


def _told(text: str, code: StatusCredential | None) -> Mapping[str, Any]:
    """The text, when it is about what the code says."""
    told = parse_json(text.encode())
    if not isinstance(told, dict) or not is_member_id(told.get("member")) or not isinstance(told.get("status"), str):
        raise Malformed("the text is no decision of a member")
    said = (told["member"], told["status"], told.get("reason"))
    if code is not None and said != (code.issuer, code.status.label, code.reason.label):
        raise RecordProofFailed("the text tells of another member, status or reason than the code")
    return told


def _cosigned(note: Note, witnesses: Collection[NoteKey]) -> dict[str, int]:
    present = {(line.name, line.key_id) for line in note.signatures}
    named = [key for key in witnesses if (key.name, key.id) in present]
    return {key.name: time_of(made) for key, made in check(note, named).items()} if named else {}


def _signed(file: DecisionFile, counted: Counted, root: RootKeys | None) -> Signatories | None:
    if file.signatures is None:
        return None
    if counted.leaf.kind != DECIDED_BY_HAND:
        raise Malformed("signatures of a decision that was made by rule")
    return check_signatures(file.signatures, file.text.encode(), counted, root)


def _leaf(entry: bytes) -> Leaf:
    fields = parse_json(entry)
    if not isinstance(fields, dict) or not isinstance(fields.get("content"), dict):
        raise Malformed("no leaf of a log")
    return Leaf(_text(fields.get("kind"), "kind"), fields["content"])


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or (where != "proof" and not value.isprintable()):
        raise Malformed(f"{where} is no text")
    return value
