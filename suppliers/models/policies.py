"""Policy models: define the columns of ``Supplier`` that staff set, in three abstract models.

They are the freshness of stock and costs, the order schedule, and the tolerances and due times of
invoices.
"""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.fields import amount_field

# The longest ``stock_expires_after_min``: the catalog rejects older figures
# (``catalog.models.listings.STALE_AFTER``).
MAX_STOCK_AGE_MIN = 24 * 60


class LiveCheckFallback(TextChoices):
    """What checkout does if the supplier does not answer the live check in time."""

    BELIEVE = "believe", _("Use the last reported stock")  # less the decay by age
    REFUSE = "refuse", _("Do not sell unconfirmed stock")


class FreshnessPolicy(models.Model):
    """Freshness policy, as columns of ``Supplier``. Minutes are ages.

    A stock figure counts in full up to ``stock_fresh_for_min``, then loses
    ``stock_decay_units_per_hour`` plus ``stock_decay_percent_per_hour`` of it per hour, and expires
    after ``stock_expires_after_min``. ``stock_accuracy``, from the scorecard, is the share of
    promises kept; a low share speeds up the decay.
    """

    stock_fresh_for_min = models.PositiveIntegerField(
        _("Stock is fresh for (min)"),
        default=180,
        help_text=_(
            "Until then the reported stock is sold in full. 0 = it starts to decay at once."
        ),
    )
    stock_decay_units_per_hour = models.DecimalField(
        _("Extra safety stock per hour (units)"),
        max_digits=6,
        decimal_places=2,
        default=Decimal(1),
        help_text=_("Units withheld from sale for each hour begun after that. 0 = none."),
    )
    stock_decay_percent_per_hour = models.DecimalField(
        _("Stock decay per hour (%)"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(2),
        help_text=_(
            "Share of the reported stock withheld for each hour begun after that. 0 = none."
        ),
    )
    # then staff are alerted
    stock_age_shown_after_min = models.PositiveIntegerField(
        _("Stale stock alert after (min)"),
        default=360,
        help_text=_("The staff start page shows an alert if all stock of this supplier is older."),
    )
    stock_expires_after_min = models.PositiveIntegerField(
        _("Stock expires after (min)"),
        default=MAX_STOCK_AGE_MIN,
        help_text=_("Older stock is not sold. At least the fresh time above, at most 1440."),
    )
    stock_accuracy = models.DecimalField(
        _("Stock accuracy"), max_digits=5, decimal_places=4, null=True, editable=False
    )
    # Live check at checkout if the figure is older. Twice the interval of the stock sync, so that
    # customers wait for it only if a sync was missed.
    live_check_after_min = models.PositiveIntegerField(
        _("Check if stock is older than (min)"),
        default=30,
        help_text=_("The supplier is asked for its stock before the sale. 0 = before every sale."),
    )
    # or if fewer units would be left
    live_check_below_units = models.PositiveIntegerField(
        _("Check if the sale leaves at most (units)"),
        default=2,
        help_text=_(
            "Also checks when so few units would be left. 0 = only before the last unit is sold."
        ),
    )
    live_check_fallback = models.CharField(
        _("If the supplier does not answer in time"),
        max_length=10,
        choices=LiveCheckFallback,
        default=LiveCheckFallback.BELIEVE,
        help_text=_("Use the last reported stock, reduced by its age, or do not sell."),
    )
    cost_expires_after_min = models.PositiveIntegerField(
        _("Costs expire after (min)"),
        default=72 * 60,
        help_text=_(
            "Offers with an older cost are not sold until the supplier confirms it. "
            "0 sells nothing."
        ),
    )
    # UTC; later orders count as the next day's
    cut_off_hour = models.PositiveSmallIntegerField(
        _("Order cut-off hour (UTC)"),
        null=True,
        blank=True,
        help_text=_("Whole hour, 0 to 23. Later orders ship a day later. Empty = no cut-off."),
    )
    costs_confirmed_at = models.DateTimeField(_("Costs confirmed at"), null=True, editable=False)
    # see suppliers.inventory.confirmations
    costs_aged_until = models.DateTimeField(
        _("Cost expiry applied up to"), null=True, editable=False
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(stock_fresh_for_min__lte=F("stock_expires_after_min"))
                & Q(stock_expires_after_min__lte=MAX_STOCK_AGE_MIN),
                name="supplier_stock_ages_in_order",
                violation_error_message=_(
                    "Stock must not expire before its fresh time ends, nor after more than 1440"
                    " minutes."
                ),
            ),
            models.CheckConstraint(
                condition=Q(stock_decay_units_per_hour__gte=0)
                & Q(stock_decay_percent_per_hour__gte=0),
                name="supplier_stock_decay_not_negative",
                violation_error_message=_("Amounts and rates must be 0 or more."),
            ),
            models.CheckConstraint(
                condition=Q(live_check_fallback__in=["believe", "refuse"]),
                name="supplier_unanswered_is_known",
            ),
            models.CheckConstraint(
                condition=Q(cut_off_hour__isnull=True) | Q(cut_off_hour__lte=23),
                name="supplier_cut_off_is_an_hour",
                violation_error_message=_("The cut-off hour is from 0 to 23."),
            ),
        ]

    @property
    def freshness_key(self) -> str:
        """A key of the policy, to find listings that were built under an earlier policy."""
        numbers = (
            self.stock_fresh_for_min,
            self.stock_expires_after_min,
            self.stock_age_shown_after_min,
            self.stock_decay_units_per_hour.normalize(),
            self.stock_decay_percent_per_hour.normalize(),
            self.stock_accuracy and self.stock_accuracy.normalize(),
            self.cost_expires_after_min,
        )
        return "/".join(str(number) for number in numbers)


class InvoiceTerms(models.Model):
    """Payment terms and tolerances of invoices (``orders.accounting``), as columns of ``Supplier``.

    The larger of both tolerances applies. ``invoice_due_days`` None: no invoice is expected.
    ``payment_terms_days`` None: the supplier takes the money with the order, so no bill is due.
    """

    invoice_tolerance_percent = models.DecimalField(
        _("Invoice tolerance (%)"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        help_text=_("Of the agreed amount, for items and shipping separately. 0 = none."),
    )
    invoice_tolerance_amount = amount_field(
        _("Invoice tolerance (cost currency)"),
        default=Decimal(0),
        help_text=_("The larger of the two tolerances applies. 0 = none."),
    )
    invoice_due_days = models.PositiveSmallIntegerField(
        _("Invoice due within (days)"),
        null=True,
        blank=True,
        help_text=_(
            "A shipment without an invoice by then is reported as a discrepancy. "
            "Empty = no invoices expected."
        ),
    )
    ship_within_days_of_invoice = models.PositiveSmallIntegerField(
        _("Ship invoiced orders within (days)"),
        default=14,
        help_text=_(
            "From the order confirmation. A later shipment is reported as a "
            "discrepancy. 0 = at once."
        ),
    )

    payment_terms_days = models.PositiveSmallIntegerField(
        _("Payment terms (days)"),
        null=True,
        blank=True,
        help_text=_(
            "From the invoice date to the due date of its bills. 0 = due at once. Empty = the"
            " supplier takes the money with the order, and no bill is due."
        ),
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(invoice_tolerance_percent__gte=0, invoice_tolerance_percent__lte=100)
                & Q(invoice_tolerance_amount__gte=0),
                name="supplier_tolerances_are_sane",
                violation_error_message=_(
                    "Tolerances must be 0 or more, and at most 100 percent of the amount."
                ),
            )
        ]


EVERY_DAY = "1234567"  # Monday is 1


class DispatchMode(TextChoices):
    AT_ONCE = "at_once", _("Immediately")
    EVERY = "every", _("In batches at an interval")
    AT_TIMES = "at_times", _("In batches at fixed times")


class OrderDispatchPolicy(models.Model):
    """Order schedule, as columns of ``Supplier``.

    ``time_zone``, ``order_days`` and ``closed_on`` also apply to delivery promises
    (``profile.order_schedule``).
    """

    dispatch_mode = models.CharField(
        _("Send orders"),
        max_length=10,
        choices=DispatchMode,
        default=DispatchMode.AT_ONCE,
        help_text=_(
            "Waiting orders can be canceled at once at no cost. They are always sent before the "
            "cut-off. If you switch back to “Immediately”, all waiting orders are sent."
        ),
    )
    dispatch_every_min = models.PositiveSmallIntegerField(
        _("Send interval (min)"),
        default=60,
        help_text=_("For batches at an interval: 5 to 1440, counted from midnight UTC."),
    )
    # Such as "09:00 14:30".
    dispatch_times = models.CharField(
        _("Send times"),
        max_length=150,
        blank=True,
        default="",
        help_text=_(
            "For batches at fixed times: local times of the supplier, separated by "
            "spaces, such as 09:00 14:30."
        ),
    )
    time_zone = models.CharField(
        _("Time zone"),
        max_length=50,
        default="UTC",
        help_text=_("Time zone of the supplier's days and times, such as Europe/Berlin."),
    )
    order_days = models.CharField(
        _("Order days"),
        max_length=7,
        default=EVERY_DAY,
        help_text=_("1 = Monday, 7 = Sunday. Delivery dates count from the next order day."),
    )
    # Such as "2026-12-25 2026-12-26".
    closed_on = models.CharField(
        _("Closed days"),
        max_length=400,
        blank=True,
        default="",
        help_text=_("Such as 2026-12-25 2026-12-26. Delivery dates count from the next open day."),
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(dispatch_mode__in=["at_once", "every"])
                | Q(dispatch_mode="at_times", dispatch_times__regex=r"^\d\d:\d\d( \d\d:\d\d)*$"),
                name="supplier_is_sent_orders_sometime",
            ),
            models.CheckConstraint(
                condition=Q(dispatch_every_min__gte=5, dispatch_every_min__lte=24 * 60),
                name="supplier_is_sent_orders_each_day",
            ),
            models.CheckConstraint(
                condition=Q(order_days__regex=r"^[1-7]+$"), name="supplier_takes_orders_on_a_day"
            ),
        ]
