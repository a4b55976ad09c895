"""``tongxing verifier state`` and ``sync``: how fresh a gate's folder is, and bringing it up to date by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from credentials.errors import BundleRejected, FetchFailed
from service_kit.cache.store import InProcessCache
from service_kit.commands import Command
from service_kit.settings import read_settings
from service_kit.terminal import as_json, print_result
from trust_registry.client.trust.bundle import bundle_at
from trust_registry.commands.options import local_clock
from trust_registry.metadata.file_names import TRUST
from verifier.commands.options import gate_options
from verifier.config import VerifierSettings
from verifier.gate.gate import Gate
from verifier.keeping.freshness import Freshness, KnowledgeSources
from verifier.keeping.offline import OWN_FAULT, Sources, bundle_error, stored, trust_exit
from verifier.keeping.state import state_to_json


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
    place = KnowledgeSources(settings.folder, settings.trust_root.read_bytes(), settings.mirror_url)
    freshness = Freshness(place, settings.member, clock, gate.learn, settings.fetcher())
    try:
        if bundle is not None:
            _take(freshness, bundle)
        else:
            freshness.load()
            freshness.refresh()
        _say(as_json, state_to_json(gate, freshness))
        if bundle is None:
            code = trust_exit(freshness, f"TONGXING_TRUST_ROOT {settings.trust_root}")
            of_list = [failure.code for failure in freshness.failures() if failure.file == TRUST]
            is_unfetched = FetchFailed.code in of_list
            context.exit(code or OWN_FAULT * is_unfetched)
    finally:
        freshness.stop()


def _take(freshness: Freshness, bundle: Path) -> None:
    try:
        freshness.take_bundle(bundle_at(bundle))
    except BundleRejected as error:
        raise bundle_error(bundle, error) from error


def _say(as_json: bool, state: dict[str, Any]) -> None:
    print_result(as_json, state, _lines(state))


def _lines(state: dict[str, Any]) -> Iterator[str]:
    trust = state["trust"]
    yield f"trust list   {_age(trust and trust['age'])}" + (f", members: {trust['members']}" if trust else "")
    for rules in state["rules"]:
        yield f"rules        set {rules['rule_set']} version {rules['version']}" + " in force" * rules["in_force"]
    for member, held in state["members"].items():
        yield f"{member:<12} status {_age(held['status_age'])}, {held['withdrawn'] or 0} withdrawn"
    for failure in state["failures"]:
        yield f"failure      {failure['member']} {failure['file']}: {failure['code']}: {failure['detail']}"
    if state["clock"]["in_doubt"] or state["clock"]["alarm"]:
        yield "clock        this device's clock is not that of the registry: set it"


def _age(seconds: int | None) -> str:
    return "none" if seconds is None else f"{seconds // 3600} h {seconds % 3600 // 60} min old"
