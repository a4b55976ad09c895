"""What the commands of every service share: the option ``--json``, and printing a result for programs or people."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import click

from service_kit.locale import Text, reader_languages

as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def say(as_json: bool, result: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print a result: for programs as one line of JSON, for people as ``lines``."""
    if as_json:
        say_json(result)
    else:
        for line in lines:
            click.echo(line)


def in_words(zh: str, en: str) -> str:
    """A message in each of the reader's languages, on one line."""
    return " · ".join(map(Text(zh, en).of, reader_languages(os.environ)))


def say_json(result: Mapping[str, Any]) -> None:
    """One JSON object on one line."""
    click.echo(json.dumps(result, ensure_ascii=False))
