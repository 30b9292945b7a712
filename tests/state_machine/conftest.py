"""A household whose story a test tells itself."""

from collections.abc import Iterator

import pytest

from tests.state_machine.household import Household


@pytest.fixture
def story() -> Iterator[Household]:
    """A library before anything was inferred; at the end, undo must undo all."""
    story = Household()
    story.move_in()
    yield story
    story.what_a_person_did_stays()
    story.teardown()
