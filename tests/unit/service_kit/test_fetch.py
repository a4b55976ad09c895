"""Fetching: bounded whatever the other side does."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from credentials.errors import FetchFailed, FetchTooLarge, SettingInvalid
from service_kit.fetch import MAX_ETAG_CHARACTERS, Fetcher, require_safe
from tests.unit.service_kit.answering import Answering, answering


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as server:
        yield server


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher() as fetcher:
        yield fetcher


def test_gets_content_and_etag(server: Answering, fetcher: Fetcher) -> None:
    """The plain deed."""
    url = server.answer("/list", '200 OK\nContent-Length: 5\nETag: "7"', b"hello")
    assert fetcher.get(url, limit=5) == (200, b"hello", '"7"')


def test_a_very_long_etag_is_not_taken_up(server: Answering, fetcher: Fetcher) -> None:
    """Every gate would keep it on its disk, and send it back with each request."""
    longest = f'"{"7" * (MAX_ETAG_CHARACTERS - 2)}"'
    for etag, taken in ((longest, longest), (longest + "7", None)):
        url = server.answer("/list", f"200 OK\nContent-Length: 5\nETag: {etag}", b"hello")
        assert fetcher.get(url, limit=5).etag == taken


def test_chunked_content_is_put_together(server: Answering, fetcher: Fetcher) -> None:
    """A mirror behind a proxy often answers so."""
    url = server.answer("/list", "200 OK\nTransfer-Encoding: chunked", b"2\r\nhe\r\n", b"3\r\nllo\r\n0\r\n\r\n")
    assert fetcher.get(url, limit=5).body == b"hello"


def test_what_is_held_is_not_fetched_again(server: Answering, fetcher: Fetcher) -> None:
    """A gate asks every 30 s: 34 members' files must not travel each time."""
    url = server.answer("/list", "304 Not Modified\nContent-Length: 99999")
    answer = fetcher.get(url, limit=10, etag='"7"')
    assert answer.not_modified
    assert answer.body == b""
    assert 'If-None-Match: "7"' in server.heads[0]


def test_the_id_of_the_request_that_is_answered_goes_along(server: Answering, fetcher: Fetcher) -> None:
    """One question by a client can be followed through two services' logs; outside of a request there is none."""
    url = server.answer("/list", "200 OK\nContent-Length: 0")
    with structlog.contextvars.bound_contextvars(request_id="0123abcd"):
        fetcher.get(url, limit=1)
    fetcher.get(url, limit=1)
    assert "X-Request-Id: 0123abcd" in server.heads[0]
    assert "X-Request-Id" not in server.heads[1]


def test_not_modified_without_being_asked_is_a_failure(server: Answering, fetcher: Fetcher) -> None:
    """Else an empty body would pass for the content."""
    url = server.answer("/list", "304 Not Modified")
    with pytest.raises(FetchFailed):
        fetcher.get(url, limit=10)


@pytest.mark.parametrize(
    ("head", "pieces"),
    [
        ("200 OK\nContent-Length: 11", [b"x" * 11]),
        ("200 OK", [b"x" * 6, b"x" * 5]),
        ("200 OK\nTransfer-Encoding: chunked", [b"b\r\n", b"x" * 11, b"\r\n0\r\n\r\n"]),
        ("200 OK\nContent-Length: " + "9" * 5000, [b"x" * 11]),
    ],
    ids=["announced", "to the end", "chunked", "absurd"],
)
def test_too_much_is_cut_off(server: Answering, fetcher: Fetcher, head: str, pieces: list[bytes]) -> None:
    """Whatever the server announces, the memory is ours."""
    with pytest.raises(FetchTooLarge):
        fetcher.get(server.answer("/list", head, *pieces), limit=10)


@pytest.mark.parametrize(
    ("head", "pieces"),
    [
        ("200 OK\nContent-Length: 10", [b"half "]),
        ("200 OK\nTransfer-Encoding: chunked", [b"a\r\nhalf "]),
        ("200 OK\nTransfer-Encoding: chunked", [b"2\r\nhe\r\n"]),
        ("200 OK\nTransfer-Encoding: chunked", [b"zz\r\n"]),
    ],
)
def test_half_is_nothing(server: Answering, fetcher: Fetcher, head: str, pieces: list[bytes]) -> None:
    """A list fetched half."""
    with pytest.raises(FetchFailed):
        fetcher.get(server.answer("/list", head, *pieces), limit=100)


def test_compression_nobody_asked_for_is_refused(server: Answering, fetcher: Fetcher) -> None:
    """A megabyte out of a thousand bytes."""
    bomb = gzip.compress(bytes(1_000_000))
    url = server.answer("/list", f"200 OK\nContent-Encoding: gzip\nContent-Length: {len(bomb)}", bomb)
    with pytest.raises(FetchFailed, match="compressed"):
        fetcher.get(url, limit=5_000)
    assert "Accept-Encoding: identity" in server.heads[0]


def test_a_trickle_meets_the_deadline(server: Answering) -> None:
    """A byte now and then keeps every read alive, and would hold a gate's fetch for days."""
    url = server.answer("/list", "200 OK\nContent-Length: 1000", b"x")
    server.held.add("/list")
    with Fetcher(total_seconds=0) as hasty, pytest.raises(FetchFailed, match="in time"):
        hasty.get(url, limit=1000)


def test_trickling_headers_meet_the_deadline(server: Answering) -> None:
    """Before any content: six megabytes of headers, a byte every nine seconds, would hold a gate's fetch for years."""
    server.answers["/list"] = [b"HTTP/1.1 200 OK\r\nX-Endless: "]
    server.held.add("/list")
    with Fetcher(total_seconds=0.05) as hasty, pytest.raises(FetchFailed, match="in time"):
        hasty.get(server.url + "/list", limit=1000)


def test_a_deadline_that_passes_while_connecting_is_kept(server: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first stroke there was nothing to cut off yet."""
    monkeypatch.setattr("service_kit.fetch._AGAIN_SECONDS", 0.05)
    server.answers["/list"] = [b"HTTP/1.1 200 OK\r\nX-Endless: "]
    server.held.add("/list")
    with Fetcher(total_seconds=0) as hasty, pytest.raises(FetchFailed, match="in time"):
        hasty.get(server.url + "/list", limit=1000)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(server: Answering, fetcher: Fetcher, status: int) -> None:
    """It would let one host send gates to any other, this machine's own services included."""
    url = server.answer("/list", f"{status} Moved\nLocation: {server.url}/secret\nContent-Length: 0")
    with pytest.raises(FetchFailed) as caught:
        fetcher.get(url, limit=10)
    assert caught.value.status == status
    assert len(server.heads) == 1


def test_an_error_keeps_its_status(server: Answering, fetcher: Fetcher) -> None:
    """404 (nothing there yet) and 503 (try later) are told apart by who fetches."""
    with pytest.raises(FetchFailed) as caught:
        fetcher.get(server.answer("/list", "404 Not Found\nContent-Length: 0"), limit=10)
    assert caught.value.status == 404


def test_sends_and_hands_back_any_answer(server: Answering, fetcher: Fetcher) -> None:
    """A problem document is in the body of a refusal."""
    url = server.answer("/credentials", "422 No\nContent-Length: 4", b"{ }\n")
    answer = fetcher.send("POST", url, limit=10, body=b'{"a": 1}', headers={"Content-Type": "application/json"})
    assert (answer.status, answer.body) == (422, b"{ }\n")
    assert server.heads[0].startswith("POST /credentials")
    assert server.heads[0].endswith('{"a": 1}')
    assert "Content-Type: application/json" in server.heads[0]


def test_no_cookie_is_kept(server: Answering, fetcher: Fetcher) -> None:
    """With one, a mirror could follow each gate."""
    url = server.answer("/list", "200 OK\nSet-Cookie: gate=7; Path=/\nContent-Length: 0")
    fetcher.get(url, limit=1)
    fetcher.get(url, limit=1)
    assert "Cookie" not in server.heads[1]


def test_nothing_comes_from_the_environment(
    server: Answering, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy variable of the shell that started a gate must not read what it fetches."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert fetcher.get(server.answer("/list", "200 OK\nContent-Length: 1", b"x"), limit=1).body == b"x"


def test_nobody_there_is_a_failure_without_a_status(fetcher: Fetcher) -> None:
    """The gate works on from what it has; the address does not go into the log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FetchFailed) as caught:
        fetcher.get(f"http://127.0.0.1:{port}/list", limit=10)
    assert caught.value.status is None
    assert str(port) not in str(caught.value)


@pytest.mark.parametrize("head", ["nonsense", "200", "200 OK\nContent-Length: -5"])
def test_what_is_no_http_is_a_failure(server: Answering, fetcher: Fetcher, head: str) -> None:
    """No foreign exception leaves, whatever answers on that port."""
    server.answers["/list"] = [b"nonsense\r\n\r\n" if head == "nonsense" else f"HTTP/9 {head}\r\n\r\n".encode()]
    with pytest.raises(FetchFailed):
        fetcher.get(server.url + "/list", limit=10)


@pytest.mark.parametrize(
    "url",
    [
        "https://registry.example/x",
        "http://localhost:8000",
        "http://127.0.0.1/x",
        "http://127.9.9.9",
        "http://[::1]:1/",
    ],
)
def test_safe_addresses(url: str) -> None:
    """https anywhere, http to this machine."""
    require_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "registry.example",
        "https://",
        "http://registry.example/",
        "http://10.0.0.1/",
        "http://127.0.0.1.evil.example/",
        "http://localhost@evil.example/",
        "http://evil.example\\@127.0.0.1/",
        "http://0x7f000001/",
        "http://[::1",
        "http://[evil]/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
    ],
)
def test_unsafe_addresses(url: str, fetcher: Fetcher) -> None:
    """Two parsers that differ about the host are how such a rule is got around."""
    with pytest.raises(SettingInvalid):
        require_safe(url)
    with pytest.raises(SettingInvalid):
        fetcher.get(url, limit=1)


def test_a_file_of_authorities_must_hold_some(tmp_path: Path) -> None:
    """Found out at the first request, it would be one gate more that goes stale."""
    for content in (None, b"", b"no certificate"):
        if content is not None:
            (tmp_path / "authority.pem").write_bytes(content)
        with pytest.raises(SettingInvalid, match="TONGXING_CA_FILE"):
            Fetcher(ca_file=tmp_path / "authority.pem")
