"""The EU's own test cards: every stage that a vector asserts, but for vectors that are at fault, each with the reason.

A vector is judged as a gate would: its signer's certificate is imported, and the card goes through the steps at the
vector's clock.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import CredentialError, KeyRejected
from credentials.foreign.document import document_of, sign_foreign_keys
from credentials.foreign.envelope import ForeignEnvelope
from credentials.foreign.keys import ForeignKeys
from credentials.formats import native, table
from credentials.profile.steps import StepName
from credentials.verdict import to_json
from tests.properties.test_both_judges import SNAPSHOT
from tests.unit.verifier.known import VENUE, known
from tests.vectors.cast import NOW, signer
from tests.vectors.knowledge import GUANGDONG
from tests.web.twin import NodeTwin, Twin
from verifier.foreign.certificates import Certificate, key_of
from verifier.judging import foreign_steps
from verifier.judging.card import ForeignCard
from verifier.judging.examination import Examination
from verifier.judging.recipe import judge
from verifier.snapshot.snapshot import policy_to_json

REPOSITORY = Path(__file__).parents[2]
FILE = Path(os.environ.get("TONGXING_VECTORS") or REPOSITORY.parent / "shared" / "vectors") / "dcc-testdata.json"
pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason=f"NOT CHECKED: no EU test cards at {FILE} (set TONGXING_VECTORS)"
)
VECTORS: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {}
AT_FAULT = {
    ("ES/2DCode/raw/401.json", "EXPECTEDVERIFY"): "signed by a key on P-384 under ES256: hcert-spec 3.2 wants P-256",
    ("ES/2DCode/raw/402.json", "EXPECTEDVERIFY"): "as 401",
    ("ES/2DCode/raw/403.json", "EXPECTEDVERIFY"): "as 401",
}
"""Vector and stage on which we do not agree, and why the vector is wrong."""
STAGES = (
    "EXPECTEDUNPREFIX",
    "EXPECTEDB45DECODE",
    "EXPECTEDCOMPRESSION",
    "EXPECTEDVERIFY",
    "EXPECTEDDECODE",
    "EXPECTEDVALIDJSON",
    "EXPECTEDSCHEMAVALIDATION",
    "EXPECTEDVALIDOBJECT",
    "EXPECTEDKEYUSAGE",
    "EXPECTEDEXPIRATIONCHECK",
)
_CLOCK = re.compile(r"(.{19})(?:\.\d+)?(.*)")


def clock(text: str) -> int:
    """Seconds of a vector's clock: with seven digits of a second, without a zone, with +0000."""
    match = _CLOCK.fullmatch(text)
    assert match is not None, text
    zone = re.sub(r"^([+-]\d\d)(\d\d)$", r"\1:\2", match[2].strip())
    return int(datetime.fromisoformat(match[1] + (zone or "Z")).timestamp())


def came(vector: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """How far the card comes, in the vectors' words: each stage that was reached and whether it held."""
    at, text = clock(vector["TESTCTX"]["VALIDATIONCLOCK"]), vector["PREFIX"]
    yield "EXPECTEDUNPREFIX", native.bare(text).startswith("HC1:")
    envelope = unwrapped(text)
    yield "EXPECTEDB45DECODE", envelope is not None or "base45" not in fault(text)
    yield "EXPECTEDCOMPRESSION", envelope is not None or "zlib" not in fault(text)
    check = Examination(text, known(), at, VENUE, clock_in_doubt=False)
    keys = listed(vector)
    passed = {}
    if envelope is not None:
        check.is_foreign, check.card = True, ForeignCard(table.FOREIGN["eu-dcc"], envelope)
        check.card.keys = keys.named("eu-dcc", envelope.kid)
        for step in (foreign_steps.signature, foreign_steps.read, foreign_steps.permission, foreign_steps.time):
            check.step = StepName.SIGNATURE
            open_steps = len(check.open_steps)
            try:
                step(check)
                passed[step.__name__] = len(check.open_steps) == open_steps
            except CredentialError:
                passed[step.__name__] = False
                if step.__name__ in ("signature", "read"):
                    break
    yield "EXPECTEDVERIFY", passed.get("signature", False)
    for stage in ("EXPECTEDDECODE", "EXPECTEDVALIDJSON", "EXPECTEDSCHEMAVALIDATION", "EXPECTEDVALIDOBJECT"):
        yield stage, passed.get("read", False)
    yield "EXPECTEDKEYUSAGE", passed.get("permission", False)
    yield "EXPECTEDEXPIRATIONCHECK", passed.get("time", False)


def unwrapped(text: str) -> ForeignEnvelope | None:
    try:
        found = table.unwrap(text)[1]
    except CredentialError:
        return None
    assert isinstance(found, ForeignEnvelope)
    return found


def fault(text: str) -> str:
    with pytest.raises(CredentialError) as raised:
        table.unwrap(text)
    return raised.value.detail


def listed(vector: dict[str, Any]) -> ForeignKeys:
    """The signer's key, as a host would have imported it."""
    try:
        key = key_of(Certificate(base64.b64decode(vector["TESTCTX"]["CERTIFICATE"])))
    except KeyRejected:
        return ForeignKeys("CN-44", 1, NOW, ())
    return ForeignKeys("CN-44", 1, NOW, (key,))


def asserted(vector: dict[str, Any]) -> dict[str, bool]:
    return {stage: holds for stage, holds in vector["EXPECTEDRESULTS"].items() if stage in STAGES}


@pytest.mark.parametrize("name", VECTORS)
def test_every_stage_that_a_vector_asserts(name: str) -> None:
    """Each stood at a border one day; a reader that is wrong about one turns a country away."""
    found = dict(came(VECTORS[name]))
    known_faults = {stage for vector, stage in AT_FAULT if vector == name}
    # Nothing can be said of what lies behind a stage at fault.
    if "EXPECTEDVERIFY" in known_faults:
        known_faults |= {stage for stage in STAGES if not found[stage]}
    wrong = {stage for stage, holds in asserted(VECTORS[name]).items() if found[stage] is not holds}
    assert wrong - known_faults == set()


def test_every_vector_at_fault_is_still_one() -> None:
    """A list of exceptions that nobody needs any more hides the next one."""
    for name, stage in AT_FAULT:
        assert dict(came(VECTORS[name]))[stage] is not asserted(VECTORS[name])[stage]


def test_the_browser_s_judge_says_the_same_of_each(node_judge: NodeTwin) -> None:
    """In Node of every vector; in Chromium of some: tests/web/test_vectors.py."""
    assert differently_judged(node_judge, VECTORS) == []


def differently_judged(twin: Twin, names: Iterable[str]) -> list[str]:
    """Those of these vectors of which the twin does not say what our judge says, at each vector's clock."""
    return [name for name in names if not said_alike(twin, VECTORS[name])]


def said_alike(twin: Twin, vector: dict[str, Any]) -> bool:
    keys, at, text = listed(vector), clock(vector["TESTCTX"]["VALIDATIONCLOCK"]), vector["PREFIX"]
    document = document_of(GUANGDONG, 1, NOW, keys.keys)
    compact = sign_foreign_keys(document, signer(GUANGDONG, "rules-1")) if keys.keys else None
    assert twin("learn", name="dcc", snapshot={**SNAPSHOT, "foreign_keys": compact})["failures"] == []
    knowledge = replace(known(), foreign_keys=keys if keys.keys else None)
    gate = {"at": at, "policy": policy_to_json(VENUE), "clock_in_doubt": False, "challenge": None}
    return bool(twin("check", knowledge="dcc", text=text, **gate) == to_json(judge(text, knowledge, at, VENUE)))
