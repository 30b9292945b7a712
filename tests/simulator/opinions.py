"""Gives a made-up library its true values, its critics and its user's doings."""

import math
from random import Random

from tests.simulator.items import Item, Kind
from tests.simulator.world import PAST, World

MEAN = 6.4
"""Points."""
SPREAD = {Kind.ARTIST: 1.0, Kind.ALBUM: 0.7, Kind.TRACK: 1.0}
"""How far an item lies from its parent (SD, points)."""
CRITIC_BIAS = 0.6
"""Critics are kinder than the user by so many points."""
CRITIC_NOISE = 1.1
USER_NOISE = 0.5
CRITIC_SHARE = {Kind.ARTIST: 0.05, Kind.ALBUM: 0.25, Kind.TRACK: 0.0}
PLAYED_SHARE = 0.45
RATED_SHARE = {"played": 0.26, "unplayed": 0.06}
"""Together about 15 % of all tracks."""
ALBUM_RATED_SHARE = 0.02
RATED_ARTISTS = 2
ZEROS = 2
AGENT_MOOD_SHARE = {Kind.ARTIST: 0.4, Kind.ALBUM: 0.4, Kind.TRACK: 0.15}
USER_MOOD_SHARE = 0.03
AGENT_MOODS = ("Brooding", "Earnest", "Playful", "Rousing", "Wistful", "Intense")
USER_MOODS = ("Reflective", "Sunday, late", "Çalm & slow", "Gym")
DAY = 86_400


def form_opinions(world: World, random: Random) -> None:
    """Decide what everything is worth, and what its listeners made of it."""
    truths: dict[str, float] = {}
    for item in world.items():
        value = random.gauss(*_expect(item))
        # Twins are the same recording, so they have one true value.
        item.truth = round(truths.setdefault(item.guid, _clip(value)), 3)
        if random.random() < CRITIC_SHARE[item.kind]:
            seen = random.gauss(item.truth + CRITIC_BIAS, CRITIC_NOISE)
            item.critic = round(_clip(seen), 1)
        _give_moods(world, item, random)
    _listen(world, random)
    _rate_few(world, random)


def _expect(item: Item) -> tuple[float, float]:
    """Return mean and spread of an item's value, given what is above it."""
    if item.original_title:
        # On a compilation, everybody is as good as they are elsewhere.
        return MEAN, math.hypot(SPREAD[Kind.ARTIST], SPREAD[Kind.TRACK])
    above = item.parent.truth if item.parent else None
    return MEAN if above is None else above, SPREAD[item.kind]


def _give_moods(world: World, item: Item, random: Random) -> None:
    moods = []
    if random.random() < AGENT_MOOD_SHARE[item.kind]:
        moods += random.sample(AGENT_MOODS, random.randint(1, 3))
    if random.random() < USER_MOOD_SHARE:
        moods.append(random.choice(USER_MOODS))
        if random.random() < 0.5:
            item.locks.add("mood")
    if moods:
        item.tags["mood"] = [world.tag_book.spell("mood", mood) for mood in moods]


def _listen(world: World, random: Random) -> None:
    """Let the user play some tracks and rate some of these and a few others."""
    for track in world.views[Kind.TRACK].values():
        is_played = random.random() < PLAYED_SHARE
        if is_played:
            mine = world.remember(track)
            mine.view_count = int(random.paretovariate(1.1)) % 500 + 1
            mine.last_viewed_at = PAST - random.randrange(1000 * DAY)
            if random.random() < 0.1:
                mine.skip_count = random.randint(1, 5)
        if random.random() < RATED_SHARE["played" if is_played else "unplayed"]:
            _rate(world, track, random)


def _rate_few(world: World, random: Random) -> None:
    """Let the user rate some albums, two artists, and two tracks with nothing."""
    albums = list(world.views[Kind.ALBUM].values())
    for album in random.sample(albums, round(len(albums) * ALBUM_RATED_SHARE)):
        _rate(world, album, random)
    artists = list(world.views[Kind.ARTIST].values())
    for artist in random.sample(artists, min(RATED_ARTISTS, len(artists))):
        _rate(world, artist, random)
    tracks = list(world.views[Kind.TRACK].values())
    for track in random.sample(tracks, min(ZEROS, len(tracks))):
        _rate(world, track, random)
        world.remember(track).rating = 0.0


def _rate(world: World, item: Item, random: Random) -> None:
    mine = world.remember(item)
    felt = random.gauss(item.truth or MEAN, USER_NOISE)
    mine.rating = float(min(10, max(1, round(felt))))
    mine.last_rated_at = PAST - random.randrange(1500 * DAY)


def _clip(points: float) -> float:
    return min(10.0, max(0.0, points))
