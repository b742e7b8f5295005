"""Pictures of a product: where they came from and where our copies lie."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product, Variant

WIDTHS_PX = (240, 480, 900)


class ImageQuerySet(models.QuerySet["Image"]):
    """Questions about pictures."""

    def waiting(self, now: datetime) -> ImageQuerySet:
        """To be fetched: never tried yet, or due to be tried again."""
        return self.filter(stem="").filter(
            models.Q(tries=0, try_after__isnull=True) | models.Q(try_after__lte=now)
        )


class Image(models.Model):
    """One picture. ``stem`` names our resized copies: ``<stem>-<width>.webp``."""

    class Role(models.TextChoices):
        MAIN = "main", _("Main picture")
        SIDE = "side", _("From the side")
        IN_USE = "in_use", _("Being used")
        SCALE = "scale", _("For its size")
        OTHER = "other", _("Another picture")

    product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    variant = models.ForeignKey(
        Variant, models.CASCADE, null=True, blank=True, related_name="images"
    )
    role = models.CharField(max_length=10, choices=Role, default=Role.OTHER)
    source_url = models.CharField(max_length=500)
    stem = models.CharField(max_length=80, blank=True)  # empty: not fetched yet
    width_px = models.PositiveSmallIntegerField(null=True, blank=True)
    height_px = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    try_after = models.DateTimeField(null=True, blank=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "source_url"], name="image_once_per_product"
            ),
        ]
        indexes = [
            models.Index(
                fields=["try_after"], condition=models.Q(stem=""), name="image_waits_to_be_fetched"
            ),
        ]

    def __str__(self) -> str:
        return self.source_url
