"""Connection admin: edit secrets and options, run a health check, show the call quotas."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, confirmed_action, enqueue_or_fail
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.inlines import inline
from storefront.lib.tasks import QueueableTask
from suppliers.connections import tasks
from suppliers.connections.factory import NOT_CONNECTED
from suppliers.connections.forms import ConnectionForm, connection_form
from suppliers.connections.labels import CONNECTION, FACTS, KEYS_AND_OPTIONS
from suppliers.models import CallQuota, Connection, Supplier
from suppliers.resilience.admin import CircuitBreakerActions, connection_health

# Labels of the values of ``health_check.Outcome``, which a report stores.
OUTCOMES = {
    "good": _("Passed"),
    "bad": _("Failed"),
    "absent": _("Not supported"),
    "not tried": _("Skipped"),
}


@admin.display(description=_("Last connection check"))
def last_health_check(row: Supplier) -> str | None:
    connection: Connection | None = getattr(row, "connection", None)
    if connection is None or not connection.health_report:
        return None
    report = connection.health_report
    steps = format_html_join(
        "",
        "<li>{} <b>{}</b> {} <em>{}</em></li>",
        (
            (
                columns.as_status(
                    str(OUTCOMES[step["outcome"]]),
                    needs_action=step["outcome"] == "bad",
                    waiting=step["outcome"] == "not tried",
                    final=step["outcome"] in {"good", "absent"},
                ),
                step["name"],
                step["message"],
                step["advice"],
            )
            for step in report["steps"]
        ),
    )
    suggestions = format_html_join(
        "", "<li>{}</li>", ((suggestion,) for suggestion in report["suggestions"])
    )
    capabilities = ", ".join(report["capabilities"])
    return format_html(
        '<p>{}</p><ul class="staff-moves">{}{}</ul>', capabilities, steps, suggestions
    )


def start_supplier_task(task: QueueableTask, supplier: Supplier, **arguments: Any) -> None:
    """Start a task that calls the supplier.

    Raises: PermanentError  the supplier has no connection
    """
    if not Connection.objects.filter(supplier=supplier).exists():
        raise PermanentError(gettext("This supplier has no connection yet."), code=NOT_CONNECTED)
    enqueue_or_fail(task, supplier_id=supplier.pk, **arguments)


class HealthCheckActions(StaffAdmin):
    check_actions: ClassVar = ["check_connection"]
    check_fields: ClassVar = [
        columns.age("connection__checked_at", _("Last checked")),
        last_health_check,
    ]

    @confirmed_action(
        description=_("Check connection"),
        icon="network_check",
        explain=lambda supplier: (
            gettext(
                "Signs in to %(name)s, reads one product, quotes one parcel and reads the"
                " balance. Nothing is ordered."
            )
            % {"name": supplier.name}
        ),
        done=_("Started. The result appears on this page shortly."),
    )
    def check_connection(
        self, _request: HttpRequest, supplier: Supplier, _cleaned_data: object
    ) -> None:
        start_supplier_task(tasks.run_health_check, supplier)


@admin.register(Connection)
class ConnectionAdmin(CircuitBreakerActions):
    form = ConnectionForm
    editable = (
        "base_url",
        "account_id",
        "calls_per_second",
        "max_concurrent_calls",
        "products_every_min",
        "prices_every_min",
        "stock_every_min",
        "orders_every_min",
        "low_balance_amount",
    )
    may_add = True
    groups = (
        *CONNECTION,
        Group(KEYS_AND_OPTIONS),
        Group(FACTS.title, FACTS.fields, columns=[connection_health]),
    )
    list_display: ClassVar = [
        columns.text("supplier__name", _("Supplier")),
        "base_url",
        connection_health,
        "products_every_min",
        "prices_every_min",
        "stock_every_min",
        "orders_every_min",
        columns.age("orders_polled_at", _("Orders checked at")),
        "balance_amount",
        "problem",
        columns.age("problem_at", _("Error since")),
    ]
    list_select_related: ClassVar = ["supplier", "breaker"]
    actions_detail: ClassVar = CircuitBreakerActions.breaker_actions
    ordering: ClassVar = ["supplier"]
    # Options have form fields of their own; the check report is on the supplier page.
    exclude: ClassVar = [
        "secrets_encrypted",
        "tokens_encrypted",
        "connector_state",
        "options",
        "health_report",
    ]
    readonly_fields: ClassVar = [
        connection_health,
        "orders_polled_at",
        "balance_amount",
        "balance_reported_at",
        "paused_until",
        "problem",
        "problem_at",
        "checked_at",
    ]
    inlines: ClassVar = [inline(CallQuota, "name", "used", "total", "until")]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.exclude

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT002 - Django's
        **options: Any,
    ) -> "type[forms.ModelForm[Any]]":
        """Return the form for the supplier's connector, or the default one for a read-only view."""
        if obj is not None and self.has_change_permission(request, obj):
            options["form"] = connection_form(obj)
        return super().get_form(request, obj, change, **options)

    def response_change(self, request: HttpRequest, obj: Connection) -> HttpResponse:
        """Start a health check of the saved connection; return to the supplier's page."""
        response: HttpResponse = super().response_change(request, obj)
        if "_save" not in request.POST:
            return response
        try:
            enqueue_or_fail(tasks.run_health_check, supplier_id=obj.supplier_id)
        except TemporaryError as error:
            self.message_user(request, str(error), messages.WARNING)
        else:
            message = gettext("The connection is being checked. The result appears on this page.")
            self.message_user(request, message, messages.INFO)
        return HttpResponseRedirect(
            reverse("admin:suppliers_supplier_change", args=[obj.supplier_id])
        )

    def response_post_save_add(self, _request: HttpRequest, obj: Connection) -> HttpResponse:
        """Continue to the page for the keys, whose fields depend on the connector."""
        return HttpResponseRedirect(self.page_of(obj))
