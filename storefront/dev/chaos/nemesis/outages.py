"""Supplier outages: measure how long the shop takes to submit the backlog afterwards.

The movable clock runs faster then, but the pause of an open circuit breaker
(``suppliers.resilience.circuit_breaker``) uses the real time.
"""

import time
from dataclasses import dataclass, field

from django.db import Error, connection
from django.db.models import QuerySet

from orders.models import PurchaseOrder

Submission = PurchaseOrder.Submission
# Orders with an unknown submission are left out: they are looked up half a minute later anyway.
UNSUBMITTED = (Submission.UNSUBMITTED, Submission.SUBMITTING, Submission.SUBMIT_FAILED)
ATTEMPTS, PAUSE_S = 20, 0.25
STOPPED = (PurchaseOrder.Status.CANCELED, PurchaseOrder.Status.ON_HOLD)


@dataclass(slots=True)
class Outage:
    """The duration of an outage, the number of orders in the backlog, and its submission time.

    Shape:  ``submitted_s`` is None until all of them are submitted
    """

    away_s: float = 0.0
    waited: int = 0
    submitted_s: float | None = None
    _began: float = 0.0
    _back_at: float = 0.0
    _numbers: list[int] = field(default_factory=list)

    def begin(self) -> None:
        self._began = time.monotonic()

    def end(self) -> None:
        self._back_at = time.monotonic()
        self.away_s = round(self._back_at - self._began, 1)
        for turn in range(ATTEMPTS):
            try:
                self._numbers = list(_backlog().values_list("pk", flat=True))
                break
            except Error:  # PostgreSQL was killed too, and is restarting
                if turn == ATTEMPTS - 1:
                    raise
                time.sleep(PAUSE_S)
            finally:
                connection.close()  # of the fault thread
        self.waited = len(self._numbers)

    def look(self) -> None:
        """Record when the whole backlog is submitted."""
        if self._back_at and self.submitted_s is None and not self._is_any_left():
            self.submitted_s = round(time.monotonic() - self._back_at, 1)

    def _is_any_left(self) -> bool:
        return _backlog().filter(pk__in=self._numbers).exists()

    @property
    def words(self) -> str:
        took = (
            "not all submitted"
            if self.submitted_s is None
            else f"all submitted in {self.submitted_s} s"
        )
        return f"{self.away_s} s without supplier, {self.waited} orders waited: {took}"


def _backlog() -> QuerySet[PurchaseOrder]:
    return PurchaseOrder.objects.filter(submission_status__in=UNSUBMITTED).exclude(
        status__in=STOPPED
    )
