"""The command line: words in, exit status out."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from engine.errors import (
    ConfigMissing,
    LibraryHeld,
    LibraryMissing,
    PlexbayesError,
    RunStopped,
    SettingsInvalid,
)
from flows.cli import model_commands as learning
from flows.cli.command_table import (
    COMMANDS,
    EXIT_STATUSES,
    epilog,
    numbered,
    spelled_out,
)
from flows.cli.options import (
    Accept,
    Canary,
    Config,
    DryRun,
    Json,
    Letters,
    Model,
    Overwrite,
    Plan,
    Prefect,
    Version,
    Yes,
    refuse_outputs,
    write_json,
)
from flows.cli.serve import serve
from flows.cli.server import server
from flows.reports.terminal import complain, replace_unprintable
from tasks.runtime.processes import distrust_working_folder

DONE, FAILED, USAGE, SOME_FAILED, HELD, DIFFERS, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""Exit statuses; docs/commands.md lists them."""

STATUS: tuple[tuple[type[PlexbayesError], int], ...] = (
    (SettingsInvalid, USAGE),
    (LibraryMissing, USAGE),
    (LibraryHeld, HELD),
    (RunStopped, INTERRUPTED),
    (PlexbayesError, FAILED),
)
"""The exit status of each fault; the first that fits counts."""

NAME = "plexbayes"
COMPLETION = f"_{NAME.upper()}_COMPLETE"
"""The variable with which a shell asks for completions."""

Work = TypeVar("Work", bound=Callable[..., None])

HELP = {command.words[0]: command.help for command in reversed(COMMANDS)}
"""What each command is for, in a line."""

app = typer.Typer(
    epilog="\n\n".join(
        ["A number stands for a command:", *numbered().splitlines(), EXIT_STATUSES]
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


@app.callback()
def plexbayes(
    *,
    version: Version = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", help="Show the traceback of an error; works with any command."
        ),
    ] = False,
) -> None:
    """Infer the ratings you never gave, for a Plex music library."""


def command(name: str) -> Callable[[Work], Work]:
    """Add a function to the command line under a name of the table of commands."""
    context = {"help_option_names": ["-h", "--help"]}
    return app.command(
        name, help=HELP[name], epilog=epilog(name), context_settings=context
    )


@command("infer")
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
    from flows.local_runner import is_live, launch_infer  # noqa: PLC0415
    from flows.pipeline import Request  # noqa: PLC0415
    from flows.reports.confidence_reports import show_report  # noqa: PLC0415

    if start and letters:
        raise SettingsInvalid("Give --from or --letters, not both.")
    wanted = str(starting_at(start) if start.strip() else parse_letters(letters))
    chosen = spelled(chosen_phases(phases))
    refuse_outputs(json_file, plan, overwrite=overwrite, config=config)
    dry = not is_live(config, dry_run=dry_run)
    asked = Request(chosen, wanted, dry, accept_library, model or "")
    summary = launch_infer(asked, config, plan, prefect=prefect)
    show_report(summary)
    write_json(json_file, summary)
    raise typer.Exit(SOME_FAILED if summary.failed_letters else DONE)


@command("verify")
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

    refuse_outputs(json_file, overwrite=overwrite, config=config)
    audit = launch(work, config=config, live=False, accept=accept_library)
    show_audit(audit)
    write_json(json_file, audit, verdict=audit.verdict)
    raise typer.Exit(DONE if audit.verdict == "IN SYNC" else DIFFERS)


@command("undo")
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
    from flows.local_runner import ask, is_live, launch  # noqa: PLC0415
    from flows.reports.terminal import show_counts  # noqa: PLC0415
    from tasks.commands.undo import undo as work  # noqa: PLC0415

    refuse_outputs(json_file, overwrite=overwrite, config=config)
    chosen = Selection(run, letters, tuple(chosen_phases(phases)), artist)
    live = is_live(config, dry_run=dry_run)
    what = "all" if chosen.is_everything else "the selected"
    if live and not ask(f"Take {what} inferred ratings back?", yes=yes):
        raise typer.Exit(DONE)
    undone = launch(
        lambda context: work(context, chosen),
        config=config,
        live=live,
        accept=accept_library,
    )
    show_counts("Undo", undone)
    write_json(json_file, undone)
    raise typer.Exit(FAILED if undone.failed else DONE)


@command("rank")
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

    refuse_outputs(json_file, overwrite=overwrite, config=config)
    level = Level.ALBUM if albums else Level.ARTIST
    best, worst = launch(
        lambda context: work(context, count, level),
        config=config,
        live=False,
        accept=accept_library,
    )
    show_ranking(best, worst, level.word)
    write_json(json_file, {"top": best, "bottom": worst})


for elsewhere in (learning.backtest, learning.tune, learning.why, serve, server):
    command(elsewhere.__name__)(elsewhere)


@command("recover")
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
    from flows.local_runner import ask, is_live, launch  # noqa: PLC0415
    from flows.reports.terminal import show_counts  # noqa: PLC0415
    from tasks.commands.recover import recover as work  # noqa: PLC0415

    refuse_outputs(json_file, overwrite=overwrite, config=config)
    live = is_live(config, dry_run=dry_run)
    question = "Take all tagged ratings for inferred ones?"
    if live and not ask(question, yes=yes):
        raise typer.Exit(DONE)
    recovered = launch(work, config=config, live=live, accept=accept_library)
    show_counts("Recover", recovered)
    write_json(json_file, recovered)


@command("import-state")
def import_state(
    *,
    path: Annotated[Path, typer.Argument(help="The file.")] = Path("plex_state.json"),
    dry_run: DryRun = None,
    config: Config = None,
    json_file: Json = None,
    overwrite: Overwrite = False,
) -> None:
    """Put what the original recorded onto our record, as far as Plex agrees."""
    from flows.local_runner import is_live, launch  # noqa: PLC0415
    from flows.reports.terminal import show_counts  # noqa: PLC0415
    from tasks.commands.recover import import_state as work  # noqa: PLC0415

    refuse_outputs(json_file, overwrite=overwrite, config=config)
    live = is_live(config, dry_run=dry_run)
    imported = launch(lambda context: work(context, path), config=config, live=live)
    show_counts("Import", imported)
    write_json(json_file, imported)


@command("export-state")
def export_state(
    *,
    path: Annotated[Path, typer.Argument(help="The file.")] = Path("plex_state.json"),
    overwrite: Overwrite = False,
    config: Config = None,
) -> None:
    """Write the record as a plex_state.json that the original understands."""
    from flows.local_runner import launch  # noqa: PLC0415
    from flows.reports.terminal import remark  # noqa: PLC0415
    from tasks.commands.recover import export_state as work  # noqa: PLC0415

    refuse_outputs(path, overwrite=overwrite, config=config)
    count = launch(lambda context: work(context, path), config=config, live=False)
    remark(f"{count} ratings written to {path}.")


@command("init")
def init(*, config: Config = None) -> None:
    """Create the configuration by asking; an existing one is never touched."""
    from flows.cli.init import init as work  # noqa: PLC0415
    from tasks.config.config_file import config_path  # noqa: PLC0415

    raise typer.Exit(DONE if work(config_path(config)) else FAILED)


@command("doctor")
def doctor(*, canary: Canary = False, config: Config = None) -> None:
    """Check everything, and say what to do about it; changes nothing."""
    from flows.cli import doctor as work  # noqa: PLC0415

    raise typer.Exit(work.report(work.doctor(config, canary=canary)))


def main() -> None:
    """Run the command line; without words, a menu asks for them."""
    replace_unprintable(sys.stdout, sys.stderr)
    os.umask(0o077)  # the record, backups, reports and Prefect's home are private
    distrust_working_folder()
    words = sys.argv[1:]
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        app(spelled_out(words) or _menu(), prog_name=NAME)
    except PlexbayesError as fault:
        if _offer_config(fault):
            return
        complain(str(fault))
        if debug:
            sys.excepthook(type(fault), fault, fault.__traceback__)
        sys.exit(next(status for kind, status in STATUS if isinstance(fault, kind)))


def _offer_config(fault: PlexbayesError) -> bool:
    """Offer to create the configuration if it is all that is missing."""
    if not isinstance(fault, ConfigMissing) or not sys.stdin.isatty():
        return False
    from flows.cli.init import init as work  # noqa: PLC0415

    complain(str(fault))
    return work(Path(fault.path))


def _menu() -> list[str]:
    if COMPLETION in os.environ:  # the shell asks what may follow, not a person
        return []
    if not sys.stdin.isatty():
        return ["--help"]
    from flows.cli.menu import choose  # noqa: PLC0415

    return choose()


if __name__ == "__main__":
    main()
