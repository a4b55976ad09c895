"""``credentials/browser/known_texts.ts``, from ``credentials/profile/known_texts.py``: a part of the gate app alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from credentials.profile.known_texts import HEALTH_LINK, KNOWN_TEXTS, MAX_LOOKED_AT_CHARACTERS, words_of

MODULE = Path(__file__).parents[2] / "credentials" / "browser" / "known_texts.ts"
_HEAD = """// Made by `make profile` from credentials/profile/known_texts.py: change it there.

import type { Label } from "./profile";

/** Texts that are known for what they are; the first that fits counts. */
"""
_TAIL = """
const MAX_LOOKED_AT_CHARACTERS = {most};

/** What a bare text is and what to do; null when nobody knows. */
export function wordsOf(text: string): Label | null {{
  const head = [...text.slice(0, 2 * MAX_LOOKED_AT_CHARACTERS)].slice(0, MAX_LOOKED_AT_CHARACTERS).join("");
  return KNOWN_TEXTS.find(([pattern]) => pattern.test(head))?.[1] ?? null;
}}

/** Also inside a card of another form. */
export const HEALTH_LINK: Label = {link};
"""


def write_module() -> str:
    """The whole module."""
    rows = "".join(f"  [/^(?:{_source(pattern)})/i, {_json(words_of(kind))}],\n" for kind, pattern in KNOWN_TEXTS)
    table = f"const KNOWN_TEXTS: readonly (readonly [pattern: RegExp, words: Label])[] = [\n{rows}];\n"
    return _HEAD + table + _TAIL.format(most=MAX_LOOKED_AT_CHARACTERS, link=_json(words_of(HEALTH_LINK)))


def _source(pattern: str) -> str:
    return pattern.replace("/", "\\/")


def _json(words: Iterable[str]) -> str:
    return json.dumps([*words], ensure_ascii=False)
