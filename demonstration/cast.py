"""Who plays in the story: the registry with its officers, and provinces with their keys, issuer and gate."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credentials.errors import Unavailable
from credentials.keys import jwk_of, new_private_key, private_key_pem
from credentials.profile.members import MEMBERS
from credentials.profile.words import Label
from credentials.recognition.authoring.amendment import successor, with_parameters
from credentials.recognition.authoring.template import template
from credentials.recognition.document import sign_rule_set
from credentials.signing import PemSigner
from demonstration.hands import Colleagues
from demonstration.phone import Phone
from demonstration.traveller import ForeignIssuer
from demonstration.world import World
from service_kit.clock import SystemClock
from service_kit.durable import write_atomic
from service_kit.http.auth import authorization
from trust_registry.key_files import read_key

POLL_SECONDS = 1
"""How often the demonstration's gates ask the mirror; in earnest it is 30 s."""
PUBLISH_SECONDS = 1
"""How often its issuers publish what was withdrawn; in earnest it is 60 s."""
NEWS_SECONDS = 180
"""How long the story waits for news to reach a gate."""
CLIENT = "city-app"
"""The province's own application, which may ask its issuer for codes."""


class Registry:
    """The trust registry: made, served, and worked at by its officers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.folder = world.folder / "registry"
        self.officers = json.loads(world.run("registry", "init", str(self.folder), "--json"))["officers"]
        self.trust_root = self.folder / "trust-root.json"
        self.server = world.server("registry", ("registry",), {})
        self.server.settings["TONGXING_REGISTRY_URL"] = self.url
        world.start(self.server)

    @property
    def url(self) -> str:
        return self.server.url("registry")

    def key_of(self, officer: int) -> str:
        """The key file of officer 0, 1 or 2."""
        return str(self.officers[officer]["key_file"])

    def draft(self, additions: Mapping[str, Any]) -> dict[str, Any]:
        """The first officer drafts a list with every statement that waits."""
        made = self._world.run(
            "registry", "draft", "--registry", self.url, "--key", self.key_of(0), "--all-submitted",
            "--additions", "-", "--json", stdin=json.dumps(additions),
        )  # fmt: skip
        draft: dict[str, Any] = json.loads(made)
        return draft

    def approve(self, draft_id: str, officer: int) -> None:
        """One officer works out what the draft changes, and signs it."""
        self._world.run(
            "registry", "approve", draft_id, "--registry", self.url, "--key", self.key_of(officer),
            "--root", str(self.trust_root), "--yes",
        )  # fmt: skip

    def publish(self, draft_id: str, officer: int = 0) -> bool:
        """Put a draft into force; False when the registry refuses because too few have signed."""
        done = self._world.attempt(
            "registry", "publish", draft_id, "--registry", self.url, "--key", self.key_of(officer)
        )
        return done.returncode == 0

    def deny(self, kid: str, province: Path) -> None:
        """A province has one of its own keys denied, by its root key."""
        self._world.run(
            "registry", "deny", kid, "--registry", self.url, "--province", str(province), "--reason", "compromised"
        )

    def write_policy(self, path: Path, *lines: str, quorum: str = "none") -> None:
        """A policy file (C2SP tlog-policy) of the registry's log and these further lines."""
        vkey = self._world.get(f"{self.url}/v1/state")["log"]["vkey"]
        write_atomic(path, "".join(f"{line}\n" for line in (f"log {vkey}", *lines, f"quorum {quorum}")).encode())

    def publish_log(self) -> None:
        """Bring the log up to date now, and ask the witnesses; the server does so within a minute."""
        self._world.run("registry", "timestamp", settings=self.server.settings)

    def bundle(self, output: Path) -> None:
        """One zip of everything that a gate without network needs."""
        self._world.run("registry", "bundle", "--data-dir", str(self.folder), "-o", str(output))


@dataclass(frozen=True)
class Home:
    """What is fixed about a province: its folder's name, member id and its own rules."""

    name: str
    member: str
    region: int
    hotline: str
    hours: int
    """For how many hours after sampling a nucleic-acid test counts at its gates."""
    statuses: tuple[str, ...] = ("green", "yellow", "red", "pending")
    """What the officers let it issue."""

    @property
    def names(self) -> Label:
        """What it is called."""
        return MEMBERS[self.member].names

    def entry(self) -> dict[str, Any]:
        """What the officers say of it."""
        return {
            "kind": "province",
            "names": self.names.by_language(),
            "region": self.region,
            "hotline": self.hotline,
            "environment": "demo",
            "may_issue": {"statuses": list(self.statuses), "forms": ["phone", "assisted", "paper"]},
        }


HENAN = Home("henan", "CN-41", 410000, "0371-12320", hours=72)
GUANGDONG = Home("guangdong", "CN-44", 440000, "020-12320", hours=48)
ZHEJIANG = Home("zhejiang", "CN-33", 330000, "0571-12320", hours=72, statuses=("green",))
SICHUAN = Home("sichuan", "CN-51", 510000, "028-12320", hours=72)


class ActingProvince:
    """A province: its key folder, and one server process that issues and checks."""

    def __init__(self, world: World, registry: Registry, home: Home, *, witnesses: bool = False) -> None:
        """``witnesses``: its server cosigns the registry's log too, and its statement says so."""
        self._world, self._registry, self.home, self._witnesses = world, registry, home, witnesses
        self.keys = world.folder / home.name / "keys-of-the-province"
        made = json.loads(world.run("province", "init", str(self.keys), "--member", home.member, "--json"))
        self.key_files = {f"{key['use']}-{key['file'][-5]}": key for key in made["keys"]}
        self.record_keys = {key["use"]: key["vkey"] for key in made["logs"]}
        roles = ("issuer", "verifier", "witness") if witnesses else ("issuer", "verifier")
        self.server = world.server(home.name, roles, self._settings())
        self.server.settings["TONGXING_ISSUER_URL"] = self.server.url("issuer")
        self.hands = Colleagues(
            self.server.settings, self.keys / "keys" / "root.pem", world.folder / home.name / "staff"
        )
        if witnesses:
            self.server.settings |= self._witness_settings()
        self._client_key = world.folder / home.name / "city-app.pem"
        self._rules: dict[str, Any] = {}

    def key_file(self, label: str) -> Path:
        """The file of a key, as ``credential-1``."""
        return Path(self.key_files[label]["file"])

    def kid(self, label: str) -> str:
        """The kid of a key, 16 hex digits."""
        return str(self.key_files[label]["kid"])

    def signer(self, label: str) -> PemSigner:
        """A key to sign with, by hand."""
        return PemSigner(read_key(self.key_file(label)), bytes.fromhex(self.kid(label)))

    def submit_statement(self) -> None:
        """Sign the statement of its keys and bring it to the registry."""
        witness = ["--witness-url", self.server.url("witness")] if self._witnesses else []
        self._world.run("province", "statement", str(self.keys), "--registry", self._registry.url, *witness)
        self._world.run("province", "submit", str(self.keys), "--registry", self._registry.url)

    def prepare(self) -> None:
        """Make the issuer's secret and database, and register the client."""
        self._run("issuer", "init")
        key = new_private_key()
        write_atomic(self._client_key, private_key_pem(key), mode=0o600)
        self._run("issuer", "client", "add", CLIENT, "-", stdin=json.dumps(jwk_of(key.public_key())))

    def publish_rules(self) -> None:
        """Sign this province's own rule set and bring it to the mirror."""
        self._publish_rules(template(self.home.member, self.home.hours))

    def tighten_rules(self, hours: int, valid_from: int) -> None:
        """Publish the next version, in which a test counts for fewer hours from a time to come."""
        following = successor(self._rules, valid_from)
        self._publish_rules(with_parameters(following, {"nucleic_acid_hours": hours}))

    def _publish_rules(self, document: dict[str, Any]) -> None:
        signed = self._world.folder / self.home.name / "rules.jws"
        write_atomic(signed, sign_rule_set(document, self.signer("rules-1")).encode())
        self._run("issuer", "publish", "--rules", str(signed))
        self._rules = document

    def publish_foreign_keys(self, issuer: ForeignIssuer) -> None:
        """Sign the list of those whose foreign cards this province's gates read, and bring it to the mirror."""
        signed = self._world.folder / self.home.name / "foreign-keys.jws"
        write_atomic(signed, issuer.listed(self.home.member, self.signer("rules-1")).encode())
        self._run("issuer", "publish", "--foreign-keys", str(signed))

    def publish_status(self) -> None:
        """Bring to the mirror what was withdrawn, without waiting until the issuer does it by itself."""
        self._run("issuer", "publish")

    def bulk(self, people: Path, codes: Path) -> None:
        """Issue for everyone in a CSV file."""
        self._run("issuer", "bulk", str(people), "--output", str(codes))

    def issue(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the issuer for one code over HTTP, as the province's own application does."""
        headers = self._authorization() | {"Idempotency-Key": secrets.token_hex(16)}
        return self._world.post(self.server.url("issuer") + "/v1/credentials", dict(request), headers)

    def claim_code(self, request: Mapping[str, Any]) -> str:
        """Put somebody on file and make a claim code, as staff at a counter do."""
        return self._run("issuer", "claim-code", "-", stdin=json.dumps(request)).strip()

    def claim_code_by_app(self, request: Mapping[str, Any]) -> str:
        """The same over HTTP, as the province's own application does."""
        made = self._world.post(self.server.url("issuer") + "/v1/claim-codes", dict(request), self._authorization())
        return str(made["code"])

    def serve_phone(self, what: str, phone: Phone, act: str | None = None, **fields: str) -> dict[str, Any]:
        """What the issuer answers to a phone that asks for ``what``: claims, renewals, paper, release."""
        issuer = self.server.url("issuer")
        proof = phone.proof(issuer, SystemClock().now(), act)
        return self._world.post(f"{issuer}/v1/wallet/{what}", {**fields, "holder_proof": proof})

    def invite(self, pseudonym: str, unit: str, role: str) -> str:
        """A link by which somebody of staff enrols a passkey."""
        return self._run("issuer", "staff", "invite", pseudonym, "--unit", unit, "--role", role).strip()

    def prove(self, signed: Mapping[str, Any], file: Path) -> None:
        """Write what proves a decision by hand, and check it by the trust list. Raises Unavailable."""
        number = json.loads(signed["text"])["number"]
        self.publish_status()
        self._run("issuer", "decision", "export", number, "--output", str(file))
        self._run("issuer", "decision", "verify", str(file))

    def dry_run(self, rules: Path, result: Path) -> dict[str, Any]:
        """What a version of the status rules would change for the people on file; it goes to ``result`` too."""
        told = self._run("issuer", "rules", "dry-run", str(rules), "--output", str(result), "--json")
        found: dict[str, Any] = json.loads(told)
        return found

    def withdraw(self, handle: str) -> None:
        """Withdraw a code by its handle."""
        url = f"{self.server.url('issuer')}/v1/credentials/{handle}/withdrawal"
        self._world.post(url, {"cause": "superseded"}, self._authorization())

    def check(self, text: str, nonce: str | None = None) -> dict[str, Any]:
        """Have this province's gate check a code over HTTP; ``nonce``: of the challenge that was shown."""
        asked = {} if nonce is None else {"nonce": nonce}
        return self._world.post(self.server.url("verifier") + "/v1/check", {"text": text, **asked})

    def challenge(self) -> dict[str, Any]:
        """Have this province's gate make a challenge."""
        return self._world.post(self.server.url("verifier") + "/v1/challenge", {})

    def state(self) -> dict[str, Any]:
        """What this province's gate knows, and how old it is."""
        return self._world.get(self.server.url("verifier") + "/v1/state")

    def check_offline(self, text: str, at: int) -> dict[str, Any]:
        """Check a code on the command line by what this province's gate has stored, as of another time."""
        return self._checked(text, "--trust", str(self._world.folder / self.home.name / "gate"), "--at", str(at))

    def check_with_bundle(self, bundle: Path, text: str = "", picture: Path | None = None) -> dict[str, Any]:
        """Check a code, or a picture of one, on a machine that has nothing but the offline bundle."""
        shown = ("--picture", str(picture)) if picture else ()
        return self._checked(text, "--trust", str(bundle), *shown)

    def gate_with_clock(self, name: str, offset: int) -> ActingProvince:
        """A second gate of this province whose device's clock is wrong by ``offset`` seconds."""
        other = copy.copy(self)
        settings = self._settings() | {"TONGXING_CLOCK_OFFSET_SECONDS": str(offset)}
        other.server = self._world.server(name, ("verifier",), settings)
        self._world.start(other.server)
        other.wait_for(lambda state: state["trust"] and state["rules"])
        return other

    def wait_for(self, condition: Callable[[dict[str, Any]], Any]) -> None:
        """Wait until the gate's state says so. Raises Unavailable."""
        self._world.wait(
            lambda: condition(self.state()), f"the news does not reach {self.home.name}", seconds=NEWS_SECONDS
        )

    def wait_for_status(self, member: str) -> None:
        """Wait until the gate has withdrawal data of ``member``."""
        self.wait_for(lambda state: state["members"].get(member, {}).get("status_sequence"))

    def wait_for_withdrawals(self, member: str, count: int) -> None:
        """Wait until the gate knows so many withdrawn codes of ``member``."""
        self.wait_for(lambda _: self.withdrawn(member) >= count)

    def withdrawn(self, member: str) -> int:
        """How many withdrawn codes of ``member`` the gate knows."""
        return int(self.state()["members"].get(member, {}).get("withdrawn") or 0)

    def _checked(self, text: str, *options: str) -> dict[str, Any]:
        done = self._world.attempt(
            "verifier", "check", *(["-"] if text else []), *options, "--root", str(self._registry.trust_root),
            "--member", self.home.member, "--environment", "demo", "--json", stdin=text,
        )  # fmt: skip
        if done.returncode not in (0, 1, 2):
            raise Unavailable(f"tongxing verifier check: exit {done.returncode}: {done.stderr.strip()[-500:]}")
        verdict: dict[str, Any] = json.loads(done.stdout)
        return verdict

    def _run(self, *arguments: str, stdin: str | None = None) -> str:
        return self._world.run(*arguments, settings=self.server.settings, stdin=stdin)

    def _authorization(self) -> dict[str, str]:
        key = read_key(self._client_key)
        return authorization(key, CLIENT, self.server.url("issuer"), SystemClock().now())

    def _witness_settings(self) -> dict[str, str]:
        policy = self._world.folder / self.home.name / "witnessed.policy"
        self._registry.write_policy(policy)
        return {
            "TONGXING_WITNESS_NAME": f"tongxing/{self.home.member}/witness",
            "TONGXING_WITNESS_KEY_FILE": str(self.keys / "keys" / "witness-1.pem"),
            "TONGXING_WITNESS_POLICY_FILE": str(policy),
        }

    def _settings(self) -> dict[str, str]:
        return {
            "TONGXING_MEMBER": self.home.member,
            "TONGXING_REGISTRY_URL": self._registry.url,
            "TONGXING_TRUST_ROOT": str(self._registry.trust_root),
            "TONGXING_KEY_FILE": str(self.key_file("credential-1")),
            "TONGXING_LOG_KEY_FILE": str(self.keys / "keys" / "log-1.pem"),
            "TONGXING_HOTLINE": self.home.hotline,
            "TONGXING_STATUS_KEY_FILE": str(self.key_file("status-1")),
            "TONGXING_POLL_SECONDS": str(POLL_SECONDS),
            "TONGXING_GATE_NAME": f"{self.home.names.of('zh-CN')}站",
            "TONGXING_PUBLISH_SECONDS": str(PUBLISH_SECONDS),
            "TONGXING_STAFF_DELAY_SECONDS": "0",
        }
