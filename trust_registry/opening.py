"""Opens the registry: from its settings to the parts that work together."""

from __future__ import annotations

from trust_registry.config import DATABASE_NAME, RegistrySettings
from trust_registry.key_files import read_passphrase
from trust_registry.mirror.folder import ServedFolder
from trust_registry.mirror.layout import Mirror
from trust_registry.mirror.ports import ServedFiles
from trust_registry.publishing.publication import Publication
from trust_registry.repository.renewal import OnlineSigners
from trust_registry.root.founding import load_online
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
    publication = Publication(storage, open_mirror(settings), online, settings.audience)
    publication.adopt()
    return publication, storage
