"""Refund request models: store refunds that staff enter, and the limits of staff groups."""

from typing import ClassVar

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, protected_key
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful


class RefundLimit(models.Model):
    """What one member of a staff group may refund of one order without approval."""

    group = models.ForeignKey(
        Group,
        models.CASCADE,
        related_name="refund_limits",
        verbose_name=_("Staff group"),
        db_index=False,  # the constraint has one
        help_text=_("Of a member of several groups, the highest limit counts."),
    )
    amount = amount_field(
        _("Limit per order"),
        help_text=_("Refunds above it wait until another staff member approves them."),
    )
    currency = models.CharField(
        _("Currency"),
        max_length=3,
        help_text=_("In other currencies, each refund of this group needs approval."),
    )

    class Meta:
        verbose_name = _("refund limit")
        verbose_name_plural = _("refund limits")
        constraints = [
            unique("refund_limit_once_per_currency", ["group", "currency"]),
            check("refund_limit_not_negative", Q(amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {Money(self.amount, self.currency)}"


class RefundRequest(Stateful):
    """A refund that a staff member entered; above their limit another one approves it.

    ``units`` maps order line ids to refunded units; empty: a refund by amount only. ``decided_by``
    is empty if no approval was needed. ``key`` names one submitted form.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Awaiting approval")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    TRANSITIONS: ClassVar = {
        Status.WAITING: frozenset({Status.APPROVED, Status.REJECTED}),
        Status.APPROVED: frozenset(),
        Status.REJECTED: frozenset(),
    }

    order = protected_key(Order, "refund_requests", _("Order"), db_index=False)  # has one
    key = models.CharField(_("Form key"), max_length=40, editable=False)
    units = models.JSONField(_("Items"), default=dict, blank=True)
    amount = amount_field(_("Amount"))
    currency = models.CharField(_("Currency"), max_length=3)
    reason = models.CharField(_("Reason"), max_length=200)
    requested_by = models.CharField(_("Requested by"), max_length=100)
    requested_at = models.DateTimeField(_("Requested"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.WAITING)
    status_since = models.DateTimeField(_("Since"))
    decided_by = models.CharField(_("Decided by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("refund request")
        verbose_name_plural = _("refund requests")
        constraints = [
            unique("refund_request_once_per_form", ["order", "key"]),
            check("refund_request_has_amount", Q(amount__gt=0)),
            check("refund_request_decided_by_another", ~Q(decided_by=F("requested_by"))),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"],
                condition=Q(status="waiting"),
                name="refund_request_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order}: {self.value}"

    @property
    def value(self) -> Money:
        return Money(self.amount, self.currency)
