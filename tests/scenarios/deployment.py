"""A registry and one province, as operators have them: real processes, real keys, everything published once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demonstration.cast import HENAN, ActingProvince, Registry
from demonstration.world import World


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
    with World(folder) as world:
        registry = Registry(world)
        province = ActingProvince(world, registry, HENAN)
        enrol(registry, province)
        province.prepare()
        province.server.settings["TONGXING_LOG_LEVEL"] = "DEBUG"
        world.start(province.server)
        province.publish_rules()
        province.publish_status()
        province.wait_for(lambda state: state["rules"] and state["members"][HENAN.member]["status_sequence"])
        yield world, registry, province


def request(name: str, number: str, form: str = "paper", **more: object) -> dict[str, object]:
    """What an application asks for: a code for somebody with a negative test of five hours ago."""
    evidence = {"kind": "nucleic-acid", "result": "negative", "sampled_at": int(time.time()) - 5 * 3600,
                "region": 410102}  # fmt: skip
    return {"name": name, "document": {"number": number}, "form": form, "evidence": [evidence], **more}
