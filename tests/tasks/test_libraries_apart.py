"""Two libraries, or two accounts, in one database know nothing of each other."""

import threading
from dataclasses import asdict, replace

import pytest
from sqlalchemy import create_engine, insert, select

from engine.errors import LibraryReplaced, ShadowUnreadable
from engine.library import SHARED, Level
from engine.rename_detection import Move, Name
from tasks.record.plex_changes import follow
from tasks.record.store import ShadowStore
from tasks.record.tables import LibraryRow
from tests.tasks.building import MINE, batch_of, look_at, shadow
from tests.tasks.postgres import END_OTHERS, await_waiting, execute

OTHERS = [
    replace(MINE, server="another server", title="Songs"),
    replace(MINE, uuid="another uuid", title="Songs"),
    replace(MINE, account="shared-2"),
]


def fill(store):
    look = look_at("a", "b")
    batch = batch_of(look, 7.33)
    store.record_intents([batch], look, "T", "run 1", 10.0)
    store.confirm(Level.TRACK, [shadow("a", 7.33)])


def known_libraries(store):
    with store.database.reading() as connection:
        return connection.execute(select(LibraryRow.id, LibraryRow.account)).all()


def contents(store):
    rows = store.shadows, store.intents, store.marks
    return [row._asdict() for of in rows for row in of(Level.TRACK)]


@pytest.mark.parametrize("identity", OTHERS, ids=["server", "uuid", "account"])
def test_what_one_records_the_other_does_not_see(address, store, identity):
    with ShadowStore.open(address, identity, create=True) as other:
        fill(store)

        assert contents(other) == []
        assert not other.knows()


DEEDS = {
    "promise": fill,
    "acknowledge": lambda store: store.acknowledge(
        batch_of(look_at("a", "b"), 7.33), 20.0
    ),
    "confirm": lambda store: store.confirm(Level.TRACK, [shadow("b", 3.0)]),
    "withdraw": lambda store: store.discard_intents(Level.TRACK, ["a", "b"]),
    "forget": lambda store: store.forget(Level.TRACK, ["a", "b"]),
    "follow": lambda store: follow(
        store, Level.TRACK, [Move(Name("a", 1, ""), Name("new", 9, ""))]
    ),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_what_one_does_leaves_the_other_as_it_is(address, store, deed):
    with ShadowStore.open(address, OTHERS[-1], create=True) as other:
        fill(store)
        before = contents(store)
        deed(other)

    assert contents(store) == before


def test_a_library_with_a_new_title_is_the_same(address, store):
    fill(store)
    renamed = replace(MINE, title="All my music")

    with ShadowStore.open(address, renamed, create=True) as again:
        assert contents(again) == contents(store)


def test_looking_at_an_unknown_library_finds_nothing_and_records_nothing(
    address, store
):
    fill(store)

    with ShadowStore.open(address, OTHERS[0], create=False) as look:
        assert not look.knows()
    with ShadowStore.open(address, OTHERS[0], create=True) as begun:
        assert begun.library_id not in {store.library_id, 0}


@pytest.mark.usefixtures("leaks")
def test_two_runs_that_begin_a_record_at_the_same_moment_share_it(postgres_tables):
    url = postgres_tables
    execute(url, END_OTHERS, "TRUNCATE library CASCADE")
    begun = []

    def come_second():
        try:
            with ShadowStore.open(url, MINE, create=True) as store:
                begun.append(store.library_id)
        except ShadowUnreadable as refusal:
            begun.append(str(refusal))

    engine = create_engine(url)
    with engine.begin() as first:
        row = insert(LibraryRow).values(asdict(MINE)).returning(LibraryRow.id)
        library_id = first.scalar(row)
        second = threading.Thread(target=come_second)
        second.start()
        await_waiting(first)
    second.join()
    engine.dispose()

    assert begun == [library_id]


ANEW = replace(MINE, server="new server", uuid="new uuid")


def test_another_library_of_the_same_name_is_refused_by_both_names(address, store):
    fill(store)

    with pytest.raises(LibraryReplaced) as refused:
        ShadowStore.open(address, ANEW, create=True)

    sentence = str(refused.value)
    assert "is new uuid (server new server)" in sentence
    assert "knows uuid (server server)" in sentence


def test_a_library_created_anew_can_take_over_the_record(address, store):
    fill(store)

    with ShadowStore.open(address, ANEW, create=True, accept=True) as taken_over:
        assert contents(taken_over) == contents(store)
    with ShadowStore.open(address, ANEW, create=True) as again:
        assert again.library_id == store.library_id


def test_looking_takes_over_nothing(address, store):
    fill(store)

    with ShadowStore.open(address, ANEW, create=False, accept=True) as look:
        assert contents(look) == contents(store)
    with ShadowStore.open(address, MINE, create=True) as still_mine:
        assert still_mine.library_id == store.library_id


def test_a_name_of_which_nothing_is_recorded_bars_nobody(address, store):
    with ShadowStore.open(address, ANEW, create=True) as begun:
        assert begun.library_id != store.library_id


GUEST, RENEWED = (replace(MINE, account=f"{SHARED}{token}") for token in "12")


@pytest.fixture
def guest(address):
    """The record of an account that a library is shared with."""
    with ShadowStore.open(address, GUEST, create=True) as store:
        fill(store)
        yield store


def test_the_record_can_follow_a_renewed_token_but_not_silently(address, guest):
    with pytest.raises(LibraryReplaced, match=r"token was renewed.*--accept-library"):
        ShadowStore.open(address, RENEWED, create=True)

    with ShadowStore.open(address, RENEWED, create=True, accept=True) as again:
        assert contents(again) == contents(guest)
    with ShadowStore.open(address, RENEWED, create=True) as again:
        assert again.library_id == guest.library_id


@pytest.fixture(params=[True, False], ids=["begun", "unknown"])
def owner(request, address):
    """The record of the owner; a guest's may be begun, with nothing recorded in it."""
    with ShadowStore.open(address, MINE, create=True) as owner:
        if request.param:
            ShadowStore.open(address, GUEST, create=True).__exit__()
        fill(owner)
        yield owner


@pytest.mark.parametrize("create", [True, False])
def test_no_record_is_begun_beside_that_of_another_account(address, owner, create):
    libraries = known_libraries(owner)

    with pytest.raises(LibraryReplaced) as refusal:
        ShadowStore.open(address, GUEST, create=create)

    assert known_libraries(owner) == libraries
    assert 'of the account "owner"' in str(refusal.value)
    assert 'set ACCOUNT to "owner", or use --accept-library' in str(refusal.value)


def test_the_record_can_follow_to_another_account_and_back(address, owner):
    recorded = contents(owner)

    for identity in (GUEST, MINE, GUEST):
        with ShadowStore.open(address, identity, create=True, accept=True) as record:
            assert contents(record) == recorded


@pytest.fixture
def both(address):
    """The owner's record, and beside it a guest's."""
    with (
        ShadowStore.open(address, MINE, create=True) as owner,
        ShadowStore.open(address, GUEST, create=True) as guest,
    ):
        fill(owner)
        fill(guest)
        yield owner


def test_a_record_that_others_are_beside_already_is_found(address, both):
    for identity in (MINE, GUEST):
        with ShadowStore.open(address, identity, create=True) as again:
            assert contents(again) == contents(both)


@pytest.mark.usefixtures("both")
def test_of_two_other_accounts_a_person_has_to_name_one(address):
    with pytest.raises(LibraryReplaced) as refusal:
        ShadowStore.open(address, RENEWED, create=True, accept=True)

    assert 'set ACCOUNT to "1" or "owner"' in str(refusal.value)
    assert "--accept-library" not in str(refusal.value)
