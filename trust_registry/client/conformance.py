"""A client of any TUF repository by this house's own steps, as the suite tuf-conformance calls one::

    python -m trust_registry.client.conformance --metadata-dir DIR init ROOT
    python -m trust_registry.client.conformance --metadata-dir DIR --metadata-url URL refresh
    python -m trust_registry.client.conformance --metadata-dir DIR --metadata-url URL --target-name NAME
                                                --target-base-url URL --target-dir DIR download

``--target-name`` may stand several times. It ends with 0, or with 1 where anything was not as it must be. Gates do not
use it: it shows that the steps by which they believe a mirror are those of the specification. The search through
delegations alone is its own, for a gate knows the one delegated role that it reads; each role that the search comes to
is verified by the gates' step.
Source: theupdateframework/tuf-conformance, CLIENT-CLI.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, TargetFile, Targets

from credentials.errors import FetchFailed, MetadataRejected, TongxingError
from service_kit.clock import SystemClock
from service_kit.durable import read_if_there, remove, write_atomic
from service_kit.fetch import Fetcher
from service_kit.settings import ServiceSettings, read_settings
from service_kit.terminal import print_line
from trust_registry.client.trust.repository import Roles, VerifiedRoles, verify_roles
from trust_registry.client.trust.updater import MAX_FILE_BYTES, MAX_ROOT_BYTES, MAX_TIMESTAMP_BYTES

MAX_DELEGATED_ROLES = 32
"""How many delegated roles one search comes to; a mirror must not be able to make it endless (TUF 5.6.7.1)."""
_LIMITS = {"root": MAX_ROOT_BYTES, "timestamp": MAX_TIMESTAMP_BYTES}


class FolderRoles(Roles):
    """The roles that were verified, each in its file at once: ``root.json``, the last of its chain, and one for each
    other role, its name quoted as in a URL."""

    def __init__(self, folder: Path) -> None:
        files = [each for each in folder.glob("*.json") if each.name != "root.json"]
        super().__init__({unquote(each.stem): each.read_bytes() for each in files})
        self._folder = folder

    def record(self, name: str, data: bytes, forgotten: Iterable[str] = ()) -> None:
        super().record(name, data, forgotten)
        # By what it is: a delegated role may be called "2.root", and must not take the place of the root.
        is_root = isinstance(Metadata.from_bytes(data).signed, Root)
        write_atomic(self._folder / f"{'root' if is_root else quote(name, safe='')}.json", data)
        for each in forgotten:
            remove(self._folder / f"{each}.json")


class UrlSource:
    """Metadata at a URL. Files of a repository without consistent snapshots have no version in their names."""

    def __init__(self, url: str, fetcher: Fetcher, folder: Path) -> None:
        self._url, self._fetcher, self._folder = url.rstrip("/"), fetcher, folder

    def metadata(self, role: str, version: int | None) -> bytes | None:
        is_versioned = version is not None and (role == "root" or _is_consistent(self._folder))
        name = f"{version}.{quote(role, safe='')}.json" if is_versioned else f"{quote(role, safe='')}.json"
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


def _refresh(asked: argparse.Namespace) -> VerifiedRoles:
    root = (asked.metadata_dir / "root.json").read_bytes()
    source = UrlSource(asked.metadata_url, _fetcher(), asked.metadata_dir)
    return verify_roles(source, root, FolderRoles(asked.metadata_dir), SystemClock().now())


def _download(asked: argparse.Namespace) -> None:
    roles = _refresh(asked)
    for name in asked.target_name:
        target = _find(roles, name)
        if target is None:
            raise MetadataRejected(f"no role that may list it lists {name}")
        place = asked.target_dir / quote(name, safe="")
        held = read_if_there(place)
        if held is None or not _is(target, held):
            write_atomic(place, _fetch(asked, target))


def _fetch(asked: argparse.Namespace, target: TargetFile) -> bytes:
    content = _fetcher().get(_address(asked, target), limit=target.length).body
    if not _is(target, content):
        raise MetadataRejected("the target has another content than the one that is signed for")
    return content


def _find(roles: VerifiedRoles, path: str) -> TargetFile | None:
    """A target in the first role that lists it: depth first, in the order of the delegations, each role once, and
    after a terminating one none that stood beside it (TUF 5.6.7)."""
    role, seen, waiting = roles.targets, {"targets"}, list[tuple[str, Targets]]()
    while path not in role.targets:
        below, ends = _responsible(role, path)
        waiting = [each for each in (below if ends else below + waiting) if each[0] not in seen]
        if not waiting or len(seen) > MAX_DELEGATED_ROLES:
            return None
        (name, delegator), *waiting = waiting
        seen.add(name)
        role = roles.delegated(name, delegator)
    return role.targets[path]


def _responsible(role: Targets, path: str) -> tuple[list[tuple[str, Targets]], bool]:
    """The roles to which a role delegates a path, with it as their delegator; whether the last one ends the search."""
    found = []
    for name, is_terminating in role.delegations.get_roles_for_target(path) if role.delegations else ():
        found.append((name, role))
        if is_terminating:
            return found, True
    return found, False


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
    for option in ("--metadata-url", "--target-base-url"):
        parser.add_argument(option, default="")
    parser.add_argument("--target-name", action="append", default=[])
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
