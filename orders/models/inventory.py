"""Inventory models: store reservations of unpaid orders, allocations of paid ones, backorders."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from orders.models.order import Order, OrderLine
from orders.models.purchasing import PurchaseOrder
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, protected_key
from storefront.lib.money import Money
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


class Backorder(Stateful):
    """Lines of one purchase order that do not come as promised.

    While it is ``open``, another source for rejected lines is sought, and their money is kept. If
    the customer must choose, it is ``asked``, and units are reserved for each choice that needs
    them. Without an answer by ``respond_by``, ``default_choice`` applies.

    Shape:  ``plan``: parcels as in ``Order.delivery_plan``, with ``shelves``: order line to
            stock row; ``delivery_amount``: the shipping charge that belongs to these lines
    """

    class Kind(models.TextChoices):
        REFUSED = "refused", _("Rejected")
        LATER = "later", _("Backordered")

    class Status(models.TextChoices):
        OPEN = "open", _("Rerouting")
        ASKED = "asked", _("Awaiting customer")
        REROUTED = "rerouted", _("Rerouted")
        AWAITED = "awaited", _("Customer waits")
        CANCELED = "canceled", _("Canceled and refunded")

    class Choice(models.TextChoices):
        WAIT = "wait", _("Wait")
        SUBSTITUTE = "substitute", _("Accept replacement")
        REFUND = "refund", _("Refund")

    FINAL: ClassVar = frozenset({Status.REROUTED, Status.AWAITED, Status.CANCELED})
    TRANSITIONS: ClassVar = {
        Status.OPEN: FINAL | {Status.ASKED},
        Status.ASKED: FINAL,
        **dict.fromkeys(FINAL, frozenset()),
    }

    order = protected_key(Order, "backorders", _("Order"))
    purchase_order = protected_key(PurchaseOrder, "backorders", _("Purchase order"))
    kind = models.CharField(_("Type"), max_length=10, choices=Kind)
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.OPEN)
    status_since = models.DateTimeField(_("Since"))
    reason = models.CharField(_("Reason"), max_length=300, blank=True)  # the supplier's text
    currency = models.CharField(_("Currency"), max_length=3)
    delivery_amount = amount_field(_("Delivery"), default=0)
    plan = models.JSONField(_("Delivery method"), default=list, blank=True)
    # as ``routing.decision_log`` stores it
    decision = models.JSONField(_("Routing decision"), default=dict, blank=True)
    # the date promised to the customer
    promised_by = models.DateField(_("Promised by"), null=True, blank=True)
    # the supplier's new shipping date
    ships_by = models.DateField(_("Ships by"), null=True, blank=True)
    # the new delivery date for the customer
    arrives_by = models.DateField(_("Arrives by"), null=True, blank=True)
    # what the customer may choose
    choices = models.JSONField(_("Customer options"), default=list, blank=True)
    chosen = models.CharField(_("Chosen"), max_length=10, choices=Choice, blank=True)
    chosen_by = models.CharField(_("Chosen by"), max_length=100, blank=True)
    default_choice = models.CharField(
        _("Default if no answer"), max_length=10, choices=Choice, default=Choice.REFUND
    )
    respond_by = models.DateTimeField(_("To be answered by"), null=True, blank=True)
    retry_at = models.DateTimeField(_("Retry after"), null=True, blank=True)
    opened_at = models.DateTimeField(_("Opened"))
    problem = models.CharField(_("Problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("backorder")
        verbose_name_plural = _("backorders")
        constraints = [
            check("backorder_delivery_not_negative", Q(delivery_amount__gte=0)),
            check("backorder_delayed_has_date", ~Q(kind="later") | Q(ships_by__isnull=False)),
            check(
                "backorder_choice_has_deadline", ~Q(status="asked") | Q(respond_by__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "respond_by"],
                condition=Q(status__in=["open", "asked"]),
                name="backorder_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.pk})"

    @property
    def delivery(self) -> Money:
        return Money(self.delivery_amount, self.currency)


class BackorderLine(models.Model):
    """One line of a backorder.

    ``level`` is the stock row that is reserved for the customer's choice.

    ``substitute`` is another variant that the customer may take instead, at the same price.
    """

    backorder = protected_key(Backorder, "lines", _("Backorder"))
    order_line = protected_key(OrderLine, "backorder_lines", _("Order line"))
    code = models.CharField(_("Supplier response"), max_length=25, blank=True)
    is_open = models.BooleanField(_("Awaiting answer"), default=True)
    level = protected_key(StockLevel, "+", _("Stock level"), null=True)
    substitute = protected_key(Variant, "+", _("Replacement"), null=True)

    class Meta:
        verbose_name = _("backorder line")
        verbose_name_plural = _("backorder lines")
        constraints = [
            unique("line_in_one_open_backorder", ["order_line"], condition=Q(is_open=True)),
        ]

    def __str__(self) -> str:
        return f"line {self.order_line_id} of backorder {self.backorder_id}"
