"""A gate keeps its host's list of foreign keys beside the rules: the newest, and gone with the key that signed it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from credentials.foreign.document import document_of, sign_foreign_keys
from service_kit.fetch import Fetcher
from tests.dcc import key
from tests.unit.trust_registry.client.members.test_mirror import rules_file, status_file, trusted
from tests.unit.trust_registry.published import Province, Published
from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.client.members.failure import Failure
from trust_registry.client.members.mirror import MemberMirror
from trust_registry.client.members.news import MemberNews, read_news, write_news
from trust_registry.metadata.denials import KeyDenial

NOW = 1_669_000_000
PATIENCE = 5.0
PATH = "members/CN-44/foreign-keys.jws"


def list_file(province: Province, sequence: int = 1, use: str = "rules", **changes: object) -> bytes:
    document = document_of(province.id, sequence, NOW, [key()])
    return sign_foreign_keys({**document, **changes}, province.signer(use)).encode()


class Scene:
    """Guangdong's mirror, its gate, and a round of it."""

    def __init__(self, served: Serving, folder: Path) -> None:
        self.served, self.folder, self.published = served, folder, Published(NOW)
        self.henan, self.guangdong = self.published.provinces
        self.trust = trusted(self.published)
        served.files |= self.published.files
        for province in self.published.provinces:
            served.files[f"members/{province.id}/status.cose"] = status_file(province)
            served.files[f"members/{province.id}/rules.jws"] = rules_file(province)
            served.files[f"members/{province.id}/rules/1.jws"] = rules_file(province)
        self.gate = self.another_gate()

    def another_gate(self) -> MemberMirror:
        return MemberMirror(self.folder, self.served.url, Fetcher(), "CN-44")

    def bring(self, content: bytes, number: int | None = None) -> None:
        """Lay it on the mirror; with a number the news say so."""
        self.served.files[PATH] = content
        if number is not None:
            told = {member: MemberNews(1, 1, (1,)) for member in ("CN-41", "CN-44")}
            told["CN-44"] = told["CN-44"]._replace(foreign_keys=number)
            self.served.files["news.json"] = write_news(told)

    def sync(self) -> dict[str, str]:
        found: tuple[Failure, ...] = self.gate.sync(self.trust, NOW, PATIENCE)
        return {failure.file: failure.code for failure in found if "foreign" in failure.file}

    def sequence(self) -> int | None:
        held = self.gate.state(self.trust)["CN-44"].foreign_keys
        return held.sequence if held else None


def scene_in(folder: Path, served: Serving) -> Scene:
    return Scene(served, folder)


def test_the_newest_list_is_kept_and_found_again_at_the_start(tmp_path: Path) -> None:
    """With news and without them; a gate that starts without a network has it."""
    with serving({}) as served:
        scene = scene_in(tmp_path, served)
        assert (scene.sync(), scene.sequence()) == ({}, None)
        scene.bring(list_file(scene.guangdong))
        assert (scene.sync(), scene.sequence()) == ({}, 1)
        scene.bring(list_file(scene.guangdong, 2), 2)
        assert (scene.sync(), scene.sequence()) == ({}, 2)
        assert (scene.sync(), scene.sequence()) == ({}, 2)
        again = scene.another_gate()
        again.load(scene.trust, NOW)
        state = again.state(scene.trust)["CN-44"]
        assert (state.foreign_keys and state.foreign_keys.sequence, state.foreign_keys_file) == (2, served.files[PATH])
        again.close()
        scene.gate.close()


def test_an_older_list_another_members_and_a_damaged_one_change_nothing(tmp_path: Path) -> None:
    """The mirror is believed in nothing; what was verified stays."""
    with serving({}) as served:
        scene = scene_in(tmp_path, served)
        scene.bring(list_file(scene.guangdong, 2), 2)
        assert scene.sync() == {}
        for content, code in (
            (list_file(scene.guangdong, 1), "sequence-not-newer"),
            (list_file(scene.henan, 9), "issuer-mismatch"),
            (list_file(scene.guangdong, 9, "status"), "key-use-mismatch"),
            (list_file(scene.guangdong, 9, member="CN-41"), "issuer-mismatch"),
            (list_file(scene.guangdong, 9)[:-9], "wrong-signature"),
            (b"\xff", "malformed"),
            (rules_file(scene.guangdong), "malformed"),
        ):
            scene.bring(content, 9)
            assert scene.sync()["foreign-keys.jws"] in (code, "malformed")
            assert scene.sequence() == 2
        del served.files[PATH]
        assert scene.sync() == {"foreign-keys.jws": "fetch-failed"}
        scene.gate.close()


def test_a_list_goes_with_the_key_that_signed_it(tmp_path: Path) -> None:
    """A thief of a rules key could have listed himself; and the next list may have any number."""
    with serving({}) as served:
        scene = scene_in(tmp_path, served)
        scene.bring(list_file(scene.guangdong, 2**40), 2**40)
        assert scene.sync() == {}
        stolen = scene.guangdong.signer("rules").kid
        denied = replace(scene.trust, denied={stolen: KeyDenial(stolen, 1, "stolen", NOW)})
        assert scene.gate.state(denied)["CN-44"].foreign_keys is None
        scene.gate.close()


def test_a_file_on_disk_that_does_not_hold_is_told(tmp_path: Path) -> None:
    """Whoever can write to the disk adds no key."""
    with serving({}) as served:
        scene = scene_in(tmp_path, served)
        scene.bring(list_file(scene.guangdong))
        assert scene.sync() == {}
        (tmp_path / "CN-44" / "foreign-keys.jws").write_bytes(b"rubbish")
        again = scene.another_gate()
        again.load(scene.trust, NOW)
        assert [failure.file for failure in again.failures()] == ["foreign-keys.jws"]
        assert again.state(scene.trust)["CN-44"].foreign_keys is None
        again.close()
        scene.gate.close()


def test_mirrors_of_earlier_versions_tell_nothing_of_lists() -> None:
    """A gate must go on with them."""
    told = b'{"CN-44":{"segment":1,"snapshot":1,"rules":[1]}}'
    assert read_news(told) == {"CN-44": MemberNews(1, 1, (1,), 0)}
    assert read_news(b'{"CN-44":[]}') == {}
