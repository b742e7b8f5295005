"""Webhook admin: show received webhooks, replay them, connect a supplier's system."""

from datetime import datetime
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.actions import (
    ATTEMPT_STARTED,
    QUICK_ACTIONS,
    TRY_AGAIN,
    QuickAction,
)
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, action, register_read_only
from storefront.lib.tasks import enqueue
from storefront.webhooks import processing, tasks
from storefront.webhooks.connect_page import ConnectPage
from storefront.webhooks.models import InboundWebhook, SupplierSecret


@admin.register(InboundWebhook)
class InboundWebhookAdmin(StaffAdmin):
    list_display: ClassVar = [
        "external_id",
        "source",
        columns.status(
            "status",
            _("Status"),
            needs_action={"failed"},
            waiting={"received"},
            final={"applied", "ignored"},
        ),
        "priority",
        "attempts",
        "problem",
        columns.age("received_at", _("Received")),
    ]
    list_filter: ClassVar = ["source", "status"]
    search_fields: ClassVar = ["external_id", "problem"]
    readonly_fields: ClassVar = [columns.document("body", _("Payload")), columns.status_history]
    actions: ClassVar = ["replay"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.connect)
        return [path("connect/<int:supplier_id>/", view, name="hooks_connect"), *super().get_urls()]

    def connect(self, request: HttpRequest, supplier_id: int) -> HttpResponse:
        return ConnectPage(self, request, supplier_id).answer()

    @action(description=_("Replay"))
    def replay(self, request: HttpRequest, rows: QuerySet[InboundWebhook]) -> None:
        def act(call: InboundWebhook) -> None:
            processing.replay(call=call, **acting(request))
            self.wake(request, tasks.process, call_id=call.pk)

        self.apply_to_each(request, rows, act)


register_read_only(
    SupplierSecret,
    list_display=[
        columns.text("supplier__name", _("Supplier")),
        "created_by",
        columns.age("created_at", _("Created")),
        columns.age("expires_at", _("Expires")),
    ],
    list_select_related=["supplier"],
    exclude=["secret_encrypted"],
)


def _process(call: InboundWebhook, _of: str, actor: str, now: datetime) -> None:
    if call.status != InboundWebhook.Status.RECEIVED:  # else it is already due
        processing.replay(call=call, actor=actor, now=now)
    enqueue(tasks.process, call_id=call.pk)


# Registered here, because the dashboard must not import the webhooks.
QUICK_ACTIONS["webhook_failed"] = (
    QuickAction("retry", TRY_AGAIN, ATTEMPT_STARTED, InboundWebhook, _process),
)
