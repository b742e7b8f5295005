"""What selling costs on a channel, besides the goods."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LandingTerms(models.Model):
    """What it costs to sell goods of one origin and supplier on one channel.

    ``*`` stands for any; the most specific row counts, the supplier before the origin.

    Units:  amounts per unit in the channel's currency, rates are fractions;
            ``supplier_fee_rate`` of the wholesale cost, ``channel_fee_rate`` of the price
            before tax, ``payment_fee_rate`` of the price with tax; ``duty_amount`` None: what
            the law says
    """

    channel = models.ForeignKey("catalog.Channel", models.CASCADE, related_name="landing_terms")
    origin = models.CharField(_("Origin (country or *)"), max_length=2, default="*")
    supplier_code = models.CharField(_("Supplier (code or *)"), max_length=30, default="*")
    supplier_fee_rate = models.DecimalField(
        _("Supplier fee, of the cost"), max_digits=5, decimal_places=4, default=0
    )
    supplier_fee_amount = models.DecimalField(
        _("Supplier fee, fixed"), max_digits=10, decimal_places=2, default=0
    )
    freight_amount = models.DecimalField(
        _("Freight that we pay"), max_digits=10, decimal_places=2, default=0
    )
    duty_amount = models.DecimalField(
        _("Duty (empty: by law)"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    handling_amount = models.DecimalField(_("Handling"), max_digits=10, decimal_places=2, default=0)
    payment_fee_rate = models.DecimalField(
        _("Payment fee, of the price"), max_digits=5, decimal_places=4, default=0
    )
    payment_fee_amount = models.DecimalField(
        _("Payment fee, fixed"), max_digits=10, decimal_places=2, default=0
    )
    channel_fee_rate = models.DecimalField(
        _("Channel fee, of the price before tax"), max_digits=5, decimal_places=4, default=0
    )
    tax_rate = models.DecimalField(_("Tax in the price"), max_digits=5, decimal_places=4, default=0)

    class Meta:
        verbose_name_plural = "landing terms"
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "origin", "supplier_code"], name="landing_terms_once_per_scope"
            ),
            models.CheckConstraint(
                condition=Q(origin__regex=r"^(\*|[A-Z]{2})$") & ~Q(supplier_code=""),
                name="landing_terms_scope_is_named",
            ),
            models.CheckConstraint(
                condition=Q(
                    supplier_fee_rate__gte=0,
                    supplier_fee_amount__gte=0,
                    freight_amount__gte=0,
                    handling_amount__gte=0,
                    payment_fee_rate__gte=0,
                    payment_fee_amount__gte=0,
                    channel_fee_rate__gte=0,
                    tax_rate__gte=0,
                )
                & (Q(duty_amount__isnull=True) | Q(duty_amount__gte=0)),
                name="landing_terms_parts_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin}/{self.supplier_code}"
