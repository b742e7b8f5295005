"""Watch over the calls to one supplier, whichever worker makes them, and write each down."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from storefront.lib.http.observers import Call, Outcome
from suppliers.connectors.capabilities import Ability
from suppliers.resilience.circuit_breaker import SharedBreaker
from suppliers.resilience.concurrency import SharedSlots
from suppliers.resilience.metering import Meter
from suppliers.resilience.rate_limit import LONGEST_WAIT_S, SharedPace

log = logging.getLogger(__name__)

ABOUT_ORDERS = frozenset(
    {
        Ability.FREIGHT,
        Ability.ORDER_VALIDATION,
        Ability.ORDER_PLACING,
        Ability.ORDER_READING,
        Ability.CANCELLATION,
        Ability.TRACKING,
        Ability.BALANCE,
        Ability.CHARGING,
        Ability.CLAIMS,
    }
)
SIGN_IN = "sign in"  # no ability, but no order goes without
LEASE_MARGIN_S = 5.0


class SupplierGate:
    """Every call to one supplier passes here: past the breaker, with a slot, at his pace.

    Shape:  ``abilities`` tells what each call is for, by how it begins; the longest one wins.
            A call is named "GET path", or only by its path
    """

    def __init__(  # noqa: PLR0913 - all that a call passes, and who counts it
        self,
        *,
        code: str,
        abilities: Mapping[str, str],
        breaker: SharedBreaker,
        slots: SharedSlots,
        pace: SharedPace,
        meter: Meter | None = None,
    ) -> None:
        self._code = code
        self._abilities = sorted(abilities.items(), key=lambda each: -len(each[0]))
        self._breaker = breaker
        self._slots = slots
        self._pace = pace
        self._meter = meter or Meter()
        self._held: dict[str, str] = {}

    def enter(self, call: Call) -> None:
        """Wait for our turn.

        Raises: BreakerOpenError  he does not answer; nothing was sent
                TemporaryError    our turn did not come; nothing was sent
        """
        is_for_order = self._ability(call) in {*ABOUT_ORDERS, SIGN_IN}
        self._breaker.enter(call, is_for_order=is_for_order)
        lease_s = call.lease_s + LONGEST_WAIT_S + LEASE_MARGIN_S
        slot = ""
        try:
            slot = self._slots.take(lease_s=lease_s, is_for_order=is_for_order)
            self._pace()
        except BaseException:
            if slot:
                self._slots.give_back(slot)
            self._breaker.forget(call)
            raise
        self._held[call.request_id] = slot
        self._meter.called(self._ability(call))

    def goes_on(self, call: Call) -> None:
        """Hold its slot, and its turn to look, for a while more."""
        if slot := self._held.get(call.request_id, ""):
            self._slots.renew(slot, lease_s=call.lease_s + LEASE_MARGIN_S)
        self._breaker.goes_on(call)

    def leave(self, call: Call, outcome: Outcome) -> None:
        if slot := self._held.pop(call.request_id, ""):
            self._slots.give_back(slot)
        self._breaker.leave(call, outcome)
        log.info(
            "%s: %s, %s -> %s in %.0f ms, request %s, theirs %s",
            self._code,
            self._ability(call) or "?",
            call,
            outcome.words,
            outcome.milliseconds,
            call.request_id,
            outcome.their_id or "-",
        )

    def _ability(self, call: Call) -> str:
        path = call.path.lstrip("/")
        names = (path, f"{call.method} {path}")
        return next(
            (
                each
                for start, each in self._abilities
                if any(name.startswith(start) for name in names)
            ),
            "",
        )
