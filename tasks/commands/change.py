"""Every change is a plan first: a dry run is the plan alone, a live run applies it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from tasks.runtime.context import RunContext
from tasks.sync.reader import read
from tasks.sync.reconcile import LibrarySnapshot, reconcile, snapshot_of

Report = TypeVar("Report")
Report_co = TypeVar("Report_co", covariant=True)


class Plan(Protocol[Report_co]):
    """What a command is about to change."""

    @property
    def predicted(self) -> Report_co:
        """What will have become of it, if nothing changes meanwhile."""

    def apply(self, context: RunContext) -> Report_co:
        """Change it, and return what became of it."""


def plan_and_apply(
    context: RunContext, plan: Callable[[RunContext, LibrarySnapshot], Plan[Report]]
) -> Report:
    """Read the library, plan, and apply the plan if the run is a live one.

    Safe to repeat: the plan is made from what is there then.
    """
    library = read(context)
    if not context.is_live:
        return plan(context, snapshot_of(context, library)).predicted
    return plan(context, reconcile(context, library)).apply(context)
