"""What a bulk run reads: nothing in one line may spoil another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from credentials.errors import InvalidRequest, TongxingError
from issuer.bulk import gb18030
from issuer.bulk.lines import MAX_LINE_BYTES, count_lines, read_lines
from tests.unit.issuer.office import NUMBER

HEADER = "key,name,document_kind,document_number,form,evidence_kind,evidence_result,sampled_at,region"
WANG = f"1,王小明,resident-id,{NUMBER},paper,nucleic-acid,negative,1790000000,410102"
READ = {
    "key": "1",
    "name": "王小明",
    "form": "paper",
    "document": {"kind": "resident-id", "number": NUMBER},
    "evidence": [{"kind": "nucleic-acid", "result": "negative", "sampled_at": 1_790_000_000, "region": 410102}],
}


def read(tmp_path: Path, content: str | bytes, name: str = "people.csv", encoding: str = "utf-8") -> dict[int, Any]:
    """Fields, or the code of what is wrong, by line number."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    lines = read_lines(path, encoding)
    return {line.number: line.fields.code if isinstance(line.fields, TongxingError) else line.fields for line in lines}


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (f"{HEADER}\n{WANG}\n".encode(), "utf-8"),
        (f"{HEADER}\r\n{WANG}\r\n".encode("utf-8-sig"), "utf-8"),
        (f"{HEADER}\n{WANG}".encode("gb18030"), "gb18030"),
        (
            f'{HEADER}\n1,"王小明",resident-id,"{NUMBER}",paper,nucleic-acid,negative,1790000000,410102\n'.encode(),
            "utf-8",
        ),
        (f"{HEADER},lifetime\n{WANG},\n".encode(), "utf-8"),
    ],
)
def test_csv_as_people_save_it(tmp_path: Path, content: bytes, encoding: str) -> None:
    """A byte order mark, Windows line ends, quotes, no last line end, and the encoding that Excel uses in China."""
    assert read(tmp_path, content, encoding=encoding) == {2: READ}


def test_columns_without_use_may_be_missing(tmp_path: Path) -> None:
    """An empty cell is a field that is not there."""
    lines = read(tmp_path, f"name,document_number,form,lifetime,region\n王,{NUMBER},paper,3600,\n")
    assert lines == {
        2: {"name": "王", "document": {"number": NUMBER}, "form": "paper", "lifetime": 3600, "evidence": []}
    }


@pytest.mark.parametrize(
    "bad",
    [
        b"too,few,cells",
        WANG.encode() + b",one more",
        WANG.encode().replace(b"410102", b"4.1E5"),
        WANG.encode().replace(b"410102", "４１".encode()),
        WANG.encode().replace(b"410102", b"-1"),
        WANG.encode().replace(b"410102", b"9" * 19),
        # Python's int() refuses these by an error of its own.
        WANG.encode().replace(b"410102", b"9" * 4301),
        WANG.encode().replace(b"1790000000", b"0" * 16_000),
        WANG.encode("gb18030"),
        b'1,"' + WANG.encode(),
        b'"a"b' + WANG.encode(),
        b"x" * (3 * MAX_LINE_BYTES),
        b"\0" + WANG.encode(),
    ],
)
def test_bad_line_spoils_no_other(tmp_path: Path, bad: bytes) -> None:
    """An open quote or a broken character must not swallow the residents after it; numbers are those of an editor."""
    lines = read(tmp_path, b"\n".join([HEADER.encode(), WANG.encode(), b"", bad, WANG.encode()]))
    assert lines.pop(4) in ("invalid-request", {**READ, "key": "\x001"})
    assert lines == {2: READ, 5: READ}


@pytest.mark.parametrize("name", ["people.csv", "people.ndjson"])
@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "empty"), (b"\xef\xbb\xbf", "empty"), (b" \r\n\n", "empty")]
    + [(f"{HEADER}\n{WANG}\n".encode(each), "in UTF-16") for each in ("utf-16", "utf-16-le", "utf-16-be")],
)
def test_a_file_that_is_empty_blank_or_in_utf16_is_told_as_such(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    """Not as a header that is missing, nor as nobody's line after line; spreadsheets save "Unicode text" in UTF-16."""
    with pytest.raises(InvalidRequest, match=f"{name}: {told}"):
        read(tmp_path, content, name)


def test_mark_of_utf8_under_another_encoding(tmp_path: Path) -> None:
    """Read as GB18030, bytes of UTF-8 are mostly characters too: other people's names would be signed."""
    with pytest.raises(InvalidRequest):
        read(tmp_path, f"{HEADER}\n{WANG}\n".encode("utf-8-sig"), encoding="gb18030")


def test_long_line_that_begins_blank_is_reported(tmp_path: Path) -> None:
    """Somebody may stand at its end, so it is no blank line."""
    lines = read(tmp_path, f"{HEADER}\n{' ' * (MAX_LINE_BYTES + 1)}{WANG}\n{WANG}\n")
    assert lines == {2: "invalid-request", 3: READ}


@pytest.mark.parametrize("header", ["", "name,colour", "name,name", '"name', "姓名".encode("gb18030")])
def test_header_that_cannot_be_read_stops_all(tmp_path: Path, header: str | bytes) -> None:
    """A misspelt column must not become an empty field of everybody."""
    with pytest.raises(InvalidRequest):
        read(tmp_path, header if isinstance(header, bytes) else f"{header}\n")


def test_ndjson(tmp_path: Path) -> None:
    """As over HTTP; each line stands for itself."""
    content = b'\xef\xbb\xbf{"key":"1"}\n\n[]\n{"a":1,"a":2}\n{"a":\xff}\n{"key":"2"}'
    lines = read(tmp_path, content, "people.ndjson")
    assert lines == {1: {"key": "1"}, 3: "invalid-request", 4: "malformed", 5: "malformed", 6: {"key": "2"}}


def test_line_that_never_ends_is_not_held(tmp_path: Path) -> None:
    """Ten gigabytes without a line end are one bad line; up to the bound a line is good."""
    long = b'{"key":"' + b"x" * (MAX_LINE_BYTES - 11) + b'"}'
    assert len(long) + 1 == MAX_LINE_BYTES
    lines = read(tmp_path, long + b"\n" + b" " + long + b"\n" + b"{" * 9 * MAX_LINE_BYTES + b"\n{}", "people.ndjson")
    assert {number: type(fields) for number, fields in lines.items()} == {1: dict, 2: str, 3: str, 4: dict}


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """Told as a wrong request."""
    with pytest.raises(InvalidRequest):
        list(read_lines(tmp_path / "none.csv"))


def test_lines_are_counted_for_the_progress_bar(tmp_path: Path) -> None:
    """About right is enough."""
    (tmp_path / "people.csv").write_text("a\nb\nc\n")
    assert count_lines(tmp_path / "people.csv") == 3
    assert count_lines(tmp_path) == 0, "a pipe can be read only once, so it is not counted"


@pytest.mark.parametrize(
    ("code", "character"),
    [("FE59", "\u9fb4"), ("82359037", "\u9fb4"), ("FEA0", "\u9fbb"), ("A6D9", "\ufe10"), ("84318236", "\ufe10"),
     ("A6DA", "\ufe12"), ("A6DB", "\ufe11"), ("A6F3", "\ufe19"), ("FE51", "\U00020087"), ("95329031", "\U00020087"),
     ("FE91", "\U000241fe"), ("9635B630", "\U000241fe"), ("A8BC", "\u1e3f"), ("CDF5", "王")],
)  # fmt: skip
def test_gb18030_is_of_2022(code: str, character: str) -> None:
    """Signing a wrong character in a name is worse than refusing it; both codes of a moved one have always meant it."""
    assert gb18030.decode(bytes.fromhex(code)) == character


def test_no_other_two_codes_of_gb18030_became_one_character() -> None:
    """Two people's names would. The 25 that do are one character, which files of older editions write in two ways."""
    text = "".join(map(chr, [*range(0x80, 0xD800), *range(0xE000, 0x30000)]))
    read = gb18030.decode(text.encode("gb18030"))
    moved = {old for old, new in zip(text, read, strict=True) if old != new}
    assert len(moved) == 25
    assert all("\ue000" <= each <= "\uf8ff" for each in moved)
    assert len(set(read)) == len(text) - len(moved)


@pytest.mark.parametrize("tail", [",,,\n,,,\n", ' , ,"", \n', ",,,,,,\r\n\r\n", "\u3000,,,\n"])
def test_blank_rows_at_the_end_are_no_lines(tmp_path: Path, tail: str) -> None:
    """A spreadsheet writes them for every row that was ever touched."""
    content = f"name,document_number,form,,\n王小明,{NUMBER},paper,,\n王大明,{NUMBER},paper\n{tail}"
    assert [fields["name"] for fields in read(tmp_path, content).values()] == ["王小明", "王大明"]


def test_a_cell_too_many_is_no_blank(tmp_path: Path) -> None:
    """A comma in a name shifts the cells after it: that line is refused, the blank column or not."""
    content = f"name,document_number,form,,\n王,小明,{NUMBER},paper\n"
    assert read(tmp_path, content) == {2: "invalid-request"}
