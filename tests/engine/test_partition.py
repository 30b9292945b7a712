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


@pytest.mark.parametrize(
    ("title", "letter"),
    [
        pytest.param("Beatles, The", "B", id="a plain title"),
        pytest.param("a-ha", "A", id="a small letter"),
        pytest.param("  Spaced", "S", id="spaces before it"),
        pytest.param("Z", "Z", id="a single letter"),
        pytest.param("Élan", "E", id="an accent"),
        pytest.param("E\u0301lan", "E", id="an accent that is a sign of its own"),
        pytest.param("ñu", "N", id="a small letter with an accent"),
        pytest.param("Çelik", "C", id="a cedilla"),
        pytest.param("Ångström", "A", id="a ring"),
        pytest.param("Šuma", "S", id="a caron"),
        pytest.param("İlhan", "I", id="a dotted I"),
        pytest.param("ıssız", "I", id="a dotless i"),  # noqa: RUF001
        pytest.param("Øya", "O", id="a stroke"),
        pytest.param("Łona", "L", id="a stroke through an L"),
        pytest.param("Ægir", "A", id="two letters grown together"),
        pytest.param("œuvre", "O", id="two small letters grown together"),
        pytest.param("Đorđe", "D", id="a D with a bar"),
        pytest.param("Þór", "T", id="a thorn"),
        pytest.param("ßein", "S", id="a sharp s"),
        pytest.param(
            "ẞEIN",
            "S",
            id="a capital sharp s",
        ),
        pytest.param("ﬁn", "F", id="a ligature"),
        pytest.param("Ａｂｃ", "A", id="full width"),  # noqa: RUF001
        pytest.param("Ⓜusic", "M", id="a letter in a circle"),
        pytest.param("Ⅳ", "I", id="a Roman number of one sign"),
        pytest.param("808", "#", id="a digit"),
        pytest.param("８０８", "#", id="a digit of full width"),  # noqa: RUF001
        pytest.param("٣ نجوم", "#", id="a digit of another script"),
        pytest.param("½ Alive", "#", id="a fraction"),
        pytest.param("!!!", "#", id="a symbol"),
        pytest.param("¡Hola!", "#", id="a symbol before a letter"),
        pytest.param("…And", "#", id="dots"),
        pytest.param("♥", "#", id="a heart"),
        pytest.param("", "#", id="an empty title"),
        pytest.param("   ", "#", id="nothing but spaces"),
        pytest.param("\u0301", "#", id="an accent on nothing"),
        pytest.param("Кино", "К", id="Cyrillic"),
        pytest.param("ария", "А", id="small Cyrillic, which is not our A"),  # noqa: RUF001
        pytest.param("Ωmega", "Ω", id="Greek"),
        pytest.param("άλφα", "Α", id="small Greek with an accent"),  # noqa: RUF001
        pytest.param("שלום", "ש", id="Hebrew"),
        pytest.param("فيروز", "ف", id="Arabic"),
        pytest.param("กขค", "ก", id="Thai"),
        pytest.param("椎名林檎", "漢", id="Han"),
        pytest.param("王菲", "漢", id="Han of another country"),
        pytest.param("𠮷", "漢", id="rare Han"),
        pytest.param("あいみょん", "あ", id="Hiragana"),
        pytest.param("がく", "あ", id="voiced Hiragana"),
        pytest.param("ヨルシカ", "あ", id="Katakana"),
        pytest.param("ｱｲﾕ", "あ", id="Katakana of half width"),
        pytest.param("ーン", "あ", id="a long Kana vowel"),
        pytest.param("방탄", "한", id="Hangul"),
        pytest.param("ㅋㅋ", "한", id="single Hangul signs"),
    ],
)
def test_an_artist_files_under_one_letter(title, letter):
    assert letter_of(title) == letter


@pytest.mark.parametrize("title", ["\U00017000", "\U00018d00 band"])
def test_a_letter_that_python_cannot_name_files_somewhere(title):
    letter = letter_of(title)

    assert letter_of(letter) == letter


@given(TITLES)
def test_a_partition_is_named_by_a_single_sign(title):
    assert len(letter_of(title)) == 1


@given(TITLES)
def test_the_name_of_a_partition_files_under_itself(title):
    letter = letter_of(title)

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
    letters = ["漢", "Z", "К", "A", "#", "Ω", "B"]

    assert in_order(letters) == ["#", "A", "B", "Z", "Ω", "К", "漢"]


def test_a_letter_comes_once():
    assert in_order("BABA") == ["A", "B"]


PRESENT = "ZPB#AQК漢"


@pytest.mark.parametrize(
    ("wanted", "letters"),
    [
        pytest.param("", "#ABPQZК漢", id="nothing said means all"),
        pytest.param("  ", "#ABPQZК漢", id="spaces say nothing"),
        pytest.param("all", "#ABPQZК漢", id="all"),
        pytest.param("All", "#ABPQZК漢", id="all with a capital"),
        pytest.param("P", "P", id="one letter"),
        pytest.param("p", "P", id="a small letter"),
        pytest.param("q, b", "BQ", id="a list comes in order"),
        pytest.param("b,B,b", "B", id="said thrice"),
        pytest.param("q; b", "BQ", id="semicolons"),
        pytest.param("q b\tp", "BPQ", id="blanks"),
        pytest.param("q\uff0c b\u3001p", "BPQ", id="commas of East Asia"),
        pytest.param("A-P", "ABP", id="a range, with letters that are missing"),
        pytest.param("a - p", "ABP", id="a range with blanks"),
        pytest.param("a\u2013p", "ABP", id="a range with a dash"),
        pytest.param("#-B", "#AB", id="a range from the symbols on"),
        pytest.param("A-B, q", "ABQ", id="a range and a letter"),
        pytest.param("X-Z", "Z", id="a range that begins with a missing letter"),
        pytest.param("к-漢", "К漢", id="a range of other alphabets"),
        pytest.param("0-9", "#", id="a range of digits"),
        pytest.param("!", "#", id="a symbol"),
        pytest.param("b,,q,", "BQ", id="empty places in a list"),
        pytest.param("#", "#", id="symbols"),
        pytest.param("808", "#", id="a number means the symbols"),
        pytest.param("Á", "A", id="an accent"),
        pytest.param("A\u0301", "A", id="an accent that is a sign of its own"),
        pytest.param("к", "К", id="small Cyrillic"),
        pytest.param("椎", "漢", id="any Han sign means all of them"),
        pytest.param("from p", "PQZК漢", id="from a letter on"),
        pytest.param("From  Pi", "PQZК漢", id="from a word on"),
        pytest.param("from o", "PQZК漢", id="from a letter that is missing"),
        pytest.param("from a", "ABPQZК漢", id="from A on, symbols are skipped"),
        pytest.param("from #", "#ABPQZК漢", id="from the symbols on"),
        pytest.param("from к", "К漢", id="from another alphabet on"),
    ],
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
