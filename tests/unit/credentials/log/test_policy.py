"""Policies: whose signatures make a checkpoint count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import Malformed, QuorumMissing, TooLarge, WrongSignature
from credentials.log.checkpoint import sign_checkpoint
from credentials.log.keys import LOG, signer
from credentials.log.note import Note, SignatureLine, sign_text, with_signatures
from credentials.log.policy import MAX_POLICY_BYTES, WitnessPolicy, check_policy, is_as_strict, read_policy
from credentials.log.tree import EMPTY_ROOT
from tests.unit.credentials.log.logs import LOG_SIGNER, ORIGIN, witness

LOG_LINE = f"log {LOG_SIGNER.key.vkey}\n"
NOTE = sign_checkpoint(0, EMPTY_ROOT, LOG_SIGNER)
WITNESSES = "".join(f"witness W{n} {witness(n).key.vkey} https://w{n}.example/\n" for n in range(6))
TWO_LEVELS = (
    f"# an example\n\n \t\n{LOG_LINE}{WITNESSES}group X 2 W0 W1 W2\n"
    "group\tY any W3 W4  W5 \ngroup XY all X Y\nquorum XY\n"
)


def policy(text: str) -> WitnessPolicy:
    return read_policy(text.encode())


def cosigned(*numbers: int) -> Note:
    return with_signatures(NOTE, (sign_text(NOTE.text, witness(n), 1_660_000_000) for n in numbers))


@given(st.sets(st.integers(0, 5)))
def test_a_quorum_of_two_levels(numbers: set[int]) -> None:
    """Two of X and one of Y, as the specification's own example says."""
    enough = len(numbers & {0, 1, 2}) >= 2 and bool(numbers & {3, 4, 5})
    try:
        checkpoint = check_policy(policy(TWO_LEVELS), cosigned(*numbers))
    except QuorumMissing:
        assert not enough
    else:
        assert enough and (checkpoint.origin, checkpoint.size) == (ORIGIN, 0)


def test_no_quorum_asks_for_the_log_alone() -> None:
    """At founding there is no witness yet; strangers' lines change nothing."""
    assert check_policy(policy(f"{LOG_LINE}quorum none\n"), cosigned(0)).size == 0
    assert policy(TWO_LEVELS).witnesses[b"W0"].url == "https://w0.example/"


def test_one_witness_can_be_the_quorum() -> None:
    """And another is not it."""
    said = policy(f"{LOG_LINE}{WITNESSES}quorum W1\n")
    check_policy(said, cosigned(1))
    with pytest.raises(QuorumMissing, match="1 of the policy's witnesses"):
        check_policy(said, cosigned(0))


def test_a_log_that_the_policy_does_not_name_is_none() -> None:
    """However many witnesses vouch for its history."""
    other = signer("other.example/log", LOG, witness(9).private_key)
    with pytest.raises(WrongSignature):
        check_policy(policy(TWO_LEVELS), sign_checkpoint(0, EMPTY_ROOT, other))


def test_a_cosignature_that_does_not_hold_counts_for_nothing_and_stops_nobody() -> None:
    """Whoever carries a checkpoint can add a line under any name: before or after a good one of the same witness."""
    wrong = SignatureLine(witness(0).key.name, witness(0).key.id, bytes(72))
    short = SignatureLine(witness(1).key.name, witness(1).key.id, b"x")
    assert check_policy(policy(TWO_LEVELS), with_signatures(cosigned(1, 2, 3), [wrong])).size == 0
    good = cosigned(0, 1, 3)
    assert check_policy(policy(TWO_LEVELS), Note(good.text, (wrong, short, *good.signatures, wrong))).size == 0
    with pytest.raises(QuorumMissing):
        check_policy(policy(TWO_LEVELS), with_signatures(cosigned(2, 3), [wrong]))


def quorum_of(least: str, *numbers: int) -> WitnessPolicy:
    return policy(f"{LOG_LINE}{WITNESSES}group G {least} {' '.join(f'W{n}' for n in numbers)}\nquorum G\n")


NESTED = policy(f"{LOG_LINE}{WITNESSES}group X any W0 W1\ngroup Y any W2 W3\ngroup Z all X Y\nquorum Z\n")
NONE = policy(f"{LOG_LINE}quorum none\n")


@pytest.mark.parametrize(
    ("new", "old", "is_stricter"),
    [
        (NONE, NONE, True),
        (quorum_of("any", 0), NONE, True),
        (NONE, quorum_of("any", 0), False),
        (quorum_of("3", 0, 1, 2), quorum_of("2", 0, 1, 2), True),
        (quorum_of("2", 0, 1, 2), quorum_of("3", 0, 1, 2), False),
        (quorum_of("2", 0, 1), quorum_of("2", 0, 1, 2), True),
        (quorum_of("2", 0, 1, 2, 3), quorum_of("2", 0, 1, 2), False),
        (quorum_of("3", 0, 1, 2, 3), quorum_of("2", 0, 1, 2), True),
        (quorum_of("2", 3, 4, 5), quorum_of("2", 0, 1, 2), False),
        (policy(f"{LOG_LINE}{WITNESSES}quorum W0\n"), quorum_of("any", 0, 1), True),
        (quorum_of("any", 0, 1), policy(f"{LOG_LINE}{WITNESSES}quorum W0\n"), False),
        (NESTED, quorum_of("2", 0, 1, 2, 3), True),
        (quorum_of("3", 0, 1, 2, 3), NESTED, True),
        (quorum_of("2", 0, 1, 2, 3), NESTED, False),
        (NESTED, NESTED, True),
    ],
)
def test_what_is_at_least_as_strict(new: WitnessPolicy, old: WitnessPolicy, is_stricter: bool) -> None:
    """More of the same witnesses, or fewer to choose from, is stricter; others, or more to choose from, is not."""
    assert is_as_strict(new, old) is is_stricter


@given(*[st.tuples(st.integers(1, 4), st.sets(st.integers(0, 5), min_size=1, max_size=4))] * 2)
def test_stricter_is_what_every_set_of_signers_says(a: tuple[int, set[int]], b: tuple[int, set[int]]) -> None:
    """By trying all 64 sets of six witnesses."""
    (least, members), (other_least, other_members) = [(min(k, len(m)), m) for k, m in (a, b)]
    new, old = quorum_of(str(least), *members), quorum_of(str(other_least), *other_members)
    sets = [{n for n in range(6) if bits >> n & 1} for bits in range(64)]
    follows = all(len(s & other_members) >= other_least for s in sets if len(s & members) >= least)
    assert is_as_strict(new, old) is follows


def test_another_log_is_never_stricter() -> None:
    """Whoever may say which log counts says whose history does."""
    other = policy(f"log {signer(ORIGIN, LOG, witness(9).private_key).key.vkey}\nquorum none\n")
    both = policy(f"{LOG_LINE}log {other.logs[0].key.vkey}\nquorum none\n")
    assert not is_as_strict(other, NONE)
    assert not is_as_strict(both, NONE)
    assert is_as_strict(NONE, both)


W0, W1 = (f"witness W{n} {witness(n).key.vkey}\n" for n in (0, 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none",
        "\n",
        LOG_LINE,
        "quorum W0\n",
        "quorum none\nquorum none\n",
        "quorum\n",
        "quorum none x\n",
        f"{LOG_LINE}{LOG_LINE}quorum none\n",
        f"{W0}{W0}quorum none\n",
        f"{W0}{W0.replace('W0', 'W9')}quorum none\n",
        f"log {witness(0).key.vkey}\nquorum none\n",
        f"witness W0 {LOG_SIGNER.key.vkey}\nquorum none\n",
        "log\nquorum none\n",
        f"{LOG_LINE[:-1]} a b\nquorum none\n",
        f"{W0}group W0 any W0\nquorum none\n",
        f"{W0}group none any W0\nquorum none\n",
        f"{W0}group G any W1\nquorum none\n",
        f"{W0}group G any W0 W0\nquorum none\n",
        "group G any\nquorum none\n",
        "group G\n",
        "group\n",
        f"{W0}group G 0 W0\nquorum none\n",
        f"{W0}group G 2 W0\nquorum none\n",
        f"{W0}group G 01 W0\nquorum none\n",
        f"{W0}group G all none\nquorum none\n",
        f"{W0}group G any W0\ngroup H any W0\nquorum none\n",
        "Quorum none\n",
        f"{W0}group G 1111 W0\nquorum none\n",
        "quorum G\ngroup G any W0\n",
        "quorum none\r\n",
        "quorum none\0\n",
        "quorum none\x7f\n",
        "log a+33d7b496+AA==\nquorum none\n",
        f"log {'a' * 600}\nquorum none\n",
        f"{LOG_LINE[:-1]} {'u' * 2049}\nquorum none\n",
        f"witness none {witness(0).key.vkey}\nquorum none\n",
        "witness\nquorum none\n",
    ],
)
def test_what_is_no_policy(text: str) -> None:
    """A policy that is read in two ways is two policies."""
    with pytest.raises(Malformed):
        policy(text)


def test_names_are_octets() -> None:
    """A Kelvin sign is no K, and a name that is no UTF-8 is one; a vkey must be."""
    key = witness(0).key.vkey.encode()
    said = read_policy(b"witness \xff " + key + b"\nquorum \xff\n")
    assert list(said.witnesses) == [b"\xff"]
    with pytest.raises(Malformed, match="defines"):
        read_policy(b"witness K " + key + b"\nquorum \xe2\x84\xaa\n")
    with pytest.raises(Malformed, match="UTF-8"):
        read_policy(b"log \xff\nquorum none\n")


def test_policies_are_bounded() -> None:
    """At least 32 of each are taken, as the specification asks, and no endless file."""
    keys = [signer(f"log-{n}.example", LOG, witness(n).private_key).key.vkey for n in range(65)]
    many = "".join(f"witness W{n} {witness(n).key.vkey}\n" for n in range(129))
    groups = "".join(f"group G{n} any W{n}\n" for n in range(65))
    logs = "".join(f"log {key}\n" for key in keys)
    assert len(policy(logs.rsplit("\n", 2)[0] + "\nquorum none\n").logs) == 64
    for text in (logs, many, many.rsplit("\n", 2)[0] + "\n" + groups):
        with pytest.raises(Malformed, match="at most"):
            policy(text + "quorum none\n")
    with pytest.raises(TooLarge):
        read_policy(b"#" * (MAX_POLICY_BYTES + 1))
