"""The commands that ask the models themselves: backtest, tune and why."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.options import (
    Accept,
    Config,
    Json,
    Model,
    Overwrite,
    Verbose,
    begin,
    write_json,
)

Regime = Literal["track5", "album5", "artist5", "keep20"]


def backtest(
    *,
    regime: Annotated[
        Regime,
        typer.Option(
            help="What is hidden: tracks, albums, artists, or all but 20 % of all."
        ),
    ] = "track5",
    picture: Annotated[
        Path | None, typer.Option(help="Also draw a picture: .svg, .png or .pdf.")
    ] = None,
    verbose: Verbose = False,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
    accept_library: Accept = False,
) -> None:
    """Hide ratings of yours, and see which model guesses them best."""
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.charts import draw_backtest, refuse_picture  # noqa: PLC0415
    from flows.reports.model_reports import show_backtest  # noqa: PLC0415
    from tasks.commands.analysis import backtest as work  # noqa: PLC0415
    from tasks.config.config_file import reports_folder  # noqa: PLC0415

    if picture is not None:
        refuse_picture(picture)
    settings = begin(config, json_file, picture, overwrite=overwrite)
    test, verdict = launch(
        lambda context: work(context, regime, reports_folder(config)),
        settings,
        live=False,
        accept=accept_library,
    )
    write_json(json_file, test, verdict=asdict(verdict))
    if picture is not None:
        draw_backtest(test, picture)
    show_backtest(test, verdict, verbose=verbose)


def tune(
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write them into config.json.")
    ] = False,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
    accept_library: Accept = False,
) -> None:
    """Fit the constants of the classic model to your own ratings."""
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.model_reports import show_tuning  # noqa: PLC0415
    from flows.reports.terminal import notify  # noqa: PLC0415
    from tasks.commands.analysis import tune as work  # noqa: PLC0415
    from tasks.config.config_file import config_path  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    path = config_path(config)
    tuning = launch(
        lambda context: work(context, path if write else None),
        settings,
        live=False,
        accept=accept_library,
    )
    write_json(json_file, tuning)
    show_tuning(tuning)
    notify(f"Written to {path}." if write else "Nothing written; use --write to save.")


def why(
    item: Annotated[
        str, typer.Argument(help="A ratingKey, or names: artist / album / track.")
    ],
    *,
    model: Model = None,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
    accept_library: Accept = False,
) -> None:
    """Take the inferred rating of an item apart."""
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.model_reports import show_why  # noqa: PLC0415
    from tasks.commands.analysis import why as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    explained = launch(
        lambda context: work(context, item, model or ""),
        settings,
        live=False,
        accept=accept_library,
    )
    write_json(json_file, explained)
    show_why(explained)
