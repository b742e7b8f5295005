"""Remote listing models: store what each store was last sent, what changed since, and drift."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Product, Variant
from storefront.lib.db.constraints import unique
from storefront.lib.db.fields import amount_field, cascading_key
from storefront.sales_channels.models.connection import Connection


class PendingChange(models.Model):
    """A queue row: a listing or a product changed, and the store does not know yet.

    Inserted by triggers in the transaction of the change (``migrations/sql/changes.sql``). With
    ``variant``: price or stock. With ``product``: anything else about it, or which variants it has.
    """

    class Effect(models.TextChoices):
        COMPARE = "compare", _("Send what differs")
        RESEND = "resend", _("Send again")  # the store's state is not what we sent
        RECREATE = "recreate", _("Create again")  # the store no longer has it

    connection = cascading_key(Connection, "+", _("Store connection"))
    variant = models.ForeignKey(
        Variant,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("Variant"),
        db_index=False,
        db_constraint=False,  # a trigger may queue what the same transaction deletes
    )
    product = models.ForeignKey(
        Product,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("Product"),
        db_index=False,
        db_constraint=False,
    )
    effect = models.CharField(
        _("Effect"), max_length=10, choices=Effect, default=Effect.COMPARE, db_default="compare"
    )
    at = models.DateTimeField(_("Changed"))

    class Meta:
        verbose_name = _("pending store change")
        verbose_name_plural = _("pending store changes")

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.variant_id or ''}/{self.product_id or ''}"


class ChangeTracking(models.Model):
    """Since when a row differs from what the store has, and which state is the newest.

    ``version`` counts the changes. A sender clears ``dirty_since`` only if the version is the one
    that it read. ``problem`` says why the row is not sent; empty: it may be.
    """

    dirty_since = models.DateTimeField(_("Changed since"), null=True, blank=True)
    version = models.PositiveIntegerField(_("Version"), default=0)
    sent_at = models.DateTimeField(_("Sent"), null=True, blank=True)
    # from the change to the end of its last write
    lag_ms = models.PositiveIntegerField(_("Lag (ms)"), null=True, blank=True)
    problem = models.CharField(_("Problem"), max_length=500, blank=True)
    problem_at = models.DateTimeField(_("Problem since"), null=True, blank=True)

    class Meta:
        abstract = True


class RemoteProduct(ChangeTracking):
    """One product in one store. ``external_id`` is empty until it exists there."""

    connection = cascading_key(Connection, "products", _("Store connection"), db_index=False)
    product = cascading_key(Product, "remote_products", _("Product"))
    external_id = models.CharField(_("ID in the store"), max_length=100, blank=True)
    # of all that was sent, except prices and quantities; empty: unknown
    content_digest = models.CharField(_("Content digest"), max_length=64, blank=True)
    is_active = models.BooleanField(_("Shown in the store"), default=False)

    class Meta:
        verbose_name = _("product in a store")
        verbose_name_plural = _("products in stores")
        constraints = [
            unique("remote_product_once", ["connection", "product"]),
            unique(
                "remote_product_id_once",
                ["connection", "external_id"],
                condition=~Q(external_id=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "dirty_since"],
                condition=Q(dirty_since__isnull=False),
                name="remote_product_dirty",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_id} ({self.connection_id})"


class RemoteListing(ChangeTracking):
    """One variant in one store: its ids there, and the price and quantity last sent.

    A ``sent_…`` value is None if the store's value is unknown: nothing was sent yet, or a write is
    under way or was interrupted. The next pass then sends the current one.
    """

    connection = cascading_key(Connection, "listings", _("Store connection"), db_index=False)
    variant = cascading_key(Variant, "remote_listings", _("Variant"))
    external_product_id = models.CharField(_("Product ID in the store"), max_length=100, blank=True)
    external_variant_id = models.CharField(_("Variant ID in the store"), max_length=100, blank=True)
    external_inventory_id = models.CharField(
        _("Inventory ID in the store"), max_length=100, blank=True
    )
    sent_price = amount_field(_("Sent price"), null=True)
    # 0: sent without a compare-at price
    sent_compare_at = amount_field(_("Sent compare-at price"), null=True)
    sent_quantity = models.PositiveIntegerField(_("Sent quantity"), null=True, blank=True)

    class Meta:
        verbose_name = _("listing in a store")
        verbose_name_plural = _("listings in stores")
        constraints = [
            unique("remote_listing_once", ["connection", "variant"]),
            unique(
                "remote_listing_id_once",
                ["connection", "external_variant_id"],
                condition=~Q(external_variant_id=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "dirty_since"],
                condition=Q(dirty_since__isnull=False),
                name="remote_listing_dirty",
            ),
            models.Index(
                fields=["connection"], condition=~Q(problem=""), name="remote_listing_problem"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} ({self.connection_id})"


class Drift(models.Model):
    """One difference between a store and our listings, found by a drift check.

    ``variant`` is None for a variant of the store that is not ours. The next check sets
    ``corrected_at`` of what no longer differs.
    """

    class Field(models.TextChoices):
        PRICE = "price", _("Price")
        COMPARE_AT = "compare_at", _("Compare-at price")
        QUANTITY = "quantity", _("Quantity")
        MISSING = "missing", _("Missing in the store")
        HIDDEN = "hidden", _("Hidden in the store")
        UNKNOWN = "unknown", _("Unknown variant")

    connection = cascading_key(Connection, "drifts", _("Store connection"), db_index=False)
    variant = models.ForeignKey(
        Variant, models.CASCADE, null=True, related_name="+", verbose_name=_("Variant")
    )
    sku = models.CharField(_("SKU in the store"), max_length=100, blank=True)
    field = models.CharField(_("Field"), max_length=15, choices=Field)
    # units, or cents of the channel's currency
    ours = models.BigIntegerField(_("Ours"), null=True, blank=True)
    theirs = models.BigIntegerField(_("In the store"), null=True, blank=True)
    found_at = models.DateTimeField(_("Found"))
    corrected_at = models.DateTimeField(_("Corrected"), null=True, blank=True)

    class Meta:
        verbose_name = _("store difference")
        verbose_name_plural = _("store differences")
        constraints = [
            unique(
                "drift_open_once",
                ["connection", "sku", "field"],
                condition=Q(corrected_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku}: {self.field}"
