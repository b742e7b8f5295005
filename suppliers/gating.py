"""Watch over the calls to one supplier: his pace, and a line in the log for each."""

from __future__ import annotations

import logging

from storefront.lib.gates import Call, Outcome
from suppliers.pacing import SharedPace

log = logging.getLogger(__name__)


class SupplierGate:
    """Every call to one supplier passes here, whichever worker makes it."""

    def __init__(self, *, code: str, calls_per_second: int) -> None:
        self._code = code
        self._pace = SharedPace(name=code, calls_per_second=calls_per_second)

    def enter(self, call: Call) -> None:
        """Wait for our turn.

        Raises: TemporaryError  it did not come; nothing was sent
        """
        del call
        self._pace()

    def leave(self, call: Call, outcome: Outcome) -> None:
        log.info("%s: %s %s in %.0f ms", self._code, call, outcome.words, outcome.milliseconds)
