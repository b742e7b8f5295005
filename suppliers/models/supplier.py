"""Supplier models: store suppliers with their policies, connections and call budgets.

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

from storefront.lib.security.encryption import SealedField
from storefront.lib.state_machine import Stateful

# Freshness

# The longest ``stock_hidden_min``: the catalog rejects older figures
# (``catalog.models.listings.STALE_AFTER``).
OLDEST_MIN = 24 * 60


class Unanswered(TextChoices):
    """What checkout does if the supplier does not answer the live check in time."""

    BELIEVE = "believe", _("Use the last reported stock")  # less the decay by age
    REFUSE = "refuse", _("Do not sell unconfirmed stock")


class FiguresAge(models.Model):
    """Freshness policy, as columns of ``Supplier``. Minutes are ages.

    A stock figure counts in full up to ``stock_believed_min``, then loses ``stock_grows_units``
    plus ``stock_grows_percent`` of it per hour, and expires after ``stock_hidden_min``.
    ``stock_accuracy``, from the scorecard, is the share of promises kept; a low share speeds up
    the decay.
    """

    stock_believed_min = models.PositiveIntegerField(default=180)
    stock_grows_units = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(1))
    stock_grows_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(2))
    stock_told_min = models.PositiveIntegerField(default=360)  # then pages show the age
    stock_hidden_min = models.PositiveIntegerField(default=OLDEST_MIN)
    stock_accuracy = models.DecimalField(max_digits=5, decimal_places=4, null=True, editable=False)
    # Live check at checkout if the figure is older. Twice the interval of the stock sync, so that
    # customers wait for it only if a sync was missed.
    asked_after_min = models.PositiveIntegerField(default=30)
    asked_below = models.PositiveIntegerField(default=2)  # or if fewer units would be left
    unanswered = models.CharField(max_length=10, choices=Unanswered, default=Unanswered.BELIEVE)
    cost_hidden_min = models.PositiveIntegerField(default=72 * 60)
    # UTC; later orders count as the next day's
    cut_off_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    costs_as_of = models.DateTimeField(null=True, editable=False)
    costs_aged_at = models.DateTimeField(
        null=True, editable=False
    )  # see suppliers.inventory.confirmations

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(stock_believed_min__lte=F("stock_hidden_min"))
                & Q(stock_hidden_min__lte=OLDEST_MIN),
                name="supplier_stock_ages_in_order",
            ),
            models.CheckConstraint(
                condition=Q(stock_grows_units__gte=0) & Q(stock_grows_percent__gte=0),
                name="supplier_buffer_does_not_shrink",
            ),
            models.CheckConstraint(
                condition=Q(unanswered__in=["believe", "refuse"]),
                name="supplier_unanswered_is_known",
            ),
            models.CheckConstraint(
                condition=Q(cut_off_hour__isnull=True) | Q(cut_off_hour__lte=23),
                name="supplier_cut_off_is_an_hour",
            ),
        ]

    @property
    def aged_under(self) -> str:
        """A key of the terms, to find listings that were built under other terms."""
        numbers = (
            self.stock_believed_min,
            self.stock_hidden_min,
            self.stock_told_min,
            self.stock_grows_units.normalize(),
            self.stock_grows_percent.normalize(),
            self.stock_accuracy and self.stock_accuracy.normalize(),
            self.cost_hidden_min,
        )
        return "/".join(str(number) for number in numbers)


# Invoices


class BillTerms(models.Model):
    """Tolerances for matching invoices (``orders.accounting``), as columns of ``Supplier``.

    The larger of both tolerances applies. ``bills_within_days`` None: no invoice is expected.
    """

    bill_tolerance_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    bill_tolerance_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    bills_within_days = models.PositiveSmallIntegerField(null=True, blank=True)
    billed_ships_within_days = models.PositiveSmallIntegerField(default=14)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(bill_tolerance_percent__gte=0, bill_tolerance_percent__lte=100)
                & Q(bill_tolerance_amount__gte=0),
                name="supplier_tolerances_are_sane",
            ),
        ]


# Order schedule

EVERY_DAY = "1234567"  # Monday is 1


class Sending(TextChoices):
    """When purchase orders are sent to a supplier."""

    AT_ONCE = "at_once", _("Immediately")
    EVERY = "every", _("In batches at an interval")
    AT_TIMES = "at_times", _("In batches at fixed times")


class OrdersGo(models.Model):
    """Order schedule, as columns of ``Supplier``.

    ``time_zone``, ``order_days`` and ``closed_on`` also apply to delivery promises
    (``profile.order_schedule``).
    """

    sending = models.CharField(max_length=10, choices=Sending, default=Sending.AT_ONCE)
    send_every_min = models.PositiveSmallIntegerField(default=60)
    send_times = models.CharField(max_length=150, blank=True, default="")  # "09:00 14:30"
    time_zone = models.CharField(max_length=50, default="UTC")
    order_days = models.CharField(max_length=7, default=EVERY_DAY)
    closed_on = models.CharField(max_length=400, blank=True, default="")  # "2026-12-25 …"

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(sending__in=["at_once", "every"])
                | Q(sending="at_times", send_times__regex=r"^\d\d:\d\d( \d\d:\d\d)*$"),
                name="supplier_is_sent_orders_sometime",
            ),
            models.CheckConstraint(
                condition=Q(send_every_min__gte=5, send_every_min__lte=24 * 60),
                name="supplier_is_sent_orders_each_day",
            ),
            models.CheckConstraint(
                condition=Q(order_days__regex=r"^[1-7]+$"), name="supplier_takes_orders_on_a_day"
            ),
        ]


# Suppliers and connections


class Supplier(Stateful, FiguresAge, OrdersGo, BillTerms):
    """A company that stocks the products and ships them for us."""

    class Status(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        VETTING = "vetting", _("In review")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        BLOCKED = "blocked", _("Blocked")

    class CountsDownAt(models.TextChoices):
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
    AXES: ClassVar = {"status": TRANSITIONS}

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=80)
    adapter = models.CharField(max_length=30)  # a key of suppliers.connectors.ADAPTERS
    currency = models.CharField(max_length=3)
    # of e-mails
    language = models.CharField(max_length=8, choices=settings.LANGUAGES, default="en")
    status = models.CharField(max_length=10, choices=Status, default=Status.CANDIDATE)
    status_since = models.DateTimeField(null=True, blank=True)
    lead_days = models.PositiveSmallIntegerField(default=2)  # from order to handover to the carrier
    acknowledge_within_min = models.PositiveIntegerField(default=60)
    buffer = models.PositiveSmallIntegerField(default=0)  # safety stock: units never sold
    counts_down_at = models.CharField(
        max_length=10, choices=CountsDownAt, default=CountsDownAt.ORDER
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["candidate", "vetting", "active", "paused", "blocked"]
                ),
                name="supplier_status_is_known",
            ),
            *FiguresAge.Meta.constraints,
            *OrdersGo.Meta.constraints,
            *BillTerms.Meta.constraints,
        ]

    def __str__(self) -> str:
        return self.code


class Connection(models.Model):
    """The access to one supplier's API or files, and the sync intervals.

    ``secrets_sealed`` holds keys and webhook secrets, ``tokens_sealed`` the supplier's access
    and refresh token. Both are decrypted only for use (``storefront.lib.security.encryption``).
    """

    BALANCE_PROBLEM: ClassVar = "balance: "  # prefix of a problem that only a payment solves

    supplier = models.OneToOneField(Supplier, models.CASCADE, related_name="connection")
    base_url = models.CharField(max_length=200)
    secrets_sealed = SealedField(blank=True)
    tokens_sealed = SealedField(blank=True)
    account_id = models.CharField(max_length=60, blank=True)  # CJ's openId: signs webhooks
    options = models.JSONField(default=dict, blank=True)  # not secret; see the connector's OPTIONS
    remembered = models.JSONField(default=dict, blank=True)  # state of the connector between runs
    calls_per_second = models.PositiveSmallIntegerField(default=1)
    calls_at_once = models.PositiveSmallIntegerField(default=8)  # a quarter is reserved for orders
    products_every_min = models.PositiveIntegerField(default=360)
    prices_every_min = models.PositiveIntegerField(default=60)
    stock_every_min = models.PositiveIntegerField(default=15)
    orders_every_min = models.PositiveIntegerField(default=10)
    orders_polled_at = models.DateTimeField(null=True, blank=True)
    rest_until = models.DateTimeField(null=True, blank=True)  # the quota is used up until then
    balance_amount = models.DecimalField(  # prepaid balance at the supplier, in its currency
        max_digits=12, decimal_places=2, null=True, blank=True
    )
    balance_as_of = models.DateTimeField(null=True, blank=True)
    low_balance_amount = models.DecimalField(  # staff are warned below this
        max_digits=12, decimal_places=2, null=True, blank=True
    )
    problem = models.CharField(max_length=300, blank=True)  # the last failed call
    problem_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_report = models.JSONField(default=dict, blank=True)  # the last connection check

    def __str__(self) -> str:
        return f"connection of {self.supplier}"


class CallBudgetQuerySet(models.QuerySet["CallBudget"]):
    """Remaining calls."""

    def current(self) -> models.QuerySet[Any, int]:
        """Return the remaining calls; the full quota if its window has ended."""
        left = Case(
            When(until__lte=Now(), then=F("total")), default=Greatest(F("total") - F("used"), 0)
        )
        return self.annotate(left=left).values_list("left", flat=True)


class CallBudget(models.Model):
    """The calls that a supplier allows in one window of time, and those used."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="budgets")
    name = models.CharField(max_length=80)
    total = models.PositiveIntegerField()
    used = models.PositiveIntegerField()
    until = models.DateTimeField()  # end of the window

    objects = CallBudgetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "name"], name="budget_once_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.connection.supplier}: {self.name}"
