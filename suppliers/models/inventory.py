"""Inventory models: store locations, stock rows, movements, and when a supplier decrements stock.

``Countdown`` measures when a supplier's figure drops after our order, or after its shipment.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Replace
from django.utils.translation import gettext_lazy as _

from suppliers.models.offers import SupplierOffer, cost_known_at
from suppliers.models.supplier import Supplier


class Countdown(models.Model):
    """How a supplier's stock figure reacts to our orders, as measured.

    ``at`` is empty until enough orders were isolated in time to decide. ``order_counted``
    counts the sales that were followed by one drop of the same size, ``order_missed`` those
    that were not; the same for shipments. Lags run from our order (or its shipment) to the
    first report that shows it.
    """

    supplier = models.OneToOneField(Supplier, models.CASCADE, related_name="countdown")
    at = models.CharField(max_length=10, choices=Supplier.CountsDownAt, blank=True)
    median_s = models.PositiveIntegerField(null=True, blank=True)
    tail_s = models.PositiveIntegerField(null=True, blank=True)  # the longest lag of a sale
    order_counted = models.PositiveIntegerField(default=0)
    order_missed = models.PositiveIntegerField(default=0)
    shipment_counted = models.PositiveIntegerField(default=0)
    shipment_missed = models.PositiveIntegerField(default=0)
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tail_s__isnull=True) | Q(median_s__isnull=False, at__gt=""),
                name="countdown_lag_is_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier}: {self.at or 'not known'}"


# Locations, stock rows and movements


class StockLocation(models.Model):
    """A warehouse of a supplier.

    ``stock_as_of`` confirms every stock row of the location whose ``is_silent`` is false, so
    unchanged rows are not written. ``aged_at``: listings reflect the age of the stock up to
    this moment; ``aged_under``: by these terms (``suppliers.inventory.confirmations``).
    """

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="locations")
    code = models.CharField(max_length=30)
    country = models.CharField(max_length=2)
    name = models.CharField(max_length=80, blank=True)
    stock_as_of = models.DateTimeField(null=True, blank=True)
    aged_at = models.DateTimeField(null=True, editable=False)
    aged_under = models.CharField(max_length=80, db_default="", editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "code"], name="location_once_per_supplier"),
        ]

    def __str__(self) -> str:
        return f"{self.supplier}:{self.code}"


class StockLevelQuerySet(models.QuerySet["StockLevel"]):
    """Stock rows with their availability and age."""

    def with_available(self, now: datetime) -> StockLevelQuerySet:
        """Annotate ``free``: the units available to promise, less decay by age; at least 0."""
        kept = F("buffer") + F("allocated_unseen") + F("reserved")
        rows = self.with_known_at().annotate(aged=_aged(now))
        return rows.annotate(free=Greatest(F("reported_quantity") - kept - F("aged"), 0))

    def with_known_at(self) -> StockLevelQuerySet:
        """Annotate ``known_at``: when the supplier last confirmed the figure."""
        confirmed = Greatest("as_of", Coalesce("location__stock_as_of", "as_of"))
        return self.annotate(known_at=Case(When(is_silent=True, then="as_of"), default=confirmed))

    def fresh(self, now: datetime) -> StockLevelQuerySet:
        """Return the rows whose stock and cost are both fresh enough to sell from."""
        return self.with_freshness(now).filter(Q(has_fresh_stock=True, has_fresh_cost=True))

    def with_freshness(self, now: datetime) -> StockLevelQuerySet:
        """Annotate ``has_fresh_stock`` and ``has_fresh_cost``."""
        rows = self.with_known_at().annotate(cost_known_at=cost_known_at("offer__"))
        return rows.annotate(
            has_fresh_stock=_holds(
                Q(known_at__gte=_before(now, "offer__supplier__stock_hidden_min"))
            ),
            has_fresh_cost=_holds(
                Q(cost_known_at__gte=_before(now, "offer__supplier__cost_hidden_min"))
            ),
        )


def _aged(now: datetime) -> Func:
    """Return the units to subtract for the age of ``known_at``, by ``inventory.freshness``."""
    terms = (
        "stock_believed_min",
        "stock_hidden_min",
        "stock_grows_units",
        "stock_grows_percent",
        "stock_accuracy",
    )
    age = ExpressionWrapper(_at(now) - F("known_at"), models.DurationField())
    return Func(
        F("reported_quantity"),
        age,
        *(F(f"offer__supplier__{name}") for name in terms),
        function="aged_buffer",
        output_field=models.IntegerField(),
    )


def _holds(condition: Q) -> ExpressionWrapper[Any]:
    return ExpressionWrapper(condition, output_field=models.BooleanField())


def _before(now: datetime, minutes: str) -> ExpressionWrapper[Any]:
    so_long = Func(
        F(minutes), template="make_interval(mins => %(expressions)s)", output_field=_DURATION
    )
    return ExpressionWrapper(_at(now) - so_long, models.DateTimeField())


def _at(now: datetime) -> Value:
    return Value(now, output_field=models.DateTimeField())


_DURATION = models.DurationField()


class StockLevel(models.Model):
    """Stock of one offer at one location.

    sellable = max(0, reported - buffer - allocated_unseen); available = sellable - reserved.
    ``with_available(now)`` also subtracts the decay by age. ``reserved`` is held for unpaid
    orders; ``allocated_unseen`` is sold, but not yet reflected in the supplier's figure. Only
    ``suppliers.inventory.ledger`` and ``suppliers.inventory.levels`` change the counters, each
    change with its ``StockMovement``.

    ``as_of`` is when this row was last reported or queried itself; a report that confirms the
    whole location does not write it (see ``with_known_at``). ``is_silent``: the last full
    report left the row out.
    """

    # Each is the first column of an existing index.
    offer = models.ForeignKey(SupplierOffer, models.PROTECT, related_name="levels", db_index=False)
    location = models.ForeignKey(
        StockLocation, models.PROTECT, related_name="levels", db_index=False
    )
    reported_quantity = models.IntegerField(default=0)
    buffer = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    allocated_unseen = models.IntegerField(default=0)
    as_of = models.DateTimeField()
    is_silent = models.BooleanField(default=False)
    received_at = models.DateTimeField()

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["location", "as_of"], name="level_by_age")]
        constraints = [
            models.UniqueConstraint(fields=["offer", "location"], name="level_once_per_location"),
            models.CheckConstraint(
                condition=Q(reported_quantity__gte=0), name="level_reported_not_negative"
            ),
            models.CheckConstraint(condition=Q(buffer__gte=0), name="level_buffer_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0), name="level_reserved_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(allocated_unseen__gte=0), name="level_allocated_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer.supplier_sku} at {self.location}"

    @property
    def sellable(self) -> int:
        return max(0, self.reported_quantity - self.buffer - self.allocated_unseen)

    @property
    def available(self) -> int:
        return max(0, self.sellable - self.reserved)


class StockMovementQuerySet(models.QuerySet["StockMovement"]):
    """Stock movements."""

    def standing(self) -> StockMovementQuerySet:
        """Exclude movements of runs that a rollback reversed."""
        undone = StockMovement.objects.filter(
            kind="adjusted",  # with the next condition: lets the planner use the partial index
            cause__startswith="rollback:",
            level=OuterRef("level"),
            pk__gt=OuterRef("pk"),
            cause=Replace(OuterRef("cause"), Value("run:"), Value("rollback:")),
        ).exclude(reported_delta=0)
        return self.exclude(Q(Exists(undone), cause__startswith="run:"))


class StockMovement(models.Model):
    """A change of a stock counter. Append-only: the sum of movements equals the counter.

    ``cause`` is ``run:17``, ``order:FL-…`` or ``staff:…``. ``old_known_at`` is when the
    replaced figure was last confirmed.
    """

    class Kind(models.TextChoices):
        REPORTED = "reported", _("Reported")
        RESERVED = "reserved", _("Reserved")
        ALLOCATED = "allocated", _("Sold")  # a reservation was sold
        SEEN = (
            "seen",
            _("Included in reported stock"),
        )  # the supplier's figure now contains the sale
        RELEASED = "released", _("Released")
        ADJUSTED = "adjusted", _("Adjusted")

    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=10, choices=Kind)
    reported_delta = models.IntegerField(default=0)
    reserved_delta = models.IntegerField(default=0)
    allocated_delta = models.IntegerField(default=0)
    cause = models.CharField(max_length=60)
    old_known_at = models.DateTimeField(null=True)
    at = models.DateTimeField()

    objects = StockMovementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(reported_delta=0, reserved_delta=0, allocated_delta=0),
                name="movement_moves_something",
            ),
        ]
        indexes = [
            models.Index(
                fields=["level", "cause"],
                condition=Q(kind="adjusted", cause__startswith="rollback:"),
                name="movement_that_gives_back",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.level_id} by {self.cause}"
