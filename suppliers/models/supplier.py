"""Supplier models: store suppliers with their policies, connections and call quotas.

Three abstract models group columns of ``Supplier`` that staff set: freshness of stock and
costs, order schedule, and the tolerances and due times of invoices.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, TextChoices, When
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext_lazy as _

from storefront.lib.security.encryption import EncryptedTextField
from storefront.lib.state_machine import Stateful

# Freshness

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
    after ``stock_expires_after_min``.
    ``stock_accuracy``, from the scorecard, is the share of promises kept; a low share speeds up
    the decay.
    """

    stock_fresh_for_min = models.PositiveIntegerField(default=180)
    stock_decay_units_per_hour = models.DecimalField(
        max_digits=6, decimal_places=2, default=Decimal(1)
    )
    stock_decay_percent_per_hour = models.DecimalField(
        max_digits=5, decimal_places=2, default=Decimal(2)
    )
    stock_age_shown_after_min = models.PositiveIntegerField(default=360)  # then pages show the age
    stock_expires_after_min = models.PositiveIntegerField(default=MAX_STOCK_AGE_MIN)
    stock_accuracy = models.DecimalField(max_digits=5, decimal_places=4, null=True, editable=False)
    # Live check at checkout if the figure is older. Twice the interval of the stock sync, so that
    # customers wait for it only if a sync was missed.
    live_check_after_min = models.PositiveIntegerField(default=30)
    live_check_below_units = models.PositiveIntegerField(
        default=2
    )  # or if fewer units would be left
    live_check_fallback = models.CharField(
        max_length=10, choices=LiveCheckFallback, default=LiveCheckFallback.BELIEVE
    )
    cost_expires_after_min = models.PositiveIntegerField(default=72 * 60)
    # UTC; later orders count as the next day's
    cut_off_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    costs_confirmed_at = models.DateTimeField(null=True, editable=False)
    costs_aged_until = models.DateTimeField(
        null=True, editable=False
    )  # see suppliers.inventory.confirmations

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(stock_fresh_for_min__lte=F("stock_expires_after_min"))
                & Q(stock_expires_after_min__lte=MAX_STOCK_AGE_MIN),
                name="supplier_stock_ages_in_order",
            ),
            models.CheckConstraint(
                condition=Q(stock_decay_units_per_hour__gte=0)
                & Q(stock_decay_percent_per_hour__gte=0),
                name="supplier_buffer_does_not_shrink",
            ),
            models.CheckConstraint(
                condition=Q(live_check_fallback__in=["believe", "refuse"]),
                name="supplier_unanswered_is_known",
            ),
            models.CheckConstraint(
                condition=Q(cut_off_hour__isnull=True) | Q(cut_off_hour__lte=23),
                name="supplier_cut_off_is_an_hour",
            ),
        ]

    @property
    def freshness_key(self) -> str:
        """A key of the terms, to find listings that were built under other terms."""
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


# Invoices


class InvoiceTerms(models.Model):
    """Tolerances for matching invoices (``orders.accounting``), as columns of ``Supplier``.

    The larger of both tolerances applies. ``invoice_due_days`` None: no invoice is expected.
    """

    invoice_tolerance_percent = models.DecimalField(
        max_digits=5, decimal_places=2, default=Decimal(0)
    )
    invoice_tolerance_amount = models.DecimalField(
        max_digits=12, decimal_places=2, default=Decimal(0)
    )
    invoice_due_days = models.PositiveSmallIntegerField(null=True, blank=True)
    ship_within_days_of_invoice = models.PositiveSmallIntegerField(default=14)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(invoice_tolerance_percent__gte=0, invoice_tolerance_percent__lte=100)
                & Q(invoice_tolerance_amount__gte=0),
                name="supplier_tolerances_are_sane",
            ),
        ]


# Order schedule

EVERY_DAY = "1234567"  # Monday is 1


class DispatchMode(TextChoices):
    """When purchase orders are sent to a supplier."""

    AT_ONCE = "at_once", _("Immediately")
    EVERY = "every", _("In batches at an interval")
    AT_TIMES = "at_times", _("In batches at fixed times")


class OrderDispatchPolicy(models.Model):
    """Order schedule, as columns of ``Supplier``.

    ``time_zone``, ``order_days`` and ``closed_on`` also apply to delivery promises
    (``profile.order_schedule``).
    """

    dispatch_mode = models.CharField(
        max_length=10, choices=DispatchMode, default=DispatchMode.AT_ONCE
    )
    dispatch_every_min = models.PositiveSmallIntegerField(default=60)
    dispatch_times = models.CharField(max_length=150, blank=True, default="")  # "09:00 14:30"
    time_zone = models.CharField(max_length=50, default="UTC")
    order_days = models.CharField(max_length=7, default=EVERY_DAY)
    closed_on = models.CharField(max_length=400, blank=True, default="")  # "2026-12-25 …"

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


# Suppliers and connections


class Supplier(Stateful, FreshnessPolicy, OrderDispatchPolicy, InvoiceTerms):
    """A company that stocks the products and ships them for us."""

    class Status(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        VETTING = "vetting", _("In review")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        BLOCKED = "blocked", _("Blocked")

    class StockDecrementedAt(models.TextChoices):
        """When the supplier's stock figure stops containing what we ordered.

        The later, the safer for us. ``never``: only a stock count of the supplier corrects it.
        """

        ORDER = "order", _("Order received")
        SHIPMENT = "shipment", _("Order shipped")
        NEVER = "never", _("Never")

    TRANSITIONS: ClassVar = {
        Status.CANDIDATE: frozenset({Status.VETTING}),
        Status.VETTING: frozenset({Status.ACTIVE, Status.BLOCKED}),
        Status.ACTIVE: frozenset({Status.PAUSED}),
        Status.PAUSED: frozenset({Status.ACTIVE, Status.BLOCKED}),
        Status.BLOCKED: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=80)
    adapter = models.CharField(max_length=30)  # a key of suppliers.connectors.CONNECTORS
    currency = models.CharField(max_length=3)
    # of e-mails
    language = models.CharField(max_length=8, choices=settings.LANGUAGES, default="en")
    status = models.CharField(max_length=10, choices=Status, default=Status.CANDIDATE)
    status_since = models.DateTimeField(null=True, blank=True)
    lead_days = models.PositiveSmallIntegerField(default=2)  # from order to handover to the carrier
    acknowledge_within_min = models.PositiveIntegerField(default=60)
    buffer = models.PositiveSmallIntegerField(default=0)  # safety stock: units never sold
    stock_decremented_at = models.CharField(
        max_length=10, choices=StockDecrementedAt, default=StockDecrementedAt.ORDER
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["candidate", "vetting", "active", "paused", "blocked"]
                ),
                name="supplier_status_is_known",
            ),
            *FreshnessPolicy.Meta.constraints,
            *OrderDispatchPolicy.Meta.constraints,
            *InvoiceTerms.Meta.constraints,
        ]

    def __str__(self) -> str:
        return self.code


class Connection(models.Model):
    """The access to one supplier's API or files, and the sync intervals.

    ``secrets_encrypted`` holds keys and webhook secrets, ``tokens_encrypted`` the supplier's access
    and refresh token. Both are decrypted only for use (``storefront.lib.security.encryption``).
    """

    BALANCE_PROBLEM_PREFIX: ClassVar = "balance: "  # prefix of a problem that only a payment solves

    supplier = models.OneToOneField(Supplier, models.CASCADE, related_name="connection")
    base_url = models.CharField(max_length=200)
    secrets_encrypted = EncryptedTextField(blank=True)
    tokens_encrypted = EncryptedTextField(blank=True)
    account_id = models.CharField(max_length=60, blank=True)  # CJ's openId: signs webhooks
    options = models.JSONField(default=dict, blank=True)  # not secret; see the connector's OPTIONS
    connector_state = models.JSONField(
        default=dict, blank=True
    )  # state of the connector between runs
    calls_per_second = models.PositiveSmallIntegerField(default=1)
    max_concurrent_calls = models.PositiveSmallIntegerField(
        default=8
    )  # a quarter is reserved for orders
    products_every_min = models.PositiveIntegerField(default=360)
    prices_every_min = models.PositiveIntegerField(default=60)
    stock_every_min = models.PositiveIntegerField(default=15)
    orders_every_min = models.PositiveIntegerField(default=10)
    orders_polled_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)  # the quota is used up until then
    balance_amount = models.DecimalField(  # prepaid balance at the supplier, in its currency
        max_digits=12, decimal_places=2, null=True, blank=True
    )
    balance_reported_at = models.DateTimeField(null=True, blank=True)
    low_balance_amount = models.DecimalField(  # staff are warned below this
        max_digits=12, decimal_places=2, null=True, blank=True
    )
    problem = models.CharField(max_length=300, blank=True)  # the last failed call
    problem_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    health_report = models.JSONField(default=dict, blank=True)  # the last connection check

    def __str__(self) -> str:
        return f"connection of {self.supplier}"


class CallQuotaQuerySet(models.QuerySet["CallQuota"]):
    """Remaining calls."""

    def current(self) -> models.QuerySet[Any, int]:
        """Return the remaining calls; the full quota if its window has ended."""
        left = Case(
            When(until__lte=Now(), then=F("total")), default=Greatest(F("total") - F("used"), 0)
        )
        return self.annotate(left=left).values_list("left", flat=True)


class CallQuota(models.Model):
    """The calls that a supplier allows in one window of time, and those used."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="quotas")
    name = models.CharField(max_length=80)
    total = models.PositiveIntegerField()
    used = models.PositiveIntegerField()
    until = models.DateTimeField()  # end of the window

    objects = CallQuotaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "name"], name="budget_once_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.connection.supplier}: {self.name}"
