"""How a task ends that could not do its work: in a state with a sentence."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Cancelled, Failed
from prefect.transactions import get_transaction

from engine.errors import PlexbayesError, RunStopped
from tasks.runtime.runner import sentence_of

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def ends_in_a_state(
    work: Callable[Arguments, Result],
) -> Callable[Arguments, Result | State[Any]]:
    """Let a task return an expected error as its state; Prefect logs raised ones.

    A task that a person stopped ends Cancelled, which no list shows in red. Neither
    state is kept as a result: a retry does the work again.
    """

    @wraps(work)
    def done(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result | State[Any]:
        try:
            return work(*args, **kwargs)
        except RunStopped as stopped:
            state: State[Any] = Cancelled(message=str(stopped))
        except PlexbayesError as error:
            state = Failed(message=sentence_of(error), data=error)
        transaction = get_transaction()
        if transaction is not None:
            transaction.write_on_commit = False
        return state

    return done


def result_of(future: PrefectFuture[Any]) -> Any:  # noqa: ANN401
    """Return what a task gave.

    Raises:
        PlexbayesError: The task failed with it.
        RunStopped: A person stopped the task.
    """
    future.wait()
    if future.state.is_cancelled():
        raise RunStopped(future.state.message or "")
    return future.result()


def failure_of(future: PrefectFuture[Any]) -> str:
    """Return in one sentence why a task did not complete; empty if it did."""
    state = future.state
    if state.is_completed():
        return ""
    if state.is_failed():
        error = state.result(raise_on_failure=False)
        if isinstance(error, BaseException) and not isinstance(error, PlexbayesError):
            return f"{type(error).__name__}: {error}"
    return state.message or f"The task ended {state.name}."
