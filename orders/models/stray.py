"""What staff make of a purchase order that its supplier has although it was canceled."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.purchasing import PurchaseOrder


class StrayDecision(models.Model):
    """How one stray ends: why, who said so, and when. Append-only; the newest one counts.

    ``was_shipped`` is what was known then: what leaves later is to be decided anew.
    """

    class Outcome(models.TextChoices):
        NOT_SHIPPED = "not_shipped", _("He will not ship it")
        RETURNED = "returned", _("The shopper sent it back")
        KEPT_PAID = "kept_paid", _("The shopper keeps it and paid for it")
        CLAIMED = "claimed", _("Claimed back from the supplier")
        NOT_CHARGED = "not_charged", _("The supplier does not charge it")
        WRITTEN_OFF = "written_off", _("Written off")

    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=20, choices=Outcome)
    reason = models.CharField(max_length=200)
    was_shipped = models.BooleanField()
    decided_by = models.CharField(max_length=100)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(was_shipped=False, outcome="not_shipped")
                | Q(was_shipped=True) & ~Q(outcome="not_shipped"),
                name="stray_decided_as_it_stood",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(decided_by=""), name="stray_decided_by_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} of purchase order {self.purchase_order_id}"
