"""The file of codes: whole lines only, one run at a time, and nobody else's file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from credentials.errors import Conflict, InvalidRequest, StorageUnavailable
from issuer.bulk.output import open_output


def line(key: str) -> tuple[str, bytes]:
    return key, f'{{"expires_at":1,"key":"{key}"}}\n'.encode()


def test_lines_are_there_once(tmp_path: Path) -> None:
    """A key that stands in the file is not written again, in this run or the next."""
    path = tmp_path / "folder" / "codes.ndjson"
    with open_output(path) as output:
        assert output.append([line("a"), line("b")]) == 2
        assert output.append([line("b"), line("c")]) == 1
    with open_output(path) as output:
        assert output.keys.among("abcd") == {"a", "b", "c"}
        assert output.append([line("a")]) == 0
    assert path.read_bytes() == b"".join(line(key)[1] for key in "abc")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("half", [b"{", b'{"expires_at":', line("b")[1][:-1], line("b")[1][:-3]])
def test_half_last_line_is_cut_off(tmp_path: Path, half: bytes) -> None:
    """A process killed while writing leaves one; what stands before it stays."""
    path = tmp_path / "codes.ndjson"
    path.write_bytes(line("a")[1] + half)
    with open_output(path) as output:
        assert output.keys.among(["a", "b", ""]) == {"a"}
    assert path.read_bytes() == line("a")[1]


@pytest.mark.parametrize("content", [b"key,name\n", b"x", b"{}\n", line("a")[1] + b"\0\n", b'{"expires_at":1}\n',
                                     b'{"expires_at":oops\n'])  # fmt: skip
def test_file_of_another_kind_is_not_touched(tmp_path: Path, content: bytes) -> None:
    """Whoever mixes up the two arguments must not lose the residents' file."""
    path = tmp_path / "residents.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidRequest), open_output(path):
        pass
    assert path.read_bytes() == content


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """Two runs of one output would write lines twice or into one another."""
    with open_output(tmp_path / "codes.ndjson"), pytest.raises(Conflict), open_output(tmp_path / "codes.ndjson"):
        pass
    with open_output(tmp_path / "codes.ndjson"):
        pass


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder in the way, or a device that keeps nothing."""
    with pytest.raises(StorageUnavailable), open_output(tmp_path):
        pass
    with pytest.raises(InvalidRequest), open_output(Path("/dev/null")):
        pass


FILL = """
import resource, sys
from pathlib import Path
from credentials.errors import StorageFull
from issuer.bulk.output import open_output
with open_output(Path(sys.argv[1])) as output:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    lines = [(str(n), b'{"expires_at":1,"key":"%d"}\\n' % n) for n in range(10)]
    try:
        output.append(lines)
    except StorageFull:
        assert not output.keys.among([key for key, _ in lines])
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        sys.exit(7)
"""


def test_full_disk_takes_a_part_and_loses_nothing(tmp_path: Path) -> None:
    """A short write is no error to the system; the next run cuts off what is half."""
    path = tmp_path / "codes.ndjson"
    root = Path(__file__).parents[4]
    done = subprocess.run([sys.executable, "-c", FILL, str(path)], cwd=root, check=False, env=dict(os.environ))
    assert done.returncode == 7
    assert path.stat().st_size == 100
    with open_output(path) as output:
        assert output.keys.among([str(number) for number in range(10)]) == {"0", "1", "2"}
