"""Notification admin: show, preview and resend messages, lift suppressions of addresses."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications import dispatch, tasks
from notifications.deliverability import suppressions
from notifications.labels import label
from notifications.models import Consent, Event, Message, Suppression
from notifications.previews import PreviewPage, draft_messages
from notifications.routes import INTERNAL_TEMPLATES, ROUTES
from notifications.sealed_links import hide_links
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    register_read_only,
)
from storefront.lib.staff.inlines import inline

SUBJECTS = ("order:", "purchase_order:", "return:")  # what staff search by number


@admin.display(description=_("Message"))
def payload_without_links(event: Event) -> str:
    """Return the payload as JSON without links that open an order or an account."""
    return columns.json_document(hide_links(event.payload))


@admin.register(Event)
class EventAdmin(LargeTable, StaffAdmin):
    list_display: ClassVar = [
        "name",
        "subject",
        columns.age("occurred_at", _("When")),
        columns.age("fanned_out_at", _("Forwarded")),
    ]
    list_filter: ClassVar = ["name", ("fanned_out_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["key", "subject"]
    search_prefixes: ClassVar = SUBJECTS
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


def without_internal(
    request: HttpRequest, rows: QuerySet[Any], template: str = "template"
) -> QuerySet[Any]:
    """Leave out what concerns messages to suppliers and staff if the user may not see costs."""
    if request.user.has_perm(VIEW_COSTS):
        return rows
    return rows.exclude(**{f"{template}__in": INTERNAL_TEMPLATES})


@admin.display(description=_("Message"))
def template_label(message: Message) -> str:
    return label(message.template)


@admin.register(Message)
class MessageAdmin(LargeTable, StaffAdmin):
    list_display: ClassVar = [
        template_label,
        "recipient",
        columns.status(
            "status",
            _("State"),
            needs_action={"failed", "sending"},
            waiting={"pending", "retrying", "requeued"},
            final={"sent"},
        ),
        columns.status(
            "delivery",
            _("Delivery"),
            needs_action={"bounced", "suppressed", "complained"},
            waiting={"soft_bounced"},
            final={"delivered"},
        ),
        columns.link("event", _("Event")),
        "sender",
        "attempts",
        "problem",
        columns.age("due_at", _("Due")),
        columns.age("status_since", _("In this state")),
    ]
    list_select_related: ClassVar = ["event"]
    list_filter: ClassVar = ["status", "delivery", "template", "sender", "locale"]
    search_fields: ClassVar = ["recipient", "event__key", "event__subject"]
    search_prefixes: ClassVar = SUBJECTS
    readonly_fields: ClassVar = [columns.status_history]
    actions: ClassVar = ["send_again", "settle"]
    actions_detail: ClassVar = ["preview", "resend"]
    available_if: ClassVar = {
        "resend": lambda row: (
            row.status in {"sent", "failed"} or dispatch.is_unconfirmed(row, timezone.now())
        )
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return without_internal(request, super().get_queryset(request))

    def get_search_fields(self, _request: HttpRequest) -> Any:
        """Search all users' rows by order: an event shows costs, its number does not."""
        return self.search_fields

    @confirmed_action(
        description=_("Resend"),
        icon="forward_to_inbox",
        title=_("Resend this message"),
        explain=lambda row: (
            gettext("This message was already sent. The recipient gets it a second time.")
            if row.status == "sent"
            else gettext("The message is sent to its recipient again.")
        ),
        done=_("The message is being resent."),
    )
    def resend(self, request: HttpRequest, row: Message, _data: FormData) -> None:
        dispatch.resend(message=row, may_repeat=True, **acting(request))
        self.wake(request, tasks.send, message_id=row.pk)

    @action(description=_("Preview"), icon="visibility", may="view")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        message = self.row(request, object_id)
        return PreviewPage(self, request, message, [message]).answer()

    @action(description=_("Resend"))
    def send_again(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        def act(message: Message) -> None:
            dispatch.resend(message=message, **acting(request))
            self.wake(request, tasks.send, message_id=message.pk)

        self.apply_to_each(request, rows, act)

    @action(description=_("Mark as delivered"))
    def settle(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        self.apply_to_each(
            request, rows, lambda row: dispatch.confirm_sent(message=row, **acting(request))
        )


@admin.register(Suppression)
class SuppressionAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "No address is suppressed. The mail provider reports bounces and complaints, if its"
        " webhooks are set up."
    )
    list_display: ClassVar = [
        "address",
        "reason",
        "detail",
        columns.age("since", _("Since")),
        columns.link("message", _("E-mail")),
        columns.age("lifted_at", _("Lifted")),
        "lifted_by",
        "lift_reason",
    ]
    list_select_related: ClassVar = ["message"]
    list_filter: ClassVar = ["reason", ("lifted_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["address"]
    actions_detail: ClassVar = ["lift"]
    available_if: ClassVar = {"lift": lambda row: row.lifted_at is None}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Suppression]:
        return without_internal(request, super().get_queryset(request), "message__template")

    @confirmed_action(
        description=_("Lift suppression"),
        icon="mark_email_read",
        title=_("Send e-mails to this address again"),
        explain=_(
            "Do this if the customer says that the mailbox works again. Your mail provider may"
            " refuse the address, too: remove it from its list as well. E-mails that were not sent"
            " stay in the list of notifications, where you can resend them."
        ),
        form_class=ReasonForm,
        done=_("E-mails are sent to this address again."),
    )
    def lift(self, request: HttpRequest, row: Suppression, data: FormData) -> None:
        suppressions.lift(
            address=row.address, reasons=(row.reason,), reason=data["reason"], **acting(request)
        )


register_read_only(
    Consent,
    list_display=["recipient", "sender", "kind", "is_given", "source", "text_version", "at"],
    list_filter=["sender", "kind", "is_given", "source"],
    search_fields=["recipient"],
    ordering=["-pk"],
)
