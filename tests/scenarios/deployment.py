"""A registry and one province, as operators have them: real processes, real keys, everything published once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

import cli
from demonstration.cast import HENAN, ActingProvince, Registry
from demonstration.world import World


class FoundedWorld(World):
    """A world that is set up by commands in this process, which has loaded them: each needs a tenth of the time.

    Once it ``stands``, every command is a process of its own, as it is an operator's.
    """

    stands = False

    def attempt(
        self, *arguments: str, settings: Mapping[str, str] | None = None, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``tongxing`` and return how it ended, whatever that is."""
        if self.stands:
            return super().attempt(*arguments, settings=settings, stdin=stdin)
        return here(arguments, settings or {}, stdin)


def here(
    arguments: Sequence[str], settings: Mapping[str, str], stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``tongxing`` in this process, with these settings of ours alone, and return how it ended."""
    nothing_of_ours = {name: None for name in os.environ if name.startswith("TONGXING_")}
    with CliRunner().isolation(stdin, {**nothing_of_ours, **settings}) as (told, complaint, _):
        with pytest.raises(SystemExit) as ended:
            cli.main([*arguments])
        sys.stdout.flush()
        sys.stderr.flush()
    # Its standard error is closed, and others write logs in this process.
    structlog.reset_defaults()
    code = ended.value.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, told.getvalue().decode(), complaint.getvalue().decode())


def enrol(registry: Registry, *provinces: ActingProvince) -> None:
    """Have the provinces listed: by their own statements and two officers."""
    for province in provinces:
        province.submit_statement()
    draft = registry.draft({province.home.member: province.home.entry() for province in provinces})
    for officer in (0, 1):
        registry.approve(draft["id"], officer)
    assert registry.publish(draft["id"])


@contextmanager
def deployed(folder: Path) -> Iterator[tuple[World, Registry, ActingProvince]]:
    """Henan, enrolled, serving its issuer and its gate, with rules and status on the mirror. Ends with the block."""
    with FoundedWorld(folder) as world:
        registry = Registry(world)
        province = ActingProvince(world, registry, HENAN)
        enrol(registry, province)
        province.prepare()
        province.server.settings["TONGXING_LOG_LEVEL"] = "DEBUG"
        world.start(province.server)
        province.publish_rules()
        province.publish_status()
        province.wait_for(lambda state: state["rules"] and state["members"][HENAN.member]["status_sequence"])
        world.stands = True
        yield world, registry, province


def request(name: str, number: str, form: str = "paper", **more: object) -> dict[str, object]:
    """What an application asks for: a code for somebody with a negative test of five hours ago."""
    evidence = {"kind": "nucleic-acid", "result": "negative", "sampled_at": int(time.time()) - 5 * 3600,
                "region": 410102}  # fmt: skip
    return {"name": name, "document": {"number": number}, "form": form, "evidence": [evidence], **more}
