"""The command ``tongxing log monitor``: looks at logs once, for a timer that calls it every few minutes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from credentials.errors import FetchFailed, FetchTooLarge, InvalidRequest, MetadataRejected, OperationError
from credentials.log.keys import NoteKey
from credentials.log.policy import WitnessPolicy
from service_kit.commands import Command
from service_kit.fetch import Fetcher, require_base, require_safe
from service_kit.inputs import INPUT, OUTPUT, Input
from service_kit.terminal import as_json, in_words, print_line, print_result
from trust_registry.client.log_reader import LogReader
from trust_registry.commands.options import ROOT, local_clock, policy_in, registry_url, remote_fetcher
from trust_registry.monitor.findings import LogFinding
from trust_registry.monitor.following import FollowedLog
from trust_registry.monitor.in_force import InForce, fetch_in_force
from trust_registry.monitor.monitor import GRACE_SECONDS, Looked, Monitor
from trust_registry.monitor.own_log import OwnLog
from trust_registry.monitor.own_records import read_own_records
from trust_registry.monitor.state import MAX_LOGS, MonitorState, read_state, write_state
from trust_registry.monitor.telling import tell_webhook, write_metrics

ALARM, UNKNOWN = 1, 2
"""Exit codes: something is wrong; nothing is, as far as could be seen, and something could not be fetched."""
OWN_LOG = "own-log"
"""Under this name the roof puts what opens the issuer's log into the context's ``meta``: this floor knows no issuer."""
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_InForce = InForce | MetadataRejected | FetchFailed | FetchTooLarge | None


class _Place(NamedTuple):
    origin: str
    keys: list[NoteKey]
    url: str | None


@click.command("monitor", cls=Command)
@registry_url
@click.option(
    "--policy", required=True, type=INPUT, help="Which logs: lines `log VKEY [URL]`; without URL the registry's own."
)
@click.option("--state", "state_file", required=True, type=OUTPUT, help="The monitor's one file of memory.")
@click.option("--root", type=ROOT, help="trust-root.json: compare what is in force, and follow members' logs too.")
@click.option("--province", "directory", type=_FOLDER, help="A province's folder: compare all under its name.")
@click.option(
    "--issuer",
    "is_compared",
    is_flag=True,
    help="Compare the province's own log with the database of its issuer, by the settings of this machine's issuer.",
)
@click.option("--metrics", type=OUTPUT, help="Write numbers for Prometheus to this file, NAME.prom.")
@click.option("--webhook", help="Post findings to this address, each time they change.")
@click.option("--acknowledge", multiple=True, metavar="ABOUT", help="Somebody has looked into it: `leaf 17`.")
@click.option("--grace", default=GRACE_SECONDS, show_default=True, type=click.IntRange(0), help="Seconds for a leaf.")
@as_json
@click.pass_context
def monitor(
    context: click.Context,
    url: str,
    policy: Input,
    state_file: Path,
    root: Input | None,
    directory: Path | None,
    is_compared: bool,
    metrics: Path | None,
    webhook: str | None,
    acknowledge: tuple[str, ...],
    grace: int,
    as_json: bool,
) -> None:
    """Look at public logs, and compare them with what was seen before, what is in force, and a province's own records.

    Ends with 0 when all is well, with 1 when something is wrong (each kind has its own word), with 2 when something
    could not be fetched and nothing else is wrong. Call it every few minutes by a timer.

    \b
    Example:
      tongxing log monitor --registry https://registry.example/registry --policy registry.policy \\
          --root trust-root.json --province henan --state monitor.json
    """
    require_base(url, "--registry")
    if webhook:
        require_safe(webhook, "--webhook")
    fetcher, now = remote_fetcher(), local_clock().now()
    before = _acknowledged(read_state(state_file), acknowledge)
    own = read_own_records(directory) if directory else None
    own_log: OwnLog | None = context.meta[OWN_LOG]() if is_compared else None
    mirror = f"{url.rstrip('/')}/mirror"
    # Before the logs: what is in force then has its leaf already, or is waited for.
    in_force = _in_force(fetcher, mirror, root)
    places = list(_places(policy_in(policy), in_force, now))
    registry = next((place.origin for place in places if place.url is None), None)
    logs = [FollowedLog(place.origin, place.keys, LogReader(place.url or f"{mirror}/log", fetcher)) for place in places]
    # Without the list nobody knows where members' logs lie, and the look says so: no fault of the call.
    is_known = not isinstance(in_force, Exception)
    if own_log and is_known and own_log.origin not in {log.origin for log in logs}:
        raise InvalidRequest(
            f"--issuer: the log {own_log.origin} is not followed; add its line `log VKEY URL` to --policy, or --root"
        )
    looked = Monitor(own, grace, own_log).look(before, logs, registry, in_force, now)
    # Before anybody is told: a webhook that hangs must not cost the memory of what was seen.
    write_state(state_file, looked.state)
    if metrics:
        write_metrics(metrics, looked, now)
    if webhook:
        _tell(webhook, fetcher, looked, state_file)
    print_result(as_json, _fields(looked), _lines(looked))
    context.exit(_exit_code(looked.findings))


def _in_force(fetcher: Fetcher, mirror: str, root: Input | None) -> _InForce:
    try:
        return fetch_in_force(fetcher, mirror, root.data) if root else None
    except (MetadataRejected, FetchFailed, FetchTooLarge) as error:
        return error


def _places(policy: WitnessPolicy, in_force: _InForce, now: int) -> Iterable[_Place]:
    """The policy's logs, then those of members; of one origin the policy's alone."""
    places: dict[str, _Place] = {}
    for log in policy.logs:
        place = places.setdefault(log.key.name, _Place(log.key.name, [], log.url))
        place.keys.append(log.key)
    if not places:
        raise InvalidRequest("--policy: names no log; a line `log VKEY` does, with the key from `registry state`")
    if isinstance(in_force, InForce):
        listed = [each for each in in_force.logs(now) if each.key.name not in places]
        for member_log in listed:
            place = places.setdefault(member_log.key.name, _Place(member_log.key.name, [], member_log.url))
            place.keys.append(member_log.key)
    return list(places.values())[:MAX_LOGS]


def _acknowledged(state: MonitorState, abouts: Sequence[str]) -> MonitorState:
    logs = {origin: each.with_acknowledged(abouts) for origin, each in state.logs.items()}
    return replace(state, logs=logs)


def _tell(webhook: str, fetcher: Fetcher, looked: Looked, state_file: Path) -> None:
    try:
        write_state(state_file, tell_webhook(webhook, fetcher, looked))
    except OperationError as error:
        print_line(f"webhook: {error.code}: {error.detail}", err=True)


def _fields(looked: Looked) -> dict[str, Any]:
    logs = {
        origin: {"leaves": each.checkpoint(origin).size, "read": each.read, "kinds": dict(each.kinds)}
        for origin, each in looked.state.logs.items()
    }
    return {"logs": logs, "findings": [each.fields() for each in looked.findings]}


def _lines(looked: Looked) -> Iterator[str]:
    for origin, each in looked.state.logs.items():
        yield f"{origin}: {each.checkpoint(origin).size} leaves, {each.read} read"
    for finding in looked.findings:
        yield f"{finding.word}  {finding.about}  {in_words(finding.text)}  [{finding.log}: {finding.detail}]"


def _exit_code(findings: Sequence[LogFinding]) -> int:
    if any(each.is_alarm for each in findings):
        return ALARM
    return UNKNOWN if findings else 0
