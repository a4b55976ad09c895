"""Options that the registry's commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from tuf.api.metadata import Root

from credentials.errors import CredentialError, InvalidRequest, Malformed, MetadataRejected
from credentials.log.policy import WitnessPolicy, read_policy
from credentials.profile.members import is_member_id, no_member_id
from credentials.profile.words import label
from service_kit.clock import Clock
from service_kit.fetch import Fetcher, place_of, require_base
from service_kit.inputs import Input, InputType
from service_kit.settings import ServiceSettings, read_settings
from service_kit.terminal import in_words, print_line, print_result
from trust_registry.config import RegistrySettings
from trust_registry.officer.remote import RemoteRegistry
from trust_registry.province.folder import Submission
from trust_registry.repository.files import signed_part

NOT_SIGNED = label("terminal.not-signed-nothing-has-changed")


class RootType(InputType):
    """A file with a root of trust: a file of another kind is told before anything is asked of anybody."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Input:
        given = super().convert(value, param, ctx)
        try:
            signed_part(given.data, Root)
        except MetadataRejected:
            self.fail(f"{given.name}: no root of trust: ask the registry for its trust-root.json", param, ctx)
        return given


class MemberType(click.ParamType[str]):
    """The id of a member: what is none is told with the one that was probably meant."""

    name = "member"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_member_id(value):
            self.fail(f"{str(value)[:16]}: {no_member_id(value)}", param, ctx)
        return str(value)


ROOT, MEMBER = RootType(), MemberType()

passphrase_file = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File (mode 0600) whose first line opens the key files.",
)
registry_url = click.option(
    "--registry",
    "url",
    required=True,
    envvar="TONGXING_REGISTRY_URL",
    help="The registry's base URL. [default: TONGXING_REGISTRY_URL]",
)
data_dir = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="The registry's folder. [default: TONGXING_DATA_DIR]",
)
officers_root = click.option(
    "--root",
    required=True,
    type=ROOT,
    help="This officer's own copy of trust-root.json.",
)
key_file = click.option(
    "--key",
    "key_path",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The officer's own key file. It is only read.",
)


def asks_to_sign(err: bool) -> bool:
    """Ask the officer whether to sign, on standard error with ``err``; a no is said once more, so that it is seen."""
    try:
        if click.confirm(in_words(label("terminal.sign")), err=err):
            return True
    except click.Abort:
        print_line(err=True)
        print_line(in_words(NOT_SIGNED), err=True)
        raise
    print_line(in_words(NOT_SIGNED), err=err)
    return False


def submission_in(file: Input) -> Submission:
    """The statement in a file, with its proofs. Raises InvalidRequest, naming the file."""
    try:
        return Submission.from_fields(file.json_object())
    except Malformed as error:
        raise InvalidRequest(f"{file.name}: {error.detail}") from error


def policy_in(file: Input) -> WitnessPolicy:
    """The policy (C2SP tlog-policy) in a file. Raises InvalidRequest, naming the file."""
    try:
        return read_policy(file.data)
    except CredentialError as error:
        raise InvalidRequest(f"{file.name}: {error.detail}") from error


def say_submitted(as_json: bool, taken: dict[str, Any]) -> None:
    """What the registry has taken in."""
    print_result(as_json, taken, [f"{taken['member']} statement {taken['sequence']} {taken['state']}: {taken['id']}"])


def local_clock() -> Clock:
    """The clock of the environment, with the offset that demonstrations may set."""
    return _environment().clock()


def remote(url: str) -> RemoteRegistry:
    """The registry at ``url``. Raises SettingInvalid."""
    require_base(url, f"--registry {place_of(url)}")
    return RemoteRegistry(url, _environment().fetcher(), local_clock())


def remote_fetcher() -> Fetcher:
    """What fetches for a command that only reads. Raises SettingInvalid."""
    return _environment().fetcher()


def _environment() -> ServiceSettings:
    return read_settings(ServiceSettings, {"TONGXING_DATA_DIR": ".", **os.environ})


def registry_settings(data_dir: Path | None) -> RegistrySettings:
    """The registry's settings, for commands that work on its folder and talk to nobody."""
    environ: dict[str, Any] = dict(os.environ)
    if data_dir is not None:
        environ["TONGXING_DATA_DIR"] = str(data_dir)
    # These commands talk to nobody, so the address matters to none of them.
    environ.setdefault("TONGXING_REGISTRY_URL", "http://localhost")
    return read_settings(RegistrySettings, environ)
