"""What a member may put on the mirror, and what is refused there before it reaches a gate."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.errors import (
    Conflict,
    InvalidRequest,
    IssuerMismatch,
    KeyDenied,
    KeyNotActive,
    KeyUseMismatch,
    Malformed,
    QuotaExceeded,
    SequenceNotNewer,
    TooLarge,
    UnknownKey,
    WrongSignature,
)
from credentials.recognition.document import sign_rule_set
from credentials.recognition.template import template
from credentials.signing import PemSigner
from credentials.status.snapshot import StatusList, StatusSnapshot, seal
from credentials.status.token import StatusToken, make_token
from tests.doubles.writers import Stopped
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from trust_registry import member_files, shelf
from trust_registry.denials import deny, sign_request
from trust_registry.storage.ports import MemberFileRecord

DAY = 24 * 3600


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[FoundedRegistry]:
    with FoundedRegistry(tmp_path) as registry:
        registry.enrol("CN-41", "CN-44")
        yield registry


def signer_for(registry: FoundedRegistry, use: str, member: str = "CN-41") -> PemSigner:
    province = registry.province(member)
    return province.signer(next(key.kid for key in province.state().keys if key.use == use))


def status(
    registry: FoundedRegistry,
    sequence: int,
    *,
    use: str = "status",
    member: str = "CN-41",
    owner: str = "",
    head: bytes = bytes(32),
    lists: dict[int, StatusList] | None = None,
    as_of: int = NOW,
) -> bytes:
    if lists is None:
        lists = {0: StatusList.of(0, NOW + DAY, [1, 5])}
    snapshot = StatusSnapshot(member, sequence, as_of, as_of + 3600, lists, head)
    return seal(snapshot, signer_for(registry, use, owner or member))


def token(registry: FoundedRegistry, subject: str, issued_at: int = NOW) -> bytes:
    content = StatusToken(subject, issued_at, issued_at + DAY, 300, array("I", [7]))
    return make_token(content, signer_for(registry, "status")).encode()


def rules(registry: FoundedRegistry) -> bytes:
    return sign_rule_set(template("CN-41", 48), signer_for(registry, "rules")).encode()


def put_status(registry: FoundedRegistry, content: bytes, member: str = "CN-41", now: int = NOW) -> MemberFileRecord:
    publication = registry.publication
    return member_files.accept_status(publication.storage, publication.mirror, member, content, now)


def put_token(registry: FoundedRegistry, number: int, content: bytes) -> MemberFileRecord:
    publication = registry.publication
    return member_files.accept_token_list(publication.storage, publication.mirror, "CN-41", number, content, NOW)


def test_status_is_put_and_replaced_by_newer_only(registry: FoundedRegistry) -> None:
    """An old status served again would bring withdrawn codes back to life."""
    first, second = status(registry, 1), status(registry, 2)
    assert put_status(registry, first).sequence == 1
    assert put_status(registry, second).sequence == 2
    assert registry.mirror.read("members/CN-41/status.cose") == second
    with pytest.raises(SequenceNotNewer):
        put_status(registry, first)
    assert registry.mirror.read("members/CN-41/status.cose") == second


def test_retry_of_the_same_file_is_taken(registry: FoundedRegistry) -> None:
    """A member whose answer was lost sends it again; another file under the same sequence is a fork."""
    content = status(registry, 1)
    assert put_status(registry, content) == put_status(registry, content, now=NOW + 5)
    assert put_status(registry, status(registry, 1)).received_at == NOW
    with pytest.raises(Conflict):
        put_status(registry, status(registry, 1, lists={}))


@pytest.mark.parametrize(
    ("changes", "member", "error"),
    [
        ({"use": "rules"}, "CN-41", KeyUseMismatch),
        ({"owner": "CN-44"}, "CN-41", IssuerMismatch),
        ({}, "CN-44", IssuerMismatch),
        ({}, "CN-33", IssuerMismatch),
        ({"member": "CN-44", "owner": "CN-41"}, "CN-41", IssuerMismatch),
    ],
)
def test_only_the_members_own_status_key_counts(
    registry: FoundedRegistry, changes: dict[str, str], member: str, error: type[Exception]
) -> None:
    """A member who writes another's withdrawals could blacken a whole province (hcert-spec #52)."""
    with pytest.raises(error):
        put_status(registry, status(registry, 1, **changes), member)


def test_tampered_and_oversize_files_are_refused(registry: FoundedRegistry) -> None:
    """Garbage ends before it costs anything, and a flipped bit is seen."""
    content = status(registry, 1)
    with pytest.raises(WrongSignature):
        put_status(registry, content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(Malformed):
        put_status(registry, b"garbage")
    with pytest.raises(TooLarge):
        put_status(registry, bytes(member_files.MAX_STATUS_FILE_BYTES + 1))


def test_unknown_inactive_and_denied_keys_are_refused(registry: FoundedRegistry) -> None:
    """The registry's list decides who may publish, and when."""
    stranger = FoundedRegistry(registry.folder.parent / "elsewhere")
    with pytest.raises(UnknownKey):
        put_status(registry, status(stranger, 1))
    with pytest.raises(KeyNotActive):
        put_status(registry, status(registry, 1), now=NOW + 400 * DAY)
    kid = signer_for(registry, "status").kid.hex()
    _deny(registry, kid)
    with pytest.raises(KeyDenied):
        put_status(registry, status(registry, 1))


def test_thief_of_a_status_key_cannot_block_the_member_for_ever(registry: FoundedRegistry) -> None:
    """A stolen key publishes the highest sequence; once it is denied the member's next file must count."""
    put_status(registry, status(registry, 2**50))
    province = registry.province()
    old = signer_for(registry, "status").kid.hex()
    _deny(registry, old)
    province.drop_key(old)
    province.add_key("status", NOW)
    registry.enrol("CN-41")
    assert put_status(registry, status(registry, 7)).sequence == 7


def test_rules_are_put(registry: FoundedRegistry) -> None:
    """Gates of the member judge by them."""
    compact = rules(registry)
    publication = registry.publication
    record = member_files.accept_rules(publication.storage, publication.mirror, "CN-41", compact, NOW)
    assert (record.name, record.sequence) == ("rules.jws", 1)
    assert registry.mirror.read("members/CN-41/rules.jws") == compact


def test_token_lists_are_bound_to_their_number(registry: FoundedRegistry) -> None:
    """Else anybody could lay one list of a member over another and revive its codes."""
    uri = f"{AUDIENCE}/mirror/members/CN-41/token-status-lists"
    assert put_token(registry, 3, token(registry, f"{uri}/3.jwt")).name == "token-status-lists/3.jwt"
    assert put_token(registry, 4, token(registry, f"{uri}/4")).sequence == NOW
    with pytest.raises(Malformed, match="number"):
        put_token(registry, 5, token(registry, f"{uri}/3.jwt", NOW + 1))
    with pytest.raises(SequenceNotNewer):
        put_token(registry, 3, token(registry, f"{uri}/3.jwt", NOW - 1))
    with pytest.raises(Malformed):
        put_token(registry, 3, "令牌".encode())
    with pytest.raises(InvalidRequest):
        put_token(registry, 65_536, token(registry, f"{uri}/65536.jwt"))


def test_quota(registry: FoundedRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """One member must not fill the mirror, and with it every gate's disk."""
    put_status(registry, status(registry, 1))
    put_status(registry, status(registry, 2))
    monkeypatch.setattr(shelf, "MAX_FILES", 1)
    with pytest.raises(QuotaExceeded):
        put_token(registry, 3, token(registry, "https://registry.example/3"))
    put_status(registry, status(registry, 3))
    monkeypatch.setattr(shelf, "MAX_MEMBER_BYTES", 10)
    with pytest.raises(QuotaExceeded):
        put_status(registry, status(registry, 4))


def test_stop_before_the_write_loses_nothing(registry: FoundedRegistry) -> None:
    """A process killed while a member publishes: the old file stands, and the retry is taken (case 47)."""
    first, second = status(registry, 1), status(registry, 2)
    put_status(registry, first)
    registry.writer.stop_before = 0
    with pytest.raises(Stopped):
        put_status(registry, second)
    assert registry.mirror.read("members/CN-41/status.cose") == first
    registry.writer.stop_before = None
    assert put_status(registry, second).sequence == 2


def _deny(registry: FoundedRegistry, kid: str) -> None:
    request = sign_request(registry.province().root_signer(), kid, "compromised", AUDIENCE, NOW)
    deny(registry.publication, request, NOW)
