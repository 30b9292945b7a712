"""Stopping before a run changes very much of what is ours, and saying why it would."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from engine.evidence import LibraryView
from engine.planning.brake import Limits, effect_of
from engine.planning.plan import PhasePlan, RunParameters
from tasks.config.settings import Settings
from tasks.record.runs import latest_summary
from tasks.runtime.context import RunContext

NOTICED = 0.02
"""Stars by which the mean of manual ratings must move to be worth a word."""


def large_change(
    context: RunContext,
    everything: LibraryView,
    plans: list[PhasePlan],
    released: int,
    taken_back: int,
    parameters: RunParameters,
) -> str:
    """Say what would be too large a change, and what may be its reason.

    Empty: it is not too large.
    """
    effect = effect_of(everything, plans, released, taken_back)
    excesses = list(effect.excesses(limits(context.settings)))
    if not excesses:
        return ""
    reasons = list(_reasons(context, parameters))
    return f"This run would {' and '.join(excesses)}. {' '.join(reasons)}".strip()


def limits(settings: Settings) -> Limits:
    """Return how much a run may change before a person is asked."""
    return Limits(
        rewritten=settings.max_rewritten,
        shift=2 * settings.max_mean_shift,
        released=settings.max_released,
    )


def _reasons(context: RunContext, parameters: RunParameters) -> Iterator[str]:
    """Say what is different from the run before, as far as that is on record."""
    latest = latest_summary(context.store, context.run_id)
    if latest is None:
        yield "No earlier run is on record to compare it with."
        return
    finished_at, summary = latest
    then, now = json.loads(summary), context.settings.shaping
    day = datetime.fromtimestamp(finished_at, UTC).astimezone()
    differences = [*_settings(then.get("settings", {}), now)]
    differences += _prior(then.get("prior_before"), parameters.mean)
    if differences:
        yield f"Since the run of {day:%Y-%m-%d}, {', '.join(differences)}."
    elif "settings" in then:
        yield (
            f"No setting was changed since the run of {day:%Y-%m-%d}: look at the "
            "ratings that were given or imported since."
        )


def _settings(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for key, value in now.items():
        if key in then and then[key] != value:
            yield f"{key} was changed from {_shown(then[key])} to {_shown(value)}"


def _prior(then: float | None, now: float) -> Iterator[str]:
    if then is not None and abs(now - then) / 2 >= NOTICED:
        moved = f"{then / 2:.2f} to {now / 2:.2f} stars"
        yield f"the mean of your own track ratings went from {moved}"


def _shown(value: object) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
