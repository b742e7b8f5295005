"""Compliance models: store the evidence for each criterion that a supplier must meet."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Brand, Product
from storefront.lib.state_machine import Stateful
from suppliers.models.supplier import Supplier

WARN_BEFORE = timedelta(days=30)


class Criterion(models.TextChoices):
    """What a supplier is judged by."""

    STEADY_STOCK = "steady_stock", _("Steady stock")
    SHIPPING = "shipping", _("Shipping speed and number of warehouses")
    RETURNS = "returns", _("Returns and warranty policy")
    MARGIN = "margin", _("Margin")
    ISO_9001 = "iso_9001", _("ISO 9001")
    IP67 = "ip67", _("IP67 test report")
    UN_38_3 = "un_38_3", _("UN 38.3 test report (lithium cells)")
    CE = "ce", _("CE declaration")
    ROHS = "rohs", _("RoHS declaration")
    CAPACITY = "capacity", _("Capacity")
    RESPONSE_TIME = "response_time", _("Response time")
    LANGUAGES = "languages", _("Languages")


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Questions about evidence."""

    def verified(self) -> EvidenceQuerySet:
        return self.filter(status="verified")

    def valid(self, day: date) -> EvidenceQuerySet:
        """Keep what somebody verified and what counts on this day, its last one included."""
        begun = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
        lasts = Q(valid_until__isnull=True) | Q(valid_until__gte=day)
        return self.verified().filter(begun, lasts)

    def to_warn_of(self, now: datetime) -> EvidenceQuerySet:
        """Keep what ends within 30 days, and of which nobody was warned."""
        soon = (now + WARN_BEFORE).date()
        return self.verified().filter(valid_until__lte=soon, warned_at__isnull=True)


class Evidence(Stateful):
    """One proof of one criterion. Without a brand or product it speaks for all his goods.

    ``file`` is a name that we made, in the private storage; it is never shown by a URL.
    """

    class Kind(models.TextChoices):
        CERTIFICATE = "certificate", _("Certificate")
        TEST_REPORT = "test_report", _("Test report")
        DECLARATION = "declaration", _("Declaration of conformity")
        POLICY = "policy", _("Policy or contract")
        STATEMENT = "statement", _("The supplier's own words")
        OBSERVATION = "observation", _("What we saw ourselves")

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("Handed in")  # waits for somebody to look at it
        VERIFIED = "verified", _("Verified")
        REJECTED = "rejected", _("Rejected")

    TRANSITIONS: ClassVar = {
        Status.SUBMITTED: frozenset({Status.VERIFIED, Status.REJECTED}),
        Status.VERIFIED: frozenset({Status.REJECTED}),  # it turned out to be wrong
        Status.REJECTED: frozenset(),
    }
    AXES: ClassVar = {"status": TRANSITIONS}

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="evidence")
    criterion = models.CharField(max_length=15, choices=Criterion)
    kind = models.CharField(max_length=12, choices=Kind)
    brand = models.ForeignKey(Brand, models.PROTECT, null=True, blank=True, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+")
    issuer = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)  # this day still counts
    file = models.CharField(max_length=60, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.SUBMITTED)
    status_since = models.DateTimeField()
    submitted_by = models.CharField(max_length=100)
    verified_by = models.CharField(max_length=100, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)  # staff know that it ends soon

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "evidence"
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="verified")
                | (~Q(verified_by="") & Q(verified_at__isnull=False)),
                name="evidence_verified_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["submitted", "verified", "rejected"]),
                name="evidence_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(brand__isnull=True) | Q(product__isnull=True),
                name="evidence_is_of_one_brand_or_product",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_from__lte=F("valid_until")),
                name="evidence_begins_before_it_ends",
            ),
            models.CheckConstraint(
                condition=~Q(kind="certificate") | Q(valid_until__isnull=False),
                name="evidence_certificate_ends",
            ),
            models.CheckConstraint(
                condition=Q(file="") | ~Q(file_sha256=""), name="evidence_file_has_its_hash"
            ),
        ]
        indexes = [models.Index(fields=["supplier", "criterion"], name="evidence_by_criterion")]

    def __str__(self) -> str:
        return f"{self.criterion} of {self.supplier}: {self.kind}"
