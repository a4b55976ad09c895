"""What is tried again, how often, and what never is."""

from __future__ import annotations

import pytest

from credentials.errors import Conflict, StorageUnavailable, TongxingError
from service_kit.storage.errors import UNDECIDED
from service_kit.storage.retrying import ATTEMPTS, BROKEN_OFF, retried


class Deed:
    """Fails with these, one after the other, and is done then."""

    def __init__(self, *errors: TongxingError) -> None:
        self.errors = list(errors)
        self.calls = 0

    @retried
    def do(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_what_was_broken_off_is_done_again() -> None:
    """A deadlock is nobody's fault and gone in a moment; no client should hear of it."""
    deed = Deed(*[StorageUnavailable("in whatever words", kept_nothing=True)] * (ATTEMPTS - 1))
    assert (deed.do(), deed.calls) == ("done", ATTEMPTS)


def test_but_not_for_ever() -> None:
    """A database that breaks everything off is not served by more of it."""
    deed = Deed(*[StorageUnavailable("in whatever words", kept_nothing=True)] * ATTEMPTS)
    with pytest.raises(StorageUnavailable):
        deed.do()
    assert deed.calls == ATTEMPTS


@pytest.mark.parametrize("error", [StorageUnavailable(UNDECIDED), StorageUnavailable(BROKEN_OFF), Conflict("taken")])
def test_nothing_else_is_tried_again(error: TongxingError) -> None:
    """What may have been done must not be done twice, and a server that is gone is not waited for."""
    deed = Deed(error)
    with pytest.raises(type(error)):
        deed.do()
    assert deed.calls == 1
