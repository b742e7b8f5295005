"""Alert admin: choose recipients and their kinds of cases, connect chat channels, send a test."""

import re
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget

from notifications.models import ChatChannel
from storefront.accounts.models import User
from storefront.dashboard.alerts import sending
from storefront.dashboard.inbox import sla
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.models import AlertedKind, AlertRecipient, AnnouncedCase
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.http.ssrf import ForbiddenAddressError, check_url
from storefront.lib.security.encryption import encrypt
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    FormData,
    StaffAdmin,
    confirmed_action,
    register_read_only,
)
from storefront.lib.staff.fieldsets import Group

RECIPIENT_FIELDS = (
    "user",
    "channel",
    "language",
    "urgent_kinds",
    "digest_kinds",
    "digest_at",
    "time_zone",
    "sends_empty_digest",
)
CHANNEL_FIELDS = ("name", "dialect")
MAX_URL_LENGTH = 2000


def _kind_choices() -> list[tuple[str, str]]:
    """Return all kinds of cases, those that cannot wait first."""
    rules = sorted(RULES, key=lambda rule: (sla.response_time(rule.code), str(rule.sentence)))
    return [(rule.code, str(rule.sentence)) for rule in rules]


def _urgent_codes() -> list[str]:
    return [rule.code for rule in RULES if sla.response_time(rule.code) <= sla.HOUR]


class KindsField(forms.MultipleChoiceField):
    """Check boxes of the kinds of cases."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=_kind_choices, required=False, widget=forms.CheckboxSelectMultiple, **options
        )


class AlertRecipientForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    urgent_kinds = KindsField(
        label=_("At once"),
        help_text=_(
            "New cases of one kind are sent together, at most every 15 minutes. Each case is"
            " reported once."
        ),
    )
    digest_kinds = KindsField(
        label=_("In the morning digest"),
        help_text=_("Number of cases, money at risk and the oldest one, with links."),
    )

    class Meta:
        model = AlertRecipient
        fields = RECIPIENT_FIELDS
        help_texts: ClassVar = {
            "user": _(
                "Gets e-mails about the cases that this person may view. Leave empty for a chat channel."
            ),
            "channel": _("Gets all chosen kinds, without names of customers."),
            "language": _("Of the messages to this recipient."),
            "digest_at": _("In the time zone below."),
            "sends_empty_digest": _("If no digest arrives, something is broken."),
            "time_zone": _("Such as Europe/Berlin or Asia/Baku."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.initial.setdefault("urgent_kinds", _urgent_codes())
            self.initial.setdefault("digest_kinds", [code for code, _name in _kind_choices()])

    def clean_user(self) -> User | None:
        user: User | None = self.cleaned_data["user"]
        if user and not (user.is_staff and user.is_active):
            raise forms.ValidationError(gettext("Choose an active staff member."))
        return user

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"]).strip()
        if name not in available_timezones():
            raise forms.ValidationError(gettext("There is no such time zone."))
        return name

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if "user" in values and bool(values["user"]) == bool(values.get("channel")):
            self.add_error("channel", gettext("Choose a staff member or a chat channel."))
        return values


@admin.register(AlertRecipient)
class AlertRecipientAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "No alerts are sent yet. Add yourself, or a chat channel of your team."
    )
    form = AlertRecipientForm
    editable = RECIPIENT_FIELDS
    may_add = may_delete = True
    groups = (
        Group(_("Recipient"), ("user", "channel", "language")),
        Group(
            _("Morning digest"), ("digest_at", "time_zone", "sends_empty_digest", "digest_kinds")
        ),
        Group(_("Alerts"), ("urgent_kinds",)),
    )
    list_display: ClassVar = ["__str__", "digest_at", "time_zone", "digest_day", "language"]
    list_select_related: ClassVar = ["user", "channel"]
    ordering: ClassVar = ["pk"]
    actions_detail: ClassVar = ["send_test"]
    user_errors: ClassVar = (ExternalServiceError,)

    def save_model(
        self, request: HttpRequest, obj: AlertRecipient, form: Any, change: bool
    ) -> None:
        local = timezone.now().astimezone(ZoneInfo(obj.time_zone))
        if not change and local.time() >= obj.digest_at:
            obj.digest_day = local.date()  # the first digest comes tomorrow morning
        super().save_model(request, obj, form, change)

    @confirmed_action(
        description=_("Send test"),
        icon="send",
        title=_("Send test"),
        explain=_("The digest of this moment is sent now."),
        done=_("The test was sent to %s."),
    )
    def send_test(self, _request: HttpRequest, recipient: AlertRecipient, _data: FormData) -> None:
        sending.send_test(recipient, now=timezone.now())


register_read_only(
    AlertedKind,
    list_display=["recipient", "cause", columns.age("at", _("Last alert"))],
    list_select_related=["recipient__user", "recipient__channel"],
)


register_read_only(AnnouncedCase, list_display=["cause", "row"])


class ChatChannelForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    url = forms.CharField(
        label=_("Webhook address"),
        help_text=_(
            "Create an incoming webhook in your chat program and paste its address. Write-only:"
            " leave empty to keep the stored one."
        ),
        required=False,
        max_length=MAX_URL_LENGTH,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = ChatChannel
        fields = CHANNEL_FIELDS
        help_texts: ClassVar = {
            "name": _("Shown in Alert recipients, such as #orders."),
            "dialect": _("Decides how the message is written."),
        }

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        if not url:
            if self.instance.pk is None:
                raise forms.ValidationError(gettext("Enter the address of the webhook."))
            return ""
        try:
            parts = check_url(url)
        except ForbiddenAddressError:
            parts = None
        if parts is None or re.search(r"\s", url):
            raise forms.ValidationError(
                gettext("Enter a URL, such as https://chat.example/hooks/1.")
            )
        if settings.IS_PRODUCTION and parts.scheme != "https":
            raise forms.ValidationError(gettext("The address must begin with https."))
        return url

    def save(self, commit: bool = True) -> Any:  # noqa: FBT002 - signature of Django
        if url := self.cleaned_data["url"]:
            self.instance.url_encrypted = encrypt({"url": url})
        return super().save(commit)


@admin.register(ChatChannel)
class ChatChannelAdmin(StaffAdmin):
    empty_text: ClassVar = _("Add the incoming webhook of a chat channel that your staff read.")
    form = ChatChannelForm
    editable = (*CHANNEL_FIELDS, "url")
    may_add = may_delete = True
    exclude = ("url_encrypted",)
    groups = (Group(_("Chat channel"), (*CHANNEL_FIELDS, "url")),)
    list_display: ClassVar = [
        "name",
        "dialect",
        columns.age("failing_since", _("Failing since")),
        "problem",
        columns.age("disabled_at", _("Disabled")),
    ]
    ordering: ClassVar = ["name"]
    actions_detail: ClassVar = ["enable"]
    available_if: ClassVar = {"enable": lambda row: row.disabled_at is not None}

    @confirmed_action(
        description=_("Enable"),
        icon="play_arrow",
        explain=_("The channel gets alerts again. Send a test from its page in Alert recipients."),
        done=_("%s is enabled."),
    )
    def enable(self, _request: HttpRequest, row: ChatChannel, _data: FormData) -> None:
        ChatChannel.objects.filter(pk=row.pk).update(
            disabled_at=None, failing_since=None, problem=""
        )
