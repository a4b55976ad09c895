"""The rules by which a member decides stand on the mirror version by version, and none can be slipped in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from credentials.decisions.rules.document import sign_status_rules
from credentials.decisions.rules.template import template
from credentials.errors import (
    ChainForked,
    Conflict,
    IssuerMismatch,
    KeyDenied,
    KeyUseMismatch,
    Malformed,
    RuleSetInvalid,
    SequenceNotNewer,
)
from credentials.recognition.authoring.template import template as gate_rules
from credentials.recognition.document import sign_rule_set
from credentials.recognition.reading import digest_of
from credentials.wire import jws
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from tests.unit.trust_registry.mirror.test_member_files import rules, signer_for
from trust_registry.mirror import member_files
from trust_registry.mirror.member_files import MAX_RULE_SETS_KEPT
from trust_registry.mirror.stocktaking import take_stock
from trust_registry.publishing.denials import deny, sign_request
from trust_registry.repository.in_force import in_force
from trust_registry.storage.ports import MemberFileRecord


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[FoundedRegistry]:
    with FoundedRegistry(tmp_path) as registry:
        registry.enrol("CN-41", "CN-44")
        yield registry


def document(sequence: int, previous: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    digest = None if previous is None else digest_of(previous)
    return template("CN-41", version=sequence + 1, sequence=sequence, previous=digest) | changes


def chain(length: int) -> list[dict[str, Any]]:
    documents = [document(1)]
    while len(documents) < length:
        documents.append(document(len(documents) + 1, documents[-1]))
    return documents


def put(
    registry: FoundedRegistry, content: dict[str, Any] | bytes, number: int = 0, use: str = "rules"
) -> MemberFileRecord:
    publication = registry.publication
    if isinstance(content, dict):
        number = number or content["sequence"]
        content = sign_status_rules(content, signer_for(registry, use)).encode()
    return member_files.accept_status_rules(publication.storage, publication.mirror, "CN-41", number, content, NOW)


def test_each_version_follows_the_one_before_it(registry: FoundedRegistry) -> None:
    """By what a colour was decided can be read by everybody, in order; the same file again is no second one."""
    first, second = chain(2)
    put(registry, first)
    assert put(registry, second) == put(registry, second)
    assert registry.mirror.read("members/CN-41/status-rules/2.jws")
    with pytest.raises(Conflict):
        put(registry, second | {"valid_until": NOW})
    with pytest.raises(Conflict):
        put(registry, first | {"comment": "another"})


def test_one_that_comes_before_what_is_held_is_not_taken(registry: FoundedRegistry) -> None:
    """Somebody who replays an old version brings nothing back."""
    put(registry, document(7, document(6)))
    with pytest.raises(SequenceNotNewer):
        put(registry, document(6, document(5)))


@pytest.mark.parametrize("wrong", [document(2, document(1, comment="other")), document(3, document(2, document(1)))])
def test_what_follows_something_else_is_a_fork(registry: FoundedRegistry, wrong: dict[str, Any]) -> None:
    """A gap, or a version that names another before it: two histories must not pass for one."""
    put(registry, document(1))
    with pytest.raises(ChainForked):
        put(registry, wrong)


def test_only_signed_by_the_members_rules_key_under_its_own_type_and_number(registry: FoundedRegistry) -> None:
    """Rules of gates are signed by the same key, and must not decide about anybody."""
    with pytest.raises(KeyUseMismatch):
        put(registry, document(1), use="status")
    with pytest.raises(Malformed, match="typ"):
        put(registry, rules(registry), number=1)
    with pytest.raises(Malformed, match="number"):
        put(registry, document(1), number=2)
    with pytest.raises(IssuerMismatch):
        put(registry, document(1, member="CN-44"))
    bad = jws.sign(document(1) | {"previous": 7}, signer_for(registry, "rules"), "tongxing-status-rules+jws")
    with pytest.raises(RuleSetInvalid):
        put(registry, bad.encode(), number=1)


def test_what_a_thief_put_at_the_end_goes_with_the_key(registry: FoundedRegistry) -> None:
    """Who stole the key could else block the chain for ever: the member goes on with its next key."""
    put(registry, document(7, document(6)))
    province, old = registry.province(), signer_for(registry, "rules").kid.hex()
    request = sign_request(province.root_signer(), old, "compromised", AUDIENCE, NOW)
    deny(registry.publication, request, NOW)
    with pytest.raises(KeyDenied):
        put(registry, document(8, document(7, document(6))))
    province.drop_key(old)
    province.add_key("rules", NOW)
    registry.enrol("CN-41")
    put(registry, document(1))
    assert registry.mirror.read("members/CN-41/status-rules/7.jws") is None


def test_old_versions_make_room_and_rules_of_gates_are_left_alone(registry: FoundedRegistry) -> None:
    """The mirror keeps what anybody may still ask about, and stocktaking finds nothing wrong with it."""
    publication = registry.publication
    gates = sign_rule_set(gate_rules("CN-41", 48), signer_for(registry, "rules")).encode()
    member_files.accept_rules(publication.storage, publication.mirror, "CN-41", gates, NOW)
    for each in chain(MAX_RULE_SETS_KEPT + 3):
        put(registry, each)
    with publication.storage.reading() as records:
        trust = in_force(records).trust
        names = {each.name for each in records.member_files.all() if each.name.startswith("status-rules/")}
    assert names == {f"status-rules/{number}.jws" for number in range(3, MAX_RULE_SETS_KEPT + 4)}
    assert take_stock(publication.storage, publication.mirror, trust, NOW, deep=True) == []
    assert publication.mirror.news()["CN-41"].rules == (1,)
