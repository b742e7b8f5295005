"""The party we buy from, and the wire to it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, When
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext_lazy as _

from storefront.lib.security.encryption import SealedField
from storefront.lib.state_machine import Stateful
from suppliers.models.aging import FiguresAge
from suppliers.models.billing import BillTerms
from suppliers.models.sending import OrdersGo


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
