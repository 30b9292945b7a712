"""The other commands as flows, for schedules and the Prefect UI."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from engine.classic import PhaseChoice, chosen_phases
from engine.library import Level
from engine.planning.undo_plan import Selection, Undone
from engine.reports.audit import Audit
from flows.command_table import HELP
from flows.flow_states import ended, run_name
from flows.next_steps import RESUME, RETRY, repeated
from flows.reports.markdown import audit_page, counts_page, ranking_page
from flows.reports.terminal import entitled
from tasks.commands import recover as recovering
from tasks.commands import undo as undoing
from tasks.commands import verify as verifying
from tasks.commands.recover import Recovered
from tasks.config.config_file import config_named
from tasks.config.settings import Settings, load_settings
from tasks.orchestration.artifacts import PrefectReporter
from tasks.orchestration.prefect_tasks import (
    PrefectRunner,
    ends_in_a_state,
    result_of,
    run_info,
    with_retry_policy,
)
from tasks.orchestration.retention import OWN, claim_run
from tasks.orchestration.secrets import with_token
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import CANCELLATION, RunContext, open_run

Result = TypeVar("Result")
Count = Annotated[int, Field(ge=1)]


def carried_out(
    settings: Settings, work: Callable[[RunContext], Result], *, live: bool
) -> Result:
    """Do a piece of work as one task that is tried again if an error may pass."""
    runner, cancellation = PrefectRunner(), CancellationToken()

    @task(name=runner.info.command, cache_policy=NO_CACHE, persist_result=False)
    @ends_in_a_state
    def do() -> Result:
        say = runner.report.warn
        with (
            runner.report.following() as follow,
            open_run(settings, runner.info.id, live=live, say=say) as context,
        ):
            context.watch = follow
            return work(context)

    CANCELLATION.set(cancellation)
    with runner.watched(cancellation, repeated(runner.info, RESUME)):
        work_done = with_retry_policy(do, settings, cancellation).submit()
        work_done.wait()
        runner.raise_if_suspended()
        done: Result = result_of(work_done)
        return done


@flow(name="verify", description=HELP["verify"], flow_run_name=run_name, **OWN)
def verify(config: str = "") -> State[Audit]:
    """Hold the record against Plex, and report; nothing is changed.

    Args:
        config: Name of another configuration; empty: the usual one.
    """
    return ended(lambda: _verify(config))


def _verify(config: str) -> State[Audit]:
    settings = settings_of(config)
    audit = carried_out(settings, verifying.verify, live=False)
    _publish(audit_page(audit), "verify", audit.verdict)
    return Completed(message=audit.verdict, data=audit)


@flow(name="undo", description=HELP["undo"], flow_run_name=run_name, **OWN)
def undo(
    letters: str = "",
    phases: PhaseChoice = "1-4",
    artist: str = "",
    run: str = "",
    dry_run: bool = True,
    config: str = "",
) -> State[Undone]:
    """Take inferred ratings back; what you rated since stays.

    Args:
        letters: Only the artists under these letters, such as B,P or A-C or
            "from P".
        phases: Only what these phases wrote.
        artist: Only this artist, by name.
        run: Only what this run wrote, by its id.
        dry_run: Only say what would change; switch it off to change it.
        config: Name of another configuration; empty: the usual one.
    """
    return ended(lambda: _undo(letters, phases, artist, run, dry_run, config))


def _undo(
    letters: str,
    phases: PhaseChoice,
    artist: str,
    run: str,
    dry_run: bool,
    config: str,
) -> State[Undone]:
    chosen = Selection(run, letters, tuple(chosen_phases(phases)), artist)
    settings = settings_of(config)
    undone = carried_out(
        settings,
        lambda context: undoing.undo(context, chosen),
        live=not dry_run,
    )
    _publish(counts_page("Undo", undone), "undo", entitled("Undo", undone))
    if undone.failed:
        left = f"{undone.failed} ratings are still there."
        return Failed(message=f"{left} {repeated(run_info(), RETRY)}")
    return Completed(message=f"{undone.undone} ratings taken back.", data=undone)


@flow(name="rank", description=HELP["rank"], flow_run_name=run_name, **OWN)
def rank(count: Count = 10, albums: bool = False, config: str = "") -> State[Any]:
    """Report your best and worst artists, or albums.

    Args:
        count: How many at either end, one at least.
        albums: Albums instead of artists.
        config: Name of another configuration; empty: the usual one.
    """
    return ended(lambda: _rank(count, albums, config))


def _rank(count: int, albums: bool, config: str) -> State[Any]:
    level = Level.ALBUM if albums else Level.ARTIST
    ranked = carried_out(
        settings_of(config),
        lambda context: verifying.rank(context, count, level),
        live=False,
    )
    _publish(ranking_page(*ranked, level.word), "rank", "Power rankings")
    return Completed(message=f"{len(ranked[0])} best, {len(ranked[1])} worst")


@flow(name="recover", description=HELP["recover"], flow_run_name=run_name, **OWN)
def recover(dry_run: bool = True, config: str = "") -> State[Recovered]:
    """Take every rated item that bears the tag back onto the record.

    Args:
        dry_run: Only say what would change; switch it off to change it.
        config: Name of another configuration; empty: the usual one.
    """
    return ended(lambda: _recover(dry_run, config))


def _recover(dry_run: bool, config: str) -> State[Recovered]:
    settings = settings_of(config)
    recovered = carried_out(settings, recovering.recover, live=not dry_run)
    title = entitled("Recover", recovered)
    _publish(counts_page("Recover", recovered), "recover", title)
    return Completed(message=f"{recovered.recovered} recovered.", data=recovered)


def settings_of(config: str) -> Settings:
    """Begin a run: load the settings, and pass on what there is to remark."""
    claim_run()
    settings, warnings = load_settings(config_named(config))
    PrefectReporter().say(*warnings)
    return with_token(settings)


def _publish(page: str, key: str, title: str) -> None:
    PrefectReporter().publish(page, key, title)
