"""What somebody mistypes, forgets or takes for something else, by all commands: exit code, and words of the message.

Every message names the thing (file, address, variable, member), says what is wrong with it and what to do next.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

import cli
from service_kit import inputs
from service_kit.logs import configure
from tests.serving import in_thread
from tests.unit.trust_registry.founded import HENAN
from trust_registry import service
from trust_registry.app import create_app
from trust_registry.config import RegistrySettings
from trust_registry.enrolment.waiting import OPEN
from trust_registry.storage.ports import DraftFilter

DONE, USAGE, REFUSED, FAULT = 0, 64, 1, 70
KEY, ROOT = "--key registry/officers/officer-1.pem", "--root registry/trust-root.json"
AT, NOWHERE = "--registry {url}/registry", "--registry http://127.0.0.1:{nobody}/registry"
RULES_KEY = "--key henan/keys/rules-1.pem"
GATE = "--trust bundle.zip --root registry/trust-root.json --member CN-41"

TABLE: list[tuple[str, int, str]] = [
    # What is not there at all.
    ("", USAGE, "Usage"),
    ("regsitry", USAGE, "regsitry|registry"),
    ("registry stat", USAGE, "stat|state"),
    ("registry state --josn", USAGE, "--josn|--json"),
    ("registry state", USAGE, "--registry|TONGXING_REGISTRY_URL"),
    ("registry draft", USAGE, "--registry|TONGXING_REGISTRY_URL|--key|registry draft --help"),
    ("registry approve", USAGE, "DRAFT_ID|--registry|--key|--root"),
    ("registry publish", USAGE, "DRAFT_ID|--registry|--key"),
    ("registry deny", USAGE, "KID|--registry|--reason"),
    ("registry bundle", USAGE, "--output"),
    ("registry root sign", USAGE, "DRAFT|--key|--root"),
    ("registry root draft", USAGE, "--output"),
    ("registry root publish", USAGE, "DRAFTS"),
    ("registry root key", USAGE, "PATH"),
    ("registry init", USAGE, "DIRECTORY"),
    ("province init", USAGE, "DIRECTORY|--member"),
    ("province statement", USAGE, "DIRECTORY|--registry|TONGXING_REGISTRY_URL"),
    ("verifier check x", USAGE, "--trust|TONGXING_DATA_DIR|--root|TONGXING_TRUST_ROOT|--member|TONGXING_MEMBER"),
    ("verifier sync", USAGE, "TONGXING_DATA_DIR|TONGXING_TRUST_ROOT|TONGXING_MEMBER|configuration"),
    ("issuer init", USAGE, "TONGXING_DATA_DIR|TONGXING_ISSUER_URL|TONGXING_MEMBER|TONGXING_KEY_FILE|STATUS_KEY_FILE"),
    ("issuer withdraw", USAGE, "HANDLE|--cause|--author"),
    ("serve", USAGE, "registry|issuer|verifier|serve --help"),
    ("serve issuer verifier", USAGE, "TONGXING_ISSUER_URL|TONGXING_TRUST_ROOT|TONGXING_REGISTRY_URL"),
    ("doctor", USAGE, "TONGXING_ROLES|doctor issuer verifier"),
    ("doctor issuer", USAGE, "TONGXING_DATA_DIR|TONGXING_KEY_FILE|more checks wait"),
    ("holder proof phone", USAGE, "--issuer"),
    # Addresses.
    (f"registry state {NOWHERE}", FAULT, "127.0.0.1:{nobody}|is it running"),
    (f"registry drafts {NOWHERE}", FAULT, "127.0.0.1:{nobody}|is it running"),
    (f"registry log {NOWHERE}", FAULT, "127.0.0.1:{nobody}|is it running"),
    (f"registry draft {NOWHERE} {KEY}", FAULT, "127.0.0.1:{nobody}|is it running"),
    (f"registry approve {'0f' * 16} {NOWHERE} {KEY} {ROOT}", FAULT, "127.0.0.1:{nobody}|is it running"),
    (f"registry deny {'0f' * 8} --reason lost {NOWHERE} {KEY}", FAULT, "127.0.0.1:{nobody}|is it running"),
    (f"province submit henan {NOWHERE}", FAULT, "127.0.0.1:{nobody}|is it running"),
    ("registry state --registry {url}", REFUSED, "{url}|did you mean {url}/registry"),
    ("registry drafts --registry {url}/regsitry", REFUSED, "did you mean"),
    ("province submit henan --registry {url}", REFUSED, "did you mean {url}/registry"),
    ("registry state --registry {url}/registry/readyz?", USAGE, "query"),
    ("registry state --registry '{url}/registry?a=b'", USAGE, "--registry|query"),
    ("registry state --registry '{url}/registry#here'", USAGE, "--registry|fragment"),
    ("registry state --registry '{url}/reg istry'", USAGE, "--registry|blank"),
    ("registry state --registry '{url}/registry '", USAGE, "--registry|blank"),
    ("TONGXING_REGISTRY_URL={url}/registry?a registry state", USAGE, "query"),
    ("registry state --registry file:///etc/passwd", USAGE, "https|file:///etc/passwd"),
    ("province submit henan --registry '{url}/registry?a'", USAGE, "query"),
    ("registry state --registry registry.example", USAGE, "registry.example|https"),
    ("registry state --registry http://registry.example/registry", USAGE, "registry.example|https"),
    ("registry state --registry ftp://127.0.0.1/registry", USAGE, "ftp|https"),
    ("registry state --registry https://nobody.invalid/registry", FAULT, "nobody.invalid|spelt"),
    ("registry state --registry http://[::1", USAGE, "address|https://"),
    # Members.
    ("province init new --member cn-41", USAGE, "cn-41|did you mean CN-41|registry members"),
    ("province init new --member CN-99", USAGE, "CN-99|as CN-41|registry members"),
    ("province init new --member Henan", USAGE, "Henan|as CN-41|registry members"),
    (f"registry draft {AT} {KEY} --remove cn-41", USAGE, "--remove cn-41|did you mean CN-41"),
    (f"registry draft {AT} {KEY} --remove CN-44", USAGE, "CN-44|not listed|registry state"),
    (f"verifier check x {GATE[:-2]}99", USAGE, "--member|CN-99|registry members"),
    ("verifier rules template --member cn-44", USAGE, "--member|did you mean CN-44"),
    # Drafts and statements.
    (f"registry draft {AT} {KEY} --all-submitted", DONE, "left out|CN-41|--additions"),
    (f"registry draft {AT} {KEY} --statement 5f0c", USAGE, "statement_ids"),
    (f"registry draft {AT} {KEY} --statement {'0f' * 16}", REFUSED, "statement|registry state"),
    (f"registry approve 5f0c {AT} {KEY} {ROOT}", REFUSED, "5f0c|32 hex digits|registry drafts"),
    (f"registry publish 5f0c {AT} {KEY}", REFUSED, "5f0c|registry drafts"),
    (f"registry approve ../state {AT} {KEY} {ROOT}", REFUSED, "../state|32 hex digits|registry drafts"),
    (f"registry approve ../../x {AT} {KEY} {ROOT}", REFUSED, "not-found|32 hex digits|registry drafts"),
    (f"registry approve '' {AT} {KEY} {ROOT}", REFUSED, "32 hex digits|registry drafts"),
    (f"registry approve {'0F' * 16} {AT} {KEY} {ROOT}", REFUSED, "32 hex digits|registry drafts"),
    (f"registry approve '{'0f' * 16}?x' {AT} {KEY} {ROOT}", REFUSED, "32 hex digits|registry drafts"),
    (f"registry publish ../state {AT} {KEY}", REFUSED, "not-found|registry drafts"),
    (f"registry drop ../drafts {AT} {KEY}", REFUSED, "not-found|../drafts|32 hex digits|registry state"),
    (f"registry drop 5f0c {AT} {KEY}", REFUSED, "not-found|registry state"),
    (f"registry publish {'0f' * 16} {AT} --key henan/keys/root.pem", REFUSED, "not-authenticated"),
    (f"registry draft {AT} {KEY} --additions broken.json", USAGE, "broken.json:2:|not JSON"),
    (f"registry draft {AT} {KEY} --additions cut.json", USAGE, "cut.json:1:|not JSON"),
    (f"registry draft {AT} {KEY} --additions empty.json", USAGE, "empty.json|empty"),
    (f"registry draft {AT} {KEY} --additions list.json", USAGE, "list.json|object"),
    (f"registry draft {AT} {KEY} --additions utf16.json", USAGE, "utf16.json|UTF-16|UTF-8"),
    (f"registry draft {AT} {KEY} --additions gbk.json", USAGE, "gbk.json:1|UTF-8"),
    (f"registry draft {AT} {KEY} --additions twice.json", USAGE, "twice.json|duplicate"),
    (f"registry draft {AT} {KEY} --additions gone.json", USAGE, "gone.json|No such file"),
    (f"registry draft {AT} {KEY} --additions folder", USAGE, "folder|directory"),
    (
        f"registry draft {AT} {KEY} --additions wrong.json",
        USAGE,
        "wrong.json:3: CN-41.names.en|wrong.json:4: CN-41.hotline|wrong.json:5: CN-41.may_issue.statuses|"
        "CN-41.may_issue.forms|CN-41.region: missing|CN-41.colour: no such field|wrong.json:6: cn-44",
    ),
    ("province submit nowhere --registry {url}/registry", USAGE, "nowhere|province init"),
    ("province submit guangdong --registry {url}/registry", REFUSED, "guangdong/statements|province statement"),
    ("province submit henan --file rules.json --registry {url}/registry", USAGE, "rules.json|province statement"),
    (f"province statement henan {AT} --retire 1234", REFUSED, "1234|credential"),
    (f"province statement nowhere {AT}", USAGE, "nowhere|province.json|province init"),
    (f"province statement guangdong {AT} --again", REFUSED, "guangdong|no statement"),
    ("province init henan --member CN-41", REFUSED, "henan|not empty"),
    ("registry init registry", REFUSED, "registry|not empty"),
    (f"registry deny 1234 --reason lost {AT} {KEY}", USAGE, "kid"),
    (f"registry deny {'0f' * 8} --reason stolen {AT} {KEY}", USAGE, "stolen|compromised"),
    (f"registry deny {'0f' * 8} --reason lost {AT}", USAGE, "--key|--province"),
    # Roots of trust.
    (f"registry approve {'0f' * 16} {AT} {KEY} --root rules.json", USAGE, "rules.json|trust-root.json"),
    (f"registry approve {'0f' * 16} {AT} {KEY} --root gone.json", USAGE, "gone.json|No such file"),
    (f"registry approve {'0f' * 16} {AT} {KEY} --root empty.json", USAGE, "empty.json|trust-root.json"),
    (f"registry approve {{draft}} {AT} {KEY} --root other/trust-root.json", REFUSED, "another registry|too old"),
    ("registry lint --data-dir registry --root rules.json", USAGE, "rules.json|trust-root.json"),
    ("registry lint --data-dir nowhere", USAGE, "nowhere|registry init"),
    ("registry timestamp --data-dir henan", USAGE, "henan|registry init"),
    (f"verifier check x {GATE.replace('registry', 'other')}", FAULT, "bundle.zip|another registry"),
    ("verifier check x --trust bundle.zip --root text.txt --member CN-41", USAGE, "text.txt|trust-root.json"),
    # Keys.
    (f"registry draft {AT} --key gone.pem", USAGE, "gone.pem"),
    (f"registry draft {AT} --key folder", USAGE, "folder|directory"),
    (f"registry draft {AT} --key fifo", USAGE, "fifo|regular file"),
    (f"registry draft {AT} --key /dev/zero", USAGE, "/dev/zero|regular file"),
    (f"registry draft {AT} --key open.pem", USAGE, "open.pem|chmod 600 open.pem"),
    (f"registry draft {AT} --key private.txt", REFUSED, "private.txt|not a readable private key|passphrase"),
    (f"registry draft {AT} --key locked/keys/root.pem", REFUSED, "root.pem|has a passphrase|--passphrase-file"),
    (f"registry draft {AT} --key locked/keys/root.pem --passphrase-file private.txt", REFUSED, "another passphrase"),
    (f"registry draft {AT} {KEY} --passphrase-file private.txt", REFUSED, "officer-1.pem|has no passphrase"),
    (f"registry draft {AT} {KEY} --passphrase-file fifo", USAGE, "fifo|regular file"),
    (f"registry draft {AT} {KEY} --passphrase-file void.txt", USAGE, "void.txt|empty"),
    # Outputs.
    (f"verifier rules sign rules.json {RULES_KEY} -o fifo", USAGE, "fifo|not a regular file"),
    ("verifier rules set rules.json --parameter hours=24 -o folder", USAGE, "folder|not a regular file"),
    ("registry bundle --data-dir registry -o fifo", USAGE, "fifo|not a regular file"),
    ("registry bundle --data-dir registry -o -", USAGE, "standard output|regular file"),
    ("registry root draft --data-dir registry -o fifo", USAGE, "fifo|not a regular file"),
    ("registry root key fifo", USAGE, "fifo|not a regular file"),
    ("registry root sign fifo --bundle bundle.zip " + f"{KEY} {ROOT}", USAGE, "fifo|not a regular file"),
    ("ISSUER issuer bulk rules.json -o fifo", USAGE, "fifo|not a regular file"),
    ("registry root key registry/officers/officer-1.pem", REFUSED, "officer-1.pem|there already"),
    # Rules.
    ("verifier rules sign rules.json --key henan/keys/credential-1.pem", REFUSED, "a credential key|rules-1.pem"),
    ("verifier rules sign rules.json --key henan/keys/root.pem", REFUSED, "root.pem|root key|rules-1.pem"),
    ("verifier rules sign rules.json --key guangdong/keys/rules-1.pem", REFUSED, "guangdong/keys|another member"),
    (f"verifier rules sign broken.json {RULES_KEY}", REFUSED, "broken.json:2:|not JSON"),
    (f"verifier rules sign henan.json {RULES_KEY}", REFUSED, "henan.json"),
    ("verifier rules show text.txt", REFUSED, "text.txt|compact JWS"),
    ("verifier rules show gone.json", USAGE, "gone.json|No such file"),
    ("verifier rules test rules.json broken.json", USAGE, "broken.json:2:|not JSON"),
    ("verifier rules explain rules.json --case x", USAGE, "--cases"),
    ("verifier rules set rules.json --parameter hours", USAGE, "--parameter|NAME=VALUE"),
    ("verifier rules set rules.json --valid-from tomorrow", USAGE, "tomorrow|ISO 8601"),
    ("verifier rules deny rules.json CN-33", USAGE, "--reason-zh|--until"),
    ("verifier rules deny rules.json cn-33 --lift", USAGE, "cn-33|did you mean CN-33"),
    ("verifier rules test rules.json text.txt", USAGE, "text.txt:1:1: not JSON"),
    ("verifier rules test rules.json cases.json", USAGE, "cases.json: case 1|case 2|one of green, yellow"),
    # Rules that decide.
    ("issuer rules template", USAGE, "--member|--after"),
    ("issuer rules template --member cn-41", USAGE, "cn-41|did you mean CN-41"),
    ("issuer rules template --member CN-41 --after status.json", USAGE, "one of them"),
    ("issuer rules template --member CN-41 --valid-from 2026-02-30", USAGE, "2026-02-30|ISO 8601"),
    ("issuer rules template --member CN-41 --valid-from １７９５２１９２００", USAGE, "ISO 8601"),
    ("issuer rules template --member CN-41 --valid-from " + "9" * 4301, USAGE, "ISO 8601"),
    ("issuer rules template --after empty.json", REFUSED, "empty.json: empty"),
    ("issuer rules explain utf16.json", REFUSED, "utf16.json: in UTF-16"),
    ("issuer rules explain rules.json", REFUSED, "rules.json: status rules|entries missing"),
    ("issuer rules explain fifo", USAGE, "fifo|nobody writes"),
    ("issuer rules test status.json cases.json", USAGE, "cases.json: case 1|case 2"),
    ("issuer rules test status.json list.json", USAGE, "list.json: cases"),
    (f"issuer rules sign rules.json {RULES_KEY}", REFUSED, "rules.json: status rules"),
    (f"verifier rules sign status.json {RULES_KEY}", REFUSED, "status.json: rule set"),
    ("issuer rules sign status.json --key henan/keys/log-1.pem", REFUSED, "log-1.pem|P-256"),
    ("ISSUER issuer rules publish status.json --dry-run empty.json", USAGE, "issuer rules sign status.json"),
    ("ISSUER issuer rules publish rules.jws --dry-run empty.json", USAGE, "rules.jws|another kind|issuer rules sign"),
    # Evidence and laboratories.
    ("ISSUER issuer evidence import - --reporter a", USAGE, "standard input|name a file"),
    ("ISSUER issuer evidence import gone.csv --reporter a", USAGE, "gone.csv"),
    ("verifier rules test status.json /dev/zero", USAGE, "/dev/zero: cannot be read: not a regular file"),
    ("ISSUER issuer evidence import text.txt --reporter ' '", USAGE, "--reporter|characters that people see"),
    ("ISSUER issuer evidence import text.txt --reporter \u3164", USAGE, "--reporter|characters that people see"),
    ("ISSUER issuer evidence import text.txt --reporter a\u202eb", USAGE, "--reporter|characters that people see"),
    ("ISSUER issuer laboratory add a henan/keys/rules-1.pem", REFUSED, "rules-1.pem: a private key|-pubout"),
    ("ISSUER issuer laboratory add a empty.json", USAGE, "empty.json: empty"),
    ("ISSUER issuer laboratory add a text.txt --member cn-44", USAGE, "did you mean CN-44"),
    ("ISSUER issuer client add a henan/keys/root.pem", REFUSED, "root.pem: a private key|-pubout"),
    # Foreign keys.
    ("verifier trust import-dcc folder --member CN-41", USAGE, "folder: no key in it"),
    ("verifier trust import-dcc folder --member cn-41", USAGE, "did you mean CN-41"),
    ("verifier trust import-dcc fifo --member CN-41", USAGE, "fifo|nobody writes"),
    ("verifier trust import-dcc text.txt --member CN-41", USAGE, "text.txt:1:1: not JSON"),
    ("ISSUER issuer publish --foreign-keys list.json", USAGE, "list.json: not a signed file|verifier trust sign"),
    ("ISSUER issuer publish --foreign-keys rules.jws", USAGE, "rules.jws: another kind|verifier trust sign"),
    ("ISSUER issuer publish --rules empty.json", USAGE, "empty.json: not a signed file|verifier rules sign"),
    # Logs.
    (f"log show {AT} --log {{url}}/nowhere", FAULT, "{url}/nowhere/checkpoint|is the address right"),
    ("log verify empty.json --policy quorum.policy", REFUSED, "empty.json: no proof"),
    ("log verify text.txt --policy list.json", USAGE, "list.json: a policy"),
    ("log verify gone --policy gone.policy", USAGE, "gone: cannot be read|gone.policy: cannot be read"),
    # The next root.
    ("registry root draft --data-dir registry -o r.json --add-officer fifo", USAGE, "fifo|nobody writes"),
    ("registry root draft --data-dir registry -o r.json --add-officer open.pem", REFUSED, "open.pem: a private key"),
    ("registry root publish fifo --data-dir registry", USAGE, "fifo|nobody writes"),
    ("registry root publish text.txt --data-dir registry", REFUSED, "text.txt: not a file of"),
    (f"registry draft {AT} {KEY} --remove CN-44 --remove CN-44", USAGE, "CN-44|not listed"),
    # Codes.
    (f"verifier check {GATE}", USAGE, "nothing to check"),
    (f"verifier check code.txt {GATE}", REFUSED, "code.txt: no such file|- < FILE"),
    (f"verifier check folder {GATE}", USAGE, "folder: is a folder|--picture"),
    (f"verifier check empty.json {GATE}", USAGE, "nothing to check"),
    (f"verifier check utf16.json {GATE}", REFUSED, "not-a-credential"),
    (f"verifier check text.txt {GATE}", REFUSED, "not-a-credential"),
    (f"verifier check --picture text.txt {GATE}", USAGE, "text.txt"),
    (f"verifier check '' {GATE}", USAGE, "empty text"),
    (f"verifier check fifo {GATE}", USAGE, "fifo|nobody writes"),
    (f"verifier check --picture fifo {GATE}", USAGE, "fifo|nobody writes"),
    (f"verifier check --picture gone.png {GATE}", USAGE, "gone.png"),
    (f"verifier check x --at yesterday {GATE}", USAGE, "yesterday|ISO 8601"),
    (f"verifier check x --nonce 12 {GATE}", USAGE, "--nonce|32 hex digits"),
    ("verifier check x --trust text.txt --root registry/trust-root.json --member CN-41", FAULT, "text.txt|zip"),
    ("verifier state --trust folder --root registry/trust-root.json --member CN-41", USAGE, "folder|verifier sync"),
    ("verifier challenge", USAGE, "--gate-name|TONGXING_GATE_NAME"),
    # Phones.
    ("holder show nophone", REFUSED, "nophone|holder new nophone"),
    ("holder show phone", REFUSED, "phone|holder keep phone"),
    ("holder new phone", REFUSED, "phone|already"),
    ("holder keep phone text.txt", REFUSED, "TX1:"),
    ("holder keep phone gone.txt", USAGE, "gone.txt"),
    ("holder proof phone --issuer ftp://henan.example", USAGE, "--issuer|https"),
    # The issuer, with all its settings.
    ("ISSUER issuer issue wang.json", USAGE, "issuer.secret|issuer init"),
    ("ISSUER issuer issue broken.json", USAGE, "broken.json:2:|not JSON"),
    (
        "ISSUER issuer issue li.json",
        USAGE,
        "li.json:1: name|li.json:2: document|li.json:3: evidence[0].kind|li.json:3: evidence[0].region|"
        "li.json:4: evidence[1].sampled_at|li.json:5: decision|li.json:5: colour: no such field",
    ),
    ("ISSUER issuer claim-code li.json", USAGE, "li.json:1: name|li.json:5: colour"),
    ("ISSUER issuer client add city-app list.json", USAGE, "list.json|object"),
    ("ISSUER issuer publish --rules rules.json", USAGE, "rules.json|not signed|rules sign rules.json"),
    ("ISSUER issuer publish --rules gone.jws", USAGE, "gone.jws"),
    ("ISSUER issuer bulk gone.csv -o codes.ndjson", USAGE, "gone.csv"),
    ("ISSUER issuer issue utf16.json", USAGE, "utf16.json:1: in UTF-16"),
    ("ISSUER issuer issue empty.json", USAGE, "empty.json: empty"),
    (f"verifier rules sign utf16.json {RULES_KEY}", REFUSED, "utf16.json:1: in UTF-16"),
    ("ISSUER issuer withdraw 12 --cause lost-device --author a/b", REFUSED, "handle|32 hex digits"),
    ("ISSUER issuer withdraw x --cause lost --author a/b", USAGE, "lost|lost-device"),
    ("ISSUER TONGXING_KEY_FILE=gone.pem issuer init", USAGE, "gone.pem"),
    ("ISSUER TONGXING_KEY_FILE=fifo issuer init", USAGE, "fifo|regular file"),
    ("ISSUER TONGXING_KEY_FILE=private.txt issuer init", REFUSED, "private.txt"),
    ("ISSUER TONGXING_MEMBER=cn-41 issuer init", USAGE, "TONGXING_MEMBER|did you mean CN-41"),
    ("ISSUER TONGXING_MEMBRE=CN-41 serve issuer", USAGE, "TONGXING_MEMBRE|did you mean TONGXING_MEMBER"),
    ("ISSUER TONGXING_PUBLISH_SECONDS=soon issuer init", USAGE, "TONGXING_PUBLISH_SECONDS"),
    ("ISSUER TONGXING_ISSUER_URL=henan.example issuer init", USAGE, "TONGXING_ISSUER_URL|https"),
    ("ISSUER TONGXING_ISSUER_URL=https://henan.example/issuer?a=b issuer init", USAGE, "TONGXING_ISSUER_URL|query"),
    ("ISSUER 'TONGXING_REGISTRY_URL=https://henan.example/#a' issuer init", USAGE, "TONGXING_REGISTRY_URL|fragment"),
    ("ISSUER 'TONGXING_REGISTRY_URL=https://henan.example/a ' verifier sync", USAGE, "TONGXING_REGISTRY_URL|blank"),
    ("ISSUER TONGXING_CA_FILE=fifo issuer init", USAGE, "TONGXING_CA_FILE|fifo|regular file"),
    ("ISSUER TONGXING_CA_FILE=text.txt issuer init", USAGE, "TONGXING_CA_FILE|text.txt|PEM"),
    ("ISSUER TONGXING_DATABASE_URL=mysql://x issuer init", USAGE, "TONGXING_DATABASE_URL|sqlite:///"),
    ("ISSUER TONGXING_TRUST_ROOT=gone.json verifier sync", USAGE, "TONGXING_TRUST_ROOT|gone.json|trust-root.json"),
    ("ISSUER TONGXING_TRUST_ROOT=folder verifier sync", USAGE, "TONGXING_TRUST_ROOT|folder|not a regular file"),
    ("ISSUER TONGXING_TRUST_ROOT=other/trust-root.json verifier sync", USAGE, "other/trust-root.json|another registry"),
    ("ISSUER TONGXING_REGISTRY_URL=http://127.0.0.1:{nobody}/registry verifier sync", FAULT, "fetch-failed"),
    ("ISSUER serve verifier --port {taken}", USAGE, "--port|{taken}"),
    ("ISSUER serve verifier --host nobody.invalid", USAGE, "--host"),
    ("ISSUER serve hotel", USAGE, "hotel|registry|issuer|verifier"),
    ("ISSUER serve verifier --port 70000", USAGE, "--port|70000"),
]  # fmt: skip


WANG = {"name": "王小明", "document": {"number": "11010519491231002X"}, "form": "paper", "evidence": []}


class House:
    """A registry that is served below ``/registry``, provinces' folders, and files that are not what they should be."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.words = folder, {"url": "", "nobody": "", "taken": "", "draft": ""}
        self.settings: dict[str, str] = {}

    def run(self, line: str, stdin: str = "") -> int:
        """The exit code of a command line; words ``NAME=value`` before it are variables, ISSUER stands for them all."""
        words, environ = shlex.split(line.format(**self.words)), dict[str, str]()
        while words and (words[0] == "ISSUER" or words[0].startswith("TONGXING_")):
            word = words.pop(0)
            environ |= self.settings if word == "ISSUER" else dict([word.split("=", 1)])
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("TONGXING_", "LC_", "LANG"))]:
                patch.delenv(name)
            for name, value in environ.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            with pytest.raises(SystemExit) as ended:
                cli.main(words)
        assert isinstance(ended.value.code, int)
        return ended.value.code


@pytest.fixture(autouse=True)
def quiet() -> None:
    """The server's log lines would stand in the commands' output: both are this process."""
    configure("CRITICAL")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with pytest.MonkeyPatch.context() as patch:
        # Nobody writes into the pipe of these tests, however long it is waited for.
        patch.setattr(inputs, "PIPE_SECONDS", 0.01)
        yield from _house(tmp_path_factory)


def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    for line in ("registry init registry", "registry init other", "province init henan --member CN-41",
                 "province init guangdong --member CN-44", "holder new phone"):  # fmt: skip
        assert house.run(line) == 0
    apps = DispatcherMiddleware(lambda environ, start: app(environ, start))
    server = make_server("127.0.0.1", 0, apps, threaded=True)
    house.words["url"] = f"http://127.0.0.1:{server.server_port}"
    app = create_app(
        RegistrySettings(data_dir=house.folder / "registry", registry_url=f"{house.words['url']}/registry")
    )
    apps.mounts["/registry"], apps.app = app, lambda environ, start: _nothing(start)
    with in_thread(server), socket.socket() as taken, socket.socket() as nobody:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        nobody.bind(("127.0.0.1", 0))
        house.words |= {"taken": str(taken.getsockname()[1]), "nobody": str(nobody.getsockname()[1])}
        _fill(house)
        yield house
    app.extensions[service.EXTENSION].publication.storage.engine.dispose()


def _nothing(start: object) -> list[bytes]:
    start("404 NOT FOUND", [("Content-Type", "application/json")])  # type: ignore[operator]
    return [b'{"code": "not-found", "detail": ""}']


def _fill(house: House) -> None:
    folder = house.folder
    house.settings = {
        "TONGXING_DATA_DIR": "henan/service",
        "TONGXING_MEMBER": "CN-41",
        "TONGXING_TRUST_ROOT": "registry/trust-root.json",
        "TONGXING_REGISTRY_URL": f"{house.words['url']}/registry",
        "TONGXING_ISSUER_URL": "http://127.0.0.1:8041/issuer",
        "TONGXING_KEY_FILE": "henan/keys/credential-1.pem",
        "TONGXING_STATUS_KEY_FILE": "henan/keys/status-1.pem",
    }
    contents = {
        "broken.json": '{"CN-41": {"kind": "province",\n}}',
        "cut.json": '{"CN-41": {"kind"',
        "empty.json": " \n",
        "list.json": "[]",
        "twice.json": '{"CN-41": {}, "CN-41": {}}',
        "henan.json": json.dumps({"CN-41": HENAN}),
        "wang.json": json.dumps(WANG),
        "li.json": '{"name": 5,\n "document": {"number": 1}, "form": "paper",\n "evidence": [{"kind": "x", "region": 1,'
        ' "result": "negative", "sampled_at": 1790000000},\n {"kind": "nucleic-acid", "result": "negative",'
        ' "sampled_at": "now", "region": 410100}],\n "decision": {"status": "red"}, "colour": 1}',
        "text.txt": "hello\n",
        "quorum.policy": "quorum none\n",
        "cases.json": '{"cases": [{"name": "a", "issuer": "CN-33", "status": "blue",'
        ' "expected": {"status": "blue"}}, 5]}',
        "wrong.json": '{"CN-41": {"kind": "province",\n"colour": 1, "environment": "production",\n'
        ' "names": {"zh": "河南", "en": 5},\n "hotline": "call us",\n'
        ' "may_issue": {"statuses": ["blue"], "forms": 1}},\n"cn-44": {}}',
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "utf16.json").write_text("{}", encoding="utf-16")
    (folder / "gbk.json").write_bytes('{"河南": 1}'.encode("gbk"))
    for name, content in (("private.txt", "no key"), ("void.txt", "\n")):
        (folder / name).write_text(content)
        (folder / name).chmod(0o600)
    (folder / "hush.txt").write_text("hush\n")
    (folder / "hush.txt").chmod(0o600)
    assert house.run("province init locked --member CN-45 --passphrase-file hush.txt") == 0
    shutil.copy(folder / "registry/officers/officer-1.pem", folder / "open.pem")
    (folder / "open.pem").chmod(0o644)
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo", 0o600)
    assert house.run(f"province statement henan {AT}") == house.run(f"province submit henan {AT}") == 0
    assert house.run("registry bundle --data-dir registry -o bundle.zip") == 0
    assert house.run(f"registry draft {AT} {KEY} --all-submitted --additions henan.json") == 0
    draft = app_draft(folder)
    house.words["draft"] = draft


def app_draft(folder: Path) -> str:
    """The id of the one draft that waits."""
    from trust_registry.storage.sql import open_storage

    storage = open_storage(f"sqlite:///{folder / 'registry' / 'registry.sqlite'}")
    with storage.reading() as records:
        (draft,) = records.drafts.find(DraftFilter(OPEN, 1, 0), 10)
    storage.engine.dispose()
    return draft.id


@pytest.fixture(scope="module")
def rules(house: House) -> None:
    from credentials.recognition.authoring.template import template

    content = json.dumps(template("CN-41", 48, valid_from=1_790_000_000), ensure_ascii=False)
    (house.folder / "rules.json").write_text(content, encoding="utf-8")
    assert house.run("issuer rules template --member CN-41 -o status.json") == 0
    assert house.run(f"verifier rules sign rules.json {RULES_KEY} -o rules.jws") == 0


@pytest.mark.parametrize(("line", "code", "words"), TABLE, ids=[line or "nothing" for line, _, _ in TABLE])
@pytest.mark.usefixtures("rules")
def test_a_wrong_input_is_named_with_what_to_do(
    house: House, capsys: pytest.CaptureFixture[str], line: str, code: int, words: str
) -> None:
    """Somebody types this at night, and has the message alone to go by."""
    came = house.run(line)
    shown = "".join(capsys.readouterr())
    assert came == code, shown
    for word in words.format(**house.words).split("|"):
        assert word in shown, shown
    assert "Traceback" not in shown
    assert "internal error" not in shown


def test_drafts_are_listed_with_who_signed_and_who_is_missing(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole id to copy, and whom to call."""
    assert house.run(f"registry drafts {AT} --json") == 0
    draft = _listed(house, capsys.readouterr().out)
    assert (draft["members"], draft["approved_by"]) == (["CN-41"], [])
    assert (len(draft["missing"]), draft["threshold"]) == (3, 2)
    assert draft["ends_at"] - draft["created_at"] == 7 * 24 * 3600
    assert house.run(f"registry approve {{draft}} {AT} {KEY} {ROOT} --yes") == 0
    capsys.readouterr()
    assert house.run(f"registry drafts {AT} --json") == 0
    draft = _listed(house, capsys.readouterr().out)
    assert (len(draft["approved_by"]), len(draft["missing"])) == (1, 2)
    assert house.run(f"registry drafts {AT}") == 0
    shown = capsys.readouterr().out
    assert house.words["draft"] in shown
    assert "signed   " in shown
    assert "missing  " in shown


def _listed(house: House, shown: str) -> dict[str, Any]:
    """The house's own draft among those that are listed."""
    (draft,) = [each for each in json.loads(shown)["drafts"] if each["id"] == house.words["draft"]]
    return dict(draft)
