"""Webhook admin: show received webhooks, retry failed ones."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox import actions
from storefront.dashboard.inbox.action import Act, wake
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action
from storefront.webhooks import processing, tasks
from storefront.webhooks.column_labels import COLUMNS, TABLES
from storefront.webhooks.models import InboundCall


@admin.register(InboundCall)
class InboundCallAdmin(StaffAdmin):
    list_display: ClassVar = [
        "external_id",
        "source",
        columns.state(
            "status",
            _("Status"),
            calls={"failed"},
            waits={"received"},
            ended={"applied", "ignored"},
        ),
        "turn",
        "attempts",
        "problem",
        columns.age("received_at", _("Received")),
    ]
    list_filter: ClassVar = ["source", "status"]
    search_fields: ClassVar = ["external_id", "problem"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [columns.document("body", _("Payload")), columns.moves]
    actions: ClassVar = ["handle_again"]

    @action(description=_("Process failed webhooks again"))
    def handle_again(self, request: HttpRequest, rows: QuerySet[InboundCall]) -> None:
        def act(call: InboundCall) -> None:
            processing.handle_again(call=call, actor=str(request.user), now=timezone.now())
            self.wake(request, tasks.handle, call_id=call.pk)

        self.do_each(request, rows, act)


def _handle(call: InboundCall, _of: str, actor: str, now: datetime) -> None:
    if call.status != InboundCall.Status.RECEIVED:  # else it is already due
        processing.handle_again(call=call, actor=actor, now=now)
    wake(tasks.handle, call_id=call.pk)


actions.offer(
    cause="call_failed",
    act=Act(
        code="handle_again",
        words=_("Try again"),
        done=_("%s: a new attempt has started."),
        model=InboundCall,
        do=_handle,
    ),
)
columns.call("hooks", tables=TABLES, columns=COLUMNS)
