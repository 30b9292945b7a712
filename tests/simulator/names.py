"""Makes up names of artists, albums and tracks from syllables."""

from random import Random

ONSETS = "b br c cl d dr f fl g gr h j k l m n p pr r s st t tr v w z"
VOWELS = "a e i o u ai ea ou"
CODAS = ["", "", "", "l", "m", "n", "r", "rn", "s", "st", "t", "x"]
ENDINGS = ["", " (Live)", " (Remix)", " pt. 2", "?", "!", " [Demo]", " & Sons"]
ODD_ARTISTS = (
    "Élvo Marn",
    "Ångdal",
    "Øst Krelin",
    "3 Torvas",
    "1999 Brena",
    "$olmar",
    "!Vekk!",
    "…And Drun",
    "The The Morl",
    "a.k.a. Plenn",
    'Jo "Quill" Vant',
    "Grell & Tosk",
    "<Nul>",
    "Мирелна",
    "Жорвик",
    "Ελμάρα",
    "森川音",
    "ひばなみ",
    "カルメロ",
    "도레빛",
    "∆ryn",
    "🎷 Molko",
    "",
)
"""Names that sort, file or encode in an unusual way."""
ODD_TITLES = (
    "",
    "Tosk, Grell & Vant",
    'The "Mirn"',
    "100% Plax",
    "Çelvi",
    "Снежнал",
    "夜の森",
    "a+b=c",
    "#1",
    "Über <Dran>",
    "🌒",
    "L'Orvane",
)
ODD_SHARE = 0.01


class Namer:
    """Makes names, always the same ones from the same beginning."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._onsets = ONSETS.split()
        self._vowels = VOWELS.split()

    def word(self) -> str:
        """Return one made-up word."""
        pick = self._random.choice
        syllables = [
            pick(self._onsets) + pick(self._vowels) + pick(CODAS)
            for _ in range(self._random.choice((1, 2, 2)))
        ]
        return "".join(syllables).capitalize()

    def artist(self) -> str:
        """Return the name of a band or a person."""
        words = [self.word() for _ in range(self._random.choice((1, 2, 2, 3)))]
        return ("The " if self._random.random() < 0.15 else "") + " ".join(words)

    def title(self) -> str:
        """Return the name of an album or a track."""
        if self._random.random() < ODD_SHARE:
            return self._random.choice(ODD_TITLES)
        words = [self.word() for _ in range(self._random.choice((1, 2, 2, 3, 4)))]
        ending = self._random.choice(ENDINGS) if self._random.random() < 0.1 else ""
        return " ".join(words) + ending
