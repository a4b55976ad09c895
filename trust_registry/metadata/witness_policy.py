"""Whose signatures gates ask for on the public record (见证策略): the field ``witness_policy`` of the trust list.

A text in the form of C2SP tlog-policy, so that other programs read it too. It stands within the list, so that the same
officers' signatures and the same leaf of the log stand for both. At founding it names the registry's log and no
witness::

    log tongxing/registry/0f3c…+33d7b496+AeHT…
    quorum none
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from credentials.errors import CredentialError, InvalidRequest, Malformed
from credentials.log.keys import NoteKey
from credentials.log.policy import WitnessPolicy, read_policy
from trust_registry.metadata.log_keys import LogKey

_QUORUM = "quorum"


def founding_policy(log: NoteKey) -> str:
    """The policy before there are witnesses: the log's own signature is enough."""
    return f"log {log.vkey}\nquorum none\n"


def policy_of(logs: Iterable[str], witnesses: Iterable[LogKey], least: int) -> str:
    """``least`` of these witnesses, each named as its member; ``logs``: vkeys.

    Raises InvalidRequest where a member has two, or there are fewer than ``least``.
    """
    listed = list(witnesses)
    names = [each.member for each in listed]
    lines = [f"log {vkey}" for vkey in logs]
    lines += [f"witness {each.member} {each.key.vkey}" + (f" {each.url}" if each.url else "") for each in listed]
    lines += [f"group {_QUORUM}-of-witnesses {least} {' '.join(names)}", f"quorum {_QUORUM}-of-witnesses"]
    text = "\n".join(lines) + "\n"
    try:
        read_witness_policy(text)
    except CredentialError as error:
        raise InvalidRequest(f"no policy of {least} of {len(names)} witnesses: {error.detail}") from error
    return text


# Asked for with each list, and the same for years.
@lru_cache(maxsize=16)
def read_witness_policy(text: str) -> WitnessPolicy:
    """The policy of a list. Raises TooLarge, and Malformed for a text that is none, or names no log: no gate could
    check it."""
    policy = read_policy(text.encode(errors="replace"))
    if not policy.logs:
        raise Malformed("a policy that names no log")
    return policy


def require_named(policy: WitnessPolicy, listed: Collection[NoteKey]) -> None:
    """Raise InvalidRequest for a witness that no member of the list names: at no gate would it count."""
    for name, witness in policy.witnesses.items():
        if witness.key not in listed:
            raise InvalidRequest(
                f"witness {name.decode(errors='replace')} of the policy: no member's statement names its key "
                f"{witness.key.id.hex()}; `tongxing registry policy` writes one with the keys that members name"
            )
