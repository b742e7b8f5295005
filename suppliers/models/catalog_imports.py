"""Catalog import model: one file of staff on its way through the import wizard."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import BulkEdit
from storefront.lib.db.constraints import check
from storefront.lib.db.fields import cascading_key
from storefront.lib.state_machine import Stateful
from suppliers.models.runs import SyncRun
from suppliers.models.supplier import Supplier


class CatalogImport(Stateful):
    """One uploaded file: where it belongs, its columns, its dry run and its result.

    Without a supplier it states values of our own products: they win over feeds and are applied
    as ``edit``. With a supplier its products are imported by ``run``.

    Shape:  ``columns`` maps headings to fields (``catalog_files.own_columns``); ``reading`` is what
            staff set of ``FormatOverrides``; ``heading_key`` identifies the set of headings as
            detected, by which columns and ``reading`` are remembered; ``report`` is
            ``catalog_files.dry_run.Report`` as JSON
    """

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("Choose columns")
        PREPARING = "preparing", _("Dry run in progress")
        READY = "ready", _("Ready to apply")
        NOTHING = "nothing", _("Nothing to apply")
        APPLYING = "applying", _("Applying")
        APPLIED = "applied", _("Applied")
        QUARANTINED = "quarantined", _("Quarantined")  # the sync run: staff decide
        DISCARDED = "discarded", _("Discarded")  # the sync run
        FAILED = "failed", _("Failed")

    class BlankCell(models.TextChoices):
        IGNORE = "ignore", _("Keep the current value")
        CLEAR = "clear", _("Clear the value")

    TRANSITIONS: ClassVar = {
        Status.UPLOADED: frozenset({Status.PREPARING}),
        Status.PREPARING: frozenset({Status.READY, Status.NOTHING, Status.UPLOADED, Status.FAILED}),
        # A bulk edit is applied on its own page.
        Status.READY: frozenset({Status.PREPARING, Status.APPLYING, Status.APPLIED}),
        Status.NOTHING: frozenset({Status.PREPARING}),
        Status.APPLYING: frozenset(
            {Status.APPLIED, Status.QUARANTINED, Status.DISCARDED, Status.FAILED}
        ),
        Status.QUARANTINED: frozenset({Status.APPLIED, Status.DISCARDED}),
        Status.FAILED: frozenset({Status.PREPARING}),
        Status.APPLIED: frozenset(),
        Status.DISCARDED: frozenset(),
    }

    supplier = cascading_key(Supplier, "+", _("Supplier"), null=True)
    file_name = models.CharField(_("File name"), max_length=120)
    storage_name = models.CharField(_("Stored as"), max_length=80)
    digest = models.CharField(_("Hash"), max_length=64)  # SHA-256
    size_bytes = models.PositiveBigIntegerField(_("Size (bytes)"))
    heading_key = models.CharField(_("Headings"), max_length=64, blank=True)
    columns = models.JSONField(_("Columns"), default=dict, blank=True)
    reading = models.JSONField(_("File format"), default=dict, blank=True)
    blank = models.CharField(
        _("Empty cells"), max_length=10, choices=BlankCell, default=BlankCell.IGNORE
    )
    status = models.CharField(_("Status"), max_length=12, choices=Status, default=Status.UPLOADED)
    status_since = models.DateTimeField(_("Status since"))
    rows_read = models.PositiveIntegerField(_("Rows read"), default=0)
    rows_total = models.PositiveIntegerField(_("Rows"), default=0)
    report = models.JSONField(_("Report"), default=dict, blank=True)
    problem = models.CharField(_("Problem"), max_length=500, blank=True)
    edit = models.ForeignKey(
        BulkEdit,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Bulk edit"),
    )
    run = models.ForeignKey(
        SyncRun,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Sync run"),
    )
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))

    class Meta:
        verbose_name = _("catalog import")
        verbose_name_plural = _("catalog imports")
        constraints = [
            check(
                "catalog_import_status_is_known",
                models.Q(
                    status__in=[
                        *("uploaded", "preparing", "ready", "nothing", "applying", "applied"),
                        *("quarantined", "discarded", "failed"),
                    ]
                ),
            ),
            check("catalog_import_blank_is_known", models.Q(blank__in=["ignore", "clear"])),
        ]
        indexes = [models.Index(fields=["heading_key", "-id"], name="catalog_import_headings")]

    def __str__(self) -> str:
        return self.file_name
