"""What a run would write now, planned at once: for those who only want to know."""

from collections.abc import Sequence

from engine.classic import Phase
from engine.evidence import split
from engine.partition import chosen_letters
from engine.planning.first_batch import foreseen_step
from engine.planning.plan import PhasePlan, plan_part
from tasks.runtime.context import RunContext
from tasks.sync.reconcile import LibrarySnapshot
from tasks.sync.run_parameters import parameters_of


def plans_of(
    context: RunContext,
    snapshot: LibrarySnapshot,
    phases: Sequence[Phase] = tuple(Phase),
    letters: str = "",
) -> dict[str, list[PhasePlan]]:
    """Return the plans of each letter, as a run would begin with.

    Args:
        context: What is known of the server, and what the user chose.
        snapshot: The library, and whose each rating is.
        phases: Which of them.
        letters: Which of them; empty for all.
    """
    everything = snapshot.everything
    parts = split(snapshot.library, everything)
    chosen = chosen_letters(letters, parts)

    def planned(step: float) -> dict[str, list[PhasePlan]]:
        parameters = parameters_of(context.settings, everything, step)
        return {one: plan_part(phases, parts[one], parameters) for one in chosen}

    able = context.executor.capabilities
    plans = planned(able.step)
    every = [plan for own in plans.values() for plan in own]
    step = foreseen_step(able, every, everything)
    return plans if step <= able.step else planned(step)
