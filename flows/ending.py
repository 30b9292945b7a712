"""How a run ends: what is said of it, and in which state it leaves."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np
from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from engine.classic import Phase
from engine.errors import PlexbayesError, RunStopped
from engine.evidence import Part, library_mean
from engine.partition import in_order, parse_letters
from engine.plan import Beliefs
from engine.reports import LettersFailed, Summary
from flows.next_steps import CORRECT, RETRY, command, go_on, repeated
from flows.pages import markdown
from flows.render import headline
from tasks import reporting
from tasks.run_log import leave_out_the_known
from tasks.shadow.runs import finish_run
from tasks.versions import check_versions
from tasks.workbench import Workbench

Result = TypeVar("Result")


def ended(work: Callable[[], State[Result]]) -> State[Any]:
    """Do the work of a flow; what is expected to go wrong ends it in a state.

    Prefect would log two tracebacks of a raised error.

    Args:
        work: Returns the state of the flow run if nothing goes wrong.
    """
    leave_out_the_known()
    try:
        check_versions()
        return work()
    except RunStopped:
        stopped = "Stopped; what was written is recorded."
        return Cancelled(message=f"{stopped} {repeated(RETRY)}")
    except PlexbayesError as error:
        return Failed(message=f"{error} {repeated(CORRECT)}", data=error)


def facts(bench: Workbench, before: Part, after: Part, beliefs: Beliefs) -> Summary:
    """Return the summary of a run as far as it does not depend on the letters."""
    manual = before.tracks.standing.manual
    now = library_mean(after.tracks)
    return Summary(
        run_id=bench.run_id,
        library=bench.gateway.identity.title,
        dry_run=not bench.is_live,
        artists=len(before.artists),
        albums=len(before.albums),
        tracks=len(before.tracks),
        manual_tracks=int(np.count_nonzero(~np.isnan(manual))),
        drift_tolerance=beliefs.tolerance,
        prior_before=beliefs.mean,
        prior_after=beliefs.mean if now is None else now,
        mean_before=None,
        mean_after=None,
        reads=bench.gateway.reads,
        writes=bench.gateway.writes,
        seconds=time.monotonic() - bench.begun,
        worked=bench.worked,
        rested=bench.throttle.rested,
    )


def hint(summary: Summary, letters: str, model: str, mode: str = "") -> str:
    """Say how to go on with a run that was stopped.

    Args:
        summary: What came of it.
        letters: Which letters it was about, in the words of its parameter.
        model: Which model it was told to use; empty: the configured one.
        mode: `--live` or `--dry-run`, if the configuration says otherwise.
    """
    phases = [label.split(maxsplit=1)[0] for label in summary.phases]
    words = ["0"]
    if 0 < len(phases) < len(Phase):
        words = ["infer", "--phases", ",".join(phases)]
    left = in_order(summary.failed_letters)
    chosen = parse_letters(letters)
    if chosen.spans and not chosen.start:
        words += ["--letters", f'"{",".join(left) or chosen}"']
    else:
        start = left[0] if left else chosen.start or "#"
        words += ["--from", f'"{start}"']
    words += ["--model", model] if model else []
    words += [mode] if mode else []
    where = f" at letter {left[0]}" if left else ""
    stopped = f"Stopped{where}; what was written is recorded."
    return f"{stopped} {go_on(' '.join(words), RETRY)}"


def conclude(bench: Workbench, summary: Summary, again: str) -> State[Summary]:
    """Report, and say how the run ended: a failed letter makes it Failed.

    Args:
        bench: The tools of the run.
        summary: What came of it.
        again: How to go on if it was stopped.
    """
    reporting.say(f"{headline(summary)[:1].upper()}{headline(summary)[1:]}.")
    reporting.publish(markdown(summary), "report", headline(summary))
    if bench.is_live:
        finish_run(bench.store, bench.run_id, json.dumps(asdict(summary)), time.time())
    if bench.gate.is_stopping:
        return Cancelled(message=again)
    failed = summary.failed_letters
    if failed:
        reasons = "; ".join(f"{letter}: {why}" for letter, why in failed.items())
        of_all = len(summary.letters.keys() | failed.keys())
        number = f"{len(failed)} of {of_all} letters failed"
        parameters = runtime.flow_run.parameters | {
            "letters": ",".join(in_order(failed))
        }
        again = go_on(command("infer", parameters), RETRY)
        error = LettersFailed(f"{number}: {reasons}", summary, again)
        return Failed(message=f"{error} {again}", data=error)
    return Completed(message=headline(summary), data=summary)
