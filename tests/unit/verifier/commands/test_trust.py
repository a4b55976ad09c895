"""``tongxing verifier trust``: from certificates to a list that a gate goes by, and a traveller's card."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cbor2 import dumps
from click.testing import CliRunner, Result

from credentials.errors import InvalidRequest, KeyRejected
from credentials.foreign.document import document_of, sign_foreign_keys
from credentials.keys import private_key_pem
from service_kit.durable import write_atomic
from tests import shc
from tests.dcc import TEST, certificate, claims, key, rsa_key, sign1, text_of_parts
from tests.samples import STRANGER_KEY
from tests.unit.trust_registry.published import DAY
from tests.unit.verifier.foreign.test_certificates import certificate as signers_certificate
from tests.unit.verifier.mirrored import HOST, TODAY, MirroredRegistry, write_root
from verifier.cli import verifier

EXAMPLES = Path(__file__).parents[4] / "examples"


class Traveller:
    """A guard's and an author's machine, and a card of Austria by the key of the samples."""

    def __init__(self, folder: Path, registry: MirroredRegistry) -> None:
        self.folder, self.registry = folder, registry
        root = write_root(folder, registry)
        self.bundle = folder / "bundle.zip"
        self.bundle.write_bytes(registry.bundle())
        self.environ = {"TONGXING_TRUST_ROOT": str(root), "TONGXING_MEMBER": HOST, "TONGXING_ENVIRONMENT": "demo"}
        self.environ |= {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8"}
        self.signers = folder / "signers"
        self.signers.mkdir()
        der = signers_certificate()
        (self.signers / "austria.der").write_bytes(der)

    def run(self, *arguments: str, stdin: str | bytes = "") -> Result:
        return CliRunner(env=self.environ).invoke(verifier, list(arguments), input=stdin, catch_exceptions=False)

    def imported(self) -> Path:
        output = self.folder / "foreign-keys.json"
        assert self.run("trust", "import-dcc", str(self.signers), "-o", str(output)).exit_code == 0
        return output

    def card(self, listed: Path) -> str:
        """Today's test, by the kid that the list has."""
        kid = base64.urlsafe_b64decode(json.loads(listed.read_text())["keys"][0]["kid"] + "=")
        dcc = certificate(t=[TEST | {"sc": _iso(TODAY - 3600)}])
        payload = dumps(claims(dcc, iat=1_640_995_200, exp=TODAY + DAY))
        return text_of_parts(sign1(payload, {1: -7, 4: kid}))

    def signed(self, listed: Path) -> Path:
        document = json.loads(listed.read_text())
        path = self.folder / "foreign-keys.jws"
        path.write_text(sign_foreign_keys(document, self.registry.guangdong.signer("rules")))
        return path


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def traveller(tmp_path: Path, registry: MirroredRegistry) -> Traveller:
    return Traveller(tmp_path, registry)


def test_from_a_folder_of_certificates_to_a_travellers_card(traveller: Traveller) -> None:
    """The whole way, without a network: imported, signed, and judged by the host's rules."""
    listed = traveller.imported()
    card = traveller.card(listed)
    without = traveller.run("check", "-", "--trust", str(traveller.bundle), "--json", stdin=card)
    assert json.loads(without.stdout)["reasons"][0]["code"] == "foreign-keys-missing"
    assert without.exit_code == 2

    signed = traveller.signed(listed)
    given = ("--trust", str(traveller.bundle), "--foreign-keys", str(signed))
    shown = json.loads(traveller.run("check", "-", *given, "--json", stdin=card).stdout)
    assert (shown["outcome"], shown["issuer"], shown["card"]["kind"]) == ("accepted", "AT", "test")
    printed = traveller.run("check", "-", *given, stdin=card)
    assert printed.exit_code == 0
    assert "境外证件 AT · 检测 · Musterfrau-Gößinger Gabriele · 出生 1998-02-26" in printed.stdout
    assert "foreign certificate AT · test · Musterfrau-Gößinger Gabriele · born 1998-02-26" in printed.stdout
    assert "compare-travel-document" in printed.stdout


def test_a_card_in_several_symbols_and_a_file_of_cards(traveller: Traveller) -> None:
    """What a traveller's phone or folder holds: symbols in any order, one a line, or what the browser has saved."""
    observed = shc.TEST | {"effectiveDateTime": _iso(TODAY - 3600)}
    jws = shc.card_jws(shc.PATIENT, observed, nbf=TODAY - DAY)
    signed = traveller.folder / "us.jws"
    document = document_of(HOST, 1, TODAY, [shc.key()])
    signed.write_text(sign_foreign_keys(document, traveller.registry.guangdong.signer("rules")))
    given = ("check", "-", "--trust", str(traveller.bundle), "--foreign-keys", str(signed))
    for text in (jws, "\n".join(reversed(shc.symbols(jws, 3))), json.dumps({"verifiableCredential": [jws]}, indent=1)):
        done = traveller.run(*given, "--json", stdin=text)
        assert json.loads(done.stdout)["outcome"] == "accepted"
    assert "foreign certificate https://health.example.org/cards · test" in traveller.run(*given, stdin=jws).stdout
    part = traveller.run(*given, stdin=shc.symbols(jws, 3)[1])
    assert (part.exit_code, "parts-missing" in part.stdout) == (2, True)
    with pytest.raises(InvalidRequest, match="standard input"):
        traveller.run(*given, stdin="{}")


def test_a_list_in_a_bundle_is_found_there(traveller: Traveller, registry: MirroredRegistry) -> None:
    """What the member has published needs no option."""
    listed = traveller.imported()
    registry._put(registry.guangdong, "foreign-keys.jws", traveller.signed(listed).read_bytes())
    traveller.bundle.write_bytes(registry.bundle())
    card = traveller.card(listed)
    done = traveller.run("check", "-", "--trust", str(traveller.bundle), "--json", stdin=card)
    assert json.loads(done.stdout)["outcome"] == "accepted"
    registry.put_rules(registry.guangdong)


def test_facts_only_is_no_verdict(traveller: Traveller) -> None:
    """One object a card, whatever the rules say, and never an end that a script takes for "accepted"."""
    listed = traveller.imported()
    card = traveller.card(listed)
    given = ("--trust", str(traveller.bundle), "--foreign-keys", str(traveller.signed(listed)), "--facts-only")
    done = traveller.run("check", "-", *given, stdin=f"{card}\n{card[:-9]}\n{shc.card_jws()}\n")
    shown = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["state"] for each in shown] == ["sound", "malformed", "unknown-key"]
    assert (shown[0]["issuer"], shown[0]["card"]["kind"], "outcome" in shown[0]) == ("AT", "test", False)
    assert shown[1]["holder"] is None
    assert done.exit_code == 1
    assert traveller.run("check", "-", *given, stdin=card).exit_code == 2


def test_the_cards_of_the_readme(traveller: Traveller) -> None:
    """Whoever follows the page sees what it says: sound cards, and a rule for which a vaccination replaces no test."""
    eu, both, signed = (traveller.folder / name for name in ("eu.json", "both.json", "both.jws"))
    assert traveller.run("trust", "import-dcc", str(EXAMPLES / "eu-signers"), "-o", str(eu)).exit_code == 0
    jwks = ("import-jwks", shc.ISSUER, str(EXAMPLES / "us-jwks.json"), "--into", str(eu), "-o", str(both))
    assert "2 keys, 0 left out" in traveller.run("trust", *jwks).stdout
    signed.write_text(sign_foreign_keys(json.loads(both.read_text()), traveller.registry.guangdong.signer("rules")))
    given = ("--trust", str(traveller.bundle), "--foreign-keys", str(signed))
    for card in ("eu-card.txt", "us-card.txt"):
        facts = traveller.run("check", str(EXAMPLES / card), *given, "--facts-only")
        assert json.loads(facts.stdout)["state"] == "sound"
        refused = traveller.run("check", str(EXAMPLES / card), *given, "--json")
        assert [reason["code"] for reason in json.loads(refused.stdout)["reasons"]] == ["rule-failed"]


def test_another_members_list_and_a_wrong_key_say_so(traveller: Traveller, registry: MirroredRegistry) -> None:
    """A gate goes by its own host alone."""
    listed = traveller.imported()
    path = traveller.folder / "other.jws"
    document = json.loads(listed.read_text())
    path.write_text(sign_foreign_keys(document, registry.henan.signer("rules")))
    with pytest.raises(InvalidRequest, match="issuer-mismatch"):
        traveller.run("check", "-", "--trust", str(traveller.bundle), "--foreign-keys", str(path), stdin="HC1:")


def test_sign_asks_for_the_rules_key_and_reads_every_key(traveller: Traveller) -> None:
    """A key that cannot be read must not reach a gate."""
    listed = traveller.imported()
    pem = traveller.folder / "rules.pem"
    write_atomic(pem, private_key_pem(STRANGER_KEY), mode=0o600)
    done = traveller.run("trust", "sign", str(listed), "--key", str(pem))
    assert done.stdout.count(".") == 2
    output = traveller.folder / "signed.jws"
    told = traveller.run("trust", "sign", str(listed), "--key", str(pem), "-o", str(output), "--json")
    assert json.loads(told.stdout)["file"] == str(output)
    document = json.loads(listed.read_text())
    document["keys"][0]["jwk"]["x"] = "AAAA"
    listed.write_text(json.dumps(document))
    with pytest.raises(KeyRejected, match="AT"):
        traveller.run("trust", "sign", str(listed), "--key", str(pem))


def test_diff_shows_what_comes_and_goes(traveller: Traveller) -> None:
    """Signed or not: it is looked at before it is signed."""
    before, after = traveller.folder / "a.json", traveller.folder / "b.json"
    before.write_text(json.dumps(document_of(HOST, 1, TODAY, [key(), key("DE")])))
    after.write_text(json.dumps(document_of(HOST, 2, TODAY, [key(), rsa_key()])))
    shown = traveller.run("trust", "diff", str(before), str(after))
    assert shown.stdout.splitlines() == ["+ eu-dcc CH d919375fc1e7b6b2", "- eu-dcc DE d919375fc1e7b6b2", "+1 -1 =1"]
    told = json.loads(traveller.run("trust", "diff", str(before), str(after), "--json").stdout)
    assert told == {"added": ["eu-dcc CH d919375fc1e7b6b2"], "removed": ["eu-dcc DE d919375fc1e7b6b2"], "kept": 1}
    signed = traveller.signed(before)
    assert traveller.run("trust", "diff", str(signed), str(before)).stdout.splitlines() == ["+0 -0 =2"]
    for wrong in ("x.y", "{}", "[]"):
        before.write_text(wrong)
        with pytest.raises(InvalidRequest, match=re.escape("a.json")):
            traveller.run("trust", "diff", str(before), str(after))


def test_one_bad_certificate_is_named_and_stops_no_other(traveller: Traveller) -> None:
    """A folder half fetched, a file cut off, one that is something else."""
    der = signers_certificate("DE")
    text = base64.encodebytes(der).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
    (traveller.signers / "two.pem").write_text(pem + pem.replace("-----END CERTIFICATE-----\n", "")[:200])
    (traveller.signers / "cut.der").write_bytes(der[:100])
    (traveller.signers / "words.txt").write_text("hello, world")
    (traveller.signers / "readme.md").write_text("not looked at")
    (traveller.signers / "below").mkdir()
    (traveller.signers / "below" / "greece.b64").write_text(base64.b64encode(signers_certificate("EL")).decode())
    output = traveller.folder / "list.json"
    done = traveller.run("trust", "import-dcc", str(traveller.signers), "-o", str(output), "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["keys"]) == (0, 3)
    assert {each["place"] for each in told["left_out"]} == {"two.pem[2]", "cut.der", "words.txt"}
    assert "cut.der" in done.stderr
    assert {entry["issuer"] for entry in json.loads(output.read_text())["keys"]} == {"AT", "DE", "GR"}


def entry(country: str, field: str = "rawData") -> dict[str, Any]:
    return {field: base64.b64encode(signers_certificate(country)).decode()}


@pytest.mark.parametrize(
    "content",
    [
        [entry("FR") | {"country": "FR", "kid": "AAAAAAAAAAA="}, entry("IT")],
        {"certificates": [entry("FR"), {"rawData": 7}, entry("IT", "certificate")]},
        {
            "FR/1.json": {"TESTCTX": entry("FR", "CERTIFICATE")},
            "IT": entry("IT", "x5c") | {"x5c": [entry("IT")["rawData"]]},
        },
    ],
)
def test_published_lists(traveller: Traveller, content: Any) -> None:
    """The gateway's, apps' and the test data's, one with a signature's line before it."""
    for text in (json.dumps(content), "c2lnbmF0dXJl\n" + json.dumps(content)):
        file = traveller.folder / "list.json"
        file.write_text(text)
        done = traveller.run("trust", "import-dcc", str(file))
        assert {each["issuer"] for each in json.loads(done.stdout)["keys"]} == {"FR", "IT"}
    held = traveller.folder / "held.json"
    held.write_text(done.stdout)
    again = json.loads(traveller.run("trust", "import-dcc", str(file), "--into", str(held)).stdout)
    assert again["sequence"] == 2


@pytest.mark.parametrize(
    "odd",
    [
        entry("DE") | {"kid": base64.b64encode(bytes(65)).decode()},
        entry("DE") | {"kid": base64.b64encode(bytes(65)).decode(), "country": "DE"},
        entry("DE") | {"rawData": None},
        entry("DE") | {"rawData": "AAAA"},
        entry("DE", "x5c") | {"x5c": []},
    ],
)
def test_one_entry_that_a_list_cannot_hold_stops_no_other(traveller: Traveller, odd: dict[str, Any]) -> None:
    """A kid of 65 bytes ended the import of a whole nation's list."""
    file = traveller.folder / "list.json"
    file.write_text(json.dumps([entry("FR"), odd, entry("IT")]))
    done = traveller.run("trust", "import-dcc", str(file))
    assert {each["issuer"] for each in json.loads(done.stdout)["keys"]} == {"FR", "IT"}
    assert "[1]" in done.stderr


def test_a_list_goes_on_from_its_own_members_alone(traveller: Traveller) -> None:
    """Its number would count on another member's."""
    held = traveller.imported()
    other = next(member for member in ("CN-33", "CN-41") if member != HOST)
    done = traveller.run("trust", "import-dcc", str(traveller.signers), "--member", other, "--into", str(held))
    assert done.exit_code != 0
    assert HOST in done.output


@pytest.mark.parametrize(
    "text", ["[]", "{}", "x\n{", "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", '[{"rawData": "x"}]', "9" * 4301]
)
def test_what_is_no_list_of_certificates(traveller: Traveller, text: str) -> None:
    """Said with the file's name."""
    file = traveller.folder / "list.json"
    file.write_text(text)
    with pytest.raises(InvalidRequest):
        traveller.run("trust", "import-dcc", str(file))


def test_a_member_that_there_is_not(traveller: Traveller) -> None:
    """Before anything is read."""
    done = traveller.run("trust", "import-dcc", str(traveller.signers), "--member", "DE")
    assert done.exit_code != 0
    assert "--member" in done.output


def test_a_key_without_a_country_is_told(traveller: Traveller) -> None:
    """It may sign cards of every country: whoever signs the list must know."""
    (traveller.signers / "austria.der").write_bytes(signers_certificate(None))
    assert "names no country" in traveller.run("trust", "import-dcc", str(traveller.signers)).stderr
