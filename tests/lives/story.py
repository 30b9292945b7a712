"""A life as a story, and the shortest one that still goes wrong in the same way."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.lives.invariants import Verdict
from tests.lives.plan import Act, Event, Life, Stage

Lived = Callable[[Life], Verdict]


def told(life: Life) -> Iterator[str]:
    """Tell what happens in a life, a line each."""
    facts = {
        "floats": life.floats,
        "batch": life.batch,
        "dynamic": life.dynamic,
        "date stays": life.keeps_date,
        "ignored": ",".join(sorted(life.ignored)) or "-",
    }
    yield f"seed {life.seed}: a {life.server} server, " + ", ".join(
        f"{name} {fact}" for name, fact in facts.items()
    )
    for stage in life.stages:
        yield f"  {stage.verb} ({stage.value:.3f})"
        for event in stage.events:
            kind = "write" if event.writes else "request"
            when = f"{'after' if event.after else 'at'} {kind} {event.at}"
            yield f"    {when}: {_named(event.act)}"
        yield from (f"    then: {_named(act)}" for act in stage.then)


def _named(act: Act) -> str:
    return f"{act.what} ({act.which}, {act.value:.3f})"


def shortest(life: Life, lived: Lived) -> Life:
    """Leave out of a life what it can do without, as long as it goes wrong alike."""
    kinds = _kinds(lived(life))
    is_shorter = True
    while is_shorter:
        is_shorter = False
        for other in _shorter(life):
            if kinds & _kinds(lived(other)):
                life, is_shorter = other, True
                break
    return life


def _kinds(verdict: Verdict) -> set[str]:
    return {fault.partition(":")[0] for fault in verdict.faults}


def _shorter(life: Life) -> Iterator[Life]:
    """Yield the life without a stage, an event or a habit."""
    for at in range(len(life.stages)):
        yield replace(life, stages=_without(life.stages, at))
    for at, stage in enumerate(life.stages):
        for lesser in _lesser(stage):
            stages = (*life.stages[:at], lesser, *life.stages[at + 1 :])
            yield replace(life, stages=stages)
    for plainer in ({"habit": ""}, {"ignored": frozenset()}, {"is_shared": False}):
        other = replace(life, **plainer)
        if other != life:
            yield other


def _lesser(stage: Stage) -> Iterator[Stage]:
    events: tuple[Event, ...] = stage.events
    for at in range(len(events)):
        yield replace(stage, events=_without(events, at))
    for at in range(len(stage.then)):
        yield replace(stage, then=_without(stage.then, at))


def _without(several: tuple, at: int) -> tuple:
    return several[:at] + several[at + 1 :]
