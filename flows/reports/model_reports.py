"""What models are worth, and why they say what they say, as people see it."""

from engine.evaluation.backtest import Backtest, Verdict
from engine.evaluation.tuning import Tuning
from engine.reports.explanation import Reason, Why
from flows.reports.screen import screen
from flows.reports.terminal import NAMED, stars, table
from tasks.commands.analysis import Explained, Uncertainty
from tasks.config.field_types import CONSTANTS

METHODS = (
    *("method", "error (RMSE)", "error (mean)", "order right", "within 80 % interval"),
)
FITTED = ("setting", "now", "best", "smaller error", "ratings that say so")
PARTS = ("stars", "because of")


def show_backtest(test: Backtest, verdict: Verdict) -> None:
    """Print how well each method guesses hidden ratings, and which to choose."""
    console = screen()
    title = f"{test.ratings} ratings, each hidden and guessed ({test.regime})"
    if test.scores:
        console.print(table(title, METHODS, scores(test)))
    console.print(verdict.sentence)


def scores(test: Backtest) -> list[tuple[str, ...]]:
    """Return the score of each method as a row of text."""
    return [
        (
            name,
            stars(score.rmse, 3),
            stars(score.mae, 3),
            f"{100 * score.order:.1f} %",
            f"{100 * score.coverage:.1f} %",
        )
        for name, score in test.scores.items()
    ]


def show_tuning(tuning: Tuning) -> None:
    """Print the constants that fit best beside the present ones."""
    console = screen()
    if not tuning.changes:
        console.print("There is no rating yet that could say anything.")
        return
    console.print(table("Constants of the classic model", FITTED, fitted(tuning)))


def fitted(tuning: Tuning) -> list[tuple[str, ...]]:
    """Return each constant that ratings have to do with as a row of text."""
    rows: list[tuple[str, ...]] = []
    for change in tuning.changes:
        gain, ratings = f"{100 * change.gain:.1f} %", str(change.ratings)
        for name, old, new in zip(change.names, change.old, change.new, strict=True):
            rows.append(
                (CONSTANTS[name].upper(), f"{old:g}", f"{new:g}", gain, ratings)
            )
            gain = ratings = ""
    return rows


def show_why(explained: Explained) -> None:
    """Print what an inferred rating is made of, and how sure it is."""
    console = screen()
    console.rule(f"{explained.item}: {stars(explained.why.value, 3)}")
    console.print(table(f"The {explained.model} model", PARTS, parts(explained.why)))
    if explained.uncertainty is not None:
        for line in uncertainty_lines(explained.uncertainty):
            console.print(line)
    if explained.manual is not None:
        said = f"You rated it {stars(explained.manual)}, and that stays."
        console.print(said)


def parts(why: Why) -> list[tuple[str, ...]]:
    """Return what a value is made of as rows of text that add up to it."""
    first, *others = why.reasons
    rows: list[tuple[str, ...]] = [(stars(first.adds, 3), _cause(first))]
    rows += [(_signed(reason.adds), _cause(reason)) for reason in others[:NAMED]]
    rest = others[NAMED:]
    if rest:
        adds = sum(reason.adds for reason in rest)
        rows.append((_signed(adds), f"{len(rest)} others"))
    rows.append((stars(why.value, 3), "together"))
    return rows


def uncertainty_lines(uncertainty: Uncertainty) -> list[str]:
    """Return how sure a value is, a sentence a line."""
    return [
        (
            f"Give or take {stars(uncertainty.sd)}; four times in five from "
            f"{stars(uncertainty.low)} to {stars(uncertainty.high)}."
        ),
        (
            f"3 stars or more: {100 * uncertainty.good:.0f} %; "
            f"2 stars or fewer: {100 * uncertainty.poor:.0f} %."
        ),
        (
            f"It rests on {uncertainty.ratings} ratings of the same artist; "
            f"confidence {uncertainty.confidence:.2f}."
        ),
    ]


def _signed(points: float) -> str:
    return ("−" if points < 0 else "+") + stars(abs(points), 3)


def _cause(reason: Reason) -> str:
    if reason.what == "rating" and reason.level is not None:
        what = f"your {stars(reason.rating)} for the {reason.level.word} {reason.name}"
        return f"{what} ({100 * reason.weight:.0f} %)"
    if reason.what == "double":
        what = f"your {stars(reason.rating)} for the same recording, {reason.name}"
        return f"{what} ({100 * reason.weight:.0f} %)"
    if reason.what == "critic":
        heard = f"({100 * reason.weight:.0f} %)"
        return f"the critics' {stars(reason.rating)}, on your scale {heard}"
    return f"its {reason.name}" if reason.what == "column" else reason.name
