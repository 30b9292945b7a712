"""The rules of inference in plain Python: what a first full run must write.

Deliberately literal, and independent of the program it is compared with.
All ratings are points, 0 to 10; `None` is unrated, and 0.0 is a rating.
"""

from math import fsum

DEFAULTS = {
    "CONFIDENCE_C": 3.0,
    "BIAS_CRITIC": 1.5,
    "WEIGHT_CRITIC": 3.0,
    "WEIGHT_GLOBAL": 1.0,
    "ALBUM_INHERITANCE_GRAVITY": 0.2,
    "TRACK_INHERITANCE_GRAVITY": 0.3,
}
MEAN_WITHOUT_RATINGS = 6.0


def no_half_star(points: float) -> float:
    """Round to 2 decimals, and a person's half stars to the nearest 0.02 beside."""
    half = round(points)
    if abs(round(points, 2) - half) > 0.011:
        return round(points, 2)
    is_above = (points >= half or half == 0) and half < 10
    return half + 0.02 if is_above else half - 0.02


class Level:
    """All artists, all albums or all tracks; items with one guid are one rating."""

    def __init__(self, items: list[dict]) -> None:
        """Sort the items by key, and note which guids are rated by hand."""
        self.items = sorted(items, key=lambda item: item["ratingKey"])
        self.guid = {i["ratingKey"]: i["guid"] or i["ratingKey"] for i in items}
        self.inferred = {}
        self.manual = {}
        for item in self.items:
            if item["userRating"] is not None:
                self.manual.setdefault(self.guid_of(item), item["userRating"])

    def guid_of(self, item: dict) -> str | int:
        """Name the rating an item shares; an item without a guid shares none."""
        return self.guid[item["ratingKey"]]

    def unrated(self) -> list[dict]:
        """List the item of smallest key for each guid that has no rating yet."""
        first = {}
        for item in self.items:
            first.setdefault(self.guid_of(item), item)
        known = self.manual.keys() | self.inferred.keys()
        return [item for guid, item in first.items() if guid not in known]

    def write(self, item: dict, points: float | None) -> None:
        """Keep an inferred value as Plex would hold it: 2 decimals, no half stars."""
        if points is not None:
            self.inferred[self.guid_of(item)] = no_half_star(points)

    def manual_by(self, field: str) -> dict[int, list[float]]:
        """Group the manual ratings by a parent's key; a guid counts once in each."""
        groups = {}
        for item in self.items:
            guid = self.guid_of(item)
            if guid in self.manual:
                groups.setdefault(item[field], {})[guid] = self.manual[guid]
        return {key: list(ratings.values()) for key, ratings in groups.items()}

    def bequest(self, key: int, gravity: float, mean: float) -> float | None:
        """Say what a child of item `key` inherits: only manual ratings are pulled."""
        guid = self.guid.get(key)
        if guid in self.manual:
            return self.manual[guid] * (1 - gravity) + mean * gravity
        return self.inferred.get(guid)


def global_mean(dump: dict) -> float:
    """Average the manual track ratings of the library, one for each guid."""
    ratings = Level(dump["tracks"]).manual.values()
    return fsum(ratings) / len(ratings) if ratings else MEAN_WITHOUT_RATINGS


def has_critic(item: dict, constants: dict) -> bool:
    """Tell whether a critic has a say: there is a rating, and it has a weight."""
    return (item["critic"] or 0) > 0 and constants["WEIGHT_CRITIC"] > 0


def prior(item: dict, mean: float, constants: dict) -> float:
    """Blend the global mean with the item's critic, moved by the bias."""
    if not has_critic(item, constants):
        return mean
    bias = constants["BIAS_CRITIC"]
    critic = min(10.0, max(0.0, 10 * (item["critic"] + bias) / (10 + bias)))
    by_mean, by_critic = constants["WEIGHT_GLOBAL"], constants["WEIGHT_CRITIC"]
    return (by_mean * mean + by_critic * critic) / (by_mean + by_critic)


def bayes(start: float, ratings: list[float], confidence: float) -> float:
    """Average the ratings with `confidence` imagined ones, each worth `start`."""
    if not ratings:
        return start
    return (confidence * start + fsum(ratings)) / (confidence + len(ratings))


def expected_ratings(dump: dict, constants: dict | None = None) -> dict[int, float]:
    """Give ratingKey → points for every item the four phases of a first run rate."""
    const = DEFAULTS | (constants or {})
    confidence = const["CONFIDENCE_C"]
    artists, albums, tracks = (Level(dump[k]) for k in ("artists", "albums", "tracks"))
    mean = global_mean(dump)

    # Phase 1, album-up: from its own rated tracks and its critic.
    on_album = tracks.manual_by("parentRatingKey")
    for album in albums.unrated():
        ratings = on_album.get(album["ratingKey"], [])
        if ratings or has_critic(album, const):
            albums.write(album, bayes(prior(album, mean, const), ratings, confidence))

    # Phase 2, artist-up: from everything rated by hand beneath; nothing inferred.
    tracks_of = tracks.manual_by("grandparentRatingKey")
    albums_of = albums.manual_by("parentRatingKey")
    for artist in artists.unrated():
        key = artist["ratingKey"]
        ratings = tracks_of.get(key, []) + albums_of.get(key, [])
        artists.write(artist, bayes(prior(artist, mean, const), ratings, confidence))

    # Phase 3, album-down: what phase 1 left unrated inherits from the artist.
    gravity = const["ALBUM_INHERITANCE_GRAVITY"]
    for album in albums.unrated():
        albums.write(album, artists.bequest(album["parentRatingKey"], gravity, mean))

    # Phase 4, track-down: every unrated track inherits from its album.
    gravity = const["TRACK_INHERITANCE_GRAVITY"]
    for track in tracks.unrated():
        tracks.write(track, albums.bequest(track["parentRatingKey"], gravity, mean))

    return {
        item["ratingKey"]: level.inferred[level.guid_of(item)]
        for level in (artists, albums, tracks)
        for item in level.items
        if level.guid_of(item) in level.inferred
    }
