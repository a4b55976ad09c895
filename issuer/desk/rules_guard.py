"""The guard before a version of the status rules: what changes too many people of a region waits for staff to agree."""

from __future__ import annotations

import hashlib

from credentials.decisions.leaves import held, released
from credentials.decisions.signatures import read_signature
from credentials.errors import Conflict
from issuer.desk.desk import Desk, require_second_authority
from issuer.rules.dry_run import DryRun
from issuer.storage.ports.staff import AuditRow

_NOBODY = "rules"
"""Who is said to have met the guard: a command, and nobody of staff."""


def require_released(desk: Desk, compact: str, result: DryRun, release: object, at: int) -> None:
    """Return when these signed rules change no more people of a region than may, or an approver or administrator has
    signed them. ``release``: that signature as JSON, or None. Both leave a leaf.

    Raises Conflict, saying where and what to do, NotAuthorised, WrongSignature, Malformed.
    """
    found = desk.guard.excesses(result.by_region(), result.regions)
    if not found:
        return
    text = compact.encode()
    digest = hashlib.sha256(text).digest()
    if release is None:
        desk.keys.store.note(AuditRow(at, _NOBODY, "held"), held(digest, result.changed))
        where = ", ".join(f"{each.region or '-'}: {each.changed} of {each.people}" for each in found)
        raise Conflict(
            f"held: too many people of a region would change at once ({where}). Have an approver or administrator who "
            "has seen the dry run sign the file, `tongxing issuer decision sign RULES.jws --key … -o release.json`, "
            "and publish with --release release.json"
        )
    signature = read_signature(release)
    by = desk.keys.signer_of(signature, text, at)
    require_second_authority(by, [])
    desk.keys.store.note(AuditRow(at, by.staff, "released"), released(digest, signature.to_json()))
