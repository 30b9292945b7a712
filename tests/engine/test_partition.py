"""Every artist files under exactly one letter, and people choose letters in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SettingsInvalid
from engine.partition import chosen_letters, in_order, letter_of

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
        pytest.param("Pi", "P", id="a word stands for its first letter"),
        pytest.param("q, b", "BQ", id="a list comes in order"),
        pytest.param("b,B,Beatles", "B", id="said thrice"),
        pytest.param("b,,q,", "BQ", id="empty places in a list"),
        pytest.param("#", "#", id="symbols"),
        pytest.param("808", "#", id="a number means the symbols"),
        pytest.param("Á", "A", id="an accent"),
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


def test_a_band_called_from_is_a_word_like_any_other():
    assert chosen_letters("from", "EFG") == ["F"]


def test_a_letter_that_the_library_lacks_is_refused_with_what_there_is():
    with pytest.raises(SettingsInvalid) as refusal:
        chosen_letters("B, X, Y", "PB#")

    assert str(refusal.value) == (
        "No artist files under X, Y. This library has: # B P."
    )


@given(st.lists(TITLES, max_size=8))
def test_choosing_all_leaves_no_artist_out(titles):
    letters = {letter_of(title) for title in titles}

    assert set(chosen_letters("", letters)) == letters
