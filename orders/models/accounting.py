"""Accounting models: store supplier invoices, reconciliation runs and discrepancies.

An invoice comes from the supplier's API, or staff enter it from paper.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order
from orders.models.payments import Payment
from orders.models.purchasing import PurchaseOrder
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful
from suppliers.models import Supplier


class SupplierInvoice(models.Model):
    """One invoice of one supplier. Its amounts never change: a correction withdraws it.

    ``number`` is our order number on it, ``reference`` the supplier's invoice number.
    ``freight_amount`` is None if not stated. ``entered_by`` is empty if it came from the API.
    ``match`` is the result of the last three-way match.
    """

    class Match(models.TextChoices):
        NEW = "new", _("Not matched yet")
        WAITS = "waits", _("Awaiting shipment")
        MATCHED = "matched", _("Matches order and shipment")
        DIFFERS = "differs", _("Mismatch")
        SETTLED = "settled", _("Mismatch, closed by staff")
        UNKNOWN = "unknown", _("No matching purchase order")

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="bills")
    purchase_order = models.ForeignKey(
        PurchaseOrder, models.PROTECT, null=True, blank=True, related_name="bills"
    )
    number = models.CharField(max_length=60, blank=True)
    reference = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    subtotal_amount = models.DecimalField(max_digits=12, decimal_places=2)
    freight_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    invoiced_at = models.DateTimeField(null=True, blank=True)
    entered_by = models.CharField(max_length=100, blank=True)
    received_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    match = models.CharField(
        max_length=8, choices=Match, default=Match.NEW, db_default=Match.NEW.value
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "reference"],
                condition=Q(withdrawn_at__isnull=True),
                name="invoice_reference_once",
            ),
            models.CheckConstraint(
                condition=Q(subtotal_amount__gte=0)
                & (Q(freight_amount__isnull=True) | Q(freight_amount__gte=0)),
                name="invoice_amounts_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def total(self) -> Money:
        freight = self.freight_amount or 0
        return Money(self.subtotal_amount + freight, self.currency)


# Reconciliation


class ReconciliationRun(Stateful):
    """One day of the shop.

    It is reconciled once every gateway and supplier concerned has answered.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Not reconciled")
        RUNNING = "running", _("Reconciling")
        RECONCILED = "reconciled", _("Reconciled")
        GIVEN_UP = "given_up", _("Closed without reconciliation")

    TRANSITIONS: ClassVar = {
        Status.OPEN: frozenset({Status.RUNNING, Status.GIVEN_UP}),
        Status.RUNNING: frozenset({Status.OPEN, Status.RECONCILED}),
        Status.RECONCILED: frozenset({Status.RUNNING}),  # compared again
        Status.GIVEN_UP: frozenset({Status.RUNNING}),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    day = models.DateField(unique=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    status_since = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)  # who did not answer, and the error
    counts = models.JSONField(default=dict, blank=True)  # what was compared
    reconciled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="reconciled") | Q(reconciled_at__isnull=False, problem=""),
                name="reconciliation_run_has_reconciled_at",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="reconciliation_run_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.day.isoformat()


class Discrepancy(Stateful):
    """One discrepancy. ``key`` identifies it whenever it is found again.

    ``expected_amount`` is that of our books, ``found_amount`` that of the other side; None if
    one side has none. ``part`` names the counterparty: only a comparison with it can clear the
    discrepancy.
    """

    class Kind(models.TextChoices):
        NOT_WITH_US = "not_with_us", _("At the gateway, not in our records")
        NOT_AT_GATEWAY = "not_at_gateway", _("In our records, not at the gateway")
        REFUND_UNBOOKED = "refund_unbooked", _("Refund missing from our records")
        AMOUNT = "amount", _("Amounts differ")
        CURRENCY = "currency", _("Currencies differ")
        TWICE = "twice", _("Duplicate charge or refund")
        OVER_CAPTURED = "over_captured", _("Captured more than the order total")
        NOT_CAPTURED = "not_captured", _("Shipped, not captured")
        NOTHING_ORDERED = "nothing_ordered", _("Captured, not ordered from a supplier")
        BILL_MORE = "bill_more", _("Supplier overcharged")
        BILL_LESS = "bill_less", _("Supplier undercharged")
        BILL_MISSING = "bill_missing", _("Supplier did not charge")
        BILL_TWICE = "bill_twice", _("Supplier charged twice")
        BILL_CURRENCY = "bill_currency", _("Supplier charged in a different currency")
        BILL_UNSHIPPED = "bill_unshipped", _("Billed, not shipped")
        SHIPPED_UNBILLED = "shipped_unbilled", _("Shipped, not billed")
        BILL_UNKNOWN = "bill_unknown", _("Bill for an unknown purchase order")

    class Measure(models.TextChoices):
        NONE = "", ""
        AUTHORIZED = "authorized", _("Authorized")
        CAPTURED = "captured", _("Captured")
        HELD = "held", _("Authorized, not captured")
        REFUNDED = "refunded", _("Refunded")
        DISPUTED = "disputed", _("Disputed")
        GOODS = "goods", _("Items")
        FREIGHT = "freight", _("Freight")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        GONE = "gone", _("Resolved automatically")
        SETTLED = "settled", _("Closed by staff")

    TRANSITIONS: ClassVar = {
        Status.OPEN: frozenset({Status.GONE, Status.SETTLED}),
        Status.GONE: frozenset({Status.OPEN}),
        # Staff accepted it. It opens again if it changes.
        Status.SETTLED: frozenset({Status.OPEN}),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    key = models.CharField(max_length=200, unique=True)
    part = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=Kind)
    what = models.CharField(max_length=12, choices=Measure, blank=True, default=Measure.NONE)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="differences"
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="differences"
    )
    purchase_order = models.ForeignKey(
        PurchaseOrder, models.PROTECT, null=True, blank=True, related_name="differences"
    )
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, null=True, blank=True, related_name="differences"
    )
    bill = models.ForeignKey(
        SupplierInvoice, models.PROTECT, null=True, blank=True, related_name="differences"
    )
    reference = models.CharField(max_length=120, blank=True)  # the other side's reference
    expected_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    found_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    found_currency = models.CharField(max_length=3)
    first_day = models.DateField()
    last_day = models.DateField()
    first_seen_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    status_since = models.DateTimeField()
    closed_by = models.CharField(max_length=100, blank=True)
    close_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="settled") | ~Q(closed_by="") & ~Q(close_reason=""),
                name="discrepancy_accepted_has_author_and_reason",
            ),
        ]
        indexes = [models.Index(fields=["status", "first_day"], name="discrepancy_by_status")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}".strip()

    @property
    def expected(self) -> Money | None:
        amount = self.expected_amount
        return None if amount is None else Money(amount, self.currency)

    @property
    def found(self) -> Money | None:
        amount = self.found_amount
        return None if amount is None else Money(amount, self.found_currency)

    @property
    def name(self) -> str:
        """Return what it is about as staff know it: purchase order, order, payment or reference."""
        about = self.purchase_order or self.order or self.payment
        return str(about) if about else self.reference


class DiscrepancyObservation(models.Model):
    """One discrepancy as one day's comparison found it. Append-only."""

    difference = models.ForeignKey(Discrepancy, models.PROTECT, related_name="observations")
    day = models.ForeignKey(ReconciliationRun, models.PROTECT, related_name="observations")
    expected_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    found_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    found_currency = models.CharField(max_length=3)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "difference",
                    "day",
                    "expected_amount",
                    "found_amount",
                    "currency",
                    "found_currency",
                ],
                nulls_distinct=False,
                name="observation_once_per_run",
            ),
        ]

    def __str__(self) -> str:
        return f"discrepancy {self.difference_id} on {self.day_id}"
