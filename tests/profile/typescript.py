"""``credentials/browser/profile.ts``, written from ``credentials/profile``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from credentials.profile import limits, lists
from credentials.profile.catalogue import TEXTS
from credentials.profile.characters import HIDDEN
from credentials.profile.forms import FORMS
from credentials.profile.languages import COMMON, LANGUAGE_TAG, LANGUAGES, MAX_LANGUAGES
from credentials.profile.lists import ClosedList
from credentials.profile.members import MEMBERS, REGION_CODES
from credentials.profile.reasons import REASONS
from credentials.profile.steps import FOREIGN_STEPS, StepName
from credentials.profile.words import Label

MODULE = Path(__file__).parents[2] / "credentials" / "browser" / "profile.ts"
_HEAD = """// Made by `make profile` from credentials/profile: change it there.

"""
_SHARED = ("browser", "evidence", "join", "language", "unit", "verdict")
"""First parts of the ids of texts that both apps put together."""
_LISTS: Mapping[str, tuple[type[ClosedList], str, Mapping[Any, Label]]] = {
    "STATUSES": (lists.Status, "STATUS_LABELS", lists.STATUS_LABELS),
    "REASONS": (lists.Reason, "REASON_LABELS", lists.REASON_LABELS),
    "FORM_NAMES": (lists.Form, "FORM_LABELS", lists.FORM_LABELS),
    "EVIDENCE_KINDS": (lists.EvidenceKind, "KIND_LABELS", lists.KIND_LABELS),
    "EVIDENCE_RESULTS": (lists.EvidenceResult, "RESULT_LABELS", lists.RESULT_LABELS),
    "GUARDIANS": (lists.Guardian, "GUARDIAN_LABELS", lists.GUARDIAN_LABELS),
}


def write_module() -> str:
    """The whole module."""
    parts = (_languages, _limits, _blank, _lists, _forms, _steps, _reasons, _members, _characters)
    return _HEAD + "\n".join(line for part in parts for line in part()) + "\n"


def _blank() -> Iterator[str]:
    yield ""


def _languages() -> Iterator[str]:
    yield "/** Tags of BCP 47; the first is for whoever asks for none of them. */"
    yield f"export const LANGUAGES = {_json([*LANGUAGES])} as const;"
    yield "export type Language = (typeof LANGUAGES)[number];"
    yield f"/** Every signed document has these. */\nexport const COMMON = {_json([*COMMON])} as const;"
    yield f"export const LANGUAGE_TAG = /^{LANGUAGE_TAG}$/;\nexport const MAX_LANGUAGES = {MAX_LANGUAGES};"
    yield "/** One text in each of LANGUAGES, in their order. */"
    yield "export type Label = readonly string[];"
    yield "/** Texts that are put together, by their ids. */\nexport const WORDS = {"
    yield from (f"  {_json(name)}: {_json([*said])}," for name, said in TEXTS.items() if name.split(".")[0] in _SHARED)
    yield "} as const satisfies Record<string, Label>;\n"


def _limits() -> Iterator[str]:
    for name, value in vars(limits).items():
        if name.isupper() and isinstance(value, int):
            yield f"export const {name} = {value};"


def _lists() -> Iterator[str]:
    for name, (closed_list, labels_name, labels) in _LISTS.items():
        members = _json([member.label for member in closed_list])
        yield f"/** Wire number = place in the list + 1. */\nexport const {name} = {members} as const;"
        yield f"export type {closed_list.__name__} = (typeof {name})[number];"
        yield f"export const {labels_name}: Record<{closed_list.__name__}, Label> = {_rows(labels)};\n"


def _rows(labels: Mapping[ClosedList, Label]) -> str:
    return "{\n" + "".join(f"  {_json(member.label)}: {_json([*words])},\n" for member, words in labels.items()) + "}"


def _forms() -> Iterator[str]:
    yield "/** What hangs on how a code is carried. `isBound`: to a key of the holder's. `note`: of an accepted one. */"
    yield (
        "export interface FormProfile {\n  readonly maxLifetimeSeconds: number;\n  readonly isBound: boolean;\n"
        "  readonly hasGuardian: boolean;\n  readonly note: string;\n}"
    )
    yield "export const FORMS: Record<Form, FormProfile> = {"
    for form, each in FORMS.items():
        facts = {
            "maxLifetimeSeconds": each.max_lifetime_seconds,
            "isBound": each.is_bound,
            "hasGuardian": each.has_guardian,
            "note": each.note,
        }
        yield f"  {_json(form.label)}: {_json(facts)},"
    yield "};\n"


def _steps() -> Iterator[str]:
    yield "/** The steps of the recipe, as verdicts show them; their number is their place. */"
    yield f"export const STEPS = {_json([*StepName])} as const;\nexport type StepName = (typeof STEPS)[number];"
    yield "/** Of cards that no member signed. */"
    foreign = [step for step in StepName if step in FOREIGN_STEPS]
    yield f"export const FOREIGN_STEPS: readonly StepName[] = {_json(foreign)};\n"


def _reasons() -> Iterator[str]:
    yield "/** Whose hotline helps with a reason, the most helpful first; what is not here helps itself. */"
    yield 'export type Call = "host" | "source" | "issuer";'
    yield "export const CALLS: { readonly [reason: string]: readonly Call[] | undefined } = {"
    yield from (f"  {_json(code)}: {_json([*row.call])}," for code, row in REASONS.items() if row.call)
    yield "};\n"


def _members() -> Iterator[str]:
    yield "/** Every member's id, with its name; what the trust list calls it goes before. */"
    yield "export const MEMBER_NAMES: { readonly [member: string]: Label | undefined } = {"
    yield from (f"  {_json(member.id)}: {_json([*member.names])}," for member in MEMBERS.values())
    yield "};"
    yield "/** The first two digits of GB/T 2260 codes. */"
    yield f"export const REGION_CODES: readonly number[] = {sorted(REGION_CODES)};\n"


def _characters() -> Iterator[str]:
    yield "/** First and last of each range of code points that no signed text holds. */"
    ranges = _json([[*each] for each in HIDDEN])
    yield f"export const HIDDEN: readonly (readonly [first: number, last: number])[] = {ranges};"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
