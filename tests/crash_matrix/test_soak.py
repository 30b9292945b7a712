"""However often it runs, the record stays as large as the library, and all is done."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.crash_matrix.soak import Size, soaked
from tests.state_machine.accounts import quick_folder

NOTHING = {"intent": 0, "lease": 0, "writes": 0}
FINE = Size(shadow=9, mark=9, run=3, bytes=1000, ever=9, **NOTHING)


def test_runs_in_a_row_leave_a_small_record_and_nothing_to_do():
    with quick_folder() as folder:
        sizes = list(soaked(tracks=60, runs=5, folder=Path(folder)))

    assert [size.too_large() for size in sizes] == [[]] * 6
    assert sizes[-1].shadow < sizes[-2].shadow / 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shadow", 10),
        ("intent", 1),
        ("run", 201),
        ("bytes", 10**6),
        ("writes", 1),
    ],
)
def test_what_grows_without_bound_is_named(name, value):
    (fault,) = replace(FINE, **{name: value}).too_large()

    assert fault.startswith(f"{name} is {value}, above ")
