"""The one table of what a person may ask for: command line, menu and help read it."""

from dataclasses import dataclass

from engine.errors import UsageError


@dataclass(frozen=True)
class Command:
    """Something a person may ask for."""

    number: int | None
    """As users of the original know it; None: it has only a name."""
    line: str
    """What it is on the command line."""
    help: str
    """One line."""

    @property
    def words(self) -> tuple[str, ...]:
        """What it is on the command line, word by word."""
        return tuple(self.line.split())


COMMANDS = (
    Command(0, "infer", "Infer all ratings: phases 1 to 4."),
    Command(
        1, "infer --phases 1", "Album up: albums from your tracks and the critics."
    ),
    Command(2, "infer --phases 2", "Artist up: artists from your tracks and albums."),
    Command(
        3, "infer --phases 3", "Album down: other albums inherit from their artist."
    ),
    Command(4, "infer --phases 4", "Track down: tracks inherit from their album."),
    Command(5, "verify", "Is the record in sync with Plex? Changes nothing."),
    Command(6, "undo", "Take inferred ratings back, all or a selection."),
    Command(7, "rank", "Power rankings: your best and worst artists, or albums."),
    Command(8, "recover", "Rebuild a lost state database from Plex."),
    Command(None, "report", "Write a page to look at: your library, before and after."),
    Command(None, "playlists", "What smart playlists hold now, and after a run."),
    Command(None, "ask", "Which tracks to rate next, as a list or a playlist."),
    Command(None, "apply", "Write a saved plan: exactly that, and nothing beyond it."),
    Command(None, "backup", "Save your own ratings to a file, or show their history."),
    Command(None, "restore", "Give ratings from such a file back to Plex."),
    Command(None, "export", "Write the ratings of the library to a spreadsheet."),
    Command(None, "import", "Take ratings from a spreadsheet, iTunes or song lists."),
    Command(None, "backtest", "Hide ratings of yours: which model guesses them best?"),
    Command(None, "tune", "Fit the classic model's constants to your ratings."),
    Command(None, "why", "Explain an inferred rating, in stars."),
    Command(None, "import-state", "Take over the original's plex_state.json."),
    Command(None, "export-state", "Write a plex_state.json for the original."),
    Command(None, "init", "Create config.json by answering questions."),
    Command(None, "serve", "Offer all of this in the Prefect UI, on a schedule."),
    Command(None, "server", "Run a Prefect server for workers on other machines."),
    Command(None, "doctor", "Check everything, and say what to do about it."),
)

BY_NUMBER = {str(c.number): c for c in COMMANDS if c.number is not None}

HELP = {command.words[0]: command.help for command in reversed(COMMANDS)}
"""What each command is for, in a line."""

EXAMPLES = {
    "infer": (
        "plexbayes infer                    say what would be written",
        "plexbayes infer --live             write it",
        "plexbayes infer --letters A-C,P    only artists under A, B, C and P",
        "plexbayes infer --phases 1-2       only albums and artists",
        "plexbayes infer --plan plan.csv    save the whole plan, in points (0-10)",
    ),
    "verify": (
        "plexbayes verify --json verify.json    keep the result, too",
        "plexbayes verify --drill 5%            would an undo restore what was there?",
        "plexbayes verify --repair --live       tags and record, not ratings",
    ),
    "undo": (
        "plexbayes undo --live                   take everything back",
        "plexbayes undo --artist Abba --live     only those of one artist",
        "plexbayes undo --phases 4 --dry-run     say how many tracks that would be",
        "plexbayes undo --playlists --live       only delete the playlists it keeps",
    ),
    "rank": ("plexbayes rank --albums -n 20    the 20 best and worst albums",),
    "recover": ("plexbayes recover --dry-run    say what would be recovered",),
    "report": ("plexbayes report --out music.html    a page of one file",),
    "playlists": (
        "plexbayes playlists                             all that ask for ratings",
        'plexbayes playlists --where "rating > 3.5 and genre is jazz"    try a rule',
        "plexbayes playlists --make gems,forgotten --live    keep two in Plex",
    ),
    "ask": (
        "plexbayes ask 10                    ten tracks",
        "plexbayes ask --playlist --live     as the playlist Please rate in Plex",
    ),
    "apply": (
        "plexbayes infer --dry-run --save-plan plan.json    save a plan",
        "plexbayes apply plan.json                          what may still be written",
        "plexbayes apply plan.json --live                   write it",
    ),
    "backup": (
        "plexbayes backup                       a new file in the folder of backups",
        "plexbayes backup mine.csv              any program reads it",
        'plexbayes backup --history "Tiger"     what its rating was over time',
    ),
    "restore": (
        "plexbayes restore mine.csv                          say what would be given",
        "plexbayes restore mine.csv --only-missing --live    where you rated nothing",
    ),
    "export": (
        "plexbayes export all.csv                      an item a row, in stars",
        "plexbayes export mine.csv --only manual       only what you rated",
        "plexbayes export abba.csv --artist Abba       only one artist",
    ),
    "import": (
        "plexbayes import all.csv                      say what would be given",
        "plexbayes import all.csv --live               what you changed is yours",
        "plexbayes import Library.xml --live           from iTunes or Music",
        'plexbayes import "5 stars.m3u" --live         all of a list have 5 stars',
    ),
    "backtest": (
        "plexbayes backtest --regime album5      hide whole albums",
        "plexbayes backtest --picture it.svg     draw it (errors in stars)",
    ),
    "tune": ("plexbayes tune --write    put them into config.json",),
    "why": (
        'plexbayes why "Abba / Arrival / Tiger"    by names',
        "plexbayes why 12345                       by ratingKey",
    ),
    "import-state": ("plexbayes import-state old/plex_state.json --live",),
    "export-state": ("plexbayes export-state copy.json    ratings in points (0-10)",),
    "init": ("plexbayes init --config music.json",),
    "serve": (
        "plexbayes serve --timezone Europe/Berlin    schedules in your time",
        "plexbayes serve --webhook 8787              hear of ratings in Plex",
    ),
    "server": ("plexbayes server --port 4200    only this machine reaches it",),
    "doctor": ("plexbayes doctor --canary    also write a first batch, and undo it",),
}
"""Command lines that the help of each command shows, with what they do."""

DONE, FAILED, USAGE, SOME_FAILED, HELD, DIFFERS, LARGE = 0, 1, 2, 3, 4, 5, 6
INTERRUPTED = 130
"""Exit statuses; docs/commands.md lists them."""

EXIT_STATUSES = (
    "Exit statuses: 0 done, 1 failed, 2 usage or configuration, 3 some letters "
    "failed, 4 another run holds the library, 5 verify found a difference, "
    "6 too large a change, 130 interrupted."
)
"""What the command line returns to the shell."""


def spelled_out(words: list[str]) -> list[str]:
    """Return a command line with a leading number replaced by what it stands for.

    Raises:
        UsageError: There is no such number.

    >>> spelled_out(["4", "--live"])
    ['infer', '--phases', '4', '--live']
    """
    if not words or not words[0].lstrip("-").isdigit():
        return words
    if words[0] not in BY_NUMBER:
        raise UsageError(f"There is no option {words[0]}. There are:\n{numbered()}")
    return [*BY_NUMBER[words[0]].words, *words[1:]]


def numbered() -> str:
    """Return the numbered commands, a line each."""
    return "\n".join(f"  {number}  {c.help}" for number, c in BY_NUMBER.items())


def epilog(name: str) -> str:
    """Return what stands below the help of a command: examples and exit statuses."""
    return "\n\n".join(["Examples:", *EXAMPLES[name], EXIT_STATUSES])
