"""The commands that save ratings of yours to files, and give them back from there."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from flows.cli import options
from flows.cli.options import begin, is_live, write_json
from flows.command_table import DONE, FAILED

if TYPE_CHECKING:
    from tasks.commands.apply import Applied
    from tasks.commands.given_ratings import GivenReport

Kind = Literal["manual", "inferred", "unrated"]
Word = Literal["artist", "album", "track"]
Scale = Literal["stars", "points", "percent"]
_HALF = "Let half stars that are to be inferred be inferred, too."
AdoptHalf = Annotated[bool, typer.Option("--adopt-half-stars", help=_HALF)]
History = Annotated[
    str, typer.Option("--history", help="Show what an item's rating was instead.")
]
OnlyMissing = Annotated[
    bool, typer.Option("--only-missing", help="Only where no rating of yours stands.")
]


def backup(
    *,
    path: Annotated[Path | None, typer.Argument(help="Else a new one.")] = None,
    history: History = "",
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Save what you rated, with all that tells an item from others."""
    from flows.local_runner import launch  # noqa: PLC0415 (is slow)
    from flows.reports.terminal import notify, show_counts  # noqa: PLC0415
    from tasks.commands.backup import back_up, rating_history  # noqa: PLC0415

    settings = begin(config, json_file, path, overwrite=overwrite)
    if history:
        lines = launch(rating_history, settings, history, accept=accept_library)
        for line in lines or [f"No backup knows {history!r}."]:
            notify(line)
        raise typer.Exit(DONE if lines else FAILED)
    saved = launch(back_up, settings, path, accept=accept_library)
    show_counts("Backup", saved)
    notify(f"Saved to {saved.path}." if saved.path else "There is nothing to save.")
    write_json(json_file, saved)


def restore(
    *,
    path: Annotated[Path, typer.Argument(help="The file, packed or not.")],
    only_missing: OnlyMissing = False,
    dry_run: options.DryRun = None,
    yes: options.Yes = False,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Give the ratings of a backup back; they are yours, and not inferred."""
    from flows.local_runner import ask, launch  # noqa: PLC0415 (is slow)
    from tasks.commands.backup import restore as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    live = is_live(settings, dry_run=dry_run)
    where = "where none of yours stands" if only_missing else "over what stands there"
    if live and not ask(f"Give the ratings of {path.name} back {where}?", yes=yes):
        raise typer.Exit(DONE)
    work_on = partial(work, only_missing=only_missing)
    given = launch(work_on, settings, path, live=live, accept=accept_library)
    _conclude("Restore", given, json_file)


def export(
    *,
    path: Annotated[Path, typer.Argument(help="The file, such as all.csv.")],
    only: Annotated[Kind | None, typer.Option(help="Only such ratings.")] = None,
    level: Annotated[Word | None, typer.Option(help="Only such items.")] = None,
    letters: options.Letters = "",
    artist: Annotated[str, typer.Option(help="Only this artist, by name.")] = "",
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Write each item with its rating, whose it is, and how sure it is, in stars."""
    from engine.partition import parse_letters  # noqa: PLC0415 (is slow)
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.terminal import notify, show_counts  # noqa: PLC0415
    from tasks.commands.spreadsheet import Wanted  # noqa: PLC0415
    from tasks.commands.spreadsheet import export as work  # noqa: PLC0415

    settings = begin(config, json_file, path, overwrite=overwrite)
    wanted = Wanted(str(parse_letters(letters)), artist, only or "", level or "")
    exported = launch(work, settings, path, wanted, accept=accept_library)
    show_counts("Export", exported)
    notify(f"Written to {path}. Change stars there, and `plexbayes import` takes them.")
    write_json(json_file, exported)


def import_(
    *,
    path: Annotated[Path, typer.Argument(help="CSV, iTunes XML or M3U; or packed.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where another of yours stands.")
    ] = False,
    adopt_half_stars: AdoptHalf = False,
    scale: Annotated[Scale | None, typer.Option(help="Of the file's ratings.")] = None,
    stars: Annotated[str, typer.Option(help="Of all songs of an M3U list.")] = "",
    dry_run: options.DryRun = None,
    yes: options.Yes = False,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Take ratings from a file; they are yours from then on, and not inferred."""
    from flows.local_runner import ask, launch  # noqa: PLC0415 (is slow)
    from flows.reports.terminal import notify  # noqa: PLC0415
    from tasks.commands.spreadsheet import ImportRequest, understood  # noqa: PLC0415
    from tasks.commands.spreadsheet import import_ratings as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    asked = ImportRequest(path, scale or "", stars, replace, adopt_half_stars)
    source = understood(asked)
    for line in source.mapping():
        notify(line)
    live = is_live(settings, dry_run=dry_run)
    if live and not ask("Give these ratings?", yes=yes):
        raise typer.Exit(DONE)
    given = launch(work, settings, asked, live=live, accept=accept_library)
    _conclude("Import", given, json_file)


def apply(
    *,
    path: Annotated[Path, typer.Argument(help="The file of a saved plan.")],
    dry_run: options.DryRun = None,
    yes: options.Yes = False,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Write exactly what a saved plan says, but for what was changed since."""
    from flows.local_runner import ask, launch  # noqa: PLC0415 (is slow)
    from tasks.commands.apply import apply as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    live = is_live(settings, dry_run=dry_run)
    if live and not ask(f"Write what {path.name} says?", yes=yes):
        raise typer.Exit(DONE)
    _conclude("Apply", launch(work, settings, path, live=live), json_file)


def _conclude(
    title: str, given: "GivenReport | Applied", json_file: Path | None
) -> NoReturn:
    """Show what became of a file's ratings, and how to take them back."""
    from flows.reports.terminal import notify, show_counts  # noqa: PLC0415 (is slow)

    show_counts(title, given)
    if given.run_id:
        notify(f"To take it back: plexbayes undo --run {given.run_id[:8]} --live")
    write_json(json_file, given)
    raise typer.Exit(FAILED if given.failed else DONE)
