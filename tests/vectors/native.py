"""``native.json`` as text: samples, and the knowledge that they are judged with."""

from __future__ import annotations

import json

from tests.vectors.foreign import foreign_lists
from tests.vectors.knowledge import rule_sets, statuses, trusts
from tests.vectors.samples import samples
from verifier.judging.policy import PROFILES
from verifier.snapshot.snapshot import policy_to_json, reasons_to_json

_ABOUT = (
    "Test vectors of the native format and of foreign cards, for every judge in every language. Written by "
    "`make vectors`. Times are seconds UTC. A sample names the trust list, status files, rule sets (the newest last) "
    "and list of foreign keys that the gate knows. The keys are public: trust them nowhere."
)


def write_vectors() -> str:
    """The whole file."""
    content = {
        "about": _ABOUT,
        "reasons": reasons_to_json(),
        "policies": {name: policy_to_json(policy) for name, policy in PROFILES.items()},
        "trusts": trusts(),
        "statuses": statuses(),
        "rules": rule_sets(),
        "foreign_keys": foreign_lists(),
        "samples": [sample.to_json() for sample in samples()],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
