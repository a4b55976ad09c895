"""Attacks on whoever sits at a terminal: by a registry's answers, a file, a name, an argument, an address."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog

import cli
from service_kit import logs
from tests.serving import in_thread
from trust_registry.commands.log import MOST_LEAVES
from trust_registry.officer.remote import MAX_ANSWER_BYTES
from trust_registry.record.log import MAX_PAGE

HOSTILE = (
    "\x1b[2J\x1b[8m\x1b]52;c;eA==\x07\x9b31m\x9d0;t\x9c\r\n\x08\x7f\x85"
    "\u202e\u2066\u200f\u061c\u2028\u2029\u200b\ufeff\u00ad\U000e0041\u3164\ud800approved by 2"
    "\x1b]8;;https://evil.example\x1b\\a link\x9d8;;\x9c" + "\u0338" * 40 + "\u3000" * 20 + "a second column"
)
ID = "0f" * 16
STATEMENT = {"id": ID + HOSTILE, "member": HOSTILE, "sequence": 1, "state": HOSTILE}
CHANGE = {"member": HOSTILE, "what": HOSTILE, "kid": HOSTILE, "zh": HOSTILE, "en": HOSTILE}
WAITING = {"id": HOSTILE, "members": [HOSTILE], "ends_at": 1, "created_by": HOSTILE, "approved_by": [HOSTILE],
           "missing": [HOSTILE], "threshold": 2}  # fmt: skip
LEAVES = [{"number": number, "kind": kind, "at": 1, "content": json.dumps({"member": HOSTILE, "kid": HOSTILE})}
          for number, kind in enumerate(("key-denied", HOSTILE, "draft-made", "list-published"))]  # fmt: skip
ANSWERS: dict[str, Any] = {
    "/v1/state": {
        "members": [HOSTILE], "denied": 0, "officers": [HOSTILE], "now": 0, "versions": {HOSTILE: 1},
        "expiries": {HOSTILE: 3600}, "submitted": [STATEMENT], "audience": HOSTILE,
    },
    "/v1/statements": STATEMENT,
    "/v1/drafts": {"id": HOSTILE, "diff": [CHANGE], "drafts": [WAITING]},
    "/v1/denials": {"kid": HOSTILE, "sequence": 1},
    f"/v1/drafts/{ID}/publication": {"targets": 1, "timestamp": 1, HOSTILE: HOSTILE},
}  # fmt: skip


class Thief:
    """A registry in other hands. ``mode``: what it answers with."""

    mode = "answer"
    url = ""

    def answer(self, path: str) -> tuple[int, bytes]:
        problem = {"code": "approval-rejected", "detail": HOSTILE, "title": HOSTILE}
        bodies = {
            "answer": (200, ANSWERS.get(path, {"leaves": LEAVES if path.endswith("since=0") else []})),
            "refuse": (422, problem),
            "not-found": (404, {"code": "not-found", "detail": HOSTILE}),
            "strange-code": (500, {"code": HOSTILE, "detail": HOSTILE}),
            "shapeless": (200, dict.fromkeys(("id", "drafts", "leaves", "members", "kid", "state"), HOSTILE)),
            "no-json": (200, HOSTILE),
            "endless-log": (200, {"leaves": _page(path, MAX_PAGE, "{}")}),
            "heavy-log": (200, {"leaves": _page(path, 1, "x" * (MAX_ANSWER_BYTES // 2))}),
            "standing-log": (200, {"leaves": _page("since=0", MAX_PAGE, "{}")}),
            "page-too-long": (200, {"leaves": _page(path, MAX_PAGE + 1, "{}")}),
        }
        status, body = bodies[self.mode]
        return status, json.dumps(body).encode()


def _page(path: str, leaves: int, content: str) -> list[dict[str, Any]]:
    since = int(path.rpartition("since=")[2]) if "since=" in path else 0
    return [{"number": since + each, "kind": "draft-made", "at": 1, "content": content} for each in range(leaves)]


@pytest.fixture
def thief() -> Iterator[Thief]:
    found = Thief()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = found.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    with in_thread(server):
        yield found


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    for name in ("TONGXING_DATA_DIR", "TONGXING_REGISTRY_URL", "TONGXING_MEMBER", "TONGXING_TRUST_ROOT"):
        monkeypatch.delenv(name, raising=False)

    def shown(*arguments: str) -> tuple[int, str]:
        """The exit code, and what was printed: nothing in it may be obeyed."""
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments))
        out, err = capsys.readouterr()
        for character in (out + err).replace("\n", ""):
            assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), (arguments, character)
            assert character not in "\u0338\u3000", arguments
        assert isinstance(ended.value.code, int)
        return ended.value.code, out + err

    assert shown("registry", "init", "registry")[0] == 0
    assert shown("province", "init", "henan", "--member", "CN-41")[0] == 0
    assert shown("province", "statement", "henan", "--registry", "http://127.0.0.1:1")[0] == 0
    return shown


KEY = ("--key", "registry/officers/officer-1.pem")
ROOT = ("--root", "registry/trust-root.json")
COMMANDS: list[tuple[str, ...]] = [
    ("registry", "state"),
    ("registry", "drafts"),
    ("registry", "draft", *KEY, "--all-submitted"),
    ("registry", "approve", ID, *KEY, *ROOT, "--yes"),
    ("registry", "publish", ID, *KEY),
    ("registry", "deny", "0f" * 8, "--reason", "lost", *KEY),
    ("registry", "log"),
    ("province", "submit", "henan"),
]


@pytest.mark.parametrize("mode", ["answer", "refuse", "not-found", "strange-code", "shapeless", "no-json"])
def test_a_registry_writes_escape_sequences_to_officers_terminals(thief: Thief, run: Any, mode: str) -> None:
    """ESC 2 J and a false "approved by 2": what the officer reads must be what was sent, seen as what it is."""
    thief.mode = mode
    for command in COMMANDS:
        for options in ((), ("--json",)):
            code, text = run(*command, "--registry", thief.url, *options)
            assert text, command
            assert "Traceback" not in text
            assert "internal error" not in text, (command, text)
            assert code != 0 or mode == "answer", (command, text)
            assert not (mode == "shapeless" and code == 1), (command, text)


@pytest.mark.parametrize(
    ("mode", "expected", "leaves"),
    [("endless-log", 0, MOST_LEAVES), ("heavy-log", 0, 2), ("standing-log", 70, 0), ("page-too-long", 70, 0)],
)
def test_a_log_without_an_end_ends(thief: Thief, run: Any, mode: str, expected: int, leaves: int) -> None:
    """Whoever reads it would wait, and hold what was said, for ever: leaf after leaf, the same page again, or few and
    huge ones."""
    thief.mode = mode
    code, text = run("registry", "log", "--registry", thief.url, "--json")
    assert code == expected
    if leaves:
        found = json.loads(text)
        assert (len(found["leaves"]), found["next"]) == (leaves, leaves)
        code, text = run("registry", "log", "--registry", thief.url)
        assert f"more: --since {leaves}" in text
    else:
        assert "log cannot be read" in text


@pytest.mark.parametrize("place", ["argument", "option", "address", "member", "file name", "json", "json member"])
def test_what_somebody_was_told_to_type_or_open_hides_what_it_does(run: Any, tmp_path: Path, place: str) -> None:
    """A line to copy, a file from a mail: the message about it must show it."""
    text = HOSTILE.replace("\ud800", "")
    name = tmp_path / "\x1b[8m\u202ehenan.json"
    additions = {"json": text, "json member": json.dumps({text: {text: text}})}
    name.write_text(additions.get(place, "[]"), encoding="utf-8")
    url = ("--registry", "http://127.0.0.1:1")
    typed: dict[str, tuple[str, ...]] = {
        "argument": ("registry", "approve", text, *url, *KEY, *ROOT),
        "option": ("registry", f"--{text}"),
        "address": ("registry", "state", "--registry", f"http://{text}/"),
        "member": ("province", "init", "other", "--member", text),
        "file name": ("verifier", "rules", "show", str(name)),
        "json": ("verifier", "rules", "show", str(name)),
        "json member": ("issuer", "publish", "--rules", str(name), f"--{text}"),
    }
    code, shown = run(*typed[place])
    assert (code != 0, bool(shown)) == (True, True)


def test_a_caller_writes_escape_sequences_into_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Logs are read at terminals."""
    logs.configure("INFO")
    structlog.get_logger().info(HOSTILE, detail=HOSTILE, inner={HOSTILE: [HOSTILE]})
    line = capsys.readouterr().err
    assert json.loads(line)["detail"] == HOSTILE
    assert all(unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in line.rstrip())
