"""A server that ignores filters and lists everything is believed for nothing by it."""

from collections.abc import Iterator

import pytest

from engine.errors import RecordLost
from tasks.commands.recover import recover
from tasks.commands.verify import verify
from tests.simulator.fields import BUT_ID
from tests.simulator.items import Kind
from tests.state_machine.accounts import TAG
from tests.state_machine.household import Household
from tests.state_machine.plain_runs import infer_plainly


@pytest.fixture(params=[frozenset({"mood"}), BUT_ID], ids=["mood", "every filter"])
def story(request) -> Iterator[Household]:
    story = Household()
    story.move_in(guarded=False, ignored=request.param)
    yield story
    story.what_a_person_did_stays()
    story.teardown()


def test_infer_lose_the_record_recover_and_undo_leaves_all_manual_ratings(story):
    story.operator.do(infer_plainly)
    story.record.lose()

    rehearsed = story.operator.look(recover)
    recovered = story.operator.do(recover)
    again = story.operator.do(infer_plainly)
    undone = story.undo()  # makes sure that only what is a person's stays

    assert rehearsed.recovered == recovered.recovered > 0
    assert recovered.doubtful == []
    assert again == []
    assert undone.swept == undone.untagged == []
    assert story.affected_items() == []


def test_undo_without_a_record_sweeps_only_what_bears_our_tag(story):
    story.operator.do(infer_plainly)
    half_star = story.named("Kick")
    story.rate(half_star, 8.0)
    story.record.lose()

    story.undo()

    assert story.person.rating_of(half_star) == 8.0
    assert story.affected_items() == []


def test_verify_names_what_bears_our_tag_and_what_lacks_it(story):
    story.operator.do(infer_plainly)
    story.world.remove_tags(story.named("Kick"), "mood", [TAG])
    story.world.add_tags(story.named("Loved"), "mood", [TAG])

    found = story.operator.look(verify).findings

    for name, title in (("untagged", "Kick"), ("stray", "Loved")):
        assert found[name].count == 1
        assert title in found[name].items[0]
    story.world.remove_tags(story.named("Loved"), "mood", [TAG])


def test_a_library_in_which_a_person_rates_in_decimals_is_no_old_copy(story):
    story.operator.do(infer_plainly)
    for item in story.person.items:
        story.person.clock.tick()
        story.rate(item, 6.7)
        story.world.remove_tags(item, "mood", [TAG])

    assert story.operator.do(infer_plainly) == []


def test_one_tag_on_an_unrated_item_is_no_sign_of_a_lost_record(story):
    story.world.add_tags(story.named("Kick"), "mood", [TAG])

    assert story.operator.do(infer_plainly)
    story.world.remove_tags(story.named("Kick"), "mood", [TAG])


def test_a_lost_record_is_still_noticed(story):
    story.operator.do(infer_plainly)
    record = story.record.path.read_bytes()
    story.record.lose()

    with pytest.raises(RecordLost) as refusal:
        story.operator.look(infer_plainly)

    tracks = [i for i in story.affected_items() if i.kind == Kind.TRACK]
    assert f"{len(tracks)} tracks" in str(refusal.value)
    story.record.path.write_bytes(record)
