"""What suppliers do about goods that come back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from suppliers.models import Supplier


class ReturnPolicy(models.Model):
    """What one supplier does about goods that come back.

    The row without a supplier holds for each who has none of his own; without it, the defaults.
    """

    class Destination(models.TextChoices):
        SUPPLIER = "supplier", _("To the supplier")
        US = "us", _("To us")
        NOWHERE = "nowhere", _("Nowhere: the shopper keeps it")

    class Payer(models.TextChoices):
        US = "us", _("We pay the way back")
        SHOPPER = "shopper", _("The shopper pays the way back")

    supplier = models.ForeignKey(
        Supplier, models.PROTECT, null=True, blank=True, related_name="return_policies"
    )
    destination = models.CharField(max_length=10, choices=Destination, default=Destination.US)
    address = models.CharField(max_length=300, blank=True)
    # Goods worth less than this, in the order's currency, are not worth their way back.
    keep_below_amount = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    takes_back = models.BooleanField(default=False)  # gives us a credit for what comes back
    takes_back_days = models.PositiveSmallIntegerField(default=30)
    # How long after it arrived he stands in for what is broken; unknown: as for all he takes back.
    warranty_months = models.PositiveSmallIntegerField(null=True, blank=True)
    restocking_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    label_payer = models.CharField(max_length=10, choices=Payer, default=Payer.SHOPPER)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"], nulls_distinct=False, name="return_policy_once"
            ),
            models.CheckConstraint(
                condition=Q(keep_below_amount__gte=0), name="return_policy_keeps_no_debt"
            ),
            models.CheckConstraint(
                condition=Q(restocking_percent__gte=0, restocking_percent__lte=100),
                name="return_policy_fee_within_goods",
            ),
            models.CheckConstraint(
                condition=~Q(destination="supplier") | ~Q(address=""),
                name="return_policy_says_where",
            ),
        ]

    def __str__(self) -> str:
        return str(self.supplier or _("All others"))
