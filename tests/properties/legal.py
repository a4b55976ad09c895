"""Every credential that the format allows, for Hypothesis to choose from."""

from __future__ import annotations

from hypothesis import strategies as st

from credentials.keys import compressed_point
from credentials.model import Evidence, RuleSetReference, Source, StatusCredential, StatusReference
from credentials.profile.characters import is_shown
from credentials.profile.limits import MAX_HOLDER_NAME_BYTES, MAX_TIME_SECONDS, MIN_TIME_SECONDS, STATUS_LIST_SIZE
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status
from credentials.profile.members import MEMBERS, REGION_CODES
from tests.samples import HOLDER_KEY, STRANGER_KEY

SIXTEEN_BITS = st.integers(0, 65_535)
ISSUERS = st.sampled_from(sorted(MEMBERS))
TIMES = st.integers(MIN_TIME_SECONDS, MAX_TIME_SECONDS)
REGIONS = st.builds(
    lambda code, rest: code * 10_000 + rest, st.sampled_from(sorted(REGION_CODES)), st.integers(0, 9999)
)
REFERENCES = st.builds(StatusReference, SIXTEEN_BITS, st.integers(0, STATUS_LIST_SIZE - 1))
EVIDENCE = st.builds(
    Evidence,
    st.sampled_from(EvidenceKind),
    st.sampled_from(EvidenceResult),
    st.integers(-(-MIN_TIME_SECONDS // 600), MAX_TIME_SECONDS // 600).map(lambda step: step * 600),
    REGIONS,
)
SOURCES = st.builds(
    Source, ISSUERS, st.binary(min_size=8, max_size=8), SIXTEEN_BITS, st.integers(0, STATUS_LIST_SIZE - 1), TIMES
)
NAMES = st.one_of(
    st.text("王欧阳买合木提江·*abc \U00020bb7", min_size=1, max_size=8),
    st.text(min_size=1, max_size=24).filter(is_shown),
).filter(lambda name: len(name.encode()) <= MAX_HOLDER_NAME_BYTES)
TAILS = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=4, max_size=4)
POINTS = st.sampled_from([compressed_point(key.public_key()) for key in (HOLDER_KEY, STRANGER_KEY)])


@st.composite
def credentials(draw: st.DrawFn) -> StatusCredential:
    """Any legal credential: each form, converted or not, each optional part there or not."""
    form = draw(st.sampled_from(Form))
    source = draw(st.none() | SOURCES)
    issued_at, expires_at = sorted(draw(st.lists(TIMES, min_size=2, max_size=2, unique=True)))
    converted = source is not None
    return StatusCredential(
        issuer=draw(ISSUERS),
        issued_at=issued_at,
        expires_at=expires_at,
        cti=draw(st.binary(min_size=8, max_size=8)),
        status=Status.GREEN if converted else draw(st.sampled_from(Status)),
        reason=draw(st.sampled_from(Reason)),
        rule_set=draw(st.builds(RuleSetReference, st.integers(0, 23), SIXTEEN_BITS)),
        evaluated_before=0 if converted else draw(SIXTEEN_BITS),
        evidence=tuple(draw(st.lists(EVIDENCE, max_size=1 if converted else 2))),
        holder_name=draw(NAMES),
        document_tail=draw(TAILS),
        form=form,
        status_reference=draw(st.none() | REFERENCES),
        decision_reference=None if converted else draw(st.none() | st.binary(min_size=16, max_size=16)),
        source=source,
        guardian=draw(st.sampled_from(Guardian)) if form is Form.ASSISTED else None,
        holder_key=None if form is Form.PAPER else draw(POINTS),
    )
