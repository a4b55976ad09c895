"""Attacks on how a gate comes to know whom to trust: by who has the mirror, an online key, or an officer's key."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from credentials.profile.limits import MAX_SIGNED_BYTES
from tests.doubles.clock import FixedClock
from tests.unit.trust_registry.client.members.test_mirror import rules_file
from tests.unit.trust_registry.published import HOUR
from tests.unit.trust_registry.serving import Serving, serving
from tests.unit.verifier.mirrored import HOST, MIRROR, TODAY, MirroredRegistry
from trust_registry.client.members.news import MAX_RULE_SETS
from trust_registry.client.trust.pins import MAX_PINNED_DENIALS, read_pins
from trust_registry.metadata.denials import KeyDenial
from verifier.judging.knowledge import Knowledge
from verifier.keeping.freshness import Freshness, KnowledgeSources

RULES = f"members/{HOST}/rules/1.jws"


class Gate:
    """A gate in one folder; :meth:`restart` is a new process on it."""

    def __init__(self, folder: Path, registry: MirroredRegistry, mirror: Serving) -> None:
        self.folder, self._root, self._url = folder, registry.published.trusted_root, f"{mirror.url}/mirror"
        self.knowledge = Knowledge()
        self.restart()

    def restart(self) -> None:
        place = KnowledgeSources(self.folder, self._root, self._url)
        self.freshness = Freshness(place, HOST, FixedClock(TODAY), self._learn)
        self.freshness.load()

    def _learn(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def round(self) -> set[str]:
        """The codes of what went wrong."""
        return {failure.code for failure in self.freshness.refresh()}

    @property
    def denied(self) -> set[bytes]:
        assert self.knowledge.trust is not None
        return set(self.knowledge.trust.denied)


@pytest.fixture
def registry() -> MirroredRegistry:
    return MirroredRegistry()


@pytest.fixture
def mirror(registry: MirroredRegistry) -> Iterator[Serving]:
    with serving(registry.served) as mirror:
        yield mirror


@pytest.fixture
def gate(tmp_path: Path, registry: MirroredRegistry, mirror: Serving) -> Iterator[Gate]:
    gate = Gate(tmp_path, registry, mirror)
    assert gate.round() == set()
    yield gate
    gate.freshness.stop()


def publish(registry: MirroredRegistry, at: int) -> None:
    registry.published.publish(at)
    registry.served.update({MIRROR + path: data for path, data in registry.published.files.items()})


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("ahead", [2 * HOUR, 25 * HOUR])
def test_a_time_that_was_once_ahead_hides_no_denial(
    gate: Gate, registry: MirroredRegistry, ahead: int, restarted: bool
) -> None:
    """One timestamp by a thief of the online key, or a night of a wrong clock: it must be over with the next one."""
    publish(registry, TODAY + ahead)
    assert gate.round() == set()
    kid = registry.henan.signer("credential").kid
    registry.published.deny(kid)
    publish(registry, TODAY)
    if restarted:
        gate.restart()
    assert gate.round() == set()
    assert kid in gate.denied
    assert gate.knowledge.trust is not None
    assert gate.knowledge.trust.registry_time == TODAY


def test_a_mirror_that_hides_a_root_brings_no_removed_key_back(gate: Gate, registry: MirroredRegistry) -> None:
    """The update that brought the root broke off; then the thief's timestamps go on, over restarts."""
    published = registry.published
    thief = published.online["timestamp"]
    published.root.revoke_key(thief.public_key.keyid, "timestamp")
    published.online["timestamp"] = CryptoSigner.generate_ecdsa()
    published.root.add_key(published.online["timestamp"].public_key, "timestamp")
    published.publish_root()
    published.publish()
    registry.served.update({MIRROR + path: data for path, data in published.files.items()})
    del registry.served[MIRROR + published.path("snapshot")]
    assert gate.round() == {"fetch-failed"}
    del registry.served[MIRROR + "metadata/2.root.json"]
    published.online["timestamp"] = thief
    published.publish_timestamp()
    registry.served[MIRROR + "metadata/timestamp.json"] = published.files["metadata/timestamp.json"]
    for _ in range(2):
        assert gate.round() == {"metadata-rejected"}
        gate.restart()


def made_up(count: int) -> list[KeyDenial]:
    return [KeyDenial(os.urandom(8), 1, "compromised", TODAY) for _ in range(count)]


def test_made_up_denials_do_not_fill_a_gate(gate: Gate, registry: MirroredRegistry) -> None:
    """A thief of the online keys signs list after list of kids that nobody has; the gate must start again tomorrow."""
    kid = registry.henan.signer("credential").kid
    registry.published.deny(kid)
    for _ in range(3):
        registry.published.denied[1:] = made_up(30_000)
        registry.publish()
        assert gate.round() == set()
        assert len(gate.denied) == 30_001, "each counts while it is listed"
    assert read_pins((gate.folder / "trust" / "pins.json").read_bytes()).denied.keys() == {kid}
    registry.published.denied = []
    registry.publish()
    gate.restart()
    assert gate.round() == set()
    assert gate.denied == {kid}, "a real key stays denied, whatever the thief forgets"


def test_a_memory_that_such_denials_have_filled_is_emptied(gate: Gate, registry: MirroredRegistry) -> None:
    """An earlier version kept them all and then could not read its own file: every gate said trust-missing."""
    kid = registry.henan.signer("credential").kid
    pins = gate.folder / "trust" / "pins.json"
    document = json.loads(pins.read_bytes())
    denied = [
        each._asdict() | {"kid": each.kid.hex()} for each in [*made_up(100_000), KeyDenial(kid, 1, "lost", TODAY)]
    ]
    pins.write_text(json.dumps(document | {"denied": denied}))
    assert pins.stat().st_size > 8 * 1024 * 1024
    gate.restart()
    assert gate.round() == set()
    assert kid in gate.denied
    kept = read_pins(pins.read_bytes())
    assert kept.members.keys() == {"CN-41", "CN-44"}
    assert kid in kept.denied
    assert len(kept.denied) <= MAX_PINNED_DENIALS


def garbage_of_status(size: int) -> bytes:
    return b"\xd2\x84" + bytes(size - 2)


def test_a_mirror_of_garbage_is_not_remembered(gate: Gate, registry: MirroredRegistry, mirror: Serving) -> None:
    """Without any key it can serve sixty-four rule sets a member, each at its limit: of it all only words may stay."""
    numbers = list(range(1000, 1000 + MAX_RULE_SETS))
    news = {member: {"segment": 9, "snapshot": 9, "rules": numbers} for member in ("CN-41", "CN-44")}
    registry.served[MIRROR + "news.json"] = json.dumps(news).encode()
    for member in news:
        registry.served[MIRROR + f"members/{member}/segments/2.cose"] = garbage_of_status(2**20)
        registry.served[MIRROR + f"members/{member}/status.cose"] = garbage_of_status(MAX_SIGNED_BYTES)
        for number in numbers:
            registry.served[MIRROR + f"members/{member}/rules/{number}.jws"] = b"A" * 1_000_000
    mirror.asked.clear()
    assert gate.round() >= {"malformed"}
    gc.collect()
    kept = [each for each in gc.get_objects() if isinstance(each, BaseException) and each.__traceback__ is not None]
    assert not [each for each in kept if "trust_registry/client" in str(places(each))]
    assert not [path for path in mirror.asked if "CN-41/rules" in path], "rules that do not count are not asked for"
    assert set(gate.knowledge.statuses) == {"CN-41", "CN-44"}, "what was verified before stays"


def places(error: BaseException) -> list[str]:
    found, traceback = [], error.__traceback__
    while traceback is not None:
        found.append(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    return found


@pytest.fixture
def renewed(registry: MirroredRegistry) -> MirroredRegistry:
    """Guangdong's rules key was denied, and its new one signs rule set 1 once more; caches keep the old for a year."""
    registry.served[MIRROR + RULES] = rules_file(registry.guangdong, valid_from=TODAY - HOUR)
    registry.served[MIRROR + "news.json"] = b'{"CN-44":{"segment":0,"snapshot":1,"rules":[1]}}'
    return registry


def test_a_copy_that_a_cache_keeps_too_long_is_passed_by_and_named(
    renewed: MirroredRegistry, gate: Gate, mirror: Serving
) -> None:
    """What is called immutable had changed after all: the gate must have its rules, and say what is wrong."""
    guangdong, published = renewed.guangdong, renewed.published
    mirror.cached[MIRROR + RULES] = renewed.served[MIRROR + RULES]
    published.deny(guangdong.signer("rules").kid)
    guangdong.signers = [each for each in guangdong.signers if each[0] != "rules"]
    guangdong.add_key("rules")
    guangdong.next_statement()
    renewed.publish()
    renewed.served[MIRROR + RULES] = rules_file(guangdong, valid_from=TODAY - HOUR)
    assert gate.round() == {"key-denied"}
    assert gate.knowledge.rules_at(TODAY) is not None
    (named,) = gate.freshness.failures()
    assert (named.member, named.file) == (HOST, "rules/1.jws")
    assert "past a cache" in named.detail


def test_metadata_that_a_cache_keeps_too_long_is_passed_by_and_named(
    gate: Gate, registry: MirroredRegistry, mirror: Serving
) -> None:
    """A registry that was restored signs a number anew which caches have seen; a file that was cut heals alike."""
    registry.publish()
    path = MIRROR + registry.published.path("snapshot")
    mirror.cached[path] = registry.served[path][:60]
    assert gate.round() == {"metadata-rejected"}
    (named,) = gate.freshness.failures()
    assert registry.published.path("snapshot") in named.detail
    assert gate.knowledge.trust is not None
    assert gate.knowledge.trust.versions == registry.published.versions
    assert gate.round() == set()
