"""Which lines a file has is known without holding them."""

from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing

import pytest

from credentials.errors import StorageFull, StorageUnavailable
from issuer.bulk.line_keys import LineKeys, line_keys

MANY, MAX_BYTES = 40_000, 512 * 1024


def test_many_keys_are_there_and_none_in_memory() -> None:
    """A province of a hundred million residents has a hundred million lines."""
    with line_keys() as keys:
        tracemalloc.start()
        try:
            keys.add(str(number) for number in range(MANY))
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert most < MAX_BYTES
        asked = [str(number) for number in range(-5, MANY + 5, 7)]
        assert keys.among(asked) == {key for key in asked if 0 <= int(key) < MANY}


def test_a_key_is_a_text_of_any_kind_and_may_come_twice() -> None:
    """Names of files, halves of characters, nothing at all."""
    odd = ["", " ", "a\0b", "a", "A", "\ud800", "王" * 4000]
    with line_keys() as keys:
        assert keys.among(odd) == set()
        keys.add(odd)
        keys.add([*odd, *odd])
        assert keys.among([*odd, "b", "\udfff"]) == set(odd)


def test_a_full_disk_and_a_lost_one_are_said() -> None:
    """The place of temporary files is another than that of the output."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        keys = LineKeys(database)
        with pytest.raises(StorageUnavailable, match="TMPDIR"):
            keys.among(["a"])
        database.execute("CREATE TABLE line (key BLOB PRIMARY KEY) WITHOUT ROWID")
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageFull, match="TMPDIR"):
            keys.add(str(number) for number in range(1000))
