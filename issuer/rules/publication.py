"""How a version of the status rules comes into force: checked here, on the mirror for everybody, then in the database.

The mirror comes first: rules that decide about people are never ones that nobody can read. Stopped in between, the same
command is run again: the mirror has the file already, and says so.
"""

from __future__ import annotations

from credentials.decisions.rules.status_rules import StatusRules
from credentials.errors import Conflict, TrustMissing
from issuer.issuing.rules_in_force import PublishedRules
from issuer.publishing.publication import MirrorClient
from issuer.rules.dry_run import DryRun, require_fresh


def publish_rules(
    rules: PublishedRules, trust: object, mirror: MirrorClient, compact: str, result: DryRun, at: int, max_age: int
) -> StatusRules:
    """Bring a signed version out; it counts from its moment on, in every worker. Published again it changes nothing.

    ``trust``: the list by which the signature is checked; ``result``: of a dry run, at most ``max_age`` seconds old.
    Raises TrustMissing where nobody holds a trust list, CredentialError for a signature that does not hold by it,
    RuleSetInvalid, Conflict when it does not follow the one before it or the dry run is stale, FetchFailed.
    """
    if trust is None:
        raise TrustMissing("no trust list is held to check the signature by; set TONGXING_TRUST_ROOT")
    wanted, newest = rules.verify(compact), rules.newest()
    name = f"status-rules/{wanted.sequence}"
    if newest is not None and newest.digest == wanted.digest:
        mirror.put(name, compact.encode())
        return wanted
    follows = (newest.sequence + 1, newest.digest) if newest else (1, None)
    if (wanted.sequence, wanted.previous) != follows:
        told = f"sequence {follows[0]} with previous {follows[1]} comes next"
        raise Conflict(f"{told}; make it by `tongxing issuer rules template --after` the version before")
    require_fresh(result, wanted, rules.at(at), at, max_age)
    mirror.put(name, compact.encode())
    try:
        rules.keep(wanted, compact, at)
    except Conflict:
        # Another process published it at the same moment; two different ones the mirror does not take.
        kept = rules.newest()
        if kept is None or kept.digest != wanted.digest:
            raise
    return wanted
