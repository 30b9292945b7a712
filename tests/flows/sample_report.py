"""Reports about music that does not exist: a small one, a rich one, a huge one."""

from dataclasses import replace

from engine.reports.confidence import Band, Familiar, Sureness
from engine.reports.library_report import (
    Bar,
    Changed,
    Compared,
    Coverage,
    Find,
    LibraryReport,
    Line,
    Named,
    Placed,
    Playlist,
    Tested,
    Threshold,
)

ARTISTS = (
    *("Harbour Lights Quartet", "The Paper Cranes", "Marta Wieczorek", "Öresund"),
    *("Low Tide Radio", "Saint Ivo", "Glasshouse Choir", "Tommy Vance & the Letters"),
    *("Kassiopeia", "Northern Line", "Los Domingos", "Pale Atlas", "Yuki Hanamura"),
    *("The Slow Dancers", "Brass Orchard", "Delia Okafor", "Moth & Lantern", "Ferrous"),
    *("Violet Hour", "Cold Store", "The Understudies", "Junction 14", "Amal Haddad"),
    *(
        "Winter Palace",
        "Silver Maples",
        "Dr. Octave",
        "Nightbus",
        "La Marée",
        "Ukulélé",
    ),
    *("Cathedral Parking", "The Velvet Hammers", "Bengt Lundqvist Trio", "Tin Roof"),
    *("Echo Lake Ensemble", "Rosa Quintana", "Hotel Meridian", "The Long Weekend"),
    *("Static Gardens", "Old Money", "Fjordland", "Papercut", "The Quiet Hours", "صدى"),
    *("Lindqvist", "Copper & Clay", "Second Breakfast", "Teletext", "Ansel Grey"),
    *("The Ferrymen", "Idle Hands", "Mirador", "Sunday Drivers", "Kites", "Volcán"),
    *("Broken Compass Club", "Ada Morrow", "The Night Porters", "Aurora Station"),
    *("Big Sur Estate", "Ruth & the Rivers", "Little Thunder", "Hollow Oak", "Zinc"),
    *("My Uncle's Covers Band", "Euro Dance Allstars", "Karaoke Kings"),
)
ALBUMS = (
    *("Postcards from the Coast", "Salt", "Every Window Lit", "The Weather Inside"),
    *("Blue Hour", "Second Storey", "Leaving by Night", "A Small Orchestra"),
    *("Hinterland", "Half Asleep at the Wheel", "Songs for Empty Rooms", "Tramlines"),
)
TRACKS = (
    *("Last Ferry", "Paper Moonlight", "Ten to Midnight", "The Lighthouse Keeper"),
    *("Slow Burn", "Cinnamon", "When the Rain Came", "Telegraph Hill", "Undertow"),
    *("Dancing in the Kitchen", "Ghost Notes", "Letters Home", "Marigold", "Overpass"),
    *("Nobody's Sunday", "Copenhagen", "A Long Way Down from Here", "Static Bloom"),
)
RULES = (
    ("Best of the best", "Rating is 4★ or more"),
    ("Rainy Sunday", "Genre is Jazz or Folk, and rating is 3.5★ or more"),
    ("Out with it", "Rating is less than 2★"),
    ("Road trip", "Rating is 3★ or more, and last played is not in the last 2 months"),
)


def named(at: int, depth: int = 3) -> Named:
    """Return an artist (1), an album (2) or a track (3), a different one each time."""
    titles = (
        ARTISTS[at * 7 % len(ARTISTS)],
        ALBUMS[at * 5 % len(ALBUMS)],
        TRACKS[at * 11 % len(TRACKS)],
    )
    return Named(*titles[:depth])


def small() -> LibraryReport:
    """Return a report with a line or two of everything."""
    blur, pulp = Named("Blur", "Parklife", "To the End"), Named("Pulp")
    return LibraryReport(
        library="Music",
        date="2026-11-28",
        what="3 of 3 planned ratings written.",
        model="classic",
        artists=2,
        albums=2,
        tracks=4,
        yours=1,
        notes=["One track of yours could not be read."],
        coverage={"level": [Coverage("tracks", items=4, yours=1, before=0, after=3)]},
        bars=[Bar(points, int(points == 8), 3 * (points == 6)) for points in (6, 7, 8)],
        playlists=[
            Playlist(
                *("Good ones", "Rating is 3★ or more"),
                now=1,
                after=4,
                hours_now=0.07,
                hours_after=0.3,
                guessed=0.75,
                comes=(blur,),
                coming=3,
            ),
            Playlist("Odd", "", not_previewed="It asks for a mood, unknown here."),
        ],
        best_artists=[
            Placed(pulp, 8.0, is_yours=True, tracks=2, rated=1),
            Placed(Named("Blur"), 6.5, is_yours=False, tracks=2, rated=0),
        ],
        above_critics=[Compared(pulp, 8.0, 6.2)],
        surprises=[Compared(pulp, 2.0, 7.0, surprise=-2.9)],
        gems=[Find(blur, 7.5, 6.1, is_yours=False, plays=0)],
        ask=[Named("Blur")],
        sureness=Sureness("ratings", [Band(1.0, 3.0, 3, 1.3, None)]),
        tested=Tested("2026-11-20", "Keep the classic model.", 1.16, 0.91, None),
        thresholds=[Threshold(8, 0.4, 7.1, 2, 1, 0.7)],
        changes=[Changed(blur, None, 7.5)],
        changed=3,
        taken_over=[pulp],
        twins=[[(blur, 8.0), (Named("Blur", "The Best Of", "To the End"), None)]],
        all_artists=[
            Line("Blur", 1, 2, 0, 6.5, is_yours=False, sd=1.1),
            Line("", 1, 2, 1, None, is_yours=False, sd=None),
        ],
    )


def rich() -> LibraryReport:
    """Return a report with every panel filled as one of a real library would be."""
    return LibraryReport(
        library="Music",
        date="2026-11-28",
        what="14,386 ratings were written. Every track has stars now.",
        model="hierarchical",
        artists=1_204,
        albums=2_318,
        tracks=16_742,
        yours=2_356,
        notes=[
            "Three ratings that you gave since the last run were taken into account.",
            "Two smart playlists ask for something that cannot be previewed.",
        ],
        coverage=_coverage(),
        bars=_bars(),
        playlists=_playlists(),
        best_artists=_placed(1, 9.56, -0.17),
        worst_artists=_placed(1, 2.1, 0.24, start=30),
        best_albums=_placed(2, 9.8, -0.12, start=5),
        worst_albums=_placed(2, 1.6, 0.31, start=47),
        above_critics=[_compared(at, 10 - at // 3, -4.6) for at in range(8)],
        below_critics=[_compared(at + 20, 2 + at // 3, 4.9) for at in range(8)],
        surprises=[_compared(at + 40, 2 + at % 2 * 7, 4.4, at) for at in range(8)],
        gems=[
            Find(named(at + 11), 9.1 - at * 0.1, 7.6 - at * 0.1, False, at // 3, idle)  # noqa: FBT003
            for at, idle in enumerate((None, None, None, 812.0, 96.0, 40.0, 1200.0))
        ],
        forgotten=[
            Find(named(at + 3), 10 - at % 3, None, True, 64 - 7 * at, 2900 - 310 * at)  # noqa: FBT003
            for at in range(7)
        ],
        ask=[named(at * 3 + 2, 1 + at % 3) for at in range(12)],
        sureness=_sureness(),
        tested=Tested("2026-11-21", "The model in use is the best.", 1.16, 0.914, 7.8),
        thresholds=[
            Threshold(8.0, 0.382, 6.94, 6_395, 2_117, 0.714),
            Threshold(6.0, 0.741, 5.62, 12_406, 11_240, 0.867),
        ],
        changes=[
            Changed(named(at + 8, 3 - at % 3), None if at % 4 else 6.2, 9.2 - at * 0.5)
            for at in range(12)
        ],
        changed=14_386,
        taken_over=[named(at + 50) for at in range(5)],
        twins=[
            [(own, 9.0), (Named(own.artist, "The Singles", own.track), rating)]
            for own, rating in ((named(4), 6.4), (named(9), None), (named(25), 10.0))
        ],
        all_artists=[_line(at, name) for at, name in enumerate(ARTISTS)],
    )


def huge(artists: int) -> LibraryReport:
    """Return the rich report with so many artists in its table."""
    lines = [_line(at, f"{ARTISTS[at % 60]} {at}") for at in range(artists)]
    return replace(rich(), all_artists=lines)


def _coverage() -> dict[str, list[Coverage]]:
    genres = ("Indie", "Jazz", "Folk", "Electronic", "Soul", "Classical", "Metal")
    decades = ("1960s", "1970s", "1980s", "1990s", "2000s", "2010s", "2020s")
    sizes = (620, 1480, 1950, 3260, 4102, 3870, 1460)
    return {
        "level": [
            Coverage("artists", 1_204, 188, 61, 1_016),
            Coverage("albums", 2_318, 402, 130, 1_916),
            Coverage("tracks", 16_742, 2_356, 1_904, 14_386),
        ],
        "decade": [
            Coverage(name, size, size * (at + 3) // 40, size // 9, size * 31 // 40)
            for at, (name, size) in enumerate(zip(decades, sizes, strict=True))
        ],
        "genre": [
            Coverage(name, size, size * (9 - at) // 30, size // 7, size * 21 // 30)
            for at, (name, size) in enumerate(zip(genres, sizes[::-1], strict=True))
        ],
    }


def _bars() -> list[Bar]:
    yours = (31, 74, 52, 171, 148, 462, 399, 588, 214, 217)
    ours = (0, 12, 96, 480, 1742, 4310, 4922, 2230, 561, 33)
    both = zip(yours, ours, strict=True)
    return [Bar(float(at), mine, other) for at, (mine, other) in enumerate(both, 1)]


def _playlists() -> list[Playlist]:
    sizes = ((805, 2_117), (214, 1_468), (277, 389), (1_502, 9_874))
    known = [
        Playlist(
            *rule,
            now=now,
            after=after,
            hours_now=now / 15,
            hours_after=after / 15,
            guessed=1 - now / after,
            comes=tuple(named(at * 6 + n) for n in range(4)),
            goes=tuple(named(at * 9 + n + 30) for n in range(2 * (at == 2))),
            coming=after - now + 14 * (at == 2),
            going=14 * (at == 2),
        )
        for at, (rule, (now, after)) in enumerate(zip(RULES, sizes, strict=True))
    ]
    why = "It asks for a mood, which is only known inside Plex."
    return [*known, Playlist("Mellow mornings", "Mood is Mellow", not_previewed=why)]


def _placed(depth: int, first: float, step: float, start: int = 0) -> list[Placed]:
    ratings = [first + at * step for at in range(10)]
    return [
        Placed(
            named(start + at, depth),
            round(rating) if at % 3 == 0 else rating,
            is_yours=at % 3 == 0,
            tracks=9 + at * 13 % 40,
            rated=at * 5 % 9,
        )
        for at, rating in enumerate(ratings)
    ]


def _compared(at: int, yours: float, apart: float, odd: int | None = None) -> Compared:
    sign = 1 if yours < 5 else -1
    expected = yours + sign * abs(apart) * (1 - at % 20 * 0.06)
    surprise = None if odd is None else sign * (4.2 - odd * 0.25)
    return Compared(named(at, 3 - at % 2), yours, expected, surprise)


def _sureness() -> Sureness:
    return Sureness(
        "confidence",
        [
            Band(0.0, 0.05, 1_930, 0.0, 1.64),
            Band(0.05, 0.25, 4_211, 1.8, 1.42),
            Band(0.25, 0.5, 5_306, 5.9, 1.18),
            Band(0.5, 0.75, 2_502, 14.2, 0.94),
            Band(0.75, None, 437, 41.7, 0.71),
        ],
        [Familiar(ARTISTS[at], 5.9, 1.6, 0.02, 0, 40 - at) for at in range(20, 25)],
        [Familiar(ARTISTS[at], 8.2, 0.5, 0.8, 61 - at, 94 - at) for at in range(5)],
    )


def _line(at: int, name: str) -> Line:
    is_unrated, is_yours, rating = at % 23 == 22, at % 5 == 0, 2 + at * 29 % 77 / 10
    return Line(
        name,
        albums=1 + at * 7 % 12,
        tracks=8 + at * 37 % 140,
        rated=at * 11 % 30 if is_yours else at % 4,
        rating=None if is_unrated else float(1 + at % 9 if is_yours else rating),
        is_yours=is_yours and not is_unrated,
        sd=None if is_yours or is_unrated else 0.4 + at % 13 / 10,
    )
