"""Our order of an update against that of python-tuf's own client, on the same mirror, through the same faults.

Whatever that client refuses ours refuses too, and what it takes ours takes. Where ours knows more it may refuse more:
two timestamps of one version, and a list or denials that were seen beyond the newest snapshot.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface

from credentials.errors import MetadataRejected
from tests.unit.trust_registry.published import Published
from trust_registry.client.trust.repository import MirrorFiles, Roles, verify_repository

NOW = int(time.time())
"""python-tuf compares expiries with the system's clock, so the registry here lives today."""
STEPS = 14


class Files(FetcherInterface):
    """A mirror that is a dictionary."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def _fetch(self, url: str):  # type: ignore[no-untyped-def]
        path = url.removeprefix("https://mirror.example/")
        if path not in self.files:
            raise DownloadHTTPError("not there", 404)
        yield self.files[path]


class Theirs:
    """python-tuf's client, as a gate would run it: what it keeps outlives a failure."""

    def __init__(self, folder: Path, published: Published) -> None:
        self._folder, self._root = folder, published.trusted_root
        (folder / "metadata").mkdir()
        (folder / "targets").mkdir()

    def takes(self, files: dict[str, bytes]) -> bool:
        try:
            updater = Updater(
                str(self._folder / "metadata"), "https://mirror.example/metadata/", str(self._folder / "targets"),
                "https://mirror.example/targets/", Files(files), bootstrap=self._root,
            )  # fmt: skip
            updater.refresh()
            for name in ("trust-list.json", "denials.json"):
                target = updater.get_targetinfo(name)
                if target is None:
                    return False
                updater.download_target(target)
        except (RepositoryError, DownloadError):
            return False
        return True


class Ours:
    """Our judge with its memory."""

    def __init__(self, published: Published) -> None:
        self._roles, self._root = Roles(), published.trusted_root

    def takes(self, files: dict[str, bytes]) -> bool:
        try:
            verify_repository(MirrorFiles(files.get), self._root, self._roles)
        except MetadataRejected:
            return False
        return True


def rotate(published: Published, chance: random.Random) -> None:
    if chance.random() < 0.4:
        published.replace_officer(chance.randrange(3))
        return
    for role in ("timestamp", "snapshot"):
        published.root.revoke_key(published.online[role].public_key.keyid, role)
        published.online[role] = CryptoSigner.generate_ecdsa()
        published.root.add_key(published.online[role].public_key, role)
    published.publish_root()


def served(published: Published, history: list[dict[str, bytes]], chance: random.Random) -> dict[str, bytes]:
    """What the mirror shows now: the newest, an older state, one without its newest roots, or one with files gone."""
    files = dict(published.files if chance.random() < 0.5 else chance.choice(history))
    if chance.random() < 0.3:
        newest = max(int(path.split("/")[1].split(".")[0]) for path in files if path.endswith(".root.json"))
        if newest > 1:
            files.pop(f"metadata/{newest}.root.json", None)
    if chance.random() < 0.4:
        files.pop(chance.choice([path for path in files if not path.endswith(".root.json")]))
    return files


@pytest.mark.parametrize("seed", range(12))
def test_ours_takes_what_theirs_takes(seed: int) -> None:
    """Rollbacks, hidden roots, missing files, new keys, in any order; both begin with the same trusted root."""
    chance = random.Random(seed)
    published = Published(NOW)
    history = [dict(published.files)]
    with TemporaryDirectory() as folder:
        ours, theirs = Ours(published), Theirs(Path(folder), published)
        for _ in range(STEPS):
            if chance.random() < 0.5:
                published.publish()
            if chance.random() < 0.2:
                rotate(published, chance)
                published.publish()
            history.append(dict(published.files))
            files = served(published, history, chance)
            assert ours.takes(files) == theirs.takes(files)
