"""The catalogues ``credentials/profile/texts/*.po``, read, and the modules that are made of them.

What is read is the part of gettext's format that a catalogue of ids needs: comments, ``msgid`` and ``msgstr``, strings
over several lines. Everything else (plurals, contexts, fuzzy entries) is refused, so that no tool's addition is lost
without a word.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path

from credentials.profile.languages import LANGUAGES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "credentials" / "profile" / "texts"
MODULE = ROOT / "credentials" / "profile" / "catalogue.py"
_BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
_FOLDERS: list[str] = _BUILD["hooks"]["custom"]["apps"]
APPS = {Path(each).name.removesuffix("_app"): ROOT / each / "texts.ts" for each in _FOLDERS}
"""Texts of one app alone, by the first part of their ids, and the module that they become."""
SUPPORT = ROOT / "service_kit" / "browser" / "support.js"
IN_BROWSERS_ALONE = (*APPS, "support")
"""First parts of ids that no Python needs."""
_LINE = re.compile(r'(?:(msgid|msgstr) )?("(?:[^"\\]|\\["\\n])*")')
_HEAD = '''"""Made by `make profile` from credentials/profile/texts/*.po: change it there."""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
'''

_APP_HEAD = """// Made by `make profile` from credentials/profile/texts/*.po: change it there.

export const TEXTS = {"""
_NAMES = {
    "gate": ("gate.title", "gate.shortName"),
    "proof": ("proof.title", "proof.title"),
    "wallet": ("wallet.appTitle", "wallet.title"),
}
"""The ids of an app's name, whole and short, as a device shows it."""


class BadCatalogue(Exception):
    """A catalogue that cannot be read, or that does not say what the others say."""


def read_catalogue(text: str) -> dict[str, str]:
    """The texts of a catalogue by their ids. Raises BadCatalogue, naming the line."""
    read: dict[str, str] = {}
    name, part = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or (line.startswith("#") and not line.startswith(("#,", "#~"))):
            continue
        found = _LINE.fullmatch(line)
        keyword, string = (found[1], json.loads(found[2])) if found else ("", "")
        if keyword == "msgid" and part != "msgid":
            name, part = string, keyword
        elif keyword == "msgstr" and part == "msgid" and name not in read:
            read[name], part = string, keyword
        elif found and keyword is None and part == "msgid":
            name += string
        elif found and keyword is None and part == "msgstr":
            read[name] += string
        else:
            raise BadCatalogue(f"line {number}: not what can stand here: {line}")
    read.pop("", None)
    return read


@cache
def catalogues() -> dict[str, dict[str, str]]:
    """Every language's texts, in the order of LANGUAGES."""
    return {language: read_catalogue((FOLDER / f"{language}.po").read_text("utf-8")) for language in LANGUAGES}


@cache
def texts() -> dict[str, tuple[str, ...]]:
    """Each id's text in all languages. Raises BadCatalogue where one of them has not all ids."""
    read = catalogues()
    first, *others = read.values()
    for language, other in read.items():
        if other.keys() != first.keys():
            raise BadCatalogue(f"{language}.po: {', '.join(sorted(other.keys() ^ first.keys()))}")
    return {name: (first[name], *(other[name] for other in others)) for name in sorted(first)}


def write_python() -> str:
    """``credentials/profile/catalogue.py``."""
    used = {name: said for name, said in texts().items() if name.split(".")[0] not in IN_BROWSERS_ALONE}
    return _HEAD + "".join(f"    {_json(name)}: ({_row(said)},),\n" for name, said in used.items()) + "}\n"


def write_app(app: str) -> str:
    """``texts.ts`` of an app: its own texts, by language and by the rest of the id."""
    own = {name.removeprefix(f"{app}."): said for name, said in texts().items() if name.startswith(f"{app}.")}
    lines = [_APP_HEAD]
    for place, language in enumerate(LANGUAGES):
        rows = (f"    {_json(name)}: {_json(said[place])}," for name, said in own.items())
        lines += [f"  {_json(language)}: {{", *rows, "  },"]
    kind = f"{app.title()}TextName"
    return "\n".join([*lines, "} as const;", "", f'export type {kind} = keyof (typeof TEXTS)["{LANGUAGES[0]}"];', ""])


def write_page(app: str) -> str:
    """``index.html`` of an app with its title, its name and what it says without scripts; the rest is by hand."""
    page = page_of(app).read_text("utf-8")
    said, names = texts(), _NAMES[app]
    # Some apps have nothing to advise meanwhile.
    meanwhile = said.get(f"support.meanwhile.{app}", ("",) * len(LANGUAGES))
    rows = zip(LANGUAGES, said["join.sentences"], said[f"support.script.{app}"], meanwhile, strict=True)
    without = "".join(
        f'      <p lang="{language}">{pattern.replace("{first}", first).replace("{next}", following).rstrip()}</p>\n'
        for language, pattern, first, following in rows
    )
    page = re.sub(r"(?s)(?<=<noscript>\n).*?(?=    </noscript>)", lambda _: without, page)
    page = re.sub(r"(?<=<title>).*?(?=</title>)", said[names[0]][0], page)
    return re.sub(r'(?<=app-title" content=").*?(?=")', said[names[1]][0], page)


def write_manifest(app: str) -> str:
    """``manifest.webmanifest`` of an app with its names in the first language; the rest is by hand."""
    whole, short = (texts()[name][0] for name in _NAMES[app])
    manifest = manifest_of(app).read_text("utf-8")
    manifest = re.sub(r'(?<="name": ").*?(?=")', whole, manifest)
    return re.sub(r'(?<="short_name": ").*?(?=")', short, manifest)


def write_support() -> str:
    """``service_kit/browser/support.js`` with its table of texts; the rest is by hand, as old browsers read it."""
    said = {name.removeprefix("support."): each for name, each in texts().items() if name.startswith("support.")}
    used = {name: [*each] for name, each in said.items() if not name.startswith("script.")}
    table = ",\n".join(f"    {_json(name)}: {_json(each)}" for name, each in used.items())
    made = f"  // Made by `make profile`.\n  var LANGUAGES = {_json([*LANGUAGES])};\n  var TEXTS = {{\n{table}\n  }};\n"
    return re.sub(
        r"(?s)  // Made by `make profile`\.\n.*?\n  \};\n", lambda _: made, SUPPORT.read_text("utf-8"), count=1
    )


def page_of(app: str) -> Path:
    """An app's page."""
    return APPS[app].with_name("index.html")


def manifest_of(app: str) -> Path:
    """What a device shows of an app that was installed."""
    return APPS[app].with_name("public") / "manifest.webmanifest"


INSTALLED = tuple(app for app in APPS if manifest_of(app).exists())
"""Apps that a device keeps under a name of their own."""


def _row(said: tuple[str, ...]) -> str:
    return ", ".join(map(_json, said))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
