"""The last backtest, kept beside other reports, so that these can quote it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.evaluation.backtest import Backtest, Verdict
from engine.evaluation.metrics import FAMOUS
from engine.library import Identity
from engine.reports.library_report import Tested
from tasks.config.output_files import make_folder, write_text

NAME = "backtest.json"
FORMAT = 1
FOUR_STARS = str(FAMOUS[-1])


@dataclass(frozen=True)
class SavedBacktest:
    """What a backtest said of every model."""

    date: str
    verdict: str
    models: dict[str, dict[str, Any]]
    """By name, its `Usefulness`, and that of its guesses `stretched`."""

    def tested(self, model: str) -> Tested | None:
        """Return what it said of a model; None: nothing."""
        said = self.models.get(model)
        if said is None:
            return None
        apart = said["stretched"]
        return Tested(
            date=str(self.date),
            verdict=str(self.verdict),
            off_by=float(said["off_by"]),
            within=float(said["within"]),
            top_ten=_number(said["top_ten"]),
            found=_number(said["found"].get(FOUR_STARS)),
            stretched_off_by=float(apart["off_by"]),
            stretched_found=_number(apart["found"].get(FOUR_STARS)),
        )

    def right(self, model: str) -> dict[float, float]:
        """Return how many tracks were rightly thought to be rated so, by points."""
        said = self.models.get(model, {"right": {}})["right"]
        return {float(points): float(share) for points, share in said.items()}


def save_backtest(
    folder: Path, identity: Identity, date: str, test: Backtest, verdict: Verdict
) -> None:
    """Keep what a backtest said; one without verdict takes nobody's place.

    Raises:
        UsageError: It cannot be written.
    """
    if not verdict.best:
        return
    models = {
        name: {**asdict(own), "stretched": asdict(test.stretched[name])}
        for name, own in test.usefulness.items()
    }
    said = {"format": FORMAT, "library": _whose(identity), "date": date}
    said |= {"verdict": verdict.sentence, "models": models}
    write_text(make_folder(folder) / NAME, json.dumps(said, indent=2))


def read_backtest(folder: Path, identity: Identity) -> SavedBacktest | None:
    """Return the last backtest of a library; None: there is none that can be read."""
    try:
        said = json.loads((folder / NAME).read_text("utf-8"))
        if (said["format"], said["library"]) != (FORMAT, _whose(identity)):
            return None
        saved = SavedBacktest(said["date"], said["verdict"], said["models"])
        for model in saved.models:
            saved.tested(model)
            saved.right(model)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, UsageError):
        return None
    return saved


def _number(value: Any) -> float | None:  # noqa: ANN401 (as JSON has it)
    return None if value is None else float(value)


def _whose(identity: Identity) -> list[str]:
    return [identity.server, identity.uuid, identity.account]
