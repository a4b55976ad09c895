"""Whether gates take what this issuer signs: its own keys, looked up in the registry's trust list as a gate does.

An issuer that signs with a wrong key file, or for a member whose key it is not, would hand out codes that every gate
refuses, and hear of it from the residents. So it keeps the verified trust list as gates do, in a folder of its own:

- a key that the list denies, does not have, or has for another use, member or environment: nothing is signed any more;
- the registry cannot be reached: the last list counts, however old it is, for a network must not stop a province;
- it cannot be reached and no list was ever held, or no root was handed over: codes are issued, and it is said that
  nobody has looked;
- what it gives does not hold by the root that was handed over, and no list is held: nothing is signed, for with a wrong
  root nobody would ever look.

:class:`Listing` is asked before each signing and never waits for a network then.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple

import structlog

from credentials.errors import FetchTooLarge, KeyNotListed, MetadataRejected, SettingInvalid, TongxingError
from credentials.keys import VerificationKey
from service_kit.clock import Clock
from trust_registry.client.trust.repository import OTHER_ROOT
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.client.trust.store import TrustStore
from trust_registry.client.trust.updater import TrustUpdater

REFRESH_SECONDS = 60
"""How often a service asks for the list: a denied key signs nothing more a minute later."""
PAUSE_SECONDS = 30
"""So young a look counts for a command too."""
_log = structlog.get_logger("listing")


class OwnKey(NamedTuple):
    """A key that the issuer signs with, and the setting that names its file."""

    kid: bytes
    use: str
    setting: str


class ListingState(NamedTuple):
    """What is known at a moment. ``faults``: why gates would refuse, empty when they would not or nobody knows;
    ``age``: of the list in seconds, None without one; ``failure``: the code of what stopped the last look, or empty."""

    faults: tuple[str, ...]
    age: int | None
    failure: str


class Listing:
    """The member's own entry in the trust list. Safe to call from several threads.

    ``store``: None when no root of trust was handed over. ``not_listed_yet``: sign all the same.
    """

    def __init__(
        self,
        member: str,
        environment: str,
        keys: tuple[OwnKey, ...],
        clock: Clock,
        store: TrustStore | None,
        updater: TrustUpdater | None,
        *,
        not_listed_yet: bool = False,
    ) -> None:
        self._member, self._environment, self._keys, self._clock = member, environment, keys, clock
        self._store, self._updater, self._not_listed_yet = store, updater, not_listed_yet
        self._trust: TrustSnapshot | None = None
        self._failure = ""
        self._rejected = ""
        self._looked_at = 0
        self._one = threading.Lock()

    def load(self) -> None:
        """Take up the list that is held, without network."""
        if self._store is not None:
            try:
                self._trust = self._store.load(self._clock.now())
            except TongxingError as error:
                self._failure = error.code

    def refresh(self) -> None:
        """Ask for a newer list, if the last look is :data:`PAUSE_SECONDS` old; what goes wrong is kept."""
        at = self._clock.now()
        with self._one:
            # A clock that was ahead and has been set must not keep us from looking until that time has come.
            if self._updater is None or 0 <= at - self._looked_at < PAUSE_SECONDS:
                return
            self._looked_at = at
            try:
                self._trust, self._failure, self._rejected = self._updater.update(at), "", ""
            except TongxingError as error:
                self._failure = error.code
                self._rejected = error.detail if isinstance(error, MetadataRejected | FetchTooLarge) else ""

    def watch(self) -> None:
        """What a service does again and again: :meth:`refresh`, and say in the logs what is wrong."""
        self.refresh()
        faults, _, failure = self.condition()
        if faults or failure:
            _log.warning("own-keys", faults=list(faults), failure=failure)

    @property
    def trust(self) -> TrustSnapshot | None:
        """The list as it is held, another object whenever it may have changed; None: nobody has one."""
        return self._trust

    def condition(self) -> ListingState:
        """What is known now."""
        at, trust = self._clock.now(), self._trust
        if trust is None:
            return ListingState((), None, self._failure)
        found = (self._fault(trust, key, at) for key in self._keys)
        return ListingState(tuple(filter(None, found)), trust.age(at), self._failure)

    def require_root(self) -> None:
        """Raise SettingInvalid, naming TONGXING_TRUST_ROOT, where the registry was reached, what it gave does not hold
        by that root, and no list is held."""
        if self._trust is None and self._rejected:
            told = f"TONGXING_TRUST_ROOT: by it what TONGXING_REGISTRY_URL gives is rejected ({self._rejected})"
            raise SettingInvalid(f"{told}: {OTHER_ROOT}; take this registry's trust-root.json")

    def require(self) -> None:
        """Raise KeyNotListed, naming the key, the member and what to do, where gates would refuse; SettingInvalid as
        :meth:`require_root`."""
        self.require_root()
        if not self._not_listed_yet and (faults := self.condition().faults):
            raise KeyNotListed("; ".join(faults))

    def _fault(self, trust: TrustSnapshot, own: OwnKey, at: int) -> str:
        kid, listed = own.kid.hex(), trust.find(own.kid)
        if own.kid in trust.denied:
            return f"{own.setting}: key {kid} is denied; put another listed {own.use} key there"
        if listed is None or listed.key.member != self._member:
            return f"{own.setting}: key {kid} is not listed for {self._member} ({_listed(trust, self._member)})"
        key = listed.key
        if key.use != own.use:
            return f"{own.setting}: key {kid} is listed for {key.use}; a {own.use} key belongs there"
        if listed.entry.environment != self._environment:
            return f"TONGXING_ENVIRONMENT: {self._environment}; {self._member} is listed for {listed.entry.environment}"
        return "" if _is_active(key, at) else f"{own.setting}: key {kid} is not active now; put another one there"


def _is_active(key: VerificationKey, at: int) -> bool:
    return key.not_before <= at < key.not_after


def _listed(trust: TrustSnapshot, member: str) -> str:
    if member not in trust.members:
        return "which is not in the trust list: submit a statement, and wait for two officers"
    kids: Mapping[str, str] = {key.kid.hex(): key.use for key in trust.members[member].statement.keys}
    listed = ", ".join(f"{use} {kid}" for kid, use in kids.items() if use in ("credential", "status"))
    return f"listed are {listed}"
