"""Backorder models: store rejected or delayed lines, and what the customer chose."""

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
from suppliers.models import StockLevel


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
