"""The commands about ratings: infer, verify, undo, rank and recover."""

from typing import Annotated

import typer

from engine.errors import UsageError
from flows.cli.options import (
    Accept,
    Config,
    DryRun,
    Json,
    Letters,
    Model,
    Overwrite,
    Plan,
    Prefect,
    Yes,
    begin,
    is_live,
    write_json,
)
from flows.command_table import DIFFERS, DONE, FAILED, SOME_FAILED


def infer(
    *,
    phases: Annotated[str, typer.Option(help="Such as 1-4, 3 or 1,2.")] = "1-4",
    start: Annotated[str, typer.Option("--from", help="Start at this letter.")] = "",
    letters: Letters = "",
    model: Model = None,
    dry_run: DryRun = None,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
    plan: Plan = None,
    accept_library: Accept = False,
    prefect: Prefect = False,
) -> None:
    """Infer ratings from yours and the critics', and write them into Plex."""
    from engine.classic import chosen_phases, spelled  # noqa: PLC0415 (is slow)
    from engine.partition import parse_letters, starting_at  # noqa: PLC0415
    from flows.local_runner import launch_infer  # noqa: PLC0415
    from flows.pipeline import Request  # noqa: PLC0415
    from flows.reports.terminal import show_report  # noqa: PLC0415

    if start and letters:
        raise UsageError("Give --from or --letters, not both.")
    wanted = str(starting_at(start) if start.strip() else parse_letters(letters))
    chosen = spelled(chosen_phases(phases))
    settings = begin(config, json_file, plan, overwrite=overwrite)
    dry = not is_live(settings, dry_run=dry_run)
    asked = Request(chosen, wanted, dry, accept_library, model or "")
    summary = launch_infer(asked, settings, config, plan, prefect=prefect)
    show_report(summary)
    write_json(json_file, summary)
    raise typer.Exit(SOME_FAILED if summary.failed_letters else DONE)


def verify(
    *,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
    accept_library: Accept = False,
) -> None:
    """Say whether the record and Plex agree; exit status 5 if not."""
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.terminal import show_audit  # noqa: PLC0415
    from tasks.commands.verify import verify as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    audit = launch(work, settings, live=False, accept=accept_library)
    show_audit(audit)
    write_json(json_file, audit, verdict=audit.verdict)
    raise typer.Exit(DONE if audit.verdict == "IN SYNC" else DIFFERS)


def undo(
    *,
    run: Annotated[str, typer.Option(help="Only what this run wrote.")] = "",
    letters: Letters = "",
    phases: Annotated[str, typer.Option(help="Only what these phases wrote.")] = "1-4",
    artist: Annotated[str, typer.Option(help="Only this artist, by name.")] = "",
    dry_run: DryRun = None,
    yes: Yes = False,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
    accept_library: Accept = False,
) -> None:
    """Take inferred ratings back; what you rated since stays."""
    from engine.classic import chosen_phases  # noqa: PLC0415
    from engine.planning.undo_plan import Selection  # noqa: PLC0415
    from flows.local_runner import ask, launch  # noqa: PLC0415
    from flows.reports.terminal import show_counts  # noqa: PLC0415
    from tasks.commands.undo import undo as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    chosen = Selection(run, letters, tuple(chosen_phases(phases)), artist)
    live = is_live(settings, dry_run=dry_run)
    what = "all" if chosen.is_everything else "the selected"
    if live and not ask(f"Take {what} inferred ratings back?", yes=yes):
        raise typer.Exit(DONE)
    undone = launch(
        lambda context: work(context, chosen),
        settings,
        live=live,
        accept=accept_library,
    )
    show_counts("Undo", undone)
    write_json(json_file, undone)
    raise typer.Exit(FAILED if undone.failed else DONE)


def rank(
    *,
    count: Annotated[int, typer.Option("--count", "-n", min=1)] = 10,
    albums: Annotated[bool, typer.Option("--albums", help="Albums instead.")] = False,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
    accept_library: Accept = False,
) -> None:
    """Show your best and worst artists (or albums), in stars."""
    from engine.library import Level  # noqa: PLC0415
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.terminal import show_ranking  # noqa: PLC0415
    from tasks.commands.verify import rank as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    level = Level.ALBUM if albums else Level.ARTIST
    best, worst = launch(
        lambda context: work(context, count, level),
        settings,
        live=False,
        accept=accept_library,
    )
    show_ranking(best, worst, level.word)
    write_json(json_file, {"top": best, "bottom": worst})


def recover(
    *,
    dry_run: DryRun = None,
    yes: Yes = False,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
    accept_library: Accept = False,
) -> None:
    """Take every rated item that bears the tag back onto the record."""
    from flows.local_runner import ask, launch  # noqa: PLC0415
    from flows.reports.terminal import show_counts  # noqa: PLC0415
    from tasks.commands.recover import recover as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    live = is_live(settings, dry_run=dry_run)
    question = "Take all tagged ratings for inferred ones?"
    if live and not ask(question, yes=yes):
        raise typer.Exit(DONE)
    recovered = launch(work, settings, live=live, accept=accept_library)
    show_counts("Recover", recovered)
    write_json(json_file, recovered)
