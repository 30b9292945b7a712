"""A server that ignores filters and lists everything is believed for nothing by it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.errors import RecordLost
from engine.planning.undo_plan import Selection
from tasks.commands.recover import recover
from tasks.commands.undo import undo
from tasks.commands.verify import verify
from tests.simulator.fields import BUT_ID
from tests.simulator.options import Options
from tests.simulator.world import OWNER
from tests.state_machine.accounts import (
    TAG,
    Served,
    quick_folder,
    serving,
    settings_for,
    small_world,
)
from tests.state_machine.plain_runs import Operator, infer_plainly
from tests.state_machine.record import Record


class Home:
    """A library with ratings of a person, a server of some kind, and a record."""

    def __init__(self, plex: Served, record: Record) -> None:
        self.plex = plex
        self.record = record
        settings = settings_for(plex.url, record.path)
        self.operator = Operator(plex, record, settings)

    def ratings(self):
        """Return all ratings that there are, by key."""
        rated = self.plex.world.items()
        points = {i.key: self.plex.world.personal_of(OWNER, i).rating for i in rated}
        return {key: value for key, value in points.items() if value is not None}

    def tagged(self):
        """Return the keys of the items that bear our tag."""
        items = self.plex.world.items()
        return {item.key for item in items if TAG in item.tags.get("mood", [])}

    def item(self, title):
        """Return an item."""
        return next(one for one in self.plex.world.items() if one.title == title)


@pytest.fixture(params=[frozenset({"mood"}), BUT_ID], ids=["mood", "every filter"])
def home(request) -> Iterator[Home]:
    options = Options(ignored_filters=request.param)
    with ExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setenv(
            "NO_PROXY", "127.0.0.1"
        )
        folder = stack.enter_context(quick_folder())
        plex = stack.enter_context(serving(Served(small_world(), options)))
        yield Home(plex, Record(Path(folder) / "plexbayes.db"))


def undo_all(context):
    return undo(context, Selection())


def test_infer_lose_the_record_recover_and_undo_leaves_all_manual_ratings(home):
    manual = home.ratings()
    home.operator.do(infer_plainly)
    inferred = home.ratings()
    home.record.lose()

    rehearsed = home.operator.look(recover)
    recovered = home.operator.do(recover)
    again = home.operator.do(infer_plainly)
    undone = home.operator.do(undo_all)

    assert len(inferred) > len(manual)
    assert rehearsed.recovered == recovered.recovered
    assert recovered.doubtful == []
    assert again == []
    assert undone.swept == undone.untagged == []
    assert home.ratings() == manual
    assert home.tagged() == set()


def test_undo_without_a_record_sweeps_only_what_bears_our_tag(home):
    manual = home.ratings()
    home.operator.do(infer_plainly)
    half_star = home.item("Kick")
    home.plex.world.rate(half_star, 8.0, OWNER)
    home.record.lose()

    home.operator.do(undo_all)

    assert home.ratings() == manual | {half_star.key: 8.0}
    assert home.tagged() == set()


def test_verify_names_what_bears_our_tag_and_what_lacks_it(home):
    home.operator.do(infer_plainly)
    home.plex.world.remove_tags(home.item("Kick"), "mood", [TAG])
    home.plex.world.add_tags(home.item("Loved"), "mood", [TAG])

    found = home.operator.look(verify).findings

    assert found["untagged"].count == 1
    assert "Kick" in found["untagged"].items[0]
    assert found["stray"].count == 1
    assert "Loved" in found["stray"].items[0]


def test_a_library_in_which_a_person_rates_in_decimals_is_no_old_copy(home):
    home.operator.do(infer_plainly)
    for item in home.plex.world.items():
        home.plex.world.clock.tick()
        home.plex.world.rate(item, 6.7, OWNER)
        home.plex.world.remove_tags(item, "mood", [TAG])

    assert home.operator.do(infer_plainly) == []


def test_one_tag_on_an_unrated_item_is_no_sign_of_a_lost_record(home):
    home.plex.world.add_tags(home.item("Kick"), "mood", [TAG])

    assert home.operator.do(infer_plainly)


def test_a_lost_record_is_still_noticed(home):
    home.operator.do(infer_plainly)
    home.record.lose()

    with pytest.raises(RecordLost) as refusal:
        home.operator.look(infer_plainly)

    tracks = [key for key in home.tagged() if home.plex.world.find(key).kind == 10]
    assert f"{len(tracks)} tracks" in str(refusal.value)
