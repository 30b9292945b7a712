"""The command line: words in, exit status out."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import (
    LibraryHeld,
    LibraryMissing,
    PlexbayesError,
    RunStopped,
    SettingsInvalid,
)
from flows.commands import COMMANDS, spelled_out
from flows.render import complain, show

DONE, FAILED, USAGE, SOME_FAILED, HELD, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit statuses; the README lists them."""

STATUS: tuple[tuple[type[PlexbayesError], int], ...] = (
    (SettingsInvalid, USAGE),
    (LibraryMissing, USAGE),
    (LibraryHeld, HELD),
    (RunStopped, INTERRUPTED),
    (PlexbayesError, FAILED),
)
"""The exit status of each fault; the first that fits counts."""

NUMBERS = "\n\n".join(f"{c.number}  {c.help}" for c in COMMANDS)

app = typer.Typer(
    help="Infer the ratings you never gave, for a Plex music library.",
    epilog=f"A number stands for a command:\n\n{NUMBERS}",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def plexbayes() -> None:
    """Infer the ratings you never gave, for a Plex music library."""


@app.command()
def infer(
    *,
    phases: Annotated[
        str, typer.Option(help="Which phases, such as 1-4, 3 or 1,2.")
    ] = "1-4",
    start: Annotated[
        str, typer.Option("--from", help="Start at this letter of the artists.")
    ] = "",
    letters: Annotated[str, typer.Option(help="Only these letters: A,B.")] = "",
    dry_run: Annotated[
        bool | None,
        typer.Option("--dry-run/--live", help="Instead of DRY_RUN in the config."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The configuration; else ./config.json.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write a summary to this file.")
    ] = None,
) -> None:
    """Infer ratings from yours and the critics', and write them into Plex."""
    from flows.launch import Request, launch_infer  # noqa: PLC0415 (is slow)

    if start and letters:
        raise SettingsInvalid("Give --from or --letters, not both.")
    wanted = f"from {start}" if start else letters
    summary = launch_infer(Request(phases, wanted, dry_run, str(config or "")))
    if json_file:
        document = json.dumps(asdict(summary), indent=2, ensure_ascii=False)
        json_file.write_text(document + "\n", encoding="utf-8")
    show(summary)
    raise typer.Exit(SOME_FAILED if summary.failed_letters else DONE)


def main() -> None:
    """Run the command line."""
    words = sys.argv[1:]
    debug = "--debug" in words
    try:
        app(spelled_out([word for word in words if word != "--debug"]))
    except PlexbayesError as fault:
        complain(str(fault))
        if debug:
            raise
        sys.exit(next(status for kind, status in STATUS if isinstance(fault, kind)))


if __name__ == "__main__":
    main()
