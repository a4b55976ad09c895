"""A client of any TUF repository by this house's own steps, as the suite tuf-conformance calls one::

    python -m trust_registry.client.conformance --metadata-dir DIR init ROOT
    python -m trust_registry.client.conformance --metadata-dir DIR --metadata-url URL refresh
    python -m trust_registry.client.conformance --metadata-dir DIR --metadata-url URL --target-name NAME
                                                --target-base-url URL --target-dir DIR download

It ends with 0, or with 1 where anything was not as it must be. Gates do not use it: it shows that the steps by which
they believe a mirror are those of the specification. Of delegations it follows none, as a gate follows one alone.
Source: theupdateframework/tuf-conformance, CLIENT-CLI.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, TargetFile

from credentials.errors import FetchFailed, MetadataRejected, TongxingError
from service_kit.clock import SystemClock
from service_kit.durable import read_if_there, remove, write_atomic
from service_kit.fetch import Fetcher
from service_kit.settings import ServiceSettings, read_settings
from service_kit.terminal import print_line
from trust_registry.client.trust.repository import Roles, verify_roles
from trust_registry.client.trust.updater import MAX_FILE_BYTES, MAX_ROOT_BYTES, MAX_TIMESTAMP_BYTES

KEPT = ("timestamp", "snapshot", "targets")
_LIMITS = {"root": MAX_ROOT_BYTES, "timestamp": MAX_TIMESTAMP_BYTES}


class FolderRoles(Roles):
    """The roles that were verified, each in its file at once: ``root.json``, the last of its chain, and three more."""

    def __init__(self, folder: Path) -> None:
        found = {name: read_if_there(folder / f"{name}.json") for name in KEPT}
        super().__init__({name: data for name, data in found.items() if data is not None})
        self._folder = folder

    def record(self, name: str, data: bytes, forgotten: Iterable[str] = ()) -> None:
        super().record(name, data, forgotten)
        write_atomic(self._folder / f"{name.rpartition('.')[2]}.json", data)
        for each in forgotten:
            remove(self._folder / f"{each}.json")


class UrlSource:
    """Metadata at a URL. Files of a repository without consistent snapshots have no version in their names."""

    def __init__(self, url: str, fetcher: Fetcher, folder: Path) -> None:
        self._url, self._fetcher, self._folder = url.rstrip("/"), fetcher, folder

    def metadata(self, role: str, version: int | None) -> bytes | None:
        is_versioned = version is not None and (role == "root" or _is_consistent(self._folder))
        name = f"{version}.{role}.json" if is_versioned else f"{role}.json"
        try:
            return self._fetcher.get(f"{self._url}/{name}", limit=_LIMITS.get(role, MAX_FILE_BYTES)).body
        except FetchFailed as error:
            if role == "root" and error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
                return None
            raise

    def target(self, name: str, digest: str) -> bytes | None:
        """Nothing: targets have another address."""
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the suite asks for; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        _COMMANDS[asked.command](asked)
    except (TongxingError, RepositoryError, OSError) as error:
        print_line(f"{type(error).__name__}: {error}", err=True)
        return 1
    return 0


def _init(asked: argparse.Namespace) -> None:
    write_atomic(asked.metadata_dir / "root.json", asked.root.read_bytes())


def _refresh(asked: argparse.Namespace) -> dict[str, TargetFile]:
    root = (asked.metadata_dir / "root.json").read_bytes()
    source = UrlSource(asked.metadata_url, _fetcher(), asked.metadata_dir)
    return verify_roles(source, root, FolderRoles(asked.metadata_dir), SystemClock().now()).targets


def _download(asked: argparse.Namespace) -> None:
    target = _refresh(asked).get(asked.target_name)
    if target is None:
        raise MetadataRejected("no target of that name, and no delegation is followed")
    place = asked.target_dir / quote(asked.target_name, safe="")
    held = read_if_there(place)
    if held is None or not _is(target, held):
        content = _fetcher().get(_address(asked, target), limit=target.length).body
        if not _is(target, content):
            raise MetadataRejected("the target has another content than the one that is signed for")
        write_atomic(place, content)


def _address(asked: argparse.Namespace, target: TargetFile) -> str:
    folder, slash, name = target.path.rpartition("/")
    if _is_consistent(asked.metadata_dir):
        name = f"{next(iter(target.hashes.values()))}.{name}"
    return f"{asked.target_base_url.rstrip('/')}/{quote(folder + slash + name)}"


def _is(target: TargetFile, content: bytes) -> bool:
    try:
        target.verify_length_and_hashes(content)
    except RepositoryError:
        return False
    return True


def _fetcher() -> Fetcher:
    return read_settings(ServiceSettings, {"TONGXING_DATA_DIR": ".", **os.environ}).fetcher()


def _is_consistent(folder: Path) -> bool:
    root = Metadata.from_bytes((folder / "root.json").read_bytes()).signed
    return isinstance(root, Root) and bool(root.consistent_snapshot)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trust_registry.client.conformance")
    for option in ("--metadata-url", "--target-name", "--target-base-url"):
        parser.add_argument(option, default="")
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--target-dir", type=Path)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init").add_argument("root", type=Path)
    for name in ("refresh", "download"):
        commands.add_parser(name)
    return parser


_COMMANDS = {"init": _init, "refresh": _refresh, "download": _download}

if __name__ == "__main__":
    sys.exit(main())
