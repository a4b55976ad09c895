"""What the witness's view works with: it cosigns, and keeps up with the trust list by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flask import current_app

from credentials.errors import CredentialError, MetadataRejected, SettingInvalid, TrustMissing
from credentials.log.keys import WITNESS, NoteKey, signer
from credentials.log.policy import MAX_POLICY_BYTES, read_policy
from service_kit.clock import Clock
from service_kit.http.caller import caller
from service_kit.http.limits import Limit, Limits
from service_kit.inputs import open_to_read
from service_kit.process.upkeep import Upkeep
from trust_registry.client.trust.store import TrustStore
from trust_registry.client.trust.updater import TrustUpdater
from trust_registry.key_files import read_log_key, read_passphrase
from trust_registry.witness.config import FOLDER, WitnessSettings
from trust_registry.witness.cosigning import CosigningWitness, KnownLogs
from trust_registry.witness.following import LogFollower
from trust_registry.witness.known_logs import known_logs
from trust_registry.witness.storage.ports import SeenLogs

EXTENSION = "tongxing_witness"
LOOK_SECONDS = 60.0
"""How often the trust list is asked for news of logs."""
CALLS = Limit("add-checkpoint", 3_600)
"""Requests of one address in an hour: a log asks once a minute, and eighty of them may stand behind one proxy."""


class WitnessService:
    """The witness of these settings. Raises SettingInvalid, KeyRejected."""

    def __init__(self, settings: WitnessSettings, seen: SeenLogs, limits: Limits, clock: Clock) -> None:
        key = read_log_key(settings.witness_key_file, read_passphrase(settings.key_passphrase_file))
        self.signer = signer(settings.witness_name, WITNESS, key)
        self.witness = CosigningWitness(seen, self.signer, lambda: self.logs)
        self.upkeep = Upkeep("trust", self.learn, seconds=LOOK_SECONDS)
        self._others = logs_of(settings.witness_policy_file)
        self._limits, self._clock = limits, clock
        store = TrustStore(settings.data_dir / FOLDER, settings.trust_root.read_bytes())
        fetcher = settings.fetcher()
        self._updater = TrustUpdater(store, settings.mirror_url, fetcher)
        self._follower = None
        if settings.witness_follows:
            registry = settings.registry_url.rstrip("/")
            taken_at = f"{registry}/v1/log/cosignatures"
            self._follower = LogFollower(self.witness, f"{settings.mirror_url}/log", taken_at, fetcher)
        self.logs: KnownLogs = {}
        try:
            self.logs = known_logs(store.load(clock.now()), clock.now(), self._others)
        except (TrustMissing, MetadataRejected):
            # On its first day, or with a damaged copy, which the first look replaces: those of the operator's file are
            # known all the same.
            self.logs = {key.name: [each for each in self._others if each.name == key.name] for key in self._others}

    def learn(self) -> None:
        """Take up what the trust list says of logs by now; who follows the registry's log cosigns it, if it is new.

        Raises what the updater raises, and :meth:`LogFollower.look`.
        """
        now = self._clock.now()
        self.logs = known_logs(self._updater.update(now), now, self._others)
        if self._follower is not None:
            self._follower.look(now)

    def add_checkpoint(self, content: bytes) -> str:
        """See :meth:`CosigningWitness.add_checkpoint`; also raises RateLimited."""
        self._limits.count(CALLS, caller())
        return self.witness.add_checkpoint(content, self._clock.now())


def service() -> WitnessService:
    """The service of the application that handles this request."""
    found: WitnessService = current_app.extensions[EXTENSION]
    return found


def logs_of(path: Path | None) -> Sequence[NoteKey]:
    """The keys of the logs in an operator's policy file, if one is named. Raises SettingInvalid."""
    if path is None:
        return ()
    try:
        with open_to_read(path) as file:
            return [log.key for log in read_policy(file.read(MAX_POLICY_BYTES + 1)).logs]
    except OSError as error:
        raise SettingInvalid(f"TONGXING_WITNESS_POLICY_FILE: {path}: cannot be read: {error.strerror}") from error
    except CredentialError as error:
        raise SettingInvalid(f"TONGXING_WITNESS_POLICY_FILE: {path}: {error.detail}") from error
