"""An issuer with its desk, and what two of its staff do there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from credentials.identity import parse_document
from credentials.profile.lists import Reason, Status
from issuer.desk.desk import Desk, NamedPerson, Wish
from issuer.desk.guard import Guard
from issuer.issuing.issuance import ask_for
from issuer.storage.by_hand import SqlByHandStore
from issuer.storage.ports.staff import ByHandRow
from tests.staff import Person
from tests.unit.issuer.office import NOW, STAFF, IssuerOnDisk, hands, paper, resident_numbers, staff_keys

RED = Wish(Status.RED, Reason.CLOSE_CONTACT, "infectious-diseases-law-39", 3, "health-commission")
AUTHOR, APPROVER = STAFF.author, STAFF.approver
FEW = Guard(1, 20)
NUMBERS = resident_numbers(40)


class Office:
    """An issuer with its desk."""

    def __init__(self, folder: Path, people_a_day: int = 100, guard: Guard = FEW) -> None:
        self.issuer = IssuerOnDisk(folder)
        engine = self.issuer.engines[0]
        self.issuance = replace(self.issuer.issuance, hands=hands(engine, people_a_day))
        self.store = SqlByHandStore(engine)
        self.keys = staff_keys(engine)
        self.desk = Desk(self.issuance, self.keys, self.store, guard)

    def propose(self, *numbers: str, wish: Wish = RED, at: int = NOW, by: Person = AUTHOR) -> ByHandRow:
        """Proposed and signed by its author."""
        row = self.desk.propose(by.key, [NamedPerson(parse_document(None, each)) for each in numbers], wish, at)
        self.desk.sign(by.key, row.number, by.sign(row.text.encode()), at)
        return self.desk.find(row.number)

    def approve(self, row: ByHandRow, by: Person = APPROVER, at: int = NOW + 60) -> ByHandRow:
        return self.desk.approve(by.key, row.number, by.sign(row.text.encode()), at)

    def issue(self, number: str = NUMBERS[0], key: str = "k", at: int = NOW, **changes: Any) -> Any:
        asked = paper(document={"number": number}, **changes)
        return self.issuance.issue("app", ask_for(asked, key), at)

    def outcomes(self, row: ByHandRow) -> list[str | None]:
        return [each.outcome for each in self.store.people(row.number)]

    def leaves(self) -> list[tuple[str, str]]:
        with self.issuer.engines[0].connect() as connection:
            found = connection.exec_driver_sql("SELECT kind, content FROM issuer_log_leaf ORDER BY number")
            return [(kind, content) for kind, content in found]
