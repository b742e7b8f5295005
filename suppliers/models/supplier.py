"""Supplier models: store suppliers with their policies, connections and call budgets.

Three abstract models group columns of ``Supplier`` that staff set: how old figures may be, when
orders are sent, and the tolerances and due times of invoices.
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

# Age of figures

# The catalog takes no claim that is older for a promise (``catalog.models.listings.STALE_AFTER``).
OLDEST_MIN = 24 * 60


class Unanswered(TextChoices):
    """What to do at checkout when a supplier does not answer in time."""

    BELIEVE = "believe", _("Believe his last figure")  # his last figure, less what its age costs
    # sell nothing of his that was not confirmed
    REFUSE = "refuse", _("Sell nothing that he did not confirm")


class FiguresAge(models.Model):
    """The service level of a supplier's figures, as columns of ``Supplier``; minutes are ages.

    A stock figure is believed whole, then an hour costs ``stock_grows_units`` and
    ``stock_grows_percent`` of it, then it is hidden. ``stock_accuracy`` is the share of his
    promises that he kept, from his scorecard, and makes the growth faster.
    """

    stock_believed_min = models.PositiveIntegerField(default=180)
    stock_grows_units = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(1))
    stock_grows_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(2))
    stock_told_min = models.PositiveIntegerField(default=360)  # then pages say how old it is
    stock_hidden_min = models.PositiveIntegerField(default=OLDEST_MIN)
    stock_accuracy = models.DecimalField(max_digits=5, decimal_places=4, null=True, editable=False)
    # At checkout, if it is older: twice as long as a sync of stock takes to come again, so that a
    # shopper waits for an answer where a sync was missed, and not at every second checkout.
    asked_after_min = models.PositiveIntegerField(default=30)
    asked_below = models.PositiveIntegerField(default=2)  # or if it would leave so few
    unanswered = models.CharField(max_length=10, choices=Unanswered, default=Unanswered.BELIEVE)
    cost_hidden_min = models.PositiveIntegerField(default=72 * 60)
    cut_off_hour = models.PositiveSmallIntegerField(null=True, blank=True)  # UTC; later is tomorrow
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
        """Name the terms, so that pages made under other ones are found."""
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
    """How closely bills are compared (``orders.accounting``), as columns of ``Supplier``.

    Of both tolerances the larger holds. ``bills_within_days`` None: of no shipment is a bill owed.
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
    """How what was ordered of a supplier comes to him."""

    AT_ONCE = "at_once", _("At once")
    EVERY = "every", _("Collected, every so many minutes")
    AT_TIMES = "at_times", _("Collected, at times of his day")


class OrdersGo(models.Model):
    """When orders go to a supplier, as columns of ``Supplier``.

    ``time_zone``, ``order_days`` and ``closed_on`` hold for his promises too
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
    """Somebody who holds the goods and ships them for us."""

    class Status(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        VETTING = "vetting", _("Being vetted")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        BLOCKED = "blocked", _("Blocked")

    class CountsDownAt(models.TextChoices):
        """When his stock figure stops containing what we ordered; the later, the more careful.

        ``never``: only when he counts his shelves anew.
        """

        ORDER = "order", _("When he has the order")
        SHIPMENT = "shipment", _("When he has shipped")
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
    language = models.CharField(max_length=8, choices=settings.LANGUAGES, default="en")  # his mail
    status = models.CharField(max_length=10, choices=Status, default=Status.CANDIDATE)
    status_since = models.DateTimeField(null=True, blank=True)
    lead_days = models.PositiveSmallIntegerField(default=2)  # order until handed over
    acknowledge_within_min = models.PositiveIntegerField(default=60)
    buffer = models.PositiveSmallIntegerField(default=0)  # units we never promise
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
    """How we reach one supplier, and how often we ask for what.

    ``secrets_sealed`` holds keys and webhook secrets, ``tokens_sealed`` the pair that the
    supplier lent us; both are opened only to be used (``storefront.lib.security.encryption``).
    """

    BALANCE_PROBLEM: ClassVar = "balance: "  # how a problem begins that only money ends

    supplier = models.OneToOneField(Supplier, models.CASCADE, related_name="connection")
    base_url = models.CharField(max_length=200)
    secrets_sealed = SealedField(blank=True)
    tokens_sealed = SealedField(blank=True)
    account_id = models.CharField(max_length=60, blank=True)  # CJ's openId: signs webhooks
    options = models.JSONField(default=dict, blank=True)  # not secret; see the connector's OPTIONS
    remembered = models.JSONField(default=dict, blank=True)  # by the connector, between runs
    calls_per_second = models.PositiveSmallIntegerField(default=1)
    calls_at_once = models.PositiveSmallIntegerField(default=8)  # a quarter is kept for orders
    products_every_min = models.PositiveIntegerField(default=360)
    prices_every_min = models.PositiveIntegerField(default=60)
    stock_every_min = models.PositiveIntegerField(default=15)
    orders_every_min = models.PositiveIntegerField(default=10)
    orders_polled_at = models.DateTimeField(null=True, blank=True)
    rest_until = models.DateTimeField(null=True, blank=True)  # his budget is spent until then
    balance_amount = models.DecimalField(  # what he holds to pay orders with, in his money
        max_digits=12, decimal_places=2, null=True, blank=True
    )
    balance_as_of = models.DateTimeField(null=True, blank=True)
    low_balance_amount = models.DecimalField(  # below this, staff are told
        max_digits=12, decimal_places=2, null=True, blank=True
    )
    problem = models.CharField(max_length=300, blank=True)  # the last failed call, in words
    problem_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_report = models.JSONField(default=dict, blank=True)  # how the last try went

    def __str__(self) -> str:
        return f"wire to {self.supplier}"


class CallBudgetQuerySet(models.QuerySet["CallBudget"]):
    """Questions about what may still be asked."""

    def current(self) -> models.QuerySet[Any, int]:
        """Return what is left; a window that is over leaves all of the next one."""
        left = Case(
            When(until__lte=Now(), then=F("total")), default=Greatest(F("total") - F("used"), 0)
        )
        return self.annotate(left=left).values_list("left", flat=True)


class CallBudget(models.Model):
    """What a supplier lets us ask in one window of time, and how much of it we used."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="budgets")
    name = models.CharField(max_length=80)
    total = models.PositiveIntegerField()
    used = models.PositiveIntegerField()
    until = models.DateTimeField()  # when the window ends

    objects = CallBudgetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "name"], name="budget_once_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.connection.supplier}: {self.name}"
