"""The doctor at real servers: well when all is well, and each setting broken in turn is the one that it names."""

from __future__ import annotations

import datetime
import json
import shutil
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from credentials.keys import load_private_key, new_private_key, private_key_pem
from demonstration.cast import ActingProvince, Registry
from demonstration.world import World
from diagnosis.examination import examine
from diagnosis.report import DoctorReport, DoctorStep, StepOutcome
from service_kit.durable import write_atomic
from tests.scenarios.deployment import deployed
from tests.serving import in_thread
from trust_registry.root.founding import found
from trust_registry.witness.storage.sql import open_seen


class Scene:
    """A deployment that is well, and what its settings are."""

    def __init__(self, world: World, registry: Registry, province: ActingProvince, folder: Path) -> None:
        self.world, self.registry, self.province, self.folder = world, registry, province, folder

    def broken(self, **changes: str) -> DoctorReport:
        """The province with some settings changed."""
        return examine({**self.province.server.settings, "TONGXING_ROLES": "issuer,verifier", **changes})


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("deployment")
    with deployed(folder) as (world, registry, province):
        yield Scene(world, registry, province, folder)


def the_wrong(report: DoctorReport) -> DoctorStep:
    """The first step that is wrong."""
    return next(step for step in report.steps if step.outcome is StepOutcome.WRONG)


def require(report: DoctorReport, step: str, code: str, *settings: str) -> None:
    """That the examination stopped at ``step`` for ``code`` and named ``settings``."""
    found = the_wrong(report)
    assert found.finding is not None
    assert (found.name, found.finding.code) == (step, code), found
    assert set(settings) <= set(found.finding.settings), found
    assert report.exit_code == (64 if settings else 70)
    assert json.dumps(report.to_dict(), ensure_ascii=False)


def test_a_sound_deployment_is_well(scene: Scene) -> None:
    """From the settings to the refusal, by the command that an operator types."""
    done = scene.world.attempt("doctor", "issuer", "verifier", "--json", settings=scene.province.server.settings)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report["outcome"], report["wrong_settings"]) == ("ok", [])
    outcomes = {step["step"]: step["outcome"] for step in report["steps"]}
    assert outcomes["withdrawn"] == outcomes["verify"] == outcomes["issuer-answers"] == "ok"
    assert outcomes["registry-opens"] == "skipped"
    told = scene.world.attempt("doctor", "issuer", settings=scene.province.server.settings | {"LANG": "en_GB.UTF-8"})
    assert told.returncode == 0
    assert "✓ A gate refuses the withdrawn code" in told.stdout


def test_its_code_is_marked_and_withdrawn(scene: Scene) -> None:
    """Whoever audits must be able to tell the doctor's codes from people's."""
    assert scene.broken().exit_code == 0
    connection = sqlite3.connect(scene.folder / "henan" / "issuer.sqlite")
    keys = connection.execute("SELECT count(*) FROM issuer_idempotency WHERE client_id = 'doctor:'").fetchone()
    withdrawn = connection.execute("SELECT cause, author FROM issuer_withdrawal").fetchall()
    connection.close()
    assert keys == (len(withdrawn),)
    assert set(withdrawn) == {("doctor", "doctor:")}


def test_the_registry_alone(scene: Scene) -> None:
    """Its own database, online keys and mirror; what needs a province is skipped by name."""
    settings = scene.registry.server.settings
    report = examine(settings, ["registry"])
    assert report.exit_code == 0
    outcomes = {step.name: step.outcome for step in report.steps}
    assert outcomes["registry-opens"] is outcomes["trust-list"] is StepOutcome.OK
    assert outcomes["issue"] is outcomes["member"] is StepOutcome.SKIPPED
    require(examine(settings | {"TONGXING_DATA_DIR": str(scene.folder)}, ["registry"]), "settings", "setting-invalid",
            "TONGXING_DATA_DIR")  # fmt: skip
    needless = write_secret(scene.folder / "needless", b"x")
    require(examine(settings | {"TONGXING_KEY_PASSPHRASE_FILE": needless}, ["registry"]), "online-keys", "key-locked",
            "TONGXING_KEY_PASSPHRASE_FILE")  # fmt: skip
    require(examine(settings | {"TONGXING_DATABASE_URL": "sqlite:////nowhere/x.sqlite"}, ["registry"]),
            "registry-database", "database-missing", "TONGXING_DATABASE_URL")  # fmt: skip
    assert scene.world.attempt("doctor", settings=settings).returncode == 64


def test_a_witness_alone(scene: Scene, tmp_path: Path) -> None:
    """Its key, its database, and whether anybody counts what it cosigns; of the wrong file and one of nobody too."""
    keys, own = scene.province.keys / "keys", scene.province.server.settings
    settings = {name: own[name] for name in ("TONGXING_REGISTRY_URL", "TONGXING_TRUST_ROOT", "TONGXING_ENVIRONMENT")}
    settings |= {
        "TONGXING_DATA_DIR": str(tmp_path), "TONGXING_WITNESS_NAME": "tongxing/CN-41/witness",
        "TONGXING_WITNESS_KEY_FILE": str(keys / "witness-1.pem"),
    }  # fmt: skip
    require(examine(settings, ["witness"]), "witness-database", "database-missing", "TONGXING_DATABASE_URL")
    open_seen(f"sqlite:///{tmp_path / 'witness.sqlite'}").engine.dispose()
    report = examine(settings, ["witness"])
    assert report.exit_code == 0 and {each.name: each.finding for each in report.steps}["witness-listed"] is None
    report = examine(settings | {"TONGXING_WITNESS_NAME": "tongxing/CN-41/another"}, ["witness"])
    (found,) = [each.finding for each in report.steps if each.name == "witness-listed"]
    assert report.exit_code == 0 and found is not None and found.code == "witness-unlisted"
    other = settings | {"TONGXING_WITNESS_KEY_FILE": str(keys / "rules-1.pem")}
    require(examine(other, ["witness"]), "witness-opens", "key-rejected", "TONGXING_WITNESS_KEY_FILE")
    told = scene.world.attempt("doctor", "witness", "--json", settings=settings)
    assert told.returncode == 0, told.stdout


def test_a_gate_alone(scene: Scene) -> None:
    """No issuer here: nothing is issued, and what a gate needs is still checked."""
    settings = {name: value for name, value in scene.province.server.settings.items() if "KEY" not in name}
    report = examine(settings, ["verifier"])
    assert report.exit_code == 0
    skipped = {step.name for step in report.steps if step.outcome is StepOutcome.SKIPPED}
    assert {"issue", "publish", "withdrawn", "credential-key"} <= skipped
    assert not {"trust-root", "clock", "member", "feeds"} & skipped


@pytest.mark.parametrize(
    ("changes", "step", "code"),
    [
        ({"TONGXING_ROLES": "hotel"}, "settings", "setting-invalid"),
        ({"TONGXING_ROLES": ""}, "settings", "setting-invalid"),
        ({"TONGXING_MEMBRE": "CN-41"}, "settings", "setting-invalid"),
        ({"TONGXING_LOG_LEVEL": "LOUD"}, "settings", "setting-invalid"),
        ({"TONGXING_ENVIRONMENT": "palace"}, "settings", "setting-invalid"),
        ({"TONGXING_PROFILE": "palace"}, "settings", "setting-invalid"),
        ({"TONGXING_POLL_SECONDS": "0"}, "settings", "setting-invalid"),
        ({"TONGXING_UNIT": "x" * 100}, "settings", "setting-invalid"),
        ({"TONGXING_MEMBER": "Henan"}, "settings", "setting-invalid"),
        ({"TONGXING_REGISTRY_URL": "http://registry.example/registry"}, "settings", "setting-invalid"),
        ({"TONGXING_ISSUER_URL": "http://code.example/issuer"}, "settings", "setting-invalid"),
        ({"TONGXING_TRUST_ROOT": "/nowhere/root.json"}, "settings", "setting-invalid"),
        ({"TONGXING_DATA_DIR": "/dev/null/data"}, "data-folder", "storage-unavailable"),
        ({"TONGXING_KEY_PASSPHRASE_FILE": "/nowhere/passphrase"}, "passphrase", "setting-invalid"),
        ({"TONGXING_KEY_FILE": "/nowhere/key.pem"}, "credential-key", "setting-invalid"),
        ({"TONGXING_STATUS_KEY_FILE": "/nowhere/key.pem"}, "status-key", "setting-invalid"),
        ({"TONGXING_DATABASE_URL": "mysql://x"}, "issuer-database", "setting-invalid"),
        ({"TONGXING_DATABASE_URL": "sqlite:////nowhere/x.sqlite"}, "issuer-database", "database-missing"),
        ({"TONGXING_REDIS_URL": "redis://127.0.0.1:1/0"}, "cache", "cache-gone"),
        ({"TONGXING_REDIS_URL": "nonsense"}, "settings", "setting-invalid"),
        ({"TONGXING_ISSUER_SECRET_FILE": "/nowhere/secret"}, "issuer-opens", "setting-invalid"),
        ({"TONGXING_REGISTRY_URL": "http://127.0.0.1:1/registry"}, "registry-answers", "registry-unreachable"),
        ({"TONGXING_CLOCK_OFFSET_SECONDS": "-7200"}, "clock", "clock-behind"),
        ({"TONGXING_CLOCK_OFFSET_SECONDS": "10800"}, "clock", "clock-ahead"),
        ({"TONGXING_MEMBER": "CN-51"}, "member", "not-enrolled"),
        ({"TONGXING_ENVIRONMENT": "test"}, "member", "other-environment"),
        ({"TONGXING_ISSUER_URL": "http://127.0.0.1:1/issuer"}, "issuer-answers", "issuer-unreachable"),
    ],
)
def test_each_setting_broken_is_the_one_that_is_named(
    scene: Scene, changes: dict[str, str], step: str, code: str
) -> None:
    """That it does not work is what an operator at night knows already."""
    require(scene.broken(**changes), step, code, *changes)


def write_secret(path: Path, content: bytes) -> str:
    write_atomic(path, content, mode=0o600)
    return str(path)


def _open_to_all(scene: Scene, path: Path) -> str:
    shutil.copy(scene.province.key_file("credential-1"), path)
    path.chmod(0o644)
    return str(path)


def _encrypted(scene: Scene, path: Path) -> str:
    key = load_private_key(scene.province.key_file("credential-1").read_bytes())
    return write_secret(path, private_key_pem(key, b"hush"))


def _denied(scene: Scene, path: Path) -> str:
    scene.registry.deny(scene.province.kid("credential-2"), scene.province.keys)
    return str(scene.province.key_file("credential-2"))


@pytest.mark.parametrize(
    ("make", "step", "code", "settings"),
    [
        (_open_to_all, "credential-key", "setting-invalid", ["TONGXING_KEY_FILE"]),
        (_encrypted, "credential-key", "key-locked", ["TONGXING_KEY_PASSPHRASE_FILE"]),
        (lambda scene, path: write_secret(path, b"no key"), "credential-key", "key-rejected", ["TONGXING_KEY_FILE"]),
        (
            lambda scene, path: write_secret(path, private_key_pem(new_private_key())),
            "credential-key-listed",
            "key-unlisted",
            ["TONGXING_KEY_FILE"],
        ),
        (
            lambda scene, path: str(scene.province.key_file("status-1")),
            "credential-key-listed",
            "key-of-another-use",
            ["TONGXING_KEY_FILE"],
        ),
        (_denied, "credential-key-listed", "key-denied", ["TONGXING_KEY_FILE"]),
    ],
)
def test_a_key_that_is_not_good_is_told_how(
    scene: Scene, tmp_path: Path, make: Callable[[Scene, Path], str], step: str, code: str, settings: list[str]
) -> None:
    """Every gate would refuse what it signs, and say something else of it."""
    report = scene.broken(TONGXING_KEY_FILE=make(scene, tmp_path / "key.pem"))
    require(report, step, code, *settings)
    assert "withdrawn" in {step.name for step in report.steps if step.outcome is StepOutcome.SKIPPED}


def test_an_encrypted_key_with_its_passphrase_is_well(scene: Scene, tmp_path: Path) -> None:
    """And a wrong passphrase is told as such."""
    keys = {}
    for name, label in (("TONGXING_KEY_FILE", "credential-1"), ("TONGXING_STATUS_KEY_FILE", "status-1")):
        key = load_private_key(scene.province.key_file(label).read_bytes())
        keys[name] = write_secret(tmp_path / f"{label}.pem", private_key_pem(key, b"hush"))
    log_key = serialization.load_pem_private_key((scene.province.keys / "keys" / "log-1.pem").read_bytes(), None)
    locked = log_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"hush")
    )
    keys["TONGXING_LOG_KEY_FILE"] = write_secret(tmp_path / "log-1.pem", locked)
    good, bad = write_secret(tmp_path / "good", b"hush\n"), write_secret(tmp_path / "bad", b"huhs\n")
    assert scene.broken(**keys, TONGXING_KEY_PASSPHRASE_FILE=good).exit_code == 0
    require(scene.broken(**keys, TONGXING_KEY_PASSPHRASE_FILE=bad), "credential-key", "key-locked",
            "TONGXING_KEY_PASSPHRASE_FILE")  # fmt: skip


def test_another_secret_is_named(scene: Scene, tmp_path: Path) -> None:
    """With it, withdrawals would hit other people's codes."""
    secret = write_secret(tmp_path / "secret", bytes(32))
    require(scene.broken(TONGXING_ISSUER_SECRET_FILE=secret), "issuer-opens", "setting-invalid",
            "TONGXING_ISSUER_SECRET_FILE")  # fmt: skip


def test_a_database_of_another_version_is_named(scene: Scene, tmp_path: Path) -> None:
    """And it is not touched: the doctor migrates nothing."""
    copy = tmp_path / "copy.sqlite"
    copy.touch()
    report = scene.broken(TONGXING_DATABASE_URL=f"sqlite:///{copy}")
    require(report, "issuer-database", "database-version", "TONGXING_DATABASE_URL")
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()


def test_a_root_of_another_registry_is_named_as_such(scene: Scene, tmp_path: Path) -> None:
    """The gravest mistake of all, and told from a file that is no root at all."""
    other = found(tmp_path / "other", write_atomic, None, 1_790_000_000).trust_root
    require(scene.broken(TONGXING_TRUST_ROOT=str(other)), "trust-root", "root-of-another-registry",
            "TONGXING_TRUST_ROOT", "TONGXING_REGISTRY_URL")  # fmt: skip
    nothing = tmp_path / "nothing.json"
    nothing.write_text("{}")
    require(scene.broken(TONGXING_TRUST_ROOT=str(nothing)), "settings", "setting-invalid", "TONGXING_TRUST_ROOT")


def test_addresses_that_lead_elsewhere(scene: Scene, tmp_path: Path) -> None:
    """A forgotten path, another service, another certificate: each has its own advice."""
    gate = scene.province.server.url("verifier")
    require(scene.broken(TONGXING_REGISTRY_URL=gate), "registry-answers", "registry-not-there", "TONGXING_REGISTRY_URL")
    require(scene.broken(TONGXING_ISSUER_URL=gate), "issuer-answers", "issuer-other", "TONGXING_ISSUER_URL")
    with self_signed(tmp_path) as url:
        require(scene.broken(TONGXING_REGISTRY_URL=url), "registry-answers", "registry-certificate",
                "TONGXING_REGISTRY_URL")  # fmt: skip


def test_an_address_that_callers_choose_is_named(scene: Scene) -> None:
    """Proxies are believed and there is none: each caller has a limit for each address that it makes up."""
    server = scene.province.server
    try:
        for proxies in ("1", "0"):
            scene.world.stop(server)
            server.settings["TONGXING_TRUSTED_PROXIES"] = proxies
            scene.world.start(server)
            if proxies == "1":
                require(scene.broken(), "callers-address", "address-by-caller", "TONGXING_TRUSTED_PROXIES")
    finally:
        del server.settings["TONGXING_TRUSTED_PROXIES"]
    assert scene.broken().exit_code == 0


def test_an_issuer_without_a_root_of_trust_is_told_so(scene: Scene) -> None:
    """Its environment needs none; then the registry was believed about itself, and that must be said."""
    settings = dict(scene.province.server.settings)
    del settings["TONGXING_TRUST_ROOT"]
    report = examine(settings, ["issuer"])
    assert report.exit_code == 0
    note = next(step.finding for step in report.steps if step.name == "trust-root")
    assert note is not None
    assert note.code == "root-unverified"


def test_a_member_without_rules_may_issue_and_has_no_gates(scene: Scene) -> None:
    """Its codes are good elsewhere: for the issuer alone that is a warning, for its gates it is a fault."""
    member = scene.folder / "registry" / "mirror" / "members" / "CN-41"
    rules = ("rules", "rules.jws")
    for name in rules:
        (member / name).rename(member / f".{name}")
    try:
        report = examine(scene.province.server.settings, ["issuer"])
        gates = scene.broken()
    finally:
        for name in rules:
            (member / f".{name}").rename(member / name)
    assert report.exit_code == 0
    (note,) = [step.finding for step in report.steps if step.name == "verify"]
    assert note is not None
    assert (note.code, note.detail) == ("by-own-rules", "rules-missing")
    require(gates, "feeds", "rules-missing")


def test_a_second_issuer_on_the_same_keys_is_named_before_it_gives_a_place_out_twice(
    scene: Scene, tmp_path: Path
) -> None:
    """Its database begins anew, as one does that came back from a backup: not the registry is wrong, nor the key."""
    second = {"TONGXING_DATABASE_URL": f"sqlite:///{tmp_path / 'second.sqlite'}"}
    done = scene.world.attempt("issuer", "init", settings=scene.province.server.settings | second)
    assert "state-behind" in done.stderr, done
    report = scene.broken(**second)
    require(report, "issue", "status-of-another", "TONGXING_DATABASE_URL")
    assert "tongxing issuer catch-up" in str(the_wrong(report).finding)
    connection = sqlite3.connect(tmp_path / "second.sqlite")
    assert connection.execute("SELECT count(*) FROM issuer_credential").fetchone() == (0,)
    connection.close()
    assert scene.broken().exit_code == 0, "the first one is well"


def test_a_database_that_may_only_be_read_is_named(scene: Scene, postgresql: str) -> None:
    """A standby after a failover: everything can be looked at, and nothing be issued."""
    wanted = {"TONGXING_DATABASE_URL": postgresql}
    # Made, and told that it is behind what gates have: no matter here.
    scene.world.attempt("issuer", "init", settings=scene.province.server.settings | wanted)
    standby = f"{postgresql}?options=-c%20default_transaction_read_only%3Don"
    report = scene.broken(TONGXING_DATABASE_URL=standby)
    require(report, the_wrong(report).name, "storage-unavailable", "TONGXING_DATABASE_URL")
    assert "read-only" in str(the_wrong(report).finding)


def test_a_mirror_that_stands_still_is_told_from_a_clock_that_runs_ahead(scene: Scene, tmp_path: Path) -> None:
    """Three hours after the last copy. Where the registry can be asked what time it is, its copy is what is old; where
    only files are served, both are possible, and both are said."""
    shutil.copytree(scene.folder / "registry" / "mirror", tmp_path / "registry" / "mirror")
    three_hours = 3 * 3600
    later = {"TONGXING_CLOCK_OFFSET_SECONDS": str(three_hours)}
    with copied(tmp_path) as url:
        require(scene.broken(TONGXING_REGISTRY_URL=url, **later), "clock", "clock-ahead", *later)
        state = scene.world.get(f"{scene.registry.url}/v1/state")
        (tmp_path / "registry" / "v1").mkdir()
        (tmp_path / "registry" / "v1" / "state").write_text(json.dumps(state | {"now": state["now"] + three_hours}))
        report = scene.broken(TONGXING_REGISTRY_URL=url, **later)
        require(report, "clock", "mirror-stale", "TONGXING_REGISTRY_URL")


@contextmanager
def copied(folder: Path) -> Iterator[str]:
    """A web server that carries a copy of the mirror from a folder."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    with in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}/registry"


@contextmanager
def self_signed(folder: Path) -> Iterator[str]:
    """An https server whose certificate nobody has signed."""
    key, name = new_private_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    pem.write_bytes(private_key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    # A handshake that fails is what is wanted, and no reason to print a traceback.
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with in_thread(server):
        yield f"https://127.0.0.1:{server.server_port}/registry"
