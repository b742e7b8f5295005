"""Listing models: store channels, delivery areas, the price and availability of each listing."""

from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from catalog.models.price_books import PriceRule
from catalog.models.products import Variant
from storefront.lib.address import COUNTRIES
from storefront.lib.db.fields import amount_field, cascading_key, protected_key

# A listing with an older stock figure counts as out of stock until the next update.
STALE_AFTER = timedelta(hours=24)
MAX_SPLIT_LOCATIONS = 5  # sources per line: each adds a parcel
HOST_FORMAT = r"^[a-z0-9-]+(\.[a-z0-9-]+)*$"
PATH_FORMAT = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class Channel(models.Model):
    code = models.SlugField(
        _("Code"),
        max_length=30,
        unique=True,
        help_text=_("Letters, digits and hyphens. Cannot be changed later."),
    )
    name = models.CharField(_("Name"), max_length=80, help_text=_("Name for staff."))
    currency = models.CharField(
        _("Currency"),
        max_length=3,
        help_text=_("Currency of its prices. Cannot be changed later."),
    )
    default_country = models.CharField(
        _("Default country"),
        max_length=2,
        help_text=_("Used until the customer chooses a country."),
    )
    countries = models.JSONField(
        _("Countries for customers"),
        default=list,
        help_text=_("Country codes, such as DE, AT. Include the default country."),
    )
    prices_exclude_tax = models.BooleanField(
        _("Prices exclude tax"),
        db_default=False,
        help_text=_(
            "If on, tax is added at checkout where we collect it. If off, prices include tax."
        ),
    )
    is_storefront = models.BooleanField(
        _("Sold on our own site"),
        db_default=False,
        help_text=_(
            "If on, the channel is a market of our own shop and has its own pages. Leave it off for "
            "other platforms."
        ),
    )
    host = models.CharField(
        _("Host"),
        max_length=253,
        blank=True,
        db_default="",
        validators=[RegexValidator(HOST_FORMAT, _("Enter a host name only, such as fara.az."))],
        help_text=_(
            "Host name of the market's pages, such as fara.az. ALLOWED_HOSTS must contain it. Leave "
            "empty for the main address of the shop."
        ),
    )
    path = models.CharField(
        _("Path"),
        max_length=30,
        blank=True,
        db_default="",
        validators=[
            RegexValidator(PATH_FORMAT, _("Use lowercase letters, digits and single hyphens."))
        ],
        help_text=_(
            "First part of the path of the market's pages: az-market for /az-market/az/. Leave empty "
            "if the market has its own host."
        ),
    )
    default_language = models.CharField(
        _("Default language"),
        max_length=5,
        db_default="en",
        default="en",
        help_text=_("Shown to visitors whose browser prefers none of the languages offered."),
    )
    languages = models.JSONField(
        _("Languages offered"),
        default=list,
        db_default=Value([], models.JSONField()),
        blank=True,
        help_text=_("Select none to offer all languages of the shop."),
    )
    safety_stock = models.PositiveSmallIntegerField(
        _("Safety stock (units)"),
        default=0,
        help_text=_(
            "Held back per stock row, in addition to the supplier's safety stock. 0 = none."
        ),
    )
    low_stock_units = models.PositiveSmallIntegerField(
        _("Low stock (units)"),
        db_default=5,
        help_text=_(
            "The event stock.low is sent when no more units than this can be sold. 0 = never."
        ),
    )
    max_split_locations = models.PositiveSmallIntegerField(
        _("Maximum locations per line"),
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SPLIT_LOCATIONS)],
        help_text=_(
            "1 = a line ships from one location. 2 to 5 = if no single location has all "
            "units, or it could ship them only at a loss, the line is split across up to "
            "this many locations. Each parcel pays its own shipping."
        ),
    )
    # ``safety_stock`` and ``max_split_locations`` when the listings were last published; 0 locations:
    # never, so that the next sweep lists the whole assortment on a new channel.
    supplied_under = models.PositiveSmallIntegerField(
        _("Published safety stock (units)"), db_default=0, editable=False
    )
    published_max_split_locations = models.PositiveSmallIntegerField(
        _("Published maximum locations per line"), db_default=0, editable=False
    )
    reprice_requested_at = models.DateTimeField(
        _("Recalculation pending since"), null=True, blank=True
    )
    reprice_locked_until = models.DateTimeField(
        _("Recalculation lock until"), null=True, blank=True
    )
    repriced_at = models.DateTimeField(_("Last full recalculation"), null=True, blank=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [
            models.CheckConstraint(
                name="channel_split_locations_in_range",
                condition=Q(
                    max_split_locations__gte=1, max_split_locations__lte=MAX_SPLIT_LOCATIONS
                ),
            ),
            models.UniqueConstraint(
                fields=["host", "path"],
                condition=Q(is_storefront=True),
                name="channel_one_per_host_and_path",
                violation_error_message=_("Another market has this host and path."),
            ),
            models.CheckConstraint(
                name="channel_address_only_of_storefront",
                condition=Q(is_storefront=True) | Q(host="", path=""),
                violation_error_message=_("Only a market of our own site has a host or a path."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def destinations(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.default_country, *self.countries)))


class DeliveryArea(models.Model):
    """A set of destination countries that many listings share; empty: all countries."""

    # sorted
    countries = ArrayField(models.CharField(max_length=2), unique=True, verbose_name=_("Countries"))

    class Meta:
        verbose_name = _("delivery area")
        verbose_name_plural = _("delivery areas")

    def __str__(self) -> str:
        missing = sorted(COUNTRIES.difference(self.countries))
        if self.countries and len(missing) < len(self.countries):
            return f"everywhere but {', '.join(missing)}"
        return ", ".join(self.countries) or "everywhere"


class ListingQuerySet(models.QuerySet["Listing"]):
    def on(self, channel: Channel) -> Self:
        return self.filter(channel=channel)

    def published(self) -> Self:
        return self.filter(is_published=True, variant__product__status="live", price_amount__gt=0)

    def for_sale(self, now: datetime) -> Self:
        return self.published().filter(available__gt=0, as_of__gte=now - STALE_AFTER)


class Listing(models.Model):
    """One variant on one channel: its price and the deliverable quantity.

    ``available`` is the quantity at ``as_of``. It may have changed since: an order must allocate
    the stock. The item can be sent to the countries of ``area``, and nowhere if ``area`` is None.
    ``areas_from`` maps each origin country to the area reached from there. ``restock_on`` is the
    earliest restock day of a supplier while the item is out of stock. ``wholesale_amount``,
    ``map_amount`` and ``msrp_amount`` come from the supplier ``supplier_code``, in
    ``wholesale_currency``. They are stored, so that prices are recalculated without a supplier
    request. If ``map_currency`` is set, ``map_amount`` comes from another supplier, in that
    currency. ``cost_amount`` is the wholesale cost, ``landed_amount`` the landed cost,
    ``break_even_amount`` the break-even price with tax and all fees, and ``floor_amount`` the price
    floor at the minimum margin, in the channel's currency.
    """

    channel = protected_key(Channel, "listings", _("Channel"), db_index=False)
    variant = cascading_key(Variant, "listings", _("Variant"))
    price_amount = amount_field(_("Price"), null=True)
    # set by staff or a program; the guards of the price book apply to it
    fixed_price_amount = amount_field(_("Fixed price"), null=True)
    fixed_price_by = models.CharField(
        _("Price fixed by"), max_length=100, blank=True, db_default="", default=""
    )
    cost_amount = amount_field(_("Cost"), null=True)
    landed_amount = amount_field(_("Landed cost"), null=True)
    floor_amount = models.DecimalField(
        _("Minimum price (margin floor)"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    break_even_amount = amount_field(_("Break-even price"), null=True)
    wholesale_amount = amount_field(_("Wholesale cost"), null=True)
    wholesale_currency = models.CharField(_("Wholesale cost currency"), max_length=3, blank=True)
    supplier_code = models.CharField(_("Supplier (code)"), max_length=30, blank=True)
    # countries it may come from
    origins = models.JSONField(_("Ships from"), default=list, blank=True)
    map_amount = amount_field(_("Lowest advertised price (MAP)"), null=True)
    map_currency = models.CharField(_("MAP currency"), max_length=3, blank=True, db_default="")
    msrp_amount = amount_field(_("Recommended price (MSRP)"), null=True)
    rule = protected_key(PriceRule, "listings", _("Rule"), null=True)
    available = models.PositiveIntegerField(_("Available units"), default=0)
    restock_on = models.DateField(_("Expected restock"), null=True, blank=True)
    # country -> available units
    ships_from = models.JSONField(_("Ships from"), default=dict, blank=True)
    areas_from = models.JSONField(
        _("Ships from, by area"), default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    area = protected_key(DeliveryArea, "+", _("Delivered to"), null=True, db_index=False)
    as_of = models.DateTimeField(_("As of"), null=True, blank=True)
    is_published = models.BooleanField(_("Published"), default=False)
    # delisted by staff; no sync relists it
    is_delisted = models.BooleanField(_("Unpublished manually"), default=False)
    updated_at = models.DateTimeField(_("Changed"), auto_now=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        constraints = [
            models.UniqueConstraint(fields=["channel", "variant"], name="listing_once_per_channel"),
            models.CheckConstraint(
                condition=Q(is_published=False) | Q(price_amount__gt=0),
                name="listing_published_has_price",
            ),
            models.CheckConstraint(
                condition=Q(restock_on__isnull=True) | Q(available=0),
                name="listing_restock_on_only_out_of_stock",
            ),
            models.CheckConstraint(
                condition=Q(price_amount__isnull=True)
                | Q(cost_amount__isnull=True)
                | Q(price_amount__gte=models.F("cost_amount")),
                name="listing_price_not_below_cost",
            ),
            models.CheckConstraint(
                condition=Q(price_amount__isnull=True)
                | Q(landed_amount__isnull=True)
                | Q(price_amount__gte=models.F("landed_amount")),
                name="listing_price_not_below_landed_cost",
            ),
            models.CheckConstraint(
                condition=Q(price_amount__isnull=True)
                | Q(break_even_amount__isnull=True)
                | Q(price_amount__gte=models.F("break_even_amount")),
                name="listing_price_not_below_break_even",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel"],
                condition=Q(is_published=True, price_amount__lt=models.F("floor_amount")),
                name="listing_below_floor",
            ),
            models.Index(
                fields=["supplier_code"],
                condition=Q(is_published=True),
                name="listing_shown_of_supplier",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant.sku}, {self.channel}"
