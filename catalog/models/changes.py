"""Change models: store changed fields of products, change requests and bulk edits."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product, Variant
from storefront.lib.db.constraints import check
from storefront.lib.db.fields import cascading_key
from storefront.lib.state_machine import Stateful


class FieldChange(models.Model):
    """One changed field, or one added or removed row, of a product.

    Triggers write the rows (``migrations/sql/field_changes.sql``), so that bulk writes are recorded.

    - ``record``, ``record_id``: the changed row.
    - ``field``: its column; of a specification also ``custom:`` and the code of an attribute, or
      ``basis:`` or ``reason:`` and a column; of a text its language, a colon and a column. Empty:
      the row was added (``old`` is None) or removed (``new`` is None).
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
                fields=["actor"], condition=~models.Q(actor=""), name="field_change_by_actor"
            ),
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
      of ``Product`` or ``Spec``, "options", "modes", "images", or ``custom:`` or ``more:`` with a code or
      label. ``source`` is the entry of ``Spec.sources``, if any. Empty: nothing waits for staff.
    - ``rejected``: field -> {"value", "actor", "at"}; a rejected value is not asked again until the
      feed states another one.
    """

    product = cascading_key(Product, "change_requests", _("Product"), db_index=False)
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


class BulkEdit(Stateful):
    """One edit of many rows: its operations, dry run, result and undo.

    ``operations`` are ``{"field", "how", "value"}``, as ``bulk_edits.fields`` names the fields;
    empty if a file states the values of each row. ``file_name`` is empty for a selection.
    """

    class Kind(models.TextChoices):
        PRODUCTS = "products", _("Products")
        VARIANTS = "variants", _("Variants")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Choose values")
        PREPARING = "preparing", _("Dry run in progress")
        READY = "ready", _("Ready to apply")
        APPLYING = "applying", _("Applying")
        APPLIED = "applied", _("Applied")
        UNDOING = "undoing", _("Undoing")
        UNDONE = "undone", _("Undone")
        FAILED = "failed", _("Failed")  # the dry run; nothing was changed

    TRANSITIONS: ClassVar = {
        Status.DRAFT: frozenset({Status.PREPARING}),
        Status.PREPARING: frozenset({Status.READY, Status.FAILED}),
        Status.READY: frozenset({Status.DRAFT, Status.APPLYING}),
        Status.APPLYING: frozenset({Status.APPLIED}),
        Status.APPLIED: frozenset({Status.UNDOING}),
        Status.UNDOING: frozenset({Status.UNDONE}),
        Status.UNDONE: frozenset(),
        Status.FAILED: frozenset({Status.PREPARING}),
    }

    kind = models.CharField(_("Content"), max_length=10, choices=Kind)
    file_name = models.CharField(_("File name"), max_length=120, blank=True)
    operations = models.JSONField(_("Changes"), default=list, blank=True)
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField(_("Status since"))
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))
    applied_by = models.CharField(_("Applied by"), max_length=100, blank=True)
    # column, as in the findings of a specification -> why its unlikely values are right
    finding_reasons = models.JSONField(_("Reasons for unlikely values"), default=dict, blank=True)
    undone_by = models.CharField(_("Undone by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("bulk edit")
        verbose_name_plural = _("bulk edits")
        constraints = [
            check("bulk_edit_kind_is_known", models.Q(kind__in=["products", "variants"])),
            check(
                "bulk_edit_status_is_known",
                models.Q(
                    status__in=[
                        *("draft", "preparing", "ready", "applying", "applied"),
                        *("undoing", "undone", "failed"),
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name or _("Bulk edit %(number)s") % {"number": self.pk}


class BulkEditRow(models.Model):
    """One product or variant of a bulk edit, with its old and new values by field.

    - ``wanted``: the values that a file states. ``unlocked``: the fields that feeds filled before.
    - ``findings``: warnings, as ``{"column", "message"}``, with the "reason" that a file states.
    - ``sources``: the former entries of ``Spec.sources`` by field, and under ``reasons`` the former
      reasons for unlikely values by column, so that an undo restores them.
    - ``product``, ``variant``: empty if the row of a file names no known SKU; such a row may create
      them (``bulk_edits.creation``).
    """

    class Outcome(models.TextChoices):
        PENDING = "pending", _("Not checked yet")
        UNCHANGED = "unchanged", _("Unchanged")
        REJECTED = "rejected", _("Rejected")
        PLANNED = "planned", _("To change")
        NEW = "new", _("To create")
        CHANGED = "changed", _("Changed")
        CREATED = "created", _("Created")
        CONFLICT = "conflict", _("Changed since the dry run, not applied")
        RESTORED = "restored", _("Restored")
        REMOVED = "removed", _("Removed")
        KEPT = "kept", _("Changed since the edit, not restored")

    edit = cascading_key(BulkEdit, "rows", _("Bulk edit"), db_index=False)
    position = models.PositiveIntegerField(_("Row"))
    product = models.ForeignKey(
        Product, models.CASCADE, null=True, related_name="+", verbose_name=_("Product")
    )
    variant = models.ForeignKey(
        Variant, models.CASCADE, null=True, related_name="+", verbose_name=_("Variant")
    )
    name = models.CharField(_("Name"), max_length=200)
    wanted = models.JSONField(_("Stated values"), default=dict)
    before = models.JSONField(_("Old value"), default=dict)
    after = models.JSONField(_("New value"), default=dict)
    unlocked = models.JSONField(_("Unlocked before the edit"), default=list)
    sources = models.JSONField(_("Sources before the edit"), default=dict)
    findings = models.JSONField(_("Findings"), default=list)
    message = models.CharField(_("Message"), max_length=500, blank=True)
    outcome = models.CharField(_("Result"), max_length=10, choices=Outcome, default=Outcome.PENDING)

    class Meta:
        verbose_name = _("row of a bulk edit")
        verbose_name_plural = _("rows of a bulk edit")
        constraints = [
            check(
                "bulk_edit_outcome_is_known",
                models.Q(
                    outcome__in=[
                        *("pending", "unchanged", "rejected", "planned", "new", "changed"),
                        *("created", "conflict", "restored", "removed", "kept"),
                    ]
                ),
            ),
            models.UniqueConstraint(fields=["edit", "position"], name="bulk_edit_row_once"),
        ]
        indexes = [models.Index(fields=["edit", "outcome", "position"], name="bulk_edit_rows")]

    def __str__(self) -> str:
        return self.name
