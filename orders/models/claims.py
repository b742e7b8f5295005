"""Claim models: store claims against suppliers, their lines and the credit."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.models.purchasing import PurchaseLine, PurchaseOrder
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, protected_key
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful


class SupplierClaim(Stateful):
    """One claim about lines of one purchase order. Nothing is sent back.

    ``number`` is our reference at the supplier and is stored before any call. If the answer is
    lost, the state is ``submit_unknown``: the claim is looked up before anything is sent again.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTING = "submitting", _("Submitting")
        # the supplier certainly does not have it: may be resubmitted
        SUBMIT_FAILED = "submit_failed", _("Submission failed")
        SUBMIT_UNKNOWN = "submit_unknown", _("Submission unconfirmed")
        ON_HOLD = "on_hold", _("On hold")  # the supplier rejects the format: staff look
        REQUESTED = "requested", _("Awaiting supplier")
        CREDITED = "credited", _("Credited")
        RESENT = "resent", _("Replacement sent")
        DENIED = "denied", _("Denied")
        CANCELED = "canceled", _("Canceled")

    class Remedy(models.TextChoices):
        REFUND = "refund", _("Refund")
        RESEND = "resend", _("Replacement")

    class ClaimReason(models.TextChoices):
        NOT_RECEIVED = "not_received", _("Not received")
        DAMAGED = "damaged", _("Damaged")
        WRONG_ITEM = "wrong_item", _("Wrong item")
        MISSING_ITEM = "missing_item", _("Parts missing")
        NOT_AS_DESCRIBED = "not_as_described", _("Not as described")
        OTHER = "other", _("Other")

    SETTLED: ClassVar = frozenset({Status.CREDITED, Status.RESENT, Status.DENIED, Status.CANCELED})
    KNOWN_TO_SUPPLIER: ClassVar = SETTLED | {Status.REQUESTED}
    TRANSITIONS: ClassVar = {
        Status.DRAFT: KNOWN_TO_SUPPLIER | {Status.SUBMITTING},
        Status.SUBMITTING: KNOWN_TO_SUPPLIER
        | {Status.SUBMIT_FAILED, Status.SUBMIT_UNKNOWN, Status.ON_HOLD},
        Status.SUBMIT_FAILED: KNOWN_TO_SUPPLIER | {Status.SUBMITTING, Status.DRAFT},
        Status.SUBMIT_UNKNOWN: KNOWN_TO_SUPPLIER | {Status.SUBMIT_FAILED},
        Status.ON_HOLD: KNOWN_TO_SUPPLIER | {Status.DRAFT},
        Status.REQUESTED: SETTLED,
        **dict.fromkeys(SETTLED, frozenset()),
    }

    purchase_order = protected_key(PurchaseOrder, "claims", _("Purchase order"))
    number = models.CharField(_("Number"), max_length=30, unique=True)
    # the supplier's reference
    supplier_claim_reference = models.CharField(
        _("Supplier claim number"), max_length=60, blank=True
    )
    remedy = models.CharField(_("Requested resolution"), max_length=10, choices=Remedy)
    claim_reason = models.CharField(_("Issue"), max_length=20, choices=ClaimReason)
    message = models.CharField(_("Message"), max_length=500)
    picture_urls = models.JSONField(_("Picture links"), default=list, blank=True)
    currency = models.CharField(_("Currency"), max_length=3)
    expected_amount = amount_field(_("Amount claimed"))
    # Freight in the amount claimed, and the freight cost known when the claim was opened.
    freight_amount = amount_field(_("Freight"), default=0)
    freight_paid_amount = amount_field(_("Freight paid"), default=0)
    credited_amount = amount_field(_("Amount credited"), null=True)
    is_manual = models.BooleanField(_("Sent manually"), default=False)  # staff submit it, no API
    opened_by = models.CharField(_("Opened by"), max_length=100)
    # who recorded the answer
    recorded_by = models.CharField(_("Response recorded by"), max_length=100, blank=True)
    status = models.CharField(_("Status"), max_length=20, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField(_("Since"))
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    # Failed attempts that are retried, not counting calls that our circuit breaker blocked.
    failures = models.PositiveSmallIntegerField(_("Failed attempts"), default=0, db_default=0)
    retry_at = models.DateTimeField(_("Retry after"), null=True, blank=True)
    opened_at = models.DateTimeField(_("Opened"))
    polled_at = models.DateTimeField(_("Last polled"), null=True, blank=True)

    class Meta:
        verbose_name = _("supplier claim")
        verbose_name_plural = _("supplier claims")
        constraints = [
            check("claim_amount_not_negative", Q(expected_amount__gte=0)),
            check(
                "claim_credit_within_claimed",
                Q(credited_amount__isnull=True)
                | Q(credited_amount__gte=0)
                & (~Q(recorded_by="") | Q(credited_amount__lte=F("expected_amount"))),
            ),
            check(
                "claim_credited_has_amount",
                Q(status="credited", credited_amount__isnull=False)
                | ~Q(status="credited") & Q(credited_amount__isnull=True),
            ),
            check(
                "claim_freight_within_paid",
                Q(freight_amount__gte=0, freight_amount__lte=F("freight_paid_amount"))
                & Q(freight_amount__lte=F("expected_amount")),
            ),
            unique(
                "claim_freight_once",
                ["purchase_order"],
                condition=Q(freight_amount__gt=0) & ~Q(status__in=["denied", "canceled"]),
            ),
        ]
        indexes = [models.Index(fields=["status", "retry_at"], name="claim_by_status")]

    def __str__(self) -> str:
        return self.number

    @property
    def freight(self) -> Money:
        return Money(self.freight_amount, self.currency)

    @property
    def expected(self) -> Money:
        return Money(self.expected_amount, self.currency)


class ClaimLineQuerySet(models.QuerySet["SupplierClaimLine"]):
    def effective(self) -> Self:
        """Keep the lines of claims that were neither denied nor canceled."""
        return self.exclude(
            claim__status__in=[SupplierClaim.Status.DENIED, SupplierClaim.Status.CANCELED]
        )


class SupplierClaimLine(models.Model):
    """Units of one purchase line in a claim. ``ordered_quantity`` is that of the purchase line."""

    claim = protected_key(SupplierClaim, "lines", _("Claim"), db_index=False)
    purchase_line = protected_key(PurchaseLine, "claim_lines", _("Purchase order line"))
    quantity = models.PositiveSmallIntegerField(_("Quantity"))
    ordered_quantity = models.PositiveSmallIntegerField(_("Ordered"))
    # cost per unit
    unit_amount = amount_field(_("Unit price"))

    objects = ClaimLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim line")
        verbose_name_plural = _("claim lines")
        constraints = [
            unique("claim_line_once", ["claim", "purchase_line"]),
            check(
                "claim_line_within_ordered", Q(quantity__gte=1, quantity__lte=F("ordered_quantity"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of purchase line {self.purchase_line_id}"
