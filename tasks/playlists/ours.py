"""Playlists of our own in Plex: made, kept fresh and removed, and no others touched.

One is ours if its ratingKey is on record and it bears our summary. If a run ends
between the two, the next one goes on, as long as the playlist is as it was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import PlexRefused, PlexUnreachable
from tasks.plex.playlists import (
    AT_ONCE,
    delete,
    describe,
    make,
    members_of,
    playlist_of,
    refill,
)
from tasks.record.listening import (
    forget_playlist,
    playlists_of_ours,
    record_playlist,
)
from tasks.runtime.context import RunContext

SUMMARY = "Made and kept by plexbayes, which removes it with: undo --playlists"
TITLES = {
    "ask": "Please rate",
    "gems": "Hidden gems",
    "forgotten": "Forgotten favourites",
}
"""What each kind of playlist is called when it is made; people may rename it."""


@dataclass(frozen=True)
class Kept:
    """What became, or would become, of a playlist of ours."""

    title: str
    tracks: int
    happened: str
    """`made`, `refilled`, `as it should be` or `removed`."""

    def __str__(self) -> str:
        """Say so in words."""
        size = f" ({self.tracks} tracks)" if self.tracks else ""
        return f"Playlist {self.title!r}{size}: {self.happened}."


def keep(
    context: RunContext, kind: str, tracks: Sequence[int], *, makes: bool = True
) -> Kept | None:
    """Let our playlist of a kind hold these tracks, and make it if there is none.

    A dry run only says what would happen. Without tracks all stays as it is. Unless it
    `makes` one, a playlist that is ours no more is forgotten.

    Raises:
        PlexRefused: Plex may have made a playlist, and nobody knows which.
    """
    title, gateway = TITLES[kind], context.gateway
    own = _own(context, kind)
    if own is None and not makes and context.is_live:
        forget_playlist(context.store, kind)
    if not tracks or (own is None and not makes):
        return None
    if own is None:
        if context.is_live:
            _make(context, kind, tracks)
        return Kept(title, len(tracks), _said(context, "made"))
    if members_of(gateway, own).tolist() == list(tracks):
        return Kept(title, len(tracks), "as it should be")
    if context.is_live:
        context.before_write()
        refill(gateway, own, tracks)
    return Kept(title, len(tracks), _said(context, "refilled"))


def remove(context: RunContext, kind: str) -> Kept | None:
    """Remove our playlist of a kind; return nothing if there is none."""
    own = _own(context, kind)
    if own is not None and context.is_live:
        context.before_write()
        delete(context.gateway, own)
    if context.is_live:
        forget_playlist(context.store, kind)
    return None if own is None else Kept(TITLES[kind], 0, _said(context, "removed"))


def _make(context: RunContext, kind: str, tracks: Sequence[int]) -> None:
    """Make a playlist, record it, and describe it; only then it is ours.

    One that an earlier attempt made and could not describe is gone on with.
    """
    gateway, title = context.gateway, TITLES[kind]
    context.before_write()
    key = _undescribed(context, kind)
    if key is None:
        key = _made(context, title, tracks[:AT_ONCE])
        record_playlist(context.store, kind, key, described=False)
    context.ensure_lease()
    describe(gateway, key, SUMMARY)
    found = playlist_of(gateway, key)
    if found is None or found[0].summary != SUMMARY:
        forget_playlist(context.store, kind)
        raise PlexRefused(
            f"Plex did not keep the summary of the playlist {title!r}, by which it "
            "would be told as ours. Delete it in Plex if you do not want it."
        )
    record_playlist(context.store, kind, key, described=True)
    if members_of(gateway, key).tolist() != list(tracks):
        refill(gateway, key, tracks)


def _made(context: RunContext, title: str, tracks: Sequence[int]) -> int:
    try:
        return make(context.gateway, title, tracks).key
    except PlexUnreachable as error:  # made or not: trying again could make two
        raise PlexRefused(
            f"{error} Whether Plex made the playlist {title!r} is not known: look for "
            "it there, and delete it before you ask for it again."
        ) from None


def _undescribed(context: RunContext, kind: str) -> int | None:
    """Return the key of a playlist that we made, and did not come to describe."""
    key = playlists_of_ours(context.store, described=False).get(kind)
    found = None if key is None else playlist_of(context.gateway, key)
    if found is None or found[0].is_smart:
        return None
    is_as_made = found[0].title == TITLES[kind] and found[0].summary in {"", SUMMARY}
    return key if is_as_made else None


def _own(context: RunContext, kind: str) -> int | None:
    """Return the ratingKey of our playlist of a kind, if it still is ours."""
    key = playlists_of_ours(context.store).get(kind)
    found = None if key is None else playlist_of(context.gateway, key)
    if found is None or found[0].is_smart or found[0].summary != SUMMARY:
        return None
    return key


def _said(context: RunContext, happened: str) -> str:
    return happened if context.is_live else f"would be {happened}"
