"""The commands about the record and the set-up: states, init and doctor."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import (
    Canary,
    Config,
    DryRun,
    Json,
    Overwrite,
    begin,
    is_live,
    write_json,
)
from flows.command_table import DONE, FAILED


def import_state(
    *,
    path: Annotated[Path, typer.Argument(help="The file.")] = Path("plex_state.json"),
    dry_run: DryRun = None,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
) -> None:
    """Put what the original recorded onto our record, as far as Plex agrees."""
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.terminal import show_counts  # noqa: PLC0415
    from tasks.commands.recover import import_state as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    live = is_live(settings, dry_run=dry_run)
    imported = launch(lambda context: work(context, path), settings, live=live)
    show_counts("Import", imported)
    write_json(json_file, imported)


def export_state(
    *,
    path: Annotated[Path, typer.Argument(help="The file.")] = Path("plex_state.json"),
    overwrite: Overwrite = False,
    config: Config = None,
) -> None:
    """Write the record as a plex_state.json that the original understands."""
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.terminal import notify  # noqa: PLC0415
    from tasks.commands.recover import export_state as work  # noqa: PLC0415

    settings = begin(config, path, overwrite=overwrite)
    count = launch(lambda context: work(context, path), settings, live=False)
    notify(f"{count} ratings written to {path}.")


def init(*, config: Config = None) -> None:
    """Create the configuration by asking; an existing one is never touched."""
    from flows.cli.init import init as work  # noqa: PLC0415
    from tasks.config.config_file import config_path  # noqa: PLC0415

    raise typer.Exit(DONE if work(config_path(config)) else FAILED)


def doctor(*, canary: Canary = False, config: Config = None) -> None:
    """Check everything, and say what to do about it; changes nothing."""
    from flows.cli import doctor as work  # noqa: PLC0415

    raise typer.Exit(work.report(work.doctor(config, canary=canary)))
