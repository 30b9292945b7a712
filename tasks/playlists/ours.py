"""Playlists of our own in Plex: made, kept fresh and removed, and no others touched.

One is ours if its ratingKey is on record and it bears our summary. A run may end
between making and describing one: then it is nobody's, and stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.plex.playlists import (
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
    """`made`, `filled anew`, `as it should be` or `removed`."""

    def __str__(self) -> str:
        """Say so in words."""
        return f"Playlist {self.title!r} ({self.tracks} tracks): {self.happened}."


def keep(context: RunContext, kind: str, tracks: Sequence[int]) -> Kept | None:
    """Let our playlist of a kind hold these tracks, and make it if there is none.

    A dry run only says what would happen. Without tracks there is no playlist.
    """
    if not tracks:
        return remove(context, kind)
    title, gateway = TITLES[kind], context.gateway
    own = _own(context, kind)
    if own is None:
        if context.is_live:
            _make(context, kind, tracks)
        return Kept(title, len(tracks), _said(context, "made"))
    if members_of(gateway, own).tolist() == list(tracks):
        return Kept(title, len(tracks), "as it should be")
    if context.is_live:
        context.before_write()
        refill(gateway, own, tracks)
    return Kept(title, len(tracks), _said(context, "filled anew"))


def remove(context: RunContext, kind: str) -> Kept | None:
    """Remove our playlist of a kind; return nothing if there is none."""
    own = _own(context, kind)
    if own is not None and context.is_live:
        context.before_write()
        delete(context.gateway, own)
    if context.is_live and kind in playlists_of_ours(context.store):
        forget_playlist(context.store, kind)
    return None if own is None else Kept(TITLES[kind], 0, _said(context, "removed"))


def _make(context: RunContext, kind: str, tracks: Sequence[int]) -> None:
    context.before_write()
    made = make(context.gateway, TITLES[kind], tracks)
    record_playlist(context.store, kind, made.key)
    context.ensure_lease()
    describe(context.gateway, made.key, SUMMARY)


def _own(context: RunContext, kind: str) -> int | None:
    """Return the ratingKey of our playlist of a kind, if it still is ours."""
    key = playlists_of_ours(context.store).get(kind)
    found = None if key is None else playlist_of(context.gateway, key)
    if found is None or found[0].is_smart or found[0].summary != SUMMARY:
        return None
    return key


def _said(context: RunContext, happened: str) -> str:
    return happened if context.is_live else f"would be {happened}"
