"""Offer models: store supplier products, offers, cost changes and variants to publish."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, When
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from storefront.lib.db.fields import StoredField
from suppliers.models.supplier import Supplier


class SupplierProduct(models.Model):
    """One product in a supplier's list, and the words of his that we last took in.

    ``list_digest`` and ``cost_digest`` are of its row in the list, ``detail_digest`` of its
    page: a product none of whose digests changed is not read again, and writes nothing.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        REFUSED = "refused", _("Refused")  # its page cannot be taken; a FeedIssue says why
        GONE = "gone", _("No longer listed")

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="products")
    ref = models.CharField(max_length=60)
    list_digest = models.CharField(max_length=32)
    cost_digest = models.CharField(max_length=32)
    detail_digest = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "ref"], name="supplier_product_once_per_ref"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "refused", "gone"]),
                name="supplier_product_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier}:{self.ref}"


class SupplierOfferQuerySet(models.QuerySet["SupplierOffer"]):
    """Questions about offers."""

    def live(self) -> SupplierOfferQuerySet:
        """Keep what is matched, priced, on sale, and from a supplier we buy from."""
        return self.filter(
            status="active",
            variant__isnull=False,
            cost_amount__gt=0,
            missing_evidence="",
            supplier__status="active",
        )

    def with_cost_known_at(self) -> SupplierOfferQuerySet:
        """Add ``cost_known_at``: the last moment at which the supplier confirmed the cost."""
        return self.annotate(cost_known_at=cost_known_at())


def cost_known_at(offer: str = "") -> Case:
    """Say when a cost was confirmed last; ``offer`` is the path to it, such as ``offer__``."""
    told = f"{offer}cost_as_of"
    confirmed = Greatest(told, Coalesce(f"{offer}supplier__costs_as_of", told))
    silent = When(**{f"{offer}is_cost_silent": True}, then=told)
    return Case(silent, default=confirmed, output_field=models.DateTimeField())


class SupplierOffer(models.Model):
    """One supplier's SKU: its cost, and the variant of ours that it is.

    ``supplier_product`` is the ``ref`` of its SupplierProduct. ``seen_at`` is when we last took in
    something new, ``cost_as_of`` when the cost was told by itself. A cost is confirmed by
    ``Supplier.costs_as_of``, unless it ``is_cost_silent``: the supplier's last answer left it out.
    ``map_amount`` and ``msrp_amount`` are in the offer's currency, as the supplier states them.
    ``restock_on`` is the day on which the supplier expects it back in stock; it may be past.
    ``missing_evidence`` names the criteria whose valid proof it needs and lacks
    (``compliance.certificates``): while any is missing, it is not sold, whatever its data say.
    ``locked_fields`` are those that staff set by hand: no feed changes them (``offers.overrides``).
    If ``LINK`` is locked and there is no variant, the product job makes a product of the offer. If
    ``status`` is locked too, the job ignores the offer.
    ``disputed_variant`` is the variant that the offer matches but its GTIN contradicts.
    ``run`` is the last run whose product page changed the offer.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        HELD = "held", _("Kept off sale")  # its data cannot be believed; a FeedIssue says why
        GONE = "gone", _("No longer listed")

    LINK: ClassVar = "variant"

    supplier = models.ForeignKey(
        Supplier, models.PROTECT, related_name="offers", db_index=False
    )  # the constraint's index does
    supplier_sku = models.CharField(max_length=60)
    supplier_product = models.CharField(max_length=60)
    variant = models.ForeignKey(
        Variant, models.PROTECT, null=True, blank=True, related_name="offers"
    )
    disputed_variant = models.ForeignKey(
        Variant, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    title = models.CharField(max_length=200, blank=True)
    cost_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    minimum_quantity = models.PositiveIntegerField(default=1)
    pack_size = models.PositiveIntegerField(default=1)  # he sells only multiples of it
    lead_days = models.PositiveSmallIntegerField(null=True, blank=True)  # None: as the supplier's
    map_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    msrp_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    restock_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    missing_evidence = models.CharField(max_length=120, blank=True)
    seen_at = models.DateTimeField()
    cost_as_of = models.DateTimeField(null=True, blank=True)
    locked_fields = models.JSONField(  # a human wrote these
        default=list, db_default=models.Value([], models.JSONField()), blank=True
    )
    run = models.ForeignKey(
        "suppliers.FeedRun",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nobody asks for what a run told, and it would be written at each change
    )
    is_cost_silent = models.BooleanField(db_default=False)
    # What an index may ask of a cost without being written whenever the cost changes.
    has_cost = StoredField(
        expression=ExpressionWrapper(
            Q(cost_amount__isnull=False), output_field=models.BooleanField()
        ),
        output_field=models.BooleanField(),
    )

    objects = SupplierOfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "supplier_sku"], name="offer_once_per_supplier_sku"
            ),
            models.CheckConstraint(
                condition=Q(cost_amount__isnull=True) | Q(cost_amount__gt=0),
                name="offer_cost_positive",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "held", "gone"]), name="offer_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(variant__isnull=True) | Q(disputed_variant__isnull=True),
                name="offer_disputed_is_not_linked",
            ),
            models.CheckConstraint(
                condition=Q(minimum_quantity__gte=1, pack_size__gte=1),
                name="offer_is_sold_in_units",
            ),
            models.CheckConstraint(
                condition=(Q(map_amount__isnull=True) | Q(map_amount__gt=0))
                & (Q(msrp_amount__isnull=True) | Q(msrp_amount__gt=0)),
                name="offer_map_and_msrp_positive",
            ),
            models.CheckConstraint(
                condition=Q(restock_on__isnull=True)
                | Q(restock_on__gte=date(2000, 1, 1), restock_on__lt=date(2100, 1, 1)),
                name="offer_restock_on_is_possible",
            ),
        ]
        indexes = [
            models.Index(fields=["supplier", "supplier_product"], name="offer_by_product"),
            models.Index(fields=["supplier", "cost_as_of"], name="offer_by_age_of_cost"),
            models.Index(
                fields=["variant"],
                condition=~Q(status="active") | ~Q(missing_evidence="") | Q(has_cost=False),
                name="offer_not_sold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier}:{self.supplier_sku}"

    @property
    def lacks(self) -> tuple[str, ...]:
        """The criteria that it needs, and that nothing valid proves."""
        return tuple(self.missing_evidence.split(", ")) if self.missing_evidence else ()


class CostChange(models.Model):
    """A wholesale cost that changed. Append-only.

    ``cause`` names what changed it: ``run:17``, ``rollback:17``, ``staff:…``. With ``was_held``
    the offer came back on sale by it. ``old_known_at`` is when the old cost was confirmed last.
    """

    offer = models.ForeignKey(SupplierOffer, models.CASCADE, related_name="cost_changes")
    run = models.ForeignKey(
        "suppliers.FeedRun", models.PROTECT, null=True, blank=True, related_name="cost_changes"
    )
    cause = models.CharField(max_length=60, db_default="")
    old_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    new_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    was_held = models.BooleanField(default=False, db_default=False)
    old_known_at = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["at"],
                condition=Q(new_amount__gt=F("old_amount")),
                name="cost_rises_by_age",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id}: {self.old_amount} -> {self.new_amount}"


class UnpublishedSupply(models.Model):
    """A variant whose cost or stock changed, and whose listings do not show it yet.

    Written with the change itself, deleted after the listings were refreshed: a worker that
    is killed between the two leaves the row, and the sweep finds it. Several rows of one
    variant are no mistake: news that comes while we publish must not be swallowed.
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.variant_id)
