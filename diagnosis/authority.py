"""The registry as this deployment sees it: whether it answers, is the right one, and lists what is used here."""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus

from requests.exceptions import SSLError

from credentials.errors import FetchFailed, MetadataRejected, TongxingError
from credentials.keys import kid_of
from diagnosis.deployment import Deployment
from diagnosis.report import Diagnosis, skipped, warning, wrong
from service_kit.locale import text_of
from trust_registry.client.members.failure import Failure
from trust_registry.client.trust.clock_bound import effective_now
from trust_registry.client.trust.pins import NOTHING_SEEN
from trust_registry.client.trust.repository import metadata_path, verify_repository
from trust_registry.client.trust.snapshot import build_snapshot
from trust_registry.client.trust.store import TrustStore
from trust_registry.client.trust.updater import MAX_TIMESTAMP_BYTES
from trust_registry.metadata.file_names import is_rules
from trust_registry.metadata.log_keys import log_keys_of
from trust_registry.opening import open_mirror
from trust_registry.publishing.lint import WARN_KEY_BEFORE_SECONDS, lint
from trust_registry.repository.files import TIMESTAMP_PATH, parse_metadata

MAX_TIMESTAMP_AGE_SECONDS = 2 * 3600
"""The registry signs its time anew every hour."""
MAX_STATE_BYTES = 65_536
_DAY_SECONDS = 24 * 3600


def answers(deployment: Deployment) -> Diagnosis | None:
    """Whether a registry's mirror stands at the address."""
    if not deployment.is_online:
        return skipped("no-network", "TONGXING_REGISTRY_URL")
    try:
        deployment.fetcher.get(f"{deployment.registry_url}/mirror/{TIMESTAMP_PATH}", limit=MAX_TIMESTAMP_BYTES)
    except FetchFailed as error:
        return wrong(_why_unreachable(error), "TONGXING_REGISTRY_URL", detail=error.detail)
    return None


def root(deployment: Deployment) -> Diagnosis | None:
    """Whether what the registry shows is signed as the root of trust demands. Its age is judged later."""
    file, note = deployment.root_file, None
    if file is not None:
        deployment.trusted_root = file.read_bytes()
    else:
        deployment.trusted_root = deployment.remote.source.metadata("root", 1) or b""
        note = warning("root-unverified", "TONGXING_TRUST_ROOT")
    try:
        found = _verified(deployment)
    except MetadataRejected as error:
        return _why_rejected(deployment, error)
    if isinstance(found, Diagnosis):
        return found
    return note


def clock(deployment: Deployment) -> Diagnosis | None:
    """This machine's clock against the registry's signed time."""
    now, signed = deployment.now(), deployment.trust.registry_time
    moved = ("TONGXING_CLOCK_OFFSET_SECONDS",) if deployment.any_settings.clock_offset_seconds else ()
    found = effective_now(now, signed)
    if found.doubt or found.alarm:
        return wrong("clock-behind", *moved, detail=f"{signed - now} s")
    if deployment.is_online and now - signed > MAX_TIMESTAMP_AGE_SECONDS:
        if _agrees_with_the_registry(deployment):
            return wrong("mirror-stale", "TONGXING_REGISTRY_URL", detail=f"{now - signed} s")
        return wrong("clock-ahead", *moved, detail=f"{now - signed} s")
    return None


def _agrees_with_the_registry(deployment: Deployment) -> bool:
    """Whether the registry's own clock shows what this one does: then the time that it signed is what is old."""
    try:
        apart = int(deployment.remote.state()["now"]) - deployment.now()
        return abs(apart) < MAX_TIMESTAMP_AGE_SECONDS
    except TongxingError:
        # Mirrors that other servers carry have no more than the signed files.
        return False


def trust_list(deployment: Deployment) -> Diagnosis | None:
    """Whether the list is still good, and what is odd in it; at the registry itself what ``lint`` says."""
    now, trust, policy = deployment.now(), deployment.trust, deployment.policy
    expired = sorted(role for role, expires in trust.expiries.items() if now >= expires)
    if expired and deployment.is_online:
        return wrong("metadata-expired", detail=", ".join(expired))
    if trust.age(now) > policy.trust_refuse:
        return wrong("trust-old", detail=f"{trust.age(now) // 3600} h")
    if "registry" in deployment.settings:
        return _lint(deployment)
    if trust.reported:
        return warning("entries-reported", detail="; ".join(f"{bad.entry}: {bad.detail}" for bad in trust.reported))
    return None


def member(deployment: Deployment) -> Diagnosis | None:
    """Whether the officers list this member, for this environment."""
    listed = deployment.trust.members.get(deployment.member)
    if listed is None:
        return wrong("not-enrolled", "TONGXING_MEMBER", detail=deployment.member)
    if listed.entry.environment != deployment.any_settings.environment:
        return wrong("other-environment", "TONGXING_ENVIRONMENT", detail=f"listed for {listed.entry.environment}")
    return None


def credential_key(deployment: Deployment) -> Diagnosis | None:
    """Whether gates would take what the credential key signs."""
    return _listed(deployment, "credential", "TONGXING_KEY_FILE")


def status_key(deployment: Deployment) -> Diagnosis | None:
    """Whether gates would take what the status key signs."""
    return _listed(deployment, "status", "TONGXING_STATUS_KEY_FILE")


def witness(deployment: Deployment) -> Diagnosis | None:
    """Whether a member's statement names this witness: nobody counts the cosignatures of another."""
    key, now = deployment.witness_key, deployment.now()
    listed = (each for member in deployment.trust.members.values() for each in log_keys_of(member.statement))
    if any(each.key == key and each.is_active(now) for each in listed):
        return None
    return warning("witness-unlisted", "TONGXING_WITNESS_NAME", "TONGXING_WITNESS_KEY_FILE", detail=key.vkey)


def issuer_answers(deployment: Deployment) -> Diagnosis | None:
    """Whether the service that clients and phones name is this one: by its state, or where a proxy keeps that inside by
    what phones are told, which does not say the key."""
    setting = "TONGXING_ISSUER_URL"
    own = {"member": deployment.member, "audience": deployment.issuer.audience}
    kid = kid_of(deployment.member, deployment.keys["credential"].public_key()).hex()
    try:
        said, expected = _issuers_word(deployment, "state"), own | {"kid": kid}
        if said is None:
            said, expected = _issuers_word(deployment, "wallet"), own
    except FetchFailed as error:
        return wrong("issuer-unreachable", setting, detail=error.detail)
    except ValueError:
        return wrong("issuer-unreachable", setting, detail="no JSON")
    if said is None:
        return wrong("issuer-unreachable", setting, detail="status 404")
    differing = [name for name, value in expected.items() if not isinstance(said, dict) or said.get(name) != value]
    return wrong("issuer-other", setting, detail=", ".join(differing)) if differing else None


def _issuers_word(deployment: Deployment, path: str) -> object:
    """The JSON at ``path``; None where there is no such page. Raises FetchFailed, ValueError."""
    try:
        address = f"{deployment.issuer.audience}/v1/{path}"
        return json.loads(deployment.fetcher.get(address, limit=MAX_STATE_BYTES).body) or {}
    except FetchFailed as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise


def callers_address(deployment: Deployment) -> Diagnosis | None:
    """Whether a caller can choose the address that limits count: by writing the proxies' header, where nobody writes it
    after them, or one that WSGI cannot tell from it, where names with underscores are handed on."""
    setting = "TONGXING_TRUSTED_PROXIES"
    if not deployment.issuer.trusted_proxies:
        return skipped("not-set", setting)
    header, probe = deployment.issuer.caller_header, secrets.token_hex(8)
    made_up = {"Content-Type": "application/json", header: probe}
    phone = _asked(deployment, "POST", "wallet/renewals", made_up, b'{"holder_proof": "doctor"}')
    underscored = _asked(deployment, "GET", "doctor", {"X_Request_Id": probe})
    # Of a name without hyphens there is no second spelling.
    chosen = f"{header}: no address".encode() in phone or ("-" in header and probe.encode() in underscored)
    return wrong("address-by-caller", setting) if chosen else None


def _asked(deployment: Deployment, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    address = f"{deployment.issuer.audience}/v1/{path}"
    return deployment.fetcher.send(method, address, limit=MAX_STATE_BYTES, body=body, headers=headers).body


def feeds(deployment: Deployment) -> Diagnosis | None:
    """What a gate gets of all members, fetched anew; its own member's rules must be there."""
    deployment.open_gate()
    deployment.freshness.load()
    deployment.freshness.refresh()
    failures = [failure for failure in deployment.freshness.failures() if failure.member]
    gate = deployment.gate
    if "verifier" in deployment.settings and gate.knowledge.rules_at(gate.now().now) is None:
        own = [each for each in failures if each.member == deployment.member and is_rules(each.file)]
        return wrong("rules-missing", detail=_told(own))
    # Whoever has published no rules has no gates.
    others = [failure for failure in failures if not is_rules(failure.file)]
    return warning("feeds-failing", detail=_told(others)) if others else None


def _verified(deployment: Deployment) -> Diagnosis | None:
    if deployment.is_online:
        deployment.verified = verify_repository(deployment.remote.source, deployment.trusted_root)
    else:
        held = TrustStore(deployment.verifier.folder / "trust", deployment.trusted_root).read()
        if held is None:
            return wrong("nothing-stored", "TONGXING_DATA_DIR", "TONGXING_REGISTRY_URL")
        deployment.verified = held
    deployment.trust = build_snapshot(deployment.verified, NOTHING_SEEN, deployment.now())[0]
    return None


def _why_rejected(deployment: Deployment, error: MetadataRejected) -> Diagnosis:
    settings = ("TONGXING_TRUST_ROOT",) if deployment.environ.get("TONGXING_TRUST_ROOT") else ()
    try:
        signed = parse_metadata(deployment.trusted_root).signed
    except MetadataRejected:
        return wrong("root-unreadable", *(settings or ("TONGXING_DATA_DIR",)))
    if not deployment.is_online:
        return wrong("root-of-another-registry", *settings, detail=error.detail)
    theirs = deployment.remote.source.metadata("root", signed.version)
    if theirs is not None and theirs != deployment.trusted_root:
        return wrong(
            "root-of-another-registry", *settings, "TONGXING_REGISTRY_URL", detail=metadata_path("root", signed.version)
        )
    # The right root and a mirror that is not in order: nothing that is set here is wrong.
    return Diagnosis(error.code, text_of(error), detail=error.detail)


def _why_unreachable(error: FetchFailed) -> str:
    if error.status is not None:
        return "registry-not-there"
    return "registry-certificate" if isinstance(error.__cause__, SSLError) else "registry-unreachable"


def _lint(deployment: Deployment) -> Diagnosis | None:
    found = lint(open_mirror(deployment.registry), deployment.trusted_root, deployment.now())
    errors = [each for each in found if each.level == "error"]
    told = "; ".join(f"{each.place}: {each.detail}" for each in errors or found)
    if errors:
        return wrong("lint", detail=told)
    return warning("ends-soon", detail=told) if found else None


def _listed(deployment: Deployment, use: str, setting: str) -> Diagnosis | None:
    """Raises nothing: what is odd about a key is a finding, and a key that ends soon a warning."""
    public_key, now, trust = deployment.keys[use].public_key(), deployment.now(), deployment.trust
    kid = kid_of(deployment.member, public_key)
    found = trust.find(kid)
    if kid in trust.denied:
        return wrong("key-denied", setting, detail=kid.hex())
    if found is None:
        owners = sorted(each.entry.id for each in trust.keys.values() if each.key.public_key == public_key)
        if owners:
            return wrong("key-of-another-member", setting, "TONGXING_MEMBER", detail=owners[0])
        return wrong("key-unlisted", setting, detail=kid.hex())
    if found.key.use != use:
        return wrong("key-of-another-use", setting, detail=found.key.use)
    if now < found.key.not_before:
        return wrong("key-not-yet", setting, detail=f"for {found.key.not_before - now} s")
    if now >= found.key.not_after:
        return wrong("key-ended", setting, detail=f"{(now - found.key.not_after) // _DAY_SECONDS} days ago")
    left = found.key.not_after - now
    return warning("key-ends-soon", detail=f"{left // _DAY_SECONDS} days") if left < WARN_KEY_BEFORE_SECONDS else None


def _told(failures: list[Failure]) -> str:
    return "; ".join(f"{each.member} {each.file}: {each.code} {each.detail}" for each in failures)
