"""Every artist files under exactly one letter, and people choose letters in words."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.partition import (
    chosen_letters,
    in_order,
    letter_of,
    parse_letters,
    starting_at,
)

FIRST_PLANE = st.characters(max_codepoint=0xFFFF)
TITLES = st.text(FIRST_PLANE)


FILED = {
    "A": ("a-ha", "Ångström", "Ægir", "Ａｂｃ"),  # noqa: RUF001
    "B": ("Beatles, The",),
    "C": ("Çelik",),
    "D": ("Đorđe",),
    "E": ("Élan", "E\u0301lan"),
    "F": ("ﬁn",),
    "I": ("İlhan", "ıssız", "Ⅳ"),  # noqa: RUF001
    "L": ("Łona",),
    "M": ("Ⓜusic",),
    "N": ("ñu",),
    "O": ("Øya", "œuvre"),
    "S": ("  Spaced", "Šuma", "ßein", "ẞEIN"),
    "T": ("Þór",),
    "Z": ("Z",),
    # digits and symbols of any script, and nothing at all
    "#": ("808", "８０８", "٣ نجوم", "½ Alive", "!!!", "¡Hola!", "…And", "♥"),  # noqa: RUF001
    "# ": ("", "   ", "\u0301"),
    # other alphabets, whose letters may look like ours
    "К": ("Кино",),
    "А": ("ария",),  # noqa: RUF001
    "Ω": ("Ωmega",),
    "Α": ("άλφα",),  # noqa: RUF001
    "ש": ("שלום",),
    "ف": ("فيروز",),
    "ก": ("กขค",),
    # scripts with thousands of signs
    "漢": ("椎名林檎", "王菲", "𠮷"),
    "あ": ("あいみょん", "がく", "ヨルシカ", "ｱｲﾕ", "ーン"),
    "한": ("방탄", "ㅋㅋ"),
}


@pytest.mark.parametrize(
    ("title", "letter"),
    [(title, letter.strip()) for letter, own in FILED.items() for title in own],
)
def test_an_artist_files_under_one_letter(title, letter):
    assert letter_of(title) == letter


@pytest.mark.parametrize("title", ["\U00017000", "\U00018d00 band"])
def test_a_letter_that_python_cannot_name_files_somewhere(title):
    letter = letter_of(title)

    assert letter_of(letter) == letter


@given(TITLES)
def test_a_partition_is_named_by_a_single_sign_that_files_under_itself(title):
    letter = letter_of(title)

    assert len(letter) == 1
    assert letter_of(letter) == letter


@given(TITLES, TITLES)
def test_only_the_beginning_of_a_title_counts(title, rest):
    start = title.strip()[:1]

    assert letter_of(start + rest if start else "") == letter_of(title)


@given(st.characters(max_codepoint=0x24F, categories=["Ll"]), TITLES)
def test_capitals_file_with_small_letters(first, rest):
    capital = first.upper()

    assert letter_of(capital + rest) == letter_of(first + rest)


def test_symbols_come_first_and_other_alphabets_last():
    letters = ["漢", "Z", "К", "A", "#", "Ω", "B", "A"]

    assert in_order(letters) == ["#", "A", "B", "Z", "Ω", "К", "漢"]


PRESENT = "ZPB#AQК漢"
CHOICES = {
    "#ABPQZК漢": ("", "  ", "all", "All", "from #"),
    "P": ("P", "p"),
    "BQ": ("q, b", "q; b", "b,,q,"),
    "BPQ": ("q b\tp", "q\uff0c b\u3001p"),
    "B": ("b,B,b",),
    "ABP": ("A-P", "a - p", "a\u2013p"),
    "#AB": ("#-B",),
    "ABQ": ("A-B, q",),
    "Z": ("X-Z",),
    "К漢": ("к-漢", "from к"),
    "#": ("#", "0-9", "!", "808"),
    "A": ("Á", "A\u0301"),
    "К": ("к",),
    "漢": ("椎",),
    "PQZК漢": ("from p", "From  Pi", "from o"),
    "ABPQZК漢": ("from a",),
}
"""What a choice in words comes to, of the letters that are present."""


@pytest.mark.parametrize(
    ("wanted", "letters"),
    [(words, letters) for letters, own in CHOICES.items() for words in own],
)
def test_letters_are_chosen_in_words(wanted, letters):
    assert chosen_letters(wanted, PRESENT) == list(letters)


@pytest.mark.parametrize(
    ("wanted", "unread", "understood"),
    [
        ("BP", "'BP'", "nothing"),
        ("*", "'*'", "nothing"),
        ("B*", "'B*'", "nothing"),
        ("The Beatles", "'The', 'Beatles'", "nothing"),
        ("q; b, Beatles", "'Beatles'", "q, b"),
        ("from", "'from'", "nothing"),
        ("B, from P", "'from'", "B, P"),
        ("B, all", "'all'", "B"),
        ("C-A", "'C-A'", "nothing"),
        ("A-", "'A-'", "nothing"),
        ("-", "'-'", "nothing"),
        ("A-B-C", "'A-B-C'", "nothing"),
        ("椎名", "'椎名'", "nothing"),
        (",", "','", "nothing"),
    ],
)
def test_anything_but_letters_is_refused_with_what_was_understood(
    wanted, unread, understood
):
    with pytest.raises(UsageError) as refusal:
        parse_letters(wanted)

    assert str(refusal.value) == (
        f"Cannot read {unread} as letters (understood: {understood}). Write single "
        'letters such as B, P, ranges from low to high such as A-C, or "from P"; # '
        "is for digits and symbols. Leave it empty for all letters."
    )


@pytest.mark.parametrize(
    ("word", "letter"),
    [
        ("Pink Floyd", "P"),
        ("a-ha", "A"),
        ("A Perfect Circle", "A"),
        ("Tyler, The Creator", "T"),
        ("*NSYNC", "#"),
        ("!!!", "#"),
        ("Élan", "E"),
        ("BP", "B"),
    ],
)
def test_a_word_to_start_from_stands_for_its_first_letter(word, letter):
    assert starting_at(word).start == letter
    assert parse_letters(f"from {word}").start == letter


@pytest.mark.parametrize("word", ["P-S", "P to S", "P, S", "P S"])
def test_several_letters_to_start_from_are_refused(word):
    with pytest.raises(UsageError, match=r'is unclear\. Write "from P" for'):
        starting_at(word)


@pytest.mark.parametrize(
    ("wanted", "short"),
    [
        ("", ""),
        (" ALL ", ""),
        ("q;b  p", "B, P, Q"),
        ("#-d é", "#-D, E"),
        ("FROM pink floyd", "from P"),
        ("椎 ｱ", "あ, 漢"),
    ],
)
def test_the_short_form_of_a_choice_means_the_same(wanted, short):
    assert str(parse_letters(wanted)) == short
    assert parse_letters(short) == parse_letters(wanted)


@given(TITLES)
def test_whatever_is_typed_is_read_the_same_in_its_short_form_or_refused(text):
    with suppress(UsageError):
        chosen = parse_letters(text)

        assert parse_letters(str(chosen)) == chosen


def test_a_letter_that_the_library_lacks_is_refused_with_what_there_is():
    with pytest.raises(UsageError) as refusal:
        chosen_letters("B, X, Y", "PB#")

    assert str(refusal.value) == (
        "No artist files under X, Y. This library has: # B P."
    )


@pytest.mark.parametrize(
    ("wanted", "absent"), [("X-Y, B", "X-Y"), ("from Q", "from Q")]
)
def test_a_range_in_which_the_library_has_nothing_is_refused(wanted, absent):
    with pytest.raises(UsageError, match=f"No artist files under {absent}\\."):
        chosen_letters(wanted, "PB#")


@given(st.lists(TITLES, max_size=8))
def test_choosing_all_leaves_no_artist_out(titles):
    letters = {letter_of(title) for title in titles}

    assert set(chosen_letters("", letters)) == letters
