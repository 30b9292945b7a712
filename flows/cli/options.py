"""Options that several commands share, and the report that one of them wants."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from engine.errors import UsageError

if TYPE_CHECKING:
    from tasks.config.settings import Settings

Config = Annotated[
    Path | None, typer.Option(help="The configuration; else ./config.json.")
]
DryRun = Annotated[
    bool | None, typer.Option("--dry-run/--live", help="Instead of DRY_RUN.")
]
_JSON = "Also write the report as JSON to this file; ratings in points (0-10)."
Json = Annotated[Path | None, typer.Option("--json", help=_JSON)]
_LETTERS = "Only these letters: B,P or A-C or #-D or 'from P'."
Letters = Annotated[str, typer.Option(help=_LETTERS)]
_PLAN = "Also write every planned rating (points) to this CSV file."
Plan = Annotated[Path | None, typer.Option(help=_PLAN)]

_SAVE = "Of a dry run: save the plan to this JSON file, for `plexbayes apply`."
SavePlan = Annotated[Path | None, typer.Option("--save-plan", help=_SAVE)]


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (as typer calls it)
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 (--help needs none)

        typer.echo(f"plexbayes {version('plexbayes')}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace a file named here that exists.")
]


def _known_timezone(name: str) -> str:
    from zoneinfo import available_timezones  # noqa: PLC0415 (reads many files)

    if name not in available_timezones():
        raise UsageError(
            f"--timezone {name!r} is not a time zone that this machine knows. Write "
            "one such as Europe/Berlin, America/New_York or UTC."
        )
    return name


Timezone = Annotated[
    str, typer.Option(callback=_known_timezone, help="Of the schedules.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Answer every question with yes.")]
_ACCEPT = "Let the record follow a re-created library, or another account."
Accept = Annotated[bool, typer.Option("--accept-library", help=_ACCEPT)]
_LARGE = "Go on although very much of what was inferred would change."
AcceptLarge = Annotated[bool, typer.Option("--accept-large-change", help=_LARGE)]
_REPAIR = "Put tags and record right instead; ratings stay."
Repair = Annotated[bool, typer.Option("--repair", help=_REPAIR)]
_GONE = "With --repair: also forget what is on record of items that are gone."
ForgetGone = Annotated[bool, typer.Option("--forget-gone", help=_GONE)]
Drill = Annotated[str, typer.Option(help="Play the undo of a share, as 5%, in memory.")]
_CANARY = "Also write the first batch of a run, and undo it."
Canary = Annotated[bool, typer.Option("--canary", help=_CANARY)]
_PREFECT = "Run it as a Prefect flow, as whenever PREFECT_API_URL names a server."
_OURS = "Only delete the playlists that plexbayes keeps."
OurPlaylists = Annotated[bool, typer.Option("--playlists", help=_OURS)]
_VERBOSE = "Also print all tables."
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help=_VERBOSE)]
Prefect = Annotated[bool, typer.Option("--prefect", help=_PREFECT)]
Model = Annotated[
    Literal["classic", "hierarchical"] | None, typer.Option(help="Instead of MODEL.")
]


def begin(
    config: Path | None, *outputs: Path | None, overwrite: bool = False
) -> "Settings":
    """Load the configuration, once for all of a command.

    Outputs are the files that a person named. What must not, or cannot, be written is
    refused before the work starts; the configuration and the record are never replaced.

    Raises:
        SettingsInvalid: The configuration cannot be used.
        UsageError: Such a file was named.
    """
    named = [path.resolve() for path in outputs if path]
    if len(set(named)) < len(named):
        raise UsageError(
            f"{named[0].name} is named for two outputs: the one would replace the "
            "other. Name two files."
        )
    from flows.reports.terminal import notify  # noqa: PLC0415 (--help needs none)
    from tasks.config.config_file import config_path  # noqa: PLC0415
    from tasks.config.output_files import refuse_output  # noqa: PLC0415
    from tasks.config.settings import load_settings  # noqa: PLC0415
    from tasks.record.backups import database_files  # noqa: PLC0415

    settings, warnings = load_settings(config)
    record = database_files(settings.state_url.get_secret_value())
    for path in outputs:
        refuse_output(path, [config_path(config), *record], overwrite=overwrite)
    for sentence in warnings:
        notify(sentence)
    return settings


def share_of(text: str) -> float:
    """Return a share from 0 to 1 that was given in per cent; 0: none was.

    Raises:
        UsageError: It is no share.

    >>> share_of("5%"), share_of("12.5 %"), share_of("")
    (0.05, 0.125, 0.0)
    """
    if not text:
        return 0.0
    try:
        share = float(text.rstrip("% ")) / 100
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise UsageError(f"{text!r} is no share. Write one such as 5%, at most 100%.")
    return share


def is_live(settings: "Settings", *, dry_run: bool | None) -> bool:
    """Return whether a command may change anything: by its option, else by DRY_RUN."""
    return not (settings.dry_run if dry_run is None else dry_run)


def write_json(path: Path | None, report: Any, **more: Any) -> None:  # noqa: ANN401
    """Write a report to a file, if one is wanted."""
    if path is None:
        return
    from tasks.config.output_files import write_text  # noqa: PLC0415

    document = (asdict(report) if not isinstance(report, dict) else report) | more
    text = json.dumps(document, indent=2, ensure_ascii=False, default=asdict)
    write_text(path, text + "\n")
