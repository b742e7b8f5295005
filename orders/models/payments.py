"""Payment models: store attempts to pay an order, their ledger, staff's refunds, and invoices."""

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.gateways.base import CaptureMode
from orders.models.order import Order
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, cascading_key, protected_key
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful


class Payment(Stateful):
    """One attempt to pay one order. Its amounts are sums of its events.

    Two status fields: where the money is, and whether the customer's bank disputes it.
    """

    class Status(models.TextChoices):
        CREATED = "created", _("Created")
        # the customer is on the gateway's page
        REQUIRES_ACTION = "requires_action", _("Requires customer action")
        AUTHORIZED = "authorized", _("Authorized")
        CAPTURED = "captured", _("Captured")  # nothing is left to capture
        REFUNDED = "refunded", _("Refunded")  # everything captured was refunded
        DECLINED = "declined", _("Declined")
        FAILED = "failed", _("Failed")
        VOIDED = "voided", _("Voided")
        EXPIRED = "expired", _("Expired")

    class Dispute(models.TextChoices):
        NONE = "none", _("No dispute")
        CHARGED_BACK = "charged_back", _("Charged back")
        WON = "won", _("Dispute won")
        LOST = "lost", _("Dispute lost")

    ENDED_UNPAID: ClassVar = frozenset(
        {Status.DECLINED, Status.FAILED, Status.EXPIRED, Status.VOIDED}
    )
    TRANSITIONS: ClassVar = {
        **dict.fromkeys(ENDED_UNPAID, frozenset()),
        Status.CREATED: ENDED_UNPAID | {Status.REQUIRES_ACTION, Status.AUTHORIZED},
        Status.REQUIRES_ACTION: ENDED_UNPAID | {Status.AUTHORIZED},
        Status.AUTHORIZED: frozenset({Status.CAPTURED, Status.VOIDED, Status.EXPIRED}),
        Status.CAPTURED: frozenset({Status.REFUNDED}),
        Status.REFUNDED: frozenset({Status.CAPTURED}),  # a refund failed
        Status.EXPIRED: frozenset({Status.CAPTURED}),  # captured in time, reported late
    }
    DISPUTES: ClassVar = {
        Dispute.NONE: frozenset({Dispute.CHARGED_BACK}),
        Dispute.CHARGED_BACK: frozenset({Dispute.WON, Dispute.LOST}),
        Dispute.WON: frozenset({Dispute.CHARGED_BACK}),  # another dispute
        Dispute.LOST: frozenset({Dispute.CHARGED_BACK}),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS, "dispute_status": DISPUTES}

    order = protected_key(Order, "payments", _("Order"))
    gateway = models.CharField(_("Gateway"), max_length=20)
    # our idempotency key at the gateway
    key = models.CharField(_("Payment reference"), max_length=60, unique=True)
    # the gateway's id
    reference = models.CharField(_("Gateway reference"), max_length=80, blank=True)
    pay_url = models.CharField(_("Payment page"), max_length=500, blank=True)
    currency = models.CharField(_("Currency"), max_length=3)
    amount = amount_field(_("Amount"))
    authorized_amount = amount_field(_("Authorized"), default=0)
    captured_amount = amount_field(_("Captured"), default=0)
    voided_amount = amount_field(_("Released"), default=0)
    refunded_amount = amount_field(_("Refunded"), default=0)
    status = models.CharField(_("Status"), max_length=16, choices=Status, default=Status.CREATED)
    status_since = models.DateTimeField(_("Since"))
    capture_before = models.DateTimeField(_("Capture before"), null=True, blank=True)
    capture_mode = models.CharField(
        _("Capture mode"),
        max_length=10,
        default=CaptureMode.MULTIPLE.value,
        choices=[
            (CaptureMode.MULTIPLE.value, _("Multiple captures")),
            (CaptureMode.SINGLE.value, _("Single capture")),
            (CaptureMode.AT_SALE.value, _("Captured at the sale")),
        ],
    )
    dispute_status = models.CharField(
        _("Dispute"), max_length=16, choices=Dispute, default=Dispute.NONE
    )
    dispute_status_since = models.DateTimeField(_("Disputed since"), null=True, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("Created"))
    # when the payment page was requested, if later than ``created_at``
    page_requested_at = models.DateTimeField(_("Payment page requested"), null=True, blank=True)
    # when the gateway was last read because the customer came back
    polled_at = models.DateTimeField(_("Last polled"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            unique(
                "payment_once_per_reference", ["gateway", "reference"], condition=~Q(reference="")
            ),
            unique(
                "payment_one_open_per_order",
                ["order"],
                condition=Q(status__in=["created", "requires_action", "authorized", "captured"]),
            ),
            check(
                "payment_not_captured_over_authorized",
                Q(authorized_amount__gte=F("captured_amount") + F("voided_amount")),
            ),
            check(
                "payment_not_refunded_over_captured", Q(captured_amount__gte=F("refunded_amount"))
            ),
        ]
        indexes = [
            models.Index(
                fields=["capture_before"],
                condition=Q(status="authorized"),
                name="payment_to_capture",
            ),
            models.Index(
                fields=["dispute_status_since"],
                condition=Q(dispute_status="charged_back"),
                name="payment_disputed",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def session_requested_since(self) -> datetime:
        """Return when we last requested the payment page from the gateway."""
        return self.page_requested_at or self.created_at

    @property
    def is_captured_at_sale(self) -> bool:
        return self.capture_mode == CaptureMode.AT_SALE

    @property
    def open_amount(self) -> Money:
        """Return what is authorized and neither captured nor voided."""
        left = self.authorized_amount - self.captured_amount - self.voided_amount
        return Money(left, self.currency)


class PaymentEvent(models.Model):
    """One entry of the payment ledger.

    Append-only; our requests and the gateway's reports are separate.

    ``external_id`` is the gateway's id of the operation or, for a request, our idempotency key.
    A request without ``outcome`` is pending; a trigger sets ``is_pending``.
    """

    class Kind(models.TextChoices):
        AUTHORIZED = "authorized", _("Authorized")
        DECLINED = "declined", _("Declined")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")
        CAPTURE_REQUESTED = "capture_requested", _("Capture requested")
        CAPTURED = "captured", _("Captured")
        # void a part that was only authorized
        VOID_REQUESTED = "void_requested", _("Release requested")
        VOIDED = "voided", _("Released")
        REFUND_REQUESTED = "refund_requested", _("Refund requested")
        REFUNDED = "refunded", _("Refunded")
        REFUND_FAILED = "refund_failed", _("Refund failed")  # the refund was reported, then failed
        DISPUTED = "disputed", _("Disputed")
        DISPUTE_WON = "dispute_won", _("Dispute won")
        DISPUTE_LOST = "dispute_lost", _("Dispute lost")
        FRAUD_WARNING = "fraud_warning", _("Fraud warning")
        UNDER_REVIEW = "under_review", _("In review at the gateway")
        REVIEW_APPROVED = "review_approved", _("Review approved")
        REVIEW_REJECTED = "review_rejected", _("Review rejected")
        REFUSED = "refused", _("Rejected")  # the gateway rejected a request: staff look

    payment = protected_key(Payment, "events", _("Payment"))
    gateway = models.CharField(_("Gateway"), max_length=20)
    external_id = models.CharField(_("Gateway reference"), max_length=120)
    kind = models.CharField(_("Type"), max_length=20, choices=Kind)
    amount = amount_field(_("Amount"), default=0)
    answers = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="outcome",
        verbose_name=_("In response to"),
    )
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    is_pending = models.BooleanField(_("Pending"), default=False, db_default=False, editable=False)
    occurred_at = models.DateTimeField(_("When"))
    received_at = models.DateTimeField(_("Received"))

    class Meta:
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        constraints = [
            unique("payment_event_once", ["gateway", "external_id"]),
            check("payment_event_amount_not_negative", Q(amount__gte=0)),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="payment_event_by_time"),
            models.Index(
                fields=["kind", "payment"],
                condition=Q(kind__in=["refused", "refund_failed"]),
                name="payment_event_failed",
            ),
            models.Index(fields=["payment"], condition=Q(is_pending=True), name="payment_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} of {self.payment_id}"


class InvoiceKind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class InvoiceSeries(models.Model):
    """The last number of one series: a prefix and a year."""

    prefix = models.CharField(_("Prefix"), max_length=6)
    year = models.PositiveSmallIntegerField(_("Year"))
    last_number = models.PositiveIntegerField(_("Last number"), default=0)

    class Meta:
        verbose_name = _("invoice number series")
        verbose_name_plural = _("invoice number series")
        constraints = [unique("invoice_series_once", ["prefix", "year"])]

    def __str__(self) -> str:
        return f"{self.prefix} {self.year}"


class CustomerInvoice(models.Model):
    """An invoice to a customer, or a credit note that corrects one, as issued. Append-only.

    ``content`` is a snapshot of all that the document shows (``customer_invoices.snapshot``).
    Amounts are positive on both kinds. ``file`` is the PDF in private storage; empty until a
    worker has written it.
    """

    kind = models.CharField(_("Type"), max_length=12, choices=InvoiceKind)
    order = protected_key(Order, "customer_invoices", _("Order"))
    series = protected_key(InvoiceSeries, "customer_invoices", _("Number series"), db_index=False)
    sequence = models.PositiveIntegerField(_("Number in series"))
    number = models.CharField(_("Number"), max_length=30, unique=True)
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_notes",
        verbose_name=_("Corrects invoice"),
    )
    # the refund or release of money for which a credit note was issued
    payment_event = models.OneToOneField(
        PaymentEvent,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_note",
        verbose_name=_("Payment event"),
    )
    country = models.CharField(_("Delivery country"), max_length=2)
    locale = models.CharField(_("Language"), max_length=5)
    currency = models.CharField(_("Currency"), max_length=3)
    net_amount = amount_field(_("Net"))
    tax_amount = amount_field(_("Tax"))
    gross_amount = amount_field(_("Total"))
    content = models.JSONField(_("Content"))
    file = models.CharField(_("File"), max_length=100, blank=True)
    issued_at = models.DateTimeField(_("Issued"))

    class Meta:
        verbose_name = _("customer invoice")
        verbose_name_plural = _("customer invoices")
        permissions = [("export_customerinvoice", "Can export customer invoices")]
        constraints = [
            unique("customer_invoice_once_per_order", ["order"], condition=Q(kind="invoice")),
            unique("customer_invoice_once_per_number", ["series", "sequence"]),
            check(
                "customer_invoice_credit_note_has_cause",
                Q(kind="invoice", corrects=None, payment_event=None)
                | Q(kind="credit_note", corrects__isnull=False, payment_event__isnull=False),
            ),
            check("customer_invoice_adds_up", Q(gross_amount=F("net_amount") + F("tax_amount"))),
            check("customer_invoice_has_amount", Q(gross_amount__gt=0)),
        ]
        indexes = [
            models.Index(fields=["issued_at"], name="customer_invoice_by_issue"),
            models.Index(fields=["id"], condition=Q(file=""), name="customer_invoice_unpublished"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Money:
        return Money(self.gross_amount, self.currency)


class RefundLimit(models.Model):
    """What one member of a staff group may refund of one order without approval."""

    group = cascading_key(
        Group,
        "refund_limits",
        _("Staff group"),
        db_index=False,
        help_text=_("Of a member of several groups, the highest limit counts."),
    )
    amount = amount_field(
        _("Limit per order"),
        help_text=_("Refunds above it wait until another staff member approves them."),
    )
    currency = models.CharField(
        _("Currency"),
        max_length=3,
        help_text=_("In other currencies, each refund of this group needs approval."),
    )

    class Meta:
        verbose_name = _("refund limit")
        verbose_name_plural = _("refund limits")
        constraints = [
            unique("refund_limit_once_per_currency", ["group", "currency"]),
            check("refund_limit_not_negative", Q(amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {Money(self.amount, self.currency)}"


class RefundRequest(Stateful):
    """A refund that a staff member entered; above their limit another one approves it.

    ``units`` maps order line ids to refunded units; empty: a refund by amount only. ``decided_by``
    is empty if no approval was needed. ``key`` names one submitted form.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Awaiting approval")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    TRANSITIONS: ClassVar = {
        Status.WAITING: frozenset({Status.APPROVED, Status.REJECTED}),
        Status.APPROVED: frozenset(),
        Status.REJECTED: frozenset(),
    }

    order = protected_key(Order, "refund_requests", _("Order"), db_index=False)  # has one
    key = models.CharField(_("Form key"), max_length=40, editable=False)
    units = models.JSONField(_("Items"), default=dict, blank=True)
    amount = amount_field(_("Amount"))
    currency = models.CharField(_("Currency"), max_length=3)
    reason = models.CharField(_("Reason"), max_length=200)
    requested_by = models.CharField(_("Requested by"), max_length=100)
    requested_at = models.DateTimeField(_("Requested"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.WAITING)
    status_since = models.DateTimeField(_("Since"))
    decided_by = models.CharField(_("Decided by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("refund request")
        verbose_name_plural = _("refund requests")
        constraints = [
            unique("refund_request_once_per_form", ["order", "key"]),
            check("refund_request_has_amount", Q(amount__gt=0)),
            check("refund_request_decided_by_another", ~Q(decided_by=F("requested_by"))),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"],
                condition=Q(status="waiting"),
                name="refund_request_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order}: {self.value}"

    @property
    def value(self) -> Money:
        return Money(self.amount, self.currency)
