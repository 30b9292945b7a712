"""A run that would change very much of what is ours stops before it writes."""

import json

import pytest

from tests.flows.listener import ratings

TOO_LARGE = 6
BAD_IMPORT = 2.0
"""Points; most manual ratings of the simulated library are far above."""


def give_bad_ratings(plex, before, share=1.0):
    """Let another program rate most of what the person rated, very low."""
    rated = sorted(ratings(before))
    for key in rated[: int(share * len(rated))]:
        plex.rate(key, BAD_IMPORT)


@pytest.fixture
def rated(plex, listener):
    """Infer some hundred ratings; return what the library held before."""
    before = plex.dump()
    assert listener.run("infer").status == 0
    plex.clear_log()
    return before


def writes(plex):
    return [entry for entry in plex.log() if entry["method"] != "GET"]


def test_bad_imports_stop_a_run_before_it_writes_until_that_is_accepted(
    plex, listener, rated
):
    give_bad_ratings(plex, rated)
    given = plex.dump()

    stopped = listener.run("infer")
    left = plex.dump()
    wrote = writes(plex)
    remembered = listener.query("select count(*) from run")
    rehearsal = listener.run("infer", "--dry-run")
    accepted = listener.run("infer", "--accept-large-change")

    assert stopped.status == TOO_LARGE
    assert (left, wrote) == (given, [])
    assert remembered == [(1,)]
    assert "inferred ratings" in stopped.err
    assert "the limit is 30 %" in stopped.err
    assert "the limit is 0.5 stars" in stopped.err
    assert "the mean of your own track ratings went from" in stopped.err
    assert "--accept-large-change" in stopped.err
    assert rehearsal.status == 0
    said = " ".join((rehearsal.err + rehearsal.out).split())
    assert "This run would rewrite" in said
    assert "A live run would stop here." in said
    assert accepted.status == 0
    assert accepted.summary["written"] > 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"MODEL": "hierarchical"}, 'MODEL was changed from "classic"'),
        (
            {"RATING_CEILING": 1.0},
            "RATING_CEILING was changed from none to 1.0",
        ),
    ],
    ids=["model", "ceiling"],
)
def test_a_changed_setting_is_named_as_the_reason(plex, listener, rated, change, named):
    listener.configure(DRY_RUN=False, RETRIES=0, **change)

    stopped = listener.run("infer")

    assert stopped.status == TOO_LARGE
    assert named in stopped.err
    assert writes(plex) == []


def test_limits_are_settings(plex, listener, rated):
    give_bad_ratings(plex, rated)
    generous = {"MAX_REWRITTEN": 1, "MAX_MEAN_SHIFT": 5, "MAX_RELEASED": 1}
    listener.configure(DRY_RUN=False, RETRIES=0, **generous)

    assert listener.run("infer").status == 0


def test_many_of_ours_that_were_rated_by_somebody_stop_a_run(plex, listener, rated):
    ours = sorted(set(ratings(plex.dump())) - set(ratings(rated)))
    for key in ours[: len(ours) // 10]:
        plex.rate(key, 10.0)
    listener.configure(DRY_RUN=False, RETRIES=0, MAX_REWRITTEN=1, MAX_MEAN_SHIFT=5)

    stopped = listener.run("infer")

    assert stopped.status == TOO_LARGE
    assert "give up" in stopped.err
    assert writes(plex) == []
    assert listener.query("select count(*) from shadow") == [(len(ours),)]


def test_one_rating_in_a_small_library_stops_nothing(plex, listener, rated):
    plex.rate(min(set(ratings(plex.dump())) - set(ratings(rated))), 1.0)

    assert listener.run("infer").status == 0


def test_a_first_run_and_one_after_undo_are_no_rewriting(plex, listener, rated):
    assert listener.run("undo", "--yes").status == 0
    give_bad_ratings(plex, rated)

    assert listener.run("infer").status == 0


def test_the_report_holds_the_settings_that_shaped_it(listener, rated):
    listener.run("infer", "--dry-run")
    summary = json.loads((listener.folder / "summary.json").read_text("utf-8"))

    assert summary["settings"]["CONFIDENCE_C"] == 3.0
    assert not {"PLEX_TOKEN", "STATE_URL"} & summary["settings"].keys()
