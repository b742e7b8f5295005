"""Quarantine admin: review the changes of a run, apply, discard, roll back, edit thresholds.

``ChangesPage`` is one request to the changes of a run: sorted, paged, exported as CSV, applied in
part.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    SERVICE_ERRORS,
    ReasonForm,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    register_read_only,
)
from storefront.lib.staff.fieldsets import Group, Words
from storefront.lib.staff.inlines import inline
from storefront.lib.staff.list_actions import csv_response
from suppliers.inventory import tasks
from suppliers.models import PendingChange, QuarantineThresholds, SyncIssue, SyncRun
from suppliers.quarantine import review, rollback
from suppliers.quarantine.guards import DEFAULT_THRESHOLDS
from suppliers.quarantine.labels import (
    BASELINE_LABELS,
    CHECKED_COUNTS,
    DECISION_FIELDS,
    INTERNAL_FIELDS,
    RUN_FIELDS,
    THRESHOLD_GROUPS,
)
from suppliers.quarantine.review import EmptySelectionError, ReviewResult, Selection
from suppliers.runs.runs import COUNTS

PER_PAGE = 50
COLUMNS = ("row", "kind", "place", "old", "new", "size", "outcome")
# Sort orders of the page, with a tie-breaker so that pages are stable.
SORT_ORDERS = {
    "-size": ("-size", "pk"),
    "size": ("size", "pk"),
    "row": ("row", "pk"),
    "-row": ("-row", "pk"),
}
Kind = PendingChange.Kind


class ChangesPage:
    def __init__(self, model_admin: "SyncRunAdmin", request: HttpRequest, run: SyncRun) -> None:
        self.model_admin = model_admin
        self.request = request
        self.run = run
        self.problem = ""
        query = request.GET
        self.kind = query.get("kind", "") if query.get("kind") in Kind.values else ""
        self.order = query.get("order", "") if query.get("order") in SORT_ORDERS else "-size"

    def answer(self) -> HttpResponse:
        if self.request.method == "POST":
            return self._apply_part()
        if self.request.GET.get("as") == "csv":
            return self._file()
        return self._show()

    def _rows(self) -> QuerySet[PendingChange]:
        rows = PendingChange.objects.filter(run=self.run)
        rows = rows.filter(kind=self.kind) if self.kind else rows
        return rows.order_by(*SORT_ORDERS[self.order])

    def _apply_part(self) -> HttpResponse:
        try:
            decided = review.apply(
                sync_run=self.run,
                actor=str(self.request.user),
                now=timezone.now(),
                choice=self._choice(),
            )
        except EmptySelectionError:
            self.problem = gettext("Select at least one change.")
        except InvalidOperation:
            self.problem = gettext("Enter the limit as a number.")
        except SERVICE_ERRORS as refusal:
            self.problem = str(refusal)
        else:
            self.model_admin.show_result(self.request, decided)
            return HttpResponseRedirect(self.model_admin.page_of(self.run))
        self.run.refresh_from_db()
        return self._show(status=422)

    def _choice(self) -> Selection:
        data = self.request.POST
        kinds = [self.kind] if self.kind else []
        if data.get("step") == "ticked":
            ids = [int(pk) for pk in data.getlist("pk") if pk.isdecimal()]
            return Selection(kinds=kinds, ids=ids)
        return Selection(kinds=kinds, at_most=Decimal(data.get("at_most", "").replace(",", ".")))

    def _file(self) -> HttpResponse:
        rows = self._rows().values_list(*COLUMNS).iterator(chunk_size=2_000)
        return csv_response(chain([COLUMNS], rows), f"run-{self.run.pk}-changes.csv")

    def _show(self, *, status: int = 200) -> HttpResponse:
        changes = PendingChange.objects.filter(run=self.run)
        page = Paginator(self._rows(), PER_PAGE).get_page(self.request.GET.get("page"))
        return self.model_admin.render_page(
            self.request,
            "suppliers/pending_changes.html",
            self.run,
            status=status,
            title=gettext("Review changes"),
            problem=self.problem,
            is_pending=self.run.status == SyncRun.Status.QUARANTINED,
            page=page,
            kind=self.kind,
            order=self.order,
            kinds=list(changes.values("kind").order_by("kind").annotate(count=Count("pk"))),
            outcomes=list(
                changes.exclude(outcome="")
                .values("outcome")
                .order_by("outcome")
                .annotate(count=Count("pk"))
            ),
            most=changes.aggregate(most=Max("size"))["most"],
            facts=_checked_counts(self.run),
        )


def _checked_counts(run: SyncRun) -> Iterator[tuple[Words, Any]]:
    """Yield the counts that the guards checked, with their labels."""
    for name, label in CHECKED_COUNTS.items():
        if run.profile.get(name) is not None:
            yield label, run.profile[name]


def _describe(decided: ReviewResult) -> str:
    """Return the result of a decision as a sentence."""
    done = ngettext("%(count)d value changed.", "%(count)d values changed.", decided.done)
    message = done % {"count": decided.done}
    if decided.skipped:
        skipped = ngettext(
            "%(count)d skipped: a newer value exists.",
            "%(count)d skipped: newer values exist.",
            decided.skipped,
        )
        message = f"{message} {skipped % {'count': decided.skipped}}"
    if decided.waiting:
        deferred = ngettext(
            "%(count)d follows within a minute, after sales are subtracted.",
            "%(count)d follow within a minute, after sales are subtracted.",
            decided.waiting,
        )
        message = f"{message} {deferred % {'count': decided.waiting}}"
    return message


@admin.register(QuarantineThresholds)
class QuarantineThresholdsAdmin(StaffAdmin):
    editable = QuarantineThresholds.NAMES
    may_add = True
    may_delete = True
    groups = THRESHOLD_GROUPS
    list_display: ClassVar = [
        columns.text("supplier__name", _("Supplier")),
        *QuarantineThresholds.NAMES,
    ]
    list_select_related: ClassVar = ["supplier"]
    ordering: ClassVar = ["supplier"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """End the help text of a threshold with its default."""
        if db_field.name in QuarantineThresholds.NAMES:
            default_note = gettext("Empty = {usual}, the default for all suppliers.").format(
                usual=getattr(DEFAULT_THRESHOLDS, db_field.name)
            )
            options["help_text"] = f"{db_field.help_text} {default_note}"
        return super().formfield_for_dbfield(db_field, request, **options)


Status = SyncRun.Status


def _is_pending(run: SyncRun) -> bool:
    return run.status == Status.QUARANTINED


def _has_changes(run: SyncRun) -> bool:
    return _is_pending(run) or (bool(run.decided_by) and run.status != Status.DISCARDED)


def _can_roll_back(run: SyncRun) -> bool:
    return run.status == Status.APPLIED and run.kind != SyncRun.Kind.PRODUCTS


STATE = columns.status(
    "status",
    _("Status"),
    needs_action={"quarantined", "failed"},
    waiting={"fetching", "parsed", "staged"},
    final={"applied", "discarded", "rolled_back"},
)
NUMBER = columns.text("pk", _("Sync run ID"))
CALLS = columns.pairs("calls", _("API calls"))
POINTS = columns.pairs("points", _("Quota used"))
BASELINE = columns.pairs("profile", _("Baseline for later runs"), labels=BASELINE_LABELS)


@admin.register(SyncRun)
class SyncRunAdmin(StaffAdmin):
    empty_text: ClassVar = _("No sync runs yet. Open a supplier and select “Sync now”.")
    list_display: ClassVar = [
        "id",
        columns.text("supplier__name", _("Supplier")),
        "kind",
        STATE,
        columns.age("started_at", _("Started")),
        "read",
        "created",
        "updated",
        "unchanged",
        "gone",
        "rejected",
        "problem",
    ]
    list_select_related: ClassVar = ["supplier"]
    list_filter: ClassVar = ["status", "kind", "supplier"]
    search_fields: ClassVar = ["problem"]
    ordering: ClassVar = ["-id"]
    exclude: ClassVar = ["status", "profile", "calls", "points"]
    readonly_fields: ClassVar = [STATE, NUMBER, CALLS, POINTS, BASELINE, columns.status_history]
    groups = (
        Group(_("Result"), RUN_FIELDS, columns=[STATE]),
        Group(_("Rows"), COUNTS),
        Group(_("Decision"), DECISION_FIELDS, columns=[columns.status_history]),
        Group(_("Checks and findings"), columns=[CALLS, POINTS, BASELINE]),
        Group(_("System information"), INTERNAL_FIELDS, columns=[NUMBER]),
    )
    actions_detail: ClassVar = ["changes", "apply", "discard", "roll_back"]
    available_if: ClassVar = {
        "changes": _has_changes,
        "apply": _is_pending,
        "discard": _is_pending,
        "roll_back": _can_roll_back,
    }
    user_errors: ClassVar = (review.EmptySelectionError, rollback.NotReversibleError)
    inlines: ClassVar = [
        inline(SyncIssue, "row", "severity", "code", "message", tab=False, fk_name="last_run")
    ]

    @action(description=_("Review changes"), icon="difference")
    def changes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ChangesPage(self, request, self.row(request, object_id)).answer()

    @confirmed_action(
        description=_("Apply run"),
        icon="check",
        explain=lambda run: (
            gettext(
                "%(problem)s All %(count)d stored changes are applied where no newer"
                " value exists. This run becomes the baseline for later runs."
            )
            % {"problem": run.problem, "count": PendingChange.objects.filter(run=run).count()}
        ),
        done=_("Run applied."),
    )
    def apply(self, request: HttpRequest, run: SyncRun, _cleaned_data: object) -> None:
        self.show_result(request, review.apply(sync_run=run, **acting(request)))

    @confirmed_action(
        description=_("Discard run"),
        icon="close",
        explain=lambda run: (
            gettext("%(problem)s Nothing is applied. The next run is checked again.")
            % {"problem": run.problem}
        ),
        done=_("Run discarded."),
    )
    def discard(self, request: HttpRequest, run: SyncRun, _cleaned_data: object) -> None:
        review.discard(sync_run=run, **acting(request))

    @confirmed_action(
        description=_("Revert import"),
        icon="undo",
        explain=lambda run: (
            gettext(
                "Restores the previous value of the %(count)d values that this run"
                " changed, except where a newer value exists. If the supplier reports"
                " the same values again, the run is quarantined for your decision."
            )
            % {"count": run.updated + run.created}
        ),
        form_class=ReasonForm,
        done=_("Import reverted."),
    )
    def roll_back(
        self, request: HttpRequest, run: SyncRun, cleaned_data: Mapping[str, Any]
    ) -> None:
        self.show_result(
            request, rollback.roll_back(sync_run=run, **cleaned_data, **acting(request))
        )

    def show_result(self, request: HttpRequest, decided: ReviewResult) -> None:
        """Show the result and start the publication."""
        self.message_user(request, _describe(decided))
        self.wake(request, tasks.publish_pending)


register_read_only(
    PendingChange,
    list_display=[
        "row",
        columns.link("run", _("Sync run")),
        "kind",
        "place",
        "old",
        "new",
        "size",
        columns.status(
            "outcome",
            _("Outcome"),
            needs_action={"skipped"},
            waiting={"deferred"},
            final={"applied", "rolled_back"},
        ),
    ],
    list_select_related=["run__supplier"],
    list_filter=["kind", "outcome"],
    search_fields=["row"],
    ordering=["-id"],
)
