"""Static publication (静态发布): plain files, served alike by this process and by any web server.

Who publishes calls :func:`publish`; a process serves with :func:`answer`, nginx with ``deploy/nginx``. The rules hold
by the shape of a name, never by a list of names:

- a path with a component that is a SHA-256, or a file that a bundler named after its hash,
  ``assets/index-DfG7_x2k.js``, never changes under its name;
- everything else is news and is asked for again after seconds. So is what carries a number, as ``3.root.json`` or
  ``segments/7.cose``: a number comes again with another content when a key is denied or a backup restored, and a cache
  that had been told otherwise would give out the old one for a year;
- no component begins with a dot (half-written files do), and ``name.gz`` is the compressed twin of ``name``.

A file's modification time is its version: each change moves it by a whole second at least, so that it and the size name
one content. The ETag is made of these two as nginx makes it: one of them may take over from the other unnoticed.
"""

from __future__ import annotations

import gzip
import os
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from flask import Response, request
from werkzeug.exceptions import NotFound, PreconditionFailed, RequestedRangeNotSatisfiable
from werkzeug.http import quote_etag
from werkzeug.security import safe_join

from service_kit.durable import clear_leftovers, remove, write_atomic
from service_kit.process.locking import locked
from service_kit.process.waiting_room import FilePart

NEWS_SECONDS = 5
"""How long a cache may keep what changes under its name: a denial must reach every gate within the minute."""
FOR_EVER_SECONDS = 365 * 24 * 3600
"""What carries its hash in its name never changes."""
PUBLIC = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, Content-Range"}
"""Beside a file that is for everybody: scripts of any site may read it (Fetch standard, section 3.3)."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, If-Range, Range",
    "Access-Control-Max-Age": "86400",
}
"""What a browser is told that asks first whether such a file may be asked for again only if it has changed."""
MIN_COMPRESSED_BYTES = 1024
"""Below this an answer fits into one packet either way."""
WORTH_COMPRESSING = 0.9
"""A twin larger than this share of its file is not worth its place."""
_COMPRESSION_LEVEL = 6
_TWIN = ".gz"
MEDIA_TYPES = {
    ".cose": "application/cose",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".jws": "application/jose",
    ".jwt": "application/statuslist+jwt",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
_TEXTS = frozenset({".css", ".html", ".js", ".json", ".jws", ".jwt", ".svg", ".txt", ".wasm", ".webmanifest"})
"""What compresses; signed binary files and pictures do not."""
_BY_CONTENT = re.compile(r"(?:^|/)[0-9a-f]{64}(?:[./]|$)")
_BUNDLED = re.compile(r"(?:^|/)assets/[^/]+-[\w-]{8}\.[a-z0-9]+$")
_ONE_RANGE = re.compile(r"bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})", re.IGNORECASE)
_HIDDEN = re.compile(r"(?:^|/)\.|\.gz$|/$|\0")


class Opened(NamedTuple):
    """An open file, its size, and when it was modified, in whole seconds."""

    file: BinaryIO
    size: int
    modified: int


def publish(path: Path, data: bytes, lock: Path) -> None:
    """Write ``data`` to ``path`` and its compressed twin beside it, where that pays; each whole or not at all.

    ``lock``: a file outside of what is published, under which all publish here; two of them could pair one's file with
    another's twin. The old twin goes first and the new one comes last: whoever is killed in between leaves a file
    without a twin, never beside another's. Raises StorageFull, StorageUnavailable.
    """
    with locked(lock):
        modified = max(int(time.time()), _modified(path) + 1)
        remove(_twin(path))
        write_atomic(path, data, modified=modified)
        _write_twin(path, data, modified)


def tidy(folder: Path, lock: Path) -> None:
    """Put right what killed writers have left in ``folder`` and below: half-written files, twins missing or stale.

    Any number of processes may call it at once, and may publish meanwhile, under the same ``lock``. Raises
    StorageFull, StorageUnavailable.
    """
    for each in [folder, *(inner for inner in folder.rglob("*") if inner.is_dir())]:
        with locked(lock):
            clear_leftovers(each)
            _match_twins(each)


def cache_control(path: str) -> str:
    """How long the file at ``path`` (relative, with slashes) may be kept."""
    if _BUNDLED.search(path) or _BY_CONTENT.search(path):
        return f"public, max-age={FOR_EVER_SECONDS}, immutable"
    return f"public, max-age={NEWS_SECONDS}"


def answer(folder: Path, path: str) -> Response:
    """The answer to the present GET or HEAD for ``path`` below ``folder``: 200, 206 or 304.

    Raises NotFound, also for what is never served; RequestedRangeNotSatisfiable.
    """
    (file, size, modified), has_twin, is_twin = _chosen(folder, path)
    # A log's checkpoint has a name without a suffix, and is text (C2SP tlog-tiles).
    suffix = ".txt" if Path(path).name == "checkpoint" else Path(path).suffix
    response = Response(FilePart(file, 0, size), direct_passthrough=True)
    response.content_type = MEDIA_TYPES.get(suffix, "application/octet-stream")
    response.content_length = size
    response.last_modified = datetime.fromtimestamp(modified, UTC)
    response.headers["ETag"] = quote_etag(f"{modified:x}-{size:x}")
    response.headers["Cache-Control"] = cache_control(path)
    if has_twin:
        response.vary.add("Accept-Encoding")
    if is_twin:
        response.content_encoding = "gzip"
    try:
        conditional(response, _with_usable_range(size), accept_ranges=True, complete_length=size)
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            response.response = FilePart(file, response.content_range.start or 0, response.content_length or 0)
        return response
    except (PreconditionFailed, RequestedRangeNotSatisfiable):
        file.close()
        raise


def conditional(response: Response, environ: Mapping[str, object], **options: Any) -> Response:
    """The response to a GET or HEAD under the conditions of ``environ`` (RFC 9110 section 13): as it is, 206 or 304.

    Raises PreconditionFailed, RequestedRangeNotSatisfiable. ``If-Match: *`` asks whether there is anything: there is
    (section 13.1.1). werkzeug compares the star with the ETag, and sends a whole file under the status 412.
    """
    conditions = {**environ}
    if str(conditions.get("HTTP_IF_MATCH", "")).strip() == "*":
        del conditions["HTTP_IF_MATCH"]
    response.make_conditional(conditions, **options)
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        raise PreconditionFailed
    return response


def _chosen(folder: Path, path: str) -> tuple[Opened, bool, bool]:
    """The file or its compressed twin, whether there is a twin, and whether it is this."""
    place = None if _HIDDEN.search(path) else safe_join(str(folder), path)
    found = _open(Path(place)) if place else None
    if place is None or found is None:
        raise NotFound
    twin = _open(_twin(Path(place))) if Path(path).suffix in _TEXTS else None
    if twin and twin.modified != found.modified and not _BUNDLED.search(path):
        # Replaced in this moment, or left by something that is not :func:`publish`; a package's files are as they were
        # built, but get the time at which they were installed, each its own.
        twin.file.close()
        twin = None
    if twin is None:
        return found, False, False
    takes_gzip = request.accept_encodings["gzip"] > 0
    (found if takes_gzip else twin).file.close()
    return twin if takes_gzip else found, True, takes_gzip


def _open(path: Path) -> Opened | None:
    """Opened first and measured then: what is measured is what will be sent, whatever replaces it meanwhile."""
    try:
        file = path.open("rb")
    except OSError:
        # A folder, a name too long, no right to read: to a caller there is nothing.
        return None
    status = os.fstat(file.fileno())
    return Opened(file, status.st_size, int(status.st_mtime))


def _with_usable_range(size: int) -> dict[str, object]:
    """The request without a Range that is not one of bytes, for a GET: RFC 9110 section 14.2 has another unit, another
    method and what is no range passed over. Several parts nobody needs, and an attacker multiplies."""
    environ = dict(request.environ)
    if request.method != "GET" or not _is_range(environ.get("HTTP_RANGE", ""), size):
        environ.pop("HTTP_RANGE", None)
    return environ


def _is_range(text: str, size: int) -> bool:
    if not _ONE_RANGE.fullmatch(text):
        return False
    first, last = text.partition("=")[2].split("-")
    if not first:
        # More of the end than there is, is all of it (section 14.1.2).
        return int(last) <= size
    return not last or int(first) <= int(last)


def _twin(path: Path) -> Path:
    return path.with_name(path.name + _TWIN)


def _modified(path: Path) -> int:
    """In whole seconds; 0 when there is no such file."""
    try:
        return int(path.stat().st_mtime)
    except OSError:
        return 0


def _write_twin(path: Path, data: bytes, modified: int) -> None:
    if path.suffix not in _TEXTS or len(data) < MIN_COMPRESSED_BYTES:
        return
    # Without a time inside: the same content gives the same bytes.
    packed = gzip.compress(data, _COMPRESSION_LEVEL, mtime=0)
    if len(packed) <= WORTH_COMPRESSING * len(data):
        write_atomic(_twin(path), packed, modified=modified)


def _match_twins(folder: Path) -> None:
    for twin in folder.glob(f"[!.]*{_TWIN}"):
        if _modified(twin) != _modified(twin.with_suffix("")):
            remove(twin)
    for path in [path for path in folder.glob("[!.]*") if path.suffix in _TEXTS and path.is_file()]:
        if not _twin(path).exists():
            _write_twin(path, path.read_bytes(), _modified(path))
