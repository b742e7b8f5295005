"""Inventory models: store locations, stock rows, movements, and when a supplier decrements stock.

``StockDecrement`` measures when a supplier's figure drops after our order, or after its shipment.
"""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Case, Exists, ExpressionWrapper, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Greatest, Replace
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.fields import protected_key
from suppliers.models.offers import SupplierOffer, cost_confirmed_at
from suppliers.models.supplier import Supplier


class StockDecrement(models.Model):
    """How a supplier's stock figure reacts to our orders, as measured.

    ``at`` is empty until enough orders were isolated in time to decide.
    ``decrements_observed_after_order`` counts the sales that were followed by one drop of the same
    size, ``decrements_not_observed_after_order`` the others; likewise for shipments. A lag runs
    from our order (or its shipment) to the first report that shows the drop.
    """

    supplier = models.OneToOneField(
        Supplier, models.CASCADE, related_name="countdown", verbose_name=_("Supplier")
    )
    at = models.CharField(
        _("Stock reduced at"), max_length=10, choices=Supplier.StockDecrementedAt, blank=True
    )
    median_lag_s = models.PositiveIntegerField(_("Median delay (s)"), null=True, blank=True)
    # a lag that no sale exceeds
    max_lag_s = models.PositiveIntegerField(_("Maximum delay (s)"), null=True, blank=True)
    decrements_observed_after_order = models.PositiveIntegerField(_("Reduced at order"), default=0)
    decrements_not_observed_after_order = models.PositiveIntegerField(
        _("Not reduced at order"), default=0
    )
    decrements_observed_after_shipment = models.PositiveIntegerField(
        _("Reduced at shipment"), default=0
    )
    decrements_not_observed_after_shipment = models.PositiveIntegerField(
        _("Not reduced at shipment"), default=0
    )
    measured_at = models.DateTimeField(_("Measured at"))

    class Meta:
        verbose_name = _("stock update delay")
        verbose_name_plural = _("stock update delays")
        constraints = [
            models.CheckConstraint(
                condition=Q(max_lag_s__isnull=True) | Q(median_lag_s__isnull=False, at__gt=""),
                name="countdown_lag_is_of_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.supplier}: {self.at or 'not known'}"


# Locations, stock rows and movements


class StockLocation(models.Model):
    """A warehouse of a supplier.

    ``stock_confirmed_at`` confirms every stock row of the location whose ``is_unconfirmed`` is
    false, so unchanged rows are not written. Listings reflect the age of the stock at
    ``aged_until``, by the freshness policy ``freshness_key`` (``inventory.confirmations``).
    """

    supplier = protected_key(Supplier, "locations", _("Supplier"), db_index=False)
    code = models.CharField(_("Code"), max_length=30)
    country = models.CharField(_("Country"), max_length=2)
    name = models.CharField(_("Name"), max_length=80, blank=True)
    stock_confirmed_at = models.DateTimeField(_("Stock confirmed at"), null=True, blank=True)
    aged_until = models.DateTimeField(_("Decay last applied at"), null=True, editable=False)
    freshness_key = models.CharField(
        _("Decay rules applied"), max_length=80, db_default="", editable=False
    )

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        constraints = [
            models.UniqueConstraint(fields=["supplier", "code"], name="location_once_per_supplier")
        ]

    def __str__(self) -> str:
        return f"{self.supplier.code}:{self.code}"


class StockLevelQuerySet(models.QuerySet["StockLevel"]):
    def with_available(self, now: datetime) -> Self:
        """Annotate ``free``: the units available to promise, less decay by age; at least 0."""
        kept = F("safety_stock") + F("allocated_outstanding") + F("reserved")
        rows = self.with_confirmed_at().annotate(aged=_decay(now))
        return rows.annotate(free=Greatest(F("reported_quantity") - kept - F("aged"), 0))

    def with_confirmed_at(self) -> Self:
        """Annotate ``known_at``: when the supplier last confirmed the figure."""
        confirmed = Greatest("as_of", Coalesce("location__stock_confirmed_at", "as_of"))
        return self.annotate(
            known_at=Case(When(is_unconfirmed=True, then="as_of"), default=confirmed)
        )

    def fresh(self, now: datetime) -> Self:
        """Return the rows whose stock and cost are both fresh enough to sell from."""
        return self.with_freshness(now).filter(Q(has_fresh_stock=True, has_fresh_cost=True))

    def with_freshness(self, now: datetime) -> Self:
        """Annotate ``has_fresh_stock`` and ``has_fresh_cost``."""
        rows = self.with_confirmed_at().annotate(cost_confirmed_at=cost_confirmed_at("offer__"))
        return rows.annotate(
            has_fresh_stock=_boolean(
                Q(known_at__gte=_minutes_before(now, "offer__supplier__stock_expires_after_min"))
            ),
            has_fresh_cost=_boolean(
                Q(
                    cost_confirmed_at__gte=_minutes_before(
                        now, "offer__supplier__cost_expires_after_min"
                    )
                )
            ),
        )


def _decay(now: datetime) -> Func:
    """Return the units to subtract for the age of ``known_at``, by ``inventory.freshness``."""
    terms = (
        "stock_fresh_for_min",
        "stock_expires_after_min",
        "stock_decay_units_per_hour",
        "stock_decay_percent_per_hour",
        "stock_accuracy",
    )
    age = ExpressionWrapper(_at(now) - F("known_at"), models.DurationField())
    return Func(
        F("reported_quantity"),
        age,
        *(F(f"offer__supplier__{name}") for name in terms),
        function="stock_decay",
        output_field=models.IntegerField(),
    )


def _boolean(condition: Q) -> "ExpressionWrapper[Any]":
    return ExpressionWrapper(condition, output_field=models.BooleanField())


def _minutes_before(now: datetime, minutes: str) -> "ExpressionWrapper[Any]":
    interval = Func(
        F(minutes), template="make_interval(mins => %(expressions)s)", output_field=_DURATION
    )
    return ExpressionWrapper(_at(now) - interval, models.DateTimeField())


def _at(now: datetime) -> Value:
    return Value(now, output_field=models.DateTimeField())


_DURATION = models.DurationField()


class StockLevel(models.Model):
    """Stock of one offer at one location.

    sellable = max(0, reported - safety_stock - allocated_outstanding); available = sellable - reserved.
    ``with_available(now)`` also subtracts the decay by age. ``reserved`` is held for unpaid
    orders; ``allocated_outstanding`` is sold, but not yet reflected in the supplier's figure. Only
    ``suppliers.inventory.ledger`` and ``suppliers.inventory.levels`` change the counters, each
    change with its ``StockMovement``.

    ``as_of`` is when this row was last reported or queried itself; a report that confirms the
    whole location does not write it (see ``with_confirmed_at``). ``is_unconfirmed``: the last full
    report left the row out.
    """

    # No index of their own: each is the first column of another index.
    offer = protected_key(SupplierOffer, "levels", _("Offer"), db_index=False)
    location = protected_key(StockLocation, "levels", _("Warehouse"), db_index=False)
    reported_quantity = models.IntegerField(_("Reported by the supplier (units)"), default=0)
    safety_stock = models.IntegerField(_("Safety stock (units)"), default=0)
    reserved = models.IntegerField(_("Reserved (units)"), default=0)
    allocated_outstanding = models.IntegerField(
        _("Sold, not yet in reported stock (units)"), default=0
    )
    as_of = models.DateTimeField(_("As of"))
    is_unconfirmed = models.BooleanField(_("Missing from the last report"), default=False)
    received_at = models.DateTimeField(_("Received at"))

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        indexes = [models.Index(fields=["location", "as_of"], name="level_by_age")]
        constraints = [
            models.UniqueConstraint(fields=["offer", "location"], name="level_once_per_location"),
            models.CheckConstraint(
                condition=Q(reported_quantity__gte=0), name="level_reported_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(safety_stock__gte=0), name="level_safety_stock_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0), name="level_reserved_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(allocated_outstanding__gte=0), name="level_allocated_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer.supplier_sku} at {self.location}"

    @property
    def sellable(self) -> int:
        return max(0, self.reported_quantity - self.safety_stock - self.allocated_outstanding)

    @property
    def available(self) -> int:
        return max(0, self.sellable - self.reserved)


class StockMovementQuerySet(models.QuerySet["StockMovement"]):
    def effective(self) -> Self:
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

    ``cause`` is ``run:17``, ``order:FL-…`` or ``staff:…``. ``old_confirmed_at`` is when the
    replaced figure was last confirmed.
    """

    class Kind(models.TextChoices):
        REPORTED = "reported", _("Reported")
        RESERVED = "reserved", _("Reserved")
        ALLOCATED = "allocated", _("Sold")  # a reservation was sold
        ABSORBED = (
            "absorbed",
            _("Included in reported stock"),
        )  # the supplier's figure now contains the sale
        RELEASED = "released", _("Released")
        ADJUSTED = "adjusted", _("Adjusted")

    level = protected_key(StockLevel, "movements", _("Stock level"))
    kind = models.CharField(_("Type"), max_length=10, choices=Kind)
    reported_delta = models.IntegerField(_("Change of reported stock"), default=0)
    reserved_delta = models.IntegerField(_("Change of reserved stock"), default=0)
    allocated_delta = models.IntegerField(_("Change of sold stock"), default=0)
    cause = models.CharField(_("Cause"), max_length=60)
    old_confirmed_at = models.DateTimeField(_("Previous value known since"), null=True)
    at = models.DateTimeField(_("When"))

    objects = StockMovementQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        constraints = [
            models.CheckConstraint(
                condition=~Q(reported_delta=0, reserved_delta=0, allocated_delta=0),
                name="movement_moves_something",
            )
        ]
        indexes = [
            models.Index(
                fields=["level", "cause"],
                condition=Q(kind="adjusted", cause__startswith="rollback:"),
                name="movement_that_gives_back",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.level_id} by {self.cause}"
