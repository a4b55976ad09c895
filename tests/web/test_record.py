"""The browser's check of a list's proof says what Python's says: by WebCrypto in Node and Chromium, and without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.reading import RECORD
from tests.web.twin import NodeTwin, PageTwin, Twin, bundle

CASES: dict[str, Any] = {case["name"]: case for case in json.loads(RECORD.read_text("utf-8"))["cases"]}
WITHOUT_ED25519 = """
const importKey = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = async (format, key, kind, ...others) => {
  if (kind === "Ed25519") throw new DOMException("unknown", "NotSupportedError");
  return importKey(format, key, kind, ...others);
};
"""


@pytest.mark.parametrize("name", CASES)
def test_both_checks_say_the_same(node_judge: Twin, name: str) -> None:
    """One gate in alarm and its neighbour without would leave nobody knowing whom to believe."""
    assert node_judge("prove", record=CASES[name]["record"]) == CASES[name]["expected"]


def test_a_browser_without_ed25519_says_the_same(tmp_path: Path) -> None:
    """Half of the phones that guards have are older than their WebCrypto's Ed25519."""
    *command, script = bundle(tmp_path)
    Path(script).write_text(WITHOUT_ED25519 + Path(script).read_text("utf-8"), "utf-8")
    twin = NodeTwin([*command, script])
    try:
        said = {name: twin("prove", record=case["record"]) for name, case in CASES.items()}
    finally:
        twin.close()
    assert said == {name: case["expected"] for name, case in CASES.items()}


def test_in_a_page_it_says_the_same(page_judge: PageTwin) -> None:
    """With the WebCrypto that gates have."""
    said = {name: page_judge("prove", record=case["record"]) for name, case in CASES.items()}
    assert said == {name: case["expected"] for name, case in CASES.items()}


def test_what_a_browser_finds_itself_counts_from_its_first_list(node_judge: Twin) -> None:
    """Though the service that hands it on says nothing of it: from then on as if the service had."""
    good, bad = CASES["two of three have cosigned"]["record"], CASES["one witness"]["record"]
    assert held(node_judge, good, 1_000) is None
    assert held(node_judge, bad, 2_000) == 2_000
    assert held(node_judge, bad, 3_000) == 2_000
    assert held(node_judge, good, 4_000) is None


def held(twin: Twin, record: dict[str, Any], registry_time: int) -> int | None:
    trust = {
        "anchor": "a", "versions": {"timestamp": registry_time}, "registry_time": registry_time, "expiries": {},
        "whole": True, "unproven_since": None, "record": record, "members": [], "denied": [],
    }  # fmt: skip
    answer = {"member": "CN-44", "gate": "", "policy": {}, "trust": trust, "statuses": {}, "segments": {},
              "rules": [], "reasons": [], "position": ""}  # fmt: skip
    assert twin("follow", name="unproven", answer=answer) is None
    since: int | None = twin("tell", name="unproven")["document"]["trust"]["unproven_since"]
    return since
