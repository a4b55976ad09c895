"""The issuer's commands as somebody types them."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from issuer.cli import issuer as commands


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(commands, list(arguments), input=stdin, catch_exceptions=False)


def answer(*arguments: str, stdin: str = "") -> dict[str, Any]:
    result = run(*arguments, "--json", stdin=stdin)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))
