"""Options that several commands share, and the report that one of them wants."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from engine.errors import SettingsInvalid

Config = Annotated[
    Path | None, typer.Option(help="The configuration; else ./config.json.")
]
DryRun = Annotated[
    bool | None, typer.Option("--dry-run/--live", help="Instead of DRY_RUN.")
]
Json = Annotated[
    Path | None, typer.Option("--json", help="Also write the report to this file.")
]
Plan = Annotated[
    Path | None, typer.Option(help="Also write every planned rating to this CSV file.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Answer every question with yes.")]
Accept = Annotated[
    bool,
    typer.Option(
        "--accept-library",
        help="Let the record follow a library created anew, or another account.",
    ),
]
Canary = Annotated[
    bool,
    typer.Option(
        "--canary", help="Also rate and tag two unrated items, and restore them."
    ),
]
Model = Annotated[
    Literal["classic", "hierarchical"] | None, typer.Option(help="Instead of MODEL.")
]


def write_json(path: Path | None, report: Any, **more: Any) -> None:  # noqa: ANN401
    """Write a report to a file, if one is wanted."""
    if path is None:
        return
    document = (asdict(report) if not isinstance(report, dict) else report) | more
    text = json.dumps(document, indent=2, ensure_ascii=False, default=asdict)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as fault:
        raise SettingsInvalid(f"{path} cannot be written: {fault.strerror}.") from None
