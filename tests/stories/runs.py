"""The steps of every verb as plain functions, without a Prefect server."""

from collections.abc import Callable, Sequence

from engine.classic import chosen_phases
from engine.errors import PlexUnreachable
from engine.evidence import Part, split
from engine.partition import chosen_letters
from engine.plan import PhasePlan, plan_part
from engine.reports import taken_over
from tasks.believing import beliefs_of
from tasks.remembering import refuse_if_lost, take_stock
from tasks.workbench import Workbench
from tasks.writing import write_letter

Planned = list[tuple[str, str, float]]
"""Level, guid and points of every rating that is to be written."""


def infer_plainly(
    bench: Workbench,
    *,
    phases: str = "1-4",
    letters: str = "",
    attempts: int = 1,
    meanwhile: Callable[[], None] = lambda: None,
) -> Planned:
    """Infer as the flow does; return what was planned.

    Args:
        bench: The tools of the run.
        phases: Which of them.
        letters: Which of them; empty for all.
        attempts: How often a letter is tried whose write has no known outcome.
        meanwhile: What happens between the reading and the writing.
    """
    refuse_if_lost(bench.store, bench.gateway)
    stock = take_stock(bench)
    beliefs = beliefs_of(bench.settings, stock.everything)
    parts = split(stock.library, stock.everything)
    plans = {
        letter: plan_part(chosen_phases(phases), parts[letter], beliefs)
        for letter in chosen_letters(letters, parts)
    }
    meanwhile()
    if bench.is_live:
        for letter, own in plans.items():
            if any(map(len, own)) or taken_over(parts[letter]):
                _write(bench, letter, stock.everything, parts[letter], own, attempts)
        take_stock(bench)
    return [
        (plan.phase.level.word, guid, points)
        for own in plans.values()
        for plan in own
        for guid, points in zip(plan.guid, plan.after.tolist(), strict=True)
    ]


def _write(
    bench: Workbench,
    letter: str,
    everything: Part,
    part: Part,
    plans: Sequence[PhasePlan],
    attempts: int,
) -> None:
    for attempt in range(1, attempts + 1):
        try:
            write_letter(bench, letter, everything, part, plans)
        except PlexUnreachable:
            if attempt == attempts:
                raise
        else:
            return
