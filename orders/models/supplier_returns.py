"""Supplier return models: store items sent back to a supplier, and the credit due."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from orders.models.purchasing import PurchaseLine, PurchaseOrder
from orders.models.returns import ReturnAuthorization
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful


class SupplierReturnQuerySet(models.QuerySet["SupplierReturn"]):
    def open(self) -> Self:
        """Keep those that may still be credited."""
        return self.exclude(status__in=SupplierReturn.SETTLED)

    def owed(self) -> dict[str, Decimal]:
        """Return what suppliers owe us, by currency."""
        sums = self.open().order_by("currency").values("currency")
        return dict(sums.annotate(owed=Sum("expected_amount")).values_list("currency", "owed"))


class SupplierReturn(Stateful):
    """Items of one purchase order that go back to the supplier. Staff handle it with the supplier.

    The customer's refund never depends on it.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        REQUESTED = "requested", _("Requested")
        AUTHORIZED = "authorized", _("Authorized")
        DENIED = "denied", _("Denied")
        SHIPPED = "shipped", _("In transit")
        RECEIVED = "received", _("Received")
        DISPUTED = "disputed", _("Disputed")
        CREDITED = "credited", _("Credited")
        WRITTEN_OFF = "written_off", _("Written off")

    SETTLED: ClassVar = frozenset({Status.DENIED, Status.CREDITED, Status.WRITTEN_OFF})
    GIVEN_UP: ClassVar = frozenset({Status.DENIED, Status.WRITTEN_OFF})
    TRANSITIONS: ClassVar = {
        Status.DRAFT: frozenset({Status.REQUESTED, Status.WRITTEN_OFF}),
        Status.REQUESTED: frozenset({Status.AUTHORIZED, Status.DENIED, Status.WRITTEN_OFF}),
        Status.AUTHORIZED: frozenset({Status.SHIPPED, Status.CREDITED, Status.WRITTEN_OFF}),
        Status.SHIPPED: frozenset({Status.RECEIVED, Status.DISPUTED, Status.CREDITED}),
        Status.RECEIVED: frozenset({Status.CREDITED, Status.DISPUTED}),
        Status.DISPUTED: frozenset({Status.CREDITED, Status.WRITTEN_OFF}),
        **dict.fromkeys(SETTLED, frozenset()),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    purchase_order = models.ForeignKey(
        PurchaseOrder, models.PROTECT, related_name="supplier_returns"
    )
    authorization = models.ForeignKey(
        ReturnAuthorization, models.PROTECT, null=True, blank=True, related_name="supplier_returns"
    )
    number = models.CharField(max_length=30, unique=True)
    rma_number = models.CharField(max_length=60, blank=True)  # the supplier's RMA number
    currency = models.CharField(max_length=3)
    expected_amount = models.DecimalField(max_digits=12, decimal_places=2)
    fee_amount = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    credited_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    carrier = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    opened_by = models.CharField(max_length=100)
    recorded_by = models.CharField(max_length=100, blank=True)  # who recorded the credit
    opened_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField()

    objects = SupplierReturnQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["authorization"],
                condition=~Q(status__in=["denied", "written_off"]),
                name="supplier_return_once_per_return",
            ),
            models.CheckConstraint(
                condition=Q(expected_amount__gte=0, fee_amount__gte=0),
                name="supplier_return_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(status="credited", credited_amount__gte=0)
                & (~Q(recorded_by="") | Q(credited_amount__lte=F("expected_amount")))
                | ~Q(status="credited") & Q(credited_amount__isnull=True),
                name="supplier_return_credited_has_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "status_since"], name="supplier_return_by_status")
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def expected(self) -> Money:
        return Money(self.expected_amount, self.currency)


class SupplierReturnLineQuerySet(models.QuerySet["SupplierReturnLine"]):
    def standing(self) -> Self:
        """Keep units that are or may still be credited."""
        return self.exclude(supplier_return__status__in=SupplierReturn.GIVEN_UP)


class SupplierReturnLine(models.Model):
    """Units of one purchase line that go back.

    ``ordered_quantity`` is that of the purchase line.
    """

    supplier_return = models.ForeignKey(SupplierReturn, models.PROTECT, related_name="lines")
    purchase_line = models.ForeignKey(
        PurchaseLine, models.PROTECT, related_name="supplier_return_lines"
    )
    quantity = models.PositiveSmallIntegerField()
    ordered_quantity = models.PositiveSmallIntegerField()
    unit_amount = models.DecimalField(max_digits=12, decimal_places=2)  # cost per unit

    objects = SupplierReturnLineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier_return", "purchase_line"], name="supplier_return_line_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=F("ordered_quantity")),
                name="supplier_return_within_ordered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of purchase line {self.purchase_line_id}"
