"""How much closer guesses come if the program says what to rate, and not chance.

All ratings of real libraries are hidden. A listener answers truthfully, 100 times;
the hierarchical model then guesses all the ratings that are still hidden. What the
listener never rated cannot be answered, but counts as a track of its artist.

Run `make bench-asking`, or `python -m tests.benchmarks.asking FOLDER`.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.asking import to_ask
from engine.classic import Constants
from engine.evaluation.cross_validation import rated_rows, without
from engine.evaluation.predictors import HIERARCHICAL, usual_methods
from engine.ownership import RecordView, ownership_of
from tests.benchmarks.csv_part import read_part
from tests.benchmarks.quality import FOLDER

CURVE = range(10, 101, 10)
"""After how many answers the guesses are held against the truth."""
SEEDS = 30
STARTS = (0, 20)
"""How many ratings at random there are before the first question."""
TARGETS = {"lib01": -0.01, "lib03": 0.005}
"""By how much the mean error after all answers may be above that of random questions,
as a part of it: one listener's taste hangs on artists, the other's hardly does."""
MODEL = usual_methods(Constants())[HIERARCHICAL]


@dataclass(frozen=True)
class Gain:
    """What questions by the rule do beside random ones."""

    curve: np.ndarray
    """Change in the mean error after so many answers, a part of the random one's."""
    mean: float
    """The same of the whole curve: what is asked first may mislead."""
    error: float
    """Standard error of that, over seeds."""
    final: float
    """The same after all answers."""
    final_error: float
    """Standard error of that, over seeds."""


def answered(part, rows):
    """Return the library as it was when only these tracks were rated.

    What was never rated is to be left alone, so that it is not asked for.
    """
    truth = part.tracks.items.rating
    rating = np.full(len(truth), np.nan)
    rating[rows] = truth[rows]
    items = replace(part.tracks.items, rating=rating)
    owned = ownership_of(items, RecordView.blank(len(items)))
    never = np.isnan(truth)
    view = replace(part.tracks, items=items, ownership=owned, hands_off=never)
    return replace(part, tracks=view)


def learning_curve(part, order, start):
    """Return the error (RMSE, points) of what is hidden after so many answers."""
    rated, truth = rated_rows(part), part.tracks.evidence
    errors = []
    for answers in CURVE:
        hidden = np.setdiff1d(rated, order[: start + answers])
        off = MODEL(without(part, hidden), hidden).mean - truth[hidden]
        errors.append(np.sqrt(np.mean(off**2)))
    return errors


def gain(part, start):
    """Ask by the rule and at random, with every seed."""
    by_rule, at_random = [], []
    for seed in range(SEEDS):
        chance = np.random.default_rng(1000 + seed).permutation(rated_rows(part))
        before = chance[:start]
        asked = to_ask(answered(part, before), CURVE[-1], seed)
        order = np.concatenate([before, asked])
        by_rule.append(learning_curve(part, order, start))
        at_random.append(learning_curve(part, chance, start))
    rule, usual = np.array(by_rule), np.array(at_random)
    whole = (rule - usual).mean(axis=1) / usual.mean()
    final = (rule - usual)[:, -1] / usual[:, -1].mean()
    return Gain(
        curve=rule.mean(axis=0) / usual.mean(axis=0) - 1,
        mean=float(whole.mean()),
        error=float(whole.std(ddof=1) / SEEDS**0.5),
        final=float(final.mean()),
        final_error=float(final.std(ddof=1) / SEEDS**0.5),
    )


def main(folder: Path) -> int:
    """Print the gains in percent; return 1 if one is smaller than it is to be."""
    missed, at_last = [], f"after {CURVE[-1]}"
    heads = f"{'':20}{at_last:>16}{'whole curve':>16}  after "
    print(heads + "".join(f"{n:6}" for n in CURVE))
    for library, target in TARGETS.items():
        part = read_part(folder / f"{library}.csv.gz", critics=False)
        for start in STARTS:
            found = gain(part, start)
            name = f"{library}, {start} before"
            final = f"{100 * found.final:+.2f} ± {100 * found.final_error:.2f}"
            mean = f"{100 * found.mean:+.2f} ± {100 * found.error:.2f}"
            curve = "".join(f"{100 * change:+6.1f}" for change in found.curve)
            print(f"{name:20}{final:>16}{mean:>16}        {curve}")
            if found.final > target:
                missed.append(f"{name}: {final} % instead of {100 * target:+.1f} %")
    print("\n" + ("\n".join(missed) or "All figures were reached."))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
