"""The snapshot for browsers as it goes over HTTP: made once for each state of knowledge, whole and as deltas."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from credentials.wire.strict_json import json_bytes
from trust_registry.client.members.mirror import MemberState
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import Policy
from verifier.snapshot.delta import delta_to_json, position_of, read_position
from verifier.snapshot.snapshot import snapshot_to_json

MAX_KEPT_DELTA_BYTES = 4 * 1024 * 1024
"""Of deltas that a process keeps beside the whole; gates that follow ask with few different positions."""


class SnapshotPage:
    """What a gate that knows ``knowledge`` answers to gates in browsers. ``members``: what is held of each."""

    def __init__(
        self, knowledge: Knowledge, members: Mapping[str, MemberState], host: str, policy: Policy, gate: str
    ) -> None:
        document = snapshot_to_json(knowledge, members, host, policy, gate)
        self._position = position_of(document, members)
        document["position"] = str(self._position)
        self.knowledge, self.body = knowledge, json_bytes(document)
        self.etag = hashlib.sha256(self.body).hexdigest()
        # What is large in it stands in ``members`` already.
        self._members, self._frame = members, {**document, "statuses": dict.fromkeys(document["statuses"])}
        self._deltas: dict[str, bytes] = {}

    def since(self, position: str) -> bytes:
        """The delta from ``position``; the whole where none can be made."""
        held = read_position(position)
        if held is None or self.knowledge.trust is None:
            return self.body
        body = self._deltas.get(position)
        if body is None:
            delta = delta_to_json(self._frame, self._position, self._members, held)
            if delta is None:
                return self.body
            body = json_bytes(delta)
            self._keep(position, body)
        return body

    def _keep(self, position: str, body: bytes) -> None:
        if sum(map(len, list(self._deltas.values()))) + len(body) > MAX_KEPT_DELTA_BYTES:
            self._deltas = {}
        if len(body) <= MAX_KEPT_DELTA_BYTES:
            self._deltas[position] = body
