"""Offer models: store supplier products, offers, cost changes and variants to publish."""

from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, When
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from storefront.lib.db.fields import (
    StoredGeneratedField,
    amount_field,
    cascading_key,
    protected_key,
)
from storefront.lib.db.indexed_search import IdSearch, equal_to
from suppliers.models.supplier import Supplier


class SupplierProduct(models.Model):
    """One product in a supplier's list, with digests of what was imported last.

    ``list_digest`` and ``cost_digest`` are of its list row, ``detail_digest`` of its product
    page. A product whose digests are unchanged is neither fetched again nor written.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        REFUSED = "refused", _("Rejected")  # its page is invalid; a SyncIssue says why
        DISCONTINUED = "discontinued", _("Discontinued")

    supplier = protected_key(Supplier, "products", _("Supplier"), db_index=False)
    external_id = models.CharField(_("Supplier's ID"), max_length=60)
    list_digest = models.CharField(_("List hash"), max_length=32)
    cost_digest = models.CharField(_("Cost hash"), max_length=32)
    detail_digest = models.CharField(_("Page hash"), max_length=32, blank=True)
    status = models.CharField(_("Status"), max_length=20, choices=Status, default=Status.ACTIVE)
    changed_at = models.DateTimeField(_("Changed at"))

    class Meta:
        verbose_name = _("supplier product")
        verbose_name_plural = _("supplier products")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "external_id"], name="supplier_product_once_per_ref"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "refused", "discontinued"]),
                name="supplier_product_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier.code}:{self.external_id}"


class SupplierOfferQuerySet(models.QuerySet["SupplierOffer"]):
    def sellable(self) -> Self:
        """Return active, matched, priced offers of active suppliers that lack no certificate."""
        return self.filter(
            status="active",
            variant__isnull=False,
            cost_amount__gt=0,
            missing_certificates="",
            supplier__status="active",
        )

    def number_searches(self, text: str, *, pk: str = "pk") -> list[IdSearch]:
        """Return the searches by SKU and by product ID, as typed or in upper or lower case.

        The suppliers are named, so that the indexes by supplier and number serve the searches.
        """
        offers = self.filter(supplier__in=Supplier.objects.values("pk"))
        spellings = {text, text.upper(), text.lower()}
        return [
            *equal_to(offers.filter(supplier_sku__in=spellings), pk=pk),
            *equal_to(offers.filter(product_external_id__in=spellings), pk=pk),
        ]

    def with_cost_confirmed_at(self) -> Self:
        """Annotate ``cost_confirmed_at``: when the supplier last confirmed the cost."""
        return self.annotate(cost_confirmed_at=cost_confirmed_at())


def cost_confirmed_at(offer: str = "") -> Case:
    """Return the expression for when a cost was last confirmed.

    ``offer`` is the path to the offer, such as ``offer__``.
    """
    reported = f"{offer}cost_reported_at"
    confirmed = Greatest(reported, Coalesce(f"{offer}supplier__costs_confirmed_at", reported))
    unconfirmed = When(**{f"{offer}is_cost_unconfirmed": True}, then=reported)
    return Case(unconfirmed, default=confirmed, output_field=models.DateTimeField())


class SupplierOffer(models.Model):
    """One supplier SKU: its cost, and the variant that it supplies.

    - ``product_external_id``: the ``external_id`` of its ``SupplierProduct``.
    - ``seen_at``: when a product page or staff last changed the offer.
    - ``cost_reported_at``: when this cost itself was last reported. A later
      ``Supplier.costs_confirmed_at`` confirms it, unless ``is_cost_unconfirmed``: the last report
      left the cost out.
    - ``map_amount``, ``msrp_amount``: as stated by the supplier, in the offer's currency.
    - ``restock_on``: when the supplier expects stock again; may be in the past.
    - ``missing_certificates``: required criteria without a valid document
      (``compliance.certificates``). The offer is not sold while it is not empty.
    - ``overridden_fields``: set by staff; no feed changes them (``offers.overrides``). If they
      include ``LINK`` and the offer has no variant, the product job creates a product for it; if
      they also include ``status``, the job ignores the offer.
    - ``disputed_variant``: the variant that the offer matches although the GTIN contradicts it.
    - ``run``: the last run whose product page changed the offer.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        ON_HOLD = "on_hold", _("On hold")  # its data are implausible; a SyncIssue says why
        DISCONTINUED = "discontinued", _("Discontinued")

    LINK: ClassVar = "variant"

    # covered by the unique constraint
    supplier = protected_key(Supplier, "offers", _("Supplier"), db_index=False)
    supplier_sku = models.CharField(_("Supplier SKU"), max_length=60)
    product_external_id = models.CharField(_("Supplier product"), max_length=60)
    variant = protected_key(Variant, "offers", _("Variant"), null=True)
    disputed_variant = protected_key(Variant, "+", _("Disputed variant"), null=True, db_index=False)
    title = models.CharField(_("Title"), max_length=200, blank=True)
    cost_amount = amount_field(_("Cost"), null=True)
    currency = models.CharField(_("Currency"), max_length=3)
    min_order_units = models.PositiveIntegerField(_("Minimum order quantity"), default=1)
    pack_size = models.PositiveIntegerField(_("Pack size"), default=1)  # sold in multiples of it
    # None: the supplier's
    lead_days = models.PositiveSmallIntegerField(_("Handling time (days)"), null=True, blank=True)
    map_amount = amount_field(_("Minimum advertised price (MAP)"), null=True)
    msrp_amount = amount_field(_("Recommended retail price (MSRP)"), null=True)
    restock_on = models.DateField(_("Expected back in stock"), null=True, blank=True)
    status = models.CharField(_("Status"), max_length=20, choices=Status, default=Status.ACTIVE)
    missing_certificates = models.CharField(_("Missing documents"), max_length=120, blank=True)
    seen_at = models.DateTimeField(_("Last seen"))
    cost_reported_at = models.DateTimeField(_("Cost reported separately at"), null=True, blank=True)
    overridden_fields = models.JSONField(
        _("Overridden fields"),  # set by staff
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
    )
    run = models.ForeignKey(
        "suppliers.SyncRun",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_(
            "Sync run"
        ),  # never queried by run; an index would be written at each change
    )
    is_cost_unconfirmed = models.BooleanField(
        _("Cost missing from the last report"), db_default=False
    )
    # For indexes: unlike ``cost_amount``, it does not change with every cost.
    has_cost = StoredGeneratedField(
        expression=ExpressionWrapper(
            Q(cost_amount__isnull=False), output_field=models.BooleanField()
        ),
        output_field=models.BooleanField(),
        verbose_name=_("Has a cost"),
    )

    objects = SupplierOfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "supplier_sku"], name="offer_once_per_supplier_sku"
            ),
            models.CheckConstraint(
                condition=Q(cost_amount__isnull=True) | Q(cost_amount__gt=0),
                name="offer_cost_positive",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "on_hold", "discontinued"]),
                name="offer_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(variant__isnull=True) | Q(disputed_variant__isnull=True),
                name="offer_disputed_is_not_linked",
            ),
            models.CheckConstraint(
                condition=Q(min_order_units__gte=1, pack_size__gte=1), name="offer_is_sold_in_units"
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
            models.Index(fields=["supplier", "product_external_id"], name="offer_by_product"),
            models.Index(fields=["supplier", "cost_reported_at"], name="offer_by_age_of_cost"),
            models.Index(
                fields=["variant"],
                condition=~Q(status="active") | ~Q(missing_certificates="") | Q(has_cost=False),
                name="offer_not_sold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier.code}:{self.supplier_sku}"

    @property
    def missing_requirements(self) -> tuple[str, ...]:
        return tuple(self.missing_certificates.split(", ")) if self.missing_certificates else ()


class CostChange(models.Model):
    """A change of a wholesale cost. Append-only.

    ``cause`` is ``run:17``, ``rollback:17``, ``push:…`` or ``staff:…``. ``was_on_hold``: the change
    put the offer back on sale. ``old_confirmed_at`` is when the old cost was last confirmed.
    """

    offer = cascading_key(SupplierOffer, "cost_changes", _("Offer"))
    run = models.ForeignKey(
        "suppliers.SyncRun",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cost_changes",
        verbose_name=_("Sync run"),
    )
    cause = models.CharField(_("Cause"), max_length=60, db_default="")
    old_amount = models.DecimalField(_("Before"), max_digits=12, decimal_places=2, null=True)
    new_amount = models.DecimalField(_("After"), max_digits=12, decimal_places=2, null=True)
    was_on_hold = models.BooleanField(_("Was on hold"), default=False, db_default=False)
    old_confirmed_at = models.DateTimeField(_("Previous value known since"), null=True)
    at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("cost change")
        verbose_name_plural = _("cost changes")
        indexes = [
            models.Index(
                fields=["at"], condition=Q(new_amount__gt=F("old_amount")), name="cost_rises_by_age"
            )
        ]

    def __str__(self) -> str:
        return f"{self.offer_id}: {self.old_amount} -> {self.new_amount}"


class PendingPublication(models.Model):
    """A queue row: a variant whose listings do not show its current cost or stock yet.

    Inserted in the transaction of the change, deleted after the refresh, so a killed worker loses
    nothing. A variant may have several rows: a change during a refresh needs another refresh.
    """

    variant = cascading_key(Variant, "+", _("Variant"))

    class Meta:
        verbose_name = _("pending publication")
        verbose_name_plural = _("pending publications")

    def __str__(self) -> str:
        return str(self.variant_id)

    @staticmethod
    def queue(variant_ids: Iterable[int]) -> int:
        rows = [PendingPublication(variant_id=variant_id) for variant_id in variant_ids]
        return len(PendingPublication.objects.bulk_create(rows, batch_size=500))
