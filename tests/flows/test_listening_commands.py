"""Report, playlists and ask, as a person runs them against a Plex over HTTP."""

import json

import pytest

from tests.flows.listener import ratings


def requests_about(plex, path):
    return [one for one in plex.log() if one["path"].startswith(path)]


def test_a_dry_run_ends_with_the_path_of_a_page_that_shows_it(listener):
    listener.plex.add_playlist("Good", rule="type=10&userRating>>=6")

    ran = listener.run("infer", "--dry-run")

    page = listener.folder / "reports" / "report.html"
    assert ran.out.splitlines()[-1] == f"See it: {page}"
    assert "Top artists" not in ran.out
    shown = page.read_text("utf-8")
    assert f"{ran.summary['planned']} ratings would be written" in shown
    assert "Good" in shown
    assert ran.summary["report"] == str(page)
    assert listener.plex.counts()["writes"] == 0


def test_verbose_prints_the_tables_too(listener):
    ran = listener.run("infer", "--dry-run", "--verbose")

    assert "What each phase did" in ran.out
    assert "Top artists" in ran.out


def test_a_live_run_writes_a_page_and_asks_nothing_about_playlists(listener):
    listener.plex.add_playlist("Good", rule="type=10&userRating>>=6")

    ran = listener.run("infer")
    again = listener.run("infer")

    assert (ran.status, again.status) == (0, 0)
    assert requests_about(listener.plex, "/playlists") == []
    names = {path.name for path in (listener.folder / "reports").iterdir()}
    assert {"report.html", "report.1.html"} <= names


def test_a_folder_that_cannot_be_written_to_costs_the_page_alone(listener):
    (listener.folder / "reports").write_text("in the way")

    ran = listener.run("infer")

    assert ran.status == 0
    assert "There is no report of this run" in ran.err
    assert ran.summary["report"] == ""
    assert ran.summary["written"] > 0


def test_the_report_command_writes_where_it_is_told(listener):
    listener.plex.add_playlist("Good", rule="type=10&userRating>>=6")

    ran = listener.run("report", "--out", "my.html", "--json", "my.json")
    refused = listener.run("report", "--out", "my.html")

    page = (listener.folder / "my.html").read_text("utf-8")
    assert ran.status == 0
    assert "Content-Security-Policy" in page
    assert listener.plex.token not in page
    assert listener.plex.url not in page
    told = json.loads((listener.folder / "my.json").read_text())
    assert told["playlists"][0]["title"] == "Good"
    assert refused.status == 2
    assert listener.plex.counts()["writes"] == 0


def test_playlists_are_foreseen_as_the_next_run_makes_them(listener):
    plex = listener.plex
    plex.add_playlist("Good", rule="type=10&track.userRating>>=5")
    plex.add_playlist("Lucky", rule="type=10&userRating>>=5&sort=random&limit=5")
    plex.add_playlist("Plain", rule="type=10&viewCount>>=1")
    words = ("--where", "rating > 2.5 and artist rating > 1", "--json", "p.json")

    ran = listener.run("playlists", *words)
    told = json.loads((listener.folder / "p.json").read_text())["previews"]
    listener.run("infer")
    held = {one["title"]: len(one["items"]) for one in plex.playlists()}

    typed, good, lucky = told
    assert ran.status == 0
    assert (good["title"], good["after"]) == ("Good", held["Good"])
    assert good["after"] > good["now"]
    assert 0 < typed["after"] <= good["after"]
    assert "random" in lucky["not_previewed"]
    assert "Lucky: not previewed" in ran.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("playlists", "--where", "loudness > 3"), "'loudness' is no field"),
        (("playlists", "--make", "jams"), "'jams': no such playlist"),
        (("ask", "0"), "greater than or equal to 1"),
    ],
)
def test_what_is_not_understood_is_refused(listener, words, complaint):
    ran = listener.run(*words)

    assert ran.status == 2
    assert complaint in ran.err
    assert listener.plex.counts()["writes"] == 0


def test_asking_for_a_playlist_makes_and_removes_it(listener):
    before = ratings(listener.plex.dump())

    dry = listener.run("ask", "5", "--playlist", "--dry-run")
    nothing = listener.plex.playlists()
    live = listener.run("ask", "5", "--playlist", "--live", "--json", "ask.json")
    made = listener.plex.playlists()
    gone = listener.run("undo", "--playlists", "--live")

    assert "would be made" in dry.out
    assert nothing == []
    assert [one["title"] for one in made] == ["Please rate"]
    asked = json.loads((listener.folder / "ask.json").read_text())
    assert made[0]["items"] == asked["keys"]
    assert (live.status, gone.status) == (0, 0)
    assert "removed" in gone.out
    assert listener.plex.playlists() == []
    assert ratings(listener.plex.dump()) == before


def test_playlists_of_ours_are_kept_fresh_by_live_runs(listener):
    listener.run("infer")
    listener.run("playlists", "--make", "gems,forgotten", "--live")
    (gems,) = [
        one for one in listener.plex.playlists() if one["title"] == "Hidden gems"
    ]
    for key in gems["items"][:2]:
        listener.plex.rate(key, 1.0)

    ran = listener.run("infer", "--accept-large-change")

    (later,) = [p for p in listener.plex.playlists() if p["title"] == "Hidden gems"]
    assert ran.status == 0
    assert not set(gems["items"][:2]) & set(later["items"])
