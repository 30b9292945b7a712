"""What models are worth, and why they say what they say, as people see it."""

from engine.evaluation.backtest import Backtest, Verdict
from engine.evaluation.tuning import Tuning
from engine.reports.explanation import Reason, Why
from flows.reports.screen import Row, Screen
from flows.reports.terminal import NAMED, stars
from tasks.commands.analysis import Explained
from tasks.config.field_types import CONSTANTS

METHODS = ("method", "off by", "within one star", "top ten", "in the right order")
STATISTICS = (
    "method",
    "error (RMSE)",
    "in 80 % interval",
    "in the inner 80 %",
    "log score",
)
EXPLAINED = (
    "Off by: on average. Top ten: of the ten that it puts on top, how many you rate "
    "four stars or more. In the right order: of two that you rate differently, how "
    "often the better one is guessed higher."
)
FITTED = ("setting", "now", "best", "smaller error", "ratings that say so")
PARTS = ("stars", "because of")


def show_backtest(test: Backtest, verdict: Verdict, *, verbose: bool = False) -> None:
    """Print how well each method guesses hidden ratings, and which to choose."""
    screen = Screen()
    if test.scores:
        title = f"{test.ratings} ratings, each hidden and guessed ({test.regime})"
        screen.print_table(title, METHODS, _useful(test))
        screen.print(EXPLAINED)
    if verbose and test.scores:
        screen.print_table("For statisticians", STATISTICS, _statistics(test))
    screen.print(verdict.sentence)


def _useful(test: Backtest) -> list[Row]:
    """Return what a listener wants to know of each method."""
    return [
        (
            name,
            stars(own.off_by),
            f"{100 * own.within:.0f} %",
            "–" if own.top_ten is None else f"{own.top_ten:.0f}",
            f"{100 * test.scores[name].order:.0f} %",
        )
        for name, own in test.usefulness.items()
    ]


def _statistics(test: Backtest) -> list[Row]:
    return [
        (
            name,
            stars(score.rmse, 3),
            f"{100 * score.coverage:.1f} %",
            f"{100 * score.central:.1f} %",
            f"{score.log_score:.3f}",
        )
        for name, score in test.scores.items()
    ]


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
