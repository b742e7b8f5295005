"""Who watches over the calls to one outside company."""

from __future__ import annotations

import logging
from typing import Protocol

from storefront.lib.failures import OutsideError

log = logging.getLogger(__name__)


class Gate(Protocol):
    """Whoever watches over the calls to one company: he may make one wait, or refuse it."""

    def enter(self, call: str) -> None:
        """Let a call through.

        Raises: TemporaryError  not now; nothing was sent
        """
        ...

    def leave(
        self, call: str, *, status: int | None, milliseconds: float, error: OutsideError | None
    ) -> None:
        """Hear how a call that was let through ended; ``status`` is None without an answer."""
        ...


class OpenGate:
    """Nobody watches; each call is only written into the log."""

    def enter(self, call: str) -> None:
        """Let everything through."""

    def leave(
        self, call: str, *, status: int | None, milliseconds: float, error: OutsideError | None
    ) -> None:
        outcome = status or type(error).__name__
        log.info("%s -> %s in %.0f ms", call, outcome, milliseconds)
