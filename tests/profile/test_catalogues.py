"""The catalogues: every id in every language, every id used and none missing, each language in its own characters."""

from __future__ import annotations

import ast
import gettext
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from credentials.profile.languages import COMMON, LANGUAGE_TAG, LANGUAGES, MAX_LANGUAGES
from tests.profile.catalogues import APPS, FOLDER, ROOT, SUPPORT, BadCatalogue, catalogues, read_catalogue, texts

ROOMS = ("credentials", "service_kit", "trust_registry", "issuer", "verifier", "diagnosis", "demonstration")
MADE = {
    ROOT / "credentials" / "profile" / "catalogue.py",
    ROOT / "credentials" / "browser" / "profile.ts",
    ROOT / "credentials" / "browser" / "known_texts.ts",
    *APPS.values(),
}
NO_TEXTS = {
    "credentials/identity/document.py": "parts of document numbers",
    "credentials/identity/name.py": "surnames",
    "credentials/identity/spelling.py": "ranges of characters",
    "credentials/profile/characters.py": "characters",
    "demonstration/props.py": "a made-up person",
    "demonstration/held_rules.py": "made-up people",
    "demonstration/residents.py": "made-up people",
    "demonstration/cast.py": "the name of a made-up gate",
    "demonstration/story.py": "made-up people",
    "demonstration/cli.py": "a made-up person",
    "diagnosis/journey.py": "the person of the doctor's code",
    "verifier/rules/rehearsal.py": "a made-up person",
    "issuer/http/schemas.py": "an example of a request",
    "issuer/decisions/causes.py": "comments on ids, read by no program",
    "issuer/decisions/deciding.py": "comments on ids, read by no program",
}
"""Files whose Chinese nobody reads as a text of the program."""
CHINESE = re.compile("[\u3400-\u9fff]")
SIMPLIFIED = set(
    "码验证签发过数据网络设备话请选择们这时间问题开关应认识别无线换标图输进连质询条单书写读听说语断损态离简"
)
"""Often used, and never in zh-HK."""
TRADITIONAL = set(
    "碼驗證簽發過數據網絡設備話請選擇們這時間問題開關應認識別無線換標圖輸進連質詢條單書寫讀聽說語斷損態離簡"
)
"""Often used, and never in zh-CN."""
OF_THE_MAINLAND = re.compile("數據庫|服務器|網絡連接|用戶端|信息|登錄|鏈接|卡口|默認|軟件包|什麼|打印")
"""Words that Hong Kong does not use, or writes otherwise."""


@cache
def _python() -> dict[Path, ast.Module]:
    paths = [ROOT / "cli.py", ROOT / "wsgi.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
    return {path: ast.parse(path.read_text("utf-8")) for path in paths if path not in MADE}


@cache
def _typescript() -> str:
    paths = (path for room in ROOMS for path in (ROOT / room).rglob("*.ts") if "built" not in path.parts)
    return "".join(path.read_text("utf-8") for path in paths if path not in MADE)


def _asked(function: str, argument: int = 0) -> Iterator[str]:
    """What calls of ``function`` ask for, as patterns: a part that is worked out may be anything."""
    for tree in _python().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
                asked = node.args[argument] if len(node.args) > argument else None
                if isinstance(asked, ast.JoinedStr):
                    parts = (part.value if isinstance(part, ast.Constant) else None for part in asked.values)
                    yield "".join(".+" if part is None else re.escape(str(part)) for part in parts)
                elif isinstance(asked, ast.Constant):
                    yield re.escape(str(asked.value))


def _asked_for() -> set[str]:
    """Patterns of the ids that programs ask for; of a table that is asked for by its stem, all below it."""
    stems = {f"{stem}\\..+" for stem in (*_asked("labels"), *_asked("_words_of", 1))}
    return {*_asked("label"), *_asked("joined", 1), *stems}


def _strings() -> set[str]:
    """Every string of Python: an id may be chosen before it is asked for."""
    nodes = (node for tree in _python().values() for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in nodes if isinstance(node.value, str)}


def test_every_id_is_in_every_language_with_the_same_placeholders() -> None:
    """A text that is missing shows nothing to somebody who reads no other language."""
    for name, said in texts().items():
        assert all(text.strip() for text in said), name
        placeholders = [sorted(set(re.findall(r"\{\w*\}", text))) for text in said]
        assert all(each == placeholders[0] for each in placeholders), f"{name}: {placeholders}"


def test_no_id_is_left_over() -> None:
    """A text that nobody is shown costs every translator time, and looks as if it were said."""
    asked, strings, source = re.compile("|".join(sorted(_asked_for()))), _strings(), _typescript()
    support, apps = SUPPORT.read_text("utf-8"), _names_in_apps()
    for name in texts():
        first, _, rest = name.partition(".")
        if first in APPS:
            assert apps.search(f" {rest} ") or rest in ("shortName", "appTitle"), name
        elif first == "support":
            assert rest.split(".")[0] in support or rest.startswith("script."), name
        else:
            assert asked.fullmatch(name) or name in strings or f'"{name}"' in source, name


def _names_in_apps() -> re.Pattern[str]:
    """What apps name: words as they stand, stems to which something is added, and parts that are added to a condition,
    as in ``expired-title``."""
    source = _typescript()
    words = set(re.findall(r"[A-Za-z][\w-]*", source))
    stems = set(re.findall(r"`([\w-]+[_-])\$\{", source))
    parts = set(re.findall(r'\$\{condition\}-(\w+)`|\bof\("(\w+)"\)', source))
    added = {part for found in parts for part in found if part}
    known = [*map(re.escape, words), *(f"{stem}\\S+" for stem in stems), *(f"\\S+-{part}" for part in added)]
    return re.compile(f" (?:{'|'.join(known)}) ")


def test_no_id_is_missing() -> None:
    """A program that asks for what is not there ends where it wanted to say something."""
    known = "\n".join(texts())
    missing = [pattern for pattern in _asked_for() if not re.search(f"^{pattern}$", known, re.MULTILINE)]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_its_own(language: str) -> None:
    """A text that was copied and never translated looks complete to everything but a reader."""
    for name, text in catalogues()[language].items():
        if language == "en":
            assert not CHINESE.search(text), name
        elif language == "zh-CN":
            "".join(CHINESE.findall(text)).encode("gb2312")
            assert not TRADITIONAL & set(text), f"{name}: {TRADITIONAL & set(text)}"
        elif language == "zh-HK":
            "".join(CHINESE.findall(text)).encode("big5hkscs")
            assert not SIMPLIFIED & set(text), f"{name}: {SIMPLIFIED & set(text)}"
            assert not OF_THE_MAINLAND.search(text), name


def test_no_text_stands_anywhere_else() -> None:
    """A text in a program is said in the languages that its author speaks, and in no other for ever."""
    for path, tree in _python().items():
        explained = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explained:
                place = str(path.relative_to(ROOT))
                assert place in NO_TEXTS or not CHINESE.search(node.value), f"{place}:{node.lineno}: {node.value}"
    code = re.sub(r"/\*.*?\*/", "", _typescript(), flags=re.DOTALL)
    assert [line for line in code.splitlines() if CHINESE.search(line.split("//")[0])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_gettext_reads_the_same(language: str, tmp_path: Path) -> None:
    """Our reader takes a part of the format: what translators' tools make of the file must be what we make of it."""
    if shutil.which("msgfmt") is None:
        pytest.skip("NOT CHECKED: no msgfmt on this machine")
    compiled = tmp_path / "compiled.mo"
    subprocess.run(["msgfmt", "--output-file", compiled, FOLDER / f"{language}.po"], check=True, capture_output=True)
    read = gettext.GNUTranslations(io.BytesIO(compiled.read_bytes()))
    assert {name: read.gettext(name) for name in texts()} == catalogues()[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_babel_reads_the_same(language: str) -> None:
    """The same of the library on which most services for translators stand."""
    pofile = pytest.importorskip("babel.messages.pofile", reason="NOT CHECKED: no Babel on this machine")
    with (FOLDER / f"{language}.po").open("rb") as file:
        read = pofile.read_po(file, abort_invalid=True)
    assert {message.id: message.string for message in read if message.id} == catalogues()[language]


@pytest.mark.parametrize(
    "text",
    [
        'msgid "a"\nmsgid "b"\n',
        'msgstr "a"\n',
        '"a"\n',
        'msgid "a"\nmsgstr "1"\nmsgid "a"\nmsgstr "2"\n',
        'msgid "a"\nmsgstr "1\n',
        'msgid "a"\nmsgid_plural "as"\nmsgstr[0] "1"\n',
        'msgctxt "c"\nmsgid "a"\nmsgstr "1"\n',
        '#, fuzzy\nmsgid "a"\nmsgstr "1"\n',
        '#~ msgid "a"\n#~ msgstr "1"\n',
        'msgid "a"\nmsgstr "\\t"\n',
    ],
)
def test_what_a_catalogue_of_ids_does_not_have_is_refused(text: str) -> None:
    """A tool's plural, context or doubt that was passed over would be a text that nobody sees."""
    with pytest.raises(BadCatalogue, match="line"):
        read_catalogue(text)


def test_a_catalogue_is_read() -> None:
    """Comments, a head, strings over several lines, quotes and line ends."""
    head = '# for people\n#. to translators\nmsgid ""\nmsgstr ""\n"Language: en\\n"\n\n'
    assert read_catalogue(head + 'msgid "a"\nmsgstr "one "\n"\\"two\\"\\n"\n') == {"a": 'one "two"\n'}


def test_the_languages_are_tags_that_signed_texts_may_have() -> None:
    """A language that no signed text could name would be one that hosts cannot write in."""
    assert set(COMMON) <= set(LANGUAGES)
    assert len(LANGUAGES) <= MAX_LANGUAGES
    assert all(re.fullmatch(LANGUAGE_TAG, language) for language in LANGUAGES)
    assert sorted(f"{language}.po" for language in LANGUAGES) == sorted(path.name for path in FOLDER.glob("*.po"))
