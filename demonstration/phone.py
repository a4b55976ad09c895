"""A holder's phone, played from the command line: makes its key, asks for a code, shows it live.

The key never leaves the folder that stands for the phone. What leaves it is a proof of possession, on the way to a
code, and live presentations, which are good for a minute and a half.
"""

from __future__ import annotations

from pathlib import Path

import click

from credentials.algorithms.table import PrivateKey
from credentials.errors import Conflict, NotFound
from credentials.formats import native, presentation
from credentials.formats.presentation import challenge
from credentials.keys import new_private_key
from credentials.qr import draw_terminal
from issuer.requests.holder_proof import make_proof
from service_kit.clock import SystemClock
from service_kit.commands import Group
from service_kit.durable import write_atomic
from service_kit.fetch import require_base
from service_kit.inputs import INPUT, STANDARD_STREAM, Input
from service_kit.terminal import as_json, print_drawing, print_result
from trust_registry.key_files import read_key, write_key

_KEY = "holder.pem"
_CODE = "code.txt"


class Phone:
    """The folder that stands for a phone: ``holder.pem`` (mode 0600) and ``code.txt``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make_key(self) -> None:
        """A fresh key. Raises Conflict when the phone has one: a code is bound to it."""
        if (self._folder / _KEY).exists():
            raise Conflict(f"{self._folder}: this phone has a key already, and perhaps a code; name another folder")
        write_key(self._folder / _KEY, new_private_key(), None)

    def proof(self, audience: str, at: int, act: str | None = None) -> str:
        """Proof of possession for the issuer at ``audience``, to be sent with the request for a code, or for ``act``.

        Raises NotFound without a key.
        """
        return make_proof(self._key(), audience, at, act)

    def keep(self, text: str) -> None:
        """Keep a code that the issuer gave. Raises NotACredential, TooLarge or Malformed."""
        native.unwrap(text)
        write_atomic(self._folder / _CODE, native.bare(text).encode(), mode=0o600)

    def show(self, at: int) -> str:
        """The live code at ``at`` (seconds UTC by this phone's clock). Raises NotFound without a key or a code."""
        key = self._key()
        return presentation.present(self.code(), key, at)

    def answer(self, asked: str, at: int) -> str:
        """The live code that answers a gate's challenge (``TXN1:``), whatever this phone's clock says.

        Raises NotACredential, TooLarge or Malformed for what is no challenge, NotFound without a code.
        """
        gate, nonce = challenge.unwrap(asked)
        return presentation.present(self.code(), self._key(), at, nonce, gate)

    def code(self) -> str:
        """The kept code, which no gate takes bare."""
        path = self._folder / _CODE
        if not path.exists():
            raise NotFound(
                f"{self._folder}: this phone has no code yet: `tongxing holder keep {self._folder} < code.txt`"
            )
        return path.read_text()

    def _key(self) -> PrivateKey:
        if not (self._folder / _KEY).exists():
            raise NotFound(f"{self._folder}: this phone has no key yet: `tongxing holder new {self._folder}` makes one")
        return read_key(self._folder / _KEY)


@click.group(cls=Group)
def holder() -> None:
    """A holder's phone, for tests and demonstrations: key, code, live code."""


_folder = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_offset = click.option("--clock-offset", default=0, help="Seconds by which this phone's clock is wrong.")


@holder.command()
@_folder
def new(folder: Path) -> None:
    """Make the phone's key in FOLDER, which stands for the phone.

    \b
    Example:
      tongxing holder new ./phone
    """
    Phone(folder).make_key()


@holder.command()
@_folder
@click.option("--issuer", required=True, help="Base URL of the issuer that the proof is for.")
@_offset
@as_json
def proof(folder: Path, issuer: str, clock_offset: int, as_json: bool) -> None:
    """Print a proof of possession of the phone's key.

    It goes into the request for a code as holder_proof, and is good for a few minutes.

    \b
    Example:
      tongxing holder proof ./phone --issuer http://127.0.0.1:8041/issuer
    """
    require_base(issuer, "--issuer")
    made = Phone(folder).proof(issuer, SystemClock(clock_offset).now())
    print_result(as_json, {"holder_proof": made}, [made])


@holder.command()
@_folder
@click.argument("code", type=INPUT, default=STANDARD_STREAM)
def keep(folder: Path, code: Input) -> None:
    """Keep a code, from a file or from standard input.

    \b
    Example:
      tongxing holder keep ./phone < code.txt
    """
    Phone(folder).keep(code.text())


@holder.command()
@_folder
@click.option("--challenge", "asked", type=INPUT, help="File with a gate's challenge to answer; - reads it.")
@click.option("--qr", is_flag=True, help="Draw it in the terminal instead of printing the text.")
@_offset
@as_json
def show(folder: Path, asked: Input | None, qr: bool, clock_offset: int, as_json: bool) -> None:
    """Show the live code, signed now: by this phone's clock, or over the challenge of a gate.

    \b
    Example:
      tongxing holder show ./phone | tongxing verifier check -
      tongxing verifier challenge | tongxing holder show ./phone --challenge -
    """
    phone, now = Phone(folder), SystemClock(clock_offset).now()
    text = phone.show(now) if asked is None else phone.answer(asked.text(), now)
    if qr:
        print_drawing(draw_terminal(text))
    else:
        print_result(as_json, {"text": text}, [text])
