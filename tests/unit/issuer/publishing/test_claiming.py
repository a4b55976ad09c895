"""Who of several workers publishes: the rule, without a database."""

from __future__ import annotations

import pytest

from issuer.publishing.claiming import is_free
from issuer.storage.ports.issuing import WorkClaim

AT = 1_795_000_000


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (None, True),
        (WorkClaim("me", AT + 60), True),
        (WorkClaim("another", AT + 1), False),
        (WorkClaim("another", AT), True),
        (WorkClaim("another", AT + 180), False),
        (WorkClaim("another", AT + 3600), True),
    ],
    ids=[
        "nobody was ever at it",
        "mine goes on",
        "another's time runs",
        "another's time is over in this second",
        "another's clock is a little ahead",
        "another's clock was an hour ahead",
    ],
)
def test_who_may_work(known: WorkClaim | None, expected: bool) -> None:
    """Two at once bring everything twice; one that was killed must not stop publication for good."""
    assert is_free(known, "me", AT, AT + 90) is expected
