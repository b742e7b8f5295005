"""Account admin: edit users and groups, show the other records of accounts."""

from collections.abc import Mapping
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from notifications.deliverability.columns import reachability
from storefront.accounts import library_labels
from storefront.accounts.models import (
    PLAIN_NAME,
    EmailChangeRequest,
    LoginAttempts,
    SavedAddress,
    StaffSession,
    TwoFactorEvent,
    User,
)
from storefront.accounts.rights import (
    FLAGS,
    PermissionsField,
    keep_unused,
    notify_change,
    rights_of,
)
from storefront.accounts.security_log import RecordedChanges
from storefront.accounts.two_factor import enrollment
from storefront.lib.db.audit import AuditedChanges
from storefront.lib.db.indexed_search import IdSearch, plain_letters, starting_with, with_words
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    ConfirmingAdmin,
    ReasonForm,
    StaffAdmin,
    action,
    register_read_only,
)

RIGHTS = (*FLAGS, "groups", "user_permissions")
REACHABILITY: Any = reachability("email")
CUSTOMER_PAGE: Any = columns.page(
    "supply:customer",
    _("Customer"),
    _("Customer page"),
    right="accounts.view_customer",
    of="customer_key",
)


class NewUserForm(UserCreationForm):  # type: ignore[misc]  # unfold ships no types
    class Meta:
        model = User
        fields = ("email",)


class UserForm(UserChangeForm):  # type: ignore[misc]  # unfold ships no types
    user_permissions = PermissionsField(
        label=_("Additional permissions"),
        help_text=_("In addition to the permissions of the groups."),
    )

    class Meta:
        model = User
        fields = "__all__"
        labels: ClassVar = {"groups": _("Groups")}
        help_texts: ClassVar = {"groups": _("All members of a group have its permissions.")}

    def clean_user_permissions(self) -> Any:
        return keep_unused(self.cleaned_data["user_permissions"], self.instance.user_permissions)


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    permissions = PermissionsField(
        label=_("Permissions"),
        help_text=_("All members of the group have these permissions."),
    )

    class Meta:
        model = Group
        fields = ("name", "permissions")
        help_texts: ClassVar = {"name": _("Task of the group, such as purchasing or shipping.")}

    def clean_permissions(self) -> Any:
        chosen = self.cleaned_data["permissions"]
        return keep_unused(chosen, self.instance.permissions) if self.instance.pk else chosen


class RightsAdmin(RecordedChanges, AuditedChanges, ModelAdmin):  # type: ignore[misc]
    """Admin of users or groups: records each change of rights and notifies superusers."""

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        row = super().get_object(request, *args, **kwargs)
        if row is not None:
            request.rights_before = rights_of(row)  # type: ignore[attr-defined]
        return row

    def save_related(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        change: bool,
    ) -> None:
        super().save_related(request, form, formsets, change)
        row = form.instance
        before = request.rights_before if change else frozenset()  # type: ignore[attr-defined]
        stored = type(row)._base_manager.get(pk=row.pk)  # noqa: SLF001 - read again, uncached
        self._notify_change(request, row, before, rights_of(stored))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self._notify_change(request, obj, rights_of(obj), frozenset())
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def construct_change_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        message: list[Any] = super().construct_change_message(request, *args, **kwargs)
        changes = getattr(request, "rights_changed", [])
        return [*message, *([{"changed": {"fields": changes}}] if changes else [])]

    def _notify_change(
        self, request: HttpRequest, row: Any, before: frozenset[str], after: frozenset[str]
    ) -> None:
        assert isinstance(request.user, User)  # noqa: S101 - the admin requires sign-in
        changes = notify_change(
            holder=row, before=before, after=after, actor=request.user, now=timezone.now()
        )
        request.rights_changed = changes  # type: ignore[attr-defined]


@admin.register(User)
class UserAdmin(RightsAdmin, DjangoUserAdmin, ConfirmingAdmin):  # type: ignore[misc, type-arg]
    """Users and their rights; a password can be set but not read.

    Only superusers see and change rights and passwords, and edit staff. A user's own rights are
    changed by another superuser.
    """

    actions_detail = ("staff_sessions", "reset_factors")
    user_errors = (enrollment.NotAllowedError,)

    form = UserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = [
        "email",
        "name",
        "is_staff",
        "is_active",
        columns.age("last_login", _("Last sign-in")),
        CUSTOMER_PAGE,
    ]
    list_filter = ["is_staff", "is_superuser", "is_active", "groups"]
    search_fields = ["email"]  # shows the search box
    ordering = ["email"]
    readonly_fields = ["last_login", "joined_at", "factors", REACHABILITY, CUSTOMER_PAGE]
    fieldsets = [
        (None, {"fields": ["email", REACHABILITY, CUSTOMER_PAGE, "password", "name"]}),
        (_("Permissions"), {"fields": list(RIGHTS)}),
        (_("Dates"), {"fields": ["last_login", "joined_at"]}),
        (_("Two-factor authentication"), {"fields": ["factors"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]

    def searches(self, text: str) -> list[IdSearch]:
        users = User.objects.all()
        return [
            *starting_with(users, "email", text.lower()),
            *with_words(users, PLAIN_NAME, plain_letters(text)),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = super().has_delete_permission(request, obj) and _may_edit(request, obj)
        return bool(is_open and not _is_own(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if is_superuser(request):
            shown = super().get_fieldsets(request, obj)
            return _with_own_rights_note(shown) if _is_own(request, obj) else shown
        return [(None, {"fields": ["email", "name", "is_active", *self.readonly_fields]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        readonly = [*super().get_readonly_fields(request, obj)]
        if not is_superuser(request):
            # Otherwise any staff member could take over an account: change its e-mail, then reset
            # the password.
            return [*readonly, "email"]
        return [*readonly, *RIGHTS] if _is_own(request, obj) else readonly

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.list_filter if is_superuser(request) else ["is_active"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse a filter on rights that the user may not see: the result would reveal them."""
        field = lookup.partition("__")[0]
        is_hidden = field in RIGHTS and field not in self.get_list_filter(request)
        return not is_hidden and bool(super().lookup_allowed(lookup, value, request))

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - signature of Django
        form_url: str = "",
    ) -> HttpResponse:
        if not is_superuser(request):
            raise PermissionDenied
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        return answer

    @admin.display(description=_("Number of methods"))
    def factors(self, person: Any) -> int:
        return enrollment.factors_of(person).count()

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow superusers to act on users other than themselves."""
        is_self = str(object_id) == str(request.user.pk)
        return is_superuser(request) and not is_self

    @action(description=_("Staff sessions"), icon="devices")
    def staff_sessions(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person: User | None = self.get_object(request, object_id)
        if person is None:
            raise Http404
        return redirect("factors:sessions_of", person.pk)

    @action(description=_("Reset two-factor authentication"), icon="phonelink_erase")
    def reset_factors(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person: User | None = self.get_object(request, object_id)
        if person is None:
            raise Http404

        def reset(submitted: Mapping[str, Any]) -> None:
            assert isinstance(request.user, User)  # noqa: S101 - only superusers may act
            now, reason = timezone.now(), submitted["reason"]
            enrollment.reset(user=person, actor=request.user, reason=reason, now=now)

        return self.ask(
            request,
            person,
            title=gettext("Reset two-factor authentication"),
            explain=gettext(
                "Use this if a colleague lost their phone and recovery codes. Verify"
                " their identity first. The password alone then lets them sign in and"
                " set up a new method. All their sessions end."
            ),
            act=reset,
            done=gettext("Two-factor authentication is reset, and all sessions are ended."),
            form_class=ReasonForm,
        )


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(RightsAdmin, DjangoGroupAdmin):
    """Groups of staff and their rights; only superusers change them."""

    form = GroupForm
    list_display = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request) and super().has_delete_permission(request, obj)


@admin.register(StaffSession)
class StaffSessionAdmin(StaffAdmin):
    """Sessions of all staff, for superusers. To end one, open the user, then Staff sessions."""

    list_display = (
        columns.link("user", _("User")),
        "browser",
        "network",
        columns.age("seen_at", _("Last request")),
        columns.age("started_at", _("Signed in")),
    )
    search_fields = ("user__email", "network")
    exclude = ("session",)  # secret: the session key alone grants access
    ordering = ("-seen_at",)

    def has_view_permission(self, request: HttpRequest, _row: Any = None) -> bool:
        return is_superuser(request)


def is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _is_own(request: HttpRequest, person: User | None) -> bool:
    return person is not None and person.pk == request.user.pk


def _with_own_rights_note(fieldsets: Any) -> list[Any]:
    """Add a note to the rights that explains why they are read-only."""
    note = _("You cannot change your own rights. Ask another superuser.")
    return [
        (title, {**options, "description": note} if "groups" in options["fields"] else options)
        for title, options in fieldsets
    ]


def _may_edit(request: HttpRequest, person: User | None) -> bool:
    is_shopper = person is None or not (person.is_staff or person.is_superuser)
    return is_superuser(request) or is_shopper


register_read_only(
    Permission,
    list_display=["name", columns.text("content_type__app_label", _("App")), "codename"],
    list_select_related=["content_type"],
    search_fields=["name", "codename"],
    ordering=["content_type", "codename"],
)
register_read_only(
    LoginAttempts,
    list_display=[
        "key",
        "count",
        columns.age("last_at", _("Last attempt")),
        columns.age("blocked_until", _("Blocked until")),
    ],
    ordering=["-last_at"],
)
register_read_only(
    SavedAddress,
    list_display=["is_default", columns.link("user", _("User"))],
    list_select_related=["user"],
    search_fields=["user__email"],
)
register_read_only(
    EmailChangeRequest,
    list_display=[
        columns.link("user", _("User")),
        "old_email",
        "new_email",
        columns.age("requested_at", _("Requested")),
        columns.age("done_at", _("Confirmed")),
        columns.age("stopped_at", _("Stopped")),
    ],
    list_select_related=["user"],
    search_fields=["old_email", "new_email"],
    exclude=["key"],
)
# Read-only: only the link in the verification e-mail verifies an address, never staff.
admin.site.unregister(EmailAddress)
register_read_only(
    EmailAddress,
    list_display=["email", columns.link("user", _("User")), "verified"],
    list_select_related=["user"],
    list_filter=["verified"],
    search_fields=["email"],
    ordering=["email"],
)
# Hide authenticators: they hold secrets. Their history is in TwoFactorEvent.
admin.site.unregister(Authenticator)
register_read_only(
    TwoFactorEvent,
    list_display=[
        columns.link("user", _("User")),
        "what",
        columns.link("actor", _("Changed by")),
        "reason",
        columns.age("at", _("When")),
    ],
    list_select_related=["user", "actor"],
    list_filter=["what"],
    search_fields=["user__email", "reason"],
)
library_labels.apply()
