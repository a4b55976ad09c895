"""Opens the registry: from its settings to the parts that work together."""

from __future__ import annotations

from credentials.errors import MetadataRejected
from credentials.log.keys import NoteSigner
from service_kit.process.locking import locked
from trust_registry.client.trust.repository import metadata_path
from trust_registry.config import DATABASE_NAME, RegistrySettings
from trust_registry.key_files import read_passphrase
from trust_registry.mirror.layout import Mirror
from trust_registry.mirror.ports import ServedFiles
from trust_registry.mirror.served_folder import ServedFolder
from trust_registry.publishing.publication import Publication
from trust_registry.record.gathering import ASK_SECONDS, WitnessRound, listed_witnesses
from trust_registry.repository.renewal import OnlineSigners
from trust_registry.root.founding import former_log_keys, load_log, load_online, origin_of
from trust_registry.storage.sql import SqlStorage, open_storage


def open_files(settings: RegistrySettings) -> ServedFiles:
    """The mirror's files, where these settings keep them: here is chosen what keeps them."""
    return ServedFolder(settings.mirror_dir, settings.publishing_lock)


def open_mirror(settings: RegistrySettings) -> Mirror:
    """What stands where among them."""
    return Mirror(open_files(settings))


def open_publication(settings: RegistrySettings, online: OnlineSigners | None = None) -> tuple[Publication, SqlStorage]:
    """The registry's deeds on its folder and database, the schema brought up to date. ``online``: else its own."""
    storage = open_storage(settings.database(DATABASE_NAME))
    online = online or load_online(settings.data_dir, read_passphrase(settings.key_passphrase_file))
    mirror = open_mirror(settings)
    publication = Publication(storage, mirror, online, _open_log(settings, storage, mirror), settings.audience)
    publication.record.former = former_log_keys(settings.data_dir)
    clock = settings.clock()
    publication.record.witnesses = WitnessRound(
        lambda: listed_witnesses(storage, clock.now()), settings.fetcher(ASK_SECONDS)
    )
    publication.adopt()
    return publication, storage


def log_origin(settings: RegistrySettings) -> str:
    """The name of the registry's log. Raises MetadataRejected, StorageUnavailable."""
    storage = open_storage(settings.database(DATABASE_NAME))
    try:
        return origin_of(_first_root(storage, open_mirror(settings)))
    finally:
        storage.engine.dispose()


def _first_root(storage: SqlStorage, mirror: Mirror) -> bytes:
    path = metadata_path("root", 1)
    with storage.reading() as records:
        first_root = records.repository.read(path) or mirror.read(path)
    if first_root is None:
        raise MetadataRejected(f"{path}: missing on the mirror, and the database is empty")
    return first_root


def _open_log(settings: RegistrySettings, storage: SqlStorage, mirror: Mirror) -> NoteSigner:
    first_root = _first_root(storage, mirror)
    with locked(settings.publishing_lock):
        return load_log(settings.data_dir, read_passphrase(settings.key_passphrase_file), first_root)
