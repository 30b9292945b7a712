"""Plans as files: what a dry run would write, to be looked at and applied later."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.classic import Phase
from engine.errors import UsageError
from engine.evidence import LibraryView
from engine.library import Identity
from engine.planning.plan import PhasePlan
from engine.rating_scale import rounded
from tasks.config.output_files import write_text
from tasks.config.ratings_files import read_text

Finite = Annotated[float, Field(allow_inf_nan=False)]
Points = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class SavedChange(BaseModel):
    """A rating that is to be written, as a file says."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    item: str = ""
    """For people."""
    phase: Annotated[int, Field(ge=1, le=4)]
    key: Annotated[int, Field(gt=0)]
    guid: str
    before: Points | None
    """Our rating when the plan was made, points; none: the item was unrated."""
    after: Points
    sd: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None
    ratings: int | None = None
    good: Finite | None = None
    poor: Finite | None = None
    confidence: Finite | None = None


class SavedPlan(BaseModel):
    """A plan in a file, as far as it can be understood."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1]
    made_at: Finite
    """Epoch seconds."""
    server: str
    uuid: str
    account: str
    library: str
    changes: list[Any]

    def understood(self) -> tuple[list[SavedChange], list[str]]:
        """Return the changes that can be understood, and what is wrong with others."""
        found, wrong = [], []
        for number, one in enumerate(self.changes, 1):
            try:
                change = SavedChange.model_validate(one)
            except ValidationError as error:
                reason = error.errors(include_url=False)[0]
                where = ".".join(map(str, reason["loc"]))
                wrong.append(f"change {number}: {where}: {reason['msg']}")
                continue
            if round(change.after, 2) != change.after:
                wrong.append(
                    f"change {number}: {change.after} is finer than hundredths"
                )
                continue
            found.append(change)
        return found, wrong


def save_plan(
    path: Path,
    identity: Identity,
    now: float,
    everything: LibraryView,
    plans: Iterable[PhasePlan],
) -> None:
    """Write plans to a JSON file.

    Raises:
        UsageError: It cannot be written.
    """
    document = {
        "format": 1,
        "made_at": now,
        "server": identity.server,
        "uuid": identity.uuid,
        "account": identity.account,
        "library": identity.title,
        "changes": [one for plan in plans for one in _changes(everything, plan)],
    }
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _changes(everything: LibraryView, plan: PhasePlan) -> list[dict[str, Any]]:
    level = plan.phase.level
    items = everything[level].items
    rows = items.rows_of(plan.key).tolist()
    columns = (
        *(rows, plan.key.tolist(), plan.guid, plan.before.tolist()),
        *(rounded(plan.after).tolist(), plan.estimates.known()),
    )
    return [
        {
            "item": items.named(level, row),
            "phase": int(plan.phase),
            "key": key,
            "guid": guid,
            "before": None if np.isnan(before) else before,
            "after": round(after, 2),
            **{name: value for name, value in known.items() if value is not None},
        }
        for row, key, guid, before, after, known in zip(*columns, strict=True)
    ]


def read_plan(path: Path) -> SavedPlan:
    """Read a saved plan; its changes are still to be understood.

    Raises:
        UsageError: It cannot be read, or is no saved plan.
    """
    try:
        return SavedPlan.model_validate(json.loads(read_text(path)))
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        where = ".".join(map(str, wrong["loc"]))
        raise UsageError(f"{path} is no saved plan: {where}: {wrong['msg']}.") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no saved plan: {error}.") from None


def phases_of(changes: Sequence[SavedChange]) -> dict[Phase, list[SavedChange]]:
    """Return the changes of each phase, in the order of the phases."""
    return {
        phase: own
        for phase in Phase
        if (own := [change for change in changes if change.phase == phase])
    }
