"""A process that ends at any request has lost nothing, and leaves nothing."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash_matrix.crash import LIBRARY, Case, Rig
from tests.simulator.process import Simulator
from tests.state_machine.accounts import quick_folder

SAMPLE = [
    Case("infer", 4, "after", signal.SIGKILL),
    Case("infer", 16, "before", signal.SIGKILL),
    Case("infer", 44, "after", signal.SIGKILL),
    Case("infer", 80, "before", signal.SIGKILL),
    Case("infer", 7, "after", signal.SIGTERM, writes=True),
    Case("infer", 30, "before", signal.SIGINT, writes=True),
    Case("undo", 14, "before", signal.SIGKILL),
    Case("undo", 3, "after", signal.SIGTERM, writes=True),
    Case("recover", 12, "after", signal.SIGKILL),
]
"""Of the whole matrix, which `make bench-crash` goes through."""


SAMPLE_WITHOUT_FILTERS = [
    Case("infer", 30, "after", signal.SIGKILL),
    Case("undo", 20, "before", signal.SIGKILL),
    Case("recover", 15, "after", signal.SIGKILL),
]
"""Of the matrix on a server that ignores filters."""


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with quick_folder() as folder, Simulator.start(**LIBRARY) as plex:
        yield Rig(plex, Path(folder))


@pytest.fixture(scope="module")
def rig_without_filters() -> Iterator[Rig]:
    options = {**LIBRARY, "ignored_filters": "all"}
    with quick_folder() as folder, Simulator.start(**options) as plex:
        yield Rig(plex, Path(folder))


@pytest.mark.parametrize("case", SAMPLE, ids=str)
def test_whenever_a_process_ends_nothing_is_lost_and_nothing_left(rig, case):
    assert rig.try_out(case) == ""


@pytest.mark.parametrize("case", SAMPLE_WITHOUT_FILTERS, ids=str)
def test_a_server_that_ignores_filters_makes_no_difference(rig_without_filters, case):
    assert rig_without_filters.try_out(case) == ""


def test_the_matrix_meets_every_request_and_every_write(rig):
    cases = list(rig.cases("infer"))

    requests = rig.requests["infer"]
    kills = {(c.index, c.moment) for c in cases if c.signum == signal.SIGKILL}
    assert len(kills) == 2 * len(requests)
    assert len(cases) - len(kills) == 4 * sum(requests)


def test_a_signal_without_a_process_is_no_fault(rig):
    with pytest.raises(OSError, match="400"):
        rig.plex.faults([{"do": "signal_before"}])
