"""Lives that once went wrong, as short as they can be; each is lived again."""

from tests.lives.plan import Act, Event, Life, Stage

PLAIN = Life(
    seed=-1,
    keeps_date=False,
    floats="float32",
    ignored=frozenset(),
    habit="",
    is_shared=False,
    batch=25,
    dynamic=False,
    jumps=False,
    odd=False,
    stages=(),
)


def plain(*stages: Stage, **facts) -> Life:
    return Life(**(vars(PLAIN) | {"stages": stages} | facts))


def stage(verb: str, *events: Event) -> Stage:
    return Stage(verb, 0.5, events, ())


HIDDEN = Act("odd", 44, 0.089)
INFER_100_S_LATER, UNDO_100_S_LATER = (
    Act("another run", 0, 0.62),
    Act("another run", 0, 0.687),
)
INFER_HELD = Event(6, writes=True, after=True, act=INFER_100_S_LATER)

CRASH_IN_A_COMMIT = Act("crash in a commit", 0, 0.619)

ONCE_FAILED = {
    "an undo that was held forgot what another run had given meanwhile": plain(
        stage("infer"),
        stage(
            "undo", Event(5, writes=True, after=True, act=Act("another run", 0, 0.734))
        ),
    ),
    "a run that rates one by one went on beside the one that had taken over": plain(
        stage("infer", INFER_HELD), is_shared=True, floats="one-decimal"
    ),
    "an item that was hidden kept our tag, as another one shares its rating": plain(
        stage("infer", Event(34, writes=False, after=False, act=HIDDEN))
    ),
    "an artist that was hidden and got another key kept our rating": plain(
        Stage("infer", 0.205, (), then=(Act("odd", 51, 0.012),)),
        stage("infer", Event(2, writes=True, after=True, act=Act("rekey", 26, 0.279))),
        keeps_date=True,
        dynamic=False,
        odd=True,
    ),
    "a late rating with a date years ahead passed for a person's": plain(
        Stage(
            "infer",
            0.767,
            (
                Event(10, writes=True, after=True, act=Act("status", 31, 0.314)),
                Event(14, writes=False, after=True, act=Act("late", 17, 0.432)),
            ),
            then=(Act("clock", 16, 0.939), Act("long pause", 12, 0.965)),
        ),
        keeps_date=True,
        is_shared=True,
        batch=3,
        dynamic=False,
        jumps=True,
        odd=True,
    ),
    "a stopped run's request took the tag off what the next one had rated": plain(
        stage(
            "infer",
            Event(8, writes=True, after=True, act=Act("cancel", 0, 0.0)),
            Event(11, writes=True, after=False, act=Act("another run", 0, 0.867)),
        ),
        keeps_date=True,
        batch=3,
        dynamic=False,
    ),
    "what was tagged, and rated by a person after a failed undo, looked lost": plain(
        Stage(
            "infer",
            0.883,
            (Event(1, writes=True, after=False, act=Act("crash", 0, 0.0)),),
            then=(Act("long pause", 57, 0.936),),
        ),
        Stage(
            "undo",
            0.966,
            (Event(0, writes=True, after=False, act=Act("status", 10, 0.671)),),
            then=(Act("rate", 35, 0.074),),
        ),
        Stage("infer some", 0.613, (), ()),
        keeps_date=True,
        floats="one-decimal",
    ),
    "a copy that was tagged under another key kept the tag": plain(
        Stage("undo some", 0.096, (), then=(Act("add", 56, 0.312),)),
        Stage(
            "infer some",
            0.885,
            (Event(1, writes=False, after=True, act=Act("rekey", 18, 0.968)),),
            then=(Act("rekey", 44, 0.374),),
        ),
        keeps_date=True,
        habit="replace_tags",
        batch=3,
        dynamic=False,
        odd=True,
    ),
    "what Plex had rounded was forgotten, as it was refused to write it anew": plain(
        Stage("infer dry", 0.982, (), then=(Act("rate", 59, 0.15),)),
        Stage(
            "infer some",
            0.998,
            (Event(6, writes=True, after=False, act=Act("status", 19, 0.355)),),
            (),
        ),
        keeps_date=True,
        floats="one-decimal",
        habit="first_id_only",
        batch=1,
        dynamic=False,
    ),
    "what arrived late over an acknowledged rating was never settled": plain(
        stage(
            "infer",
            Event(3, writes=True, after=False, act=Act("late", 30, 0.774)),
            Event(2, writes=True, after=False, act=Act("add", 13, 0.791)),
        ),
        batch=1,
        keeps_date=True,
    ),
    "what a stopped run was about to replace stayed unfinished for an hour": plain(
        stage(
            "infer",
            Event(15, writes=False, after=False, act=Act("half")),
            Event(7, writes=True, after=True, act=Act("cancel")),
        ),
        keeps_date=True,
        dynamic=True,
    ),
    "Plex took the owner for another account while the record was begun": plain(
        stage(
            "infer", Event(2, writes=False, after=True, act=Act("status", 59, 0.172))
        ),
        floats="exact",
        dynamic=True,
        keeps_date=True,
    ),
    "an item under another letter kept our tag that a person's rating had": plain(
        Stage(
            "infer",
            0.694,
            (Event(10, writes=True, after=True, act=Act("delete", 23, 0.342)),),
            (Act("give the same", 36, 0.478), Act("rekey", 21, 0.930)),
        ),
        floats="exact",
        batch=3,
        keeps_date=True,
        odd=True,
    ),
    "a write that was sent before our looks arrived after them": plain(
        Stage("undo some", 0.878, (), (Act("rate", 5, 0.090),)),
        Stage(
            "infer",
            0.881,
            (
                Event(8, writes=True, after=True, act=Act("late", 39, 0.980)),
                Event(7, writes=True, after=False, act=Act("rate", 26, 0.780)),
                Event(1, writes=True, after=False, act=Act("clock", 34, 0.030)),
            ),
            (),
        ),
        floats="one-decimal",
        batch=1,
        keeps_date=True,
    ),
    "a person's lock in the first batch was taken for the server's": plain(
        stage(
            "infer",
            Event(11, writes=False, after=False, act=Act("late", 58, 0.684)),
            Event(5, writes=True, after=False, act=Act("lost", 56, 0.447)),
            Event(7, writes=False, after=False, act=Act("page", 16, 0.383)),
            Event(28, writes=False, after=True, act=Act("lock", 23, 0.426)),
        ),
        habit="ignore_guard",
        batch=3,
        keeps_date=True,
    ),
    "a batch took the tag off on a server that had never been tried": plain(
        Stage(
            "infer",
            0.546,
            (
                Event(1, writes=True, after=False, act=Act("unanswered", 41, 0.876)),
                Event(0, writes=False, after=False, act=Act("rate", 10, 0.353)),
            ),
            (Act("give the same", 36, 0.964),),
        ),
        Stage("infer some", 0.380, (), ()),
        habit="first_id_only",
        keeps_date=True,
        dynamic=True,
    ),
    "what Plex said it did not know counted as written": plain(
        Stage("infer", 0.600, (), (Act("rate", 35, 0.258),)),
        Stage(
            "infer",
            0.543,
            (Event(3, writes=True, after=True, act=Act("status", 30, 0.439)),),
            (Act("rate", 39, 0.598),),
        ),
        ignored=frozenset({"id"}),
        floats="one-decimal",
        keeps_date=True,
        dynamic=True,
    ),
    "a rating that was locked before the first batch lost its lock": plain(
        stage("infer", Event(1, writes=True, after=False, act=Act("lock", 11, 0.709))),
        floats="one-decimal",
        dynamic=True,
        odd=True,
    ),
    "an undo spared the tag of what was rated in the moment, too": plain(
        Stage("infer", 0.282, (), ()),
        stage("undo", Event(22, writes=False, after=False, act=Act("rate", 58, 0.210))),
        floats="exact",
        batch=1,
        keeps_date=True,
        odd=True,
    ),
    "a person gave the rating that a single write was about to give": plain(
        Stage(
            "infer",
            0.576,
            (
                Event(13, writes=False, after=False, act=Act("rate", 19, 0.534)),
                Event(13, writes=True, after=False, act=Act("rekey", 40, 0.905)),
            ),
            (Act("give the same", 39, 0.192), Act("add", 43, 0.476)),
        ),
        stage("infer", Event(9, writes=False, after=False, act=Act("rate", 48, 0.475))),
        is_shared=True,
        floats="one-decimal",
        batch=3,
        keeps_date=True,
    ),
    "a write that was sent before a person locked the item arrived after it": plain(
        Stage(
            "infer",
            0.518,
            (
                Event(8, writes=True, after=True, act=Act("half", 39, 0.789)),
                Event(34, writes=False, after=True, act=Act("late", 35, 0.428)),
                Event(38, writes=True, after=False, act=CRASH_IN_A_COMMIT),
            ),
            (Act("lock", 1, 0.646),),
        ),
        floats="exact",
        batch=1,
        odd=True,
    ),
    "moods that a re-scan took were given back, as a tag might have taken them": plain(
        stage(
            "infer",
            Event(1, writes=True, after=False, act=Act("delete", 35)),
            Event(4, writes=True, after=False, act=Act("crash")),
        ),
        stage(
            "infer",
            Event(6, writes=True, after=True, act=Act("add", 33, 0.577)),
            Event(4, writes=True, after=True, act=Act("add", 8, 0.456)),
        ),
        Stage("infer", 0.5, (), (Act("rekey", 42, 0.833),)),
        habit="lock_fields",
        floats="one-decimal",
        batch=1,
        keeps_date=True,
        dynamic=True,
    ),
    "a held write arrives after an undo": plain(
        stage("infer", Event(11, writes=True, after=False, act=UNDO_100_S_LATER))
    ),
}
"""Lives that once went wrong, each as short as it can be."""
