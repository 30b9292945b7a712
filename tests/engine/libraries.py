"""Random small libraries: whatever persons, critics and earlier runs may have left."""

from dataclasses import replace

from hypothesis import strategies as st

from tests.engine.building import Told, parameters_of

HALVES = [n / 2 for n in range(21)]
"""What persons give; sums of halves are exact in any order."""

CENTS = [0.0, 0.01, 1.17, 2.5, 4.99, 5.5, 6.0, 6.01, 7.33, 9.2, 9.99, 10.0]
"""What we write."""

UNRATED = [Told("")]
MANUAL = [Told("", rating=r) for r in HALVES]
OURS = [Told("", rating=r, recorded=r) for r in CENTS]
CLEARED = [Told("", recorded=r) for r in CENTS]
TAKEN_OVER = [Told("", rating=(r + 5) % 10, recorded=r) for r in HALVES]
UNSURE = [Told("", rating=r, intended=r) for r in CENTS]
UNWRITTEN = [
    Told("", rating=r, intended=(r + 5) % 10, before=r, arrived=True) for r in CENTS
]
PROMISED = [Told("", intended=r) for r in CENTS]
KINDS = [MANUAL, OURS, CLEARED, TAKEN_OVER, UNSURE, UNWRITTEN, PROMISED]
ITEMS = st.sampled_from([*UNRATED * 40, *MANUAL, *(item for k in KINDS for item in k)])
WITH_CRITIC = st.builds(
    lambda item, critic: replace(item, critic=critic),
    ITEMS,
    st.sampled_from([None, None, 0.1, 2.0, 5.5, 6.0, 8.7, 10.0]),
)

MEANS = st.integers(0, 100).map(lambda n: n / 10)
GRAVITIES = st.integers(0, 20).map(lambda n: n / 20)

ALBUMS = st.tuples(WITH_CRITIC, st.lists(ITEMS, max_size=4))
ARTISTS = st.tuples(st.sampled_from("ABC#"), WITH_CRITIC, st.lists(ALBUMS, max_size=3))


def libraries():
    """Draw some artists, all of different names."""
    return st.lists(ARTISTS, max_size=4).map(_named)


@st.composite
def libraries_with_twins(draw):
    """Draw some artists of one letter whose albums and tracks may have twins."""
    artists = [replace(a, title=f"M{a.title}") for a in draw(libraries())]
    for _ in range(draw(st.integers(0, 3))):
        artists = _with_a_twin(draw, artists)
    return artists


BELIEFS = st.builds(
    parameters_of,
    mean=MEANS,
    tolerance=st.sampled_from([0.0, 0.04, 0.27]),
    confidence=st.integers(1, 20).map(lambda n: n / 2),
    critic_bias=st.sampled_from([-2.0, 0.0, 1.5]),
    critic_weight=st.sampled_from([0.0, 1.0, 3.0]),
    global_weight=st.sampled_from([0.0, 1.0]),
    album_gravity=GRAVITIES,
    track_gravity=GRAVITIES,
)


def renumbered(artists, random):
    """Tell the same library with other keys, and so in another order."""
    keys = random.sample(range(1, 100_000), 100)

    def anew(item):
        below = tuple(anew(child) for child in item.below)
        return replace(item, below=below, key=keys.pop())

    return [anew(item) for item in artists]


def _named(artists):
    return [
        replace(
            item,
            title=f"{letter} {n}",
            below=tuple(
                replace(
                    record,
                    title=f"{letter} {n}.{m}",
                    below=tuple(
                        replace(song, title=f"{letter} {n}.{m}.{k}")
                        for k, song in enumerate(songs)
                    ),
                )
                for m, (record, songs) in enumerate(records)
            ),
        )
        for n, (letter, item, records) in enumerate(artists)
    ]


def _with_a_twin(draw, artists):
    """Put the twin of an album or track beneath any parent there is."""
    albums = [item for above in artists for item in above.below]
    songs = [item for above in albums for item in above.below]
    parents, items = draw(st.sampled_from([(artists, albums), (albums, songs)]))
    if not items:
        return artists
    item, home = draw(st.sampled_from(items)), draw(st.sampled_from(parents))
    below = [Told(f"{len(songs)} beneath a twin")] if items is albums else []
    twin = replace(item, title=f"{len(items)} twin", guid=item.name, below=tuple(below))

    def anew(above):
        below = tuple(anew(child) for child in above.below)
        return replace(above, below=(*below, twin) if above is home else below)

    return [anew(above) for above in artists]
