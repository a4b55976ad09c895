from __future__ import annotations

import base64
import random
import zlib
from array import array
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import (
    AlgorithmMismatch,
    IssuerMismatch,
    Malformed,
    StatusReferenceInvalid,
    TooLarge,
    WrongSignature,
)
from credentials.keys import kid_of, new_private_key
from credentials.profile.limits import MAX_STATUS_TOKEN_CHARACTERS, STATUS_LIST_SIZE
from credentials.signing import PemSigner
from credentials.status.bits import from_bits
from credentials.status.token import (
    TYP,
    StatusToken,
    deflate_list,
    inflate_list,
    make_token,
    read_token,
    unwrap_token,
)
from credentials.wire import jws

PRIVATE_KEY = new_private_key()
PUBLIC_KEY = PRIVATE_KEY.public_key()
SIGNER = PemSigner(PRIVATE_KEY, kid_of("CN-44", PUBLIC_KEY))
SUBJECT = "https://status.example/CN-44/3"
NOW = 1_660_000_000
TOKEN = StatusToken(SUBJECT, NOW, NOW + 86_400, 300, array("I", [0, 5, STATUS_LIST_SIZE - 1]))

# draft-ietf-oauth-status-list-21 section 4.2, and its appendix C.1: a list of 2^20.
SECTION_4_2 = "eNrbuRgAAhcBXQ"
APPENDIX_C_1 = (
    "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogE"
    "AAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAA"
    "A7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAA"
    "ACAZC8L2AEb"
)
APPENDIX_C_1_SET = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]


def read(compact: str) -> StatusToken:
    return read_token(unwrap_token(compact), PUBLIC_KEY, SUBJECT)


def signed(changes: dict[str, Any], typ: str = TYP) -> str:
    """A token with other claims, under a signature that holds. None takes a claim away."""
    claims = {
        "sub": SUBJECT,
        "iat": NOW,
        "exp": NOW + 60,
        "ttl": 60,
        "status_list": {"bits": 1, "lst": SECTION_4_2},
        **changes,
    }
    return jws.sign({name: value for name, value in claims.items() if value is not None}, SIGNER, typ)


def test_the_example_of_section_4() -> None:
    """Whoever reads the standard must read our lists, and we theirs."""
    assert inflate_list(SECTION_4_2) == bytes.fromhex("b9a3")
    assert deflate_list(bytes.fromhex("b9a3")) == SECTION_4_2


def test_the_vector_of_appendix_c() -> None:
    """The draft's list of 2^20, our own capacity, index for index."""
    bits = inflate_list(APPENDIX_C_1)
    assert len(bits) == STATUS_LIST_SIZE // 8
    assert list(from_bits(bits)) == APPENDIX_C_1_SET


@given(st.sets(st.integers(0, STATUS_LIST_SIZE - 1), max_size=20))
def test_an_outsider_reads_what_was_published(indices: set[int]) -> None:
    """The token must carry the same bits as the snapshot, no more and no fewer."""
    token = TOKEN._replace(withdrawn=array("I", sorted(indices)))
    assert read(make_token(token, SIGNER)) == token


def test_a_plain_jwt_library_reads_it() -> None:
    """Outsiders have no code of ours: what PyJWT sees must be the standard's names and types."""
    compact = make_token(TOKEN, SIGNER)
    claims = jwt.decode(compact, PUBLIC_KEY, algorithms=["ES256"], options={"verify_exp": False})
    status_list = claims.pop("status_list")
    assert claims == {"sub": SUBJECT, "iat": NOW, "exp": NOW + 86_400, "ttl": 300}
    assert status_list["bits"] == 1
    bits = zlib.decompress(base64.urlsafe_b64decode(status_list["lst"] + "=="))
    assert (len(bits), bits[0], bits[-1]) == (STATUS_LIST_SIZE // 8, 0b100001, 0b10000000)
    assert jwt.get_unverified_header(compact) == {"alg": "ES256", "typ": TYP, "kid": SIGNER.kid.hex()}


def test_the_kid_is_known_before_the_signature() -> None:
    """The reader must find the key, and believe nothing else yet."""
    assert unwrap_token(make_token(TOKEN, SIGNER)).kid == SIGNER.kid.hex()


def test_another_key_is_refused() -> None:
    """What a mirror makes up must not count."""
    envelope = unwrap_token(make_token(TOKEN, SIGNER))
    with pytest.raises(WrongSignature):
        read_token(envelope, new_private_key().public_key(), SUBJECT)


def test_another_list_is_refused() -> None:
    """The token of list 4 under the address of list 3 would show other people's bits."""
    with pytest.raises(IssuerMismatch):
        read(signed({"sub": "https://status.example/CN-44/4"}))


def test_another_kind_of_jwt_is_refused() -> None:
    """Anything else that this key signs must not pass for a status list (RFC 8725 section 3.11)."""
    with pytest.raises(Malformed):
        read(signed({}, typ="JWT"))


def test_alg_none_is_refused() -> None:
    """The oldest attack on JWT."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","kid":"00","typ":"statuslist+jwt"}').decode()
    payload = make_token(TOKEN, SIGNER).split(".")[1]
    with pytest.raises(AlgorithmMismatch):
        read(f"{header.rstrip('=')}.{payload}.")


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": 3},
        {"sub": "x" * 2049},
        {"iat": None},
        {"iat": float(NOW)},
        {"iat": str(NOW)},
        {"iat": NOW * 1000},
        {"exp": None},
        {"exp": NOW},
        {"exp": True},
        {"ttl": None},
        {"ttl": 0},
        {"ttl": -1},
        {"status_list": None},
        {"status_list": [1, SECTION_4_2]},
        {"status_list": {"bits": 2, "lst": SECTION_4_2}},
        {"status_list": {"bits": 1.0, "lst": SECTION_4_2}},
        {"status_list": {"bits": True, "lst": SECTION_4_2}},
        {"status_list": {"lst": SECTION_4_2}},
        {"status_list": {"bits": 1}},
        {"status_list": {"bits": 1, "lst": 7}},
        {"status_list": {"bits": 1, "lst": ""}},
        {"status_list": {"bits": 1, "lst": SECTION_4_2[:-2]}},
        {"status_list": {"bits": 1, "lst": SECTION_4_2 + "=="}},
        {"status_list": {"bits": 1, "lst": SECTION_4_2[:-1] + "R"}},
        {"status_list": {"bits": 1, "lst": APPENDIX_C_1.replace("_", "/")}},
        {"status_list": {"bits": 1, "lst": "通行"}},
    ],
)
def test_odd_claims_are_malformed(changes: dict[str, Any]) -> None:
    """Floats, numbers in quotes, two bits an index, sloppy base64url: some would read them (cases 8, 10)."""
    with pytest.raises(Malformed):
        read(signed(changes))


def test_a_bomb_is_refused() -> None:
    """One bit array more than the capacity, or a thousand: the cap binds while inflating."""
    for length in (STATUS_LIST_SIZE // 8 + 1, 64 * STATUS_LIST_SIZE):
        with pytest.raises(TooLarge):
            read(signed({"status_list": {"bits": 1, "lst": deflate_list(bytes(length))}}))


def test_the_fullest_token_fits_its_limit() -> None:
    """A list that does not compress at all must still be publishable; a longer text is not looked at."""
    half = from_bits(random.Random(3).randbytes(STATUS_LIST_SIZE // 8))
    compact = make_token(TOKEN._replace(withdrawn=half), SIGNER)
    assert len(compact) < MAX_STATUS_TOKEN_CHARACTERS
    with pytest.raises(TooLarge):
        unwrap_token("x" * (MAX_STATUS_TOKEN_CHARACTERS + 1))


@pytest.mark.parametrize("wrong", [{"ttl": 0}, {"expires_at": NOW}, {"subject": ""}, {"issued_at": 0}])
def test_the_issuer_cannot_sign_what_readers_refuse(wrong: dict[str, Any]) -> None:
    """A mistake must show where it is made."""
    with pytest.raises(Malformed):
        make_token(TOKEN._replace(**wrong), SIGNER)


def test_an_index_outside_cannot_be_signed() -> None:
    """The bit past the end is nobody's."""
    with pytest.raises(StatusReferenceInvalid):
        make_token(TOKEN._replace(withdrawn=array("I", [STATUS_LIST_SIZE])), SIGNER)
