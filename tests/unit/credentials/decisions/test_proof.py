"""The file of a decision holds as a whole or not at all, whoever made up a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from credentials.algorithms.table import NATIVE
from credentials.decisions.leaves import (
    Leaf,
    commitment,
    decided_by_hand,
    decided_by_rule,
    path_to_root,
    reference,
    sealed,
)
from credentials.decisions.proof import DecisionFile, ProvedDecision, check_decision, read_decision_file
from credentials.errors import (
    CredentialError,
    IssuerMismatch,
    Malformed,
    RecordBroken,
    RecordProofFailed,
    UnknownKey,
    WrongSignature,
)
from credentials.formats import native
from credentials.formats.native import claims
from credentials.keys import VerificationKey, kid_of, new_private_key
from credentials.log.checkpoint import sign_checkpoint
from credentials.log.ed25519 import new_private_key as new_log_key
from credentials.log.keys import LOG, WITNESS, NoteSigner, signer
from credentials.log.note import sign_text, with_signatures
from credentials.log.proof import LogProof
from credentials.log.tree import leaf_hash, nodes_of, prove_inclusion, root_of
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.profile.lists import Form, Reason, Status
from credentials.signing import PemSigner
from credentials.wire.strict_json import json_bytes
from tests.samples import typical
from tests.staff import Person, decision

KEY = new_private_key()
ISSUER = typical().issuer
OWN = VerificationKey(
    kid_of(ISSUER, KEY.public_key()), ISSUER, NATIVE.NAME, "credential", 0, MAX_TIME_SECONDS, KEY.public_key()
)
LOG_SIGNER = signer(f"tongxing/{ISSUER}/log", LOG, new_log_key())
WITNESSES = [signer(f"tongxing/CN-4{n}/witness", WITNESS, new_log_key()) for n in range(2)]
SALT, OTHER = b"s" * 32, b"o" * 32
TEXT: dict[str, Any] = {"member": ISSUER, "status": "red", "reason": "test-positive"}


class Made(NamedTuple):
    """How a file is made; whatever is changed, its makers sign."""

    text: Mapping[str, Any] | str = TEXT
    by_hand: bool = False
    names: bool = True
    entry: bytes | None = None
    status: Status = Status.RED
    log: NoteSigner = LOG_SIGNER
    people: int = 7

    def file(self) -> DecisionFile:
        text = self.text if isinstance(self.text, str) else json_bytes(dict(self.text)).decode()
        hidden = sealed(SALT, text.encode())
        others = [commitment(sealed(OTHER, b"")), commitment(hidden)]
        leaf = (
            decided_by_hand(self.status, 3600, self.people, others[1])
            if self.by_hand
            else decided_by_rule(self.status, 3600, others)
        )
        entry = self.entry or json_bytes({"at": 3600, "content": leaf.content, "kind": leaf.kind, "number": 1})
        entries = [leaf_hash(each) for each in (b"first", entry, b"third")]
        note = sign_checkpoint(3, root_of(nodes_of(entries), 3), self.log)
        note = with_signatures(note, [sign_text(note.text, WITNESSES[0], 77)])
        proof = LogProof(1, tuple(prove_inclusion(nodes_of(entries), 1, 3)), note, entry)
        place, path = (0, []) if self.by_hand else (1, path_to_root(others, 1))
        return DecisionFile(self.code(hidden), text, SALT, place, tuple(path), proof)

    def code(self, hidden: bytes) -> str:
        red = typical(Form.PAPER)._replace(status=Status.RED, reason=Reason.TEST_POSITIVE)
        red = red._replace(decision_reference=reference(hidden, red.cti) if self.names else None)
        return native.seal_text(claims.encode(red), Form.PAPER, PemSigner(KEY, OWN.kid))


def key_of(kid: bytes) -> VerificationKey:
    if kid != OWN.kid:
        raise UnknownKey("not listed")
    return OWN


def checked(file: DecisionFile) -> ProvedDecision:
    logs = {ISSUER: [LOG_SIGNER.key]}
    return check_decision(
        file, key_of, lambda member: logs.get(member, []), [each.key for each in WITNESSES], lambda _: None
    )


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_file_tells_what_was_decided_and_who_had_seen_it(by_hand: bool) -> None:
    """Read back from its bytes, with whatever stands beside it."""
    file = Made(by_hand=by_hand).file()
    assert read_decision_file(file.content) == file
    proved = checked(file)
    assert (proved.told, proved.number, proved.checkpoint.size) == (TEXT, 1, 3)
    assert proved.cosigned == {WITNESSES[0].key.name: 77}
    assert isinstance(proved.leaf, Leaf)


def test_without_witnesses_the_logs_word_stands_alone() -> None:
    """Then a second history is not excluded, and whoever reads it must be told."""
    file = Made().file()
    bare = file.proof.note._replace(signatures=file.proof.note.signatures[:1])
    assert checked(file._replace(proof=file.proof._replace(note=bare))).cosigned == {}


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (Made(text={**TEXT, "status": "green"}), RecordProofFailed),
        (Made(text={**TEXT, "member": "CN-11"}), RecordProofFailed),
        (Made(text={**TEXT, "reason": "close-contact"}), RecordProofFailed),
        (Made(text={**TEXT, "member": "nobody"}), Malformed),
        (Made(text={**TEXT, "status": 7}), Malformed),
        (Made(text="[]"), Malformed),
        (Made(names=False), RecordProofFailed),
        (Made(status=Status.YELLOW), RecordProofFailed),
        (Made(entry=b"7"), Malformed),
        (Made(entry=b'{"content":7,"kind":"a"}'), Malformed),
        (Made(entry=b'{"content":{},"kind":7}'), Malformed),
        (Made(entry=b'{"content":{},"kind":"withdrawn"}'), Malformed),
        (Made(log=signer("tongxing/other/log", LOG, new_log_key())), WrongSignature),
        (Made(log=signer(LOG_SIGNER.key.name, LOG, new_log_key())), WrongSignature),
    ],
)
def test_a_file_of_which_one_part_is_made_up_proves_nothing(made: Made, error: type[Exception]) -> None:
    """A province that signs a code for one text and logs another, or shows a second log."""
    with pytest.raises(error):
        checked(made.file())


def test_a_proof_without_its_leaf_or_of_another_place_proves_nothing() -> None:
    """What is counted must be there to be read."""
    file = Made().file()
    for proof in (file.proof._replace(extra=None), file.proof._replace(number=2), file.proof._replace(hashes=())):
        with pytest.raises((CredentialError, RecordBroken)):
            checked(file._replace(proof=proof))


def test_a_code_by_a_key_that_nobody_lists_proves_nothing() -> None:
    """Whoever writes such a file at home."""
    stranger = new_private_key()
    red = typical(Form.PAPER)._replace(status=Status.RED, decision_reference=bytes(16))
    code = native.seal_text(claims.encode(red), Form.PAPER, PemSigner(stranger, kid_of(ISSUER, stranger.public_key())))
    with pytest.raises(UnknownKey):
        checked(Made().file()._replace(code=code))


def test_a_code_that_names_another_member_than_its_keys_proves_nothing() -> None:
    """A province that writes a decision in another one's name."""
    with pytest.raises(IssuerMismatch):
        check_decision(
            Made().file(), lambda _: OWN._replace(member="CN-11"), lambda _: [LOG_SIGNER.key], [], lambda _: None
        )


def test_a_file_without_a_code_proves_the_decision_alone() -> None:
    """For those who decided: it is about many, whose codes they do not have."""
    file = Made(by_hand=True).file()._replace(code=None)
    assert read_decision_file(file.content) == file
    proved = checked(file)
    assert (proved.code, proved.told, proved.signed) == (None, TEXT, None)


def test_signatures_are_judged_where_people_decided_and_nowhere_else() -> None:
    """A file of a decision by rule that carries some is none."""
    text = decision(member=ISSUER)
    signed = [Person("a", "b", "operator", member=ISSUER).sign(text.to_bytes()).to_json() for _ in range(2)]
    signatures = {"author": signed[0], "approver": signed[1], "staff": []}
    by_hand = Made(text=text.to_bytes().decode(), by_hand=True, people=1).file()._replace(code=None)
    proved = checked(by_hand._replace(signatures=signatures))
    assert proved.signed is not None and len([each for each in proved.signed.faults if "no two" in each]) == 2
    with pytest.raises(Malformed, match="by rule"):
        checked(Made().file()._replace(signatures=signatures))
