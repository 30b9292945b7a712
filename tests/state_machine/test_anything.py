"""Whatever people and runs do, what a person did stays, and undo undoes the rest."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.state_machine.household import Household, LearningHousehold


@pytest.mark.parametrize(
    ("household", "stories"),
    [
        (Household, 40),
        (LearningHousehold, 6),
        pytest.param(Household, 200, marks=pytest.mark.long),
    ],
)
def test_anything_may_happen_in_any_order(
    household: type[Household], stories: int
) -> None:
    run_state_machine_as_test(
        household,
        settings=settings(
            max_examples=stories,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
