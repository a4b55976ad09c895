"""The normative page and the code say the same: example, grammar, tables and limits."""

from __future__ import annotations

import base64
import json
import re
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from credentials.formats import native, presentation
from credentials.formats.native import claims
from credentials.formats.presentation import challenge
from credentials.formats.presentation.challenge import Challenge
from credentials.keys import VerificationKey, compressed_point, kid_of, public_key_from_jwk
from credentials.model import Evidence, RuleSetReference, Source, StatusCredential, StatusReference
from credentials.profile import characters, limits, lists
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status
from credentials.status import gaps, permutation, segment, snapshot
from credentials.wire import base45, cose
from tests.unit.credentials.status.chained import status_key

PAGE = (Path(__file__).parents[3] / "docs" / "wire-format.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^<!-- example: ([a-z-]+) -->\n(?:```[a-z]+\n)?(.*?)(?:```|\n\n)", PAGE, re.M | re.S))
GRAMMARS = dict(re.findall(r"^<!-- cddl: ([a-z-]+) -->\n```cddl\n(.*?)```", PAGE, re.M | re.S))
KEYS = json.loads(EXAMPLES["keys"])
ISSUER, HOLDER = public_key_from_jwk(KEYS["issuer"]), public_key_from_jwk(KEYS["holder"])
KID = bytes.fromhex(KEYS["kid"])
KEY = VerificationKey(
    KID, KEYS["member"], "ES256", "credential", limits.MIN_TIME_SECONDS, limits.MAX_TIME_SECONDS, ISSUER
)
# Published test keys: RFC 6979 appendix A.2.5, RFC 7515 appendix A.3.
ISSUER_SCALAR = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
HOLDER_SCALAR = int.from_bytes(base64.urlsafe_b64decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI="), "big")
TEXT = EXAMPLES["credential-text"].rstrip("\n")
LIVE = EXAMPLES["presentation-text"].rstrip("\n")
AT = 1795226400

CREDENTIAL = StatusCredential(
    issuer="CN-41",
    issued_at=AT,
    expires_at=AT + 86400,
    cti=bytes(range(8)),
    status=Status.GREEN,
    reason=Reason.TEST_RECENT,
    rule_set=RuleSetReference(1, 1),
    evaluated_before=0,
    evidence=(Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, AT - 72000, 410102),),
    holder_name="王**",
    document_tail="123X",
    form=Form.PHONE,
    status_reference=StatusReference(7, 678705),
    holder_key=compressed_point(HOLDER),
)


class DeterministicSigner:
    """A signer as RFC 6979 has it, so that the example can be made again."""

    algorithm = "ES256"

    def __init__(self, scalar: int, kid: bytes) -> None:
        self.kid = kid
        self._key = ec.derive_private_key(scalar, ec.SECP256R1())

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


SIGNER = DeterministicSigner(ISSUER_SCALAR, KID)


def annotated_bytes(name: str) -> bytes:
    """The bytes of a block in which two spaces part hex from its explanation."""
    return bytes.fromhex("".join(re.split(r"\s{2,}", line.strip())[0] for line in EXAMPLES[name].splitlines()))


def table(name: str) -> list[list[str]]:
    """The cells of a table, row by row, without its head."""
    lines = EXAMPLES[name].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_the_example_decodes_to_what_the_page_says() -> None:
    """Whoever writes another implementation begins with these bytes."""
    envelope = native.unwrap(TEXT)
    assert claims.decode(cose.verify(envelope, KEY)) == CREDENTIAL
    assert (envelope.kid, kid_of(KEYS["member"], ISSUER)) == (KID, KID)
    assert base45.decode(TEXT.removeprefix("TX1:")) == annotated_bytes("credential-bytes")


def test_the_example_is_made_again_to_the_last_character() -> None:
    """Deterministic encoding is a promise: the same claims give the same bytes for ever."""
    assert native.issue_text(CREDENTIAL, SIGNER) == TEXT


def test_the_live_example_is_by_the_holder() -> None:
    """The presentation of the page must verify, and carry the very credential of the page."""
    live = presentation.unwrap(LIVE)
    presentation.verify(live, HOLDER)
    assert (live.time, live.mode, live.envelope) == (AT + 3600, presentation.Mode.TIME, native.unwrap(TEXT))
    assert live.credential_hash.hex() in PAGE


def test_the_challenge_example() -> None:
    """A phone by somebody else must show the same name and sign over the same nonce."""
    text = EXAMPLES["challenge-text"].rstrip("\n")
    asked = Challenge("广东站", bytes(range(limits.NONCE_BYTES)))
    assert challenge.unwrap(text) == asked
    assert challenge.draw(asked) == text
    assert base45.decode(text.removeprefix("TXN1:")) == annotated_bytes("challenge-bytes")


def test_the_snapshot_example() -> None:
    """A second reader of withdrawals must find the same five people, and no other."""
    data = annotated_bytes("snapshot-bytes")
    read = snapshot.open(data, status_key(ISSUER, "CN-41"))
    assert (read.sequence, read.as_of, read.expires_at) == (3, AT, AT + 600)
    assert {number: list(each.withdrawn) for number, each in read.lists.items()} == {7: [3, 4, 30, 31, 90], 8: []}
    assert snapshot.seal(read, SIGNER) == data


def test_the_segment_example() -> None:
    """A second reader of the chain must come to the same state and the same link."""
    data = annotated_bytes("segment-bytes")
    read = segment.open(data, status_key(ISSUER, "CN-41"))
    assert segment.seal(read, SIGNER) == data
    assert read.digest.hex() in PAGE
    state = segment.apply(snapshot.open(annotated_bytes("snapshot-bytes"), status_key(ISSUER, "CN-41")), read)
    assert {number: list(each.withdrawn) for number, each in state.lists.items()} == {
        7: [3, 4, 5, 30, 31, 90, 1000], 8: [], 9: [],
    }  # fmt: skip


def test_the_rice_code_of_the_table() -> None:
    """The smallest parameter and the bit order are easy to get wrong by one."""
    for indices, differences, parameter, coded in table("rice"):
        positions = [int(number) for number in re.findall(r"\d+", indices)]
        gaps_given = [index - before - 1 for before, index in zip([-1, *positions], positions, strict=False)]
        assert gaps_given == [int(number) for number in re.findall(r"\d+", differences)]
        data = b"" if coded == "empty" else bytes.fromhex(coded)
        assert gaps.encode(gaps.ascending(positions)) == (int(parameter), data)


def test_the_permutation_of_the_table() -> None:
    """Another permutation would withdraw other people's codes."""
    positions = [int(cell) for cell in re.findall(r"\d+", EXAMPLES["permutation"].splitlines()[0])]
    for head, *indices in table("permutation"):
        number = int(head.removeprefix("list "))
        made = [permutation.index_of(position, number, bytes(range(32))) for position in positions]
        assert made == [int(cell) for cell in indices]


def test_the_characters_of_the_page_are_those_of_the_code() -> None:
    """Whoever writes another judge takes the ranges from the page."""
    said = re.findall(r"\b([0-9A-F]{4,6})(?:–([0-9A-F]{4,6}))?", "\n".join(codes for codes, _ in table("characters")))
    ends = [(code, code + 1) for code in range(0xFFFE, 0x110000, 0x10000)]
    assert sorted([(int(first, 16), int(last or first, 16)) for first, last in said] + ends) == sorted(
        characters.HIDDEN
    )


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    """A limit that differs by one splits the country into two formats."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\d+) \|", PAGE, re.MULTILINE)
    assert len(rows) > 20
    assert {name: getattr(limits, name) for name, _ in rows} == {name: int(value) for name, value in rows}


def test_the_largest_legal_codes_fit_their_symbols() -> None:
    """One character more and the code of somebody with a long name cannot be drawn."""
    worst = _worst_assisted()
    paper = worst._replace(form=Form.PAPER, guardian=None, holder_key=None)
    texts = {"paper": native.issue_text(paper, SIGNER), "phone or assisted": native.issue_text(worst, SIGNER)}
    holder = ec.derive_private_key(HOLDER_SCALAR, ec.SECP256R1())
    texts["live"] = presentation.present(texts["phone or assisted"], holder, AT)
    found = [[form, str(len(text))] for form, text in texts.items()]
    assert found == [row[:2] for row in table("sizes")]
    converted = worst._replace(
        status=Status.GREEN,
        decision_reference=None,
        evidence=worst.evidence[:1],
        evaluated_before=0,
        source=Source("CN-XPCC", bytes(8), 65_535, 2**20 - 1, AT),
    )
    assert len(native.issue_text(converted, SIGNER)) <= len(texts["phone or assisted"])


def _worst_assisted() -> StatusCredential:
    return CREDENTIAL._replace(
        issuer="CN-XPCC",
        status=Status.RED,
        rule_set=RuleSetReference(limits.MAX_RULE_SET, limits.MAX_RULE_SET_VERSION),
        evaluated_before=limits.MAX_EVALUATED_BEFORE_SECONDS,
        evidence=CREDENTIAL.evidence * limits.MAX_EVIDENCE,
        holder_name="W" * limits.MAX_HOLDER_NAME_BYTES,
        form=Form.ASSISTED,
        status_reference=StatusReference(limits.MAX_STATUS_LIST, limits.STATUS_LIST_SIZE - 1),
        decision_reference=bytes(limits.DECISION_REFERENCE_BYTES),
        guardian=Guardian.PARENT,
    )


@pytest.mark.parametrize(
    ("rule", "required", "optional"),
    [
        ("claims", {claims.ISS, claims.EXP, claims.IAT, claims.CTI, claims.OURS}, {claims.CNF}),
        (
            "ours",
            set(range(claims.STATUS, claims.STATUS_REFERENCE)),
            set(range(claims.STATUS_REFERENCE, claims.GUARDIAN + 1)),
        ),
    ],
)
def test_the_grammar_has_the_keys_of_the_code(rule: str, required: set[int], optional: set[int]) -> None:
    """A claim that only one of the two knows is malformed for the other."""
    body = re.search(rf"^{rule} = {{\n(.*?)^}}", GRAMMARS["claims"], re.M | re.S)
    assert body
    entries = re.findall(r"^  (\? )?(-?\d+) =>", body[1], re.MULTILINE)
    assert {int(key) for mark, key in entries if not mark} == required
    assert {int(key) for mark, key in entries if mark} == optional


@pytest.mark.parametrize("kind", [Status, Form, Reason, EvidenceKind, EvidenceResult, Guardian])
def test_the_grammar_has_the_closed_lists_of_the_code(kind: Any) -> None:
    """A number that means something else in the next province is worse than none."""
    name = re.sub(r"(?<!^)([A-Z])", r"-\1", kind.__name__).lower()
    body = re.search(rf"^{name} = &\((.*?)\)", GRAMMARS["claims"], re.M | re.S)
    assert body
    entries = re.findall(r"([a-z-]+): (\d+)", body[1])
    assert {label: int(number) for label, number in entries} == {entry.label: int(entry) for entry in kind}


def test_no_closed_list_is_left_out() -> None:
    """A list added to the model belongs into the grammar."""
    known = {kind for kind in vars(lists).values() if isinstance(kind, type) and issubclass(kind, IntEnum)}
    assert len(known - {IntEnum, lists.ClosedList}) == len(re.findall(r"= &\(", GRAMMARS["claims"]))
