"""Rules of smart playlists: taken apart, shown in words, and typed by people."""

from urllib.parse import quote

import pytest

from engine.errors import UsageError
from engine.library import Level
from engine.playlists.rules import (
    Group,
    NotPreviewed,
    parse,
    query_of,
    questions,
    section_and_query,
)
from engine.playlists.wording import in_words, query_of_words

MOOD = "2779"
QUERY = "type=10&track.userRating%3E%3E=7&album.genre=5"


def names(level, kind):
    return {"jazz": "5", "hard rock": "9", "rating_inferred": MOOD}


def server(query):
    inner = quote(f"/library/sections/3/all?{query}", safe="")
    return f"server://abc/com.plexapp.plugins.library/directory/{inner}"


def library(query):
    path, _, rest = query.partition("&")
    inner = quote(f"/library/sections/7/all?{path}&{quote(rest, safe='&=')}", safe="")
    return f"library://uuid/directory/{inner}"


@pytest.mark.parametrize(("spelled", "section"), [(server, "3"), (library, "7")])
def test_both_spellings_of_a_rule_say_the_same(spelled, section):
    found, query = section_and_query(spelled(QUERY))
    rule = parse(query, "")

    assert found == section
    assert [part.text for part in rule.where.parts] == QUERY.split("&")[1:]
    assert [part.is_ours for part in rule.where.parts] == [True, False]


def test_plain_operators_as_old_servers_write_them_are_read():
    content = (
        "server://1/com.plexapp.plugins.library/directory/%2Flibrary%2Fsections%2F3"
        "%2Fall%3Ftype%3D8%26artist.mood%3D2779%26track.userRating%3E%3E%3D8"
    )

    rule = parse(section_and_query(content)[1], MOOD)

    mood, rating = rule.where.parts
    assert (rule.level, mood.is_ours) == (Level.ARTIST, True)
    assert (rating.field, rating.sign, rating.value) == ("userRating", ">>=", "8")


def test_groups_joints_sort_and_limit_are_understood():
    rule = parse(
        "type=10&sort=titleSort&limit=9&push=1&userRating%3E%3E=8&or=1&push=1&"
        "album.year=1999&and=1&track.userRating=6&pop=1&pop=1",
        "",
    )

    either = rule.where
    assert (rule.sort, rule.limit, either.is_any) == ("titleSort", 9, True)
    assert not either.parts[1].is_any
    assert [query_of(one) for one in questions(rule.where)] == ["album.year=1999"]


def test_what_stands_beside_ratings_is_asked_in_one_go():
    rule = parse("type=10&album.year=1&userRating=8&artist.genre=2", "")

    asked = [query_of(one) for one in questions(rule.where)]

    assert asked == ["push=1&album.year=1&and=1&artist.genre=2&pop=1"]
    assert parse(f"type=10&{asked[0]}", "").where.parts == tuple(
        part for part in rule.where.parts if not part.is_ours
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("type=10&a=1&and=1&b=2&or=1&c=3", "mixes"),
        ("type=10&having=count", "having"),
        ("type=1&userRating=8", "no music"),
        ("type=10&group=title&userRating=8", "groups items by title"),
        ("type=10&limit=many&userRating=8", "limit"),
        (f"type=10&track.mood={MOOD},5", "other moods"),
        ("type=10" + "&push=1" * 80 + "&userRating=8", "nested"),
        ("type=10&user%20rating%3F=5", "holds"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_the_reason(query, reason):
    with pytest.raises(NotPreviewed, match=reason):
        parse(query, MOOD)


@pytest.mark.parametrize("content", ["", "library://x/directory/%2Fplaylists%2F1"])
def test_a_rule_about_no_library_has_no_query(content):
    assert section_and_query(content) == ("", "")


@pytest.mark.parametrize(
    ("typed", "query", "words"),
    [
        (
            "track rating > 3.5 and genre is jazz",
            "push=1&track.userRating%3E%3E=7&and=1&album.genre=5&pop=1",
            "track rating is greater than 3.5★ and album genre is jazz",
        ),
        (
            "rating >= 4 stars",
            "push=1&track.userRating%3E%3E=8&or=1&track.userRating=8&pop=1",
            "track rating is greater than 4★ or track rating is 4★",
        ),
        (
            "artist genre is Hard Rock or (year is less than 1980 and plays = 0)",
            (
                "push=1&artist.genre=9&or=1&push=1&album.year%3C%3C=1980&and=1&"
                "track.viewCount=0&pop=1&pop=1"
            ),
            (
                "artist genre is hard rock or "
                "(album year is less than 1980 and track plays is 0)"
            ),
        ),
        (
            "last played is not in the last 6 months",
            "track.lastViewedAt%3C%3C=-6mon",
            "track last played is not in the last 6 months",
        ),
        (
            'title contains "and or"',
            "track.title=and%20or",
            "track title contains and or",
        ),
        (
            "title is Don't stop",
            "track.title%3D=Don%27t%20stop",
            "track title is Don't stop",
        ),
        (
            "added is after 2024-01-01",
            "track.addedAt%3E%3E=1704067200",
            "track added is after 2024-01-01",
        ),
        (
            "album mood is not rating_inferred",
            f"album.mood!={MOOD}",
            "album mood is not rating_inferred",
        ),
    ],
)
def test_typed_rules_become_queries_and_are_shown_in_words(typed, query, words):
    found = query_of_words(typed, names)

    assert found == f"type=10&{query}"
    assert in_words(parse(found, MOOD), names) == words


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "'the end' is no field"),
        ("loudness > 3", "'loudness' is no field.*rating"),
        ("rating about 3", "'about' is no comparison.*is greater than"),
        ("rating > much", "'much' is no number"),
        ("rating >", "nothing follows"),
        ("rating > nan", "'nan' is no number"),
        ('title is "half', "quotation mark"),
        ("genre is polka", "no album.*'polka'.*jazz"),
        ("(rating > 3", "bracket"),
        ("rating > 3)", "may follow"),
        ("added is after soon", "no date"),
        ("last played is in the last while", "no time"),
    ],
)
def test_a_typed_rule_that_is_not_understood_is_explained(typed, complaint):
    with pytest.raises(UsageError, match=f"--where: .*{complaint}"):
        query_of_words(typed, names)


def test_a_limit_and_an_order_are_part_of_the_words():
    rule = parse("type=10&userRating%3E%3E=8&sort=userRating:desc&limit=25", "")

    said = in_words(rule, names)

    assert (
        said == "track rating is greater than 4★, sorted by userRating:desc, at most 25"
    )
    assert in_words(parse("type=10", ""), names) == "everything"
    assert parse("type=10", "").where == Group(())
