"""``credentials/browser/formats/smart_health_card/codes.ts``, written from the codes in Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from credentials.foreign.facts import COVID_19
from credentials.formats.smart_health_card.codes import COVID_VACCINES, LOINC, RESULTS, TESTS

MODULE = Path(__file__).parents[2] / "credentials" / "browser" / "formats" / "smart_health_card" / "codes.ts"
_HEAD = """// Made by `make profile` from credentials/formats/smart_health_card/codes.py: change it there.

import type { EvidenceKind, EvidenceResult } from "../../profile";

"""


def write_module() -> str:
    """The whole module."""
    kinds = {kind: [code for code, each in TESTS.items() if each is kind] for kind in dict.fromkeys(TESTS.values())}
    vaccines = {system: _by_value(codes) for system, codes in COVID_VACCINES.items()}
    results = {system: {code: each.label for code, each in codes.items()} for system, codes in RESULTS.items()}
    return _HEAD + "\n".join(
        (
            f"export const COVID_19 = {json.dumps(COVID_19)};",
            f"export const LOINC = {json.dumps(LOINC)};",
            "/** Codes by what they stand for, a space between them. */",
            "const each = <Meaning>(codes: string, meaning: Meaning) =>",
            '  codes.split(" ").map((code) => [code, meaning] as const);',
            "/** Vaccines against COVID-19 by system and code, with the doses of a whole series. */",
            "export const COVID_VACCINES: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map([",
            *(f"  [{json.dumps(system)}, new Map([{_eaches(codes)}])]," for system, codes in vaccines.items()),
            "]);",
            "/** Tests for SARS-CoV-2 by LOINC. */",
            "export const TESTS: ReadonlyMap<string, EvidenceKind> = new Map<string, EvidenceKind>([",
            *(
                f"  ...each({json.dumps(' '.join(codes))}, {json.dumps(kind.label)} as const),"
                for kind, codes in kinds.items()
            ),
            "]);",
            "/** What came of a test, by system and code. */",
            "export const RESULTS: ReadonlyMap<string, ReadonlyMap<string, EvidenceResult>> = new Map([",
            *(
                f"  [{json.dumps(system)}, new Map<string, EvidenceResult>({json.dumps([*codes.items()])})],"
                for system, codes in results.items()
            ),
            "]);",
            "",
        )
    )


def _by_value(codes: Mapping[str, int]) -> dict[int, list[str]]:
    return {value: [code for code, each in codes.items() if each == value] for value in dict.fromkeys(codes.values())}


def _eaches(codes: Mapping[int, list[str]]) -> str:
    return ", ".join(f"...each({json.dumps(' '.join(found))}, {value})" for value, found in codes.items())
