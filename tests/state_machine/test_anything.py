"""Whatever people and runs do, what a person did stays, and undo undoes the rest."""

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.state_machine.household import Household, LearningHousehold


def live(household: type[Household], stories: int, start: int) -> None:
    """Live through stories; each start leads to other ones, the same every time."""
    run_state_machine_as_test(
        seed(start)(type(household.__name__, (household,), {})),
        settings=settings(
            max_examples=stories,
            stateful_step_count=12,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


class TestFirstStories:
    """Each class is a share of the stories: test processes take them by class."""

    def test_anything_may_happen_in_any_order(self) -> None:
        live(Household, 50, start=1)


class TestSecondStories:
    """The second fifty."""

    def test_anything_may_happen_in_any_order(self) -> None:
        live(Household, 50, start=2)


class TestThirdStories:
    """The third fifty."""

    def test_anything_may_happen_in_any_order(self) -> None:
        live(Household, 50, start=3)


class TestFourthStories:
    """The last fifty."""

    def test_anything_may_happen_in_any_order(self) -> None:
        live(Household, 50, start=4)


class TestLearningStories:
    """With runs that learn."""

    def test_anything_may_happen_in_any_order(self) -> None:
        live(LearningHousehold, 12, start=5)
