"""What a person may do to a library: the half of the story that is not ours."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from engine.edits import Capabilities
from tasks.sync import letter_writer as writing
from tests.simulator.items import Item
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.state_machine.accounts import (
    ADDRESS,
    TAG,
    quick_folder,
    settings_for,
    small_world,
)
from tests.state_machine.person import Person
from tests.state_machine.plain_runs import Operator
from tests.state_machine.record import Record

ANY = st.one_of(st.integers(0, 59), st.sampled_from([4, 10, 14, 15]))
"""Which item, counted around all that there are; some come up again and again."""

GIVEN = st.one_of(
    st.integers(0, 10).map(float), st.sampled_from(["the same", "nearly the same"])
)
"""Half stars, or what stands there already."""

FEW = 8
"""Items of which a library has to consist."""


class Doings(RuleBasedStateMachine):
    """A person, a Plex and a record, and all that the person may do."""

    model = "classic"
    """How runs infer."""

    @initialize(
        batch=st.sampled_from([25, 2]),
        dynamic=st.booleans(),
        keeps_date=st.booleans(),
        floats=st.sampled_from(["exact", "float32"]),
        guarded=st.booleans(),
    )
    def move_in(
        self,
        *,
        batch: int = 25,
        dynamic: bool = True,
        keeps_date: bool = False,
        floats: str = "float32",
        guarded: bool = True,
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        self.home = ExitStack()
        patch = self.home.enter_context(pytest.MonkeyPatch.context())
        # In a story no time passes between the look at a letter and a write.
        patch.setattr(writing, "STATES_LAST", {False: 0.0, True: 10.0})
        folder = Path(self.home.enter_context(quick_folder()))
        self.record = Record(folder / "plexbayes.db")
        self.world = small_world(keeps_date=keeps_date)
        plex = Plex(self.world, Options(float_mode=floats, ignored_filters=ignored))
        self.person = Person(self.world, self.record)
        wishes = {"cooldown_batch": batch, "dynamic_precision": dynamic}
        wishes["model"] = self.model
        settings = settings_for(ADDRESS, self.record.path, **wishes)
        able = Capabilities(has_conditional_edits=guarded)
        self.operator = Operator(plex, self.record, settings, able)
        self.taken: set[str] = set()
        """Guids that a person rated since the last complete run: a rating of
        ours that was there bears our tag until the next run notices."""
        self.stuck: set[Item] = set()
        """Items that keep our tag for good."""

    @rule(which=ANY, points=GIVEN, same_second=st.booleans())
    def edit(self, *, which: int, points: float | str, same_second: bool) -> None:
        if not same_second:
            self.person.clock.tick()
        self.rate(self.pick(which), points)

    @rule(which=ANY)
    def clear(self, which: int) -> None:
        self.person.clock.tick()
        self.person.clear(self.pick(which))

    @rule(which=ANY, how=st.sampled_from(["add", "add and lock", "remove ours"]))
    def edit_moods(self, *, which: int, how: str) -> None:
        if how == "remove ours":
            self.person.untag(self.pick(which))
        else:
            self.person.tag(self.pick(which), "Sunday", lock=how == "add and lock")

    @rule(which=st.lists(ANY, min_size=1, max_size=3), rescanned=st.booleans())
    def rekey(self, *, which: list[int], rescanned: bool) -> None:
        self.person.clock.tick()
        for item in list(dict.fromkeys(map(self.pick, which))):
            self.file_anew(item, rescanned=rescanned)

    @rule(which=ANY)
    def delete(self, which: int) -> None:
        if len(self.person.items) > FEW:
            self.person.delete(self.pick(which))

    @rule(artist=st.sampled_from(["Abel", "Dorn", "Émile"]))
    def add(self, artist: str) -> None:
        self.person.clock.tick()
        self.person.add(artist, "Newest", f"New {len(self.person.moods)}")

    @rule(which=ANY)
    def bring_back(self, which: int) -> None:
        if self.person.deleted:
            back = self.person.deleted.pop(which % len(self.person.deleted))
            self.person.add(*back)

    def rate(self, item: Item, points: float | str) -> None:
        """Rate an item, maybe with what stands there."""
        if isinstance(points, str):
            off = 0.01 if points == "nearly the same" else 0.0
            stands = self.person.rating_of(item)
            points = 6.0 if stands is None else min(10.0, round(stands + off, 2))
        self.person.rate(item, points)
        self.taken.add(item.guid)

    def file_anew(self, item: Item, *, rescanned: bool) -> None:
        """Give an item another key, and a local one another guid."""
        # Neither an intent nor a mark says what its item is like. If a tagged local
        # item is filed anew before its rating is confirmed, nobody knows later that
        # the tag which it took along is ours.
        seen = {entry.seen_at for entry in self.person.record_of(item)}
        is_tagged = TAG in item.tags.get("mood", [])
        if item.is_local and is_tagged and seen <= {None} and not rescanned:
            self.stuck.add(item)
        self.person.rekey(item, rescanned=rescanned)

    def pick(self, which: int) -> Item:
        items = self.person.items
        return items[which % len(items)]

    def named(self, title: str) -> Item:
        return next(item for item in self.person.items if item.title == title)

    def affected_items(self) -> list[Item]:
        return [item for item in self.person.items if TAG in item.tags.get("mood", [])]
