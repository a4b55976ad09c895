"""``record.json`` as text: proofs of a trust list in the public record, good and bad, and what each judge says of them.

A case has what a gate in a browser is given (``docs/snapshot.md``, ``trust.record``), and either the checkpoint that
the proof leads to or the code of what is wrong with it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credentials.log.checkpoint import Checkpoint
from credentials.log.keys import LOG, WITNESS, NoteSigner, signer
from credentials.log.note import Note, SignatureLine, sign_text
from credentials.log.proof import LogProof
from credentials.log.tree import leaf_hash, nodes_of, prove_inclusion, root_of
from credentials.wire.strict_json import json_bytes

AT = 1_795_000_000
DIGEST = "5f" * 32
NUMBER, SIZE = 4, 7
"""Of the leaf, and of the tree: neither whole nor at its edge."""
ABOUT = (
    "Proofs of a trust list in the public record (C2SP tlog-proof), for every judge in every language. Written by "
    "`make vectors`. The keys are public: trust them nowhere."
)
Case = dict[str, Any]


def _signer(name: str, kind: int, seed: int) -> NoteSigner:
    return signer(name, kind, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


OUR_LOG = _signer("tongxing/registry/0123456789abcdef", LOG, 1)
OTHER_LOG = _signer("tongxing/registry/0123456789abcdef", LOG, 2)
WITNESSES = [_signer(f"tongxing/CN-{number}/witness", WITNESS, number) for number in (33, 41, 44)]
POLICY = (
    f"log {OUR_LOG.key.vkey}\n"
    + "".join(f"witness W{at} {each.key.vkey} https://w{at}.example/witness\n" for at, each in enumerate(WITNESSES))
    + "group TWO 2 W0 W1 W2\nquorum TWO\n"
)
LEAF = json_bytes(
    {"at": AT, "content": {"trust_list": DIGEST, "version": 7}, "kind": "list-published", "number": NUMBER}
)


def write_record_vectors() -> str:
    """The whole file."""
    return json.dumps({"about": ABOUT, "cases": list(cases())}, ensure_ascii=False, indent=1) + "\n"


def proof(
    leaf: bytes = LEAF, log: NoteSigner = OUR_LOG, cosigned: tuple[int, ...] = (0, 1), **changes: Any
) -> LogProof:
    """The leaf below a checkpoint of this log that these witnesses cosigned."""
    leaves = [leaf_hash(leaf if number == NUMBER else b"leaf %d" % number) for number in range(SIZE)]
    node = nodes_of(leaves)
    text = Checkpoint(log.key.name, SIZE, root_of(node, SIZE)).text
    lines = [sign_text(text, log), *(sign_text(text, WITNESSES[number], AT) for number in cosigned)]
    made = LogProof(NUMBER, tuple(prove_inclusion(node, NUMBER, SIZE)), Note(text, tuple(lines)), leaf)
    return made._replace(**changes)


def case(name: str, content: bytes, code: str = "", **given: Any) -> Case:
    """One case; ``code`` empty: it holds."""
    witnesses = [{"vkey": each.key.vkey, "not_before": AT - 60, "not_after": AT + 60} for each in WITNESSES]
    record = {"digest": DIGEST, "policy": POLICY, "proof": base64.b64encode(content).decode(), "witnesses": witnesses}
    expected: dict[str, Any] = {"code": code} if code else {"origin": OUR_LOG.key.name, "size": SIZE}
    return {"name": name, "record": record | given, "expected": expected}


def cases() -> Iterator[Case]:
    """All of them, names unique."""
    good = proof()
    yield case("two of three have cosigned", good.content)
    yield case("all three have", proof(cosigned=(0, 1, 2)).content)
    yield from _signatures(good)
    yield from _counting(good)
    yield from _policies(good)
    yield from _unreadable(good)
    yield from _trees(good)
    yield from _leaves()


def _signatures(good: LogProof) -> Iterator[Case]:
    text, lines = good.note
    bad = SignatureLine(WITNESSES[2].key.name, WITNESSES[2].key.id, bytes(72))
    late = SignatureLine(WITNESSES[2].key.name, WITNESSES[2].key.id, b"\xff" * 72)
    stranger = SignatureLine("somebody.example", b"abcd", bytes(64))
    forged = SignatureLine(OUR_LOG.key.name, OUR_LOG.key.id, bytes(64))
    for name, added in (("that does not hold", bad), ("of a time that is none", late), ("of a stranger", stranger)):
        yield case(f"a line {name}, before the others", good._replace(note=Note(text, (added, *lines))).content)
    short = bad._replace(signature=b"x")
    yield case("a cosignature of one byte", good._replace(note=Note(text, (*lines, short))).content)
    yield case("one witness", proof(cosigned=(2,)).content, "quorum-missing")
    yield case("one witness twice", proof(cosigned=(2, 2)).content, "quorum-missing")
    yield case("nobody", proof(cosigned=()).content, "quorum-missing")
    yield case(
        "a second good one instead of the bad one",
        proof(cosigned=(2,))
        ._replace(note=Note(text, (lines[0], bad, *proof(cosigned=(2, 1)).note.signatures[1:])))
        .content,
    )
    yield case("not signed by the log", good._replace(note=Note(text, lines[1:])).content, "wrong-signature")
    yield case(
        "the log's line does not hold", good._replace(note=Note(text, (forged, *lines[1:]))).content, "wrong-signature"
    )
    yield case("another log's key under the same name", proof(log=OTHER_LOG).content, "wrong-signature")


def _counting(good: LogProof) -> Iterator[Case]:
    named = [{"vkey": each.key.vkey, "not_before": AT - 60, "not_after": AT} for each in WITNESSES]
    yield case("witnesses whose keys had ended", good.content, "quorum-missing", witnesses=named)
    begun = [each | {"not_before": AT, "not_after": AT + 1} for each in named]
    yield case("witnesses whose keys had just begun", good.content, witnesses=begun)
    yield case("witnesses that do not count here", good.content, "quorum-missing", witnesses=begun[:1])
    yield case("a witness named twice, once in time", good.content, witnesses=[*named, *begun])


def _policies(good: LogProof) -> Iterator[Case]:
    log = f"log {OUR_LOG.key.vkey}\n"
    yield case("no quorum", proof(cosigned=()).content, policy=f"# trial\n\n\t{log}quorum\tnone\n")
    one = f"{log}witness CN-33 {WITNESSES[0].key.vkey}\nquorum CN-33\n"
    yield case("one witness is the quorum", good.content, policy=one)
    nested = POLICY.replace("group TWO 2 W0 W1 W2\nquorum TWO", "group A any W0 W2\ngroup B all A W1\nquorum B")
    yield case("a group of a group", good.content, policy=nested)
    yield case("a group of a group, not enough", proof(cosigned=(0, 2)).content, "quorum-missing", policy=nested)
    for name, text in {
        "empty": "",
        "no last line end": POLICY[:-1],
        "no quorum line": log,
        "two quorums": f"{POLICY}quorum TWO\n",
        "an unknown line": f"x y\n{POLICY}",
        "no log": POLICY.split("\n", 1)[1],
        "a name before its line": f"{log}group G any W\nquorum G\n",
        "a name twice": one.replace("quorum", f"witness CN-33 {WITNESSES[1].key.vkey}\nquorum"),
        "a key twice": one.replace("quorum", f"witness W {WITNESSES[0].key.vkey}\nquorum"),
        "a witness's key as a log": log.replace(OUR_LOG.key.vkey, WITNESSES[0].key.vkey) + "quorum none\n",
        "a number that is not the key's": POLICY.replace(OUR_LOG.key.id.hex(), "00000000"),
        "more than its members": POLICY.replace("TWO 2", "TWO 4"),
        "a zero in front": POLICY.replace("TWO 2", "TWO 02"),
        "Arabic digits": POLICY.replace("TWO 2", "TWO \u0662"),
        "a member of two groups": POLICY.replace("quorum", "group G any W0\nquorum"),
        "a control character": POLICY.replace("# ", "").replace("group", "\x0bgroup"),
        "a carriage return": POLICY.replace("\n", "\r\n"),
        "a group called none": POLICY.replace("TWO", "none"),
        "a key of small order": log.replace(OUR_LOG.key.vkey, _small_order()) + "quorum none\n",
        "too long": "#" * 65_537 + "\n",
    }.items():
        code = "too-large" if name == "too long" else "malformed"
        yield case(f"a policy that is none: {name}", good.content, code, policy=text)


def _small_order() -> str:
    key = OUR_LOG.key._replace(public_key=bytes(32))
    return key.vkey


def _unreadable(good: LogProof) -> Iterator[Case]:
    content = good.content
    head, checkpoint = content.split(b"\n\n", 1)
    for name, data in {
        "empty": b"",
        "no proof": b"<html></html>",
        "another version": content.replace(b"@v1", b"@v2"),
        "no empty line": content.replace(b"\n\n", b"\n"),
        "no index": content.replace(b"index ", b"indax "),
        "an index with a zero in front": content.replace(b"index 4", b"index 04"),
        "a negative index": content.replace(b"index 4", b"index -4"),
        "an index beyond all": content.replace(b"index 4", b"index 9223372036854775808"),
        "a hash too short": content.replace(good_hash(good), good_hash(good)[4:]),
        "a hash without padding": content.replace(good_hash(good), good_hash(good).rstrip(b"=")),
        "no leaf": good._replace(extra=None).content,
        "not UTF-8": content.replace(b"tongxing/registry", b"tongxing/\xff\xfegistry"),
        "a control character": content.replace(b"\n7\n", b"\n7\n\x01\n"),
        "carriage returns": content.replace(b"\n", b"\r\n"),
        "no last line end": content[:-1],
        "no signature": head + b"\n\n" + checkpoint.split(b"\n\n")[0] + b"\n\n",
        "a line without a dash": content.replace("\n\u2014 tongxing/CN-33".encode(), b"\n- tongxing/CN-33"),
        "a name with a plus": content.replace("\u2014 tongxing/CN-33".encode(), "\u2014 tongxing+CN-33".encode()),
        "a signature without bytes": content + "\u2014 a AAAAAA==\n".encode(),
        "a size with a zero in front": content.replace(b"\n7\n", b"\n07\n"),
        "a checkpoint of two lines": content.replace(b"\n7\n", b" 7\n"),
        "65 signatures": content + "\u2014 a AAAAAAAA\n".encode() * 62,
        "too long": content + b"x" * 32_768,
    }.items():
        code = "too-large" if name in ("65 signatures", "too long") else "malformed"
        yield case(f"unreadable: {name}", data, code)
    yield case("64 signatures", content + "\u2014 a AAAAAAAA\n".encode() * 61)
    yield case("a further line of the checkpoint that nobody knows", _extended(good).content)


def good_hash(good: LogProof) -> bytes:
    """The first hash as it is written."""
    return base64.b64encode(good.hashes[0])


def _extended(good: LogProof) -> LogProof:
    text = good.note.text + b"more 1\n"
    lines = [sign_text(text, OUR_LOG), *(sign_text(text, each, AT) for each in WITNESSES)]
    return good._replace(note=Note(text, tuple(lines)))


def _trees(good: LogProof) -> Iterator[Case]:
    hashes = good.hashes
    for name, changed in {
        "a hash too many": good._replace(hashes=(*hashes, bytes(32))),
        "a hash too few": good._replace(hashes=hashes[:-1]),
        "another hash": good._replace(hashes=(bytes(32), *hashes[1:])),
        "two hashes changed about": good._replace(hashes=(hashes[1], hashes[0], *hashes[2:])),
        "another place": good._replace(number=5),
        "a place beyond the tree": good._replace(number=7),
        "63 hashes": good._replace(hashes=(bytes(32),) * 63),
    }.items():
        yield case(name, changed.content, "record-proof-failed")
    yield case("more than 63 hashes", good._replace(hashes=(bytes(32),) * 64).content, "too-large")


def _leaves() -> Iterator[Case]:
    for name, leaf in {
        "of another list": LEAF.replace(b"5f5f", b"6f5f", 1),
        "of another kind": LEAF.replace(b"list-published", b"draft-approved"),
        "that is no JSON": b"leaf",
        "that is a list": b"[]",
        "with a name twice": LEAF.replace(b'"kind"', b'"kind":"x","kind"'),
        "without content": b'{"content":"","kind":"list-published"}',
    }.items():
        yield case(f"a leaf {name}", proof(leaf=leaf).content, "malformed")
    changed = proof()._replace(extra=LEAF.replace(b'"version":7', b'"version":8'))
    yield case("a leaf that is not the one in the tree", changed.content, "record-proof-failed")
