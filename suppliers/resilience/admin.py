"""Circuit breaker admin: show breakers and quotas, close a breaker by hand."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, confirmed_action
from suppliers.models import CallQuota, CircuitBreaker, Connection
from suppliers.resilience import circuit_breaker


@admin.register(CallQuota)
class CallQuotaAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.text("connection__supplier__name", _("Supplier")),
        "name",
        "used",
        "total",
        "until",
    ]
    list_select_related: ClassVar = ["connection__supplier"]
    ordering: ClassVar = ["connection", "name"]


@admin.display(description=_("Responding"))
def connection_health(row: Connection) -> str:
    breaker: CircuitBreaker | None = getattr(row, "breaker", None)
    if breaker is None or not breaker.failures:
        return columns.as_status(gettext("yes"), final=True)
    if breaker.open_until is None:
        template = ngettext("%(count)d failure", "%(count)d failures", breaker.failures)
        return columns.as_status(template % {"count": breaker.failures}, waiting=True)
    when = columns.as_age(breaker.open_until)
    return columns.as_status(
        gettext("no; next attempt %(when)s") % {"when": when}, needs_action=True
    )


class CircuitBreakerActions(StaffAdmin):
    breaker_actions: ClassVar = ["close_breaker"]

    @confirmed_action(
        description=_("Retry now"),
        icon="restart_alt",
        explain=_(
            "Waiting syncs and orders continue at once. If the supplier still does"
            " not respond, calls pause again after a few failures."
        ),
        done=_("Calls have resumed."),
    )
    def close_breaker(
        self, _request: HttpRequest, connection: Connection, _cleaned_data: object
    ) -> None:
        circuit_breaker.close(connection_id=connection.pk)


@admin.register(CircuitBreaker)
class CircuitBreakerAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.text("connection__supplier__name", _("Supplier")),
        "gateway",
        "failures",
        columns.age("opened_at", _("No response since")),
        columns.age("orders_blocked_until", _("Orders retry at")),
        columns.age("open_until", _("Syncs retry at")),
        "last_failure",
    ]
    list_select_related: ClassVar = ["connection__supplier"]
    ordering: ClassVar = ["connection"]
