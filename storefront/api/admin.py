"""API admin: show idempotency records, create and revoke API keys."""

from datetime import datetime
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.accounts.security_log import RecordedChanges
from storefront.api.core import api_keys
from storefront.api.models import ApiKey, BulkJob, BulkJobRow, IdempotencyRecord, Scope
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, confirmed_action, register_read_only
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.inlines import inline

KEY = (Group(_("API key"), ("name", "scopes", "expires_at")),)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Form for the name, scopes and expiry of a new key."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes of the key"),
        # with the codes, by which the documentation names them
        choices=[
            (scope.value, format_lazy("{} ({})", scope.label, scope.value)) for scope in Scope
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose only what the program needs. They cannot be changed later."),
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "expires_at")

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if ApiKey.objects.filter(name=name, revoked_at=None).exists():
            raise forms.ValidationError(
                gettext("A valid key with this name already exists."), code="taken"
            )
        return name

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError(gettext("Choose a time in the future."), code="past")
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(RecordedChanges, StaffAdmin):
    """API keys: shown once, when created; then only revocable."""

    may_add = True
    add_form = ApiKeyForm
    groups = KEY
    empty_text: ClassVar = _(
        "Add an API key for a program that uses the merchant API. It is shown once,"
        " when you create it."
    )
    list_display: ClassVar = [
        "name",
        "prefix",
        "scopes",
        "created_by",
        columns.age("created_at", _("Created")),
        columns.age("last_used_at", _("Last used")),
        columns.age("expires_at", _("Expires")),
        columns.age("revoked_at", _("Revoked")),
    ]
    list_filter: ClassVar = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["name"]
    exclude: ClassVar = ["digest"]
    actions_detail: ClassVar = ["revoke"]
    available_if: ClassVar = {"revoke": lambda key: key.revoked_at is None}

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ApiKeyForm, change: bool) -> None:
        key, plaintext = api_keys.create(**form.cleaned_data, **acting(request))
        obj.pk = key.pk
        obj.refresh_from_db()
        obj.plaintext = plaintext

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in the response itself, because it is stored nowhere."""
        return self.render_page(
            request,
            "staff/secret_created.html",
            obj,
            title=gettext("API key of %(name)s") % {"name": obj.name},
            explain=gettext(
                "Copy the key now: it is not shown again. The program sends it with"
                " each request as Authorization: Bearer."
            ),
            plaintext=obj.plaintext,
            back_label=gettext("Back"),
        )

    @confirmed_action(
        description=_("Revoke"),
        icon="key_off",
        explain=_(
            "The program with this key can no longer use the API, and its webhook"
            " subscriptions are disabled. This cannot be undone. What it changed is kept."
        ),
        done=_("Revoked."),
    )
    def revoke(self, request: HttpRequest, key: ApiKey, _data: object) -> None:
        api_keys.revoke(key=key, **acting(request))


register_read_only(
    BulkJob,
    list_display=[
        "key",
        "operation",
        columns.age("created_at", _("Created")),
        columns.age("completed_at", _("Completed")),
    ],
    list_select_related=["key"],
    list_filter=["operation", ("completed_at", admin.EmptyFieldListFilter)],
    inlines=[inline(BulkJobRow, "position", "result", "detail", ordering=["position"])],
)
register_read_only(
    BulkJobRow,
    list_display=["job", "position", "result"],
    list_select_related=["job__key"],
    list_filter=["result"],
)
register_read_only(
    IdempotencyRecord,
    list_display=[
        "key",
        "route",
        "status_code",
        columns.age("started_at", _("Started")),
        columns.age("done_at", _("Completed")),
    ],
    list_filter=["route", ("done_at", admin.EmptyFieldListFilter)],
    search_fields=["key"],
    # The caller is a digest of a secret, and a response may hold the link of an order.
    exclude=["principal", "response"],
)
