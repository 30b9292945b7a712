"""The command that previews smart playlists, and makes playlists of ours."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.errors import PlexError
from engine.hierarchical.model import FittedLibrary
from engine.planning.plan import RunParameters
from engine.playlists.preview import Playlist
from engine.rating_scale import Ints
from engine.reports.discoveries import forgotten_rows, gem_rows
from engine.reports.picture import Picture
from engine.reports.report_builder import with_guesses
from tasks.playlists.ours import TITLES, Kept, keep, remove
from tasks.playlists.previews import previews
from tasks.record.listening import playlists_of_ours
from tasks.runtime.context import RunContext, Step
from tasks.sync.reconcile import LibrarySnapshot, snapshot_of
from tasks.sync.steps import planned, read

KEPT_BY_RUNS = {"gems": gem_rows, "forgotten": forgotten_rows}
"""How the tracks of each kind are chosen that runs keep fresh."""
TRACKS = 100
"""In a playlist of ours."""


@dataclass
class Playlists:
    """What becomes of smart playlists, and of playlists of ours."""

    dry_run: bool
    previews: list[Playlist] = field(default_factory=list)
    ours: list[Kept] = field(default_factory=list)


def playlists(
    context: RunContext, wheres: Sequence[str], kinds: Sequence[str]
) -> Playlists:
    """Preview smart playlists and typed rules, and make playlists of ours."""
    snapshot = snapshot_of(context, read(context))
    run, everything = planned(context, snapshot), snapshot.everything
    found = Playlists(dry_run=not context.is_live)
    found.previews = previews(context, snapshot, run.plans, wheres)
    if kinds:
        picture = Picture.of(everything, everything, run.plans)
        found.ours = _kept(context, kinds, _with_guesses(picture, run.parameters))
    return found


def keep_fresh(
    context: RunContext, snapshot: LibrarySnapshot, parameters: RunParameters
) -> list[Kept]:
    """Let those playlists of ours that there are hold what they should by now."""
    kinds = [k for k in KEPT_BY_RUNS if k in playlists_of_ours(context.store)]
    if not kinds:
        return []
    picture = Picture.of(snapshot.everything, snapshot.everything)
    picture, kept = _with_guesses(picture, parameters), []
    for kind in kinds:
        try:
            kept += _kept(context, [kind], picture, makes=False)
        except PlexError as error:
            context.watch(
                Step(note=f"{TITLES[kind]} is filled by the next run: {error}")
            )
    return kept


def remove_ours(context: RunContext) -> list[Kept]:
    """Remove all playlists of ours."""
    removed = (remove(context, kind) for kind in TITLES)
    return [one for one in removed if one]


def _kept(
    context: RunContext, kinds: Sequence[str], picture: Picture, *, makes: bool = True
) -> list[Kept]:
    items = picture.view.tracks.items

    def keys(rows: Ints) -> list[int]:
        found: list[int] = items.key[rows].tolist()
        return found

    chosen = {kind: keys(KEPT_BY_RUNS[kind](picture, TRACKS)) for kind in kinds}
    kept = (keep(context, kind, own, makes=makes) for kind, own in chosen.items())
    return [one for one in kept if one]


def _with_guesses(picture: Picture, parameters: RunParameters) -> Picture:
    if parameters.fit is None:
        return picture
    survey = FittedLibrary.of(picture.view, parameters.fit)
    return with_guesses(picture, survey, parameters.stretch)
