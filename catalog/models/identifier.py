"""The names the trade gives a thing: GTIN, UPC, MPN and the supplier's own."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Variant


class Identifier(models.Model):
    """One name of one variant. A GTIN is kept as 14 digits with a right check digit.

    An MPN is unique only together with its brand, so ``value`` holds ``brand:mpn``.
    """

    class Scheme(models.TextChoices):
        GTIN = "gtin", _("GTIN")
        MPN = "mpn", _("Part number (MPN)")
        SUPPLIER = "supplier", _("Supplier's number")

    class State(models.TextChoices):
        ASSERTED = "asserted", _("Told, not checked")
        VERIFIED = "verified", _("Verified")
        CONFLICT = "conflict", _("Two variants claim it")

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=10, choices=Scheme)
    value = models.CharField(max_length=160)
    raw = models.CharField(max_length=160, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ASSERTED)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "value"],
                condition=~Q(state="conflict"),
                name="identifier_names_one_variant",
            ),
            models.CheckConstraint(
                condition=~Q(scheme="gtin") | Q(value__regex=r"^[0-9]{14}$"),
                name="identifier_gtin_has_14_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"
