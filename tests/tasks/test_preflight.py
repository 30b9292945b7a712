"""Plex copies its own database before the first rating of ours, if that is wished."""

import pytest

from engine.errors import PlexRefused
from tasks.plex.libraries import is_backing_up
from tasks.sync import integrity as precaution
from tasks.sync.integrity import back_up_plex
from tests.tasks.setup import context_for, infer


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(precaution, "LOOK_EVERY", 0.05)


def asked(plex):
    return [entry["path"] for entry in plex.log() if entry["method"] == "POST"]


def test_before_the_first_run_plex_copies_its_database_and_is_waited_for(plex, record):
    with context_for(plex, record, backup_plex=True) as context:
        plex.clear_log()

        assert back_up_plex(context)

        assert not is_backing_up(context.gateway.get)
    assert asked(plex) == ["/butler/BackupDatabase"]
    looks = [entry for entry in plex.log() if entry["path"] == "/activities"]
    assert len(looks) > 2


def test_it_is_asked_for_once_and_only_if_that_is_wished(plex, record, tracks):
    with context_for(plex, record) as unasked:
        assert not back_up_plex(unasked)
    with context_for(plex, record, backup_plex=True) as context:
        context.is_live = False
        assert not back_up_plex(context)
        context.is_live = True
        infer(context, dict.fromkeys(tracks, 7.33))
        plex.clear_log()

        assert not back_up_plex(context)

    assert asked(plex) == []


def test_a_copy_that_plex_refuses_stops_the_run(plex, record, order):
    order("status", {"path": "/butler"}, code=403)

    with (
        context_for(plex, record, backup_plex=True) as context,
        pytest.raises(PlexRefused, match="BACKUP_PLEX"),
    ):
        back_up_plex(context)
