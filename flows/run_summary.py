"""How a run ends: its summary, and what is said of it."""

import json
import time
from dataclasses import asdict

import numpy as np

from engine.classic import Phase
from engine.errors import StoppedAt
from engine.evidence import LibraryView, library_mean
from engine.partition import in_order, parse_letters
from engine.planning.plan import RunParameters
from engine.reports.run_report import LettersFailed, Summary
from flows.next_steps import RETRY, command, config_words, go_on
from flows.reports.markdown import markdown
from flows.reports.terminal import headline
from tasks.record.runs import finish_run
from tasks.runtime.context import RunContext
from tasks.runtime.runner import Run, RunInfo


def facts(
    context: RunContext,
    before: LibraryView,
    after: LibraryView,
    parameters: RunParameters,
) -> Summary:
    """Return the summary of a run as far as it does not depend on the letters."""
    manual = before.tracks.ownership.manual
    now = library_mean(after.tracks)
    return Summary(
        run_id=context.run_id,
        library=context.gateway.identity.title,
        dry_run=not context.is_live,
        artists=len(before.artists),
        albums=len(before.albums),
        tracks=len(before.tracks),
        manual_tracks=int(np.count_nonzero(~np.isnan(manual))),
        drift_tolerance=parameters.tolerance,
        prior_before=parameters.mean,
        prior_after=parameters.mean if now is None else now,
        mean_before=None,
        mean_after=None,
        reads=context.gateway.reads,
        writes=context.gateway.writes,
        seconds=time.monotonic() - context.begun,
        worked=context.worked,
        rested=context.throttle.rested,
    )


def hint(
    info: RunInfo, summary: Summary, letters: str, model: str, mode: str = ""
) -> str:
    """Say how to go on with a run that was stopped.

    Args:
        info: The run.
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
    words += config_words(info.parameters)
    words += [mode] if mode else []
    where = f" at letter {left[0]}" if left else ""
    stopped = f"Stopped{where}; what was written is recorded."
    return f"{stopped} {go_on(info, ' '.join(words), RETRY)}"


def conclude(run: Run, summary: Summary, again: str) -> None:
    """Report what came of a run.

    Args:
        run: The run.
        summary: What came of it.
        again: How to go on if it was stopped.

    Raises:
        StoppedAt: A person stopped the run.
        LettersFailed: Some letters were not finished.
    """
    context, title = run.context, headline(summary)
    run.report.say(f"{title[:1].upper()}{title[1:]}.")
    run.report.publish(markdown(summary), "report", title)
    if context.is_live:
        finish_run(
            context.store, context.run_id, json.dumps(asdict(summary)), time.time()
        )
    if context.cancellation.is_cancelled:
        raise StoppedAt(again)
    failed = summary.failed_letters
    if failed:
        reasons = "; ".join(f"{letter}: {why}" for letter, why in failed.items())
        of_all = len(summary.letters.keys() | failed.keys())
        number = f"{len(failed)} of {of_all} letters failed"
        parameters = {**run.info.parameters, "letters": ",".join(in_order(failed))}
        again = go_on(run.info, command("infer", parameters), RETRY)
        raise LettersFailed(f"{number}: {reasons}", summary, again)
