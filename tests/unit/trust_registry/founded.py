"""A whole registry in a folder for tests: real keys, real database, real signatures; only the disk is spared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine

from credentials.keys import VerificationKey
from credentials.signing import PemSigner
from tests.doubles.writers import StoppingWriter, write_plainly
from trust_registry.client.trust.repository import MirrorFiles
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.key_files import read_key
from trust_registry.metadata.statement import sign_statement
from trust_registry.mirror.folder import MirrorFolder
from trust_registry.mirror.layout import Mirror
from trust_registry.officer import approval
from trust_registry.province.folder import ProvinceFolder
from trust_registry.publishing.publication import DraftView, Publication
from trust_registry.root.founding import MIRROR_FOLDER, TRUST_ROOT, found, load_log, load_online
from trust_registry.storage.sql import SqlStorage, open_storage

NOW = 1_795_000_000
AUDIENCE = "https://registry.example/registry"
HENAN: dict[str, Any] = {
    "kind": "province",
    "names": {"zh": "河南", "en": "Henan"},
    "region": 410000,
    "hotline": "0371-12320",
    "environment": "production",
    "may_issue": {"statuses": ["green", "red"], "forms": ["phone", "paper"]},
}
GUANGDONG = {**HENAN, "names": {"zh": "广东", "en": "Guangdong"}, "region": 440000}
ADDITIONS = {"CN-41": HENAN, "CN-44": GUANGDONG}


class FoundedRegistry:
    """A registry with its three officers at hand, on SQLite unless ``url`` names another database.

    ``writer`` may be stopped. With a ``model``, closed and on SQLite, it is a copy of that: the same keys, the same
    members, a folder and a database of its own.
    """

    def __init__(self, folder: Path, url: str = "", model: FoundedRegistry | None = None) -> None:
        self.folder = folder / "registry"
        self.writer = StoppingWriter()
        self.url = url or f"sqlite:///{self.folder / 'registry.sqlite'}"
        self.storages: list[SqlStorage] = []
        self.provinces: dict[str, ProvinceFolder] = {}
        if model is not None:
            self._copy(model)
            return
        founded = found(self.folder, write_plainly, None, NOW)
        self.trusted_root = founded.trust_root.read_bytes()
        self.keyids = [keyid for _, keyid in founded.officers]
        self.officer_keys = [read_key(path) for path, _ in founded.officers]
        self.publication = self.another_process()
        self.publication.adopt()

    def _copy(self, model: FoundedRegistry) -> None:
        shutil.copytree(model.folder.parent, self.folder.parent)
        self.trusted_root, self.keyids, self.officer_keys = model.trusted_root, model.keyids, model.officer_keys
        self.provinces = {name: ProvinceFolder(self.folder.parent / name, write_plainly) for name in model.provinces}
        self.publication = self.another_process()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for storage in self.storages:
            storage.engine.dispose()

    def another_process(self) -> Publication:
        """A second server on the same files and database."""
        mirror = Mirror(MirrorFolder(self.mirror_folder, self.writer))
        self.storages.append(open_storage(self.url))
        return Publication(
            self.storages[-1],
            mirror,
            load_online(self.folder, None),
            load_log(self.folder, None, (self.folder / TRUST_ROOT).read_bytes()),
            AUDIENCE,
        )

    @property
    def engine(self) -> Engine:
        """The database below ``publication``, for tests that do to it what no service does."""
        storage = self.publication.storage
        assert isinstance(storage, SqlStorage)
        return storage.engine

    @property
    def mirror(self) -> Mirror:
        return self.publication.mirror

    @property
    def mirror_folder(self) -> Path:
        return self.folder / MIRROR_FOLDER

    @property
    def source(self) -> MirrorFiles:
        return MirrorFiles(self.mirror.read)

    def province(self, member: str = "CN-41") -> ProvinceFolder:
        """The member's folder, with keys."""
        if member not in self.provinces:
            self.provinces[member] = ProvinceFolder(self.folder.parent / member, write_plainly)
            self.provinces[member].found(member, NOW)
        return self.provinces[member]

    def submit(self, member: str = "CN-41", now: int = NOW) -> str:
        """Make and submit the member's next statement; its id."""
        province = self.province(member)
        province.make_statement(AUDIENCE, now)
        submission = province.submission()
        return self.publication.submit(submission.statement, submission.proofs, now).id

    def draft(self, *members: str, now: int = NOW) -> DraftView:
        """A draft that enrols these members, not yet signed."""
        ids = [self.submit(member, now) for member in members]
        return self.publication.draft(
            DraftRequest(ids, {member: ADDITIONS[member] for member in members}), self.keyids[0], now
        )

    def approve(self, draft: DraftView, *officers: int, now: int = NOW) -> None:
        """Sign a draft as officers of these numbers (from 0) do, after their own review."""
        for number in officers:
            reviewed = approval.review(self.document(draft), self.source, self.trusted_root, AUDIENCE, now)
            signed = approval.sign(reviewed, self.officer_keys[number])
            self.publication.approve(draft.record.id, signed.keyid, signed.signature, now)

    def document(self, draft: DraftView) -> approval.DraftDocument:
        statements = self.publication.proofs(draft.record.id)
        proofs = {statement.compact: statement.proofs for statement in statements}
        return approval.DraftDocument(draft.record.message, draft.record.trust_list, proofs)

    def enrol(self, *members: str, now: int = NOW) -> None:
        """Bring these members into the published list."""
        draft = self.draft(*members, now=now)
        self.approve(draft, 0, 1, now=now)
        self.publication.publish(draft.record.id, now)


def statement_of(province: ProvinceFolder, now: int = NOW, **changes: Any) -> tuple[str, PemSigner]:
    """A statement of this province's keys with some fields changed, and its root signer."""
    root = province.root_signer()
    keys = [
        VerificationKey(
            bytes.fromhex(key.kid),
            province.state().member,
            "ES256",
            key.use,
            key.not_before,
            key.not_after,
            province.signer(key.kid).public_key,
        )
        for key in province.state().keys
    ]
    fields: dict[str, Any] = {
        "root": root,
        "root_key": root.public_key,
        "member": province.state().member,
        "sequence": 1,
        "previous": None,
        "issued_at": now,
        "keys": keys,
        **changes,
    }
    return sign_statement(**fields), root
