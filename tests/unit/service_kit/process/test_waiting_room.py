"""What the waiting room makes of a request and of an answer; that it holds up nobody is tried on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from credentials.errors import TooSlow, Unavailable
from service_kit.http import bodies
from service_kit.process import waiting_room
from service_kit.process.server import MAX_CONNECTIONS
from service_kit.process.waiting_room import REFUSAL, FilePart, WaitingRoom, environment


class Headers(NamedTuple):
    written: tuple[tuple[str, str], ...]

    def items(self) -> list[tuple[str, str]]:
        return list(self.written)


class Scope:
    """A request's head as granian hands it over."""

    method, path, query_string, scheme, http_version = "POST", "/a b/中", "x=%20y", "http", "1.1"
    server, client = "[::1]:8000", "[2001:db8::7]:55001"

    def __init__(self, *headers: tuple[str, str]) -> None:
        self.headers = Headers(headers)


class Protocol:
    """The server's side: hands out a body in pieces, at the end of which it may hang, and notes the answer."""

    def __init__(self, *pieces: bytes, hangs: bool = False) -> None:
        self.pieces, self.hangs = pieces, hangs
        self.answers: list[tuple[Any, ...]] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
        if self.hangs:
            await asyncio.Event().wait()

    def response_bytes(self, *answer: Any) -> None:
        self.answers.append(answer)

    response_empty = response_file_range = response_bytes


def take_in(protocol: Protocol, *headers: tuple[str, str], answer: Any = None) -> list[dict[str, Any]]:
    """What the application was called with."""
    called = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        called.append(environ)
        start_response("207 Many", [("A", "1")])
        return answer or (b"x", b"y")

    asyncio.run(WaitingRoom(application, 1)(Scope(*headers), protocol))
    return called


def test_a_request_comes_whole() -> None:
    protocol = Protocol(b"ab", b"", b"c")
    (environ,) = take_in(protocol, ("content-length", "3"))
    assert (environ["wsgi.input"].read(), environ[REFUSAL]) == (b"abc", None)
    assert protocol.answers == [(207, [("A", "1")], b"xy")]


def test_the_environment_is_that_of_the_request_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_AUTHORIZATION", "of this process")
    headers = ["accept: a", "accept: b", "cookie: a=1", "cookie: b=2", "content-type: a/b", "x_forwarded_for: made up"]
    named = [(name, value) for name, _, value in (header.partition(": ") for header in headers)]
    environ = environment(Scope(*named, ("x-forwarded-for", "own")))
    assert {name: value for name, value in environ.items() if not name.startswith("wsgi")} == {
        "SCRIPT_NAME": "",
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/a b/\xe4\xb8\xad",
        "QUERY_STRING": "x=%20y",
        "REMOTE_ADDR": "2001:db8::7",
        "SERVER_NAME": "[::1]",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "a/b",
        "HTTP_ACCEPT": "a,b",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_FORWARDED_FOR": "own",
    }


@pytest.mark.parametrize("length", ["5,5", "", "-1", "+3", "٣", "4194305", "99999999999999999999"])
def test_a_body_of_no_length_or_of_one_that_no_route_takes_is_not_read(length: str) -> None:
    (environ,) = take_in(Protocol(hangs=True), ("content-length", length))
    assert (environ["wsgi.input"].read(), environ[REFUSAL]) == (b"", None)


def test_a_body_that_comes_too_slowly_is_refused_by_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_room, "BODY_SECONDS", 0)
    (environ,) = take_in(Protocol(b"ab", hangs=True), ("content-length", "3"))
    assert environ["wsgi.input"].read() == b"", "half of a body is none"
    assert type(environ[REFUSAL]) is TooSlow
    assert "of 3 bytes" in environ[REFUSAL].detail


@pytest.mark.parametrize("pieces", [(), (b"ab",), (b"ab", b"")])
def test_who_has_gone_in_the_middle_has_asked_for_nothing(pieces: tuple[bytes, ...]) -> None:
    protocol = Protocol(*pieces)
    assert take_in(protocol, ("content-length", "3")) == []
    assert protocol.answers == [(400, [])]


@pytest.mark.parametrize(
    ("held", "length", "refused"), [(99, 17_000, False), (100, 17_000, True), (100, 16_384, False)]
)
def test_what_bodies_fill_together_has_an_end_and_small_ones_go_on(
    monkeypatch: pytest.MonkeyPatch, held: int, length: int, refused: bool
) -> None:
    monkeypatch.setattr(waiting_room, "HELD_BYTES", length + 99)
    called: list[Any] = []
    room = WaitingRoom(lambda environ, start: called.append(environ) or start("200 OK", []) or (), 1)  # type: ignore[func-returns-value]

    async def both() -> None:
        first, second = Protocol(b"x" * held, hangs=True), Protocol(b"x" * length)
        waiting = asyncio.create_task(room(Scope(("content-length", str(held + 1))), first))
        await asyncio.sleep(0)
        await room(Scope(("content-length", str(length))), second)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        # Nothing is held any more.
        await room(Scope(("content-length", str(length))), Protocol(b"x" * length))

    asyncio.run(both())
    assert [type(environ[REFUSAL]) is Unavailable for environ in called] == [refused, False]


@pytest.mark.parametrize("is_long", [False, True])
def test_a_long_part_of_a_file_is_sent_from_the_disk(tmp_path: Path, is_long: bool) -> None:
    length = waiting_room.SENT_WHOLE_BYTES + is_long
    content = bytes(range(251)) * 3000
    (tmp_path / "file").write_bytes(content)
    part, protocol = FilePart((tmp_path / "file").open("rb"), 7, length), Protocol()
    take_in(protocol, answer=part)
    ((_, _, *sent),) = protocol.answers
    assert part.file.closed is not is_long
    if not is_long:
        assert sent == [content[7 : 7 + length]]
        return
    (tmp_path / "file").unlink()
    assert (Path(sent[0]).read_bytes(), sent[1:]) == (content, [7, 7 + length])
    part.close()


def test_files_that_the_server_has_opened_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_room, "KEPT_FILES", 2)
    monkeypatch.setattr(waiting_room, "SENT_WHOLE_BYTES", 0)
    (tmp_path / "file").write_bytes(b"content")
    parts = [FilePart((tmp_path / "file").open("rb"), 0, 7) for _ in range(4)]
    queue = iter(parts)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return next(queue)

    async def all_of_them() -> None:
        room = WaitingRoom(application, 1)
        for _ in parts:
            await room(Scope(), Protocol())

    asyncio.run(all_of_them())
    assert [part.file.closed for part in parts] == [True, True, False, False]
    for part in parts:
        part.close()


def test_it_reads_as_much_as_any_route_takes_and_keeps_as_many_files_as_there_are_connections() -> None:
    assert waiting_room.KEPT_FILES >= MAX_CONNECTIONS
    views = [
        view
        for name in (
            "issuer.http.desk.views",
            "issuer.http.evidence_views",
            "trust_registry.http.mirror_views",
            "trust_registry.http.views",
            "trust_registry.witness.views",
            "verifier.http.views",
        )
        for view in vars(import_module(name)).values()
    ]
    sizes = [getattr(view, bodies._MARK) for view in views if isfunction(view) and hasattr(view, bodies._MARK)]
    assert len(sizes) > 10
    assert max(sizes) <= waiting_room.MAX_BODY_BYTES
