"""The witness knows who changed what, and who could have known."""

import pytest
import requests

from tests.lives.invariants import Verdict, Witness
from tests.lives.machine import VirtualTime
from tests.lives.process import LOOKS_LAST, Process, Wire
from tests.simulator.items import Kind
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.world import OWNER
from tests.state_machine.accounts import ADDRESS, TAG, small_world


class Scene:
    """A Plex, a witness, and a client that has no manners."""

    def __init__(self, folder) -> None:
        self.plex = plex = Plex(small_world(), Options())
        self.time = VirtualTime()
        wire = Wire(plex, self.time)
        self.witness = Witness(wire)
        self.item = next(i for i in plex.world.items() if i.title == "Unsaid")
        self._session = requests.Session()
        process = Process(wire, (), lambda _: None, folder / "no.db")
        self._session.mount(ADDRESS, process)
        self._session.headers["X-Plex-Token"] = plex.options.token

    def rate(self, points):
        with self.witness.watching():
            self.plex.world.rate(self.item, points, OWNER)

    def look(self):
        self.ask(f"/library/metadata/{self.item.key}")

    def ask(self, path, method="GET"):
        assert self._session.request(method, ADDRESS + path, timeout=5).ok

    def lock(self):
        with self.witness.watching():
            self.plex.world.set_lock(self.item, "mood", locked=True)

    def write(self, points):
        """Let the client write; nothing takes the rating off."""
        edit = f"userRating.value={points}&mood%5B0%5D.tag.tag={TAG}&mood.locked=0"
        path = f"/library/sections/1/all?type={Kind.TRACK:d}&id={self.item.key}&{edit}"
        self.ask(path, "PUT")

    @property
    def verdict(self):
        verdict = Verdict()
        self.witness.theirs(verdict)
        verdict.residue += self.witness.left(self.item)
        return verdict


@pytest.fixture
def scene(tmp_path) -> Scene:
    return Scene(tmp_path)


def test_the_witness_sees_who_overwrites_what_it_has_seen(scene):
    scene.rate(8.0)
    scene.look()
    scene.write(7.33)

    assert len(scene.verdict.overwritten) == 1
    assert scene.verdict.residue == [f"track 'Unsaid' ({scene.item.key}) bears our tag"]


def test_the_witness_knows_who_could_not_know(scene):
    scene.look()
    scene.rate(8.0)
    scene.write(7.33)

    assert scene.verdict.overwritten == []
    assert len(scene.verdict.in_the_moment) == 1


def test_the_witness_knows_who_should_have_looked_again(scene):
    scene.look()
    scene.rate(8.0)
    scene.time.pass_by(LOOKS_LAST + 1)
    scene.write(7.33)

    assert len(scene.verdict.overwritten) == 1


def test_the_witness_knows_that_nobody_could_tell_the_same_value_apart(scene):
    scene.look()
    scene.rate(8.0)
    scene.write(8.0)
    scene.look()
    scene.write("")

    assert scene.verdict.overwritten == []
    assert len(scene.verdict.in_the_moment) == 1


@pytest.mark.parametrize(("looks", "lost"), [(False, ["mood"]), (True, [])])
def test_the_witness_knows_whether_a_lock_could_be_seen(scene, looks, lost):
    scene.lock()
    if looks:
        scene.look()
    scene.write(7.33)

    assert list(scene.witness.locks_lost(scene.item)) == lost
    assert any("locks" in text for text in scene.verdict.residue) == looks


def test_the_witness_lets_a_client_write_what_nobody_rated(scene):
    scene.rate(8.0)
    scene.rate(None)
    scene.write(7.33)

    assert scene.verdict.overwritten == scene.verdict.in_the_moment == []


def test_the_witness_misses_a_tag_and_an_edit_of_everything(scene):
    scene.ask(f"/:/rate?key={scene.item.key}&identifier=x&rating=7", "PUT")
    scene.ask("/library/sections/1/all?type=10&title.locked=1", "PUT")

    edited, untagged = scene.witness.broken_promises(tags=True)

    assert edited == "request 2 would edit everything"
    assert untagged == f"{scene.item.guid} holds a rating of ours and no tag"
