"""What listings tell besides ratings arrives in the library's columns."""

from xml.etree.ElementTree import fromstring

import numpy as np

from engine.library import Level
from tasks.plex.parsing import listing_of


def facts(level, text):
    return listing_of(level, list(fromstring(f"<list>{text}</list>"))).items.facts  # noqa: S314


def test_a_track_tells_its_plays_skips_number_and_its_albums_year():
    found = facts(
        Level.TRACK,
        '<Track ratingKey="2" index="3" parentYear="1999" viewCount="4"/>'
        '<Track ratingKey="1" skipCount="2"/>',
    )

    assert found.plays.tolist() == [0, 4]
    assert found.skips.tolist() == [2, 0]
    assert found.year[1] == 1999
    assert found.number[1] == 3
    assert np.isnan([found.year[0], found.number[0]]).all()


def test_an_album_tells_its_year_and_all_its_genres():
    found = facts(
        Level.ALBUM,
        '<Directory ratingKey="1" year="1999" index="1">'
        '<Genre tag="Rock"/><Genre tag="Pop"/></Directory>'
        '<Directory ratingKey="2"/>',
    )

    assert found.genre.tolist() == ["Rock;Pop", ""]
    assert found.year[0] == 1999
    assert np.isnan(found.plays).all()
    assert np.isnan(found.number).all()
