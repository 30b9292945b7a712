"""The log of a run as people read it: without Prefect's own lines about tasks.

Prefect tells of every task that it finished, and does not say which; and it logs two
tracebacks for every error that ends a task or a flow, expected or not.
"""

import logging
import sys

from prefect.exceptions import CancelledRun, FailedRun

from engine.errors import PlexbayesError

EXPECTED = (PlexbayesError, CancelledRun, FailedRun)
"""Errors whose sentence is in the state of the run already."""

OF_TASKS = ("Finished in state", "Task run failed with state")
"""How the lines begin that Prefect writes about each task."""


class _OnlyNews(logging.Filter):
    """Lets pass what a person does not know yet."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record belongs in the log of a run."""
        if record.module == "task_engine":
            return not record.getMessage().startswith(OF_TASKS)
        has_traceback = bool(record.exc_info or record.exc_text)
        return not (has_traceback and isinstance(sys.exc_info()[1], EXPECTED))


_ONLY_NEWS = _OnlyNews()


def leave_out_the_known() -> None:
    """Keep the log of this process's runs short; safe to call again."""
    for name in ("flow_runs", "task_runs", "engine"):
        logging.getLogger(f"prefect.{name}").addFilter(_ONLY_NEWS)
