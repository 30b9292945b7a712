"""The report of a library as a file, after a run and when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import PlexbayesError
from engine.partition import in_order
from engine.planning.plan import PhasePlan, RunParameters
from engine.reports.library_report import LibraryReport
from engine.reports.run_report import Summary
from flows.reports.html import html
from flows.reports.terminal import headline, inventory, outcome_lines
from tasks.commands.report import about_of, report_of_run
from tasks.config.config_file import reports_folder
from tasks.config.output_files import make_folder, rotate, write_text
from tasks.runtime.runner import Run
from tasks.sync.reconcile import LibrarySnapshot

NAME = "report.html"


@dataclass(frozen=True, eq=False)
class Finished:
    """A run that has done all it could, with what it has read and planned."""

    summary: Summary
    before: LibrarySnapshot
    after: LibrarySnapshot
    plans: Sequence[PhasePlan]
    parameters: RunParameters


def report_run(run: Run, finished: Finished) -> LibraryReport | None:
    """Write the report of a run, and return it; its summary says where it is.

    Whatever goes wrong here costs the report alone: the ratings are what counts.
    """
    try:
        report = _report_of(run, finished)
        folder = reports_folder(run.info.config)
        finished.summary.report = str(save_report(report, folder))
    except PlexbayesError as error:
        run.report.warn(f"There is no report of this run: {error}")
    except Exception as error:  # noqa: BLE001 (whatever odd thing a library holds)
        run.report.warn(f"There is no report of this run: {error!r}")
    else:
        return report
    return None


def _report_of(run: Run, finished: Finished) -> LibraryReport:
    context, summary = run.context, finished.summary
    failed = ", ".join(in_order(summary.failed_letters))
    notes = [inventory(summary), *outcome_lines(summary)]
    notes += [f"Letters that failed: {failed}."] * bool(failed)
    with context.timed():
        folder = reports_folder(run.info.config)
        about = replace(
            about_of(context, finished.after.everything, folder),
            what=f"{headline(summary)}.",
            notes=notes,
        )
        looks = finished.before, finished.after
        planned = finished.plans, finished.parameters
        return report_of_run(context, *looks, *planned, about)


def save_report(report: LibraryReport, folder: Path, path: Path | None = None) -> Path:
    """Write a report to a file, or to the usual one in a folder; return where it is.

    Raises:
        UsageError: It cannot be written.
    """
    text = html(report)
    if path is None:
        path = make_folder(folder) / NAME
        rotate(path)
    write_text(path, text)
    return path
