"""The command ``tongxing log``: what anybody can do with a public log, believing nobody who keeps it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from credentials.decisions.proof import is_decision_file
from credentials.errors import InvalidRequest, Malformed, TooLarge
from credentials.log.checkpoint import Checkpoint
from credentials.log.keys import to_base64
from credentials.log.note import Note
from credentials.log.policy import WitnessPolicy, check_policy, cosigners
from credentials.log.proof import check_proof, read_proof
from credentials.log.tree import leaf_hash
from service_kit.commands import Command, Group
from service_kit.durable import write_atomic
from service_kit.fetch import require_base
from service_kit.inputs import INPUT, OUTPUT, Input
from service_kit.terminal import as_json, print_result
from trust_registry.client.decision_proof import prove as prove_by_list
from trust_registry.client.decision_proof import prove_by
from trust_registry.client.log_reader import LogReader
from trust_registry.client.trust.bundle import bundle_at, read_bundle
from trust_registry.commands.decision import print_decision, print_whether
from trust_registry.commands.monitor import monitor
from trust_registry.commands.options import ROOT, local_clock, policy_in, remote_fetcher

_BELOW_REGISTRY = "mirror/log"
_REGISTRY_URL = "TONGXING_REGISTRY_URL"
_registry = click.option(
    "--registry", "url", envvar=_REGISTRY_URL, help=f"The registry's base URL. [default: {_REGISTRY_URL}]"
)
_place = click.option("--log", "log_url", help="Where the log's checkpoint lies. [default: mirror/log of the registry]")
_policy = click.option(
    "--policy", type=INPUT, help="Whose signatures count (C2SP tlog-policy): log, witness, group and quorum lines."
)


@click.group(cls=Group)
def log() -> None:
    """Read public logs and check proofs (公开日志)."""


@log.command("show", cls=Command)
@_registry
@_place
@_policy
@as_json
def show(url: str | None, log_url: str | None, policy: Input | None, as_json: bool) -> None:
    """Print the log's newest checkpoint: its origin, how many leaves, their root, who has signed.

    Without a policy nobody's signature is checked, and it says so.

    \b
    Example:
      tongxing log show --registry https://registry.example/registry --policy registry.policy
    """
    checkpoint, note = _reader(url, log_url).checkpoint()
    if policy:
        check_policy(policy_in(policy), note)
    fields = _fields(checkpoint, note, policy_in(policy) if policy else None)
    print_result(as_json, fields, _lines(fields))


@log.command("prove", cls=Command)
@click.argument("number", type=click.IntRange(min=0))
@_registry
@_place
@click.option("-o", "--output", required=True, type=OUTPUT, help="The proof's file, NAME.tlog-proof.")
@as_json
def prove(number: int, url: str | None, log_url: str | None, output: Path, as_json: bool) -> None:
    """Fetch leaf NUMBER with the proof that it is in the log, as one file that `log verify` checks without network.

    \b
    Example:
      tongxing log prove 17 --registry https://registry.example/registry -o leaf-17.tlog-proof
    """
    proof = _reader(url, log_url).prove(number)
    write_atomic(output, proof.content)
    print_result(as_json, {"number": number, "file": str(output)}, [f"leaf {number}: {output}"])


@log.command("verify", cls=Command)
@click.argument("file", type=INPUT)
@click.argument("more", nargs=-1, type=INPUT)
@click.option("--policy", type=INPUT, help="Of a tlog-proof: whose signatures count (C2SP tlog-policy).")
@click.option("--leaf", type=INPUT, help="Of a tlog-proof: the leaf's bytes, where it does not carry them.")
@click.option("--bundle", type=click.Path(path_type=Path, exists=True), help="Of a decision: a bundle, zip or folder.")
@click.option("--root", type=ROOT, help="Of a decision: the registry's trust-root.json, as it was handed over.")
@as_json
@click.pass_context
def verify(
    context: click.Context, file: Input, more: tuple[Input, ...], policy: Input | None, leaf: Input | None,
    bundle: Path | None, root: Input | None, as_json: bool,
) -> None:  # fmt: skip
    """Check a proof without network: that a leaf is in a log (C2SP tlog-proof), or a decision that a resident saved.

    Of a leaf those whom the policy asks for must have signed. Of a decision everything follows from the trust list in
    the bundle: the province's key signed the code, the code names this very text, a leaf of the province's log counts
    it, and of one by hand two people signed it by keys that were in force. Ends with 0 when it holds and prints what
    was proved, with 1 when it does not. Of several decisions each has a line, with --json an object; one that does not
    hold stops no other.

    \b
    Examples:
      tongxing log verify leaf-17.tlog-proof --policy registry.policy
      tongxing log verify decision.json --bundle bundle.zip --root trust-root.json
      tongxing log verify decisions/*.json --bundle bundle.zip --root trust-root.json
    """
    if is_decision_file(file.data) or more:
        if bundle is None or root is None:
            raise click.UsageError("a decision is checked by a trust list: name --bundle and --root")
        if more:
            trust = read_bundle(bundle_at(bundle), root.data, local_clock().now()).snapshot
            asked = ((each.name, partial(prove_by_list, each.data, trust)) for each in (file, *more))
            holds = [print_whether(name, prove, as_json) for name, prove in asked]
            context.exit(0 if all(holds) else 1)
        proved = prove_by(file.data, bundle, root.data, local_clock().now())
        print_decision(proved, as_json)
        if proved.signed is not None and proved.signed.faults:
            context.exit(1)
        return
    if policy is None:
        raise click.UsageError("a tlog-proof is checked by a policy: name --policy")
    judged_by = policy_in(policy)
    with file.named(Malformed, TooLarge):
        proof = read_proof(file.data)
    entry = leaf.data if leaf else proof.extra
    if entry is None:
        raise InvalidRequest(f"{file.name}: carries no leaf; name its file by --leaf")
    checkpoint = check_proof(proof, leaf_hash(entry), judged_by)
    fields = {
        **_fields(checkpoint, proof.note, judged_by),
        "number": proof.number,
        "leaf": entry.decode("utf-8", "replace"),
    }
    print_result(as_json, fields, [f"leaf {proof.number}: {fields['leaf']}", *_lines(fields)])


def _reader(url: str | None, log_url: str | None) -> LogReader:
    if not (url or log_url):
        raise click.UsageError(f"name --registry (or set {_REGISTRY_URL}), or --log")
    place = log_url or f"{str(url).rstrip('/')}/{_BELOW_REGISTRY}"
    require_base(place, "--log" if log_url else "--registry")
    return LogReader(place, remote_fetcher())


def _fields(checkpoint: Checkpoint, note: Note, policy: WitnessPolicy | None) -> dict[str, Any]:
    cosigned = sorted(key.name for key in cosigners(policy, note)) if policy else []
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": to_base64(checkpoint.root),
        "signed": [line.name for line in note.signatures],
        "checked": policy is not None,
        "witnesses": cosigned,
    }


def _lines(fields: dict[str, Any]) -> list[str]:
    state = f"cosigned by {', '.join(fields['witnesses'])}" if fields["witnesses"] else "unwitnessed"
    signed = state if fields["checked"] else "signatures not checked: name a policy by --policy"
    return [f"{fields['origin']}: {fields['size']} leaves, root {fields['root']}", signed]


log.add_command(monitor)
