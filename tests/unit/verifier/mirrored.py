"""A gate of Guangdong and the mirror that it fetches from, over HTTP on the loopback, today."""

from __future__ import annotations

import os
import time
from pathlib import Path

from credentials.formats import native
from credentials.model import Evidence, RuleSetReference, StatusCredential, StatusReference
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Reason, Status
from credentials.recognition.authoring.template import template
from credentials.recognition.document import sign_rule_set
from credentials.status.snapshot import StatusList, StatusSnapshot, seal
from tests.unit.trust_registry.published import DAY, HOUR, Province, Published
from trust_registry.client.trust.bundle import pack

TODAY = int(time.time())
"""python-tuf compares expiries with the system's clock, so this registry lives today."""
HOST = "CN-44"
MIRROR = "mirror/"


class MirroredRegistry:
    """A registry with Henan and Guangdong; ``served`` is what its mirror serves, by path below the server."""

    def __init__(self) -> None:
        self.published = Published(TODAY)
        self.henan, self.guangdong = self.published.provinces
        self.served: dict[str, bytes] = {}
        for province in self.published.provinces:
            self.put_status(province)
            self.put_rules(province)
        self.publish()

    def publish(self) -> None:
        """Sign everything anew and lay it out."""
        self.published.publish()
        self.served |= {MIRROR + path: data for path, data in self.published.files.items()}

    def put_status(
        self, province: Province, sequence: int = 1, withdrawn: tuple[int, ...] = (), as_of: int = TODAY
    ) -> None:
        lists = {3: StatusList.of(3, TODAY + 8 * DAY, withdrawn)}
        snapshot = StatusSnapshot(province.id, sequence, as_of, TODAY + 3 * DAY, lists)
        self._put(province, "status.cose", seal(snapshot, province.signer("status")))

    def put_rules(self, province: Province, hours: int = 48) -> None:
        document = template(province.id, hours, valid_from=TODAY - DAY)
        self._put(province, "rules.jws", sign_rule_set(document, province.signer("rules")).encode())

    def _put(self, province: Province, name: str, data: bytes) -> None:
        path = f"members/{province.id}/{name}"
        self.published.files[path] = self.served[MIRROR + path] = data

    def bundle(self) -> bytes:
        """One zip of it all."""
        return pack(self.published.files)

    def paper(self, index: int = 7, **changes: object) -> str:
        """A paper code of Henan."""
        return native.issue_text(
            paper_credential(index)._replace(**changes),  # type: ignore[arg-type]
            self.henan.signer("credential"),
        )


def paper_credential(index: int = 7) -> StatusCredential:
    """A sound paper code of Henan, from a test of five hours ago."""
    sampled_at = TODAY // 600 * 600 - 5 * HOUR
    return StatusCredential(
        issuer="CN-41",
        issued_at=TODAY - 600,
        expires_at=TODAY + 20 * HOUR,
        cti=os.urandom(8),
        status=Status.GREEN,
        reason=Reason.TEST_RECENT,
        rule_set=RuleSetReference(0, 1),
        evaluated_before=0,
        evidence=(Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, sampled_at, 410_102),),
        holder_name="王**",
        document_tail="123X",
        form=Form.PAPER,
        status_reference=StatusReference(3, index),
    )


def write_root(folder: Path, registry: MirroredRegistry) -> Path:
    """``trust-root.json`` as it is handed to a gate."""
    path = folder / "trust-root.json"
    path.write_bytes(registry.published.trusted_root)
    return path
