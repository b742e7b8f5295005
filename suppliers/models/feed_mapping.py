"""Feed mapping models: store the versions of a mapping and the files that staff uploaded."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from suppliers.models.supplier import Supplier


class FileContent(models.TextChoices):
    """What one file of a supplier contains."""

    PRODUCTS = "products", _("Products")
    PRICES = "prices", _("Prices")
    STOCK = "stock", _("Stock")


class FeedMapping(models.Model):
    """One version of a feed mapping: which supplier column fills which field. Never changed.

    ``spec`` is read by ``suppliers.connectors.feed.mapping.spec.Mapping``.
    """

    supplier = models.ForeignKey(Supplier, models.CASCADE, related_name="mappings")
    content = models.CharField(max_length=10, choices=FileContent)
    version = models.PositiveIntegerField()
    spec = models.JSONField()
    made_by = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    is_active = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "content", "version"], name="mapping_once_per_version"
            ),
            models.UniqueConstraint(
                fields=["supplier", "content"],
                condition=Q(is_active=True),
                name="mapping_one_active_per_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier} {self.content} v{self.version}"


class FeedUpload(models.Model):
    """A supplier file that staff uploaded. Of each content, the newest upload is the one read.

    ``storage_name`` is generated from the digest, ``original_name`` is only displayed. ``made_at``
    is the date of the file at the supplier, if the uploader stated it.
    """

    supplier = models.ForeignKey(Supplier, models.CASCADE, related_name="uploads")
    content = models.CharField(max_length=10, choices=FileContent)
    storage_name = models.CharField(max_length=80)
    original_name = models.CharField(max_length=120, blank=True)
    digest = models.CharField(max_length=64)  # SHA-256
    size_bytes = models.PositiveBigIntegerField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.storage_name
