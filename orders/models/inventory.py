"""Inventory models: store reservations of unpaid orders and allocations of paid ones."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.order import OrderLine
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import protected_key
from storefront.lib.state_machine import Stateful
from suppliers.models import StockLevel, StockMovement


class Reservation(Stateful):
    """Units reserved for an order whose payment is not authorized yet."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        CONVERTED = "converted", _("Converted to an order")
        RELEASED = "released", _("Released")
        EXPIRED = "expired", _("Expired")

    TRANSITIONS: ClassVar = {
        Status.ACTIVE: frozenset({Status.CONVERTED, Status.RELEASED, Status.EXPIRED}),
        Status.CONVERTED: frozenset(),
        Status.RELEASED: frozenset(),
        Status.EXPIRED: frozenset(),
    }

    line = models.OneToOneField(
        OrderLine, models.PROTECT, related_name="reservation", verbose_name=_("Order line")
    )
    level = protected_key(StockLevel, "reservations", _("Stock level"))
    quantity = models.PositiveSmallIntegerField(_("Quantity"))
    expires_at = models.DateTimeField(_("Reserved until"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.ACTIVE)
    status_since = models.DateTimeField(_("Since"))

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [check("reservation_has_units", Q(quantity__gte=1))]

    def __str__(self) -> str:
        return f"{self.quantity} reserved for order line {self.line_id}"


class Allocation(Stateful):
    """Units sold from one stock row.

    ``unseen`` until the supplier's stock figure includes the sale. ``absorbed_by`` is the evidence,
    ``absorbed_in`` the stock movement that showed it, ``absorbed_as_of`` the time of that figure.
    They are kept when the units are released. ``doubt`` is why the units are still subtracted.
    """

    class Status(models.TextChoices):
        UNSEEN = "unseen", _("Not in supplier stock yet")
        SEEN = "seen", _("Included in supplier stock")
        SHIPPED = "shipped", _("Shipped")
        RELEASED = "released", _("Released")

    class AbsorbedBy(models.TextChoices):
        ORDER = (
            "order",
            _(
                "The supplier had accepted the order, and its stock dropped by "
                "the quantity after the update delay"
            ),
        )
        SHIPMENT = (
            "shipment",
            _(
                "The supplier had shipped, and its stock dropped by the "
                "quantity after the update delay"
            ),
        )
        LAG = "lag", _("The measured update delay is over, and a restock hides the drop")
        COUNT = "count", _("The supplier counted its stock after the shipment")
        STAFF = "staff", _("Confirmed by staff")
        EARLIER = "earlier", _("Included before reasons were recorded")

    class Doubt(models.TextChoices):
        NO_YES = "no_yes", _("The supplier has not accepted the order")
        NOT_SHIPPED = (
            "not_shipped",
            _("Not shipped, and the supplier reduces its stock on shipment"),
        )
        TOO_SOON = (
            "too_soon",
            _("The supplier's stock is older than the event plus its update delay"),
        )
        SILENT = "silent", _("The last sync did not contain this item")
        NO_DROP = "no_drop", _("The supplier's stock has not dropped by the quantity")
        NO_COUNT = (
            "no_count",
            _("The supplier does not deduct our orders, and has not counted its stock since"),
        )

    TRANSITIONS: ClassVar = {
        Status.UNSEEN: frozenset({Status.SEEN, Status.SHIPPED, Status.RELEASED}),
        # Undone if the figure that included the sale is rolled back.
        Status.SEEN: frozenset({Status.SHIPPED, Status.RELEASED, Status.UNSEEN}),
        Status.SHIPPED: frozenset({Status.UNSEEN}),
        Status.RELEASED: frozenset(),
    }

    line = protected_key(OrderLine, "allocations", _("Order line"))
    level = protected_key(StockLevel, "allocations", _("Stock level"))
    quantity = models.PositiveSmallIntegerField(_("Quantity"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.UNSEEN)
    status_since = models.DateTimeField(_("Since"))
    shipped_at = models.DateTimeField(_("Shipped at"), null=True, blank=True)
    doubt = models.CharField(
        _("Deducted from stock because"), max_length=12, choices=Doubt, blank=True
    )
    absorbed_by = models.CharField(
        _("Included in supplier stock because"), max_length=10, choices=AbsorbedBy, blank=True
    )
    absorbed_as_of = models.DateTimeField(_("Included in stock as of"), null=True, blank=True)
    absorbed_in = protected_key(StockMovement, "+", _("Included in sync run"), null=True)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        indexes = [
            models.Index(fields=["level"], condition=Q(status="unseen"), name="allocation_unseen")
        ]
        constraints = [
            check("allocation_has_units", Q(quantity__gte=1)),
            unique("line_allocated_once", ["line"], condition=~Q(status="released")),
            check(
                "allocation_absorbed_has_evidence",
                ~Q(status__in=["seen", "shipped"], absorbed_by=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} allocated to line {self.line_id}"
