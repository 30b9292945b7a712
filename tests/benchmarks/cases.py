"""What both sides are asked to do, on which libraries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SIZES = (1_000, 7_500, 30_000)
QUICK = (300,)
UNTOLD = [{"do": "ignore_batch_rating"}]
"""A server that rates only one item at a time."""


@dataclass(frozen=True)
class Case:
    """Something that both sides are asked to do."""

    name: str
    words: tuple[str, ...]
    """The command's; none: a run without Prefect."""
    sizes: tuple[int, ...] = SIZES
    config: dict[str, Any] = field(default_factory=dict)
    faults: Sequence[dict[str, Any]] = ()
    """What goes wrong; then the server is tried anew, with an empty record."""


PLAIN = "first run, no Prefect"
INFER, UNDO = ("infer", "--live"), ("undo", "--live", "--yes")
CASES = (
    Case("dry run", ("infer", "--dry-run")),
    Case("first run", INFER),
    Case("second run", INFER),
    Case("undo", UNDO),
    Case(PLAIN, (), SIZES[1:2]),
    Case("", UNDO, SIZES[1:2]),
    Case("first run, no tag", INFER, SIZES[:2], {"INFERRED_TAG": ""}),
    Case("", UNDO, SIZES[:2]),
    Case("first run, default cooldown", INFER, SIZES[1:2], {"COOLDOWN_BATCH": 25}),
    Case("", UNDO, SIZES[1:2]),
    Case("first run, one rating a request", INFER, SIZES[:1], faults=UNTOLD),
)
"""In this order on one server: each undo leaves it as it was. One without a name
only does that."""
