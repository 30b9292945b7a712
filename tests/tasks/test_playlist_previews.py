"""What a smart playlist will hold is foreseen exactly, or it is named as unknown."""

from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from engine.library import Level
from engine.playlists.rules import NotPreviewed, parse, section_and_query
from tasks.playlists.previews import Questions, RulePreviews, previews
from tasks.plex.playlists import audio_playlists, members_of, playlist_of
from tasks.runtime.context import Outside, open_run
from tasks.sync.reconcile import snapshot_of
from tasks.sync.steps import plans_of, read
from tests.simulator.control import Control
from tests.simulator.in_memory import InMemory
from tests.simulator.plex import Plex
from tests.simulator.synthetic import make_library
from tests.simulator.world import World
from tests.state_machine.accounts import ADDRESS, TAG, settings_for
from tests.state_machine.plain_runs import infer_plainly

SIGNS = ("%3E%3E=", "%3C%3C=", "=", "!=", "%3E=", "%3C=")
RATINGS = ("-1", "2", "4", "5", "6", "7", "7.5", "8", "8,9", "9", "10")
LEVELS = ("", "track.", "album.", "artist.")


def numbers_of(plex, kind):
    tags = {t for item in plex.world.items() for t in item.tags.get(kind, ())}
    return sorted(plex.world.tag_book.number(kind, tag) for tag in tags)


def ratings():
    return st.builds(
        "{}userRating{}{}".format,
        st.sampled_from(LEVELS),
        st.sampled_from(SIGNS),
        st.sampled_from(RATINGS),
    )


def other_terms(genres, our_tag):
    fixed = [
        *("album.decade=1990", "album.decade!=2000", "album.year%3E%3E=2003"),
        *("track.viewCount%3E%3E=0", "track.title=a", "artist.title!=the"),
        *("track.lastRatedAt%3E%3E=-30d", "lastRatedAt%3C%3C=1700000001"),
        *(f"{w}.mood{s}={our_tag}" for w in ("track", "artist") for s in ("", "!")),
        *(f"{w}.genre={n}" for w in ("album", "artist") for n in genres[:4]),
    ]
    return st.sampled_from(fixed)


def conditions(genres, our_tag):
    term = st.one_of(ratings(), other_terms(genres, our_tag))

    def groups(inside):
        parts, joint = st.lists(inside, min_size=2, max_size=3), st.sampled_from("ao")
        return st.builds(
            lambda parts, joint: "push=1&{}&pop=1".format(
                {"a": "&and=1&", "o": "&or=1&"}[joint].join(parts)
            ),
            parts,
            joint,
        )

    return st.recursive(term, groups, max_leaves=4)


def rules(genres, our_tag):
    sorts = (
        "titleSort",
        "track.userRating:desc",
        "userRating",
        "addedAt:desc",
        "random",
    )
    ends = st.one_of(
        st.just(""),
        st.builds(
            "&sort={}&limit={}".format, st.sampled_from(sorts), st.integers(1, 40)
        ),
        st.builds("&limit={}".format, st.integers(1, 40)),
        st.just("&group=guid"),
    )
    return st.builds(
        "type={}&{}{}".format,
        st.sampled_from((10, 10, 10, 9, 8)),
        conditions(genres, our_tag),
        ends,
    )


@contextmanager
def run_on(plex, folder, run_id):
    no_brake = {"max_rewritten": 1, "max_mean_shift": 5, "max_released": 1}
    wishes = settings_for(ADDRESS, Path(folder) / "plexbayes.db", **no_brake)
    outside = Outside(transport=InMemory(plex))
    with open_run(wishes, run_id, live=True, outside=outside) as context:
        yield context


def members_by_title(plex):
    return {one["title"]: set(one["items"]) for one in Control(plex).playlists()}


@given(data=st.data())
@settings(max_examples=3, deadline=None, phases=[Phase.generate])
def test_thirty_random_smart_playlists_hold_what_was_foreseen(data):
    plex = Plex(make_library(World(), 150, seed=data.draw(st.integers(1, 99))))
    with TemporaryDirectory() as folder:
        first = data.draw(st.sampled_from(("1-4", "1-3")))
        with run_on(plex, folder, "first") as context:
            infer_plainly(context, phases=first)
        tracks = [item for item in plex.world.items() if item.kind == Level.TRACK]
        for item in tracks[:: data.draw(st.integers(3, 9))]:
            plex.world.clock.jump(1)
            plex.world.rate(item, float(data.draw(st.integers(1, 10))))
        mood = plex.world.tag_book.number("mood", TAG)
        wanted = rules(numbers_of(plex, "genre"), mood)
        for number in range(30):
            rule, spelling = data.draw(wanted), ("server", "library")[number % 2]
            title = f"{number}: {rule}"
            Control(plex).add_playlist(title, rule=rule, spelling=spelling)
        with run_on(plex, folder, "look") as context:
            snapshot = snapshot_of(context, read(context))
            plans = [p for own in plans_of(context, snapshot).values() for p in own]
            work = RulePreviews(snapshot, plans, Questions(context))
            found = dict(foreseen_on(context, work))
        with run_on(plex, folder, "second") as context:
            infer_plainly(context)

    held = members_by_title(plex)
    assert {title: held[title] for title in found} == found
    event(f"foreseen: {len(found) // 10}0 or more")
    assert any(map(len, plans))


ODD = (
    "type=10&lastViewedAt>>=1700000000000&userRating>>=2",
    "type=10&lastRatedAt>>=inf",
    "type=10&userRating>>=5&sort=episode.userRating&limit=2",
    "type=10&userRating>>=5&sort=artist.userRating&limit=2",
)


@pytest.mark.parametrize("rule", ODD)
def test_an_odd_rule_is_named_and_the_others_are_previewed(tmp_path, rule):
    plex = Plex(make_library(World(), 60, seed=2))
    Control(plex).add_playlist("odd", rule=rule)
    Control(plex).add_playlist("good", rule="type=10&userRating>>=6")
    with run_on(plex, tmp_path, "look") as context:
        snapshot = snapshot_of(context, read(context))
        found = {one.title: one for one in previews(context, snapshot, [])}

    assert found["good"].not_previewed == ""
    assert found.keys() <= {"good", "odd"}


@pytest.mark.parametrize("code", [404, 503])
def test_tags_that_plex_does_not_tell_cost_words_or_their_own_playlist(tmp_path, code):
    plex = Plex(make_library(World(), 60, seed=2))
    with run_on(plex, tmp_path, "first") as context:
        infer_plainly(context)
    mood = plex.world.tag_book.number("mood", TAG)
    genre = numbers_of(plex, "genre")[0]
    control = Control(plex)
    control.add_playlist("tagged", rule=f"type=10&track.mood={mood}")
    control.add_playlist("jazz", rule=f"type=10&album.genre={genre}&userRating>>=4")
    with run_on(plex, tmp_path, "look") as context:
        snapshot = snapshot_of(context, read(context))
        rules = [{"path": f"/{kind}?type"} for kind in ("mood", "genre")]
        plex.faults.set([{"do": "status", "code": code, "match": m} for m in rules])
        found = {one.title: one for one in previews(context, snapshot, [])}
        plex.faults.set([])

    assert "did not answer" in found["tagged"].not_previewed
    assert found["jazz"].not_previewed == ""
    assert str(genre) in found["jazz"].rule


def test_rules_about_strays_and_empty_levels_break_nothing(tmp_path):
    plex = Plex(World())
    added = Control(plex).add("A", "B", ["c", "d"])
    for key in (added["artist"], added["album"]):
        Control(plex).hide(key)
    for number, level in enumerate(("artist", "album", "track")):
        rule = f"type=10&{level}.userRating>>=6"
        Control(plex).add_playlist(f"{number}", rule=rule)
    with run_on(plex, tmp_path, "look") as context:
        snapshot = snapshot_of(context, read(context))
        assert len(previews(context, snapshot, [])) == 3


def foreseen_on(context, work):
    """Yield the members that smart playlists will have, as far as they are foreseen."""
    keys = work.snapshot.library.listed(Level.TRACK).key
    for playlist in audio_playlists(context.gateway):
        _, content = playlist_of(context.gateway, playlist.key)
        with suppress(NotPreviewed):
            rule = parse(section_and_query(content)[1], work.ask.our_mood())
            listed = partial(members_of, context.gateway, playlist.key)
            yield playlist.title, set(keys[work.foreseen(rule, listed).later].tolist())
