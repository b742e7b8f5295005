"""Units set aside: softly while a shopper pays, hard once he has."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from orders.models.order import OrderLine
from storefront.lib.states import Stateful
from suppliers.models import StockLevel


class Reservation(Stateful):
    """Units held for an order whose payment is not secured yet."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        CONVERTED = "converted"
        RELEASED = "released"
        EXPIRED = "expired"

    TRANSITIONS: ClassVar = {
        Status.ACTIVE: frozenset({Status.CONVERTED, Status.RELEASED, Status.EXPIRED}),
        Status.CONVERTED: frozenset(),
        Status.RELEASED: frozenset(),
        Status.EXPIRED: frozenset(),
    }
    AXES: ClassVar = {"status": TRANSITIONS}

    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="reservation")
    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="reservations")
    quantity = models.PositiveSmallIntegerField()
    expires_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    status_since = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="reservation_has_units"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} held for line {self.line_id}"


class Allocation(Stateful):
    """Units sold. ``unseen`` until the supplier's own figure can contain the sale."""

    class Status(models.TextChoices):
        UNSEEN = "unseen"
        SEEN = "seen"
        SHIPPED = "shipped"
        RELEASED = "released"

    TRANSITIONS: ClassVar = {
        Status.UNSEEN: frozenset({Status.SEEN, Status.SHIPPED, Status.RELEASED}),
        Status.SEEN: frozenset({Status.SHIPPED, Status.RELEASED}),
        Status.SHIPPED: frozenset(),
        Status.RELEASED: frozenset(),
    }
    AXES: ClassVar = {"status": TRANSITIONS}

    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="allocation")
    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="allocations")
    quantity = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.UNSEEN)
    status_since = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="allocation_has_units"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} sold on line {self.line_id}"
