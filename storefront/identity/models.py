"""Identity models: store who runs the shop, and its legal texts per language."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ShopIdentity(models.Model):
    """The shop's identity. At most one row; without it the shop is a demonstration."""

    name = models.CharField(max_length=60)
    company = models.CharField(max_length=120)
    address = models.TextField(max_length=400)  # as in a postal address, one line each
    email = models.EmailField(max_length=254)
    phone = models.CharField(max_length=40)
    register_entry = models.CharField(max_length=120, blank=True)
    vat_id = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name_plural = "shop identity"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_shop_identity"),
        ]

    def __str__(self) -> str:
        return self.name


class LegalText(models.Model):
    """The text of one page in one language; replaces the built-in text.

    Paragraphs are separated by an empty line; a line that starts with ``# `` is a heading.
    """

    class Page(models.TextChoices):
        CONTACT = "contact", _("Contact")
        DELIVERY = "delivery", _("Delivery")
        RETURNS = "returns", _("Returns")
        WITHDRAWAL = "withdrawal", _("Withdraw from a contract")
        PRIVACY = "privacy", _("Privacy")
        TERMS = "terms", _("Terms")
        IMPRINT = "imprint", _("Imprint")
        ACCESSIBILITY = "accessibility", _("Accessibility")

    page = models.CharField(max_length=20, choices=Page)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    text = models.TextField(max_length=100_000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "language"], name="legal_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.page} {self.language}"
