"""The commands about ratings, their record, and the set-up."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import UsageError
from flows.cli import options
from flows.cli.options import begin, is_live, share_of, write_json
from flows.command_table import DIFFERS, DONE, FAILED, SOME_FAILED


def infer(
    *,
    phases: Annotated[str, typer.Option(help="Such as 1-4, 3 or 1,2.")] = "1-4",
    start: Annotated[str, typer.Option("--from", help="Start at this letter.")] = "",
    letters: options.Letters = "",
    model: options.Model = None,
    dry_run: options.DryRun = None,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    plan: options.Plan = None,
    save_plan: options.SavePlan = None,
    accept_library: options.Accept = False,
    accept_large_change: options.AcceptLarge = False,
    verbose: options.Verbose = False,
    prefect: options.Prefect = False,
) -> None:
    """Infer ratings from yours and the critics', and write them into Plex."""
    from engine.classic import chosen_phases, spelled  # noqa: PLC0415 (is slow)
    from engine.partition import parse_letters, starting_at  # noqa: PLC0415
    from flows.local_runner import launch_infer  # noqa: PLC0415
    from flows.next_steps import after_run  # noqa: PLC0415
    from flows.pipeline import Request  # noqa: PLC0415
    from flows.reports.terminal import show_report  # noqa: PLC0415
    from tasks.runtime.runner import PlanFiles  # noqa: PLC0415

    if start and letters:
        raise UsageError("Give --from or --letters, not both.")
    wanted = str(starting_at(start) if start.strip() else parse_letters(letters))
    chosen = spelled(chosen_phases(phases))
    settings = begin(config, json_file, plan, save_plan, overwrite=overwrite)
    dry = not is_live(settings, dry_run=dry_run)
    if save_plan and not dry:
        raise UsageError("A plan is saved by a dry run: add --dry-run, then apply it.")
    plans = PlanFiles(plan, save_plan)
    accepted = accept_library, accept_large_change
    asked = Request(chosen, wanted, dry, *accepted, model or "")
    summary = launch_infer(asked, settings, config, plans, prefect=prefect)
    show_report(summary, after_run(summary), verbose=verbose)
    write_json(json_file, summary)
    raise typer.Exit(SOME_FAILED if summary.failed_letters else DONE)


def verify(
    *,
    repair: options.Repair = False,
    forget_gone: options.ForgetGone = False,
    drill: options.Drill = "",
    dry_run: options.DryRun = None,
    yes: options.Yes = False,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Return whether the record and Plex agree; exit status 5 if not."""
    from flows.local_runner import ask, launch  # noqa: PLC0415
    from flows.reports.terminal import show_audit, show_counts  # noqa: PLC0415
    from tasks.commands import repair as repairing  # noqa: PLC0415
    from tasks.commands.verify import verify as work  # noqa: PLC0415

    share = share_of(drill)
    settings = begin(config, json_file, overwrite=overwrite)
    if drill:
        drilled = launch(repairing.drill, settings, share, accept=accept_library)
        show_counts("Drill", drilled)
        write_json(json_file, drilled)
        raise typer.Exit(DIFFERS if drilled.not_restored else DONE)
    if repair:
        live = is_live(settings, dry_run=dry_run)
        if not live or ask("Put tags and record right?", yes=yes):
            work_on = partial(repairing.repair, forgets_gone=forget_gone)
            repaired = launch(work_on, settings, live=live, accept=accept_library)
            show_counts("Repair", repaired)
            write_json(json_file, repaired)
        raise typer.Exit(DONE)
    audit = launch(work, settings, accept=accept_library)
    show_audit(audit)
    write_json(json_file, audit, verdict=audit.verdict)
    raise typer.Exit(DONE if audit.verdict == "IN SYNC" else DIFFERS)


def undo(
    *,
    run: Annotated[str, typer.Option(help="Only what this run wrote.")] = "",
    letters: options.Letters = "",
    phases: Annotated[str, typer.Option(help="Only what these phases wrote.")] = "1-4",
    artist: Annotated[str, typer.Option(help="Only this artist, by name.")] = "",
    playlists: options.OurPlaylists = False,
    dry_run: options.DryRun = None,
    yes: options.Yes = False,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Take inferred ratings back; what you rated since stays."""
    from engine.classic import chosen_phases  # noqa: PLC0415
    from engine.planning.undo_plan import Selection  # noqa: PLC0415
    from flows.local_runner import ask, launch  # noqa: PLC0415
    from flows.reports.listening import show_removed  # noqa: PLC0415
    from flows.reports.terminal import show_counts  # noqa: PLC0415
    from tasks.commands.playlists import remove_ours  # noqa: PLC0415
    from tasks.commands.undo import undo as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    if playlists and (run or letters or artist or phases != ALL_PHASES):
        raise UsageError("--playlists deletes all of them: give it without a choice.")
    if playlists:
        live = is_live(settings, dry_run=dry_run)
        removed = launch(remove_ours, settings, live=live, accept=accept_library)
        show_removed(removed, dry_run=not live)
        write_json(json_file, {"dry_run": not live, "playlists": removed})
        raise typer.Exit(DONE)
    chosen = Selection(run, letters, tuple(chosen_phases(phases)), artist)
    live = is_live(settings, dry_run=dry_run)
    what = "all" if chosen.is_everything else "the selected"
    if live and not ask(f"Take {what} inferred ratings back?", yes=yes):
        raise typer.Exit(DONE)
    undone = launch(work, settings, chosen, live=live, accept=accept_library)
    show_counts("Undo", undone)
    write_json(json_file, undone)
    raise typer.Exit(FAILED if undone.failed else DONE)


def rank(
    *,
    count: Annotated[int, typer.Option("--count", "-n", min=1)] = 10,
    albums: Annotated[bool, typer.Option("--albums", help="Albums instead.")] = False,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Show your best and worst artists (or albums), in stars."""
    from engine.library import Level  # noqa: PLC0415
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.terminal import show_ranking  # noqa: PLC0415
    from tasks.commands.verify import rank as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    level = Level.ALBUM if albums else Level.ARTIST
    best, worst = launch(work, settings, count, level, accept=accept_library)
    show_ranking(best, worst, level.word)
    write_json(json_file, {"top": best, "bottom": worst})


ALL_PHASES = "1-4"
LOOK_LIKE_OURS = (
    "{} ratings bear no tag and are no half stars. Did plexbayes give them? (If not, "
    "they are remembered as yours.)"
)


def recover(
    *,
    by_value: Annotated[
        bool, typer.Option("--by-value", help="Also what only looks like ours.")
    ] = False,
    dry_run: options.DryRun = None,
    yes: options.Yes = False,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
    accept_library: options.Accept = False,
) -> None:
    """Rebuild the record from the tagged items, and from values that look like ours."""
    from flows.local_runner import ask, launch  # noqa: PLC0415
    from flows.reports.terminal import show_counts  # noqa: PLC0415
    from tasks.commands.recover import recover as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    live = is_live(settings, dry_run=dry_run)
    if live and not ask("Take all tagged ratings for inferred ones?", yes=yes):
        raise typer.Exit(DONE)
    ours: bool | None = True if by_value else None
    if live and not (yes or by_value):
        found = launch(work, settings, accept=accept_library)
        if found.by_value:
            show_counts("Recover", found)
            ours = ask(LOOK_LIKE_OURS.format(found.by_value), yes=False)
    recovered = launch(
        partial(work, by_value=ours), settings, live=live, accept=accept_library
    )
    show_counts("Recover", recovered)
    write_json(json_file, recovered)


def import_state(
    *,
    path: Annotated[Path, typer.Argument(help="The file.")] = Path("plex_state.json"),
    dry_run: options.DryRun = None,
    config: options.Config = None,
    json_file: options.Json = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Import a plex_state.json; entries that no longer match Plex are left out."""
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.terminal import show_counts  # noqa: PLC0415
    from tasks.commands.legacy_state import import_state as work  # noqa: PLC0415

    settings = begin(config, json_file, overwrite=overwrite)
    live = is_live(settings, dry_run=dry_run)
    imported = launch(work, settings, path, live=live)
    show_counts("Import", imported)
    write_json(json_file, imported)


def export_state(
    *,
    path: Annotated[Path, typer.Argument(help="The file.")] = Path("plex_state.json"),
    overwrite: options.Overwrite = False,
    config: options.Config = None,
) -> None:
    """Write the record as a plex_state.json that the original understands."""
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.terminal import notify  # noqa: PLC0415
    from tasks.commands.legacy_state import export_state as work  # noqa: PLC0415

    settings = begin(config, path, overwrite=overwrite)
    count = launch(work, settings, path)
    notify(f"{count} ratings written to {path}.")


def init(*, config: options.Config = None) -> None:
    """Create the configuration by asking; an existing one is never touched."""
    from flows.cli.init import init as work  # noqa: PLC0415
    from tasks.config.config_file import config_path  # noqa: PLC0415

    raise typer.Exit(DONE if work(config_path(config)) else FAILED)


def doctor(*, canary: options.Canary = False, config: options.Config = None) -> None:
    """Check everything, and say what to do about it; changes nothing."""
    from flows.cli import doctor as work  # noqa: PLC0415

    raise typer.Exit(work.report(work.doctor(config, canary=canary)))
