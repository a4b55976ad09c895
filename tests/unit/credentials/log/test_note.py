"""Signed notes and checkpoints."""

from __future__ import annotations

import pytest

from credentials.errors import Malformed, TooLarge, WrongSignature
from credentials.log.checkpoint import Checkpoint, open_checkpoint, read_checkpoint, sign_checkpoint
from credentials.log.keys import LOG, read_vkey, signer, to_base64
from credentials.log.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    SignatureLine,
    check,
    read_note,
    read_signatures,
    sign_text,
    with_signatures,
)
from credentials.log.tree import EMPTY_ROOT
from tests.unit.credentials.log.logs import LOG_SIGNER, ORIGIN, witness

# The example of Go's own package sumdb/note (its documentation), made by another program.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAID = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
NOTE = sign_checkpoint(0, EMPTY_ROOT, LOG_SIGNER)


def test_a_note_that_another_program_made() -> None:
    """Key number, text and signature are what Go's reader has them be."""
    note = read_note(SAID)
    assert note.content == SAID
    assert list(check(note, [read_vkey(PETER)])) == [read_vkey(PETER)]


def test_lines_of_strangers_mean_nothing() -> None:
    """Anybody can add a line, under a known name too: neither believed nor a reason to refuse."""
    stranger = SignatureLine(ORIGIN, b"\0\0\0\0", b"nothing")
    longer = with_signatures(NOTE, [stranger, sign_text(NOTE.text, witness(0), 5)])
    assert read_note(longer.content) == longer
    assert set(check(longer, [LOG_SIGNER.key])) == {LOG_SIGNER.key}
    assert set(check(longer, [LOG_SIGNER.key, witness(0).key, witness(1).key])) == {LOG_SIGNER.key, witness(0).key}
    with pytest.raises(WrongSignature, match="no signature of a known key"):
        check(longer, [witness(1).key])


def test_a_known_keys_line_that_does_not_hold_refuses_the_note() -> None:
    """signed-note: the whole of it, since somebody tampered with it."""
    altered = Note(NOTE.text.replace(b"\n0\n", b"\n1\n"), NOTE.signatures)
    with pytest.raises(WrongSignature):
        check(altered, [LOG_SIGNER.key])


def test_a_second_line_of_one_key_counts_for_nothing() -> None:
    """One key is one signature, however often it stands there."""
    twice = Note(NOTE.text, (*NOTE.signatures, NOTE.signatures[0]._replace(signature=b"x" * 64)))
    assert len(check(twice, [LOG_SIGNER.key])) == 1


def test_a_new_cosignature_takes_the_place_of_the_old() -> None:
    """A checkpoint of an hour without news does not grow."""
    first = with_signatures(NOTE, [sign_text(NOTE.text, witness(0), 5)])
    second = with_signatures(first, [sign_text(NOTE.text, witness(0), 6)])
    assert len(second.signatures) == len(first.signatures) == 2
    assert second.signatures[1] != first.signatures[1]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text\n",
        b"text\n\n",
        "text\n— a AAAAAAA=\n".encode(),
        "text\n\n— a AAAAAAA=".encode(),
        b"text\n\n- a AAAAAAA=\n",
        "text\n\n— AAAAAAA=\n".encode(),
        "text\n\n— a AAAA\n".encode(),
        "text\n\n— a+b AAAAAAA=\n".encode(),
        "text\n\n— a  AAAAAAA=\n".encode(),
        "te\0xt\n\n— a AAAAAAA=\n".encode(),
        "te\rxt\n\n— a AAAAAAA=\n".encode(),
        b"text\xff\n\n",
        "text\n\n— a AAAAAAA=\nx\n".encode(),
        "text\n\n— a AAAAAAA= \n".encode(),
    ],
)
def test_what_is_no_note(content: bytes) -> None:
    """Strict, so that no two readers see two texts in one file."""
    with pytest.raises(Malformed):
        read_note(content)


def test_stray_bits_in_a_signature_are_passed_over() -> None:
    """As Go's reader does: another program's altered signature is wrong, and its request is whole."""
    assert read_note("text\n\n— a AAAAAAB=\n".encode()) == read_note("text\n\n— a AAAAAAA=\n".encode())


def test_the_last_empty_line_parts_text_and_signatures() -> None:
    """A text may hold one itself, and look like a note within a note."""
    note = read_note("one\n\n— a AAAAAAA=\n\n— a AAAAAAA=\n".encode())
    assert note.text == "one\n\n— a AAAAAAA=\n".encode()


def test_notes_are_bounded() -> None:
    """What strangers send is cut off before anything looks at it; sixteen signatures of 5 kB are still taken."""
    big = [SignatureLine("a", b"abcd", bytes(5_000))] * 16
    assert len(read_note(Note(b"text\n", tuple(big)).content).signatures) == 16
    with pytest.raises(TooLarge):
        read_note(b"a" * (MAX_NOTE_BYTES + 1))
    with pytest.raises(TooLarge):
        read_note(Note(b"text\n", (SignatureLine("a", b"abcd", b"x"),) * (MAX_SIGNATURES + 1)).content)
    with pytest.raises(Malformed):
        read_signatures("")


def test_a_checkpoint_says_origin_size_and_root() -> None:
    """And reads back as it was signed."""
    assert open_checkpoint(NOTE.content, [LOG_SIGNER.key]) == (Checkpoint(ORIGIN, 0, EMPTY_ROOT), NOTE)


def test_further_lines_are_kept() -> None:
    """Another log may have them; a witness signs them as they are."""
    said = Checkpoint("a log", 7, EMPTY_ROOT, ("more", "and more"))
    assert read_checkpoint(Note(said.text, ())) == said


def test_a_key_of_another_name_does_not_speak_for_an_origin() -> None:
    """Else each log could answer for each other."""
    other = signer("other.example/log", LOG, LOG_SIGNER.private_key)
    note = Note(NOTE.text, (sign_text(NOTE.text, other),))
    with pytest.raises(WrongSignature):
        open_checkpoint(note.content, [other.key])


@pytest.mark.parametrize(
    "text",
    [
        b"a\n1\n",
        b"a\n01\n" + b"A" * 43 + b"=\n",
        b"a\n-1\n" + b"A" * 43 + b"=\n",
        b"\n1\n" + b"A" * 43 + b"=\n",
        b"a\n1\nAAAA\n",
        b"a\n1\n" + b"A" * 43 + b"\n",
        b"a\n1\n" + b"A" * 43 + b"=\n\nx\n",
        b"a\n\n" + b"A" * 43 + b"=\n",
        b"a\n9223372036854775808\n" + b"A" * 43 + b"=\n",
        b"a\n99999999999999999999\n" + b"A" * 43 + b"=\n",
        "a\n٣\n".encode() + b"A" * 43 + b"=\n",
    ],
)
def test_what_is_no_checkpoint(text: bytes) -> None:
    """A size with a zero in front would be a second checkpoint of the same meaning."""
    with pytest.raises(Malformed):
        read_checkpoint(Note(text, ()))


def test_the_largest_size_is_one() -> None:
    """The bound itself is still within."""
    root = to_base64(EMPTY_ROOT).encode()
    assert read_checkpoint(Note(b"a\n9223372036854775807\n" + root + b"\n", ())).size == 2**63 - 1
