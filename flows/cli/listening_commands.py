"""The commands for people who listen: report, playlists, and what to rate next."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import UsageError
from flows.cli import options
from flows.cli.options import begin, is_live, write_json
from flows.command_table import DONE

Out = Annotated[Path | None, typer.Option(help="The page; else reports/report.html.")]
_WHERE = "A rule of your own, such as 'track rating > 3.5 and genre is jazz'."
Where = Annotated[list[str] | None, typer.Option("--where", help=_WHERE)]
_MAKE = "Let plexbayes keep playlists in Plex: gems, forgotten or gems,forgotten."
Make = Annotated[str, typer.Option("--make", help=_MAKE)]
_PLAYLIST = "Also keep them as a playlist in Plex, named Please rate."
AsPlaylist = Annotated[bool, typer.Option("--playlist", help=_PLAYLIST)]


def report(
    *,
    out: Out = None,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Write a page about your library, as it is and as a run would leave it."""
    from flows.local_runner import launch  # noqa: PLC0415 (is slow)
    from flows.report_file import save_report  # noqa: PLC0415
    from flows.reports.terminal import say  # noqa: PLC0415
    from tasks.commands.report import report as work  # noqa: PLC0415
    from tasks.config.config_file import reports_folder  # noqa: PLC0415

    settings = begin(config, json_file, out, overwrite=overwrite)
    folder = reports_folder(config)
    found = launch(work, settings, folder, accept=accept_library)
    write_json(json_file, found)
    say(f"See it: {save_report(found, folder, out)}")


def playlists(
    *,
    where: Where = None,
    make: Make = "",
    dry_run: options.DryRun = None,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Show what smart playlists about ratings hold now, and after the next run."""
    from flows.local_runner import launch  # noqa: PLC0415 (is slow)
    from flows.reports.listening import show_playlists  # noqa: PLC0415
    from tasks.commands.playlists import playlists as work  # noqa: PLC0415

    kinds = _kinds(make)
    settings = begin(config, json_file, overwrite=overwrite)
    live = bool(kinds) and is_live(settings, dry_run=dry_run)
    asked = settings, where or [], kinds
    found = launch(work, *asked, live=live, accept=accept_library)
    show_playlists(found)
    write_json(json_file, found)


def _kinds(text: str) -> list[str]:
    known = ("gems", "forgotten")
    kinds = [word.strip() for word in text.split(",") if word.strip()]
    for kind in kinds:
        if kind not in known:
            some = ", ".join(known)
            raise UsageError(f"--make {kind!r}: no such playlist. There are: {some}.")
    return list(dict.fromkeys(kinds))


def ask(
    count: Annotated[int, typer.Argument(min=1, max=1000, help="How many.")] = 20,
    *,
    playlist: AsPlaylist = False,
    dry_run: options.DryRun = None,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Say which tracks to rate next: those that tell most about all others."""
    from flows.local_runner import launch  # noqa: PLC0415 (is slow)
    from flows.reports.listening import show_asked  # noqa: PLC0415
    from tasks.commands.ask import ask as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    live = is_live(settings, dry_run=dry_run)
    work_on = partial(work, playlist=playlist)
    found = launch(work_on, settings, count, live=live, accept=accept_library)
    show_asked(found)
    write_json(json_file, found)
    raise typer.Exit(DONE)
