"""Fills a record as if a whole library had just been written, without writing it."""

import time
from collections.abc import Sequence

from sqlalchemy import insert

from engine.planning.plan import PhasePlan
from tasks.record.rows import IntentState
from tasks.record.store import ShadowStore
from tasks.record.tables import IntentRow, MarkRow


def intend_everything(store: ShadowStore, plans: Sequence[PhasePlan]) -> None:
    """Promise all plans, and note that Plex accepted them."""
    now = time.time()
    for plan in plans:
        rows = [
            {
                "library_id": store.library_id,
                "level": int(plan.phase.level),
                "guid": guid,
                "key": key,
                "phase": int(plan.phase),
                "run_id": "scale",
                "before": None,
                "after": after,
                "state": IntentState.ACKNOWLEDGED,
                "since": now,
            }
            for guid, key, after in zip(
                plan.guid, plan.key.tolist(), plan.after.tolist(), strict=True
            )
        ]
        marks = [
            {
                "library_id": store.library_id,
                "level": int(plan.phase.level),
                "key": key,
                "guid": guid,
                "tag": "Rating_Inferred",
                "had_tag": False,
                "mood_locked": False,
                "rating_locked": False,
            }
            for guid, key in zip(plan.guid, plan.key.tolist(), strict=True)
        ]
        if rows:
            with store.database.writing() as session:
                session.execute(insert(IntentRow), rows)
                session.execute(insert(MarkRow), marks)
