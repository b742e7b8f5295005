"""Reconciliation admin: list discrepancies and days, export, apply lost events, rerun, close."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.accounting.reconciliation import labels, resolution, tasks
from orders.models import Discrepancy, DiscrepancyObservation, ReconciliationRun
from orders.payments import updates
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    enqueue_or_fail,
    register_read_only,
)
from storefront.lib.staff.inlines import inline
from storefront.lib.staff.list_actions import FilteredActions

Status = Discrepancy.Status
STATE = columns.status("status", _("Status"), needs_action={"open"}, final={"gone", "settled"})
EXPECTED = columns.money("expected_amount", _("Expected"))
FOUND = columns.money("found_amount", _("Found"), currency="found_currency")
JOINED = ["order", "payment", "purchase_order", "supplier", "supplier_invoice"]
EXPORTED = (
    _("First day"),
    _("Last day"),
    _("Status"),
    _("Discrepancy type"),
    _("Record"),
    _("Expected"),
    _("Currency"),
    _("Found"),
    _("Found currency"),
    _("Order"),
    _("Payment"),
    _("Purchase order"),
    _("Supplier"),
    _("External reference"),
    _("Closed by"),
    _("Reason for closing"),
)


@admin.display(description=_("Recommended action"))
def advice(difference: Discrepancy) -> str:
    return labels.advice(difference)


@admin.register(Discrepancy)
class DiscrepancyAdmin(FilteredActions):
    empty_text = _("No discrepancies. All reconciled days match.")
    list_display: ClassVar = [
        "kind",
        "what",
        EXPECTED,
        FOUND,
        columns.link("order", _("Order")),
        columns.link("purchase_order", _("Purchase order")),
        columns.link("payment", _("Payment")),
        "reference",
        STATE,
        "first_day",
    ]
    list_select_related: ClassVar = JOINED
    list_filter: ClassVar = ["status", "kind", "what", "supplier", "currency", "first_day"]
    search_fields: ClassVar = [
        "reference",
        "order__number",
        "payment__reference",
        "purchase_order__number",
    ]
    fieldsets: ClassVar[list[tuple[Any, dict[str, list[Any]]]]] = [
        (
            None,
            {
                "fields": [
                    advice,
                    "kind",
                    "what",
                    EXPECTED,
                    FOUND,
                    columns.link("order", _("Order")),
                    columns.link("payment", _("Payment")),
                    columns.link("purchase_order", _("Purchase order")),
                    columns.link("supplier", _("Supplier")),
                    columns.link("supplier_invoice", _("Supplier invoice")),
                    "reference",
                ]
            },
        ),
        (
            _("Status"),
            {
                "fields": [
                    STATE,
                    "first_day",
                    "last_day",
                    "closed_by",
                    "close_reason",
                    columns.status_history,
                ]
            },
        ),
    ]
    exclude: ClassVar = ["key", "part"]
    inlines: ClassVar = [
        inline(
            DiscrepancyObservation,
            columns.link("day", _("Day")),
            EXPECTED,
            FOUND,
            "seen_at",
            tab=False,
            related=("day",),
            ordering=["-id"],
        )
    ]
    user_errors: ClassVar = (
        updates.TooEarlyError,
        updates.UnknownPaymentError,
        resolution.NoLostEventError,
    )
    actions_list: ClassVar = ["export"]
    actions_detail: ClassVar = ["resolve", "close_discrepancy"]
    available_if: ClassVar = {
        "resolve": resolution.can_apply_lost_event,
        "close_discrepancy": lambda row: row.status == Status.OPEN,
    }

    @action(description=_("Export CSV"), icon="download", may="view")
    def export(self, request: HttpRequest) -> HttpResponse:
        return self.export_rows(request, _rows, name="differences")

    @confirmed_action(
        description=_("Sync from gateway"),
        icon="download_done",
        explain=_(
            "Reads all events of this payment from the gateway and applies the missing ones. The"
            " order continues or is canceled accordingly. Recorded events are not applied again."
        ),
        done=_("Payment synced. It matches the gateway."),
    )
    def resolve(self, _request: HttpRequest, difference: Discrepancy, _data: object) -> str | None:
        accepted = resolution.apply_lost_events(difference=difference, now=timezone.now())
        if accepted.status == Status.OPEN:
            return gettext("Payment synced. The discrepancy remains.")
        return None

    @confirmed_action(
        description=_("Close with reason"),
        icon="task_alt",
        explain=_(
            "Closes the discrepancy only: no money moves and no record changes."
            " It reopens if the amounts change."
        ),
        form_class=ReasonForm,
        done=_("Discrepancy closed."),
    )
    def close_discrepancy(
        self, request: HttpRequest, difference: Discrepancy, data: FormData
    ) -> None:
        resolution.close_discrepancy(difference=difference, **data, **acting(request))


def _rows(rows: QuerySet[Discrepancy]) -> Iterator[Iterable[object]]:
    yield EXPORTED
    for row in rows.select_related(*JOINED).iterator(chunk_size=500):
        yield (
            row.first_day,
            row.last_day,
            row.get_status_display(),
            row.get_kind_display(),
            row.get_what_display(),
            row.expected_amount,
            row.currency,
            row.found_amount,
            row.found_currency,
            row.order,
            row.payment,
            row.purchase_order,
            row.supplier,
            row.reference,
            row.closed_by,
            row.close_reason,
        )


# Days and observations


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(StaffAdmin):
    empty_text = _("No days yet. A day is reconciled after it ends.")
    list_display: ClassVar = [
        "day",
        columns.status(
            "status",
            _("Status"),
            needs_action={"open"},
            waiting={"running"},
            final={"reconciled", "closed"},
        ),
        "problem",
        "attempts",
        columns.age("reconciled_at", _("Reconciled")),
    ]
    list_filter: ClassVar = ["status", "day"]
    ordering: ClassVar = ["-starts_at"]
    fields: ClassVar = [
        "day",
        "status",
        "problem",
        "attempts",
        columns.age("reconciled_at", _("Reconciled")),
        columns.pairs("counts", _("Compared")),
        "starts_at",
        "ends_at",
        columns.status_history,
    ]
    readonly_fields: ClassVar = fields
    inlines: ClassVar = [
        inline(
            DiscrepancyObservation,
            columns.link("difference", _("Discrepancy")),
            EXPECTED,
            FOUND,
            "seen_at",
            tab=False,
            related=tuple(f"difference__{name}" for name in JOINED),
            ordering=["id"],
        )
    ]
    actions_detail: ClassVar = ["compare", "close_run"]
    available_if: ClassVar = {"close_run": lambda day: day.status == ReconciliationRun.Status.OPEN}

    @confirmed_action(
        description=_("Reconcile now"),
        icon="sync",
        explain=_(
            "Compares this day again with the gateways and the suppliers. A"
            " discrepancy that is found again is not duplicated."
        ),
        done=_("Reconciliation of %s started. Reload the page in a minute."),
    )
    def compare(self, _request: HttpRequest, day: ReconciliationRun, _data: object) -> None:
        enqueue_or_fail(tasks.reconcile_day, day_id=day.pk)

    @confirmed_action(
        description=_("Close without reconciliation"),
        icon="event_busy",
        explain=lambda day: (
            gettext(
                "Use this only if the data will never be available: %(problem)s The"
                " day is not retried automatically."
            )
            % {"problem": day.problem}
        ),
        form_class=ReasonForm,
        done=_("%s is closed without reconciliation."),
    )
    def close_run(self, request: HttpRequest, day: ReconciliationRun, data: FormData) -> None:
        resolution.close_run(day=day, **data, **acting(request))


register_read_only(
    DiscrepancyObservation,
    list_display=[
        columns.link("day", _("Day")),
        columns.link("difference", _("Discrepancy")),
        EXPECTED,
        FOUND,
        "seen_at",
    ],
    list_display_links=["seen_at"],
    list_select_related=["day", *(f"difference__{name}" for name in JOINED)],
    list_filter=["day__day"],
    search_fields=["difference__reference"],
)
