"""Competitor source admin: edit a source, its interval and secret, show its last result."""

import re
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget

from catalog.competitors import sources, tasks
from catalog.competitors.labels import SOURCE_FIELDSETS
from catalog.models import CompetitorSource
from storefront.lib.http.download import CROSS_HOST_HEADERS
from storefront.lib.http.redaction import MIN_SECRET_CHARS
from storefront.lib.http.ssrf import ForbiddenAddressError, check_url
from storefront.lib.security.encryption import encrypt
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, confirmed_action

HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
# Headers that must not carry the secret: HTTP reserves them, or they are still sent after a
# redirect to another host.
FORBIDDEN_HEADERS = {
    *CROSS_HOST_HEADERS,
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "x-request-id",
}
MAX_SECRET_LENGTH = 2000
EDITABLE_FIELDS = ("name", "url", "list_format", "interval_minutes", "is_enabled", "header")


class CompetitorSourceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    secret = forms.CharField(
        label=_("Secret"),
        help_text=_("Write-only. Leave empty to keep the stored secret."),
        required=False,
        max_length=MAX_SECRET_LENGTH,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = CompetitorSource
        fields = EDITABLE_FIELDS

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        try:
            parts = check_url(url)
        except ForbiddenAddressError:
            parts = None
        if parts is None or re.search(r"\s", url):
            message = gettext("Enter a URL, such as https://api.example.com/v1/.")
            raise forms.ValidationError(message, code="no_address")
        if settings.IS_PRODUCTION and parts.scheme != "https":
            message = gettext(
                "The URL must begin with https, so that the prices cannot be changed on the way."
            )
            raise forms.ValidationError(message, code="open_address")
        return url

    def clean_header(self) -> str:
        header = str(self.cleaned_data["header"]).strip()
        if header and (not HEADER.fullmatch(header) or header.lower() in FORBIDDEN_HEADERS):
            message = gettext("This header cannot carry a secret. Use Authorization or X-Api-Key.")
            raise forms.ValidationError(message, code="no_header")
        return header

    def clean_secret(self) -> str:
        secret = str(self.cleaned_data["secret"])
        if not (secret.isascii() and secret.isprintable()):
            message = gettext("Use ASCII letters, digits and symbols only.")
            raise forms.ValidationError(message, code="no_secret")
        if 0 < len(secret) < MIN_SECRET_CHARS:
            # A shorter secret could not be redacted reliably.
            message = gettext("The secret is too short. Enter at least 6 characters.")
            raise forms.ValidationError(message, code="no_secret")
        return secret

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if {"url", "header", "secret"} - values.keys():
            return values
        keeps_secret = bool(self.instance.secret_encrypted) and not values["secret"]
        if values["secret"] and not values["header"]:
            self.add_error("header", gettext("Enter the header for the secret."))
        elif values["header"] and not values["secret"] and not keeps_secret:
            self.add_error("secret", gettext("Enter the secret, or leave the header empty."))
        elif (
            values["header"] and keeps_secret and _host(values["url"]) != _host(self.initial["url"])
        ):
            # Otherwise a user who may edit the URL could send the secret to their own server.
            self.add_error("secret", gettext("The URL changed. Enter the secret again."))
        return values

    def encrypted_secret(self) -> str:
        if not self.cleaned_data["header"]:
            return ""
        if secret := self.cleaned_data["secret"]:
            return encrypt({sources.SECRET_KEY: secret})
        return str(self.instance.secret_encrypted)


def _host(url: str) -> tuple[str, str]:
    parts: SplitResult = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


@admin.register(CompetitorSource)
class CompetitorSourceAdmin(StaffAdmin):
    empty_text: ClassVar = _("Add a URL with competitor prices. It is fetched on a schedule.")
    form = CompetitorSourceForm
    editable = EDITABLE_FIELDS
    may_add = True
    may_delete = True
    groups = SOURCE_FIELDSETS
    list_display: ClassVar = [
        "name",
        "is_enabled",
        "interval_minutes",
        columns.age("last_success_at", _("Received")),
        columns.age("due_at", _("Next fetch")),
        "problem",
        columns.age("failing_since", _("Failing since")),
    ]
    list_filter: ClassVar = ["is_enabled"]
    search_fields: ClassVar = ["name"]
    ordering: ClassVar = ["name"]
    exclude: ClassVar = ["secret_encrypted", "validators"]
    actions_detail: ClassVar = ["fetch_now"]
    available_if: ClassVar = {"fetch_now": lambda source: source.is_enabled}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = (
            [*EDITABLE_FIELDS, "secret"]
            if obj is None or self.has_change_permission(request)
            else EDITABLE_FIELDS
        )
        return fields if obj is None else [*fields, *self.get_readonly_fields(request, obj)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return []
        return [
            "last_fetch_at",
            "last_success_at",
            "due_at",
            "problem",
            "failing_since",
            "last_file",
        ]

    def save_model(
        self, request: HttpRequest, obj: CompetitorSource, form: CompetitorSourceForm, change: bool
    ) -> None:
        """Save only the edited fields, since a worker writes others; make the source due."""
        obj.secret_encrypted = form.encrypted_secret()
        obj.due_at = timezone.now()
        obj.save(update_fields=[*EDITABLE_FIELDS, "secret_encrypted", "due_at"] if change else None)

    @confirmed_action(
        description=_("Fetch now"),
        icon="sync",
        explain=lambda source: (
            gettext(
                "The file of %(name)s is fetched now. Prices that are recent and certain enough "
                "take effect immediately. Prices that are not in the file do not change."
            )
            % {"name": source.name}
        ),
        done=_("Fetch started. The result appears on this page in a moment."),
    )
    def fetch_now(
        self, request: HttpRequest, source: CompetitorSource, _cleaned_data: object
    ) -> None:
        sources.make_due(source=source, now=timezone.now())
        self.wake(request, tasks.fetch_source, source_id=source.pk)
