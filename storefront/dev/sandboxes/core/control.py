"""Sandbox control: perform a control action; set, list and clear faults."""

from collections.abc import Callable, Mapping
from decimal import InvalidOperation
from typing import Any, Protocol

from .faults import Faults
from .http_server import BadControlError

type Arguments = dict[str, Any]
type Actions[S] = Mapping[tuple[str, str], Callable[[S, Arguments], Any]]


class HasFaults(Protocol):
    @property
    def faults(self) -> Faults: ...


def perform[S](actions: Actions[S], state: S, method: str, name: str, arguments: Arguments) -> Any:
    """Perform a control action.

    Raises: BadControlError  nothing was done
    """
    action = actions.get((method, name))
    if action is None:
        raise BadControlError(f"unknown control: {method} {name}")
    try:
        return action(state, arguments)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise BadControlError(f"{type(error).__name__}: {error}") from error


def faults(state: HasFaults, _: Arguments) -> list[dict[str, Any]]:
    return state.faults.listed()


def add_fault(state: HasFaults, arguments: Arguments) -> dict[str, Any]:
    return state.faults.add(
        path=str(arguments["path"]),
        kind=str(arguments["kind"]),
        count=int(arguments.get("count", 1)),
        every=int(arguments.get("every", 1)),
        skip=int(arguments.get("skip", 0)),
        delay_s=float(arguments.get("delay", 1.0)),
    )


def clear_faults(state: HasFaults, arguments: Arguments) -> list[dict[str, Any]]:
    state.faults.clear(int(arguments["id"]) if arguments.get("id") else None)
    return state.faults.listed()


FAULT_ACTIONS: Actions[HasFaults] = {
    ("GET", "faults"): faults,
    ("POST", "faults"): add_fault,
    ("DELETE", "faults"): clear_faults,
    ("POST", "faults/clear"): clear_faults,
}
