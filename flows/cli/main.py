"""The command line: words in, exit status out."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import (
    ConfigMissing,
    LibraryHeld,
    LibraryMissing,
    PlexbayesError,
    RunStopped,
    SettingsInvalid,
    UsageError,
)
from flows.cli import model_commands, rating_commands, state_commands
from flows.cli.options import Version
from flows.cli.serve import serve, server
from flows.command_table import (
    COMMANDS,
    EXIT_STATUSES,
    FAILED,
    HELD,
    HELP,
    INTERRUPTED,
    USAGE,
    Command,
    epilog,
    numbered,
    spelled_out,
)
from flows.reports.terminal import complain, replace_unprintable, show_menu
from tasks.runtime.processes import distrust_working_folder

STATUS: tuple[tuple[type[PlexbayesError], int], ...] = (
    (UsageError, USAGE),
    (SettingsInvalid, USAGE),
    (LibraryMissing, USAGE),
    (LibraryHeld, HELD),
    (RunStopped, INTERRUPTED),
    (PlexbayesError, FAILED),
)
"""The exit status of each error; the first that fits counts."""

NAME = "plexbayes"
COMPLETION = f"_{NAME.upper()}_COMPLETE"
"""The variable with which a shell asks for completions."""

app = typer.Typer(
    epilog="\n\n".join(
        ["A number stands for a command:", *numbered().splitlines(), EXIT_STATUSES]
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


@app.callback()
def plexbayes(
    *,
    version: Version = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", help="Show the traceback of an error; works with any command."
        ),
    ] = False,
) -> None:
    """Infer the ratings you never gave, for a Plex music library."""


def _add(work: Callable[..., None]) -> None:
    """Add a function to the command line, with what the table says of its name."""
    name = work.__name__.replace("_", "-")
    app.command(
        name,
        help=HELP[name],
        epilog=epilog(name),
        context_settings={"help_option_names": ["-h", "--help"]},
    )(work)


for work in (
    rating_commands.infer,
    rating_commands.verify,
    rating_commands.undo,
    rating_commands.rank,
    model_commands.backtest,
    model_commands.tune,
    model_commands.why,
    serve,
    server,
    rating_commands.recover,
    state_commands.import_state,
    state_commands.export_state,
    state_commands.init,
    state_commands.doctor,
):
    _add(work)


def main() -> None:
    """Run the command line; without words, a menu asks for them."""
    replace_unprintable(sys.stdout, sys.stderr)
    os.umask(0o077)  # the record, backups, reports and Prefect's home are private
    distrust_working_folder()
    words = sys.argv[1:]
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        app(spelled_out(words) or _menu(), prog_name=NAME)
    except PlexbayesError as error:
        if _offer_config(error):
            return
        complain(str(error))
        if debug:
            sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(next(status for kind, status in STATUS if isinstance(error, kind)))


def _offer_config(error: PlexbayesError) -> bool:
    """Offer to create the configuration if it is all that is missing."""
    if not isinstance(error, ConfigMissing) or not sys.stdin.isatty():
        return False
    from flows.cli.init import init as work  # noqa: PLC0415

    complain(str(error))
    return work(Path(error.path))


def _menu() -> list[str]:
    if COMPLETION in os.environ:  # the shell asks what may follow, not a person
        return []
    if not sys.stdin.isatty():
        return ["--help"]
    return choose()


def choose() -> list[str]:
    """Ask what to do, and return it as words of the command line."""
    show_menu([(str(c.number), c.help) for c in COMMANDS if c.number is not None])
    show_menu([("q", "Quit.")])
    try:
        command = _ask_command()
        if command is None:
            raise SystemExit(0)
        letter = _ask_letter() if command.asks_letter else ""
    except (EOFError, KeyboardInterrupt):
        raise SystemExit(0) from None
    return [*command.words, *(["--from", letter] if letter else [])]


def _ask_letter() -> str:
    return input("Start at which letter of the artists? (Enter for all) ").strip()


def _ask_command() -> Command | None:
    by_number = {str(c.number): c for c in COMMANDS if c.number is not None}
    while True:
        answer = input("Your choice (0-8, q): ").strip().lower()
        if answer in by_number:
            return by_number[answer]
        if answer == "q":
            return None


if __name__ == "__main__":
    main()
