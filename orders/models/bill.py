"""What suppliers charged us, as they say, or as a person wrote it down from paper."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.purchasing import PurchaseOrder
from storefront.lib.money import Money
from suppliers.models import Supplier


class SupplierBill(models.Model):
    """One charge of one supplier. Its amounts never change: a correction withdraws it.

    ``number`` is our number as he gives it, ``reference`` his own. ``freight_amount`` is empty
    where he does not say. ``told_by`` is empty where his API tells it. ``match`` is how it stood
    against order and shipment when it was compared last.
    """

    class Match(models.TextChoices):
        NEW = "new", _("Not compared yet")
        WAITS = "waits", _("Waits for the shipment")
        MATCHED = "matched", _("Matches order and shipment")
        DIFFERS = "differs", _("Differs")
        SETTLED = "settled", _("Differs, closed by staff")
        UNKNOWN = "unknown", _("For no purchase order of ours")

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="bills")
    purchase_order = models.ForeignKey(
        PurchaseOrder, models.PROTECT, null=True, blank=True, related_name="bills"
    )
    number = models.CharField(max_length=60, blank=True)
    reference = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    goods_amount = models.DecimalField(max_digits=12, decimal_places=2)
    freight_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    billed_at = models.DateTimeField(null=True, blank=True)
    told_by = models.CharField(max_length=100, blank=True)
    told_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    match = models.CharField(
        max_length=8, choices=Match, default=Match.NEW, db_default=Match.NEW.value
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "reference"],
                condition=Q(withdrawn_at__isnull=True),
                name="bill_stands_once",
            ),
            models.CheckConstraint(
                condition=Q(goods_amount__gte=0)
                & (Q(freight_amount__isnull=True) | Q(freight_amount__gte=0)),
                name="bill_amounts_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def total(self) -> Money:
        freight = self.freight_amount or 0
        return Money(self.goods_amount + freight, self.currency)
