"""CJ holds: tell why the supplier holds an order, until its staff release it."""

from typing import Any

from .state import SandboxState

FACT = "intercepted"


def hold_reason(state: SandboxState, order_number: str) -> dict[str, Any] | None:
    """Return why the order with this number is held; None if it is not."""
    held: dict[str, Any] | None = state.ledger.fact(FACT, {}).get(order_number)
    return held
