"""Staff admin: show tables read-only, offer actions that call services, ask for confirmation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import wraps
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.checks import ModelAdminChecks
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action as unfold_action

from storefront.lib.db.audit import AuditedChanges, AuditEvent, record
from storefront.lib.db.indexed_search import IndexedSearch
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.staff import fieldsets
from storefront.lib.staff.columns import joins_for_names, linked_columns, row_url
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.form_fields import RelatedSelects, style_fields, use_staff_widgets
from storefront.lib.staff.pagination import LimitedCount, ListTitle, tell_of_missing_rows
from storefront.lib.staff.visibility import HiddenFields, visible_fields
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from storefront.lib.tasks import QueueableTask, enqueue

type Errors = tuple[type[Exception], ...]
type FormData = Mapping[str, Any]

# Exceptions of services that are shown to the user as an error message.
SERVICE_ERRORS: Errors = (InvalidTransitionError, ConcurrentUpdateError, ExternalServiceError)


def action[**P, R](
    *, description: str | Promise, icon: str | None = None, may: str = "act"
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that makes a method an admin action with the given permission."""
    offered: Callable[[Callable[P, R]], Callable[P, R]] = unfold_action(
        description=description, icon=icon, permissions=[may]
    )
    return offered


def permission_check(*rights: str) -> Callable[..., bool]:
    """Return a method that tests permissions, such as ``has_cancel_permission``.

    Its attribute ``rights`` names them for the 403 page.
    """

    def has_permission(_admin: Any, request: HttpRequest, _row: Any = None) -> bool:
        return request.user.has_perms(rights)

    annotated: Any = has_permission
    annotated.rights = rights
    return has_permission


def enqueue_or_fail(task: QueueableTask, **known: Any) -> None:
    """Queue a task that no sweep would find. Raises TemporaryError: no broker."""
    if not enqueue(task, **known):
        raise TemporaryError(_("The background workers do not respond. Try again in a minute."))


def acting(request: HttpRequest) -> dict[str, Any]:
    """Return ``actor`` and ``now``, as services take them."""
    return {"actor": str(request.user), "now": timezone.now()}


class ConfirmForm(forms.Form):
    """Empty form of a confirmation page."""


class ReasonForm(forms.Form):
    """Form for a reason, which the status history records."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, widget=forms.Textarea)


def confirmed_action(  # noqa: PLR0913 - all parts of one page
    *,
    description: str | Promise,
    explain: str | Promise | Callable[[Any], str],
    done: str | Promise = "",
    icon: str | None = None,
    may: str = "act",
    title: str | Promise = "",
    form_class: type[forms.Form] | Callable[[Any], type[forms.Form]] = ConfirmForm,
    initial: Callable[[Any], Mapping[str, Any]] | None = None,
) -> Callable[[Callable[..., str | None]], Callable[..., HttpResponse]]:
    """Return a decorator: ``act(self, request, row, cleaned_data)`` runs after confirmation.

    ``explain``, ``form_class`` and ``initial`` may be functions of the row. The success message is
    the text that ``act`` returns, otherwise ``done``, in which ``%s`` stands for the row.
    """

    def decorate(act: Callable[..., str | None]) -> Callable[..., HttpResponse]:
        @action(description=description, icon=icon, may=may)
        @wraps(act)
        def page(self: StaffAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
            row = self.row(request, object_id)
            return self.ask(
                request,
                row,
                title=str(title or description),
                explain=explain(row) if callable(explain) else str(explain),
                form_class=form_class if isinstance(form_class, type) else form_class(row),
                initial=initial(row) if initial else None,
                act=lambda values: act(self, request, row, values),
                done=lambda result_text: result_text or str(done).replace("%s", str(row)),
            )

        return page

    return decorate


class ConfirmingAdmin(AuditedChanges, ListTitle, LimitedCount, IndexedSearch, ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Admin class whose actions ask for confirmation."""

    user_errors: ClassVar[Errors] = ()
    # Not undefined: the templates ask for it at each field, and a failed lookup takes 0.2 ms.
    conditional_fields: ClassVar[Mapping[str, str]] = {}

    def page_of(self, row: models.Model) -> str:
        return row_url(row)

    def render_page(
        self, request: HttpRequest, template: str, row: Any = None, status: int = 200, **shown: Any
    ) -> TemplateResponse:
        """Return a page in the admin layout; a page of a row can link ``back`` to it."""
        of_row = {"original": row, "back": self.page_of(row)} if row else {}
        shared = {**self.admin_site.each_context(request), "opts": self.opts, **of_row}
        return TemplateResponse(request, template, {**shared, **shown}, status=status)

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Show the page again, with the reason, if a service refuses what the form sent."""
        try:
            return super().changeform_view(request, *args, **options)  # type: ignore[no-any-return]
        except (*SERVICE_ERRORS, *self.user_errors) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def ask(  # noqa: PLR0913 - all parts of one page
        self,
        request: HttpRequest,
        row: models.Model,
        *,
        title: str,
        explain: str,
        act: Callable[[Mapping[str, Any]], Any],
        done: str | Callable[[Any], str],
        form_class: type[forms.Form] = ConfirmForm,
        initial: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a confirmation page; on POST run ``act`` with the form's data.

        ``done`` is the success message, or makes it from the result of ``act``. An error of
        ``act`` is shown on the same page.
        """
        submitted = request.POST if request.method == "POST" else None
        form = form_class(submitted, initial=dict(initial or {}))
        use_staff_widgets(form)
        if form.is_valid():
            try:
                result = act(form.cleaned_data)
            except (*SERVICE_ERRORS, *self.user_errors) as refusal:
                form.add_error(None, str(refusal) or type(refusal).__name__)
            else:
                record(AuditEvent.Action.ACTED, request=request, row=row, detail=title)
                message = done if isinstance(done, str) else done(result)
                self.message_user(request, message, messages.SUCCESS)
                return HttpResponseRedirect(self.page_of(row))
        return self.render_page(
            request, "staff/confirm_action.html", row, title=title, explain=explain, form=form
        )


class StaffAdmin(HiddenFields, RelatedSelects, ConfirmingAdmin):
    """Read-only admin class; rows are changed by actions that call services.

    ``editable`` names the configuration fields that a form may change. ``may_add`` and
    ``may_delete`` allow rows to be added and deleted; ``add_form`` is the form for a new row, if
    that form is not made of the model's fields.

    An action needs the change permission even if no field is editable. ``available_if`` maps an
    action to a test of the rows it applies to. ``rights`` maps a field to the permission to see it.
    ``groups`` define fieldsets of editable and read-only fields; the fields of ``fieldsets`` are
    all read-only. ``empty_text`` is the text of an empty list.
    """

    # Unfold's class reads permissions from the database, which does not exist before migrate.
    checks_class = ModelAdminChecks
    editable: ClassVar[tuple[str, ...]] = ()
    may_add: ClassVar[bool] = False
    may_delete: ClassVar[bool] = False
    add_form: "ClassVar[type[forms.ModelForm[Any]] | None]" = None
    rights: ClassVar[Mapping[str, str]] = {}
    groups: ClassVar[tuple[Group, ...]] = ()
    empty_text: ClassVar[str | Promise] = gettext_lazy(
        "No records yet. They are created automatically as the shop works."
    )
    ordering: ClassVar[Sequence[Any]] = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        """Add the ``available_if`` and ``user_errors`` of all base classes."""
        super().__init_subclass__(**options)
        bases = [vars(base) for base in reversed(cls.__mro__)]
        errors = [error for base in bases for error in base.get("user_errors", ())]
        cls.user_errors = tuple(dict.fromkeys(errors))
        cls.available_if = {
            name: fits for base in bases for name, fits in base.get("available_if", {}).items()
        }
        if sections := vars(cls).get("fieldsets"):
            cls.readonly_fields = [name for _title, part in sections for name in part["fields"]]

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Return only the actions that apply to this row."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        is_limited = self.available_if and offered
        row = self.get_object(request, str(object_id)) if is_limited else None
        if row is None:
            return offered
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        inapplicable = {
            f"{prefix}{name}" for name, fits in self.available_if.items() if not fits(row)
        }
        return [offer for offer in offered if offer.action_name not in inapplicable]

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return a row, which is read once per request."""
        kept: Any = request
        row = getattr(request, "staff_row", None)
        if from_field or not isinstance(row, self.model) or str(row.pk) != object_id:
            kept.staff_row = super().get_object(request, object_id, from_field)
        return kept.staff_row

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and bool(super().has_add_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.may_delete and bool(super().has_delete_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(self.editable) and bool(super().has_change_permission(request, obj))

    def has_act_permission(self, request: HttpRequest, _row: Any = None) -> bool:
        return bool(super().has_change_permission(request))

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> list[Any]:
        declared = list(super().get_readonly_fields(request, obj))
        if obj is None and self.may_add:
            return declared
        return self._visible(request, self._read_only(declared))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._visible(request, super().get_list_display(request))

    def get_list_display_links(self, _request: HttpRequest, list_display: Sequence[Any]) -> Any:
        return linked_columns(self.list_display_links, list_display)

    def _visible(self, request: HttpRequest, fields: Iterable[Any]) -> list[Any]:
        """Return the columns that this user may see; editable fields stay."""
        visible = (
            [name]
            if name in self.editable
            else visible_fields(request.user, self.model, [name], rights=self.rights)
            for name in fields
        )
        return [name for names in visible for name in names]

    def _read_only(self, declared: list[Any]) -> list[Any]:
        # Excluded fields are secret: as read-only fields they would be shown.
        hidden = {*declared, *self.editable, *(self.exclude or ())}
        fields = [field.name for field in self.opts.fields if not field.primary_key]
        return declared + [name for name in fields if name not in hidden]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Join what the list needs to name its rows."""
        rows: models.QuerySet[Any] = super().get_queryset(request)
        joined = joins_for_names(self.model)
        return rows.select_related(*joined) if joined else rows

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        if obj is None and self.add_form is not None:
            return list(self.add_form.base_fields)
        return super().get_fields(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        if self.fieldsets:
            parts = super().get_fieldsets(request, obj)
            return [
                (title, {**options, "fields": self._visible(request, options["fields"])})
                for title, options in parts
            ]
        if not self.groups:
            return super().get_fieldsets(request, obj)
        names, read_only = self.get_fields(request, obj), self.get_readonly_fields(request, obj)
        # A new row has no read-only values yet.
        return fieldsets.fieldsets(
            self.groups,
            editable=[name for name in names if name not in read_only],
            read_only=[] if obj is None else [name for name in names if name in read_only],
        )

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT002 - Django's
        **options: Any,
    ) -> "type[forms.ModelForm[Any]]":
        """Give form fields that replace a model field its label and help text."""
        if obj is None and self.add_form is not None:
            options["form"] = self.add_form
        form: type[forms.ModelForm[Any]] = super().get_form(request, obj, change, **options)
        for column in self.opts.fields:
            if column.name in form.declared_fields and column.name in form.base_fields:
                field: Any = copy(form.base_fields[column.name])
                field.label = field.label or capfirst(column.verbose_name)
                field.help_text = field.help_text or column.help_text
                form.base_fields[column.name] = field
        style_fields(form.base_fields.values())
        return form

    def formfield_for_dbfield(self, *args: Any, **options: Any) -> Any:
        """Name the two inputs of a date with a time: their label belongs to neither."""
        field: Any = super().formfield_for_dbfield(*args, **options)
        if isinstance(field, forms.SplitDateTimeField):
            for part in field.widget.widgets:
                part.attrs["aria-label"] = f"{field.label}: {part.attrs['placeholder']}"
        return field

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> models.QuerySet[Any] | None:
        """Join what the names of the choices need."""
        rows: models.QuerySet[Any] | None = super().get_field_queryset(db, db_field, request)
        joined = joins_for_names(db_field.remote_field.model)
        if not joined:
            return rows
        if rows is None:
            rows = db_field.remote_field.model._default_manager.using(db)  # noqa: SLF001
        return rows.select_related(*joined)

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """Return an action's row. Raises PermissionDenied: it does not exist or is not visible."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def wake(self, request: HttpRequest, task: QueueableTask, **known: Any) -> None:
        """Queue a task for recorded work; without a broker, warn that a sweep does it later."""
        if not enqueue(task, **known):
            message = _(
                "The background workers do not respond. The task was saved and will be done later."
            )
            self.message_user(request, message, messages.WARNING)

    def apply_to_each[R: models.Model](
        self, request: HttpRequest, rows: Iterable[R], act: Callable[[R], object]
    ) -> None:
        """Apply an action to each selected row; report the count, each refusal and missing rows."""
        count, selected = 0, [*rows]
        for row in selected:
            try:
                act(row)
            except (*SERVICE_ERRORS, *self.user_errors) as refusal:
                message = _("%(row)s: %(refusal)s") % {"row": row, "refusal": refusal}
                self.message_user(request, message, messages.WARNING)
            else:
                count += 1
        if count:
            detail = f"{request.POST.get('action', '')}: {count}"
            record(AuditEvent.Action.ACTED, request=request, model=self.model, detail=detail)
            message = ngettext("%(count)d done.", "%(count)d done.", count) % {"count": count}
            self.message_user(request, message, messages.SUCCESS)
        tell_of_missing_rows(request, found=len(selected))


def register_read_only(
    model: type[models.Model], *mixins: type[IndexedSearch], **options: Any
) -> None:
    """Register a model read-only; ``options`` are attributes of its admin class."""
    admin.site.register(model, type(f"{model.__name__}Admin", (*mixins, StaffAdmin), options))
