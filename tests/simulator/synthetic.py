"""Makes up a music library, and a user whose taste is known."""

from random import Random
from typing import Any

from tests.simulator.items import Item, Kind
from tests.simulator.names import ODD_ARTISTS, Namer
from tests.simulator.opinions import form_opinions
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
YEAR = 86_400 * 365


def make_library(world: World, n_tracks: int, seed: int) -> World:
    """Fill a world with made-up music, the same for the same numbers."""
    random = Random(seed)  # noqa: S311 - must be repeatable
    _Maker(world, random).make(n_tracks)
    form_opinions(world, random)
    return world


class _Maker:
    """Adds artists until there are enough tracks."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self._namer = Namer(random)
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
            self._make_artist(odd.pop() if is_odd else self._namer.artist())

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
            self._namer.title(),
            artist,
            year=self._random.randint(1962, 2023),
            studio=self._namer.word(),
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
            facts["original_title"] = self._namer.artist()
        if self._seen and random.random() < TWIN_SHARE:
            twin = random.choice(self._seen)
            track = self._add(Kind.TRACK, twin.title, album, guid=twin.guid, **facts)
        else:
            track = self._add(Kind.TRACK, self._namer.title(), album, **facts)
        if not track.is_local:
            track.listeners = int(random.lognormvariate(8, 2)) + 1
            self._seen.append(track)

    def _add(
        self, kind: Kind, title: str, parent: Item | None = None, **facts: Any
    ) -> Item:
        added_at = PAST - self._random.randrange(5 * YEAR)
        item = self._world.add(kind, title, parent, added_at=added_at, **facts)
        if not item.is_local:
            item.updated_at = added_at + self._random.randrange(PAST - added_at + 1)
        return item

    def _genres(self) -> dict[str, list[str]]:
        return {"genre": self._random.sample(GENRES, self._random.randint(1, 4))}
