"""History models: store changed fields of a product, and changes that wait for staff.

Triggers write the rows (``migrations/sql/field_changes.sql``), so that bulk writes are recorded too.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product, Variant


class FieldChange(models.Model):
    """One changed field, or one added or removed row, of a product.

    - ``record``, ``record_id``: the changed row.
    - ``field``: its column; of a specification also ``custom:`` and the code of an attribute, or
      ``basis:`` and a column; of a text its language, a colon and a column. Empty: the row was added
      (``old`` is None) or removed (``new`` is None).
    - ``actor``, ``source``: as ``storefront.lib.db.change_source`` names them; empty if unknown.
    """

    class Record(models.TextChoices):
        PRODUCT = "product", _("Product")
        SPEC = "spec", _("Specification")
        VARIANT = "variant", _("Variant")
        IDENTIFIER = "identifier", _("Identifier")
        MODE = "mode", _("Mode")
        IMAGE = "image", _("Image")
        TEXT = "text", _("Text in another language")

    # Without constraints: they would be checked at each change, and a deleted row keeps its history.
    product = models.ForeignKey(
        Product,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("Product"),
    )
    variant = models.ForeignKey(
        Variant,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("Variant"),
    )
    record = models.CharField(_("Record type"), max_length=12, choices=Record)
    record_id = models.BigIntegerField(_("Record ID"))
    field = models.CharField(_("Field"), max_length=80, blank=True)
    old = models.JSONField(_("Old value"), null=True)
    new = models.JSONField(_("New value"), null=True)
    at = models.DateTimeField(_("When"))
    actor = models.CharField(_("User"), max_length=150, blank=True)
    source = models.CharField(_("Source"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("field change")
        verbose_name_plural = _("field changes")
        indexes = [
            models.Index(fields=["product", "id"], name="field_change_of_product"),
            models.Index(
                fields=["variant", "id"],
                condition=models.Q(variant__isnull=False),
                name="field_change_of_variant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record} {self.record_id} {self.field}"


class ChangeRequest(models.Model):
    """The changes of one product that one supplier states, and that staff have not accepted.

    - ``changes``: field -> {"value", "source"}; the newest values of the feed. A field is a column
      of ``Product`` or ``Spec``, "options", "modes", or ``custom:`` or ``more:`` with a code or
      label. ``source`` is the entry of ``Spec.sources``, if any. Empty: nothing waits for staff.
    - ``rejected``: field -> {"value", "actor", "at"}; a rejected value is not asked again until the
      feed states another one.
    """

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="change_requests", verbose_name=_("Product")
    )
    supplier_code = models.CharField(_("Supplier (code)"), max_length=30)
    changes = models.JSONField(_("Changes"), default=dict, blank=True)
    rejected = models.JSONField(_("Rejected values"), default=dict, blank=True)
    opened_at = models.DateTimeField(_("Since"))
    updated_at = models.DateTimeField(_("Changed"))

    class Meta:
        verbose_name = _("change request")
        verbose_name_plural = _("change requests")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "supplier_code"], name="change_request_once_per_supplier"
            )
        ]
        indexes = [
            models.Index(
                fields=["opened_at"],
                condition=~models.Q(changes={}),
                name="change_request_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product}, {self.supplier_code}"
