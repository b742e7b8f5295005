"""Market models: store competitor prices, lists and sources, daily sales, repricing requests."""

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import ListFormat
from catalog.models.listings import Channel
from catalog.models.products import Variant
from storefront.lib.db.fields import amount_field, cascading_key
from storefront.lib.money import Money
from storefront.lib.security.encryption import EncryptedTextField


class MatchMethod(models.TextChoices):
    SKU = "sku", _("SKU")
    GTIN = "gtin", _("GTIN")
    MPN = "mpn", _("MPN")


class SourceType(models.TextChoices):
    HAND = "hand", _("Uploaded by staff")
    API = "api", _("Sent by API")
    FETCHED = "fetched", _("Fetched from a source")


class ImportOutcome(models.TextChoices):
    CHANGED = "changed", _("New price")
    CONFIRMED = "confirmed", _("Unchanged")
    OLDER = "older", _("Older than the current price")


class CompetitorPrice(models.Model):
    """The last known price of one competitor for one variant.

    Units:  ``confidence`` of the match, 0 to 1; ``amount`` includes tax if ``has_tax``
    """

    variant = cascading_key(Variant, "competitor_prices", _("Variant"), db_index=False)
    # lowercase: one spelling per competitor
    competitor = models.CharField(_("Competitor"), max_length=80)
    amount = amount_field(_("Price"))
    currency = models.CharField(_("Currency"), max_length=3)
    has_tax = models.BooleanField(_("Tax included"), default=True)
    url = models.URLField(_("Link"), max_length=500, blank=True)
    as_of = models.DateTimeField(_("As of"))
    confidence = models.DecimalField(
        _("Match confidence (1 = certain)"), max_digits=3, decimal_places=2
    )
    matched_by = models.CharField(_("Matched by"), max_length=4, choices=MatchMethod)
    source = models.CharField(_("Source"), max_length=120)
    reported_by = models.CharField(_("Reported by"), max_length=100)

    class Meta:
        verbose_name = _("competitor price")
        verbose_name_plural = _("competitor prices")
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "competitor"], name="competitor_price_once_per_shop"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="competitor_price_positive"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1),
                name="competitor_price_confidence_is_fraction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.competitor}: {self.price}"

    @property
    def price(self) -> Money:
        return Money(self.amount, self.currency)


class CompetitorPriceChange(models.Model):
    variant = cascading_key(Variant, "+", _("Variant"), db_index=False)
    competitor = models.CharField(_("Competitor"), max_length=80)
    amount = amount_field(_("Price"))
    currency = models.CharField(_("Currency"), max_length=3)
    has_tax = models.BooleanField(_("Tax included"))
    as_of = models.DateTimeField(_("As of"))
    source = models.CharField(_("Source"), max_length=120)
    reported_by = models.CharField(_("Reported by"), max_length=100)
    at = models.DateTimeField(_("Time"))

    class Meta:
        verbose_name = _("competitor price change")
        verbose_name_plural = _("competitor price changes")
        indexes = [
            models.Index(fields=["variant", "competitor", "at"], name="competitor_change_by_shop")
        ]

    def __str__(self) -> str:
        return f"{self.competitor}: {self.price}"

    @property
    def price(self) -> Money:
        return Money(self.amount, self.currency)


class CompetitorPriceList(models.Model):
    """A competitor price list as received: previewed first, then imported.

    ``as_of`` is the date of its prices, if the sender stated it. ``problem`` says why staff must
    check it before import. The ``content`` of lists sent by API or fetched is cleared after days.
    Shape:  ``list_format`` is a ``ListFormat``; ``counts`` is the result of the import; ``refused``
            holds the rejected lines as [line, code, values], see ``competitors.labels``
    """

    name = models.CharField(_("Name"), max_length=120)
    content = models.TextField(_("File content"))
    list_format = models.CharField(_("File format"), max_length=10, default="csv")
    source_type = models.CharField(
        _("Imported via"), max_length=10, choices=SourceType, default=SourceType.HAND
    )
    as_of = models.DateTimeField(_("As of"), null=True, blank=True)
    received_at = models.DateTimeField(_("Received"))
    received_by = models.CharField(_("Received from"), max_length=100)
    imported_at = models.DateTimeField(_("Applied"), null=True, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    counts = models.JSONField(_("Import result"), default=dict, blank=True)
    refused = models.JSONField(_("Rejected rows"), default=list, blank=True)

    class Meta:
        verbose_name = _("competitor price import")
        verbose_name_plural = _("competitor price imports")
        indexes: ClassVar = [
            models.Index(
                fields=["received_by", "-received_at"],
                condition=~Q(content=""),
                name="competitor_file_with_content",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RepricingRequest(models.Model):
    """A variant that waits for repricing because its price inputs changed."""

    variant = cascading_key(Variant, "+", _("Variant"))
    requested_at = models.DateTimeField(_("Requested"))

    class Meta:
        verbose_name = _("pending price recalculation")
        verbose_name_plural = _("pending price recalculations")

    def __str__(self) -> str:
        return str(self.variant_id)


class DailySales(models.Model):
    """Units of a variant sold on a channel on one UTC day. Derived from orders, may be deleted."""

    channel = cascading_key(Channel, "+", _("Channel"), db_index=False)
    variant = cascading_key(Variant, "daily_sales", _("Variant"))
    day = models.DateField(_("Day"))
    units = models.PositiveIntegerField(_("Units sold"))

    class Meta:
        verbose_name = _("daily sales")
        verbose_name_plural = _("daily sales")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "variant", "day"], name="daily_sales_once"),
            models.CheckConstraint(condition=Q(units__gt=0), name="daily_sales_positive"),
        ]
        indexes: ClassVar = [models.Index(fields=["channel", "day"], name="daily_sales_by_day")]

    def __str__(self) -> str:
        return f"{self.variant_id} {self.day}: {self.units}"


# Longer than a fetch may take (``competitors.sources.TOTAL_TIMEOUT_S``), and less than half of the
# 7 days that a price is valid, so that one fetch may fail.
MIN_INTERVAL_MIN, MAX_INTERVAL_MIN = 5, 3 * 24 * 60


class CompetitorSource(models.Model):
    """A URL of competitor prices and the result of recent fetches.

    ``secret_encrypted`` is sent in ``header``. ``validators`` holds the validators of the stored
    list. ``problem`` says why the last fetch failed, ``failing_since`` when failures began.
    """

    name = models.CharField(
        _("Name"), max_length=60, unique=True, help_text=_("Prices of this source show this name.")
    )
    url = models.CharField(
        _("URL"),
        max_length=500,
        help_text=_("The URL of the file, such as https://prices.example/list.csv. Maximum 8 MB."),
    )
    list_format = models.CharField(
        _("File format"),
        max_length=10,
        choices=[(ListFormat.CSV.value, "CSV"), (ListFormat.JSON.value, "JSON")],
        default=ListFormat.CSV.value,
        help_text=_(
            "CSV with column names, or JSON. The names are the same as for uploaded files."
        ),
    )
    interval_minutes = models.PositiveIntegerField(
        _("Fetch interval (minutes)"),
        default=60,
        validators=[MinValueValidator(MIN_INTERVAL_MIN), MaxValueValidator(MAX_INTERVAL_MIN)],
        help_text=_("From 5 minutes to 3 days. A price is valid for 7 days."),
    )
    is_enabled = models.BooleanField(
        _("Active"), default=True, help_text=_("If off, its prices stay until they expire.")
    )
    header = models.CharField(
        _("Secret header"),
        max_length=60,
        blank=True,
        help_text=_(
            "Such as X-Api-Key. Leave empty if no secret is needed. A stored secret "
            "is then deleted."
        ),
    )
    secret_encrypted = EncryptedTextField(_("Secret (encrypted)"), blank=True)
    due_at = models.DateTimeField(_("Next fetch"))
    last_fetch_at = models.DateTimeField(_("Last fetch"), null=True, blank=True)
    # the last successful fetch
    last_success_at = models.DateTimeField(_("Received"), null=True, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    failing_since = models.DateTimeField(_("Failing since"), null=True, blank=True)
    validators: "models.JSONField[dict[str, Any]]" = models.JSONField(
        _("Last response headers"), default=dict, blank=True
    )
    last_file = models.ForeignKey(
        CompetitorPriceList,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Last file"),
    )

    class Meta:
        verbose_name = _("competitor price source")
        verbose_name_plural = _("competitor price sources")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    interval_minutes__gte=MIN_INTERVAL_MIN, interval_minutes__lte=MAX_INTERVAL_MIN
                ),
                name="competitor_source_interval_in_range",
            ),
            models.CheckConstraint(
                condition=Q(header="", secret_encrypted="")
                | (~Q(header="") & ~Q(secret_encrypted="")),
                name="competitor_source_secret_has_header",
            ),
        ]

    def __str__(self) -> str:
        return self.name
