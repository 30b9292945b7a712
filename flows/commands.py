"""The one table of what a person may ask for, by number and by name."""

from dataclasses import dataclass

from engine.errors import SettingsInvalid


@dataclass(frozen=True)
class Command:
    """Something a person may ask for."""

    number: int
    """As users of the original know it."""
    name: str
    arguments: tuple[str, ...]
    """What the number stands for, as words on the command line."""
    help: str
    """One line."""


COMMANDS = (
    Command(0, "infer", (), "Infer all: phases 1 to 4, one after the other."),
    Command(1, "infer", ("--phases", "1"), "Album up: rate albums from your tracks."),
    Command(2, "infer", ("--phases", "2"), "Artist up: rate artists from the same."),
    Command(3, "infer", ("--phases", "3"), "Album down: albums inherit from artists."),
    Command(4, "infer", ("--phases", "4"), "Track down: tracks inherit from albums."),
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
            return [command.name, *command.arguments, *words[1:]]
    choices = "\n".join(f"  {c.number}  {c.help}" for c in COMMANDS)
    raise SettingsInvalid(f"There is no option {words[0]}. There are:\n{choices}")
