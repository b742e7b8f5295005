"""Accounting models: store supplier invoices, their payments, reconciliation, discrepancies."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order
from orders.models.payments import Payment
from orders.models.purchasing import PurchaseOrder
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import StoredGeneratedField, amount_field, protected_key
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful
from suppliers.models import Supplier


class SupplierInvoice(models.Model):
    """One invoice of one supplier. Its amounts never change: a wrong invoice is withdrawn.

    ``number`` is our purchase order number on it, ``reference`` the supplier's invoice number.
    ``freight_amount`` is None if not stated. ``entered_by`` is empty if it came from the API.
    ``match`` is the result of the last three-way match. ``due_on`` None: nothing is due, as the
    supplier took the money with the order. ``paid_amount`` sums the payments; more than the total
    is possible only if the supplier lowered its charge later.
    """

    class Match(models.TextChoices):
        NEW = "new", _("Not matched yet")
        WAITS = "waits", _("Awaiting shipment")
        MATCHED = "matched", _("Matches order and shipment")
        DIFFERS = "differs", _("Mismatch")
        SETTLED = "settled", _("Mismatch, closed by staff")
        UNKNOWN = "unknown", _("No matching purchase order")

    supplier = protected_key(
        Supplier,
        "supplier_invoices",
        _("Supplier"),
        help_text=_("The supplier that sent the invoice."),
    )
    purchase_order = protected_key(
        PurchaseOrder, "supplier_invoices", _("Purchase order"), null=True
    )
    number = models.CharField(
        _("Purchase order number"),
        max_length=60,
        blank=True,
        help_text=_(
            "As printed on the invoice. An invoice for an unknown purchase order is listed "
            "as a discrepancy."
        ),
    )
    reference = models.CharField(
        _("Invoice number"),
        max_length=60,
        help_text=_("As printed on the invoice. Each number can be entered once."),
    )
    currency = models.CharField(
        _("Currency"), max_length=3, help_text=_("Use a three-letter code, for example EUR.")
    )
    subtotal_amount = amount_field(
        _("Subtotal"), help_text=_("Amount for the items, without freight.")
    )
    freight_amount = amount_field(
        _("Freight"),
        null=True,
        help_text=_("Leave empty if the invoice does not show freight separately."),
    )
    invoiced_at = models.DateTimeField(
        _("Invoice date, UTC"),
        null=True,
        blank=True,
        help_text=_("Invoice date. Leave empty if unknown."),
    )
    due_on = models.DateField(
        _("Due date"),
        null=True,
        blank=True,
        help_text=_(
            "As printed on the invoice. Leave empty to apply the supplier's payment terms."
        ),
    )
    paid_amount = amount_field(_("Paid"), default=0, db_default=0)
    open_amount = StoredGeneratedField(
        expression=F("subtotal_amount") + Coalesce(F("freight_amount"), 0) - F("paid_amount"),
        output_field=models.DecimalField(max_digits=12, decimal_places=2),
        verbose_name=_("Amount due"),
    )
    entered_by = models.CharField(_("Entered by"), max_length=100, blank=True)
    received_at = models.DateTimeField(_("Received"))
    withdrawn_at = models.DateTimeField(_("Withdrawn"), null=True, blank=True)
    match = models.CharField(
        _("Match"), max_length=8, choices=Match, default=Match.NEW, db_default=Match.NEW.value
    )

    class Meta:
        verbose_name = _("supplier invoice")
        verbose_name_plural = _("supplier invoices")
        constraints = [
            unique(
                "invoice_reference_once",
                ["supplier", "reference"],
                condition=Q(withdrawn_at__isnull=True),
            ),
            check(
                "invoice_amounts_not_negative",
                Q(subtotal_amount__gte=0)
                & (Q(freight_amount__isnull=True) | Q(freight_amount__gte=0)),
            ),
            check("invoice_paid_amount_not_negative", Q(paid_amount__gte=0)),
        ]
        indexes = [
            models.Index(
                fields=["due_on"],
                condition=Q(withdrawn_at=None, open_amount__gt=0),
                name="supplier_invoice_unpaid",
            ),
            models.Index(
                fields=["received_at"],
                condition=Q(paid_amount__gt=0)
                & (Q(withdrawn_at__isnull=False) | Q(open_amount__lt=0)),
                name="supplier_invoice_overpaid",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def total(self) -> Money:
        freight = self.freight_amount or 0
        return Money(self.subtotal_amount + freight, self.currency)

    @property
    def open(self) -> Money:
        return self.total - Money(self.paid_amount, self.currency)


class SupplierPayment(models.Model):
    """A payment of a supplier invoice that staff recorded, in the currency of the invoice.

    It never changes; a wrong one is voided, and no longer counts. ``key`` names one submitted form.
    A negative amount settles an overpayment: the supplier paid it back, or it became the
    ``credit`` that paid another invoice.
    """

    # Indexed with the key.
    invoice = protected_key(SupplierInvoice, "payments", _("Supplier invoice"), db_index=False)
    key = models.CharField(_("Form key"), max_length=40, editable=False)
    amount = amount_field(_("Amount"))
    paid_on = models.DateField(_("Paid on"))
    reference = models.CharField(_("Reference"), max_length=80)
    credit = models.OneToOneField(
        "self", models.PROTECT, related_name="use", verbose_name=_("Paid by credit"), null=True
    )
    recorded_by = models.CharField(_("Recorded by"), max_length=100)
    recorded_at = models.DateTimeField(_("Recorded"))
    voided_at = models.DateTimeField(_("Voided"), null=True, blank=True)
    voided_by = models.CharField(_("Voided by"), max_length=100, blank=True)
    void_reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("supplier payment")
        verbose_name_plural = _("supplier payments")
        constraints = [
            unique("supplier_payment_once_per_form", ["invoice", "key"]),
            check("supplier_payment_has_amount", ~Q(amount=0)),
            check("supplier_payment_credit_pays", Q(credit=None) | Q(amount__gt=0)),
            check(
                "supplier_payment_void_has_author_and_reason",
                Q(voided_at=None, voided_by="", void_reason="")
                | Q(voided_at__isnull=False) & ~Q(voided_by="") & ~Q(void_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{Money(self.amount, self.invoice.currency)}, {self.reference}"


# Reconciliation


class ReconciliationRun(Stateful):
    """One day of the shop, reconciled once all gateways and suppliers have answered."""

    class Status(models.TextChoices):
        OPEN = "open", _("Not reconciled")
        RUNNING = "running", _("Reconciling")
        RECONCILED = "reconciled", _("Reconciled")
        CLOSED = "closed", _("Closed without reconciliation")

    TRANSITIONS: ClassVar = {
        Status.OPEN: frozenset({Status.RUNNING, Status.CLOSED}),
        Status.RUNNING: frozenset({Status.OPEN, Status.RECONCILED}),
        Status.RECONCILED: frozenset({Status.RUNNING}),  # compared again
        Status.CLOSED: frozenset({Status.RUNNING}),
    }

    day = models.DateField(_("Day"), unique=True)
    starts_at = models.DateTimeField(_("Starts"))
    ends_at = models.DateTimeField(_("Ends"))
    status = models.CharField(_("Status"), max_length=12, choices=Status, default=Status.OPEN)
    status_since = models.DateTimeField(_("Since"))
    attempts = models.PositiveIntegerField(_("Attempts"), default=0)
    # the counterparties that did not answer, with the error
    problem = models.CharField(_("Problem"), max_length=500, blank=True)
    counts = models.JSONField(_("Compared"), default=dict, blank=True)  # what was compared
    reconciled_at = models.DateTimeField(_("Reconciled"), null=True, blank=True)

    class Meta:
        verbose_name = _("daily reconciliation")
        verbose_name_plural = _("daily reconciliations")
        constraints = [
            check(
                "reconciliation_run_has_reconciled_at",
                ~Q(status="reconciled") | Q(reconciled_at__isnull=False, problem=""),
            ),
            check("reconciliation_run_ends_after_start", Q(ends_at__gt=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return self.day.isoformat()


class Discrepancy(Stateful):
    """One discrepancy. ``key`` is the same whenever it is found again.

    ``expected_amount`` is the amount in our books, ``found_amount`` that of the other side; None
    if that side has no amount. ``part`` names the counterparty: only a comparison with it can clear
    the discrepancy.
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
        SUPPLIER_OVERCHARGED = "supplier_overcharged", _("Supplier overcharged")
        SUPPLIER_UNDERCHARGED = "supplier_undercharged", _("Supplier undercharged")
        SUPPLIER_NOT_CHARGED = "supplier_not_charged", _("Supplier did not charge")
        SUPPLIER_CHARGED_TWICE = "supplier_charged_twice", _("Supplier charged twice")
        SUPPLIER_CURRENCY = ("supplier_currency", _("Supplier charged in a different currency"))
        INVOICED_UNSHIPPED = "invoiced_unshipped", _("Invoiced, not shipped")
        SHIPPED_UNINVOICED = "shipped_uninvoiced", _("Shipped, not invoiced")
        UNKNOWN_PURCHASE_ORDER = (
            "unknown_purchase_order",
            _("Invoice for an unknown purchase order"),
        )

    class Measure(models.TextChoices):
        NONE = "", ""
        AUTHORIZED = "authorized", _("Authorized")
        CAPTURED = "captured", _("Captured")
        HELD = "held", _("Authorized, not captured")
        REFUNDED = "refunded", _("Refunded")
        DISPUTED = "disputed", _("Disputed")
        SUBTOTAL = "subtotal", _("Subtotal")
        FREIGHT = "freight", _("Freight")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        GONE = "gone", _("Resolved automatically")
        SETTLED = "settled", _("Closed by staff")

    TRANSITIONS: ClassVar = {
        Status.OPEN: frozenset({Status.GONE, Status.SETTLED}),
        Status.GONE: frozenset({Status.OPEN}),
        # It opens again if its amounts change.
        Status.SETTLED: frozenset({Status.OPEN}),
    }

    key = models.CharField(_("Key"), max_length=200, unique=True)
    part = models.CharField(_("Compared with"), max_length=60)
    kind = models.CharField(_("Discrepancy type"), max_length=24, choices=Kind)
    what = models.CharField(
        _("Record"), max_length=12, choices=Measure, blank=True, default=Measure.NONE
    )
    order = protected_key(Order, "differences", _("Order"), null=True)
    payment = protected_key(Payment, "differences", _("Payment"), null=True)
    purchase_order = protected_key(PurchaseOrder, "differences", _("Purchase order"), null=True)
    supplier = protected_key(Supplier, "differences", _("Supplier"), null=True)
    supplier_invoice = protected_key(
        SupplierInvoice, "differences", _("Supplier invoice"), null=True
    )
    # the other side's reference
    reference = models.CharField(_("External reference"), max_length=120, blank=True)
    expected_amount = amount_field(_("Expected"), null=True)
    found_amount = amount_field(_("Found"), null=True)
    currency = models.CharField(_("Currency"), max_length=3)
    found_currency = models.CharField(_("Found currency"), max_length=3)
    first_day = models.DateField(_("First day"))
    last_day = models.DateField(_("Last day"))
    first_seen_at = models.DateTimeField(_("First seen"))
    status = models.CharField(_("Status"), max_length=8, choices=Status, default=Status.OPEN)
    status_since = models.DateTimeField(_("Since"))
    closed_by = models.CharField(_("Closed by"), max_length=100, blank=True)
    close_reason = models.CharField(_("Reason for closing"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("payment discrepancy")
        verbose_name_plural = _("payment discrepancies")
        constraints = [
            check(
                "discrepancy_accepted_has_author_and_reason",
                ~Q(status="settled") | ~Q(closed_by="") & ~Q(close_reason=""),
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
        """Return the purchase order, order or payment that differs, else the reference."""
        about = self.purchase_order or self.order or self.payment
        return str(about) if about else self.reference


class DiscrepancyObservation(models.Model):
    """One discrepancy as one day's comparison found it. Append-only."""

    difference = protected_key(Discrepancy, "observations", _("Discrepancy"), db_index=False)
    day = protected_key(ReconciliationRun, "observations", _("Day"))
    expected_amount = amount_field(_("Expected"), null=True)
    found_amount = amount_field(_("Found"), null=True)
    currency = models.CharField(_("Currency"), max_length=3)
    found_currency = models.CharField(_("Found currency"), max_length=3)
    seen_at = models.DateTimeField(_("Last seen"))

    class Meta:
        verbose_name = _("discrepancy occurrence")
        verbose_name_plural = _("discrepancy occurrences")
        constraints = [
            unique(
                "observation_once_per_run",
                [
                    "difference",
                    "day",
                    "expected_amount",
                    "found_amount",
                    "currency",
                    "found_currency",
                ],
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"discrepancy {self.difference_id} on {self.day_id}"
