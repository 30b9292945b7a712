"""The command line: words in, exit status out."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine import errors
from engine.errors import PlexbayesError
from flows import command_table as table
from flows.cli import (
    file_commands,
    listening_commands,
    model_commands,
    rating_commands,
)
from flows.cli.options import Version
from flows.cli.serve import serve, server
from flows.command_table import BY_NUMBER, epilog, spelled_out
from flows.reports.terminal import complain, replace_unprintable, show_menu
from tasks.runtime.environment import distrust_working_folder

STATUS: dict[type[PlexbayesError], int] = {
    errors.UsageError: table.USAGE,
    errors.SettingsInvalid: table.USAGE,
    errors.LibraryMissing: table.USAGE,
    errors.LibraryHeld: table.HELD,
    errors.LargeChange: table.LARGE,
    errors.RunStopped: table.INTERRUPTED,
    PlexbayesError: table.FAILED,
}
"""The exit status of each error; the first that fits counts."""

NAME = "plexbayes"
COMPLETION = f"_{NAME.upper()}_COMPLETE"
"""The variable with which a shell asks for completions."""

TRACEBACK = "Show the traceback of an error; works with any command."
Debug = Annotated[bool, typer.Option("--debug", help=TRACEBACK)]
H_IS_HELP = {"help_option_names": ["-h", "--help"]}

HEAD = "A number stands for a command:"
NUMBERS = [HEAD, *table.numbered().splitlines(), table.EXIT_STATUSES]

app = typer.Typer(
    epilog="\n\n".join(NUMBERS),
    context_settings=H_IS_HELP,
    pretty_exceptions_enable=False,
)


@app.callback()
def plexbayes(*, version: Version = False, debug: Debug = False) -> None:
    """Infer the ratings you never gave, for a Plex music library."""


for work in (
    rating_commands.infer,
    rating_commands.verify,
    rating_commands.undo,
    rating_commands.rank,
    model_commands.backtest,
    model_commands.tune,
    model_commands.why,
    listening_commands.report,
    listening_commands.playlists,
    listening_commands.ask,
    serve,
    server,
    file_commands.apply,
    file_commands.backup,
    file_commands.restore,
    file_commands.export,
    file_commands.import_,
    rating_commands.recover,
    rating_commands.import_state,
    rating_commands.export_state,
    rating_commands.init,
    rating_commands.doctor,
):
    name = work.__name__.strip("_").replace("_", "-")
    app.command(
        name, help=table.HELP[name], epilog=epilog(name), context_settings=H_IS_HELP
    )(work)


def main() -> None:
    """Run the command line; without words, a menu asks for them."""
    replace_unprintable(sys.stdout, sys.stderr)
    os.umask(0o077)  # the record, backups, reports and Prefect's home are private
    distrust_working_folder()
    words = sys.argv[1:]
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        app(spelled_out(words) or _default_words(), prog_name=NAME)
    except PlexbayesError as error:
        complain(str(error))
        if debug:
            sys.excepthook(type(error), error, error.__traceback__)
        if isinstance(error, errors.ConfigMissing) and _is_set_up(Path(error.path)):
            return
        statuses = STATUS.items()
        sys.exit(next(code for kind, code in statuses if isinstance(error, kind)))


def _is_set_up(path: Path) -> bool:
    """Offer somebody at a terminal to write the missing configuration."""
    from flows.cli.init import init as work  # noqa: PLC0415

    try:
        return sys.stdin.isatty() and work(path)
    except PlexbayesError as error:
        complain(str(error))
        return False


def _default_words() -> list[str]:
    if COMPLETION in os.environ:  # the shell asks what may follow, not a person
        return []
    return choose() if sys.stdin.isatty() else ["--help"]


def choose() -> list[str]:
    """Ask what to do, and return it as words of the command line."""
    show_menu([*((number, c.help) for number, c in BY_NUMBER.items()), ("q", "Quit.")])
    answer = letter = ""
    try:
        while answer not in BY_NUMBER:
            answer = input("Your choice (0-8, q): ").strip().lower()
            if answer == "q":
                raise SystemExit(0)
        command = BY_NUMBER[answer]
        if "--phases" in command.words:
            letter = input("Start at which letter of the artists? (Enter for all) ")
    except (EOFError, KeyboardInterrupt):
        raise SystemExit(0) from None
    return [*command.words, *(["--from", letter.strip()] if letter.strip() else [])]


if __name__ == "__main__":
    main()
