"""Status rules at their authors' desks: slips that no issuer would refuse, and an explanation part by part."""

from __future__ import annotations

import re
from typing import Any

from credentials.decisions.rules.vocabulary import OF_ISSUERS
from credentials.profile.facts import FactKind, FactResult
from credentials.recognition.authoring.explanation import ExplainedPart, explain
from credentials.recognition.authoring.lint import Labels, slips
from credentials.recognition.reading import constants

_LABELS: Labels = ((re.compile(r".*\.kind"), FactKind), (re.compile(r".*\.result"), FactResult))


def status_complaints(document: dict[str, Any]) -> list[str]:
    """In English, one for each slip; empty for a document that ``parse_status_rules`` takes and that has none."""
    known = constants(document["parameters"], document["value_sets"])
    return [
        f"entry {entry['id']}: {slip}"
        for entry in document["entries"]
        for slip in slips(entry["when"], known, OF_ISSUERS, _LABELS)
    ]


def explain_entry(document: dict[str, Any], name: str, data: dict[str, Any] | None = None) -> list[ExplainedPart]:
    """The parts of an entry's condition; ``data``: of :func:`credentials.decisions.rules.vocabulary.decision_input`."""
    known = constants(document["parameters"], document["value_sets"])
    (when,) = (entry["when"] for entry in document["entries"] if entry["id"] == name)
    return explain(when, known, data, OF_ISSUERS)
