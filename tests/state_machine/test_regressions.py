"""What once went wrong in a long story, each told by itself."""

import pytest

from engine.planning.undo_plan import Undone
from tasks.commands.recover import recover
from tasks.runtime.context import RunContext
from tests.simulator.items import Kind
from tests.state_machine.household import LONG, Household
from tests.state_machine.plain_runs import Died, infer_plainly, undo_plainly


@pytest.fixture
def story(story: Household) -> Household:
    """A library in which everything was inferred."""
    story.operator.do(infer_plainly)
    story.person.clock.tick()
    return story


def test_twins_that_are_locked_differently_are_confirmed_together(story):
    intents = [entry for entry in story.record.entries() if entry.seen_at is None]

    assert intents == []


def test_undo_is_done_with_a_rating_that_a_person_confirmed(story):
    item = story.named("Kick")
    points = story.person.rating_of(item)
    story.person.rate(item, points)

    undone = story.undo()

    assert (undone.kept, undone.failed) == (1, 0)
    assert story.person.rating_of(item) == points
    assert item not in story.affected_items()


def test_undo_of_an_artist_leaves_what_another_artist_shares(story):
    item = story.named("Tagged")
    points = story.person.rating_of(item)

    story.operator.do(lambda context: undo_plainly(context, artist="Abel"))

    assert story.person.rating_of(item) == points
    assert item in story.affected_items()
    assert story.person.rating_of(story.named("Locked")) is None


def test_a_rating_that_a_person_gives_while_an_undo_waits_stays(story):
    item = story.named("808 State")

    def undo_with_a_wait(context: RunContext) -> Undone:
        context.ensure_lease = lambda: story.person.rate(item, 8.0)
        return undo_plainly(context)

    undone = story.operator.do(undo_with_a_wait)

    assert (undone.kept, undone.failed) == (1, 0)
    assert story.person.rating_of(item) == 8.0
    assert item not in story.affected_items()


def test_a_rehearsed_undo_knows_items_by_their_new_names(story):
    recorded = len(story.record.entries())
    story.file_anew(story.named("Unsaid"), rescanned=False)

    rehearsed = story.operator.look(undo_plainly)

    assert (rehearsed.undone, rehearsed.gone) == (recorded, 0)
    assert rehearsed.untagged == rehearsed.swept == []


def test_a_rehearsed_recovery_knows_items_by_their_new_names(story):
    tagged = len(story.affected_items())
    story.file_anew(story.named("Unsaid"), rescanned=False)

    rehearsed = story.operator.look(recover)

    assert (rehearsed.known, rehearsed.unrated) == (tagged, 0)


def test_a_rating_that_is_cleared_before_it_was_confirmed_loses_its_tag(story):
    def die() -> None:
        raise Died

    story.undo()
    story.operator.do(infer_plainly, at=3, act=die)
    item = next(item for item in story.affected_items() if item.kind == Kind.ARTIST)
    story.person.clear(item)
    story.record.age(LONG)
    story.operator.do(recover)

    story.operator.do(lambda context: undo_plainly(context, artist=item.title))

    assert item not in story.affected_items()


def test_undo_finds_the_tag_of_a_write_that_was_given_up(story):
    story.undo()
    story.operator.spoil(0, "reset_after")
    story.operator.do(infer_plainly)
    assert story.affected_items()
    story.record.age(LONG)
    story.operator.do(recover)

    story.undo()

    assert story.affected_items() == []


def test_a_tag_that_no_rating_followed_is_ours_though_the_record_is_lost(story):
    story.undo()
    story.operator.spoil(0, "reset_after")
    story.operator.do(infer_plainly)
    assert story.affected_items()
    story.record.lose()
    story.operator.do(recover)
    story.operator.do(infer_plainly)

    story.undo()

    assert story.affected_items() == []


def test_a_tag_on_an_unrated_item_is_ours_under_a_new_key_too():
    story = Household()
    story.move_in(batch=2, dynamic=True, keeps_date=True, floats="exact", guarded=True)
    story.kill(fault="reset_before", turn=10)
    story.lose_the_record()
    story.recover_it()
    story.rekey(rescanned=False, which=[10])
    story.infer_all(rehearsed=False)
    story.teardown()
