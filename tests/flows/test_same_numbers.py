"""What the command says of a library is what the benchmark computes from its file."""

import csv
import gzip
import json

import numpy as np
import pytest

from engine.classic import Constants
from engine.evaluation.backtest import backtest
from engine.evaluation.predictors import usual_methods
from tests.benchmarks.csv_part import read_part
from tests.simulator.process import Simulator


def made_up(path):
    """Write a library whose tracks have the year and genre of their album."""
    draw = np.random.default_rng(7)
    rows = []
    for number in range(400):
        album, track = divmod(number, 5)
        if track == 0:
            level, year = draw.normal(6, 2), int(draw.integers(1960, 2020))
        plays = int(draw.poisson(3))
        points = 2 * round(level / 2 + 0.3 * plays - 1 + draw.normal(0, 0.5))
        is_rated = draw.random() < 0.5
        rows.append(
            {
                "artist": f"Artist {album // 2}",
                "album": f"Album {album}",
                "track": f"Track {track + 1}",
                "track_no": track + 1,
                "disc_no": 1,
                "year": year,
                "genre": ("Rock", "Jazz", "")[album // 2 % 3],
                "duration_ms": int(draw.integers(100_000, 400_000)),
                "play_count": plays,
                "skip_count": int(draw.poisson(0.3)),
                "rating_10": min(max(points, 2), 10) if is_rated else "",
                "album_rating_10": 8 if album % 10 == 0 else "",
                "track_artist": "",
                "critic_10": 7.5 if album % 4 == 0 else "",
            }
        )
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_backtest_of_plex_is_that_of_the_file(tmp_path, listener_of):
    path = made_up(tmp_path / "library.csv.gz")
    part = read_part(path, albums_rated=True)
    expected = backtest(part, usual_methods(Constants()), "track5").scores

    with Simulator.start(library=path) as plex:
        listener = listener_of(plex)
        ran = listener.run("backtest", "--json", "answer.json")

    assert ran.status == 0
    answer = json.loads((listener.folder / "answer.json").read_text("utf-8"))
    for name, score in answer["scores"].items():
        assert score["rmse"] == pytest.approx(expected[name].rmse, abs=1e-9)
        assert score["mae"] == pytest.approx(expected[name].mae, abs=1e-9)
