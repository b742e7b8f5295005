"""Circuit breaker model: store whether a connection is broken, and until when it is not called."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from suppliers.models.supplier import Connection


class BreakerQuerySet(models.QuerySet["Breaker"]):
    """Questions about broken lines; the clock is the database's, as for the calls themselves."""

    def open_for_syncs(self) -> BreakerQuerySet:
        """Find the lines that no sync may try now: they rest, or somebody looks just now."""
        return self._open().filter(Q(open_until__gt=Now()) | Q(probe_until__gt=Now()))

    def open_for_orders(self) -> BreakerQuerySet:
        """Find the lines that not even an order may try now."""
        return self._open().filter(Q(orders_wait_until__gt=Now()) | Q(probe_until__gt=Now()))

    def _open(self) -> BreakerQuerySet:
        return self.filter(opened_at__isnull=False)


class Breaker(models.Model):
    """The breaker of one line, to a supplier or to a payment gateway.

    All processes share it; it is written only when something fails. It is open as long as
    ``opened_at`` stands. From ``orders_wait_until`` on one order call, from ``open_until`` on one
    of any kind may probe whether the other side is back; the probe has until ``probe_until``.
    """

    connection = models.OneToOneField(
        Connection, models.CASCADE, null=True, blank=True, related_name="breaker"
    )
    gateway = models.CharField(max_length=20, blank=True, db_default="")  # code, or a supplier's
    failures = models.PositiveIntegerField(default=0)  # in a row
    pauses = models.PositiveIntegerField(default=0)  # since it opened
    opened_at = models.DateTimeField(null=True, blank=True)
    open_until = models.DateTimeField(null=True, blank=True)
    orders_wait_until = models.DateTimeField(null=True, blank=True)
    probe_until = models.DateTimeField(null=True, blank=True)
    last_failure = models.CharField(max_length=200, blank=True)

    objects = BreakerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opened_at__isnull=True)
                | models.Q(open_until__isnull=False, orders_wait_until__isnull=False),
                name="breaker_open_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(connection__isnull=True) ^ Q(gateway=""),
                name="breaker_of_supplier_or_gateway",
            ),
            models.UniqueConstraint(
                fields=["gateway"], condition=~Q(gateway=""), name="breaker_one_per_gateway"
            ),
        ]

    def __str__(self) -> str:
        return f"breaker of {self.connection.supplier if self.connection else self.gateway}"
