"""What models are worth, and why they say what they say, as people see it."""

from engine.evaluation.backtest import Backtest, Verdict
from engine.evaluation.tuning import Tuning
from engine.reports.explanation import Reason, Why
from flows.reports.screen import Row, Screen
from flows.reports.terminal import NAMED, stars
from tasks.commands.analysis import Explained
from tasks.config.field_types import CONSTANTS

METHODS = (
    "method",
    "error (RMSE)",
    "error (mean)",
    "pairs in the right order",
    "within 80 % interval",
)
FITTED = ("setting", "now", "best", "smaller error", "ratings that say so")
PARTS = ("stars", "because of")


def show_backtest(test: Backtest, verdict: Verdict) -> None:
    """Print how well each method guesses hidden ratings, and which to choose."""
    screen = Screen()
    rows = [
        (
            name,
            stars(score.rmse, 3),
            stars(score.mae, 3),
            f"{100 * score.order:.1f} %",
            f"{100 * score.coverage:.1f} %",
        )
        for name, score in test.scores.items()
    ]
    if rows:
        title = f"{test.ratings} ratings, each hidden and guessed ({test.regime})"
        screen.print_table(title, METHODS, rows)
    screen.print(verdict.sentence)


def show_tuning(tuning: Tuning) -> None:
    """Print the constants that fit best beside the present ones."""
    if not tuning.changes:
        Screen().print("There is no rating yet that could say anything.")
        return
    rows = []
    for change in tuning.changes:
        gain, ratings = f"{100 * change.gain:.1f} %", str(change.ratings)
        for name, old, new in zip(change.names, change.old, change.new, strict=True):
            setting = CONSTANTS[name].upper()
            rows.append((setting, f"{old:g}", f"{new:g}", gain, ratings))
            gain = ratings = ""
    Screen().print_table("Constants of the classic model", FITTED, rows)


def show_why(explained: Explained) -> None:
    """Print what an inferred rating is made of, and how sure it is."""
    screen = Screen()
    screen.rule(f"{explained.item}: {stars(explained.why.value, 3)}")
    title = f"The {explained.model} model"
    screen.print_table(title, PARTS, parts(explained.why))
    if explained.uncertainty is not None:
        screen.print_lines(uncertainty_lines(explained.uncertainty))
    if explained.manual is not None:
        screen.print(f"You rated it {stars(explained.manual)}, and that stays.")


def parts(why: Why) -> list[Row]:
    """Return what a value is made of as rows of text that add up to it."""
    first, *others = why.reasons
    rows = [(stars(first.adds, 3), _cause(first))]
    rows += [(_signed(reason.adds), _cause(reason)) for reason in others[:NAMED]]
    rest = others[NAMED:]
    if rest:
        adds = sum(reason.adds for reason in rest)
        rows.append((_signed(adds), f"{len(rest)} others"))
    return [*rows, (stars(why.value, 3), "together")]


def uncertainty_lines(known: dict[str, float]) -> list[str]:
    """Return how sure a value is, a sentence a line."""
    sd, low, high = (stars(known[name]) for name in ("sd", "low", "high"))
    good, poor = 100 * known["good"], 100 * known["poor"]
    return [
        f"± {sd}; an 80 % interval for your own rating: {low} to {high}.",
        f"3 stars or more: {good:.0f} %; 2 stars or fewer: {poor:.0f} %.",
        (
            f"It rests on {known['ratings']} ratings of the same artist; "
            f"confidence {known['confidence']:.2f}."
        ),
    ]


def _signed(points: float) -> str:
    return ("−" if points < 0 else "+") + stars(abs(points), 3)


def _cause(reason: Reason) -> str:
    given, weight = stars(reason.rating), f"({100 * reason.weight:.0f} %)"
    if reason.what == "rating" and reason.level is not None:
        return f"your {given} for the {reason.level.word} {reason.name} {weight}"
    if reason.what == "double":
        return f"your {given} for the same recording, {reason.name} {weight}"
    if reason.what == "critic":
        return f"the critics' {given}, on your scale {weight}"
    return f"its {reason.name}" if reason.what == "column" else reason.name
