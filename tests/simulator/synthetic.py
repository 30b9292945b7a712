"""Makes up a music library, and a user whose taste is known."""

import math
from random import Random
from typing import Any

from tests.simulator.items import Item, Kind
from tests.simulator.world import PAST, World

GENRES = ("Torv", "Nu-Plenn", "Marnwave", "Drel & Bass", "Velk Rock", "Ambrel")
VARIOUS = "Various Artists"
VARIOUS_SHARE = 0.05
SINGLE_SHARE = 0.25
MOST_ALBUMS = 40
TAIL = 1.2
"""Of the Pareto distribution of albums per artist: smaller is heavier."""
TWIN_SHARE = 0.003
"""How many tracks are another one once more, with its guid."""
DAY = 86_400

ONSETS = "b br c cl d dr f fl g gr h j k l m n p pr r s st t tr v w z"
VOWELS = "a e i o u ai ea ou"
CODAS = ["", "", "", "l", "m", "n", "r", "rn", "s", "st", "t", "x"]
ENDINGS = ["", " (Live)", " (Remix)", " pt. 2", "?", "!", " [Demo]", " & Sons"]
ODD_ARTISTS = [
    *("Élvo Marn", "Ångdal", "Øst Krelin", "3 Torvas", "1999 Brena", "$olmar"),
    *("!Vekk!", "…And Drun", "The The Morl", "a.k.a. Plenn", 'Jo "Quill" Vant'),
    *("Grell & Tosk", "<Nul>", "Мирелна", "Жорвик", "Ελμάρα", "森川音", "ひばなみ"),
    *("カルメロ", "도레빛", "∆ryn", "🎷 Molko", ""),
]
"""Names that sort, file or encode in an unusual way."""
ODD_TITLES = [
    *("", "Tosk, Grell & Vant", 'The "Mirn"', "100% Plax", "Çelvi", "Снежнал"),
    *("夜の森", "a+b=c", "#1", "Über <Dran>", "🌒", "L'Orvane"),
]
ODD_SHARE = 0.01

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


def make_library(world: World, n_tracks: int, seed: int) -> World:
    """Fill a world with made-up music, the same for the same numbers."""
    random = Random(seed)  # noqa: S311 - must be repeatable
    _Maker(world, random).make(n_tracks)
    _form_opinions(world, random)
    return world


class _Maker:
    """Adds artists until there are enough tracks."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self._left = 0
        self._seen: list[Item] = []

    def make(self, n_tracks: int) -> None:
        """Make exactly so many tracks."""
        self._left = n_tracks
        self._make_various(round(n_tracks * VARIOUS_SHARE))
        odd = list(ODD_ARTISTS)
        self._random.shuffle(odd)
        while self._left:
            # Every third artist is odd until all odd ones have come.
            is_odd = odd and self._random.random() < 1 / 3
            self._make_artist(odd.pop() if is_odd else _artist_name(self._random))

    def _make_various(self, n_tracks: int) -> None:
        if not n_tracks:
            return
        artist = self._add(Kind.ARTIST, VARIOUS)
        while n_tracks:
            length = min(self._random.randint(14, 20), n_tracks)
            self._make_album(artist, length)
            n_tracks -= length

    def _make_artist(self, name: str) -> None:
        artist = self._add(Kind.ARTIST, name, tags=self._genres())
        for _ in range(min(MOST_ALBUMS, int(self._random.paretovariate(TAIL)))):
            if self._left:
                self._make_album(artist, min(self._album_length(), self._left))

    def _album_length(self) -> int:
        if self._random.random() < SINGLE_SHARE:
            return self._random.randint(1, 3)
        return max(4, round(self._random.gauss(11, 2)))

    def _make_album(self, artist: Item, length: int) -> None:
        album = self._add(
            Kind.ALBUM,
            _title(self._random),
            artist,
            year=self._random.randint(1962, 2023),
            studio=_word(self._random),
            tags=self._genres(),
        )
        for index in range(1, length + 1):
            self._make_track(album, index)
        self._left -= length

    def _make_track(self, album: Item, index: int) -> None:
        random = self._random
        facts: dict[str, Any] = {"index": index, "disc": 1}
        facts["duration"] = int(random.lognormvariate(12.3, 0.35))
        if album.parent and album.parent.title == VARIOUS:
            facts["original_title"] = _artist_name(self._random)
        if self._seen and random.random() < TWIN_SHARE:
            twin = random.choice(self._seen)
            track = self._add(Kind.TRACK, twin.title, album, guid=twin.guid, **facts)
        else:
            track = self._add(Kind.TRACK, _title(self._random), album, **facts)
        if not track.is_local:
            track.listeners = int(random.lognormvariate(8, 2)) + 1
            self._seen.append(track)

    def _add(
        self, kind: Kind, title: str, parent: Item | None = None, **facts: Any
    ) -> Item:
        added_at = PAST - self._random.randrange(5 * 365 * DAY)
        item = self._world.add(kind, title, parent, added_at=added_at, **facts)
        if not item.is_local:
            item.updated_at = added_at + self._random.randrange(PAST - added_at + 1)
        return item

    def _genres(self) -> dict[str, list[str]]:
        return {"genre": self._random.sample(GENRES, self._random.randint(1, 4))}


def _word(random: Random) -> str:
    pick = random.choice
    syllables = [
        pick(ONSETS.split()) + pick(VOWELS.split()) + pick(CODAS)
        for _ in range(pick((1, 2, 2)))
    ]
    return "".join(syllables).capitalize()


def _words(random: Random, *counts: int) -> str:
    return " ".join([_word(random) for _ in range(random.choice(counts))])


def _artist_name(random: Random) -> str:
    name = _words(random, 1, 2, 2, 3)
    return f"The {name}" if random.random() < 0.15 else name


def _title(random: Random) -> str:
    """Return the name of an album or a track."""
    if random.random() < ODD_SHARE:
        return random.choice(ODD_TITLES)
    title = _words(random, 1, 2, 2, 3, 4)
    return title + random.choice(ENDINGS) if random.random() < 0.1 else title


def _form_opinions(world: World, random: Random) -> None:
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
