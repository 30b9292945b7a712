"""A backtest can be looked at: always the same picture, or a sentence why not."""

from pathlib import Path

import pytest

from engine.classic import Constants
from engine.errors import UsageError
from engine.evaluation.backtest import Backtest, backtest
from engine.evaluation.predictors import (
    CLASSIC,
    HIERARCHICAL,
    LIBRARY_MEAN,
    usual_methods,
)
from flows.reports import charts
from flows.reports.charts import draw_backtest, refuse_picture
from tests.engine.test_backtest import listener


@pytest.fixture(scope="module")
def hidden():
    """What came of hiding the ratings of a made-up listener."""
    methods = usual_methods(Constants())
    shown = {name: methods[name] for name in (LIBRARY_MEAN, CLASSIC, HIERARCHICAL)}
    return backtest(listener(), shown, "track5")


@pytest.mark.parametrize(
    ("kind", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("PDF", b"%PDF")]
)
def test_a_picture_is_drawn(hidden, tmp_path, kind, start):
    path = tmp_path / f"picture.{kind}"

    refuse_picture(path)
    draw_backtest(hidden, path)

    assert path.read_bytes().startswith(start)


def test_a_picture_names_every_method_and_is_always_the_same(hidden, tmp_path):
    paths = [tmp_path / "one.svg", tmp_path / "two.svg"]

    for path in paths:
        draw_backtest(hidden, path)

    one, two = (path.read_text("utf-8") for path in paths)
    assert one == two
    for words in (LIBRARY_MEAN, CLASSIC, HIERARCHICAL, "Do intervals hold?"):
        assert f"<!-- {words} -->" in one


def test_where_nothing_is_rated_the_picture_is_empty(tmp_path):
    path = tmp_path / "picture.svg"

    draw_backtest(Backtest("track5", 0, {}, {}), path)

    assert path.exists()


def test_another_kind_of_file_is_refused():
    with pytest.raises(UsageError, match=r"must end in \.svg, \.png, \.pdf"):
        refuse_picture(Path("picture.doc"))


def test_without_matplotlib_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(charts, "find_spec", lambda _: None)

    with pytest.raises(UsageError, match=r"pip install '\.\[pictures\]'"):
        refuse_picture(Path("picture.svg"))
