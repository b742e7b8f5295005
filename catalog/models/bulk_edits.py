"""Bulk edit models: store one edit of many products or variants, with old and new values."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product, Variant
from storefront.lib.db.constraints import check
from storefront.lib.state_machine import Stateful


class BulkEdit(Stateful):
    """One edit of many rows: its operations, preview, result and undo.

    ``operations`` are ``{"field", "how", "value"}``, as ``bulk_edits.fields`` names the fields;
    empty if a file states the values of each row. ``file_name`` is empty for a selection.
    """

    class Kind(models.TextChoices):
        PRODUCTS = "products", _("Products")
        VARIANTS = "variants", _("Variants")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Choose values")
        PREPARING = "preparing", _("Preparing the preview")
        READY = "ready", _("Ready to apply")
        APPLYING = "applying", _("Applying")
        APPLIED = "applied", _("Applied")
        UNDOING = "undoing", _("Undoing")
        UNDONE = "undone", _("Undone")

    TRANSITIONS: ClassVar = {
        Status.DRAFT: frozenset({Status.PREPARING}),
        Status.PREPARING: frozenset({Status.READY}),
        Status.READY: frozenset({Status.DRAFT, Status.APPLYING}),
        Status.APPLYING: frozenset({Status.APPLIED}),
        Status.APPLIED: frozenset({Status.UNDOING}),
        Status.UNDOING: frozenset({Status.UNDONE}),
        Status.UNDONE: frozenset(),
    }

    kind = models.CharField(_("Content"), max_length=10, choices=Kind)
    file_name = models.CharField(_("File name"), max_length=120, blank=True)
    operations = models.JSONField(_("Changes"), default=list, blank=True)
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField(_("Status since"))
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))
    applied_by = models.CharField(_("Applied by"), max_length=100, blank=True)
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
                        *("undoing", "undone"),
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name or _("Bulk edit %(number)s") % {"number": self.pk}


class BulkEditRow(models.Model):
    """One product or variant of a bulk edit, with its old and new values by field.

    ``wanted`` are the values that a file states; ``unlocked`` are the fields that feeds filled
    before the edit. ``product`` is empty if the row of a file names no known SKU.
    """

    class Outcome(models.TextChoices):
        PENDING = "pending", _("Not checked yet")
        UNCHANGED = "unchanged", _("Unchanged")
        REFUSED = "refused", _("Refused")
        PLANNED = "planned", _("To change")
        CHANGED = "changed", _("Changed")
        CONFLICT = "conflict", _("Changed meanwhile, left as it is")
        RESTORED = "restored", _("Restored")
        KEPT = "kept", _("Not restored, because it changed since")

    edit = models.ForeignKey(
        BulkEdit, models.CASCADE, related_name="rows", verbose_name=_("Bulk edit")
    )
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
    unlocked = models.JSONField(_("Filled by feeds before"), default=list)
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
                        *("pending", "unchanged", "refused", "planned", "changed"),
                        *("conflict", "restored", "kept"),
                    ]
                ),
            ),
            models.UniqueConstraint(fields=["edit", "position"], name="bulk_edit_row_once"),
        ]
        indexes = [models.Index(fields=["edit", "outcome", "position"], name="bulk_edit_rows")]

    def __str__(self) -> str:
        return self.name
