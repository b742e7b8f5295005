"""Run models: store sync runs, row issues, and batches of product pages for other workers."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.fields import cascading_key, protected_key
from storefront.lib.state_machine import Stateful
from suppliers.models.supplier import Supplier


class SyncRun(Stateful):
    """One run of one job. At most one per supplier and kind is open.

    - ``deferred_rows``: rows left to the next run because the time was up.
    - ``guards_waived_by``: who waived the guards before the run.
    - ``decided_by``: who applied, discarded or rolled back its changes (``PendingChange``).
    - ``profile``: the baseline that later runs are compared with (``quarantine.evaluation``).
    - ``calls``, ``points``: use of the supplier's API by the run (``resilience.gate``).
    """

    class Kind(models.TextChoices):
        PRODUCTS = "products", _("Products")
        PRICES = "prices", _("Prices")
        STOCK = "stock", _("Stock")

    class Status(models.TextChoices):
        FETCHING = "fetching", _("Fetching")  # open: still fetching
        PARSED = "parsed", _("Parsed")
        STAGED = "staged", _("Staged")
        APPLIED = "applied", _("Applied")
        # a guard failed: nothing is applied until staff decide
        QUARANTINED = "quarantined", _("Quarantined")
        DISCARDED = "discarded", _("Discarded")
        FAILED = "failed", _("Failed")  # the supplier did not answer, or the worker died
        ROLLED_BACK = "rolled_back", _("Rolled back")

    TRANSITIONS: ClassVar = {
        Status.FETCHING: frozenset({Status.PARSED, Status.QUARANTINED, Status.FAILED}),
        Status.PARSED: frozenset({Status.STAGED, Status.QUARANTINED, Status.FAILED}),
        Status.STAGED: frozenset({Status.APPLIED, Status.QUARANTINED, Status.FAILED}),
        Status.APPLIED: frozenset({Status.ROLLED_BACK}),
        Status.QUARANTINED: frozenset({Status.APPLIED, Status.DISCARDED}),
        Status.DISCARDED: frozenset(),
        Status.FAILED: frozenset(),
        Status.ROLLED_BACK: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    supplier = protected_key(Supplier, "runs", _("Supplier"), db_index=False)
    kind = models.CharField(_("Content"), max_length=10, choices=Kind)
    status = models.CharField(_("Status"), max_length=12, choices=Status, default=Status.FETCHING)
    status_since = models.DateTimeField(_("Status since"))
    started_at = models.DateTimeField(_("Started"))
    # an open run past this moment is dead
    lease_until = models.DateTimeField(_("Lease expires at"))
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)
    read = models.PositiveIntegerField(_("Rows read"), default=0)
    created = models.PositiveIntegerField(_("Created"), default=0)
    updated = models.PositiveIntegerField(_("Updated"), default=0)
    unchanged = models.PositiveIntegerField(_("Unchanged"), default=0)
    gone = models.PositiveIntegerField(_("Discontinued"), default=0)
    rejected = models.PositiveIntegerField(_("Rejected"), default=0)
    deferred_rows = models.PositiveIntegerField(_("Left to the next run"), default=0)
    problem = models.CharField(_("Error"), max_length=500, blank=True)
    decided_by = models.CharField(_("Decided by"), max_length=100, blank=True)
    guards_waived_by = models.CharField(_("Checks waived by"), max_length=100, blank=True)
    profile = models.JSONField(_("Import statistics"), default=dict, blank=True)
    calls = models.JSONField(_("API calls"), default=dict, blank=True)
    points = models.JSONField(_("API points used"), default=dict, blank=True)

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "kind"],
                condition=Q(status__in=["fetching", "parsed", "staged"]),
                name="run_one_open_per_job",
            )
        ]
        indexes = [
            models.Index(fields=["supplier", "kind", "-started_at"]),
            models.Index(
                fields=["status"],
                condition=Q(status__in=["failed", "quarantined"]),
                name="sync_run_not_applied",
            ),
        ]

    def __str__(self) -> str:
        template = {
            self.Kind.PRODUCTS: _("Products of %(supplier)s, %(moment)s"),
            self.Kind.PRICES: _("Prices of %(supplier)s, %(moment)s"),
            self.Kind.STOCK: _("Stock of %(supplier)s, %(moment)s"),
        }[self.Kind(self.kind)]
        moment = date_format(timezone.localtime(self.started_at), "j M H:i")
        return template % {"supplier": self.supplier, "moment": moment}

    @property
    def as_of(self) -> datetime:
        """The moment for which the stock figures of the run hold."""
        return min(self.started_at, self.file_as_of or self.started_at)

    @property
    def file_as_of(self) -> datetime | None:
        """The date of the file, or when another job fetched the list that this run reused."""
        as_of = self.profile.get("as_of")
        return datetime.fromisoformat(as_of) if as_of else None

    @property
    def is_delta(self) -> bool:
        """Whether the list of the run is a delta: no later list repeats its rows."""
        return bool(self.profile.get("is_delta"))


class SyncIssue(models.Model):
    """A row that could not be imported as it was; open once per supplier, row and code."""

    class Severity(models.TextChoices):
        ERROR = "error", _("Error")  # the row was not applied
        WARNING = "warning", _("Warning")  # applied without the invalid value

    supplier = protected_key(Supplier, "issues", _("Supplier"))
    first_run = protected_key(SyncRun, "+", _("First run"))
    last_run = protected_key(SyncRun, "issues", _("Last run"))
    row = models.CharField(_("Row"), max_length=80)  # the supplier's id of the row
    code = models.SlugField(_("Error"), max_length=40)
    severity = models.CharField(_("Severity"), max_length=8, choices=Severity)
    message = models.CharField(_("Message"), max_length=500)
    raw = models.JSONField(_("Original row"), default=dict, blank=True)
    resolved_at = models.DateTimeField(_("Resolved"), null=True, blank=True)

    class Meta:
        verbose_name = _("import error")
        verbose_name_plural = _("import errors")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "row", "code"],
                condition=Q(resolved_at__isnull=True),
                name="issue_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} in {self.row}"


class PageBatch(models.Model):
    """Product pages that one worker fetched and any free worker imports.

    A worker imports a batch under a session lock. If the worker dies, the lock is released and the
    fetching worker imports the batch. Deleted when done, or with its run.

    Shape: ``pages`` as packed by ``suppliers.sync.page_batches``; ``done`` are the counts added
    to the run, null until imported.
    """

    run = cascading_key(SyncRun, "+", _("Sync run"))
    pages = models.BinaryField(_("Pages"))
    done = models.JSONField(_("Result"), null=True, blank=True)

    class Meta:
        verbose_name = _("page batch")
        verbose_name_plural = _("page batches")

    def __str__(self) -> str:
        return f"{self.run_id}:{self.pk}"
