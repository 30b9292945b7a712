"""The one table of what a person may ask for: command line, menu and help read it."""

from dataclasses import dataclass

from engine.errors import SettingsInvalid


@dataclass(frozen=True)
class Command:
    """Something a person may ask for."""

    number: int | None
    """As users of the original know it; None: it has only a name."""
    words: tuple[str, ...]
    """What it is on the command line."""
    help: str
    """One line."""
    asks_letter: bool = False
    """Whether the menu asks where to start."""


COMMANDS = (
    Command(0, ("infer",), "Infer all ratings: phases 1 to 4, one after the other."),
    Command(
        1, ("infer", "--phases", "1"), "Album up: from your tracks.", asks_letter=True
    ),
    Command(
        2,
        ("infer", "--phases", "2"),
        "Artist up: from tracks, albums.",
        asks_letter=True,
    ),
    Command(
        3, ("infer", "--phases", "3"), "Album down: from the artist.", asks_letter=True
    ),
    Command(
        4, ("infer", "--phases", "4"), "Track down: from the album.", asks_letter=True
    ),
    Command(5, ("verify",), "Is everything in sync? Changes nothing."),
    Command(6, ("undo",), "Take inferred ratings back, all or a selection."),
    Command(7, ("rank",), "Power rankings: your best and worst artists."),
    Command(8, ("recover",), "Rebuild a lost state database from the tag."),
    Command(None, ("backtest",), "Which model guesses your own ratings best?"),
    Command(None, ("tune",), "Fit the classic model's constants to your ratings."),
    Command(None, ("why",), "Take the inferred rating of an item apart."),
    Command(None, ("import-state",), "Take over the original's plex_state.json."),
    Command(None, ("export-state",), "Write a plex_state.json for the original."),
    Command(None, ("init",), "Create config.json by answering questions."),
    Command(None, ("serve",), "Offer all of this in the Prefect UI, on a schedule."),
    Command(None, ("server",), "Run a Prefect server for workers on other machines."),
    Command(None, ("doctor",), "Check everything, and say what to do about it."),
)


def spelled_out(words: list[str]) -> list[str]:
    """Return a command line with a leading number replaced by what it stands for.

    Raises:
        SettingsInvalid: There is no such number.

    >>> spelled_out(["4", "--live"])
    ['infer', '--phases', '4', '--live']
    """
    if not words or not words[0].lstrip("-").isdigit():
        return words
    for command in COMMANDS:
        if words[0] == str(command.number):
            return [*command.words, *words[1:]]
    raise SettingsInvalid(f"There is no option {words[0]}. There are:\n{numbered()}")


def numbered() -> str:
    """Return the numbered commands, a line each."""
    return "\n".join(
        f"  {c.number}  {c.help}" for c in COMMANDS if c.number is not None
    )
