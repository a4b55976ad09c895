"""Command classes: what is wrong with a command's options and arguments is told all at once, and with its variable."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NoReturn

import click
from click.core import ParameterSource
from click.exceptions import NoSuchCommand

from service_kit.locale import Message
from service_kit.terminal import in_words, print_line

WRONG_USAGE = Message("命令用法有误。", "Wrong usage.")


class WrongUsage(click.UsageError):
    """Everything that is wrong with a call, a message each."""

    def __init__(self, messages: list[str], context: click.Context) -> None:
        super().__init__("\n".join(messages), context)
        self.messages = messages


class Command(click.Command):
    """A command that tells all faults of a call at once, not the first one alone. Before it is carried out, and not for
    its ``--help``, it calls what stands as ``obj`` in the outermost context: what the roof checks for all commands."""

    def invoke(self, ctx: click.Context) -> object:
        check = ctx.find_root().obj
        if callable(check):
            check(ctx)
        return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = [*args]
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as first:
            self._tell_all(ctx, given, first)

    def _tell_all(self, ctx: click.Context, args: list[str], first: click.BadParameter) -> NoReturn:
        options, rest, _ = self.make_parser(ctx).parse_args(args=args)
        # Standard input can be read once: what was wrong with it is not found again.
        messages = [_message(first, first.param, ctx)] if first.param else [first.format_message()]
        for param in self.get_params(ctx):
            try:
                _, rest = param.handle_parse_result(ctx, options, rest)
            except click.BadParameter as error:
                messages.append(_message(error, param, ctx))
        raise WrongUsage(list(dict.fromkeys(messages)), ctx)


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type


def show_usage(error: click.ClickException) -> None:
    """Tell somebody at the terminal what is wrong with their call, and what shows how it is meant."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        for line in error.message.splitlines():
            print_line(line, err=True)
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        for line in context.get_usage().splitlines():
            print_line(line, err=True)
    print_line(in_words(*WRONG_USAGE), err=True)
    messages = error.messages if isinstance(error, WrongUsage) else error.format_message().splitlines()
    if isinstance(error, NoSuchCommand) and context is not None:
        messages = [f"No such command '{error.command_name}'{_meant(error.command_name, context)}"]
    for message in messages:
        print_line(f"  {message}", err=True)
    if context is not None:
        print_line(in_words("用法与示例：", "How it is called:"), f" {context.command_path} --help", err=True)


def _meant(name: str, context: click.Context) -> str:
    known = context.command.list_commands(context) if isinstance(context.command, click.Group) else []
    close = get_close_matches(name, known, 1)
    return f": did you mean {close[0]}?" if close else f": there are {', '.join(known)}."


def _message(error: click.BadParameter, param: click.Parameter, ctx: click.Context) -> str:
    """click's words, with the variable that the value comes from or may come from."""
    variable = param.envvar if isinstance(param.envvar, str) else None
    message = " ".join(error.format_message().split())
    if variable is None:
        return message
    if isinstance(error, click.MissingParameter):
        return f"{message.rstrip('.')}: give it, or set {variable}."
    is_from_there = ctx.get_parameter_source(param.name or "") is ParameterSource.ENVIRONMENT
    return f"{message} (from {variable})" if is_from_there else message
