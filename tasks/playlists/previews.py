"""Smart playlists as Plex has them, and what they would hold after a run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.errors import PlexError
from engine.library import Level
from engine.planning.plan import PhasePlan
from engine.playlists.members import members, orders_by_rating
from engine.playlists.moments import Moment
from engine.playlists.preview import Playlist, preview
from engine.playlists.rules import (
    MOOD,
    Group,
    NotPreviewed,
    Rule,
    may_be_ours,
    parse,
    query_of,
    questions,
    section_and_query,
)
from engine.playlists.wording import in_words, query_of_words
from engine.rating_scale import Ints
from tasks.plex.playlists import (
    PlexPlaylist,
    audio_playlists,
    matching,
    members_of,
    playlist_of,
)
from tasks.runtime.context import RunContext, Step
from tasks.sync.reconcile import LibrarySnapshot

NOTHING = np.empty(0, np.int64)
UNEXPLAINED = (
    "Plex lists {} tracks now, and its rule as it is understood here finds {}."
)


@dataclass(eq=False)
class Questions:
    """What Plex is asked about rules; each question once."""

    context: RunContext
    _answers: dict[tuple[Level, str], Ints] = field(default_factory=dict)
    _tags: dict[tuple[Level, str], Mapping[str, str]] = field(default_factory=dict)

    def matching(self, level: Level, query: str) -> Ints:
        """Return the ratingKeys of the items that a query finds."""
        asked = level, query
        if asked not in self._answers:
            self._answers[asked] = matching(self.context.gateway, level, query)
        return self._answers[asked]

    def numbers(self, level: Level, kind: str) -> Mapping[str, str]:
        """Return the numbers of all tags of a kind that items of a level bear."""
        asked = level, kind
        if asked not in self._tags:
            self._tags[asked] = self.context.gateway.tags(level, kind)
        return self._tags[asked]

    def in_words(self, rule: Rule) -> str:
        """Return what a rule says; tags are numbers if Plex does not name them."""
        try:
            return in_words(rule, self.numbers)
        except PlexError:
            return in_words(rule, lambda *_: {})

    def unanswered(self, error: PlexError) -> str:
        """Tell a person what went wrong, and return what the report says of it.

        That names no address: people share their reports.
        """
        self.context.watch(Step(note=str(error)))
        return "Plex did not answer when it was read."

    def our_mood(self) -> str:
        """Return the number of our tag; empty: nothing bears it."""
        tag = self.context.settings.inferred_tag.casefold()
        numbers = (self.numbers(level, MOOD).get(tag, "") for level in Level)
        return next(filter(None, numbers), "") if tag else ""

    def tagged(self) -> dict[Level, Ints]:
        """Return the ratingKeys of all items that bear our tag."""
        mood = self.our_mood()
        return {
            level: self.matching(level, f"{level.word}.{MOOD}={mood}")
            if mood
            else NOTHING
            for level in Level
        }


@dataclass(frozen=True, eq=False)
class Foreseen:
    """The tracks of a smart playlist, as rows, and what Plex holds, at two moments."""

    now: Ints
    later: Ints
    before: Moment
    after: Moment


@dataclass(frozen=True, eq=False)
class RulePreviews:
    """What a library holds before and after a run, and what Plex says of rules."""

    snapshot: LibrarySnapshot
    plans: Sequence[PhasePlan]
    ask: Questions

    def foreseen(self, rule: Rule, listed: Callable[[], Ints]) -> Foreseen:
        """Evaluate a rule; what Plex lists now has to be what it finds now.

        Raises:
            NotPreviewed: That is not so, or only Plex can tell what it will find.
        """
        before, after = self._moments(rule.where)
        answers = {
            query_of(one): self.ask.matching(rule.level, query_of(one))
            for one in questions(rule.where)
        }
        order = NOTHING
        if rule.limit is not None and not orders_by_rating(rule):
            order = self.ask.matching(rule.level, rule.sort and f"sort={rule.sort}")
        now, later = (
            members(rule, moment, answers, order) for moment in (before, after)
        )
        keys, seen = self.snapshot.library.listed(Level.TRACK).key[now], listed()
        if set(keys.tolist()) != set(seen.tolist()):
            raise NotPreviewed(UNEXPLAINED.format(len(seen), len(now)))
        return Foreseen(now, later, before, after)

    def preview(self, title: str, rule: Rule, listed: Callable[[], Ints]) -> Playlist:
        """Return what becomes of a playlist, or why nobody can say."""
        words = self.ask.in_words(rule)
        try:
            found = self.foreseen(rule, listed)
        except NotPreviewed as reason:
            return Playlist(title, words, not_previewed=f"{reason}")
        except PlexError as error:
            return Playlist(title, words, not_previewed=self.ask.unanswered(error))
        moments = found.now, found.later, found.before, found.after
        return preview(title, words, *moments)

    def _moments(self, where: Group) -> tuple[Moment, Moment]:
        context, everything = self.ask.context, self.snapshot.everything
        tagged = self.ask.tagged() if where.asks_for(MOOD) else {}
        now = context.machine.now()
        before = Moment.now(self.snapshot.library, everything, tagged, now)
        tagging = lambda level: bool(context.tag_for(level))  # noqa: E731
        return before, before.after(everything, self.plans, tagging)


def previews(
    context: RunContext,
    snapshot: LibrarySnapshot,
    plans: Sequence[PhasePlan],
    wheres: Sequence[str] = (),
) -> list[Playlist]:
    """Preview the smart playlists whose rules a run has to do with, and typed rules.

    One that cannot be previewed, or read, is named with the reason; the others go on.

    Raises:
        UsageError: A typed rule is not understood.
        PlexError: The playlists cannot be read at all.
    """
    ask = Questions(context)
    work = RulePreviews(snapshot, plans, ask)
    typed = [_typed(work, where) for where in wheres]
    smart = (one for one in audio_playlists(context.gateway) if one.is_smart)
    return typed + [found for one in smart for found in _previewed(work, one)]


def _typed(work: RulePreviews, where: str) -> Playlist:
    query = query_of_words(where, work.ask.numbers)
    rule = parse(query, work.ask.our_mood() if MOOD in query else "")
    asked = query.partition("&")[2]
    return work.preview(where, rule, lambda: work.ask.matching(rule.level, asked))


def _previewed(work: RulePreviews, playlist: PlexPlaylist) -> Iterator[Playlist]:
    """Yield the preview of a playlist, if a run has to do with it and this library."""
    context = work.ask.context
    try:
        found = playlist_of(context.gateway, playlist.key)
        section, query = section_and_query(found[1] if found else "")
        is_here = section == context.gateway.library.rpartition("/")[2]
        if not (is_here and may_be_ours(query)):
            return
        rule = parse(query, work.ask.our_mood() if MOOD in query else "")
    except NotPreviewed as reason:
        yield Playlist(playlist.title, "", not_previewed=f"{reason}")
        return
    except PlexError as error:
        yield Playlist(playlist.title, "", not_previewed=work.ask.unanswered(error))
        return
    if rule.where.is_ours or (rule.limit is not None and orders_by_rating(rule)):
        listed = lambda: members_of(context.gateway, playlist.key)  # noqa: E731
        yield work.preview(playlist.title, rule, listed)
