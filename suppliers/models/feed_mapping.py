"""Feed mapping models: store the versions of a mapping and the files that staff uploaded."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.fields import cascading_key
from suppliers.models.supplier import Supplier


class FileContent(models.TextChoices):
    PRODUCTS = "products", _("Products")
    PRICES = "prices", _("Prices")
    STOCK = "stock", _("Stock")


class FeedMapping(models.Model):
    """One version of a feed mapping, never changed; ``spec`` as in ``feed.mapping.spec.Mapping``."""

    supplier = cascading_key(Supplier, "mappings", _("Supplier"), db_index=False)
    content = models.CharField(_("Content"), max_length=10, choices=FileContent)
    version = models.PositiveIntegerField(_("Version number"))
    spec = models.JSONField(_("Specification"))
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))
    is_active = models.BooleanField(_("Active"), default=False)

    class Meta:
        verbose_name = _("feed mapping")
        verbose_name_plural = _("feed mappings")
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
    """A supplier file that staff uploaded. For each content, the newest upload is read.

    ``storage_name`` is generated from the digest, ``original_name`` is only displayed. ``made_at``
    is the date of the file at the supplier, if the uploader stated it.
    """

    supplier = cascading_key(Supplier, "uploads", _("Supplier"))
    content = models.CharField(_("Content"), max_length=10, choices=FileContent)
    storage_name = models.CharField(_("Stored as"), max_length=80)
    original_name = models.CharField(_("File name"), max_length=120, blank=True)
    digest = models.CharField(_("Hash"), max_length=64)  # SHA-256
    size_bytes = models.PositiveBigIntegerField(_("Size (bytes)"))
    by = models.CharField(_("Submitted by"), max_length=100)
    at = models.DateTimeField(_("When"))
    made_at = models.DateTimeField(_("Created"), null=True, blank=True)

    class Meta:
        verbose_name = _("uploaded file")
        verbose_name_plural = _("uploaded files")

    def __str__(self) -> str:
        return self.storage_name
