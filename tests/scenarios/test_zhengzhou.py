"""Zhengzhou, June 2022: three people turned 1,317 others red. Replayed in real processes by everybody who could try:
what stops each of them, what shows it, and that each of the 1,317 can prove theirs in another province."""

from __future__ import annotations

import json
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import FetchFailed
from credentials.profile.lists import Status
from demonstration.cast import CLIENT, GUANGDONG, HENAN, ActingProvince, Registry
from demonstration.props import asks
from demonstration.residents import resident_id
from demonstration.world import Server, World
from issuer.record.counting import count_due
from service_kit.clock import HOUR_SECONDS, SystemClock
from service_kit.http.auth import authorization
from tests.scenarios.deployment import FoundedWorld, enrol
from tests.scenarios.seat import Seat
from tests.staff import Person
from trust_registry.key_files import read_key

CDC, COMMISSION, CENTER = "cdc", "health-commission", "center"
VICTIMS = [resident_id(410102, f"19{70 + number // 999}0312", number % 999 + 1) for number in range(1317)]
OTHERS = [resident_id(410102, "19900312", number + 1) for number in range(209)]
PASSERS_BY = [resident_id(410102, "19920312", number + 1) for number in range(20)]
LISTS = (VICTIMS[:1000], VICTIMS[1000:])
"""A decision is about a thousand people at most."""
CAP, SMALL = 200, 19
"""People a day and approver; fewer than the guard looks at."""


class Zhengzhou:
    """Henan with its staff, Guangdong, which cosigns Henan's log, and a registry."""

    def __init__(self, world: World) -> None:
        self.world, self.registry = world, Registry(world)
        self.henan = ActingProvince(world, self.registry, HENAN)
        guangdong = ActingProvince(world, self.registry, GUANGDONG, witnesses=True)
        guangdong.server.roles = ("witness",)
        enrol(self.registry, self.henan, guangdong)
        self.henan.server.settings["TONGXING_LOG_WITNESSES"] = "1"
        self.henan.prepare()
        world.start(self.henan.server, guangdong.server)
        self.henan.hands.employ()
        self.author, self.feng = (Seat(self.henan, name, CDC, "operator") for name in ("zhao", "feng"))
        self.qian = Seat(self.henan, "qian", CDC, "approver")
        self.approver = Seat(self.henan, "wu", COMMISSION, "approver")
        self.third = Seat(self.henan, "sun", CENTER, "approver")
        self.auditor = Seat(self.henan, "jian", "audit", "auditor")
        self.henan.hands.vouch_for_all()
        for each in (self.author, self.feng, self.qian, self.approver, self.third, self.auditor):
            assert each.sign_in().status == 303
        self.held: list[str] = []
        self._policy = world.folder / "guangdong-reads.policy"
        log = f"{self.registry.url}/mirror/members/{HENAN.member}/log"
        self.registry.write_policy(self._policy, f"log {self.henan.record_keys['log']} {log}")

    def command(self, *arguments: str) -> str:
        """On Henan's machine."""
        return self.world.run(*arguments, settings=self.henan.server.settings)

    def count_the_hour(self) -> None:
        """The public count that Henan's server makes once an hour, now."""
        office = self.henan.hands.opened()
        try:
            assert count_due(office.record.storage.appending, office.now() + HOUR_SECONDS)
        finally:
            office.engine.dispose()

    def issuer(self, *arguments: str) -> Any:
        return json.loads(self.command("issuer", *arguments, "--json"))

    def database(self, change: str, *values: Any) -> int:
        """What somebody who has the database's password does; how many rows."""
        with closing(sqlite3.connect(self.world.folder / "henan" / "issuer.sqlite", timeout=60)) as connection:
            done = connection.execute(change, values)
            connection.commit()
            return done.rowcount

    def one(self, query: str) -> Any:
        with closing(sqlite3.connect(self.world.folder / "henan" / "issuer.sqlite", timeout=60)) as connection:
            return connection.execute(query).fetchone()[0]

    def decided(self) -> int:
        return int(self.one("SELECT count(*) FROM issuer_decision WHERE approver IS NOT NULL"))

    def metric(self, name: str) -> float:
        text = self.world.fetcher.get(f"{self.henan.server.url('issuer')}/metrics", limit=1_000_000).body.decode()
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))

    def monitored(self) -> tuple[int, dict[str, int]]:
        """How Guangdong's monitor ends, and how many leaves of each kind it has read in Henan's log."""
        done = self.world.attempt(
            "log", "monitor", "--registry", self.registry.url, "--policy", str(self._policy), "--root",
            str(self.registry.trust_root), "--state", str(self.world.folder / "monitor.json"), "--json",
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout)["logs"]["tongxing/CN-41/log"]["kinds"]

    def acts(self) -> str:
        return self.auditor.get("/issuer/desk/done").text


def test_who_turns_1317_people_red_is_stopped_or_seen_and_each_can_prove_it(tmp_path: Path) -> None:
    """One town and one story: each act begins where the one before has ended."""
    with FoundedWorld(tmp_path / "zhengzhou") as world:
        town = Zhengzhou(world)
        world.stands = True
        _three_people_of_one_unit_turn_nobody_red(town)
        _two_colluding_units_are_held_at_once_and_capped_by_the_day(town)
        _a_stolen_client_key_turns_nobody_red(town)
        _one_administrator_alone_makes_no_approver(town)
        _the_password_of_the_database_makes_no_approver_and_no_red_that_counts(town, tmp_path)
        _what_three_colluding_units_do_each_of_the_1317_proves_in_another_province_without_network(town, tmp_path)


def _three_people_of_one_unit_turn_nobody_red(town: Zhengzhou) -> None:
    """Nobody of their own unit can be the approver; each try is counted and in the auditor's list."""
    assert town.author.propose(LISTS[0], CDC).code == "invalid-request"
    for people in LISTS:
        page = town.author.put_forward(people, COMMISSION)
        for colleague, code in ((town.qian, "decision-rejected"), (town.feng, "not-authorised")):
            assert colleague.act(f"{page}/approve", page).code == code
        town.held.append(page)
    assert town.decided() == 0
    assert town.metric('tongxing_desk_refused_total{code="decision-rejected"}') == 2
    assert town.metric('tongxing_desk_refused_total{code="not-authorised"}') == 2
    assert town.acts().count("Tried what they may not") == 4


def _two_colluding_units_are_held_at_once_and_capped_by_the_day(town: Zhengzhou) -> None:
    """Both lists wait for a third unit; in lists too small for the guard the approver's day ends at two hundred.
    Another province reads both in the log."""
    for page in town.held:
        assert town.approver.act(f"{page}/approve", page).status == 303
        assert page.rpartition("/")[2] in town.third.get("/issuer/desk/").text
    assert town.decided() == 0
    for start in range(0, len(OTHERS), SMALL):
        page = town.author.put_forward(OTHERS[start : start + SMALL], COMMISSION)
        assert town.approver.act(f"{page}/approve", page).status == 303
    assert town.decided() == CAP
    town.henan.publish_status()
    ends, kinds = town.monitored()
    assert (ends, kinds["held"], kinds["cap-reached"], kinds["decided-by-hand"]) == (0, 2, 1, -(-len(OTHERS) // SMALL))


def _a_stolen_client_key_turns_nobody_red(town: Zhengzhou) -> None:
    """It asks for codes in its client's name, and has nobody's signature: neither by a word, nor by keys of its own,
    nor by one of two."""
    stranger, issuer = Person("zhang", CDC, "operator", member=HENAN.member), town.henan.server.url("issuer")
    signed = town.henan.hands.decide({"number": OTHERS[-1]}, "red", "close-contact")
    forged = stranger.sign(signed["text"].encode()).to_json()
    asked = {"status": "red", "author": "cdc/zhang", "approver": "health-commission/li"}
    key, before = read_key(town.world.folder / "henan" / "city-app.pem"), town.metric("tongxing_codes_refused_total")
    for decision in (asked, signed | {"author": forged, "approver": forged}, signed | {"approver": signed["author"]}):
        person = asks("王小明", hours=10, form="paper", now=SystemClock().now()) | {"document": {"number": OTHERS[-1]}}
        headers = authorization(key, CLIENT, issuer, SystemClock().now()) | {"Idempotency-Key": secrets.token_hex(16)}
        with pytest.raises(FetchFailed, match=r"invalid-request|decision-rejected"):
            town.world.post(f"{issuer}/v1/credentials", person | {"decision": decision}, headers)
    assert town.decided() == CAP
    assert town.metric("tongxing_codes_refused_total") == before + 3


def _one_administrator_alone_makes_no_approver(town: Zhengzhou) -> None:
    """Their friend's key waits for a second administrator, who is not they; the auditor sees whose hand it was."""
    friend = Seat(town.henan, "friend", COMMISSION, "approver")
    kid = friend.person.key.kid.hex()
    vouch = ("issuer", "staff", "vouch", kid, "--key", str(town.world.folder / "henan" / "staff" / "admin-1.pem"))
    town.command(*vouch)
    again = town.world.attempt(*vouch, settings=town.henan.server.settings)
    assert again.returncode and "conflict" in again.stderr, again
    assert friend.sign_in().code == "not-authorised"
    assert _states(town)["friend"] == "waiting"
    assert "office/admin-1" in town.acts()


def _the_password_of_the_database_makes_no_approver_and_no_red_that_counts(town: Zhengzhou, tmp_path: Path) -> None:
    """The friend's key is listed as unsigned and signs nothing. Decisions that are written past the desk change
    nobody's code; that they stand there is seen at once in the metrics, by the doctor and at the desk."""
    vouchers = town.one("SELECT vouchers FROM issuer_staff_key WHERE vouched_at IS NOT NULL LIMIT 1")
    waiting = "UPDATE issuer_staff_key SET vouched_at = 1, in_force_at = 1, vouchers = ? WHERE vouched_at IS NULL"
    assert town.database(waiting, vouchers)
    assert _states(town)["friend"] == "unsigned"
    assert town.metric("tongxing_decisions_unaccounted") == 0
    assert _asked_for(town, tmp_path, "before") == {Status.GREEN}
    copied = town.database(_COPIED)
    assert copied == len(VICTIMS) + len(PASSERS_BY)
    assert town.database(_COPIED_RECORDS) == copied
    assert town.metric("tongxing_decisions_unaccounted") == copied
    assert _asked_for(town, tmp_path, "after") == {Status.GREEN}
    town.world.wait(lambda: town.metric("tongxing_decisions_disregarded") == copied, "no metric tells of the copies")
    page = town.auditor.get("/issuer/desk/").text
    assert str(_BEYOND + 1) in page and "Changed, or copied from another person" in page
    report = json.loads(town.world.attempt("doctor", "issuer", "--json", settings=town.henan.server.settings).stdout)
    (found,) = [each for each in report["steps"] if each["step"] == "decisions"]
    assert (found["code"], found["detail"]) == ("decisions-unaccounted", str(copied))
    (found,) = [each for each in report["steps"] if each["step"] == "decisions-signed"]
    assert found["code"] == "decisions-disregarded" and found["detail"].startswith(f"{copied}: ")
    for table in ("decision_record", "decision"):
        assert town.database(f"DELETE FROM issuer_{table} WHERE decision_id >= {_BEYOND}") == copied


def _what_three_colluding_units_do_each_of_the_1317_proves_in_another_province_without_network(
    town: Zhengzhou, tmp_path: Path
) -> None:
    """With the cap lifted by who runs the server nothing stops them. Everybody reads it in the log within the hour, and
    each victim has a file that names who did it."""
    _restarted(town.world, town.henan.server, TONGXING_DECISIONS_A_DAY="10000")
    for page in town.held:
        assert town.third.act(f"{page}/release", page).status == 303
    assert town.decided() == CAP + len(VICTIMS)
    people, codes, files = (tmp_path / name for name in ("people.ndjson", "codes.ndjson", "files"))
    person = asks("王小明", hours=10, form="paper", now=SystemClock().now())
    rows = (person | {"document": {"number": each}, "key": each} for each in VICTIMS)
    people.write_text("".join(json.dumps(row) + "\n" for row in rows))
    town.henan.bulk(people, codes)
    town.count_the_hour()
    town.henan.publish_status()
    ends, kinds = town.monitored()
    assert (ends, kinds["released"], kinds["counted"]) == (0, 2, 1)
    counted = json.loads(town.one("SELECT content FROM issuer_log_leaf WHERE kind = 'counted'"))
    assert ["decided-by-hand", "red", CAP + len(VICTIMS)] in counted["totals"]
    assert town.issuer("decision", "files", str(codes), "--folder", str(files)) == {"written": 1317, "without": 0}
    bundle = tmp_path / "bundle.zip"
    town.registry.bundle(bundle)
    for server in town.world.servers:
        town.world.stop(server)
    told = town.world.attempt(
        "log", "verify", *map(str, sorted(files.iterdir())), "--bundle", str(bundle),
        "--root", str(town.registry.trust_root), "--json",
    )  # fmt: skip
    proved = [json.loads(line) for line in told.stdout.splitlines()]
    assert (told.returncode, len(proved)) == (0, len(VICTIMS)), told.stderr
    who = {(each["holds"], each["author"], each["approver"], *each["cosigned"]) for each in proved}
    assert who == {(True, town.author.staff, town.approver.staff, "tongxing/CN-44/witness")}
    assert {each["leaf"]["count"] for each in proved} == {len(each) for each in LISTS}


_BEYOND = 1 << 40
_HELD = "SELECT subject FROM issuer_by_hand_person JOIN issuer_by_hand USING (number) WHERE state = 'held'"
_PASSED = "JOIN (SELECT DISTINCT subject FROM issuer_decision WHERE approver IS NULL) USING (subject)"
_SUBJECTS = f"{_HELD} UNION SELECT subject FROM issuer_decision WHERE approver IS NULL"
_COPIED = f"""INSERT INTO issuer_decision
    SELECT {_BEYOND} + row_number() OVER (), victim.subject, status, reason, rule_set, rule_set_version, basis,
    evidence, unit, author, approver, starts_at, ends_at, appeal_until, bond FROM ({_SUBJECTS}) AS victim,
    (SELECT * FROM issuer_decision WHERE approver IS NOT NULL LIMIT 1)"""
_COPIED_RECORDS = f"""INSERT INTO issuer_decision_record
    SELECT made.decision_id, record.status, region, record.basis, commitment, sealed, text, leaf
    FROM issuer_decision AS made, (SELECT * FROM issuer_decision_record WHERE basis <> 'rule' LIMIT 1) AS record
    WHERE made.decision_id >= {_BEYOND}"""
"""A decision with its text and its leaf, copied to everybody who waits to be turned red, and to some who pass by."""


def _asked_for(town: Zhengzhou, tmp_path: Path, when: str) -> set[int]:
    """What the codes say that the passers-by have been given so far, once they have asked for another."""
    wanted, codes = tmp_path / f"{when}.ndjson", tmp_path / f"{when}-codes.ndjson"
    person = asks("王小明", hours=10, form="paper", now=SystemClock().now())
    rows = (person | {"document": {"number": each}, "key": f"{when} {each}"} for each in PASSERS_BY)
    wanted.write_text("".join(json.dumps(row) + "\n" for row in rows))
    town.henan.bulk(wanted, codes)
    assert len(codes.read_text().splitlines()) == len(PASSERS_BY)
    given = f"{_PASSED} JOIN issuer_credential USING (decision_id)"
    return {*json.loads(town.one(f"SELECT json_group_array(DISTINCT status) FROM issuer_decision {given}"))}


def _states(town: Zhengzhou) -> dict[str, str]:
    return {each["pseudonym"]: each["state"] for each in town.issuer("staff", "list")["keys"]}


def _restarted(world: World, server: Server, **settings: str) -> None:
    world.stop(server)
    server.settings |= settings
    world.start(server)
