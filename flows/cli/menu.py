"""The same commands, asked for instead of typed; Enter alone starts nothing."""

from flows.command_table import COMMANDS, Command
from flows.reports.terminal import show_menu


def choose() -> list[str]:
    """Ask what to do, and return it as words of the command line."""
    show_menu([(str(c.number), c.help) for c in COMMANDS if c.number is not None])
    show_menu([("q", "Quit.")])
    try:
        command = _ask_command()
        if command is None:
            raise SystemExit(0)
        letter = _ask_letter() if command.asks_letter else ""
    except (EOFError, KeyboardInterrupt):
        raise SystemExit(0) from None
    return [*command.words, *(["--from", letter] if letter else [])]


def _ask_letter() -> str:
    return input("Start at which letter of the artists? (Enter for all) ").strip()


def _ask_command() -> Command | None:
    by_number = {str(c.number): c for c in COMMANDS if c.number is not None}
    while True:
        answer = input("Your choice (0-8, q): ").strip().lower()
        if answer in by_number:
            return by_number[answer]
        if answer == "q":
            return None
