"""Settling models: store rules that settle inbox items of one cause, and each item that one settled."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel
from storefront.dashboard.models.inbox_cases import InboxCase
from storefront.lib.db.constraints import check
from storefront.lib.db.fields import amount_field, protected_key
from storefront.lib.money import Money
from suppliers.models import Supplier


class SettlingRule(models.Model):
    """What always gets the same answer: the action that ends the items of a cause.

    ``failures`` counts failures in a row. At ``max_failures`` the rule is switched off, and
    ``stopped_at`` is set until staff decide.
    """

    name = models.CharField(_("Name"), max_length=80, unique=True)
    cause = models.SlugField(_("Issue"), max_length=40, db_index=False)
    action = models.SlugField(_("Action"), max_length=40, db_index=False)
    supplier = protected_key(Supplier, "+", _("Supplier"), null=True, db_index=False)
    channel = protected_key(Channel, "+", _("Channel"), null=True, db_index=False)
    max_amount = amount_field(_("Amount at most"), null=True)
    max_daily_amount = amount_field(_("Amount per day at most"), null=True)
    currency = models.CharField(_("Currency"), max_length=3, blank=True)
    max_failures = models.PositiveSmallIntegerField(
        _("Failures until it is switched off"), default=3, validators=[MinValueValidator(1)]
    )
    is_on = models.BooleanField(_("Switched on"), default=False)
    failures = models.PositiveSmallIntegerField(_("Failures in a row"), default=0)
    stopped_at = models.DateTimeField(_("Switched off after failures"), null=True, blank=True)
    changed_by = models.CharField(_("Changed by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("rule for inbox items")
        verbose_name_plural = _("rules for inbox items")
        constraints = [
            check("settling_rule_stops", Q(max_failures__gt=0)),
            check("settling_rule_stopped_is_off", Q(stopped_at=None) | Q(is_on=False)),
            check(
                "settling_rule_limit_has_currency",
                Q(max_amount=None, max_daily_amount=None) | ~Q(currency=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SettlingRun(models.Model):
    """One inbox case on which a rule acted, once. ``STARTED`` for an hour means a dead worker."""

    class Status(models.TextChoices):
        STARTED = "started", _("Started")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        UNDONE = "undone", _("Undone")

    # Indexed with the time. A rule that acted is switched off, not deleted: its log stays.
    rule = protected_key(SettlingRule, "runs", _("Rule"), db_index=False)
    case = models.OneToOneField(
        InboxCase, models.CASCADE, related_name="run", verbose_name=_("Inbox case")
    )
    name = models.CharField(_("Record"), max_length=200, blank=True)
    amount = amount_field(_("Amount"), null=True)
    currency = models.CharField(_("Currency"), max_length=3, blank=True)
    status = models.CharField(_("Status"), max_length=8, choices=Status, default=Status.STARTED)
    problem = models.CharField(_("Problem"), max_length=500, blank=True)
    at = models.DateTimeField(_("When"))
    undone_by = models.CharField(_("Undone by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("item settled by a rule")
        verbose_name_plural = _("items settled by rules")
        constraints = [
            check("settling_run_undone_by_staff", ~Q(status="undone") | ~Q(undone_by=""))
        ]
        indexes = [
            models.Index(fields=["rule", "at"], name="settling_run_by_rule"),
            models.Index(fields=["at"], condition=Q(status="started"), name="settling_run_started"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.case)

    @property
    def money(self) -> Money | None:
        return None if self.amount is None else Money(self.amount, self.currency)
