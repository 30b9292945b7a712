"""The report of a library as a file, after a run and when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import UsageError
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


def report_run(run: Run, finished: Finished) -> LibraryReport:
    """Write the report of a run, and return it; its summary says where it is."""
    context, summary = run.context, finished.summary
    folder = reports_folder(run.info.config)
    with context.timed():
        about = replace(
            about_of(context, finished.after.everything, folder),
            what=f"{headline(summary)}.",
            notes=[inventory(summary), *outcome_lines(summary)],
        )
        looks = finished.before, finished.after
        report = report_of_run(
            context, *looks, finished.plans, finished.parameters, about
        )
    try:
        summary.report = str(save_report(report, folder))
    except UsageError as error:
        run.report.warn(f"There is no report of this run: {error}")
    return report


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
