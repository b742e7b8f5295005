"""Price book models: store price books with their rules."""

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import Basis, Method
from catalog.models.categories import Brand, Category
from catalog.models.products import Product, Variant
from storefront.lib.db.fields import cascading_key, protected_key, rate_field
from storefront.lib.state_machine import Stateful


class PriceBook(Stateful):
    """One version of all price rules of a channel, with its guards.

    Editable while a draft. A book that went live never changes, so that each price can be explained
    later. ``restored_from`` is the earlier book whose rules were copied into this one.
    ``dry_run_result`` is cleared by any change.
    Units:  rates are fractions; None is no limit
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        RETIRED = "retired", _("Retired")

    TRANSITIONS: ClassVar = {
        Status.DRAFT: frozenset({Status.LIVE}),
        Status.LIVE: frozenset({Status.RETIRED}),
        Status.RETIRED: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    channel = models.ForeignKey(
        "catalog.Channel",
        models.PROTECT,
        related_name="price_books",
        verbose_name=_("Channel"),
        db_index=False,
    )
    version = models.PositiveIntegerField(_("Version"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField(_("Status since"))
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))
    live_at = models.DateTimeField(_("Live since"), null=True, blank=True)
    restored_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="restored_by",
        verbose_name=_("Restores"),
    )
    note = models.CharField(
        _("Note"),
        max_length=300,
        blank=True,
        help_text=_("Changes in this version, for other staff. Optional."),
    )
    floor_margin_rate = rate_field(
        _("Minimum margin"),
        default=0,
        help_text=_("A fraction of the price before tax: 0.15 is 15 %. 0 = break-even."),
    )
    max_change_per_run = rate_field(
        _("Maximum change at once"),
        null=True,
        help_text=_(
            "A fraction: 0.2 is 20 %. A larger change needs approval, unless the supplier or "
            "origin changed and the cost changed less. Leave empty for no limit."
        ),
    )
    max_change_per_day = rate_field(
        _("Maximum change per day"),
        null=True,
        help_text=_(
            "A fraction of the price a day ago. A larger change needs approval. "
            "Leave empty for no limit."
        ),
    )
    # number of changes to the draft
    revision = models.PositiveIntegerField(_("Revision"), default=0)
    dry_run_result = models.JSONField(
        _("Dry run result"), null=True, blank=True, encoder=DjangoJSONEncoder
    )
    dry_run_at = models.DateTimeField(_("Last dry run"), null=True, blank=True)

    class Meta:
        verbose_name = _("price book")
        verbose_name_plural = _("price books")
        constraints = [
            models.UniqueConstraint(fields=["channel", "version"], name="price_book_version_once"),
            models.UniqueConstraint(
                fields=["channel"],
                condition=Q(status="live"),
                name="price_book_one_live_per_channel",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "live", "retired"]),
                name="price_book_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(live_at__isnull=False),
                name="price_book_live_has_time",
            ),
            models.CheckConstraint(
                condition=Q(floor_margin_rate__gte=0, floor_margin_rate__lt=1),
                name="price_book_floor_is_fraction",
            ),
            models.CheckConstraint(
                condition=(Q(max_change_per_run__isnull=True) | Q(max_change_per_run__gt=0))
                & (Q(max_change_per_day__isnull=True) | Q(max_change_per_day__gt=0)),
                name="price_book_change_limits_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class PriceRule(models.Model):
    """One rule of a book: its scope, basis and method.

    An empty scope field matches all; the most specific rule wins (``rule_selection``). ``tiers``
    are pairs [lowest wholesale cost, value] as text, lowest first; ``value`` applies below them.
    Units:  ``value`` is a fraction, or an amount if the method is fixed; ``step`` and ``ending`` in
            the channel's currency
    """

    book = cascading_key(
        PriceBook,
        "rules",
        _("Price book"),
        help_text=_("The draft price book of this rule."),
        db_index=False,
    )
    number = models.PositiveIntegerField(
        _("Number"),
        help_text=_(
            "Unique in the price book. Of two equally specific rules, the lower number wins."
        ),
    )
    category = protected_key(
        Category,
        "price_rules",
        _("Category"),
        null=True,
        help_text=_("Only products in this category. Leave empty for all."),
    )
    brand = protected_key(
        Brand,
        "price_rules",
        _("Brand"),
        null=True,
        help_text=_("Only products of this brand. Leave empty for all."),
    )
    supplier_code = models.CharField(
        _("Supplier (code)"),
        max_length=30,
        blank=True,
        help_text=_("Only items shipped by this supplier. Leave empty for all."),
    )
    product = protected_key(
        Product,
        "price_rules",
        _("Product"),
        null=True,
        help_text=_("Only this product. Leave empty for all."),
    )
    variant = protected_key(
        Variant,
        "price_rules",
        _("Variant"),
        null=True,
        help_text=_("Only this variant. Leave empty for all."),
    )
    basis = models.CharField(
        _("Based on"),
        max_length=5,
        choices=[
            (Basis.COST.value, _("Landed cost")),
            (Basis.MAP.value, _("Lowest advertised price (MAP)")),
            (Basis.MSRP.value, _("Suggested price (MSRP)")),
        ],
        default=Basis.COST.value,
        help_text=_(
            "Landed cost is everything we pay per unit. MAP and MSRP come from the "
            "supplier and include tax."
        ),
    )
    method = models.CharField(
        _("Method"),
        max_length=6,
        choices=[
            (Method.MARKUP.value, _("Markup: a fraction of the basis, on top of it")),
            (Method.MARGIN.value, _("Margin: a fraction of the price before tax")),
            (Method.FIXED.value, _("Fixed amount on top of the basis")),
        ],
        default=Method.MARGIN.value,
        help_text=_("Markup on the basis, or margin of the price."),
    )
    value = models.DecimalField(
        _("Value"),
        max_digits=12,
        decimal_places=4,
        help_text=_("A fraction: 0.35 is 35 %. For a fixed amount, enter the amount."),
    )
    tiers = models.JSONField(
        _("Tiers"),
        default=list,
        blank=True,
        help_text=_(
            "Values from a wholesale cost upwards: 20: 0.35, 100: 0.30. Leave empty for one value."
        ),
    )
    step = models.DecimalField(
        _("Step"),
        max_digits=8,
        decimal_places=2,
        default=1,
        help_text=_("Prices are rounded to this step, in the currency of the channel."),
    )
    ending = models.DecimalField(
        _("Ending"),
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text=_(
            "Each price is a multiple of the step plus this ending: step 5 with ending 4.99 "
            "gives 4.99 and 9.99."
        ),
    )
    starts_at = models.DateTimeField(
        _("Starts"), null=True, blank=True, help_text=_("Leave empty to start immediately.")
    )
    ends_at = models.DateTimeField(
        _("Ends"), null=True, blank=True, help_text=_("Leave empty for no end.")
    )
    is_promotion = models.BooleanField(
        _("Show as a sale"),
        default=False,
        help_text=_(
            "Customers see the lowest price of the last 30 days next to it. Needs a "
            "start and an end."
        ),
    )
    undercut_rate = rate_field(
        _("Stay below competitor by"),
        null=True,
        help_text=_(
            "A fraction of a lower competitor price. 0 = match it. Leave empty to "
            "ignore competitors."
        ),
    )
    low_cover_days = models.PositiveSmallIntegerField(
        _("Raise if stock lasts fewer days"),
        null=True,
        blank=True,
        help_text=_("Based on the sales of four weeks. Leave empty for never."),
    )
    raise_rate = rate_field(
        _("Raise by"), default=0, help_text=_("A fraction of the price: 0.05 is 5 %. 0 = off.")
    )
    high_cover_days = models.PositiveSmallIntegerField(
        _("Lower if stock lasts more days"),
        null=True,
        blank=True,
        help_text=_("At least the days above. Leave empty for never."),
    )
    lower_rate = rate_field(
        _("Lower by"), default=0, help_text=_("A fraction of the price: 0.05 is 5 %. 0 = off.")
    )

    class Meta:
        verbose_name = _("price rule")
        verbose_name_plural = _("price rules")
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="price_rule_number_once"),
            models.CheckConstraint(
                condition=Q(basis__in=["cost", "map", "msrp"])
                & Q(method__in=["markup", "margin", "fixed"]),
                name="price_rule_choices_are_known",
            ),
            models.CheckConstraint(
                condition=~Q(method="margin") | Q(basis="cost", value__gte=0, value__lt=1),
                name="price_rule_margin_is_of_cost",
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0)
                | (~Q(basis="cost") & (Q(method="fixed") | Q(value__gt=-1))),
                name="price_rule_does_not_ask_less_than_cost",
            ),
            models.CheckConstraint(
                condition=Q(step__gt=0, ending__gte=0, ending__lt=F("step")),
                name="price_rule_ending_is_below_step",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(ends_at__gt=F("starts_at")),
                name="price_rule_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(is_promotion=False) | Q(starts_at__isnull=False, ends_at__isnull=False),
                name="price_rule_promotion_ends",
            ),
            models.CheckConstraint(
                condition=(
                    Q(undercut_rate__isnull=True) | Q(undercut_rate__gte=0, undercut_rate__lt=1)
                )
                & Q(raise_rate__gte=0, lower_rate__gte=0, lower_rate__lt=1)
                & (
                    Q(low_cover_days__isnull=True)
                    | Q(high_cover_days__isnull=True)
                    | Q(high_cover_days__gte=F("low_cover_days"))
                ),
                name="price_rule_market_limits_in_range",
            ),
            models.CheckConstraint(
                condition=Q(tiers=[]) | Q(tiers__0__isnull=False),
                name="price_rule_tiers_are_a_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book} #{self.number}"
