"""Withdrawals reach the registry's mirror, on a real registry on the loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from flask import Flask
from werkzeug.serving import make_server

from credentials.errors import FetchFailed
from credentials.signing import PemSigner
from credentials.status import snapshot as status_snapshot
from credentials.status.snapshot import StatusSnapshot
from credentials.status.token import read_token, unwrap_token
from issuer.indices import group_end, reference_of
from issuer.issuance import ask_for
from issuer.publication import DAYS_AHEAD, SNAPSHOT_SECONDS, TOKEN_SECONDS, Mirror, StatusPublication
from issuer.withdrawal import withdraw
from service_kit.fetch import Fetcher
from service_kit.logs import configure
from tests.doubles.clock import FixedClock
from tests.unit.issuer.issuing import DAY, MEMBER, NOW, SECRETS, IssuerOnDisk, paper
from tests.unit.trust_registry.founded import AUDIENCE as REGISTRY
from tests.unit.trust_registry.founded import FoundedRegistry
from trust_registry import service
from trust_registry.app import create_app
from trust_registry.config import RegistrySettings


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Member:
    """A province that is enrolled, its publication, and the registry that takes it."""

    def __init__(self, registry: FoundedRegistry, issuer: IssuerOnDisk, url: str, clock: FixedClock) -> None:
        province = registry.province(MEMBER)
        kids = {key.use: key.kid for key in province.state().keys}
        self.issuer, self.url, self.clock = issuer, url, clock
        self.signer, self.rules_signer = province.signer(kids["status"]), province.signer(kids["rules"])
        self.mirror = Mirror(f"{url}/", MEMBER, Fetcher())
        self.publication = self.publishing_with(self.signer)

    def publishing_with(self, signer: PemSigner) -> StatusPublication:
        return StatusPublication(self.issuer.store, signer, MEMBER, SECRETS.index_key, self.mirror)

    def fetched(self, name: str) -> bytes:
        with Fetcher() as fetcher:
            return fetcher.get(f"{self.url}/mirror/members/{MEMBER}/{name}", limit=10**6).body

    def snapshot(self) -> StatusSnapshot:
        return status_snapshot.open(self.fetched("status.cose"), self.signer.public_key, MEMBER)


@pytest.fixture
def member(tmp_path: Path, issuer: IssuerOnDisk) -> Iterator[Member]:
    with FoundedRegistry(tmp_path) as registry:
        registry.enrol(MEMBER)
        clock = FixedClock(NOW + 10)
        app = create_app(RegistrySettings(data_dir=registry.folder, registry_url=REGISTRY), clock)
        # The server's log lines would stand in the commands' output: both are this process.
        configure("CRITICAL")
        with served(app) as url:
            yield Member(registry, issuer, url, clock)
        structlog.reset_defaults()
        app.extensions[service.EXTENSION].publication.storage.engine.dispose()


def test_lists_are_there_before_the_first_code(member: Member) -> None:
    """A gate must know a list before a code in it is shown; who withdrew nothing says so too."""
    published = member.publication.publish(NOW)
    assert (published.sequence, published.lists, published.withdrawn) == (1, DAYS_AHEAD + 1, 0)
    snapshot = member.snapshot()
    assert (snapshot.as_of, snapshot.expires_at) == (NOW, NOW + SNAPSHOT_SECONDS)
    ends = {each.expires_at for each in snapshot.lists.values()}
    assert ends == {group_end(NOW + day * DAY) for day in range(DAYS_AHEAD + 1)}
    row = member.issuer.issuance.issue("app", ask_for(paper()), NOW)
    assert row.place.list_id in snapshot.lists


def test_withdrawn_bit_reaches_gates_and_outsiders(member: Member) -> None:
    """The snapshot and the token say the same, and nothing of the neighbours."""
    rows = [member.issuer.issuance.issue("app", ask_for(paper(), str(n)), NOW) for n in range(3)]
    withdraw(member.issuer.store, rows[1].handle, "lost-device", "app", NOW)
    published = member.publication.publish(NOW + 5)
    snapshot = member.snapshot()
    references = [reference_of(row.place, SECRETS.index_key) for row in rows]
    assert [snapshot.is_withdrawn(reference) for reference in references] == [False, True, False]
    assert (published.withdrawn, published.bytes) == (1, len(member.fetched("status.cose")))
    list_id = rows[1].place.list_id
    subject = member.mirror.address_of_list(list_id)
    assert subject == f"{member.url}/mirror/members/{MEMBER}/token-status-lists/{list_id}.jwt"
    envelope = unwrap_token(member.fetched(f"token-status-lists/{list_id}.jwt").decode())
    token = read_token(envelope, member.signer.public_key, subject)
    assert list(token.withdrawn) == [references[1].index]
    assert (token.issued_at, token.expires_at) == (NOW + 5, NOW + 5 + TOKEN_SECONDS)


def test_each_publication_is_newer(member: Member) -> None:
    """A bit once published stays set as long as its list is alive, and no longer."""
    row = member.issuer.issuance.issue("app", ask_for(paper(lifetime=3600)), NOW)
    withdraw(member.issuer.store, row.handle, "superseded", "app", NOW)
    assert [member.publication.publish(NOW + age).sequence for age in (0, 1, 2)] == [1, 2, 3]
    assert member.snapshot().withdrawn_count == 1
    for at, withdrawn in ((group_end(row.expires_at) - 1, 1), (group_end(row.expires_at), 0)):
        member.clock.time = at
        assert member.publication.publish(at).withdrawn == withdrawn
        assert (row.place.list_id in member.snapshot().lists) is bool(withdrawn)


def test_registry_that_refuses_is_heard(member: Member) -> None:
    """A key that is not listed, or a file that is none, must be told to whoever publishes."""
    stranger = member.publishing_with(PemSigner(member.issuer.private_key, member.issuer.key.kid))
    with pytest.raises(FetchFailed, match="unknown-key") as caught:
        stranger.publish(NOW)
    assert caught.value.status == 422
    with pytest.raises(FetchFailed, match="malformed"):
        member.mirror.put("rules", b"no rules")
    with pytest.raises(FetchFailed, match="404"):
        member.mirror.put("nonsense", b"")


def test_registry_that_is_away(member: Member) -> None:
    """The next run of the timer publishes; sequence numbers may be skipped."""
    away = StatusPublication(
        member.issuer.store, member.signer, MEMBER, SECRETS.index_key, Mirror("http://127.0.0.1:1", MEMBER, Fetcher())
    )
    with pytest.raises(FetchFailed):
        away.publish(NOW)
    assert member.publication.publish(NOW + 1).sequence == 2


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"\xff", b"[]", b"[" * 60_000, b'{"title":"x"}', b'{"code":7}', b'{"code":"\\u001b[2Jspoof"}'],
)
def test_answer_that_is_no_problem_document(body: bytes) -> None:
    """A proxy's page is an error all the same."""

    def proxy(_environ: object, start: object) -> list[bytes]:
        start("502 Bad Gateway", [("Content-Length", str(len(body)))])  # type: ignore[operator]
        return [body]

    with served(proxy) as url, pytest.raises(FetchFailed, match=r"answers 502 $"):  # type: ignore[arg-type]
        Mirror(url, MEMBER, Fetcher()).put("status", b"x")


def test_only_what_the_mirror_took_counts_as_published(member: Member) -> None:
    """The alarm on withdrawals that wait must not be silenced by an attempt."""
    store = member.issuer.store
    with pytest.raises(FetchFailed):
        member.publishing_with(PemSigner(member.issuer.private_key, member.issuer.key.kid)).publish(NOW)
    assert store.overview(NOW).published_at is None
    member.publication.publish(NOW)
    assert store.overview(NOW).published_at == NOW
