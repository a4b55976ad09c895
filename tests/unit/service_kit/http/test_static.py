"""Static publication: what is served how, and that a file and its compressed twin always belong together."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from credentials.errors import StorageUnavailable
from service_kit.durable import LEFTOVER_SECONDS
from service_kit.http import static
from service_kit.http.bodies import Routes
from service_kit.http.static import FOR_EVER_SECONDS, NEWS_SECONDS, answer, cache_control
from service_kit.http.web import make_app

LIST = b'{"members": [' + b", ".join(b'{"id": "CN-%d", "keys": []}' % number for number in range(200)) + b"]}"
SPAWN = multiprocessing.get_context("spawn")


def publish(path: Path, data: bytes) -> None:
    static.publish(path, data, lock_for(path))


def tidy(folder: Path) -> None:
    static.tidy(folder, lock_for(folder))


def lock_for(path: Path) -> Path:
    """Beside the mirror, for all who publish below it."""
    return next((each.parent for each in path.parents if each.name == "mirror"), path.parent) / "publishing.lock"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    publish(folder / "metadata" / "7.root.json", LIST)
    publish(folder / "members" / "CN-41" / "status.cose", b"\xd2" + bytes(range(256)) * 8)
    publish(folder / "metadata" / "timestamp.json", b'{"version": 1}')
    (tmp_path / "secret.json").write_bytes(b"{}")
    return folder


@pytest.fixture
def client(folder: Path) -> Iterator[FlaskClient]:
    blueprint = Routes("files", __name__)
    blueprint.add_url_rule("/<path:path>", view_func=lambda path: answer(folder, path))
    with make_app("files", blueprint).test_client() as client:
        yield client


def get(client: FlaskClient, path: str, method: str = "GET", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(f"/{path}", method=method, headers=named, buffered=True)


ROOT, STATUS, TIMESTAMP = "metadata/7.root.json", "members/CN-41/status.cose", "metadata/timestamp.json"


@pytest.mark.parametrize(
    "path",
    [
        f"targets/{'0f' * 32}.trust-list.json",
        "assets/index-DfG7_x2k.js",
    ],
)
def test_what_carries_its_hash_is_kept_for_ever(path: str) -> None:
    """Gates of a whole country ask for these: once each is enough."""
    assert cache_control(path) == f"public, max-age={FOR_EVER_SECONDS}, immutable"


@pytest.mark.parametrize(
    "path",
    [
        "metadata/timestamp.json",
        "metadata/7.root.json",
        "metadata/12.snapshot.json",
        "members/CN-41/segments/12.cose",
        "members/CN-41/rules/3.jws",
        "log/tile/0/x001/067.p/5",
        "members/CN-41/status.cose",
        "members/CN-41/rules.jws",
        "members/CN-41/news.json",
        "members/CN-41/token-status-lists/3.jwt",
        f"targets/{'0f' * 31}.trust-list.json",
        "members/CN-41/8segments.cose",
        "index.html",
        "service-settings.js",
        "assets/settings.js",
    ],
)
def test_what_changes_is_asked_for_again(path: str) -> None:
    """A denial that a cache holds back for a year is no denial."""
    assert cache_control(path) == f"public, max-age={NEWS_SECONDS}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [(ROOT, "application/json"), (STATUS, "application/cose"), ("members/x.unknown", "application/octet-stream")],
)
def test_each_file_has_its_type(client: FlaskClient, folder: Path, path: str, kind: str) -> None:
    """A browser that guesses may run what was meant to be read."""
    publish(folder / "members" / "x.unknown", b"<script>")
    found = get(client, path)
    assert found.content_type == kind
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.data == (folder / path).read_bytes()


def test_what_is_held_costs_no_content(client: FlaskClient) -> None:
    """A gate asks every 30 s for 34 members' files."""
    whole = get(client, ROOT)
    etag, since = whole.headers["ETag"], whole.headers["Last-Modified"]
    assert not etag.startswith("W/")
    for held in ({"If_None_Match": etag}, {"If_None_Match": f'"x", {etag}'}, {"If_Modified_Since": since}):
        answered = get(client, ROOT, **held)
        assert (answered.status_code, answered.data) == (304, b"")
        assert answered.headers["ETag"] == etag
        assert answered.headers["Cache-Control"] == whole.headers["Cache-Control"]
    assert get(client, ROOT, If_None_Match='"x"', If_Modified_Since=since).status_code == 200


def test_each_change_is_a_new_version(client: FlaskClient, folder: Path) -> None:
    """Two timestamps of one second and one length: by nginx's ETag of seconds and size, a gate would keep the older,
    and a denied key with it, until the next."""
    seen = set()
    for version in range(1, 6):
        publish(folder / TIMESTAMP, b'{"version": %d}' % version)
        found = get(client, TIMESTAMP)
        seen.add((found.headers["ETag"], found.headers["Last-Modified"]))
    assert len({etag for etag, _ in seen}) == len({since for _, since in seen}) == 5


def test_the_etag_is_that_of_nginx(client: FlaskClient, folder: Path) -> None:
    """When one takes over from the other, nobody fetches everything anew."""
    status = (folder / ROOT).stat()
    found = get(client, ROOT)
    assert found.headers["ETag"] == f'"{int(status.st_mtime):x}-{status.st_size:x}"'
    assert parsedate_to_datetime(found.headers["Last-Modified"]).timestamp() == int(status.st_mtime)


def test_a_head_has_the_headers_alone(client: FlaskClient) -> None:
    """A cache asks so whether what it has still holds."""
    head, whole = get(client, ROOT, "HEAD"), get(client, ROOT)
    assert head.data == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Cache-Control", "Vary"):
        assert head.headers[name] == whole.headers[name]
    assert int(head.headers["Content-Length"]) == len(LIST)


@pytest.mark.parametrize(
    ("asked", "given", "content_range"),
    [
        ("bytes=0-9", LIST[:10], f"bytes 0-9/{len(LIST)}"),
        ("bytes=10-", LIST[10:], f"bytes 10-{len(LIST) - 1}/{len(LIST)}"),
        ("bytes=-7", LIST[-7:], f"bytes {len(LIST) - 7}-{len(LIST) - 1}/{len(LIST)}"),
    ],
)
def test_a_download_goes_on_where_it_stopped(client: FlaskClient, asked: str, given: bytes, content_range: str) -> None:
    """A bundle over a bad line."""
    part = get(client, ROOT, Range=asked)
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, given, content_range)
    assert part.headers["ETag"] == get(client, ROOT).headers["ETag"]


def test_a_range_of_another_version_is_the_whole(client: FlaskClient, folder: Path) -> None:
    """Else the halves of two files would be put together."""
    etag = get(client, ROOT).headers["ETag"]
    assert get(client, ROOT, Range="bytes=5-", If_Range=etag).status_code == 206
    publish(folder / ROOT, LIST.upper())
    changed = get(client, ROOT, Range="bytes=5-", If_Range=etag)
    assert (changed.status_code, changed.data) == (200, LIST.upper())


def test_a_range_beyond_the_end_is_refused(client: FlaskClient) -> None:
    """With a problem, as every refusal."""
    beyond = get(client, ROOT, Range="bytes=999999-")
    assert (beyond.status_code, beyond.content_type) == (416, "application/problem+json")


@pytest.mark.parametrize(
    "asked",
    [
        "lines=1-2",
        "items=0-5",
        "none",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=9-2",
        "bytes = 0-9",
        "bytes=0-9;q=1",
        "bytes=1.5-2",
        "bytes=+1-2",
        "bytes=0-" + "9" * 5000,
        "0-9",
    ],
)
def test_a_range_in_another_unit_or_that_is_none_is_the_whole(client: FlaskClient, asked: str) -> None:
    """RFC 9110 section 14.2: who asks in a way that we do not know gets an answer and no refusal."""
    whole = get(client, ROOT, Range=asked)
    assert (whole.status_code, whole.data) == (200, LIST)


def test_neighbours_of_a_range_of_bytes(client: FlaskClient) -> None:
    """The unit in capitals is the unit, a last byte beyond the end is the end, and a HEAD has no ranges."""
    assert get(client, ROOT, Range="BYTES=0-9").data == LIST[:10]
    assert get(client, ROOT, Range="bytes=10-999999999999").data == LIST[10:]
    assert get(client, ROOT, Range="bytes=-999999").data == LIST
    assert get(client, ROOT, Range="bytes=-0").status_code == 416
    assert get(client, ROOT, "HEAD", Range="bytes=999999-").status_code == 200


def test_many_ranges_at_once_are_the_whole_once(client: FlaskClient) -> None:
    """A thousand overlapping ranges made servers send a file a thousand times (CVE-2011-3192)."""
    many = get(client, ROOT, Range="bytes=" + ",".join(["0-"] * 500))
    assert (many.status_code, many.data) == (200, LIST)


@pytest.mark.parametrize("encodings", ["gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP"])
def test_who_takes_gzip_gets_the_twin(client: FlaskClient, encodings: str) -> None:
    """Compressed once at publication, not at each request."""
    packed = get(client, ROOT, Accept_Encoding=encodings)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == LIST
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(LIST)
    assert packed.content_type == "application/json"
    assert packed.headers["ETag"] != get(client, ROOT).headers["ETag"]
    again = get(client, ROOT, Accept_Encoding=encodings, If_None_Match=packed.headers["ETag"])
    assert again.status_code == 304


@pytest.mark.parametrize("encodings", ["identity", "gzip;q=0", "br", "", "gzip;q=0, *"])
def test_who_does_not_gets_the_file(client: FlaskClient, encodings: str) -> None:
    """Gates ask for identity: they refuse what would have to be inflated."""
    plain = get(client, ROOT, Accept_Encoding=encodings)
    assert "Content-Encoding" not in plain.headers
    assert plain.data == LIST


def test_caches_keep_both_apart(client: FlaskClient) -> None:
    """Without Vary a proxy would hand a gate the compressed body that somebody else asked for."""
    for encoding in ("gzip", "identity"):
        assert "Accept-Encoding" in get(client, ROOT, Accept_Encoding=encoding).headers["Vary"]
    assert "Vary" not in get(client, STATUS).headers


def test_a_twin_stands_only_where_it_pays(folder: Path) -> None:
    """Signed binary does not compress, and a small file fits into one packet."""
    publish(folder / "members" / "CN-41" / "random.jws", os.urandom(4096))
    assert [twin.name for twin in folder.rglob("*.gz")] == ["7.root.json.gz"]


def test_the_same_content_has_the_same_twin(folder: Path) -> None:
    """Mirrors that are compared byte by byte must not differ by the second in which they were written."""
    twin = folder / f"{ROOT}.gz"
    first = twin.read_bytes()
    publish(folder / ROOT, LIST)
    assert twin.read_bytes() == first


def test_a_twin_of_another_content_is_not_served(client: FlaskClient, folder: Path) -> None:
    """Something else than publication has replaced the file."""
    (folder / ROOT).write_bytes(LIST.lower())
    os.utime(folder / ROOT, (1, 1))
    plain = get(client, ROOT, Accept_Encoding="gzip")
    assert (plain.data, "Content-Encoding" in plain.headers) == (LIST.lower(), False)


def _publish_and_die_at(step: int, path: Path) -> None:
    """Publish, and be killed at the ``step``-th change of the folder."""
    left = [step]

    def watch(event: str, _arguments: object) -> None:
        if event in ("os.rename", "os.remove"):
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)

    import sys

    sys.addaudithook(watch)
    publish(path, LIST.upper())


@pytest.mark.parametrize("step", [1, 2, 3])
def test_no_twin_outlives_its_file(client: FlaskClient, folder: Path, step: int) -> None:
    """nginx serves any twin that it finds: killed at any step, a file has its own or none; starting mends it."""
    process = SPAWN.Process(target=_publish_and_die_at, args=(step, folder / ROOT))
    process.start()
    process.join()
    assert process.exitcode == 9
    twin = folder / f"{ROOT}.gz"
    assert not twin.exists() or gzip.decompress(twin.read_bytes()) == (folder / ROOT).read_bytes()
    tidy(folder)
    assert gzip.decompress(twin.read_bytes()) == (folder / ROOT).read_bytes() in (LIST, LIST.upper())
    packed = get(client, ROOT, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"


def test_starting_clears_what_killed_writers_left(client: FlaskClient, folder: Path) -> None:
    """But not what is being written at this moment, nor what is not ours."""
    now, old = time.time(), time.time() - LEFTOVER_SECONDS - 60
    made = {".7.root.json.ab_c1234": old, ".7.root.json.zyxw9876": now, ".htaccess": old, "8.root.json.gz": old}
    for name, modified in made.items():
        (folder / "metadata" / name).write_bytes(b"{")
        os.utime(folder / "metadata" / name, (modified, modified))
    tidy(folder)
    left = {path.name for path in (folder / "metadata").iterdir()}
    assert left == {"7.root.json", "7.root.json.gz", "timestamp.json", ".7.root.json.zyxw9876", ".htaccess"}
    for name in made:
        assert get(client, f"metadata/{name}").status_code == 404


def test_two_publishers_leave_a_file_with_its_own_twin(folder: Path) -> None:
    """A member's push and the officer's command at the same moment, in two processes."""
    contents = [LIST, LIST.upper()]
    processes = [SPAWN.Process(target=_publish_often, args=(folder / ROOT, content)) for content in contents]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert gzip.decompress((folder / f"{ROOT}.gz").read_bytes()) == (folder / ROOT).read_bytes() in contents


def _publish_often(path: Path, content: bytes) -> None:
    for _ in range(30):
        publish(path, content)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.json",
        "%2e%2e/secret.json",
        "metadata/%2e%2e/%2e%2e/secret.json",
        "metadata/..%2f..%2fsecret.json",
        "/etc/hostname",
        "%2fetc/hostname",
        "metadata",
        "metadata/",
        "metadata/7.root.json/",
        "metadata/7.root.json.gz",
        "metadata/8.root.json",
        "metadata/.7.root.json.abcd1234",
        ".git/config",
        "metadata/a%00b",
        "metadata/" + "x" * 300,
    ],
)
def test_nothing_else_is_served(client: FlaskClient, folder: Path, path: str) -> None:
    """Keys lie one folder above the mirror."""
    (folder / "metadata" / ".7.root.json.abcd1234").write_bytes(b"{")
    missing = get(client, path)
    assert missing.status_code == 404
    assert missing.cache_control.no_store


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """No foreign exception leaves the room."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable):
        publish(tmp_path / "file" / "7.json", LIST)


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"If_Match": "*"}, 200),
        ({"If_Match": " * "}, 200),
        ({"If_Match": "*", "Range": "bytes=0-9"}, 206),
        ({"If_Match": '"another"'}, 412),
        ({"If_Match": 'W/"another", "a third"'}, 412),
        ({"If_None_Match": "*"}, 304),
    ],
)
def test_conditions_of_a_read(client: FlaskClient, conditions: dict[str, str], status: int) -> None:
    """A star is whatever is there (RFC 9110 sections 13.1.1, 13.1.2); and what is refused does not carry the file."""
    answered = get(client, ROOT, **conditions)
    assert answered.status_code == status
    assert answered.status_code in (200, 206) or LIST not in answered.data


def test_a_read_under_its_own_etag_is_answered(client: FlaskClient) -> None:
    """Beside other ETags too."""
    etag = get(client, ROOT).headers["ETag"]
    assert get(client, ROOT, If_Match=f'"x", {etag}').data == LIST
