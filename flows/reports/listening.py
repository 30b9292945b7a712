"""Playlists and what to rate next, as people see them in a terminal."""

from collections.abc import Sequence

from engine.playlists.preview import Playlist
from flows.reports.screen import Row, Screen
from flows.reports.terminal import named
from tasks.commands.ask import Asked
from tasks.commands.playlists import Playlists
from tasks.playlists.ours import Kept

PLAYLISTS = ("playlist", "now", "after", "hours", "inferred")
NONE = "plexbayes keeps no playlist in Plex."
DRY = "Dry run: nothing was changed."


def show_playlists(found: Playlists) -> None:
    """Print what becomes of smart playlists, and of playlists of ours."""
    screen = Screen()
    known = [one for one in found.previews if not one.not_previewed]
    if known:
        title = "Smart playlists about ratings, now and after the next run"
        screen.print_table(title, PLAYLISTS, map(_row, known))
    for one in known:
        screen.print_lines(_samples(one))
    for one in found.previews:
        if one.not_previewed:
            screen.print(f"{one.title}: not previewed, as {one.not_previewed}")
    if not found.previews:
        screen.print("No smart playlist asks for ratings. Try a rule with --where.")
    screen.print_lines(map(str, found.ours))
    screen.print_lines([DRY] if found.ours and found.dry_run else [])


def show_removed(removed: Sequence[Kept], *, dry_run: bool) -> None:
    """Print which playlists of ours were removed."""
    screen = Screen()
    screen.print_lines(map(str, removed) if removed else [NONE])
    screen.print_lines([DRY] if dry_run else [])


def _row(one: Playlist) -> Row:
    hours = f"{one.hours_now:.1f} → {one.hours_after:.1f}"
    return (
        one.title,
        str(one.now),
        f"{one.after} (+{one.coming} −{one.going})",
        hours,
        f"{100 * one.guessed:.0f} %",
    )


def _samples(one: Playlist) -> list[str]:
    lines = [f"{one.title}: {one.rule}"]
    for verb, count, some in (
        ("in", one.coming, one.comes),
        ("out", one.going, one.goes),
    ):
        if some:
            more = f" and {count - len(some)} more" if count > len(some) else ""
            lines.append(f"  {verb}: {'; '.join(map(named, some))}{more}")
    return lines


def show_asked(found: Asked) -> None:
    """Print which tracks to rate next."""
    screen = Screen()
    screen.rule(f"{len(found.tracks)} tracks to rate next")
    numbered = enumerate(map(named, found.tracks), 1)
    screen.print_lines(f"{number:>4}  {name}" for number, name in numbered)
    if not found.tracks:
        screen.print("There is nothing left to ask for.")
    if found.answered:
        screen.print(f"{found.answered} tracks asked for earlier are rated by now.")
    screen.print_lines([str(found.playlist)] if found.playlist else [])
    screen.print_lines([DRY] if found.dry_run else [])
