"""Yesterday's backup of a registry and of an issuer is put back while all others have moved on: each service notices by
itself, says what to type, and nothing is undone or given out twice. Real processes, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from credentials.algorithms import es256
from credentials.errors import FetchFailed
from credentials.formats import native
from credentials.formats.native import claims
from credentials.keys import VerificationKey
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.wire import cose
from demonstration.cast import GUANGDONG, HENAN, ActingProvince, Registry
from demonstration.world import Server, World
from tests.scenarios.deployment import FoundedWorld, enrol, request
from tests.servers import new_database

NUMBER = "11010519491231002X"
PATIENCE_SECONDS = 180


class Kept(NamedTuple):
    """A service's database: its setting, what copies it away, and what puts the copy back."""

    settings: dict[str, str]
    keep: Callable[[], None]
    put_back: Callable[[], None]


def on_sqlite(folder: Path, name: str) -> Kept:
    """As ``sqlite3 FILE ".backup …"`` does it. Whatever lies beside the old file is removed with it."""
    live, kept = folder / f"{name}-live.sqlite", folder / f"{name}-backup.sqlite"

    def copy(source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)

    def put_back() -> None:
        for path in folder.glob(f"{live.name}*"):
            path.unlink()
        copy(kept, live)

    return Kept({"TONGXING_DATABASE_URL": f"sqlite:///{live}"}, lambda: copy(live, kept), put_back)


def on_postgresql(server: str, live: str) -> Kept:
    """As a dump does it: a database of the same content under another name, and back."""
    name = live.rpartition("/")[2]

    def run(*statements: str) -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    copied = "CREATE DATABASE {} TEMPLATE {}"
    return Kept(
        {"TONGXING_DATABASE_URL": live},
        lambda: run(copied.format(f"{name}_kept", name)),
        lambda: run(f"DROP DATABASE {name} WITH (FORCE)", f"ALTER DATABASE {name}_kept RENAME TO {name}"),
    )


class House:
    """A registry, Henan that issues, Guangdong that checks; ``stores``: of the first two."""

    def __init__(self, world: World, stores: dict[str, Kept]) -> None:
        self.world, self.stores = world, stores
        self.registry = Registry(world)
        world.stop(self.registry.server)
        self.registry.server.settings |= stores["registry"].settings
        world.start(self.registry.server)
        self.henan, self.guangdong = (ActingProvince(world, self.registry, home) for home in (HENAN, GUANGDONG))
        self.henan.server.settings |= stores["issuer"].settings
        enrol(self.registry, self.henan, self.guangdong)
        for province in (self.henan, self.guangdong):
            province.prepare()
            world.start(province.server)
        self.guangdong.publish_rules()
        self.guangdong.wait_for(lambda state: state["rules"])

    def server(self, name: str) -> Server:
        """The process whose database this is."""
        return self.registry.server if name == "registry" else self.henan.server

    def stopped(self, name: str, deed: Callable[[], None]) -> None:
        """Do it while that service is down, and start the service again."""
        self.world.stop(self.server(name))
        deed()
        self.world.start(self.server(name))

    def issued(self, name: str) -> dict[str, Any]:
        """A code on paper, over HTTP."""
        return self.henan.issue(request(name, NUMBER))

    def versions(self) -> dict[str, int]:
        """Of the registry's metadata, as Guangdong's gate holds them."""
        found: dict[str, int] = self.guangdong.state()["trust"]["versions"]
        return found

    def until(self, text: str, reason: str) -> None:
        """Wait until Guangdong's gate refuses a code for this reason."""
        self.world.wait(
            lambda: reason in [each["code"] for each in self.guangdong.check(text)["reasons"]],
            f"never {reason}",
            seconds=PATIENCE_SECONDS,
        )

    def until_accepted(self, text: str) -> None:
        """Wait until Guangdong's gate takes a code."""
        self.world.wait(
            lambda: self.guangdong.check(text)["outcome"] == "accepted", "never accepted", seconds=PATIENCE_SECONDS
        )

    def type(self, name: str, *words: str) -> tuple[int, str]:
        """Run a command with that service's settings; its exit code and all that it says."""
        done = self.world.attempt(*words, settings=self.server(name).settings)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with stores(request, tmp_path) as kept, FoundedWorld(tmp_path) as world:
        house = House(world, kept)
        world.stands = True
        yield house


@contextmanager
def stores(request: pytest.FixtureRequest, folder: Path) -> Iterator[dict[str, Kept]]:
    if request.param == "sqlite":
        yield {name: on_sqlite(folder, name) for name in ("registry", "issuer")}
        return
    own = os.environ.get("TEST_POSTGRES_URL") or request.getfixturevalue("postgresql_server").url()
    with ExitStack() as ending:
        databases = {name: ending.enter_context(new_database(own)) for name in ("registry", "issuer")}
        yield {name: on_postgresql(own, url) for name, url in databases.items()}


def test_each_backup_is_noticed_and_nothing_is_undone_or_given_out_twice(house: House) -> None:
    """One house for both, since making one takes half of the time. The issuer first: the registry's ends its key."""
    _an_issuers_backup_is_noticed_and_nothing_is_given_out_twice(house)
    _a_registrys_backup_is_noticed_at_the_start_and_taken_forward(house)


def _an_issuers_backup_is_noticed_and_nothing_is_given_out_twice(house: House) -> None:
    """Codes and withdrawals of the lost day are asked for again at once, and after the chain has moved on."""
    henan, world = house.henan, house.world
    known = house.issued("王小明")
    house.until_accepted(known["text"])
    house.stopped("issuer", house.stores["issuer"].keep)
    lost = [house.issued(f"王小{each}") for each in "甲乙丙"]
    henan.withdraw(lost[0]["handle"])
    henan.withdraw(known["handle"])
    for each in (lost[0], known):
        house.until(each["text"], "withdrawn")
    house.until_accepted(lost[1]["text"])

    world.stop(henan.server)
    house.stores["issuer"].put_back()
    asked = json.dumps(request("王小甲", NUMBER))
    done = world.attempt("issuer", "issue", "-", settings=henan.server.settings, stdin=asked)
    assert done.returncode and "state-behind" in done.stderr and "tongxing issuer catch-up" in done.stderr, done
    world.start(henan.server)
    with pytest.raises(Exception, match="state-behind"):
        house.issued("王小甲")
    assert "state-behind" in henan.server.log.read_text()
    with pytest.raises(FetchFailed, match="503"):
        world.get(henan.server.url("issuer") + "/readyz")
    world.stop(henan.server)
    exit_code, said = house.type("issuer", "issuer", "catch-up")
    assert exit_code == 0 and "goes on after segment" in said, said
    world.start(henan.server)

    again = [house.issued(f"王小{each}") for each in "甲乙丙"]
    henan.withdraw(again[0]["handle"])
    house.until(again[0]["text"], "withdrawn")
    again.append(house.issued("王小丁"))
    places = [_place(henan, each["text"]) for each in (known, *lost, *again)]
    assert len(set(places)) == len(places)
    house.until_accepted(again[-1]["text"])
    for each in (lost[0], known):
        assert house.guangdong.check(each["text"])["reasons"][0]["code"] == "withdrawn"
    assert house.guangdong.check(lost[1]["text"])["outcome"] == "accepted"
    assert not [each for each in house.guangdong.state()["failures"] if each["member"] == HENAN.member]


def _a_registrys_backup_is_noticed_at_the_start_and_taken_forward(house: House) -> None:
    """The denial of the lost day stays, no lower version is served, and the gate never says that something is wrong."""
    registry, world = house.registry, house.world
    code = house.issued("王小明")
    house.until_accepted(code["text"])
    house.stopped("registry", house.stores["registry"].keep)
    registry.deny(house.henan.kid("credential-1"), house.henan.keys)
    house.until(code["text"], "key-denied")
    before = house.versions()

    world.stop(registry.server)
    house.stores["registry"].put_back()
    for words in (
        ("serve", "registry", "--port", str(registry.server.port)),
        ("registry", "timestamp"),
        ("registry", "deny", house.henan.kid("status-1"), "--reason", "lost", "--key", registry.key_of(0)),
    ):
        exit_code, said = house.type("registry", *words)
        assert exit_code, said
        if words[1] != "deny":
            assert "store-behind" in said and "tongxing registry recover" in said, said
    exit_code, said = house.type("registry", "registry", "recover")
    assert exit_code == 0, said
    world.start(registry.server)

    assert house.guangdong.check(code["text"])["reasons"][0]["code"] == "key-denied"
    exit_code, said = house.type("registry", "registry", "timestamp")
    assert exit_code == 0, said
    world.wait(lambda: house.versions()["timestamp"] > before["timestamp"], "no newer time", seconds=PATIENCE_SECONDS)
    assert house.type("registry", "registry", "lint", "--root", str(registry.trust_root))[0] in (0, 1)
    leaves = json.loads(house.type("registry", "registry", "log", "--json")[1])["leaves"]
    assert leaves[-1]["kind"] == "recovered"
    assert not [each for each in house.guangdong.state()["failures"] if each["file"] == "trust"]


def _place(henan: ActingProvince, text: str) -> tuple[int, int]:
    signer = henan.signer("credential-1")
    key = VerificationKey(signer.kid, HENAN.member, es256.NAME, "credential", 0, MAX_TIME_SECONDS, signer.public_key)
    reference = claims.decode(cose.verify(native.unwrap(text), key)).status_reference
    assert reference is not None
    return reference.list, reference.index
