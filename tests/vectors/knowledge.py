"""The named pieces of knowledge that the vectors are judged with, in the shape of ``verifier/snapshot/snapshot.py``."""

from __future__ import annotations

from typing import Any

from credentials.recognition.authoring.template import template
from credentials.recognition.document import sign_rule_set
from tests.vectors.cast import DAY, HOUR, NOW, key_entry, member_entry, signer, status_file

HENAN, GUANGDONG, ZHEJIANG, SICHUAN, STRANGER = "CN-41", "CN-44", "CN-33", "CN-51", "CN-65"
LIST, EMPTY_LIST, ENDED_LIST, NEWER_LIST = 3, 4, 5, 9
WITHDRAWN_INDEX, GOOD_INDEX = 77, 78


def _members() -> list[dict[str, Any]]:
    henan = [
        key_entry(HENAN, "credential-1"),
        key_entry(HENAN, "credential-2", not_after=NOW - 2 * HOUR),
        key_entry(HENAN, "credential-3"),
        key_entry(HENAN, "credential-4", algorithm="SGD_SM3_SM2"),
        key_entry(HENAN, "status-1"),
    ]
    host = [key_entry(GUANGDONG, f"{use}-1") for use in ("credential", "status", "rules")]
    zhejiang = [key_entry(ZHEJIANG, "credential-1"), key_entry(ZHEJIANG, "status-1")]
    return [
        member_entry(HENAN, "河南", "Henan", henan),
        member_entry(GUANGDONG, "广东", "Guangdong", host),
        member_entry(ZHEJIANG, "浙江", "Zhejiang", zhejiang, ["green"]),
        member_entry(SICHUAN, "四川", "Sichuan", [key_entry(SICHUAN, "credential-1")], environment="test"),
    ]


def _trust(registry_time: int = NOW - 60, **changes: Any) -> dict[str, Any]:
    return {
        "registry_time": registry_time,
        "expiries": {"root": registry_time + 300 * DAY, "timestamp": registry_time + DAY},
        "whole": True,
        "members": _members(),
        "denied": [{"kid": signer(HENAN, "credential-3").kid.hex(), "reason": "compromised", "denied_at": NOW - DAY}],
        **changes,
    }


def _changed() -> dict[str, Any]:
    """Henan's root key changed, and the old one did not sign it."""
    members = [member | {"changed_until": NOW + DAY} if member["id"] == HENAN else member for member in _members()]
    return _trust(members=members)


def trusts() -> dict[str, dict[str, Any]]:
    """Trust lists by name."""
    return {
        "fresh": _trust(),
        "three hours old": _trust(NOW - 3 * HOUR),
        "two days old": _trust(NOW - 2 * DAY),
        "four days old": _trust(NOW - 4 * DAY),
        "with an unreadable entry": _trust(whole=False),
        "with a changed member": _changed(),
        "unproven for a day": _trust(unproven_since=NOW - DAY),
        "unproven for two days": _trust(unproven_since=NOW - 2 * DAY),
    }


def statuses() -> dict[str, str]:
    """Status files by name."""
    lists = {LIST: [5, WITHDRAWN_INDEX, 1_048_575], EMPTY_LIST: [], ENDED_LIST: []}
    return {
        "henan": status_file(HENAN, NOW - 60, lists, {ENDED_LIST: NOW}),
        "henan two days old": status_file(HENAN, NOW - 2 * DAY, lists),
        "zhejiang": status_file(ZHEJIANG, NOW - 60, {LIST: [WITHDRAWN_INDEX]}),
    }


def rule_sets() -> dict[str, str]:
    """The host's signed rule sets by name: 48 hours, and variants."""
    base = template(GUANGDONG, 48, valid_from=NOW - 30 * DAY)
    denial = {
        "member": HENAN,
        "reason": {"zh": "数据核查中", "en": "Its data is under review"},
        "expires_at": NOW + DAY,
    }
    tests_only = [rule for rule in base["rules"] if rule["kinds"] == ["nucleic-acid"]]
    colour = {"===": [{"var": "payload.latest.nucleic-acid.sampledAt"}, {"var": "payload.status"}]}
    variants: dict[str, dict[str, Any]] = {
        "48 hours": {},
        "denies henan": {"denials": [denial]},
        "denied henan until now": {"denials": [denial | {"expires_at": NOW}]},
        "phones only": {"accepted_forms": ["phone"]},
        "no rule but for tests": {"rules": tests_only},
        "compares a date with a colour": {"rules": [tests_only[0] | {"logic": colour}]},
        "from tomorrow": {"valid_from": NOW + DAY},
        "until now": {"valid_until": NOW},
    }
    key = signer(GUANGDONG, "rules-1")
    return {name: sign_rule_set(base | changes, key) for name, changes in variants.items()}
