"""A phone's way with real processes: claim, show, a second phone, a decision by hand, and what the gate says."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import FetchFailed
from demonstration.cast import HENAN, ActingProvince
from demonstration.phone import Phone
from issuer.requests.holder_proof import PAPER, RELEASE
from tests.scenarios.deployment import deployed, request

NUMBER = "11010519491231002X"


class Shown:
    """A phone and what a gate says of what it shows."""

    def __init__(self, province: ActingProvince, folder: Path) -> None:
        self.province, self.phone = province, Phone(folder)
        self.phone.make_key()

    def claim(self, code: str) -> None:
        self.phone.keep(self.province.serve_phone("claims", self.phone, code=code)["text"])

    def renew(self) -> dict[str, Any]:
        held = self.province.serve_phone("renewals", self.phone)
        self.phone.keep(held["text"])
        return held

    def verdict(self) -> tuple[str, str | None]:
        """The gate's outcome and its first reason."""
        verdict = self.province.check(self.phone.show(int(time.time())))
        return verdict["outcome"], verdict["reasons"][0]["code"] if verdict["reasons"] else None


def test_a_resident_from_the_first_claim_code_to_the_last(tmp_path: Path) -> None:
    """What staff, phones, issuer and gate do together, each of them seeing only what crosses the wire."""
    person = request("王小明", NUMBER, form="phone")
    with deployed(tmp_path / "world") as (_, _, henan):
        first, second = (Shown(henan, tmp_path / name) for name in ("first", "second"))
        first.claim(henan.claim_code(person))
        assert first.verdict() == ("accepted", None)
        assert first.renew()["text"] == first.phone.code()

        second.claim(henan.claim_code(person))
        assert second.verdict() == ("accepted", None)
        henan.wait_for_withdrawals(HENAN.member, 1)
        assert first.verdict() == ("refused", "withdrawn")
        with pytest.raises(FetchFailed, match="device-replaced"):
            first.renew()

        henan.hands.employ()
        red = henan.hands.decide({"number": NUMBER}, "red", "close-contact")
        decided = henan.issue(request("王小明", NUMBER) | {"decision": red})
        henan.wait_for_withdrawals(HENAN.member, 2)
        assert second.verdict() == ("refused", "withdrawn")
        assert second.renew()["status"] == "red"
        assert second.verdict() == ("refused", "status-not-accepted")

        printed = henan.serve_phone("paper", second.phone, PAPER)
        assert (printed["form"], printed["status"]) == ("paper", "red")
        assert henan.serve_phone("release", second.phone, RELEASE) == {"withdrawn": True}
        henan.wait_for_withdrawals(HENAN.member, 3)
        assert second.verdict() == ("refused", "withdrawn")
        assert henan.check(printed["text"])["reasons"][0]["code"] == "status-not-accepted"
        assert henan.check(decided["text"])["reasons"][0]["code"] == "status-not-accepted"
