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
    """What the figures around our own orders showed, of one supplier.

    ``at`` is empty while too few orders stood alone long enough to tell. A sale that was
    ``counted`` was followed by one drop of its size, a ``missed`` one by none; both lags run
    from our order (or his shipment) to the figure that showed it.
    """

    supplier = models.OneToOneField(Supplier, models.CASCADE, related_name="countdown")
    at = models.CharField(max_length=10, choices=Supplier.CountsDownAt, blank=True)
    median_s = models.PositiveIntegerField(null=True, blank=True)
    tail_s = models.PositiveIntegerField(null=True, blank=True)  # no sale took longer
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

    ``stock_as_of`` confirms every stock row here that is not silent: a figure that did not
    change is not written again, only this moment is. ``aged_at`` is up to when the pages of its
    goods follow their age, and ``aged_under`` by which terms
    (``suppliers.inventory.confirmations``).
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
    """Questions about stock."""

    def with_available(self, now: datetime) -> StockLevelQuerySet:
        """Add ``free``: what can still be promised at its age; never below zero."""
        kept = F("buffer") + F("allocated_unseen") + F("reserved")
        rows = self.with_known_at().annotate(aged=_aged(now))
        return rows.annotate(free=Greatest(F("reported_quantity") - kept - F("aged"), 0))

    def with_known_at(self) -> StockLevelQuerySet:
        """Add ``known_at``: the last moment at which the supplier confirmed the figure."""
        confirmed = Greatest("as_of", Coalesce("location__stock_as_of", "as_of"))
        return self.annotate(known_at=Case(When(is_silent=True, then="as_of"), default=confirmed))

    def fresh(self, now: datetime) -> StockLevelQuerySet:
        """Keep what was confirmed lately enough to promise from, figure and cost."""
        return self.with_freshness(now).filter(Q(has_fresh_stock=True, has_fresh_cost=True))

    def with_freshness(self, now: datetime) -> StockLevelQuerySet:
        """Add whether the figure and the cost were confirmed lately enough to promise from."""
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
    """Count what the age of ``known_at`` takes from the figure (``inventory.freshness``)."""
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
    """One offer at one location.

    sellable = max(0, reported - buffer - allocated_unseen); available = sellable - reserved, as
    long as the figure is young: ``with_available(now)`` also takes off what its age costs.
    ``reserved`` is held for shoppers who are paying, ``allocated_unseen`` is sold but not yet
    in the supplier's own figure. Counters change only in ``suppliers.inventory.ledger`` and
    ``suppliers.inventory.levels``, each change with its StockMovement.

    ``as_of`` is when the figure was last told or asked for by itself; a list that confirms all of
    its location leaves it as it was. ``with_known_at()`` tells when it was last confirmed. A
    silent row is one the supplier did not speak of in his last full answer.
    """

    # Each is the first column of an index that is there anyway.
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
    """Questions about the ledger."""

    def standing(self) -> StockMovementQuerySet:
        """Leave out what a run moved and a rollback gave back."""
        undone = StockMovement.objects.filter(
            kind="adjusted",  # the two tell the planner of the small index
            cause__startswith="rollback:",
            level=OuterRef("level"),
            pk__gt=OuterRef("pk"),
            cause=Replace(OuterRef("cause"), Value("run:"), Value("rollback:")),
        ).exclude(reported_delta=0)
        return self.exclude(Q(Exists(undone), cause__startswith="run:"))


class StockMovement(models.Model):
    """Why a counter changed. Append-only: the sum of movements is the counter.

    ``cause`` names what caused it: ``run:17``, ``order:FL-…``, ``staff:…``. ``old_known_at`` is
    when the figure that an answer replaced was confirmed last.
    """

    class Kind(models.TextChoices):
        REPORTED = "reported", _("Reported")
        RESERVED = "reserved", _("Held for a cart")
        ALLOCATED = "allocated", _("Sold")  # a reservation became a sale
        SEEN = "seen", _("Seen in his figure")  # the supplier's figure now contains the sale
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
