"""``tongxing verifier state`` and ``sync``: how fresh a gate's folder is, and bringing it up to date by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from credentials.errors import BundleRejected, FetchFailed, InvalidRequest, TongxingError
from credentials.log.proof import HEADER as PROOF_HEADER
from credentials.log.proof import read_proof
from service_kit.cache.store import InProcessCache
from service_kit.commands import Command
from service_kit.fetch import require_base
from service_kit.inputs import INPUT, Input
from service_kit.locale import beijing_time
from service_kit.settings import read_settings
from service_kit.terminal import as_json, print_line, print_result
from trust_registry.client.record.comparison import Answer
from trust_registry.client.trust.bundle import bundle_at
from trust_registry.commands.options import local_clock
from trust_registry.metadata.file_names import TRUST
from verifier.commands.options import gate_options
from verifier.config import VerifierSettings
from verifier.gate.gate import Gate
from verifier.keeping.freshness import Freshness, sources_of
from verifier.keeping.offline import OWN_FAULT, Sources, bundle_error, stored, trust_exit
from verifier.keeping.state import compared_to_json, state_to_json

_EXITS = {Answer.SAME: 0, Answer.FORK: 1, Answer.CANNOT: 2}


@click.command("state", cls=Command)
@gate_options
@as_json
@click.pass_context
def state(context: click.Context, sources: Sources, as_json: bool) -> None:
    """Say how old everything is that a gate's folder holds, without network.

    \b
    Example:
      tongxing verifier state --trust /srv/gate --root trust-root.json --member CN-44
    """
    clock = local_clock()
    gate = Gate(sources.policy(), clock, InProcessCache(clock))
    with stored(sources, clock, gate) as freshness:
        _say(as_json, state_to_json(gate, freshness))
        context.exit(trust_exit(freshness, sources.root.name))


@click.command("sync", cls=Command)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True),
    help="Take this offline bundle (zip or folder) instead of calling the registry.",
)
@as_json
@click.pass_context
def sync(context: click.Context, bundle: Path | None, as_json: bool) -> None:
    """Bring the gate's folder up to date, once. A gate that is running sees it within its next round.

    The settings are those of the service (TONGXING_DATA_DIR, TONGXING_TRUST_ROOT, TONGXING_MEMBER, …). Ends with 70
    when the registry's list could not be fetched: the gate then goes on by what it has.

    \b
    Example:
      tongxing verifier sync --bundle /media/usb/bundle.zip
    """
    settings = read_settings(VerifierSettings, os.environ)
    clock = settings.clock()
    gate = Gate(settings.policy, clock, InProcessCache(clock))
    place = sources_of(settings)
    freshness = Freshness(place, settings.member, clock, gate.learn, settings.fetcher())
    try:
        if bundle is not None:
            _take(freshness, bundle)
        else:
            freshness.load()
            freshness.refresh()
        state = state_to_json(gate, freshness)
        if freshness.compared is not None:
            state["bundle_compared"] = compared_to_json(freshness.compared)
        _say(as_json, state)
        if bundle is None:
            code = trust_exit(freshness, f"TONGXING_TRUST_ROOT {settings.trust_root}")
            of_list = [failure.code for failure in freshness.failures() if failure.file == TRUST]
            is_unfetched = FetchFailed.code in of_list
            context.exit(code or OWN_FAULT * is_unfetched)
    finally:
        freshness.stop()


@click.command("compare", cls=Command)
@click.argument("file", type=INPUT)
@gate_options
@click.option("--registry", "url", envvar="TONGXING_REGISTRY_URL", default="", help="Asked for the log's hashes.")
@as_json
@click.pass_context
def compare(context: click.Context, file: Input, sources: Sources, url: str, as_json: bool) -> None:
    """Compare another gate's checkpoint in FILE with this gate's: do both see one history of the registry?

    FILE is what `verifier state --json` printed there, a checkpoint, or a proof; - is standard input. Ends with 0 for
    one history, 1 for a fork (the evidence is kept in the gate's folder), 2 where the two cannot be compared.

    \b
    Example:
      tongxing verifier state --json > ours.json          # at one gate
      tongxing verifier compare ours.json                 # at another
    """
    if url:
        require_base(url, "--registry")
        sources = replace(sources, mirror_url=f"{url.rstrip('/')}/mirror")
    clock = local_clock()
    gate = Gate(sources.policy(), clock, InProcessCache(clock))
    with stored(sources, clock, gate) as freshness:
        compared = freshness.compare(_checkpoint_in(file))
    said = compared_to_json(compared) or {}
    print_result(as_json, said, [_compared(said)])
    context.exit(_EXITS[compared.answer])


def _checkpoint_in(file: Input) -> bytes:
    """The signed note in what another gate printed, in a proof, or by itself."""
    if file.data.startswith(PROOF_HEADER.encode()):
        return read_proof(file.data).note.content
    if not file.data.lstrip().startswith(b"{"):
        return file.data
    found = file.json_object().get("record") or {}
    note = (found.get("checkpoint") or {}).get("note") if isinstance(found, dict) else None
    if not isinstance(note, str):
        raise InvalidRequest(f"{file.name}: no checkpoint in it: print it by `tongxing verifier state --json`")
    return note.encode()


def _take(freshness: Freshness, bundle: Path) -> None:
    try:
        freshness.take_bundle(bundle_at(bundle))
    except TongxingError as error:
        if freshness.compared is not None and freshness.compared.answer is Answer.FORK:
            # The bundle is refused for something else; this is worth more.
            print_line(f"{bundle}: another history of the registry's log than this gate's", err=True)
        if isinstance(error, BundleRejected):
            raise bundle_error(bundle, error) from error
        raise


def _say(as_json: bool, state: dict[str, Any]) -> None:
    print_result(as_json, state, _lines(state))


def _lines(state: dict[str, Any]) -> Iterator[str]:
    trust = state["trust"]
    yield f"trust list   {_age(trust and trust['age'])}" + (f", members: {trust['members']}" if trust else "")
    yield from _record_lines(state["record"])
    for rules in state["rules"]:
        yield f"rules        set {rules['rule_set']} version {rules['version']}" + " in force" * rules["in_force"]
    if foreign := state["foreign_keys"]:
        count = f"list {foreign['sequence']}, {foreign['issuers']} issuers, {foreign['keys']} keys"
        yield f"foreign keys {_age(foreign['age'])}, {count}, {foreign['withdrawn']} withdrawn cards"
    for member, held in state["members"].items():
        yield f"{member:<12} status {_age(held['status_age'])}, {held['withdrawn'] or 0} withdrawn"
    if state.get("bundle_compared"):
        yield f"bundle       {_compared(state['bundle_compared'])}"
    for failure in state["failures"]:
        yield f"failure      {failure['member']} {failure['file']}: {failure['code']}: {failure['detail']}"
    if state["clock"]["in_doubt"] or state["clock"]["alarm"]:
        yield "clock        this device's clock is not that of the registry: set it"


def _record_lines(record: dict[str, Any] | None) -> Iterator[str]:
    if record is None:
        return
    by = f" by {', '.join(record['cosigned_by'])}" if record["cosigned_by"] else ""
    yield f"record       {record['state']}{by}"
    if checkpoint := record["checkpoint"]:
        yield f"checkpoint   {checkpoint['origin']}: {checkpoint['size']} leaves, root {checkpoint['root']}"
    if record["compared"]:
        yield f"history      {_compared(record['compared'])}"
    if record["policy_waits_until"] is not None:
        yield f"policy       the list's own counts from {beijing_time(record['policy_waits_until'])} UTC+8"
    if record["alarm"]:
        yield f"ALARM        {record['code']}: {record['detail']}"


def _compared(compared: dict[str, str]) -> str:
    return f"{compared['answer']}{': ' if compared['detail'] else ''}{compared['detail']}"


def _age(seconds: int | None) -> str:
    return "none" if seconds is None else f"{seconds // 3600} h {seconds % 3600 // 60} min old"
