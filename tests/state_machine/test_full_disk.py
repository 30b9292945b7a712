"""A disk that fills up in the middle of a run costs nothing but the run."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from engine.errors import ShadowUnreadable
from tests.state_machine.household import Household
from tests.state_machine.plain_runs import infer_plainly


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, in bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 80_000, 130_000])
def test_what_was_written_until_the_disk_was_full_is_known(room):
    story = Household()
    story.move_in(batch=2)

    with files_of_at_most(room):
        try:
            story.operator.do(infer_plainly)
            error = story.operator.broken_off_by
        except ShadowUnreadable as unreadable:
            error = unreadable
    assert "disk" in str(error)
    # Perhaps not even tables came to be.
    with suppress(sqlite3.OperationalError, sqlite3.IntegrityError):
        story.record.die()

    story.person.check()
    story.infer_all(rehearsed=False)
    story.undo()
    story.person.check()
    story.teardown()
