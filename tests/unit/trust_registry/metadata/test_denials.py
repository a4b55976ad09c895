from __future__ import annotations

import json

import pytest

from credentials.errors import Malformed, TooLarge
from trust_registry.metadata.denials import (
    MAX_DENIALS_BYTES,
    KeyDenial,
    kid_from_text,
    read_denials,
    write_denials,
)

NOW = 1_669_000_000
KID = bytes(range(8))
DENIAL = KeyDenial(KID, 3, "compromised", NOW)


def file_of(*denied: object, **changes: object) -> bytes:
    return json.dumps({"sequence": 3, "issued_at": NOW, "denied": denied, **changes}).encode()


def test_reads_back_what_was_written() -> None:
    """The registry and every gate must mean the same keys."""
    other = KeyDenial(b"\xff" * 8, 1, "lost", NOW - 5)
    read = read_denials(write_denials(3, NOW, [other, DENIAL]))
    assert (read.sequence, read.issued_at, read.bad_entries) == (3, NOW, ())
    assert read.denied == {KID: DENIAL, other.kid: other}


def test_an_empty_list_is_a_list() -> None:
    """A registry that has denied nothing yet must still say so, signed."""
    assert read_denials(write_denials(0, NOW, [])).denied == {}


@pytest.mark.parametrize(
    "odd",
    [
        {"kid": KID.hex()},
        {"kid": KID.hex(), "sequence": "3", "reason": "Stolen!", "denied_at": 1.5},
        {"kid": KID.hex(), "sequence": -1, "reason": 4, "denied_at": None},
    ],
)
def test_a_denial_with_a_readable_kid_denies(odd: dict[str, object]) -> None:
    """Whatever is odd about the entry, a key in the denials must not go on opening gates."""
    assert read_denials(file_of(odd)).denied == {KID: KeyDenial(KID, 0, "unspecified", 0)}


@pytest.mark.parametrize("kid", [KID.hex().upper().replace("0", "A"), "00", 7, None, KID.hex() + "00"])
def test_a_denial_without_readable_kid_is_reported_and_does_not_stop_the_rest(kid: object) -> None:
    """One slip of the registry must not bring a stolen key back to life."""
    read = read_denials(file_of({"kid": kid}, "rubbish", {"kid": KID.hex()}))
    assert list(read.denied) == [KID]
    assert [text.split(":")[0] for text in read.bad_entries] == ["denial 0", "denial 1"]


@pytest.mark.parametrize(
    "data", [b"null", file_of(sequence=-1), file_of(issued_at="now"), file_of(denied=None), b'{"denied":[]}']
)
def test_a_file_that_is_no_denials_list_is_refused_whole(data: bytes) -> None:
    """It must not be taken for an empty one: that would undo every denial."""
    with pytest.raises(Malformed):
        read_denials(data)


def test_a_file_too_large_is_refused() -> None:
    """The online key is the easiest to steal; it must not fill the gates' memory."""
    with pytest.raises(TooLarge):
        read_denials(b" " * (MAX_DENIALS_BYTES + 1))


def test_what_would_not_read_back_is_not_written() -> None:
    """A denial that gates would read as another one must fail at the registry."""
    with pytest.raises(Malformed):
        write_denials(1, NOW, [DENIAL._replace(reason="Stolen!")])
    with pytest.raises(Malformed):
        write_denials(1, NOW, [DENIAL, DENIAL])


def test_kids_have_one_spelling() -> None:
    """Two spellings of one kid would let a denial miss its key."""
    assert kid_from_text("00ff00ff00ff00ff") == bytes.fromhex("00ff00ff00ff00ff")
    for text in ("00FF00FF00FF00FF", " 0ff00ff00ff00ff", "0x00ff00ff00ff00"):
        with pytest.raises(Malformed):
            kid_from_text(text)
