"""What went wrong with a file, in words.

Never the exception itself: it holds its frames, and they the megabytes that a mirror without any key made a gate read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from credentials.errors import TongxingError

MAX_DETAIL_CHARACTERS = 300
"""Of a failure that is kept and reported; a detail may quote what somebody sent."""


class Failure(NamedTuple):
    """Why a file could not be brought up to date, and when (seconds UTC). ``member`` empty: the registry's own."""

    member: str
    file: str
    code: str
    detail: str
    at: int

    @classmethod
    def of(cls, member: str, file: str, error: TongxingError, at: int) -> Failure:
        """The words of ``error``, of a bounded length."""
        return cls(member, file, error.code, error.detail[:MAX_DETAIL_CHARACTERS], at)


class FileFailed(Exception):
    """Within a deed, on its way out: which file, and the error. Nobody keeps it."""

    def __init__(self, file: str, error: TongxingError) -> None:
        super().__init__(file)
        self.file, self.error = file, error


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Raise FileFailed, naming ``file``, in place of any error of ours."""
    try:
        yield
    except TongxingError as error:
        raise FileFailed(file, error) from error
