"""The ``tongxing`` command: the services' own command groups under one roof.

Exit codes: 0 done or accepted, 1 refused, 2 undetermined, each only when it was told; 64 wrong usage or setting, 70 our
own fault or an output that could not be written, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from credentials.errors import (
    FetchFailed,
    InvalidRequest,
    OperationError,
    OutputUnwritable,
    PictureUnreadable,
    SettingInvalid,
    TongxingError,
)
from service_kit import logs, terminal
from service_kit.commands import Group, show_usage
from service_kit.locale import TEXTS, UNEXPECTED, text_of
from service_kit.process.workers import counting_together
from service_kit.settings import PREFIX, refuse_unknown
from service_kit.terminal import in_words, print_line

if TYPE_CHECKING:
    from trust_registry.monitor.own_log import OwnLog

REFUSED, WRONG_USAGE, OWN_FAULT, INTERRUPTED = 1, 64, 70, 130
MAX_DETAIL_CHARACTERS = 2000
MAX_WORKERS = 64


GROUPS = {
    "registry": "trust_registry.cli",
    "province": "trust_registry.commands.province",
    "issuer": "issuer.cli",
    "verifier": "verifier.cli",
    "log": "trust_registry.commands.record",
    "doctor": "diagnosis.cli",
    "holder": "demonstration.phone",
    "demo": "demonstration.cli",
    "drill": "demonstration.drills.cli",
}
CHECK_THEMSELVES = frozenset({"serve", "doctor", "demo", "drill"})
"""They look at the settings in their own way: the doctor names what is wrong, a demonstration makes its own."""


class Roof(Group):
    """Imports a service's commands when they are asked for: starting takes a fifth of the time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*GROUPS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(GROUPS[cmd_name]), cmd_name)
        return command


@click.group(cls=Roof, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tongxing")
@click.pass_context
def tongxing(context: click.Context) -> None:
    """通行 Tongxing: health-status credentials that one province signs and every other can check."""
    context.obj = _refuse_unknown_settings
    context.meta["own-log"] = _own_log


def _refuse_unknown_settings(context: click.Context) -> None:
    """A misspelt setting stops a command as it stops the server; the doctor names it among its findings."""
    if context.command_path.split()[1] not in CHECK_THEMSELVES and any(name.startswith(PREFIX) for name in os.environ):
        import wsgi

        refuse_unknown(os.environ, *wsgi.SETTINGS.values())


def _own_log() -> OwnLog:
    """The log in the issuer's database, for the monitor, which stands a floor below."""
    from issuer.commands.opening import own_log

    return own_log()


@tongxing.command()
@click.argument("roles", nargs=-1, required=True, type=click.Choice(["registry", "issuer", "verifier", "witness"]))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, MAX_WORKERS), help="Processes.")
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1, 256), help="Threads of each.")
@click.pass_context
def serve(context: click.Context, roles: tuple[str, ...], host: str, port: int, workers: int, threads: int) -> None:
    """Serve one or more roles, with settings from the environment (docs/configuration.md).

    Example: TONGXING_DATA_DIR=./data tongxing serve registry --port 8000
    """
    from service_kit.process.server import Application, ListenAddress, Size
    from service_kit.process.server import serve as run

    os.environ["TONGXING_ROLES"] = ",".join(dict.fromkeys(roles))
    # granian hands HTTP_* variables on as if they were request headers.
    for name in [name for name in os.environ if name.startswith("HTTP_")]:
        del os.environ[name]
    import wsgi

    # Settings are read once here, so that a wrong one is told before anything is started.
    wsgi.read_roles(os.environ)
    application = Application(wsgi.open_now, wsgi.application)
    with counting_together(workers):
        code = run(application, _complain_at_start, ListenAddress(host, port), Size(workers, threads))
    context.exit(code)


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit with the code that its outcome has.

    A script opens a barrier by this code: 0, 1 and 2 are outcomes that were told, and nothing else ends with them.
    """
    terminal.prepare()
    logs.configure("WARNING")
    code = _outcome(arguments)
    # A refusal that nobody could be told of is no outcome.
    sys.exit(code if code != REFUSED or terminal.was_heard() else OWN_FAULT)


def _outcome(arguments: list[str] | None) -> int:
    try:
        code = tongxing.main(arguments, prog_name="tongxing", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        show_usage(error)
        return WRONG_USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except TongxingError as error:
        return _complain(error)
    except (SystemExit, Exception) as error:
        # click ends with 1 where its help meets a closed pipe, and so would Python for what nobody caught.
        return _own_fault(error)


def _complain(error: TongxingError) -> int:
    """Tell an error to the person at the terminal; the exit code of its kind."""
    if isinstance(error, OutputUnwritable):
        terminal.let_go()
    text, told = text_of(error), str(error)
    if isinstance(error, FetchFailed) and error.address:
        told = f"{error.code}: {error.address}: {error.detail}"
    # A registry's own words may be of any length.
    print_line(f"{in_words(text, ' ')} [{told[:MAX_DETAIL_CHARACTERS]}]", err=True)
    return _exit_code(error)


def _complain_at_start(error: TongxingError) -> int:
    """The same of what keeps a server from starting: a key that is refused there is a wrong setting."""
    return WRONG_USAGE if (code := _complain(error)) == REFUSED else code


def _own_fault(error: BaseException) -> int:
    if isinstance(error, OSError | SystemExit):
        terminal.let_go()
    what = f"{UNEXPECTED}: {type(error).__name__}; {', '.join(logs.places_of(error))}"
    print_line(f"{in_words(TEXTS[UNEXPECTED], ' ')} [{what}]", err=True)
    return OWN_FAULT


def _exit_code(error: TongxingError) -> int:
    if isinstance(error, SettingInvalid | InvalidRequest | PictureUnreadable):
        return WRONG_USAGE
    return OWN_FAULT if isinstance(error, OperationError) else REFUSED


if __name__ == "__main__":
    main()
