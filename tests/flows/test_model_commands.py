"""Asking the models: nothing is changed, and every number adds up."""

import json

import pytest

from tests.flows.listener import ratings
from tests.simulator.process import Simulator


@pytest.fixture(scope="module")
def plex(request):
    """A Plex that questions leave as it is; the default one serves them all."""
    with Simulator.start(**getattr(request, "param", {"synthetic": 120})) as plex:
        yield plex


@pytest.fixture
def offline(listener):
    """A person without a Prefect server: these commands need none."""
    listener.environment |= {"COLUMNS": "100"}
    return listener


def ask(listener, *words):
    """Run a command that must succeed; return what it wrote as JSON, too."""
    ran = listener.run(*words, "--json", "answer.json", "--overwrite")
    assert (ran.status, listener.state.exists()) == (0, False), ran.err
    return ran, json.loads((listener.folder / "answer.json").read_text("utf-8"))


@pytest.mark.parametrize("plex", [{"synthetic": 1500, "seed": 1}], indirect=True)
def test_a_backtest_compares_what_can_be_chosen_and_gives_a_verdict(plex, offline):
    before = plex.dump()

    ran, answer = ask(offline, "backtest", "--regime", "album5", "--verbose")

    methods = ["library mean", "classic", "tuned classic", "hierarchical"]
    assert list(answer["scores"]) == methods
    assert answer["regime"] == "album5"
    assert answer["verdict"]["sentence"] in ran.out.replace("\n", " ").replace(
        "  ", " "
    )
    for name, score in answer["scores"].items():
        assert f"{name} " in ran.out
        assert f"{score['rmse'] / 2:.3f}★" in ran.out
        assert f"{score['mae'] / 2:.2f}★" in ran.out
    assert answer["scores"]["hierarchical"]["rmse"] < 2.0
    assert plex.dump() == before
    assert plex.counts()["writes"] == 0


def test_tuning_shows_what_it_would_change_and_writes_only_when_told(plex, offline):
    offline.configure(DRY_RUN=True, CONFIDENCE_C=40.0, EXTRA=[1], RETRIES=0)
    offline.config.chmod(0o640)
    before = offline.config.read_text("utf-8")

    looked, answer = ask(offline, "tune")
    untouched = offline.config.read_text("utf-8")
    ask(offline, "tune", "--write")

    assert untouched == before
    assert "use --write to save" in looked.err
    fitted = {
        name: new
        for change in answer["changes"]
        for name, new in zip(change["names"], change["new"], strict=True)
    }
    old, new = json.loads(before), json.loads(offline.config.read_text("utf-8"))
    assert new["CONFIDENCE_C"] == fitted["confidence"] != 40.0
    assert f"{fitted['confidence']:g}" in looked.out
    assert list(new)[: len(old)] == list(old)
    kept = set(old) - {"CONFIDENCE_C"}
    assert {key: new[key] for key in kept} == {key: old[key] for key in kept}
    assert offline.config.stat().st_mode & 0o777 == 0o640
    left = {path.name for path in offline.folder.iterdir()}
    assert left - {"answer.json", "prefect"} == {"config.json"}


def test_the_parts_of_an_inferred_rating_add_up_to_it(plex, offline):
    dump = plex.dump()
    track = next(t for t in dump["tracks"] if t["userRating"] is None)
    key, name = str(track["ratingKey"]), names(dump)[track["ratingKey"]]

    answers = [
        ask(offline, "why", key, "--model", "classic"),
        ask(offline, "why", name.upper(), "--model", "hierarchical"),
    ]

    for (ran, answer), model in zip(answers, ("classic", "hierarchical"), strict=True):
        assert answer["item"] == f"track {name}"
        assert answer["model"] == model
        assert answer["manual"] is None
        value = answer["why"]["value"]
        parts = sum(reason["adds"] for reason in answer["why"]["reasons"])
        assert parts == pytest.approx(value)
        assert f"{value / 2:.3f}★" in ran.out
    assert answers[0][1]["uncertainty"] is None
    uncertainty = answers[1][1]["uncertainty"]
    assert uncertainty["low"] < value < uncertainty["high"]
    assert 0 <= uncertainty["confidence"] <= 1


def test_your_own_rating_is_said_to_stay(plex, offline):
    track = next(t for t in plex.dump()["tracks"] if t["userRating"] is not None)

    ran, answer = ask(offline, "why", str(track["ratingKey"]))

    assert answer["manual"] == track["userRating"]
    assert "that stays" in ran.out


def test_an_item_that_cannot_be_told_is_asked_for(plex, offline):
    plex.add("Mirel", "Dorn", ["Vesk", "Vesk"])

    nobody = offline.run("why", "no such artist / anywhere")
    several = offline.run("why", "mirel / dorn / vesk")

    keys = [t["ratingKey"] for t in plex.dump()["tracks"] if t["title"] == "Vesk"]
    assert nobody.status == several.status == 2
    assert "There is no 'no such artist / anywhere'" in nobody.err
    assert len(keys) == 2
    for key in keys:
        assert f"track {key} (Mirel / Dorn / Vesk)" in several.err


def test_what_is_explained_is_what_is_written(plex, listener):
    track = next(t for t in plex.dump()["tracks"] if t["userRating"] is None)
    key = track["ratingKey"]
    listener.run("why", str(key), "--model", "hierarchical", "--json", "why.json")
    value = json.loads((listener.folder / "why.json").read_text())["why"]["value"]

    listener.run("infer", "--model", "hierarchical")
    written = ratings(plex.dump())[key]
    listener.run("undo", "--yes")

    assert written == pytest.approx(value, abs=0.05 + 1e-6)


def names(dump):
    """Return the names of all tracks with what they belong to."""
    levels = (dump["artists"], dump["albums"], dump["tracks"])
    titles = {item["ratingKey"]: item["title"] for level in levels for item in level}
    above = ("grandparentRatingKey", "parentRatingKey", "ratingKey")
    return {
        track["ratingKey"]: " / ".join(titles[track[name]] for name in above)
        for track in dump["tracks"]
    }
