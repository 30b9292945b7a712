"""The other commands as flows, for schedules and the Prefect UI."""

from collections.abc import Callable
from functools import partial
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
from flows.flow_states import Begun, ended, run_name
from flows.next_steps import RESUME, RETRY, repeated
from flows.reports.markdown import audit_page, counts_page, ranking_page
from flows.reports.terminal import report_title
from tasks.commands import recover as recovering
from tasks.commands import undo as undoing
from tasks.commands import verify as verifying
from tasks.commands.recover import Recovered
from tasks.orchestration.prefect_tasks import (
    ends_in_a_state,
    result_of,
    with_retry_policy,
)
from tasks.orchestration.retention import OWN
from tasks.runtime.context import Outside, open_run

Result = TypeVar("Result")
Count = Annotated[int, Field(ge=1)]


def carried_out(
    begun: Begun, work: Callable[..., Result], *args: object, live: bool = False
) -> Result:
    """Do a piece of work as one task that is tried again if an error may pass."""
    runner, settings, cancellation = begun
    warn, outside = runner.report.warn, Outside(cancellation=cancellation)

    @task(name=runner.info.command, cache_policy=NO_CACHE, persist_result=False)
    @ends_in_a_state
    def do() -> Result:
        run_id = runner.info.id
        with (
            runner.report.following() as follow,
            open_run(settings, run_id, live=live, say=warn, outside=outside) as context,
        ):
            context.watch = follow
            return work(context, *args)

    with runner.watched(cancellation, partial(repeated, runner.info, RESUME)):
        work_done = with_retry_policy(do, settings, cancellation, warn).submit()
        work_done.wait()
        runner.raise_if_suspended()
        done: Result = result_of(work_done)
        return done


@flow(name="verify", description=HELP["verify"], flow_run_name=run_name, **OWN)
def verify(config: str = "") -> State[Audit]:
    """Compare the record with Plex, and report; nothing is changed.

    Args:
        config: Name of another configuration; empty: the usual one.
    """

    def work(begun: Begun) -> State[Audit]:
        audit = carried_out(begun, verifying.verify)
        begun.runner.report.publish(lambda: audit_page(audit), "verify", audit.verdict)
        return Completed(message=audit.verdict, data=audit)

    return ended(config, work)


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

    def work(begun: Begun) -> State[Undone]:
        chosen = Selection(run, letters, tuple(chosen_phases(phases)), artist)
        undone = carried_out(begun, undoing.undo, chosen, live=not dry_run)
        report = begun.runner.report
        report.publish(
            lambda: counts_page("Undo", undone), "undo", report_title("Undo", undone)
        )
        if undone.failed:
            left = f"{undone.failed} ratings are still there."
            return Failed(message=f"{left} {repeated(begun.runner.info, RETRY)}")
        return Completed(message=f"{undone.undone} ratings taken back.", data=undone)

    return ended(config, work)


@flow(name="rank", description=HELP["rank"], flow_run_name=run_name, **OWN)
def rank(count: Count = 10, albums: bool = False, config: str = "") -> State[Any]:
    """Report your best and worst artists, or albums.

    Args:
        count: How many at either end, one at least.
        albums: Albums instead of artists.
        config: Name of another configuration; empty: the usual one.
    """
    level = Level.ALBUM if albums else Level.ARTIST

    def work(begun: Begun) -> State[Any]:
        ranked = carried_out(begun, verifying.rank, count, level)
        report = begun.runner.report
        report.publish(
            lambda: ranking_page(*ranked, level.word), "rank", "Power rankings"
        )
        return Completed(message=f"{len(ranked[0])} best, {len(ranked[1])} worst")

    return ended(config, work)


@flow(name="recover", description=HELP["recover"], flow_run_name=run_name, **OWN)
def recover(dry_run: bool = True, config: str = "") -> State[Recovered]:
    """Rebuild the record from the tagged items.

    Args:
        dry_run: Only say what would change; switch it off to change it.
        config: Name of another configuration; empty: the usual one.
    """

    def work(begun: Begun) -> State[Recovered]:
        recovered = carried_out(begun, recovering.recover, live=not dry_run)
        report = begun.runner.report
        report.publish(
            lambda: counts_page("Recover", recovered),
            "recover",
            report_title("Recover", recovered),
        )
        return Completed(message=f"{recovered.recovered} recovered.", data=recovered)

    return ended(config, work)
