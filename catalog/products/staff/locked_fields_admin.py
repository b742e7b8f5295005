"""Locked fields: show what staff edited, and return a field to the feeds with one click."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from catalog.models import Identifier
from catalog.products.staff.history.change_texts import label_of
from catalog.products.staff.history.history_admin import FieldHistoryAdmin
from storefront.lib.db.change_source import set_change_source
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.form_fields import construct_message


@admin.display(description=cast("str", gettext_lazy("Edited by staff")))
def locked_fields(row: Any) -> str | None:
    """Show the locked fields; with a button each, if the user may return them to a feed.

    The buttons belong to ``return_form.html``.
    """
    if not row.overridden_fields:
        return None
    if not row.is_returnable:
        names = ((label_of(name, type(row)),) for name in row.overridden_fields)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", names))
    text = _("Return to supplier data")
    lines = (
        (label, name, f"{text}: {label}", text)
        for name in row.overridden_fields
        for label in [label_of(name, type(row))]
    )
    line = (
        '<li>{} <button type="submit" form="return-form" name="field" value="{}" aria-label="{}"'
        ' class="cursor-pointer underline">{}</button></li>'
    )
    return format_html("<ul>{}</ul>", format_html_join("", line, lines))


class LockedFieldsAdmin(FieldHistoryAdmin):
    """Admin of rows with ``overridden_fields``. ``return_field`` is the service that unlocks one.

    The rows of pages have ``is_fed``: whether a feed fills their fields.
    The history of a row records old and new values.
    """

    change_form_outer_after_template = "catalog/products/return_form.html"
    return_field: ClassVar[Callable[..., None]]

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return a row that knows whether the user may return its fields to a feed."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.is_returnable = row.is_fed and self.has_change_permission(request, row)
        if spec := getattr(row, "spec", None):
            spec.names_suppliers = request.user.has_perm(VIEW_COSTS)
        return row

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_return"
        view = self.admin_site.admin_view(require_POST(self.return_view))
        return [path("<int:object_id>/return/", view, name=name), *super().get_urls()]

    def return_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        row = self.row(request, str(object_id))
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        field = request.POST.get("field", "")
        if field not in row.overridden_fields:
            raise Http404
        with transaction.atomic():
            set_change_source("staff", actor=str(request.user))
            type(self).return_field(row, field=field, now=timezone.now())
            done = _("Returned to supplier data: %(field)s") % {
                "field": label_of(field, self.model)
            }
            self.log_change(request, row, done)
        hint = _("%(done)s. The next import fills the field.") % {"done": done}
        self.message_user(request, hint, messages.SUCCESS)
        return HttpResponseRedirect(self.page_of(row))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the form of a new row in the order of its fields."""
        if obj is None and self.add_form is not None:
            return [(None, {"fields": list(self.add_form.field_order or ())})]
        return super().get_fieldsets(request, obj)

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_inline_instances(request, obj) if obj else []

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(self.page_of(obj))

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT002 - Django's
    ) -> Any:
        return construct_message(form, formsets, add=add)

    @staticmethod
    def is_named_by_supplier(variant: Any) -> Exists:
        """Return whether a supplier feeds a variant; a product is fed by the supplier of its first."""
        one: Any = variant.values("pk")[:1] if isinstance(variant, QuerySet) else variant
        return Exists(Identifier.objects.filter(scheme=Identifier.Scheme.SUPPLIER, variant=one))
