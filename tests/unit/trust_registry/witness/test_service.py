"""A witness over HTTP: it learns logs from the trust list, answers by the protocol's codes; the registry asks it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from credentials.errors import FetchFailed, SettingInvalid, StoreBehind
from credentials.log.checkpoint import open_checkpoint, sign_checkpoint
from credentials.log.keys import NoteSigner, time_of
from credentials.log.note import Note, SignatureLine, check, read_note, read_signatures, sign_text, with_signatures
from credentials.log.request import AddCheckpoint
from credentials.log.tree import prove_consistency, root_of
from service_kit.fetch import Fetcher
from tests.doubles.clock import FixedClock
from tests.serving import in_thread
from tests.unit.credentials.log.logs import NODES, witness
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from tests.unit.trust_registry.record.logs import append
from tests.unit.trust_registry.serving import serving
from trust_registry.app import create_app as create_registry
from trust_registry.config import RegistrySettings
from trust_registry.metadata.log_keys import LogKey, log_keys_of
from trust_registry.record.gathering import WitnessRound
from trust_registry.record.publishing import CHECKPOINT, LogFolder, LogPublisher
from trust_registry.repository.in_force import in_force
from trust_registry.witness.app import create_app
from trust_registry.witness.config import FOLDER, WitnessSettings
from trust_registry.witness.following import LogFollower
from trust_registry.witness.service import EXTENSION, WitnessService
from trust_registry.witness.storage.ports import Seen

DAY = 24 * 3600


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[FoundedRegistry]:
    with FoundedRegistry(tmp_path) as registry:
        registry.enrol("CN-41")
        registry.publication.record.publish(NOW)
        yield registry


@contextmanager
def witness_app(registry: FoundedRegistry, policy: str = "quorum none\n") -> Iterator[Flask]:
    """Henan's witness, at a mirror of this registry, with what it has learned by one look."""
    folder = registry.folder.parent / "service"
    folder.mkdir(exist_ok=True)
    (folder / "policy").write_text(policy)
    names = registry.mirror.files.files_in("")
    files = {f"mirror/{name}": registry.mirror.read(name) or b"" for name in names}
    with serving(files) as mirror:
        settings = WitnessSettings(
            data_dir=folder,
            registry_url=mirror.url,
            trust_root=registry.folder / "trust-root.json",
            witness_name="tongxing/CN-41/witness",
            witness_key_file=registry.province().directory / "keys/witness-1.pem",
            witness_policy_file=folder / "policy",
        )
        app = create_app(settings, FixedClock(NOW))
        service_of(app).learn()
        yield app
        service_of(app).upkeep.stop()
        service_of(app).upkeep.join()


def service_of(app: Flask) -> WitnessService:
    found: WitnessService = app.extensions[EXTENSION]
    return found


def request(log: NoteSigner, old: int, size: int) -> bytes:
    note = sign_checkpoint(size, root_of(NODES, size), log)
    return AddCheckpoint(old, tuple(prove_consistency(NODES, old, size)), note).content


def post(client: FlaskClient, content: bytes) -> tuple[int, str, str]:
    answer = client.post("/add-checkpoint", data=content, content_type="text/plain; charset=utf-8")
    return answer.status_code, answer.content_type, answer.text


def test_a_members_log_is_known_by_its_statement(registry: FoundedRegistry) -> None:
    """Nobody has to tell a witness; and each answer has the protocol's status."""
    log = registry.province().log_signer("log")
    with witness_app(registry) as app:
        client = app.test_client()
        status, kind, line = post(client, request(log, 0, 7))
        assert (status, kind) == (200, "text/plain; charset=utf-8")
        note = with_signatures(sign_checkpoint(7, root_of(NODES, 7), log), read_signatures(line))
        assert check(note, [registry.province().log_signer("witness").key])
        assert post(client, request(log, 0, 9)) == (409, "text/x.tlog.size", "7\n")
        assert post(client, request(log, 7, 9).replace(b"old 7", b"old 6"))[0] == 409
        assert post(client, request(log, 3, 9).replace(b"old 3", b"old 7"))[0] == 422
        assert post(client, request(log, 7, 9).replace(b"\n9\n", b"\n8\n"))[0] == 403
        assert post(client, request(log, 7, 9).replace(b"old 7", b"old 10"))[0] == 400
        assert post(client, b"old 7\n")[0] == 400
        assert post(client, request(registry.publication.record.signer, 0, 7))[0] == 404
        assert post(client, b"x" * 200_000)[0] == 413
        assert post(client, request(log, 7, 9))[0] == 200
        assert client.get("/readyz").status_code == 200
        assert "见证方" in client.get("/", headers={"Accept": "text/html", "Accept-Language": "zh-CN"}).text


def test_the_registrys_log_is_known_by_the_operators_file(registry: FoundedRegistry) -> None:
    """It is no member; and it asks its witnesses by itself: cosigned, published, and not asked again."""
    log = registry.publication.record.signer
    with witness_app(registry, f"log {log.key.vkey}\nquorum none\n") as app, at_address(app) as url:
        publisher = registry.publication.record
        publisher.witnesses = WitnessRound(lambda: listed(registry, url), Fetcher())
        publisher.publish(NOW)
        note = read_note(registry.mirror.read(CHECKPOINT) or b"")
        assert [line.name for line in note.signatures] == [log.key.name, "tongxing/CN-41/witness"]
        append(registry.publication.storage, 300)
        publisher.publish(NOW + 60)
        checkpoint, note = open_checkpoint(registry.mirror.read(CHECKPOINT) or b"", [log.key])
        assert len(note.signatures) == 2
        assert check(note, [registry.province().log_signer("witness").key])
        assert service_of(app).witness.seen.get(log.key.name).size == checkpoint.size


@pytest.mark.parametrize("name", ["trust.zip", "roles.zip"])
def test_a_damaged_copy_of_the_trust_list_keeps_no_witness_from_starting(registry: FoundedRegistry, name: str) -> None:
    """It ended with a word about a zip file. The list is fetched again, as gates and issuers do."""
    log = registry.province().log_signer("log")
    with witness_app(registry) as app:
        assert post(app.test_client(), request(log, 0, 7))[0] == 200
    copy = registry.folder.parent / "service" / FOLDER / name
    copy.write_bytes(copy.read_bytes()[:100])
    with witness_app(registry) as app:
        assert post(app.test_client(), request(log, 7, 9))[0] == 200


def listed(registry: FoundedRegistry, url: str) -> list[LogKey]:
    with registry.publication.storage.reading() as records:
        statement = in_force(records).trust.members["CN-41"].statement
    return [each._replace(url=url) for each in log_keys_of(statement) if each.use == "witness"]


@contextmanager
def at_address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app)
    with in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}"


def test_a_registry_that_forgot_what_was_cosigned_asks_for_it(registry: FoundedRegistry) -> None:
    """After a start it knows no size; the witness says which."""
    log = registry.publication.record.signer
    with witness_app(registry, f"log {log.key.vkey}\nquorum none\n") as app, at_address(app) as url:
        for _ in range(2):
            append(registry.publication.storage, 5)
            publisher = LogPublisher(registry.publication.storage, LogFolder(registry.mirror.files), log)
            publisher.witnesses = WitnessRound(lambda: listed(registry, url), Fetcher())
            assert len(publisher.publish(NOW).note.signatures) == 2


def test_a_dead_a_silent_and_a_lying_witness_delay_nobody(registry: FoundedRegistry) -> None:
    """What they answer is left out; the checkpoint is published with the cosignatures that came."""
    log = registry.publication.record.signer
    silent = socket.create_server(("127.0.0.1", 0))
    dead = "http://127.0.0.1:9"
    with (
        witness_app(registry, f"log {log.key.vkey}\nquorum none\n") as app,
        at_address(app) as url,
        serving({}) as wrong,
        at_address(forger()) as lying,
        at_address(from_the_future()) as ahead,
    ):
        places = [dead, f"http://127.0.0.1:{silent.getsockname()[1]}", wrong.url, lying, ahead]
        others = [LogKey("CN-44", witness(n).key, place, NOW, NOW + DAY) for n, place in enumerate(places)]
        append(registry.publication.storage, 3)
        publisher = LogPublisher(registry.publication.storage, LogFolder(registry.mirror.files), log)
        publisher.witnesses = WitnessRound(lambda: [*others, *listed(registry, url)], Fetcher())
        published = publisher.publish(NOW)
    silent.close()
    assert [line.name for line in published.note.signatures] == [log.key.name, "tongxing/CN-41/witness"]
    assert registry.mirror.read(CHECKPOINT) == published.note.content


def forger() -> Flask:
    """Answers with a signature by another key under the right name."""
    app = Flask("forger")
    app.add_url_rule("/add-checkpoint", view_func=lambda: "— witness-3.example AAAAAAAA\n", methods=["POST"])
    return app


def from_the_future() -> Flask:
    """Says that it has seen more leaves than there are."""
    app = Flask("ahead")
    app.add_url_rule("/add-checkpoint", view_func=lambda: ("999999\n", 409), methods=["POST"])
    return app


@contextmanager
def registry_app(registry: FoundedRegistry) -> Iterator[Flask]:
    """The registry itself, on its folder."""
    settings = RegistrySettings(data_dir=registry.folder, registry_url=AUDIENCE, timestamp_seconds=0)
    yield create_registry(settings, FixedClock(NOW))


def test_a_witness_that_takes_no_calls_brings_its_cosignature_by_itself(registry: FoundedRegistry) -> None:
    """Over HTTP both ways; once for a checkpoint, and again after the log has grown."""
    log = registry.publication.record.signer
    policy = f"log {log.key.vkey}\nquorum none\n"
    with registry_app(registry) as home, at_address(home) as url, witness_app(registry, policy) as app:
        witness = service_of(app).witness
        follower = LogFollower(witness, f"{url}/mirror/log", f"{url}/v1/log/cosignatures", Fetcher())
        assert [follower.look(NOW), follower.look(NOW)] == [True, False]
        append(registry.publication.storage, 300)
        registry.publication.record.publish(NOW + 60)
        assert [follower.look(NOW), follower.look(NOW)] == [True, False]
        checkpoint, note = open_checkpoint(registry.mirror.read(CHECKPOINT) or b"", [log.key])
        assert check(note, [witness.signer.key]) and witness.seen.get(log.key.name).size == checkpoint.size


def test_a_log_that_went_back_is_not_cosigned_by_a_witness_that_follows(registry: FoundedRegistry) -> None:
    """What it cosigned last is its memory; the mirror shows fewer leaves."""
    log = registry.publication.record.signer
    policy = f"log {log.key.vkey}\nquorum none\n"
    with registry_app(registry) as home, at_address(home) as url, witness_app(registry, policy) as app:
        follower = LogFollower(service_of(app).witness, f"{url}/mirror/log", f"{url}/nowhere", Fetcher())
        with pytest.raises(FetchFailed, match="404"):
            follower.look(NOW)
        before = service_of(app).witness.seen.get(log.key.name)
        service_of(app).witness.seen.advance(log.key.name, before, Seen(before.size + 1, b"\1" * 32), NOW)
        with pytest.raises(StoreBehind, match="were cosigned here"):
            follower.look(NOW)


def test_a_cosignature_that_is_brought_is_checked(registry: FoundedRegistry) -> None:
    """Its answers: not in force, by nobody of the list, damaged, too large; a replay takes nobody back in time."""
    record, key = registry.publication.record, registry.province().log_signer("witness")
    record.publish(NOW)
    note = read_note(registry.mirror.read(CHECKPOINT) or b"")

    def cosigned(by: NoteSigner, text: bytes = note.text, at: int = NOW) -> bytes:
        return Note(text, (sign_text(text, by, at),)).content

    with registry_app(registry) as app:
        client = app.test_client()

        def post_back(content: bytes) -> int:
            return client.post("/v1/log/cosignatures", data=content, content_type="text/plain").status_code

        assert post_back(cosigned(key)) == 200
        for at in (NOW - 60, NOW):
            before = registry.mirror.read(CHECKPOINT)
            assert (post_back(cosigned(key, at=at)), registry.mirror.read(CHECKPOINT)) == (200, before)
        assert post_back(cosigned(key, at=NOW + 60)) == 200
        assert time_of(check(read_note(registry.mirror.read(CHECKPOINT) or b""), [key.key])[key.key]) == NOW + 60
        other = sign_checkpoint(1, b"\1" * 32, record.signer)
        assert post_back(cosigned(key, other.text)) == 409
        assert post_back(cosigned(witness(1))) == 422
        broken = SignatureLine(key.key.name, key.key.id, b"\0" * 72)
        assert post_back(Note(note.text, (broken,)).content) == 422
        assert [post_back(each) for each in (b"", b"x", b"x" * 20_000)] == [422, 422, 413]


def test_a_witness_follows_where_its_settings_say_so(registry: FoundedRegistry) -> None:
    """By itself, with its look at the trust list."""
    log = registry.publication.record.signer
    with registry_app(registry) as home:
        root = Flask("root")
        root.wsgi_app = DispatcherMiddleware(root.wsgi_app, {"/registry": home})  # type: ignore[method-assign]
        with at_address(root) as url:
            folder = registry.folder.parent / "service"
            folder.mkdir()
            (folder / "policy").write_text(f"log {log.key.vkey}\nquorum none\n")
            settings = WitnessSettings(
                data_dir=folder,
                registry_url=f"{url}/registry",
                trust_root=registry.folder / "trust-root.json",
                witness_name="tongxing/CN-41/witness",
                witness_key_file=registry.province().directory / "keys/witness-1.pem",
                witness_policy_file=folder / "policy",
                witness_follows=True,
            )
            service = service_of(create_app(settings, FixedClock(NOW)))
            # Of two looks at once one finds that the other was faster.
            service.upkeep.stop()
            service.upkeep.join()
            service.learn()
        assert check(read_note(registry.mirror.read(CHECKPOINT) or b""), [service.signer.key])


def test_an_unreadable_policy_is_named(registry: FoundedRegistry) -> None:
    """A witness that silently knew no log would look well and cosign nothing."""
    with pytest.raises(SettingInvalid, match="TONGXING_WITNESS_POLICY_FILE"), witness_app(registry, "log x\n"):
        pass


def test_eight_threads_ask_for_the_same(registry: FoundedRegistry) -> None:
    """Each gets the cosignature or the size that is: none an error of ours."""
    log = registry.province().log_signer("log")
    answers: list[int] = []
    with witness_app(registry) as app:
        threads = [
            threading.Thread(target=lambda: answers.append(post(app.test_client(), request(log, 0, 7))[0]))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(answers) <= {200, 409} and 200 in answers
