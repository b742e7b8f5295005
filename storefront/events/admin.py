"""Event admin: manage webhook subscriptions, read events and deliveries, send them again."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from storefront.accounts.security_log import RecordedChanges
from storefront.events import replay, subscriptions, tasks
from storefront.events.event_types import SUBSCRIBABLE
from storefront.events.models import (
    PendingEvent,
    PublicEvent,
    WebhookDelivery,
    WebhookSubscription,
)
from storefront.events.subscriptions import InvalidSubscriptionError
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    FormData,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    register_read_only,
)
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.inlines import inline

FIELDS = ("url", "description", "types")
OVERLAPS = {"0": _("Expires at once"), "1": _("1 hour"), "24": _("1 day"), "168": _("7 days")}
SUBJECTS = ("order:", "purchase_order:", "return:", "listing:")  # what staff search by number
DELIVERY_STATUS = columns.status(
    "status", _("Status"), needs_action={"failed"}, waiting={"pending"}, final={"delivered"}
)


@admin.display(description=_("Last answer"))
def last_answer(row: WebhookDelivery) -> str | None:
    """Show HTTP status, milliseconds and start of the last answer."""
    if not row.log:
        return None
    attempt = row.log[-1]
    status = attempt["status"] or gettext("No answer")
    return f"{status} · {attempt['ms']} ms · {attempt['answer'][:40]}"


@admin.display(description=_("Next attempt"))
def next_attempt(row: WebhookDelivery) -> datetime | None:
    return row.due_at if row.status == WebhookDelivery.Status.PENDING else None


class SubscriptionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    types = forms.MultipleChoiceField(
        choices=[(kind.value, kind.label) for kind in SUBSCRIBABLE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = WebhookSubscription
        fields = FIELDS

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        try:
            subscriptions.check_address(url)
        except InvalidSubscriptionError as error:
            raise forms.ValidationError(str(error)) from error
        return url


class RotationForm(forms.Form):
    """How long the old secret stays valid. ``rotated`` tells a repeated rotation from a new one."""

    rotated = forms.CharField(required=False, widget=forms.HiddenInput)
    overlap = forms.ChoiceField(
        label=_("Old secret stays valid"), choices=list(OVERLAPS.items()), initial="24"
    )


class ReplayForm(forms.Form):
    since = forms.DateTimeField(
        label=_("From"),
        help_text=_("UTC, such as 2026-12-01 09:30. Leave empty to send only failed events."),
        required=False,
    )


def _rotated(row: WebhookSubscription) -> str:
    return row.old_secret_expires_at.isoformat() if row.old_secret_expires_at else ""


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(RecordedChanges, StaffAdmin):
    """Webhook subscriptions: the secret is shown once, when it is created or rotated."""

    may_add = may_delete = True
    form = SubscriptionForm
    editable = FIELDS
    groups = (Group(_("Webhook subscription"), FIELDS),)
    empty_text: ClassVar = _(
        "Add the address of a program that receives events of orders, parcels, returns, stock"
        " or prices. Its signing secret is shown once, when you create it."
    )
    list_display: ClassVar = [
        "__str__",
        columns.status(
            "status",
            _("Status"),
            needs_action={"disabled"},
            waiting={"paused"},
            final={"active"},
        ),
        "url",
        columns.age("failing_since", _("Failing since")),
        "problem",
        columns.age("created_at", _("Created")),
    ]
    list_filter: ClassVar = ["status"]
    search_fields: ClassVar = ["url", "description"]
    exclude: ClassVar = ["secret_encrypted", "old_secret_encrypted", "request_key"]
    readonly_fields: ClassVar = [columns.status_history]
    inlines: ClassVar = [
        inline(
            WebhookDelivery,
            "subject",
            columns.text("event__type", _("Type")),
            DELIVERY_STATUS,
            "attempts",
            last_answer,
            columns.age("event__published_at", _("Published")),
            related=("event",),
            ordering=["-id"],
        )
    ]
    actions_detail: ClassVar = ["send_test", "rotate", "replay", "pause", "resume"]
    available_if: ClassVar = {
        "send_test": lambda row: row.status == "active",
        "replay": lambda row: row.status == "active",
        "pause": lambda row: row.status == "active",
        "resume": lambda row: row.status != "active",
    }

    def save_model(
        self, request: HttpRequest, obj: WebhookSubscription, form: Any, change: bool
    ) -> None:
        if change:
            # Not the other columns: the secret may be rotated while the host is resolved.
            subscriptions.change(
                subscription=obj,
                **{name: form.cleaned_data[name] for name in form.changed_data},
            )
            return
        made, secret = subscriptions.create(
            **{name: form.cleaned_data[name] for name in FIELDS}, **acting(request)
        )
        obj.pk = made.pk
        obj.refresh_from_db()
        request.META["webhook_secret"] = secret

    def response_add(
        self, request: HttpRequest, obj: WebhookSubscription, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret in the response itself: it is never shown again."""
        return self._show_secret(request, obj, request.META["webhook_secret"])

    def _show_secret(
        self, request: HttpRequest, row: WebhookSubscription, secret: str
    ) -> HttpResponse:
        return self.render_page(
            request,
            "staff/secret_created.html",
            row,
            title=gettext("Signing secret of %(name)s") % {"name": row},
            explain=gettext(
                "Copy the secret now: it is not shown again. The receiver verifies with it that a"
                " message comes from this shop (Standard Webhooks)."
            ),
            plaintext=secret,
            back_label=gettext("Back"),
        )

    @action(description=_("Rotate secret"), icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        form = RotationForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            if form.cleaned_data["rotated"] != _rotated(row):
                message = gettext("The secret was rotated in the meantime. Nothing was changed.")
                self.message_user(request, message, messages.WARNING)
                return HttpResponseRedirect(self.page_of(row))
            secret = subscriptions.rotate_secret(
                subscription=row,
                overlap=timedelta(hours=int(form.cleaned_data["overlap"])),
                now=timezone.now(),
                request_key=f"form {form.cleaned_data['rotated']}",
            )
            self.log_change(request, row, "secret rotated")
            return self._show_secret(request, row, secret)
        return self.ask(
            request,
            row,
            title=gettext("Rotate secret"),
            explain=gettext(
                "Creates a new secret. Until the old one expires, each message is signed with both,"
                " so that the receiver can switch without losing a message."
            ),
            act=lambda _values: None,
            done="",
            form_class=RotationForm,
            initial={"rotated": _rotated(row), "overlap": "24"},
        )

    @confirmed_action(
        description=_("Send test"),
        icon="send",
        explain=_("An event webhook.test is sent to this address only. It changes nothing."),
        done=_("The test is sent within seconds. Its result is in the list of deliveries."),
    )
    def send_test(self, request: HttpRequest, row: WebhookSubscription, _data: FormData) -> None:
        subscriptions.send_test(subscription=row, now=timezone.now())
        self.wake(request, tasks.publish)

    @confirmed_action(
        description=_("Send events again"),
        icon="replay",
        explain=_(
            "Sends all failed events again, or all events since a time. They keep their IDs, so that"
            " the receiver recognizes those that it has."
        ),
        form_class=ReplayForm,
    )
    def replay(self, request: HttpRequest, row: WebhookSubscription, data: FormData) -> str:
        now = timezone.now()
        if data["since"] is None:
            count = replay.replay_failed(subscription=row, now=now)
            self.wake(request, tasks.publish)
        else:
            count, last = replay.replay_since(subscription=row, since=data["since"], now=now)
            self.wake(request, tasks.publish)
            if replay.has_more(subscription=row, after=last):
                newest = PublicEvent.objects.get(pk=last).published_at
                return gettext("%(count)d events are sent again, up to %(moment)s.") % {
                    "count": count,
                    "moment": newest.strftime("%Y-%m-%d %H:%M"),
                }
        return ngettext(
            "%(count)d event is sent again.", "%(count)d events are sent again.", count
        ) % {"count": count}

    @confirmed_action(
        description=_("Pause"),
        icon="pause",
        explain=_(
            "Nothing is sent until you resume. Events of the pause are sent only if you then send"
            " events again since its start."
        ),
        done=_("%s is paused."),
    )
    def pause(self, request: HttpRequest, row: WebhookSubscription, _data: FormData) -> None:
        subscriptions.pause(subscription=row, **acting(request))

    @confirmed_action(
        description=_("Resume"),
        icon="play_arrow",
        explain=_("Sending resumes, with the waiting events first."),
        done=_("%s is active."),
    )
    def resume(self, request: HttpRequest, row: WebhookSubscription, _data: FormData) -> None:
        subscriptions.resume(subscription=row, **acting(request))
        self.wake(request, tasks.publish)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(LargeTable, StaffAdmin):
    list_display: ClassVar = [
        "subject",
        columns.text("event__type", _("Type")),
        columns.link("subscription", _("Subscription")),
        DELIVERY_STATUS,
        "attempts",
        last_answer,
        columns.age("event__published_at", _("Published")),
    ]
    list_select_related: ClassVar = ["event", "subscription"]
    list_filter: ClassVar = ["status", "subscription"]
    search_fields: ClassVar = ["event__subject"]
    search_prefixes: ClassVar = SUBJECTS
    exclude: ClassVar = ["log", "due_at"]
    readonly_fields: ClassVar = [next_attempt, columns.document("log", _("Attempts in detail"))]
    actions: ClassVar = ["send_again"]

    @action(description=_("Send again"))
    def send_again(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> None:
        now = timezone.now()
        self.apply_to_each(request, rows, lambda row: replay.replay_delivery(delivery=row, now=now))
        self.wake(request, tasks.publish)


register_read_only(
    PublicEvent,
    LargeTable,
    list_display=[
        "subject",
        columns.text("type", _("Type")),
        columns.age("occurred_at", _("When")),
        columns.age("published_at", _("Published")),
    ],
    list_filter=["type"],
    search_fields=["subject", "public_id"],
    search_prefixes=SUBJECTS,
    exclude=["data"],
    readonly_fields=[columns.document("data", _("Payload"))],
)
register_read_only(
    PendingEvent,
    list_display=["type", "kind", "object_id", columns.age("occurred_at", _("When"))],
    exclude=["facts"],
    readonly_fields=[columns.document("facts", _("Facts"))],
)
