"""A set of indices as the gaps between them, in the Rice code (Golomb 1966, Rice 1979).

A gap is how many indices are left out before the next one: 0 for the neighbour, so that no code can repeat an
index or go back. With parameter k a gap g is written as g >> k zeros, a one, and the low k bits of g, most
significant bit first; after the last code, zeros to the end of the byte. For bits set at random this is
within a few per cent of the entropy; with k = 0 it is the plain bit array, so that the smallest coding of a
list never takes more than one bit for each index of its capacity.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from credentials.errors import Malformed, StatusReferenceInvalid
from credentials.profile.limits import MAX_RICE_PARAMETER, MAX_STATUS_LIST_BYTES, STATUS_LIST_SIZE

_LEADING_ONE = b"\x01"


def ascending(indices: Iterable[int]) -> array[int]:
    """The indices in ascending order, each once. Raises StatusReferenceInvalid for one outside 0..2^20-1."""
    ordered = sorted(set(indices))
    if ordered and not 0 <= ordered[0] <= ordered[-1] < STATUS_LIST_SIZE:
        raise StatusReferenceInvalid("index outside the list")
    return array("I", ordered)


def encode(indices: array[int]) -> tuple[int, bytes]:
    """The parameter that makes ``indices`` smallest, and the bytes.

    Raises StatusReferenceInvalid unless they are as :func:`ascending` gives them.
    """
    gaps = [index - before - 1 for before, index in zip([-1, *indices], indices, strict=False)]
    if gaps and (min(gaps) < 0 or indices[-1] >= STATUS_LIST_SIZE):
        raise StatusReferenceInvalid("indices not ascending, or outside the list")
    parameter = _smallest_parameter(gaps)
    one = 1 << parameter
    digits = "".join([f"{one | gap & one - 1:0{(gap >> parameter) + 1 + parameter}b}" for gap in gaps])
    length = -(-len(digits) // 8)
    return parameter, int(digits.ljust(8 * length, "0") or "0", 2).to_bytes(length, "big")


def decode(count: int, parameter: int, data: bytes) -> array[int]:
    """The ``count`` indices that ``data`` holds, in ascending order; the work is bounded by ``len(data)``.

    Raises Malformed for a parameter above 19, more bytes than the plain bit array, a count that does not fit
    the bytes, an index of 2^20 or more, and anything but zeros to the end of the last byte.
    """
    if not 0 <= parameter <= MAX_RICE_PARAMETER or len(data) > MAX_STATUS_LIST_BYTES:
        raise Malformed("status list coded in no smallest way")
    if not 0 <= count * (parameter + 1) <= 8 * len(data):
        raise Malformed("status list shorter than its count")
    # The leading one, cut off again, keeps the zeros behind it.
    digits = f"{int.from_bytes(_LEADING_ONE + data, 'big'):b}"[1:]
    indices, end = _read_codes(digits, count, parameter)
    if indices and indices[-1] >= STATUS_LIST_SIZE:
        raise Malformed("index outside the list")
    if len(digits) - end >= 8 or "1" in digits[end:]:
        raise Malformed("bits after the status list")
    return array("I", indices)


def _smallest_parameter(gaps: Sequence[int]) -> int:
    """Each further plain bit costs one bit a gap and saves the zeros that halving takes away.

    What it saves only shrinks from one parameter to the next, so the first that does not pay ends the search.
    """
    parameter, quotients, zeros = 0, gaps, sum(gaps)
    while True:
        halves = [quotient >> 1 for quotient in quotients]
        fewer = sum(halves)
        if zeros - fewer <= len(gaps):
            return parameter
        parameter, quotients, zeros = parameter + 1, halves, fewer


def _read_codes(digits: str, count: int, parameter: int) -> tuple[list[int], int]:
    """``count`` indices from the start of ``digits``, and where they end."""
    indices: list[int] = []
    width, one = parameter + 1, 1 << parameter
    end, index = 0, -1
    for _ in range(count):
        start, mark = end, digits.find("1", end)
        end = mark + width
        if mark < 0 or end > len(digits):
            raise Malformed("status list shorter than its count")
        index += 1 + (mark - start << parameter) + int(digits[mark:end], 2) - one
        indices.append(index)
    return indices, end
