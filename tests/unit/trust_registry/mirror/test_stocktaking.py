"""The database lost, the mirror lost, either restored, a file damaged: what heals by itself, and what is named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select

from credentials.errors import MetadataRejected, SegmentMissing, SequenceNotNewer, StoreBehind
from credentials.recognition.authoring.template import template
from credentials.recognition.document import sign_rule_set
from service_kit.storage.database import transaction
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from tests.unit.trust_registry.mirror.test_member_files import Chain, put_status, put_token, signer_for, status, token
from trust_registry.app import mend
from trust_registry.client.members.news import MemberNews, read_news
from trust_registry.client.trust.repository import MirrorFiles, version_of
from trust_registry.mirror import member_files
from trust_registry.mirror.stocktaking import Damage, advice, take_stock
from trust_registry.publishing.denials import deny, sign_request
from trust_registry.publishing.lint import lint
from trust_registry.publishing.publication import Publication
from trust_registry.repository.in_force import in_force
from trust_registry.storage import tables

pytestmark = pytest.mark.enrolled("CN-41", "CN-44")

CUT = 60
URI = f"{AUDIENCE}/mirror/members/CN-41/token-status-lists"


@pytest.fixture
def chain(registry: FoundedRegistry) -> Chain:
    """Henan with a snapshot at 2, segments up to 4, a rule set and a token list."""
    chain = Chain(registry)
    chain.put(chain.told.segments[0])
    chain.put(chain.told.next(5))
    chain.put_snapshot()
    chain.put(chain.told.next(6))
    chain.put(chain.told.next(7))
    put_rules(registry)
    put_token(registry, 3, token(registry, f"{URI}/3.jwt"))
    return chain


def put_rules(registry: FoundedRegistry, hours: int = 48, **changes: Any) -> bytes:
    document = template("CN-41", hours, **changes)
    content = sign_rule_set(document, signer_for(registry, "rules")).encode()
    publication = registry.publication
    member_files.accept_rules(publication.storage, publication.mirror, "CN-41", content, NOW)
    return content


def stock(publication: Publication, *, deep: bool = True) -> list[Damage]:
    with publication.storage.reading() as records:
        trust = in_force(records).trust
    return take_stock(publication.storage, publication.mirror, trust, NOW, deep=deep)


def file(registry: FoundedRegistry, name: str) -> Path:
    return registry.mirror_folder / "members" / "CN-41" / name


def news(registry: FoundedRegistry) -> MemberNews:
    return read_news(registry.mirror.read("news.json") or b"")["CN-41"]


def backup(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    with engine.connect() as connection:
        return {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in tables.metadata.sorted_tables
        }


def restore(engine: Engine, rows: dict[str, list[dict[str, Any]]]) -> None:
    with transaction(engine) as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))
        for table in tables.metadata.sorted_tables:
            by_key = {column.name: column.key for column in table.columns}
            found = [{by_key.get(name, name): value for name, value in row.items()} for row in rows[table.name]]
            if found:
                connection.execute(insert(table), found)


def lost_database(registry: FoundedRegistry) -> Publication:
    registry.engine.dispose()
    for path in registry.folder.glob("registry.sqlite*"):
        path.unlink()
    registry.publication = registry.another_process()
    registry.publication.adopt()
    return registry.publication


def test_a_sound_mirror_has_no_damage(chain: Chain) -> None:
    """Nothing is written, and nothing is said, when nothing is wrong."""
    written = len(chain.registry.writer.written)
    assert stock(chain.registry.publication) == []
    assert len(chain.registry.writer.written) == written


def test_a_lost_database_learns_from_the_mirror_what_is_held(chain: Chain) -> None:
    """Else an old snapshot could be brought in place of the newest, and withdrawn codes come back to life."""
    registry, old = chain.registry, status(chain.registry, 1)
    publication = lost_database(registry)
    assert stock(publication) == []
    with pytest.raises(SequenceNotNewer):
        put_status(registry, old)
    chain.put(chain.told.next(8))
    assert news(registry) == MemberNews(segment=5, snapshot=2, rules=(1,))
    with pytest.raises(SequenceNotNewer):
        put_token(registry, 3, token(registry, f"{URI}/3.jwt", NOW - 1))


def test_a_lost_mirror_is_filled_again(chain: Chain) -> None:
    """Withdrawals come again by themselves with the next segment; rules are named, with whose and what to type."""
    registry = chain.registry
    shutil.rmtree(registry.mirror_folder)
    mend(registry.publication, NOW, deep=True)
    assert lint(registry.mirror, registry.trusted_root, NOW) == []
    damaged = {damage.name: damage for damage in stock(registry.publication)}
    assert {"status.cose", "rules.jws", "rules/1.jws"} <= damaged.keys()
    assert "tongxing issuer publish --rules" in damaged["rules.jws"].advice
    assert all("CN-41/" in line for line in advice(list(damaged.values())))
    # The issuer brings its next segment, is told that one is missing, and brings a snapshot.
    made = chain.told.next(8)
    with pytest.raises(SegmentMissing):
        chain.put(made)
    chain.put_snapshot()
    chain.put(chain.told.next(9))
    assert news(registry) == MemberNews(segment=6, snapshot=5, rules=(1,))


@pytest.mark.parametrize("name", ["status.cose", "segments/3.cose", "segments/4.cose"])
def test_withdrawals_cut_short_heal_with_the_next_ones(chain: Chain, name: str) -> None:
    """Sixty bytes of a file, with withdrawals waiting: the member is told to bring a snapshot, which takes its place.
    Another member does not notice."""
    registry = chain.registry
    file(registry, name).write_bytes(file(registry, name).read_bytes()[:CUT])
    found = lint(registry.mirror, registry.trusted_root, NOW)
    assert [(each.level, each.place) for each in found] == [("error", f"CN-41/{name}")]
    assert "tongxing issuer publish" in found[0].detail
    assert [damage.name for damage in stock(registry.publication, deep=False)] == [name]
    put_status(registry, status(registry, 3, member="CN-44"), "CN-44")
    made = chain.told.next(8)
    with pytest.raises(SegmentMissing):
        chain.put(made)
    chain.put_snapshot()
    assert lint(registry.mirror, registry.trusted_root, NOW) == []
    assert news(registry).snapshot == 5


@pytest.mark.parametrize("name", ["rules.jws", "rules/1.jws", "news.json"])
def test_what_stands_twice_heals_at_once(chain: Chain, name: str) -> None:
    """The newest rule set stands under two names, and the news follow from what is held."""
    registry = chain.registry
    path = registry.mirror_folder / name if name == "news.json" else file(registry, name)
    whole = path.read_bytes()
    path.write_bytes(whole[: CUT // 2])
    assert lint(registry.mirror, registry.trusted_root, NOW) != []
    stock(registry.publication, deep=False)
    assert path.read_bytes() == whole
    assert lint(registry.mirror, registry.trusted_root, NOW) == []


def test_a_file_that_only_its_member_has_is_brought_again(chain: Chain) -> None:
    """Both copies of a rule set are gone: the same one again is taken, an older one is not."""
    registry = chain.registry
    newer = put_rules(registry, 24, sequence=2, previous="0" * 64, valid_from=NOW)
    for name in ("rules.jws", "rules/2.jws"):
        file(registry, name).write_bytes(newer[:CUT])
    assert {damage.name for damage in stock(registry.publication)} == {"rules.jws", "rules/2.jws"}
    with pytest.raises(SequenceNotNewer):
        put_rules(registry)
    assert put_rules(registry, 24, sequence=2, previous="0" * 64, valid_from=NOW)
    assert lint(registry.mirror, registry.trusted_root, NOW) == []


def test_metadata_cut_short_is_named_and_written_anew(registry: FoundedRegistry) -> None:
    """Every file of the repository, one after the other: lint names it, and a look of the service mends it."""
    for path, content in registry.publication.repository().files():
        (registry.mirror_folder / path).write_bytes(content[: min(CUT, len(content) // 2)])
        (finding,) = lint(registry.mirror, registry.trusted_root, NOW)
        assert finding.level == "error"
        assert re.sub(r".*/(?:[0-9a-f]+\.)?(.*)\.json", r"\1", path) in finding.detail
        assert "tongxing registry timestamp" in finding.detail
        mend(registry.publication, NOW)
        assert registry.mirror.read(path) == content


def test_rows_of_an_older_program_are_completed(chain: Chain) -> None:
    """It may go on serving while this one begins: what it takes in must not break the chain."""
    registry = chain.registry
    with transaction(registry.engine) as connection:
        columns = ("kid", "as_of", "head", "valid_from", "valid_until")
        connection.execute(tables.member_file.update().values(dict.fromkeys(columns)))
    chain.put(chain.told.next(8))
    with registry.publication.storage.reading() as records:
        assert records.member_files.without_kid("CN-41") == []
        kept = records.member_files.get("CN-41", "rules.jws")
        assert kept is not None
        assert kept.valid_from is not None
    assert news(registry) == MemberNews(segment=5, snapshot=2, rules=(1,))


def test_a_row_whose_file_cannot_be_read_counts_for_nothing(chain: Chain) -> None:
    """It is completed all the same, or every request would try again."""
    registry = chain.registry
    file(registry, "segments/4.cose").write_bytes(b"x" * CUT)
    with transaction(registry.engine) as connection:
        connection.execute(tables.member_file.update().values(kid=None, head=None, as_of=None))
    put_status(registry, status(registry, 3, member="CN-44"), "CN-44")
    chain.put(chain.told.next(8) and chain.told.segments[3])
    with registry.publication.storage.reading() as records:
        assert records.member_files.without_kid("CN-41") == []


class TestYesterdaysBackup:
    """The registry's database is restored while its mirror, and all gates, have moved on."""

    @pytest.fixture
    def restored(self, chain: Chain) -> Publication:
        registry = chain.registry
        rows = backup(registry.engine)
        registry.publication.retime(NOW + 3600)
        kid = signer_for(registry, "credential", "CN-44").kid.hex()
        request = sign_request(registry.province("CN-44").root_signer(), kid, "compromised", AUDIENCE, NOW)
        deny(registry.publication, request, NOW)
        chain.put(chain.told.next(8))
        chain.put_snapshot()
        restore(registry.engine, rows)
        registry.publication = registry.another_process()
        return registry.publication

    def test_it_is_noticed_and_nothing_lower_is_served(self, chain: Chain, restored: Publication) -> None:
        """At the start, by the timer and by a denial alike; the message says what to type."""
        before = chain.registry.mirror.read("metadata/timestamp.json")
        kid = signer_for(chain.registry, "credential").kid.hex()
        request = sign_request(chain.registry.province().root_signer(), kid, "lost", AUDIENCE, NOW)
        for deed in (
            restored.release,
            lambda: mend(restored, NOW, deep=True),
            lambda: restored.retime(NOW + 7200),
            lambda: restored.retime_when_due(NOW + 9 * 3600, 3600),
            lambda: deny(restored, request, NOW),
        ):
            with pytest.raises(StoreBehind, match="registry recover"):
                deed()
        assert chain.registry.mirror.read("metadata/timestamp.json") == before

    def test_what_was_published_is_taken_over(self, chain: Chain, restored: Publication) -> None:
        """The denial stays a denial, versions go on, and no member's file goes back."""
        registry = chain.registry
        newest = version_of(registry.mirror.read("metadata/timestamp.json") or b"")
        assert restored.recover(NOW) is not None
        assert restored.recover(NOW) is None
        mend(restored, NOW, deep=True)
        assert version_of(restored.retime(NOW + 7200).timestamp) == newest + 1
        with restored.storage.reading() as records:
            assert len(in_force(records).trust.denied) == 1
            assert records.log.read(0, 256)[-1].kind == "recovered"
        assert news(registry) == MemberNews(segment=5, snapshot=5, rules=(1,))
        chain.put(chain.told.next(9))

    def test_a_mirror_that_is_not_whole_is_no_source(self, chain: Chain, restored: Publication) -> None:
        """What is missing is named: any gate, or any copy of the mirror, has the file."""
        target = next((chain.registry.mirror_folder / "metadata").glob("*.denials.json"))
        for path in chain.registry.mirror_folder.glob("metadata/*.denials.json"):
            path.write_bytes(b"{}")
        with pytest.raises(MetadataRejected, match="denials"):
            restored.recover(NOW)
        assert target.exists()

    def test_a_timestamp_by_anybody_else_says_nothing(self, registry: FoundedRegistry, tmp_path: Path) -> None:
        """Else whoever can write to the mirror could stop the registry by a number."""
        with FoundedRegistry(tmp_path / "elsewhere") as stranger:
            for hour in range(5):
                stranger.publication.retime(NOW + 3600 * hour)
            path = registry.mirror_folder / "metadata" / "timestamp.json"
            path.write_bytes(stranger.mirror.read("metadata/timestamp.json") or b"")
        mend(registry.publication, NOW)
        assert lint(registry.mirror, registry.trusted_root, NOW) == []
        assert MirrorFiles(registry.mirror.read).metadata("timestamp", None) == (
            registry.publication.repository().timestamp
        )
