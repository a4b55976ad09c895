"""Bulk issue: every line comes to a code or to the report, and never to two codes."""

from __future__ import annotations

import json
import os
import re
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import Conflict, SelfCheckFailed
from credentials.keys import new_private_key
from credentials.signing import PemSigner
from demonstration.residents import residents, to_csv
from issuer.bulk import run as bulk
from issuer.bulk.lines import count_lines, read_lines
from issuer.bulk.output import Rejected
from issuer.bulk.run import BulkResult, issue_file
from tests.unit.issuer.office import NOW, IssuerOnDisk, paper, phone

PEOPLE = 30


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(to_csv(residents(PEOPLE, NOW)), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches in a small file."""
    monkeypatch.setattr(bulk, "BATCH", 8)


def run(issuer: IssuerOnDisk, source: Path, at: int = NOW, name: str = "codes.ndjson") -> BulkResult:
    return issue_file(issuer.issuance, source, source.with_name(name), lambda: at)


def codes(source: Path, name: str = "codes.ndjson") -> list[dict[str, Any]]:
    return [json.loads(line) for line in source.with_name(name).read_text().splitlines()]


def rejected(source: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in source.with_name("codes.ndjson.rejected.ndjson").read_text().splitlines()]


def ndjson(folder: Path, *lines: dict[str, Any]) -> Path:
    path = folder / "people.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_file_of_residents_becomes_a_file_of_codes(issuer: IssuerOnDisk, people: Path) -> None:
    """Each line carries what the province's systems need, and every code is good."""
    told: list[int] = []
    assert issue_file(issuer.issuance, people, people.with_name("codes.ndjson"), lambda: NOW, progress=told.append) == (
        PEOPLE,
        0,
        0,
    )
    assert told == [8, 8, 8, 6]
    written = codes(people)
    assert [line["key"] for line in written] == [f"resident-{number:06d}" for number in range(PEOPLE)]
    assert {frozenset(line) for line in written} == {
        frozenset({"key", "handle", "text", "form", "issued_at", "expires_at"})
    }
    for line in written:
        assert issuer.read(line["text"]).expires_at == line["expires_at"]
    assert people.with_name("codes.ndjson.rejected.ndjson").read_bytes() == b""


def test_again_gives_nothing_new(issuer: IssuerOnDisk, people: Path) -> None:
    """The same file into the same output, and into another."""
    run(issuer, people)
    first = codes(people)
    assert run(issuer, people, NOW + 60) == (0, PEOPLE, 0)
    assert codes(people) == first
    assert run(issuer, people, NOW + 60, "again.ndjson") == (PEOPLE, 0, 0)
    assert codes(people, "again.ndjson") == first
    assert issuer.rows("issuer_credential") == PEOPLE


@pytest.mark.parametrize("kept", [0, 1, 700, -1])
def test_stopped_run_is_taken_up(issuer: IssuerOnDisk, people: Path, kept: int) -> None:
    """Whatever of the output reached the disk: the whole lines stay as they are, the rest comes back."""
    run(issuer, people)
    output = people.with_name("codes.ndjson")
    whole = output.read_bytes()
    output.write_bytes(whole[:kept])
    again = run(issuer, people, NOW + 3600)
    assert again.issued + again.present == PEOPLE
    assert sorted(output.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_run_stopped_between_commit_and_output(
    issuer: IssuerOnDisk, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed is found again by its key, though it stands in no output yet."""

    class Stopped(BaseException):
        """The process was killed here."""

    def stop(key: str, row: Any) -> bytes:
        raise Stopped

    with monkeypatch.context() as patched, pytest.raises(Stopped):
        patched.setattr(bulk, "_line", stop)
        run(issuer, people)
    assert issuer.rows("issuer_credential") == 8
    assert codes(people) == []
    assert run(issuer, people) == (PEOPLE, 0, 0)
    assert issuer.rows("issuer_credential") == PEOPLE


def test_bad_lines_are_reported_and_stop_no_other(issuer: IssuerOnDisk, tmp_path: Path) -> None:
    """By number and stable code; nothing of the people in them, not even in the report."""
    source = ndjson(
        tmp_path,
        {**paper(), "key": "a"},
        {**paper(name=" "), "key": "b"},
        {**paper(document={"number": "110105194912310021"}), "key": "c"},
        {**paper(), "key": ""},
        {**paper(), "key": 7},
        {**paper(colour="green"), "key": "d"},
        {**phone(new_private_key(), NOW - 3600), "key": "e"},
        {**paper(name="李四"), "key": "a"},
        {**paper(name="李四"), "key": "f"},
    )
    with source.open("a") as file:
        file.write("not json\n")
    assert run(issuer, source) == (2, 0, 8)
    report = rejected(source)
    assert [(line["number"], line["code"]) for line in report] == [
        (2, "invalid-name"),
        (3, "invalid-document"),
        (4, "invalid-request"),
        (5, "invalid-request"),
        (6, "invalid-request"),
        (7, "proof-of-possession-failed"),
        (8, "idempotency-conflict"),
        (10, "malformed"),
    ]
    told = json.dumps(report, ensure_ascii=False)
    assert not any(word in told for word in ("李四", "1949", "王小明"))


def test_corrected_lines_are_issued_for_in_the_same_output(issuer: IssuerOnDisk, tmp_path: Path) -> None:
    """An operator mends the bad lines of the file and runs it again."""
    assert run(issuer, ndjson(tmp_path, {**paper(), "key": "a"}, {**paper(name=" "), "key": "b"})).issued == 1
    source = ndjson(tmp_path, {**paper(), "key": "a"}, {**paper(name="李四"), "key": "b"})
    assert run(issuer, source) == (1, 1, 0)
    assert [line["key"] for line in codes(source)] == ["a", "b"]


def test_other_person_under_a_used_key_is_told_in_every_run(issuer: IssuerOnDisk, tmp_path: Path) -> None:
    """A run that is taken up must not count them as done: they have no code, and the report is written anew."""
    source = ndjson(tmp_path, {**paper(), "key": "a"}, {**paper(name="李四"), "key": "a"})
    for issued, present in ((1, 0), (0, 1), (0, 1)):
        assert run(issuer, source) == (issued, present, 1)
        assert [(line["number"], line["code"]) for line in rejected(source)] == [(2, "idempotency-conflict")]
    mended = ndjson(tmp_path, {**paper(name="王晓明"), "key": "a"})
    assert run(issuer, mended).rejected == 1
    assert [line["number"] for line in rejected(mended)] == [1]
    assert run(issuer, mended, NOW + 8 * 86_400) == (0, 1, 0)


def test_line_that_stands_twice_is_issued_for_once(issuer: IssuerOnDisk, tmp_path: Path) -> None:
    """In one batch or in two: the same request is the same request."""
    source = ndjson(tmp_path, *[paper()] * 3, *[{**paper(), "key": str(n)} for n in range(8)], paper())
    assert run(issuer, source) == (9, 3, 0)
    assert len({line["key"] for line in codes(source)}) == len(codes(source)) == 9


def test_people_of_every_difficult_kind(issuer: IssuerOnDisk, tmp_path: Path) -> None:
    """Names with dots, of one character, beyond the BMP; permits and passports: a code for each, the name masked."""
    many = list(residents(2000, NOW))
    odd = {person.name: person for person in many if re.search("^.$|^欧阳|[^\u4e00-\u9fa5]", person.name)}
    documents = {(person.document_kind, person.document_number[:2]): person for person in many}
    people = [*{*odd.values(), *documents.values()}]
    assert {"𠮷田𠀋", "䶮之介", "㛃", "王", "Maria", "买买提·吐尔逊"} <= odd.keys()
    assert {("passport", "KO"), ("hk-macao-permit", "M0"), ("resident-id", "83")} <= documents.keys()
    source = tmp_path / "people.csv"
    source.write_text(to_csv(iter(people)), encoding="utf-8")
    assert run(issuer, source) == (len(people), 0, 0)
    for line, person in zip(codes(source), people, strict=True):
        code = issuer.read(line["text"])
        assert "*" in code.holder_name
        assert len(person.name) == 1 or person.name != code.holder_name
        assert len(code.evidence) == bool(person.evidence_kind)


def test_pipe_can_be_a_source(issuer: IssuerOnDisk, tmp_path: Path) -> None:
    """A file that is unpacked on its way must not be read up by counting its lines."""
    pipe = tmp_path / "people"
    os.mkfifo(pipe)
    assert count_lines(pipe) == 0
    writer = threading.Thread(target=pipe.write_text, args=(json.dumps(paper()) + "\n",))
    writer.start()
    assert run(issuer, pipe) == (1, 0, 0)
    writer.join()


def test_same_file_next_week(issuer: IssuerOnDisk, people: Path) -> None:
    """When the codes have expired the same residents get fresh ones, into a new output."""
    run(issuer, people)
    again = run(issuer, people, NOW + 8 * 86_400, "next.ndjson")
    assert again.issued == PEOPLE
    assert not {line["text"] for line in codes(people)} & {line["text"] for line in codes(people, "next.ndjson")}


def test_phone_codes_are_found_again_though_their_proofs_are_old(issuer: IssuerOnDisk, tmp_path: Path) -> None:
    """A run stopped in the evening and taken up in the morning."""
    source = ndjson(tmp_path, *[{**phone(new_private_key()), "key": str(n)} for n in range(3)])
    assert run(issuer, source).issued == 3
    first = codes(source)
    source.with_name("codes.ndjson").write_text("")
    assert run(issuer, source, NOW + 10 * 3600) == (3, 0, 0)
    assert codes(source) == first


def test_our_own_fault_stops_the_run(issuer: IssuerOnDisk, people: Path) -> None:
    """A wrong signer is no matter of lines: nothing is released, nothing recorded. What is bad is told all the same."""
    faulty = issuer.issuing_with(PemSigner(new_private_key(), issuer.key.kid))
    people.write_text("\n".join([*people.read_text("utf-8").splitlines()[:2], "no line of a resident", ""]), "utf-8")
    with pytest.raises(SelfCheckFailed):
        issue_file(faulty, people, people.with_name("codes.ndjson"), lambda: NOW)
    assert [line["number"] for line in rejected(people)] == [3]
    assert codes(people) == []
    assert issuer.rows("issuer_credential") == 0


def test_two_runs_into_one_output(issuer: IssuerOnDisk, people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is told to wait; the first goes on unharmed."""

    def reading(source: Path, encoding: str) -> Iterator[Any]:
        with pytest.raises(Conflict):
            run(issuer, people)
        yield from read_lines(source, encoding)

    with monkeypatch.context() as patched:
        patched.setattr(bulk, "read_lines", reading)
        assert issue_file(issuer.issuance, people, people.with_name("codes.ndjson"), lambda: NOW).issued == PEOPLE


def test_a_file_of_bad_lines_fills_no_memory(issuer: IssuerOnDisk, tmp_path: Path) -> None:
    """Millions of lines in another order of columns: each was kept until the end of the run."""
    source, most = tmp_path / "people.ndjson", []
    for lines in (1_000, 5_000, 20_000):
        source.write_text("{}\n" * lines)
        tracemalloc.start()
        assert run(issuer, source) == (0, 0, lines)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(rejected(source)) == lines
    # The first run has also loaded what the others find loaded; a line that was kept would take 300 bytes.
    assert most[2] - most[1] < 100 * 15_000, most


def test_report_names_lines_not_people() -> None:
    """A line of the report has nothing but these."""
    assert Rejected._fields == ("number", "code", "detail")
