"""A life: runs in bad weather, a person in between, and then the reckoning."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import PlexbayesError, PlexError
from engine.library import Level
from engine.ownership import Owner
from engine.planning.undo_plan import Selection
from engine.reports.run_report import LettersFailed
from tasks.commands.undo import undo
from tasks.commands.verify import verify
from tasks.runtime.context import Outside, RunContext, open_run
from tasks.sync.reconcile import snapshot_of
from tasks.sync.steps import read
from tests.lives.invariants import Verdict, Witness
from tests.lives.machine import ServerClock, VirtualTime, databases
from tests.lives.person import Person, world_of
from tests.lives.plan import (
    LONG_PAUSES,
    OUR_JUMPS,
    PAUSES,
    VERBS,
    Act,
    Life,
    Stage,
    chosen,
)
from tests.lives.process import Died, Process, Wire
from tests.simulator.items import Kind
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.world import OWNER, SHARED
from tests.state_machine.accounts import (
    ADDRESS,
    quick_folder,
    settings_for,
)
from tests.state_machine.plain_runs import infer_plainly, undo_plainly

Work = Callable[[RunContext], Any]

RETRIES = 2
"""How often a letter is tried again."""
PHASES = ("1-4", "1", "2", "3", "4", "1-2", "3-4")
LETTERS = ("", "#", "A", "B", "C")
BOUND = 4
"""Times the items of a library that writes may be in doubt."""
TAGGED = {"good", "ignores filters", "ignore_guard", "first_id_only"}
"""Servers on which our ratings bear a tag. (Where a server takes no rating off in a
batch, an undo that is broken off leaves it, and takes the tag.)"""
TRIED = 3
"""Items on which a server is tried that takes nothing back; a run names them."""


class Household:
    """One Plex, one record, and one life that is led with them."""

    def __init__(self, life: Life, folder: Path) -> None:
        self._life = life
        self._path = folder / "plexbayes.db"
        self._time = VirtualTime()
        self._account = SHARED if life.is_shared else OWNER
        clock = ServerClock(self._time)
        self._world = world_of(life, clock, self._account)
        options = Options(float_mode=life.floats, ignored_filters=life.ignored)
        self._plex = Plex(self._world, options)
        self._habits = [{"do": life.habit}] if life.habit else []
        self._plex.faults.set(self._habits)
        self._wire = Wire(self._plex, self._time)
        self._witness = Witness(self._wire, self._account)
        self._person = Person(self._world, self._witness, self._account, self._path)
        self._running: list[Process] = []
        self._was_mistaken = False
        """Whether some run took itself for that of an account that may not tag."""
        token = Options().shared_token if life.is_shared else Options().token
        wishes = {"cooldown_batch": life.batch, "dynamic_precision": life.dynamic}
        self._settings = settings_for(ADDRESS, self._path, plex_token=token, **wishes)
        self.verdict = Verdict()

    def live(self) -> Verdict:
        """Let it happen; return what is to be said against it."""
        with databases(self._time, self._committing):
            for stage in self._life.stages:
                struck = self._storm(stage)
                for act in stage.then:
                    self._happen(act)
                self._check(struck)
            self._reckon()
        self.verdict.acts = self._person.done
        return self.verdict

    def _storm(self, stage: Stage) -> list[str]:
        """Run while things go wrong; the run may fail, but only in our words."""
        work = _work_of(stage.verb, stage.value)
        process = self._process(stage)
        with suppress(PlexbayesError, Died):
            self._do(work, process, live=stage.verb != "infer dry")
        if process.is_dead:
            process.bury()
        if process.intrusions:
            self.verdict.broken.append(f"{process.intrusions} writes of a second run")
        self.verdict.struck += process.struck
        return list(process.struck) or ["nothing"]

    def _process(self, stage: Stage | None = None) -> Process:
        self.verdict.runs += 1
        events = stage.events if stage else ()
        return Process(self._wire, events, self._happen, self._path)

    def _do(self, work: Work, process: Process, *, live: bool = True) -> Any:
        outside = Outside(process, self._time.machine(), process.cancellation)
        process.name = f"run {self.verdict.runs}"
        self._running.append(process)
        try:
            # A person confirms whose library it is, should Plex have said otherwise.
            about = self._settings, process.name
            accept = process.is_calm
            with open_run(*about, live=live, accept=accept, outside=outside) as context:
                return work(context)
        finally:
            self._running.pop()

    def _committing(self, connection: sqlite3.Connection) -> None:
        if self._running:
            self._running[-1].committing(connection)

    def _happen(self, act: Act) -> None:
        match act.what:
            case "another run":
                self._run_beside(act)
            case "new version":
                self._world.release = f"1.44.{self.verdict.runs}"
            case "older record":
                self._age_record()
            case "our clock":
                self._time.ahead = float(chosen(OUR_JUMPS, act.value))
            case "long pause":
                self._wire.arrive(all_of_it=True)
                if not self._wire.is_misdated:
                    self._time.pass_by(float(chosen(LONG_PAUSES, act.value)))
            case _:
                self._person.do(act)

    def _run_beside(self, act: Act) -> None:
        """Let another run come while this one is held up, maybe for long."""
        first = self._running[-1]
        mine = f"select count(*) from lease where run_id = '{first.name}'"  # noqa: S608
        held = self._ask_record(mine)
        self._time.pass_by(float(chosen(PAUSES, act.value)))
        verb = str(chosen(VERBS, act.value * 7 % 1))
        other = self._process()
        with suppress(PlexbayesError):
            self._do(_work_of(verb, act.value), other, live=verb != "infer dry")
        if held and other.writes:
            first.overtaken = True

    def _age_record(self) -> None:
        """Leave the record as the program before this one would have left it."""
        if not self._path.exists():
            return
        with (
            closing(sqlite3.connect(self._path)) as record,
            suppress(sqlite3.OperationalError),  # there is no table yet, or it is old
            record,
        ):
            for table in ("given", "asked", "playlist"):
                record.execute(f"drop table if exists {table}")
            record.execute("alter table library drop column odd_are_theirs")
            record.execute("alter table mark drop column moods")
            record.execute("update alembic_version set version_num = '0009'")

    def _check(self, struck: list[str]) -> None:
        """No rating of ours may pass for a person's, and others of our promises."""
        theirs = self._witness.theirs(Verdict())
        snapshot = self._do(
            lambda context: snapshot_of(context, read(context)),
            self._process(),
            live=False,
        )
        for level in Level:
            view = snapshot.everything[level]
            manual = view.items.guid[~np.isnan(view.ownership.manual)]
            self.verdict.mistaken += [
                f"run {self.verdict.runs}: {Kind(level).label} {guid}"
                for guid in sorted(set(manual) - theirs.keys())
            ]
            for owner in np.unique(view.ownership.owner).tolist():
                for kind in struck:
                    at = Owner(owner).name.lower(), self._life.server, kind
                    self.verdict.reached[at] += 1
        # Plex may have said for a moment that the account is not the owner's.
        of_others = "select count(*) from library where account like 'shared-%'"
        self._was_mistaken |= bool(self._ask_record(of_others))
        self.verdict.broken += self._witness.broken_promises(
            tags=self._life.server in TAGGED and not self._was_mistaken
        )
        self._check_record()
        self._wire.is_misdated = False

    def _check_record(self) -> None:
        count = self._ask_record("select count(*) from intent")
        if count > BOUND * len(self._witness.moods):
            self.verdict.broken.append(f"{count} writes are in doubt")

    def _ask_record(self, question: str) -> int:
        """Return a number from the record; 0 if there is none."""
        if not self._path.exists():
            return 0
        with (
            closing(sqlite3.connect(self._path)) as record,
            suppress(sqlite3.OperationalError),  # there is no table yet
        ):
            return int(record.execute(question).fetchone()[0])
        return 0

    def _reckon(self) -> None:
        """In good weather a run completes, the next has nothing to do, undo undoes.

        What is under way arrives first: else the weather is not good yet. Nor is it
        while there are ratings that cannot be read, which are left alone.
        """
        self._wire.arrive(all_of_it=True)
        self._person.make_readable()
        try:
            self._do(partial(infer_plainly, retries=RETRIES), self._process())
        except (PlexbayesError, LettersFailed) as error:
            self.verdict.residue.append(f"a calm run fails: {error}")
            if isinstance(error, PlexError):
                return
        else:
            self._check_agreement()
        self._check(["nothing"])
        undone = self._do(undo_plainly, self._process())
        if undone.failed:
            self.verdict.residue.append(f"{undone.failed} could not be undone")
        self._check_leftovers()

    def _check_agreement(self) -> None:
        """After a calm run, another one has nothing to do, and nothing is open."""
        audit = self._do(verify, self._process(), live=False)
        for name in ("edited", "cleared", "unfinished", "pending"):
            finding = audit.findings[name]
            if finding.count:
                self.verdict.residue.append(f"verify finds {name}: {finding.items}")

    def _check_leftovers(self) -> None:
        theirs = self._witness.theirs(self.verdict)
        for item in self._world.items():
            points = self._world.personal_of(self._account, item).rating
            if points != theirs.get(item.guid):
                name = f"{item.kind.label} {item.title!r} ({item.guid})"
                self.verdict.residue.append(
                    f"{name} is {points}, not {theirs.get(item.guid)}"
                )
            self.verdict.locks_in_the_moment += self._witness.locks_lost(item)
            for text in self._witness.left(item):
                self._blame(text)

    def _blame(self, text: str) -> None:
        """Hold a trace against the program, unless the server takes nothing back."""
        takes_nothing_back = self._life.habit == "lock_fields" and "locks" in text
        if takes_nothing_back and len(self.verdict.damaged) < TRIED * self.verdict.runs:
            self.verdict.damaged.append(text)
        else:
            self.verdict.residue.append(text)


def _work_of(verb: str, value: float) -> Work:
    """Return what a run does."""
    if verb == "undo":
        return undo_plainly
    if verb == "undo some":
        letter = str(chosen(LETTERS[1:], value))
        return lambda context: undo(context, Selection(letters=letter))
    if verb == "infer some":
        phases, letter = str(chosen(PHASES, value)), str(chosen(LETTERS, value * 7 % 1))
        return partial(infer_plainly, phases=phases, letters=letter, retries=RETRIES)
    return partial(infer_plainly, retries=RETRIES)


def lived(life: Life) -> Verdict:
    """Live a life in a folder of its own."""
    with ExitStack() as home:
        folder = Path(home.enter_context(quick_folder()))
        return Household(life, folder).live()


def judged(life: Life) -> Verdict:
    """Live a life; what nobody expects is held against it, too."""
    try:
        return lived(life)
    except (Exception, Died) as error:  # noqa: BLE001 (whatever it is, it is told)
        return Verdict(broken=[f"{type(error).__name__}: {error}"])
