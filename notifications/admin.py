"""Notification admin: show and preview events and messages, resend a message, confirm one as sent."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from notifications import dispatch, tasks
from notifications.models import Consent, Event, Message
from notifications.previews import PreviewPage, draft_messages
from notifications.routes import ROUTES
from notifications.sealed_links import hide_links
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, action, register_read_only
from storefront.lib.staff.inlines import inline


@admin.display(description=_("Message"))
def payload_without_links(event: Event) -> str:
    """Return the payload as JSON without links that open an order or an account."""
    return columns.json_document(hide_links(event.payload))


@admin.register(Event)
class EventAdmin(StaffAdmin):
    list_display: ClassVar = [
        "name",
        "subject",
        columns.age("occurred_at", _("When")),
        columns.age("fanned_out_at", _("Forwarded")),
    ]
    list_filter: ClassVar = ["name", ("fanned_out_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["key", "subject"]
    fields: ClassVar = [
        "name",
        "key",
        "subject",
        "sequence",
        "occurred_at",
        "fanned_out_at",
        payload_without_links,
    ]
    readonly_fields: ClassVar = fields
    inlines: ClassVar = [
        inline(Message, "template", "recipient", "status", "attempts", "problem", tab=False)
    ]
    actions_detail: ClassVar = ["preview"]
    available_if: ClassVar = {"preview": lambda event: event.name in ROUTES}

    @action(description=_("Preview"), icon="visibility", may="view")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        event = self.row(request, object_id)
        return PreviewPage(self, request, event, draft_messages(event)).answer()


@admin.register(Message)
class MessageAdmin(StaffAdmin):
    list_display: ClassVar = [
        "template",
        "recipient",
        columns.status(
            "status",
            _("State"),
            needs_action={"failed", "sending"},
            waiting={"pending", "retrying", "requeued"},
            final={"sent"},
        ),
        columns.link("event", _("Event")),
        "sender",
        "attempts",
        "problem",
        columns.age("due_at", _("Due")),
        columns.age("status_since", _("In this state")),
    ]
    list_select_related: ClassVar = ["event"]
    list_filter: ClassVar = ["status", "template", "sender", "locale"]
    search_fields: ClassVar = ["recipient", "event__key", "event__subject"]
    readonly_fields: ClassVar = [columns.status_history]
    actions: ClassVar = ["send_again", "settle"]
    actions_detail: ClassVar = ["preview"]

    @action(description=_("Preview"), icon="visibility", may="view")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        message = self.row(request, object_id)
        return PreviewPage(self, request, message, [message]).answer()

    @action(description=_("Resend"))
    def send_again(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        def act(delivery: Message) -> None:
            dispatch.resend(delivery=delivery, **acting(request))
            self.wake(request, tasks.send, delivery_id=delivery.pk)

        self.apply_to_each(request, rows, act)

    @action(description=_("Mark as delivered"))
    def settle(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        self.apply_to_each(
            request, rows, lambda row: dispatch.confirm_sent(delivery=row, **acting(request))
        )


register_read_only(
    Consent,
    list_display=["recipient", "sender", "kind", "is_given", "source", "text_version", "at"],
    list_filter=["sender", "kind", "is_given", "source"],
    search_fields=["recipient"],
    ordering=["-pk"],
)
